//! The losses in plain tensor operations.
//!
//! The formulas of the fused kernel in f32, arranged so that neither values nor gradients cancel at the
//! sizes that occur; those of the piecewise linear quantile function are another closed form.

use burn::tensor::{Tensor, activation::softmax};

use super::parameters::{COUNT_FLOOR, EDGE, FAR, SHAPE_FLOOR, SIGMA_FLOOR, SLOPE_FLOOR};
use super::{Likelihood, PIECES};

const HALF_LN_2PI: f64 = 0.918_938_533_204_672_8;

/// See [`Likelihood::loss`]; nothing but `raw` is tracked.
pub(super) fn loss(
    likelihood: Likelihood,
    raw: &Tensor<3>,
    target: Tensor<2>,
    scale: Tensor<1>,
    weights: Tensor<2>,
) -> Tensor<1> {
    // Before anything is computed: a NaN survives a multiplication by 0, also in the backward pass.
    let unread = weights.clone().equal_elem(0.0);
    let target = target.mask_fill(unread, likelihood.value_in_support());
    let scale = scale.unsqueeze_dim::<2>(1);
    let scaled = || (target.clone() / scale.clone()).clamp(-FAR, FAR);
    let losses = match likelihood {
        Likelihood::StudentT => student_t(raw, scaled()) + scale.log(),
        Likelihood::Gaussian => gaussian(raw, scaled()) + scale.log(),
        Likelihood::NegativeBinomial => negative_binomial(raw, target, scale),
        Likelihood::Beta => beta(raw, target.clamp(EDGE, 1.0 - EDGE)),
        Likelihood::PiecewiseLinear => crps(raw, scaled()),
        Likelihood::DeterministicL1 => (output(raw, 0) - scaled()).abs(),
    };
    (losses * weights).sum()
}

/// Raw output `i` of every step.
fn output(raw: &Tensor<3>, i: usize) -> Tensor<2> {
    let [batch, time, _] = raw.dims();
    raw.clone().slice([0..batch, 0..time, i..i + 1]).reshape([batch, time])
}

fn student_t(raw: &Tensor<3>, scaled: Tensor<2>) -> Tensor<2> {
    let sigma = softplus(output(raw, 1)) + SIGMA_FLOOR;
    let x = softplus(output(raw, 2)) * 0.5 + 1.0;
    let z = (scaled - output(raw, 0)) / sigma.clone();
    let tail = ln_1p(z.clone() * z / (x.clone() * 2.0));
    let half = x.clone() + 0.5;
    let gammas = x.clone() * ln_1p(x.clone().recip() * 0.5) - (0.5 + HALF_LN_2PI)
        + stirling(half.clone())
        - stirling(x);
    sigma.log() - gammas + half * tail
}

fn gaussian(raw: &Tensor<3>, scaled: Tensor<2>) -> Tensor<2> {
    let sigma = softplus(output(raw, 1)) + SIGMA_FLOOR;
    let z = (scaled - output(raw, 0)) / sigma.clone();
    z.clone() * z * 0.5 + sigma.log() + HALF_LN_2PI
}

fn negative_binomial(raw: &Tensor<3>, target: Tensor<2>, scale: Tensor<2>) -> Tensor<2> {
    let mean = (softplus(output(raw, 0)) + COUNT_FLOOR) * scale.clone();
    let r = scale.sqrt() / (softplus(output(raw, 1)) + COUNT_FLOOR);
    let none = target.clone().lower_equal_elem(0.0);
    // Any positive count, where the loss is that of no count at all.
    let y = target.mask_fill(none.clone(), 1.0);
    let sum = y.clone() + r.clone();
    let step = y.clone() - mean.clone();
    let deviance = y.clone() * ln_ratio(y.clone(), mean.clone(), step.clone())
        - sum.clone() * ln_ratio(sum.clone(), mean.clone() + r.clone(), step);
    let spread = (y.clone().log() + ln_1p(y.clone() / r.clone())) * 0.5 + HALF_LN_2PI;
    let small = stirling(y) + stirling(r.clone()) - stirling(sum);
    let at_zero = r.clone() * ln_1p(mean / r);
    (deviance + spread + small).mask_where(none, at_zero)
}

fn beta(raw: &Tensor<3>, y: Tensor<2>) -> Tensor<2> {
    let a = softplus(output(raw, 0)) + SHAPE_FLOOR;
    let b = softplus(output(raw, 1)) + SHAPE_FLOOR;
    let n = a.clone() + b.clone();
    let rest = y.clone().neg() + 1.0;
    let (ln_y, ln_rest) = (y.log(), rest.log());
    let (ln_a, ln_b, ln_n) = (a.clone().log(), b.clone().log(), n.clone().log());
    let divergence = a.clone() * (ln_a.clone() - ln_n.clone() - ln_y.clone())
        + b.clone() * (ln_b.clone() - ln_n.clone() - ln_rest.clone());
    let spread = (ln_n - ln_a - ln_b) * 0.5 + ln_y + ln_rest + HALF_LN_2PI;
    divergence + spread + stirling(a) + stirling(b) - stirling(n)
}

/// Gasthaus et al. 2019, section 3: with the crossing level c, where the quantile function
/// `gamma + sum_k b_k max(a - d_k, 0)` meets the target t,
///
/// ```text
/// CRPS = (2c - 1) t + (1 - 2c) gamma
///      + sum_k b_k ((1 - d_k^3) / 3 - d_k - max(c, d_k)^2 + 2 max(c, d_k) d_k)
/// ```
fn crps(raw: &Tensor<3>, scaled: Tensor<2>) -> Tensor<2> {
    let [batch, time, _] = raw.dims();
    let part = |from: usize, n: usize| raw.clone().slice([0..batch, 0..time, from..from + n]);
    let (gamma, slopes) = (part(0, 1), softplus(part(1, PIECES)) + SLOPE_FLOOR);
    let widths = softmax(part(1 + PIECES, PIECES), 2);
    let target = scaled.unsqueeze_dim::<3>(2);
    let before = |x: Tensor<3>| x.clone().cumsum(2) - x;
    let starts = before(widths.clone());
    let values = before(slopes.clone() * widths.clone()) + gamma.clone();
    // How far each piece stays below the target. The score's derivative in the crossing is 0.
    let way = ((target.clone() - values) / slopes.clone()).detach();
    let way = way.clamp_min(0.0);
    let fits = way.clone().lower_equal(widths.clone());
    let crossing = widths.detach().mask_where(fits, way).sum_dim(2);
    let first = slopes.clone().slice([0..batch, 0..time, 0..1]);
    let rises = slopes.clone().slice([0..batch, 0..time, 1..PIECES])
        - slopes.slice([0..batch, 0..time, 0..PIECES - 1]);
    let bends = Tensor::cat(vec![first, rises], 2);
    let later = crossing.clone().repeat_dim(2, PIECES);
    let passed = later.clone().lower(starts.clone());
    let top = later.mask_where(passed, starts.clone());
    let cube = starts.clone() * starts.clone() * starts.clone();
    let terms =
        (cube.neg() + 1.0) / 3.0 - starts.clone() - top.clone() * top.clone() + top * starts * 2.0;
    let side = crossing * 2.0 - 1.0;
    let score = (target - gamma) * side + (bends * terms).sum_dim(2);
    score.reshape([batch, time])
}

/// ln(1 + e^x); its derivative at 0, where that of `max` would be 0 or 1, comes out as 1/2.
fn softplus<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    let size = x.clone().abs();
    (x + size.clone()) * 0.5 + ln_1p(size.neg().exp())
}

/// ln(1 + x): the device's own may be that of the rounded sum.
fn ln_1p<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    let one = x.ones_like();
    ln_ratio(x.clone() + 1.0, one, x)
}

/// ln(a / b) of positive numbers with the difference `a - b`: close to each other, by the series of
/// `2 artanh((a - b) / (a + b))`.
fn ln_ratio<const D: usize>(a: Tensor<D>, b: Tensor<D>, difference: Tensor<D>) -> Tensor<D> {
    let close = difference.clone().abs().lower(b.clone() * 0.25);
    let w = difference / (a.clone() + b.clone());
    let w2 = w.clone() * w.clone();
    let mut series = w2.clone() / 9.0 + 1.0 / 7.0;
    for odd in [5.0, 3.0, 1.0] {
        series = series * w2.clone() + 1.0 / odd;
    }
    (a.log() - b.log()).mask_where(close, w * series * 2.0)
}

/// What Stirling's formula leaves out of ln gamma(x), x > 0: the asymptotic series above 4, and the
/// recurrence up to there.
fn stirling(x: Tensor<2>) -> Tensor<2> {
    let mut sum = x.zeros_like();
    let mut z = x;
    for _ in 0..4 {
        sum = sum + (z.clone() + 0.5) * ln_1p(z.clone().recip()) - 1.0;
        z = z + 1.0;
    }
    let y = z.recip();
    let y2 = y.clone() * y.clone();
    let mut series = y2.clone() * (-1.0 / 1680.0) + 1.0 / 1260.0;
    for c in [-1.0 / 360.0, 1.0 / 12.0] {
        series = series * y2.clone() + c;
    }
    sum + series * y
}
