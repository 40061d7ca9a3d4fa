//! The continuous ranked probability score of a piecewise linear quantile function.

use super::special::sigmoid;
use crate::likelihood::PIECES;
use crate::likelihood::parameters::{FAR, slope, widths};

const THIRDS: f64 = 2.0 / 3.0;

/// The score in units of the scale, and its gradient in the raw outputs.
///
/// ```text
/// CRPS = integral over levels a in [0, 1] of 2 (1[a > c] - a) (q(a) - t),  q(c) = t
/// ```
///
/// (Gasthaus et al. 2019, section 3, whose closed form is this integral.) It is summed piece by
/// piece, cut at the crossing level c; no piece adds less than 0. The crossing's own derivative is
/// 0, since the integrand vanishes there.
pub(super) fn crps(raw: &[f64], target: f64, scale: f64, grad: &mut [f64]) -> f64 {
    let t = (target / scale).clamp(-FAR, FAR);
    let widths = widths(raw);
    let slopes: [f64; PIECES] = std::array::from_fn(|k| slope(raw[1 + k]));
    let (mut score, mut start, mut value) = (0.0, 0.0, raw[0]);
    // Integral of 2 (1[a > c] - a) over each piece, and of it times the level's way into the piece.
    let (mut plain, mut ramped) = ([0.0; PIECES], [0.0; PIECES]);
    for k in 0..PIECES {
        let (width, slope) = (widths[k], slopes[k]);
        // How far into the piece the quantile function stays below the target.
        let cut = ((t - value) / slope).clamp(0.0, width);
        let rest = width - cut;
        // Below: -2a; above: 2(1 - a). With x the way into the piece, a = start + x.
        let below = [-cut * (2.0 * start + cut), -cut * cut * (start + THIRDS * cut)];
        let top = 1.0 - start;
        let above = [
            rest * (2.0 * top - width - cut),
            rest * (top * (width + cut) - THIRDS * (width * width + width * cut + cut * cut)),
        ];
        score += (value - t) * (below[0] + above[0]) + slope * (below[1] + above[1]);
        plain[k] = below[0] + above[0];
        ramped[k] = below[1] + above[1];
        start += width;
        value += slope * width;
    }
    grad[0] = plain.iter().sum();
    // Pieces further right are lifted by this one's slope and width, and moved by its width.
    let (mut lifted, mut moved) = (0.0, 0.0);
    let mut d_widths = [0.0; PIECES];
    for k in (0..PIECES).rev() {
        grad[1 + k] = (ramped[k] + widths[k] * lifted) * sigmoid(raw[1 + k]);
        d_widths[k] = slopes[k] * lifted - moved;
        lifted += plain[k];
        moved += slopes[k] * plain[k];
    }
    let mean: f64 = d_widths.iter().zip(&widths).map(|(d, w)| d * w).sum();
    for k in 0..PIECES {
        grad[1 + PIECES + k] = widths[k] * (d_widths[k] - mean);
    }
    score
}
