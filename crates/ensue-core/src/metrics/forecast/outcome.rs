//! A forecast beside what happened.

use crate::Quantile;

/// The forecast of one series beside what happened then.
///
/// ```
/// use ensue_core::{Quantile, metrics::forecast::Outcome};
///
/// let outcome = Outcome {
///     past: &[1.0, 2.0],
///     actual: &[3.0, f64::NAN],
///     mean: &[2.5, 2.5],
///     levels: &[Quantile::MEDIAN],
///     quantiles: &[vec![2.0, 2.0]],
/// };
/// assert_eq!(outcome.quantile(0.5), Some(&[2.0, 2.0][..]));
/// assert_eq!(outcome.observed(), 1);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Outcome<'a> {
    /// The target before the first step forecast; not-a-number where nothing was observed.
    pub past: &'a [f64],
    /// What happened at each step forecast; not-a-number where nothing was observed.
    pub actual: &'a [f64],
    /// The mean forecast of each step.
    pub mean: &'a [f64],
    /// Levels of the quantiles.
    pub levels: &'a [Quantile],
    /// For each level the quantile at each step.
    pub quantiles: &'a [Vec<f64>],
}

impl<'a> Outcome<'a> {
    /// The forecast of the quantile with this level, if there is one.
    pub fn quantile(&self, level: f64) -> Option<&'a [f64]> {
        let at = self.levels.iter().position(|known| (known.level() - level).abs() < 1e-9)?;
        self.quantiles.get(at).map(Vec::as_slice)
    }

    /// Whether there are steps, and all have an actual value.
    pub fn is_complete(&self) -> bool {
        !self.actual.is_empty() && self.observed() == self.actual.len()
    }

    /// Steps with an actual value.
    pub fn observed(&self) -> usize {
        self.actual.iter().filter(|y| y.is_finite()).count()
    }
}
