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

/// A size that can be divided by in single precision, too: 1 in place of nothing.
pub(in crate::algorithms) fn positive(size: f64) -> f64 {
    if size > 1e-30 { size } else { 1.0 }
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

/// What is usual in a related series at each of its steps.
///
/// Of one that is known ahead the mean up to the end of the target, so that the horizon cannot change what was seen before it;
/// of all of it where nothing is past. Of a historical one the mean up to each step: windows of a training series show it what
/// came before them only. 0 where there is no number.
pub(super) fn usual(row: &[f32], past: usize, historical: bool) -> impl Iterator<Item = f64> {
    let whole = mean(&row[..past]).or_else(|| mean(row)).unwrap_or(0.0);
    let (mut sum, mut count) = (0.0, 0usize);
    row.iter().map(move |&x| {
        if x.is_finite() {
            (sum, count) = (sum + f64::from(x), count + 1);
        }
        if historical { sum / count.max(1) as f64 } else { whole }
    })
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
        let usual = |row: &[f32], past| usual(row, past, false).collect::<Vec<f64>>();
        assert_eq!(usual(&[4.0, 4.0, 4.0], 0), [4.0; 3]);
        assert_eq!(usual(&[1.0, 3.0, 9.0], 2), [2.0; 3]);
        assert_eq!(usual(&[f32::NAN, 3.0], 1), [3.0; 2]);
        assert_eq!(usual(&[], 0), [0.0; 0]);
    }

    #[test]
    fn what_ends_with_the_target_is_compared_with_its_own_past() {
        // Oracle: means by hand; what comes later changes nothing.
        let usual = |row: &[f32]| usual(row, row.len(), true).collect::<Vec<f64>>();
        assert_eq!(usual(&[2.0, 4.0, f32::NAN, 9.0]), [2.0, 3.0, 3.0, 5.0]);
        assert_eq!(usual(&[f32::NAN, 4.0]), [0.0, 4.0]);
    }
}
