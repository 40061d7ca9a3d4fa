//! The median rule.

use serde::{Deserialize, Serialize};

use super::asha::direction;
use super::{Scheduler, Verdict};
use crate::{Direction, History, Trial, TrialState};

/// The median rule: ends a trial whose best measurement so far is worse than what half of the complete trials
/// had on average by the same step.
///
/// At step `s` each complete trial is worth the mean of its measurements up to `s`; those without one are left
/// out. The trial ends when its best measurement up to `s` is strictly worse than the median of these means.
///
/// Source: Golovin et al., "Google Vizier: A Service for Black-Box Optimization", KDD 2017, section 3.2.2. The
/// warm-up and the number of trials to wait for are additions.
///
/// ```
/// use ensue_tune::scheduler::Median;
///
/// let median: Median = serde_json::from_str(r#"{"warm_up_steps": 3}"#)?;
/// assert_eq!(median.startup_trials, 5);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Median {
    /// No trial ends before this step. Default 1.
    pub warm_up_steps: u64,
    /// No trial ends before this many are complete. Default 5; 0 counts as 1.
    pub startup_trials: u64,
}

impl Default for Median {
    fn default() -> Self {
        Self { warm_up_steps: 1, startup_trials: 5 }
    }
}

impl Scheduler for Median {
    fn verdict(&self, history: &History<'_>, trial: &Trial) -> Verdict {
        let direction = direction(history);
        let Some(step) = trial.measurements.last().map(|measurement| measurement.step) else {
            return Verdict::Continue;
        };
        let complete: Vec<&Trial> =
            history.trials.iter().filter(|other| other.state == TrialState::Complete).collect();
        if step < self.warm_up_steps || (complete.len() as u64) < self.startup_trials.max(1) {
            return Verdict::Continue;
        }
        let means = complete.iter().filter_map(|other| mean_loss(direction, other, step)).collect();
        let losses = trial.measurements.iter().map(|there| direction.ordered_loss(there.value));
        let best = losses.fold(f64::INFINITY, f64::min);
        match median(means) {
            Some(median) if best > median => Verdict::Stop,
            _ => Verdict::Continue,
        }
    }
}

/// The mean loss of the measurements up to a step. A NaN among them makes it the worst there is.
fn mean_loss(direction: Direction, trial: &Trial, step: u64) -> Option<f64> {
    let upto = trial.measurements.iter().filter(|measurement| measurement.step <= step);
    let losses: Vec<f64> =
        upto.map(|measurement| direction.ordered_loss(measurement.value)).collect();
    let mean = losses.iter().sum::<f64>() / losses.len() as f64;
    (!losses.is_empty()).then_some(if mean.is_nan() { f64::INFINITY } else { mean })
}

/// The median; between two in the middle their mean, or the worse of them where one is infinite.
fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let upper = *values.get(values.len() / 2)?;
    if values.len() % 2 == 1 {
        return Some(upper);
    }
    let lower = values[values.len() / 2 - 1];
    Some(if lower.is_finite() && upper.is_finite() { lower.midpoint(upper) } else { upper })
}
