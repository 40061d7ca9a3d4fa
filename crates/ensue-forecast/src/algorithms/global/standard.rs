//! Numbers brought to a common size.

use ensue_core::Series;
use serde::{Deserialize, Serialize};

/// Mean and standard deviation that make numbers comparable.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::algorithms) struct Standard {
    pub(in crate::algorithms) mean: f64,
    deviation: f64,
}

impl Standard {
    /// Of the finite ones among `values`.
    pub(in crate::algorithms) fn of<I: Iterator<Item = f64>>(values: impl Fn() -> I) -> Self {
        let finite = || values().filter(|x| x.is_finite());
        let count = finite().count().max(1) as f64;
        let mean = finite().sum::<f64>() / count;
        let variance = finite().map(|x| (x - mean).powi(2)).sum::<f64>() / count;
        let deviation = variance.sqrt();
        // What never varies says nothing; a deviation of rounding errors would make it shout.
        let deviation = if deviation > 1e-9 * mean.abs().max(1e-30) { deviation } else { 1.0 };
        Self { mean, deviation }
    }

    /// `x` in standard deviations from the mean, within five; the mean where it is no number.
    pub(in crate::algorithms) fn apply(self, x: f64) -> f32 {
        if x.is_finite() {
            (((x - self.mean) / self.deviation) as f32).clamp(-5.0, 5.0)
        } else {
            0.0
        }
    }
}

/// A size that can be divided by: 1 in place of nothing.
pub(in crate::algorithms) fn positive(size: f64) -> f64 {
    if size > 1e-10 { size } else { 1.0 }
}

/// Mean size of what was observed of a series; `None` for nothing.
pub(super) fn mean_size(series: &Series) -> Option<f64> {
    let (sum, count) = series
        .target()
        .iter()
        .filter(|y| !y.is_nan())
        .fold((0.0, 0usize), |(sum, count), y| (sum + y.abs(), count + 1));
    (count > 0).then(|| sum / count as f64)
}

/// Mean of what is known of a related series up to the end of the target, so that the horizon cannot
/// change what was seen before it; of all of it where nothing is past. 0 where there is no number.
pub(super) fn own_mean(row: &[f32], past: usize) -> f64 {
    mean(&row[..past]).or_else(|| mean(row)).unwrap_or(0.0)
}

/// Mean of the finite ones.
fn mean(values: &[f32]) -> Option<f64> {
    let (sum, count) = values
        .iter()
        .filter(|x| x.is_finite())
        .fold((0.0, 0usize), |(sum, count), &x| (sum + f64::from(x), count + 1));
    (count > 0).then(|| sum / count as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_new_differs_in_nothing_from_its_related_series() {
        // Oracle: the mean of a constant is the constant; it was never seen, yet differs by nothing.
        assert_eq!(own_mean(&[4.0, 4.0, 4.0], 0), 4.0);
        assert_eq!(own_mean(&[1.0, 3.0, 9.0], 2), 2.0);
        assert_eq!(own_mean(&[f32::NAN, 3.0], 1), 3.0);
        assert_eq!(own_mean(&[], 0), 0.0);
    }
}
