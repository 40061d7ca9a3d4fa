//! What is left of the gamma function and its derivative when Stirling's formula is taken away.
//!
//! Densities use these and never a difference of logarithms of gamma functions, which would cancel
//! for large arguments: with `s` below,
//! `ln gamma(x) = (x - 1/2) ln x - x + ln(2 pi) / 2 + s(x)` and `digamma(x) = ln x - 1/(2x) - t(x)`.

/// ln(2 pi) / 2
pub(super) const HALF_LN_2PI: f64 = 0.918_938_533_204_672_8;

/// Where the series below reach double precision.
const LARGE: f64 = 10.0;

/// `s(x)` and `t(x) = -s'(x)` for x > 0: asymptotic series (Abramowitz and Stegun 6.1.41, 6.3.18) above
/// 10, and the recurrence up to there below.
pub(super) fn stirling(x: f64) -> (f64, f64) {
    if x >= LARGE {
        return series(x);
    }
    // x (x + 1) ... (z - 1), and its derivative.
    let (mut z, mut product, mut slope) = (x, 1.0, 0.0);
    while z < LARGE {
        slope = slope * z + product;
        product *= z;
        z += 1.0;
    }
    let (s, t) = series(z);
    let (ln_x, ln_z) = (x.ln(), z.ln());
    (
        s + (z - 0.5) * ln_z - (z - x) - product.ln() - (x - 0.5) * ln_x,
        t + ln_x - ln_z - 0.5 / x + 0.5 / z + slope / product,
    )
}

fn series(x: f64) -> (f64, f64) {
    let y = 1.0 / x;
    let y2 = y * y;
    let s = [1.0 / 12.0, -1.0 / 360.0, 1.0 / 1260.0, -1.0 / 1680.0, 1.0 / 1188.0];
    let t = [1.0 / 12.0, -1.0 / 120.0, 1.0 / 252.0, -1.0 / 240.0, 1.0 / 132.0];
    let sum = |c: [f64; 5]| c.iter().rev().fold(0.0, |sum, c| sum * y2 + c);
    (sum(s) * y, sum(t) * y2)
}

/// ln(a / b) of positive numbers whose difference `a - b` is known exactly.
pub(super) fn ln_ratio(a: f64, b: f64, difference: f64) -> f64 {
    if difference.abs() < 0.5 * b { (difference / b).ln_1p() } else { (a / b).ln() }
}

/// 1 / (1 + e^-x), the derivative of soft-plus.
pub(super) fn sigmoid(x: f64) -> f64 {
    let e = (-x.abs()).exp();
    if x < 0.0 { e / (1.0 + e) } else { 1.0 / (1.0 + e) }
}
