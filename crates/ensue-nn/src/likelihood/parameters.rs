//! From the raw outputs of the linear head to the parameters of the distributions, in double
//! precision: what the kernels, the samplers and the closed forms share.

use super::PIECES;

/// What is added to sigma, in units of the scale: a constant series would otherwise drive its loss to
/// minus infinity, and its gradient over that of all other series.
pub(super) const SIGMA_FLOOR: f64 = 1e-4;
/// What is added to the mean and the overdispersion of counts: enough to keep logarithms finite.
pub(super) const COUNT_FLOOR: f64 = 1e-8;
/// What is added to both parameters of the beta distribution.
pub(super) const SHAPE_FLOOR: f64 = 1e-4;
/// What is added to a slope of the quantile function, in units of the scale.
pub(super) const SLOPE_FLOOR: f64 = 1e-6;
/// A target further from 0 counts as this many scales: squares stay finite in single precision.
pub(crate) const FAR: f64 = 1e9;
/// A share closer to 0 or 1 counts as this far from it: 2^-20, whose complement f32 has too.
pub(crate) const EDGE: f64 = 1.0 / 1_048_576.0;

/// ln(1 + e^x), on either side without overflow or cancellation.
pub(crate) fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

/// Location and spread, in units of the scale.
pub(crate) fn location(raw: &[f64]) -> [f64; 2] {
    [raw[0], softplus(raw[1]) + SIGMA_FLOOR]
}

/// Degrees of freedom of the student-t distribution: above 2, so that a variance exists.
pub(crate) fn freedom(raw: &[f64]) -> f64 {
    2.0 + softplus(raw[2])
}

/// Relative mean and overdispersion of counts, before the scale enters.
pub(crate) fn dispersion(raw: &[f64]) -> [f64; 2] {
    [softplus(raw[0]) + COUNT_FLOOR, softplus(raw[1]) + COUNT_FLOOR]
}

/// Mean of counts in original units, and r of a variance of mean + mean^2 / r.
pub(crate) fn counts(raw: &[f64], scale: f64) -> [f64; 2] {
    let [mean, alpha] = dispersion(raw);
    [scale * mean, scale.sqrt() / alpha]
}

/// Both parameters of the beta distribution.
pub(crate) fn shapes(raw: &[f64]) -> [f64; 2] {
    [softplus(raw[0]) + SHAPE_FLOOR, softplus(raw[1]) + SHAPE_FLOOR]
}

/// Slope of a piece of the quantile function.
pub(crate) fn slope(raw: f64) -> f64 {
    softplus(raw) + SLOPE_FLOOR
}

/// How much of the levels each piece of the quantile function covers: a soft-max.
pub(crate) fn widths(raw: &[f64]) -> [f64; PIECES] {
    let logits = &raw[PIECES + 1..];
    let top = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut widths = [0.0; PIECES];
    let mut sum = 0.0;
    for (width, logit) in widths.iter_mut().zip(logits) {
        *width = (logit - top).exp();
        sum += *width;
    }
    widths.map(|width| width / sum)
}

/// The quantile function at a level, in units of the scale: linear on every piece, never falling.
pub(super) fn curve(raw: &[f64], level: f64) -> f64 {
    let (mut value, mut left) = (raw[0], level);
    for (width, &raw) in widths(raw).into_iter().zip(&raw[1..]) {
        if left <= width {
            return value + slope(raw) * left;
        }
        value += slope(raw) * width;
        left -= width;
    }
    // The widths sum to 1 but for rounding.
    value
}

/// Mean of the distribution with that quantile function: the integral over all levels.
pub(super) fn curve_mean(raw: &[f64]) -> f64 {
    let (mut mean, mut above) = (raw[0], 1.0);
    for (width, &raw) in widths(raw).into_iter().zip(&raw[1..]) {
        mean += slope(raw) * width * (above - 0.5 * width);
        above -= width;
    }
    mean
}
