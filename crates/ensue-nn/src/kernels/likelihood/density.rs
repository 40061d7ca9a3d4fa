//! Minus the logarithm of a density at one target, and its gradient in the raw outputs.
//!
//! Every function takes the raw outputs of a step, the target and the scale, and writes the gradient.
//! In comments t is the target in units of the scale.

use super::special::{HALF_LN_2PI, ln_ratio, sigmoid, stirling};
use crate::likelihood::parameters::{EDGE, FAR, counts, dispersion, freedom, location, shapes};

/// `ln sigma + ln scale - ln(gamma(x + 1/2) / (gamma(x) sqrt(2 pi x))) + (x + 1/2) ln(1 + z^2 / 2x)`
/// with `z = (t - mu) / sigma` and x half the degrees of freedom.
pub(super) fn student_t(raw: &[f64], target: f64, scale: f64, grad: &mut [f64]) -> f64 {
    let ([mu, sigma], df) = (location(raw), freedom(raw));
    let z = ((target / scale).clamp(-FAR, FAR) - mu) / sigma;
    let (x, q) = (0.5 * df, z * z / df);
    let ((s, t), (s_half, t_half)) = (stirling(x), stirling(x + 0.5));
    let (half, tail) = ((0.5 / x).ln_1p(), q.ln_1p());
    // By Stirling's formula; for large x it goes to that of the normal distribution.
    let constant = x * half - 0.5 - HALF_LN_2PI + s_half - s;
    let shrink = (df + 1.0) / (df + z * z);
    grad[0] = -shrink * z / sigma;
    grad[1] = (1.0 - shrink * z * z) / sigma * sigmoid(raw[1]);
    let d_constant = half - 1.0 / (df + 1.0) - t_half + t;
    let d_tail = tail - (x + 0.5) / x * (q / (1.0 + q));
    grad[2] = 0.5 * (d_tail - d_constant) * sigmoid(raw[2]);
    sigma.ln() + scale.ln() - constant + (x + 0.5) * tail
}

/// `z^2 / 2 + ln sigma + ln scale + ln(2 pi) / 2`
pub(super) fn gaussian(raw: &[f64], target: f64, scale: f64, grad: &mut [f64]) -> f64 {
    let [mu, sigma] = location(raw);
    let z = ((target / scale).clamp(-FAR, FAR) - mu) / sigma;
    grad[0] = -z / sigma;
    grad[1] = (1.0 - z * z) / sigma * sigmoid(raw[1]);
    0.5 * z * z + sigma.ln() + scale.ln() + HALF_LN_2PI
}

/// `ln(gamma(r) y! / gamma(r + y)) + r ln(1 + m / r) + y ln(1 + r / m)` with mean m, by the
/// saddle-point form (Loader 2000): half the deviance plus small terms, so nothing cancels.
pub(super) fn negative_binomial(raw: &[f64], target: f64, scale: f64, grad: &mut [f64]) -> f64 {
    let [m, r] = counts(raw, scale);
    let y = target.max(0.0);
    let step = y - m;
    let v = step / (r + m);
    let ln_shrink = ln_ratio(r + y, r + m, step);
    let ((s_r, t_r), (s_sum, t_sum)) = (stirling(r), stirling(r + y));
    // In the logarithms of mean and r: dm / d raw = m sigmoid / softplus, and likewise of r.
    let d_mean = -v * r;
    let d_r = r * (v - ln_shrink - 0.5 * y / (r * (r + y)) + t_sum - t_r);
    let [relative, alpha] = dispersion(raw);
    grad[0] = d_mean * sigmoid(raw[0]) / relative;
    grad[1] = -d_r * sigmoid(raw[1]) / alpha;
    if y == 0.0 {
        return r * (m / r).ln_1p();
    }
    let deviance = y * ln_ratio(y, m, step) - (r + y) * ln_shrink;
    deviance + HALF_LN_2PI + 0.5 * (y.ln() + (y / r).ln_1p()) + stirling(y).0 + s_r - s_sum
}

/// `ln(gamma(a) gamma(b) / gamma(a + b)) - (a - 1) ln y - (b - 1) ln(1 - y)`
pub(super) fn beta(raw: &[f64], target: f64, grad: &mut [f64]) -> f64 {
    let [a, b] = shapes(raw);
    let y = target.clamp(EDGE, 1.0 - EDGE);
    let n = a + b;
    let ((s_a, t_a), (s_b, t_b), (s_n, t_n)) = (stirling(a), stirling(b), stirling(n));
    let (ln_a, ln_b) = ((a / (n * y)).ln(), (b / (n * (1.0 - y))).ln());
    grad[0] = (ln_a - 0.5 / a + 0.5 / n - t_a + t_n) * sigmoid(raw[0]);
    grad[1] = (ln_b - 0.5 / b + 0.5 / n - t_b + t_n) * sigmoid(raw[1]);
    let small = HALF_LN_2PI + 0.5 * (n / (a * b)).ln() + s_a + s_b - s_n;
    a * ln_a + b * ln_b + y.ln() + (-y).ln_1p() + small
}

/// `|t - f|`
pub(super) fn absolute(raw: &[f64], target: f64, scale: f64, grad: &mut [f64]) -> f64 {
    let error = raw[0] - (target / scale).clamp(-FAR, FAR);
    grad[0] = if error == 0.0 { 0.0 } else { error.signum() };
    error.abs()
}
