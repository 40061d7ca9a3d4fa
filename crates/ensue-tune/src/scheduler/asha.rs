//! Successive halving without waiting.

use serde::{Deserialize, Serialize};

use super::{Scheduler, Verdict};
use crate::{Direction, History, Trial};

/// Asynchronous successive halving: at each rung only the best of those that came so far go on.
///
/// The rungs lie at `min_steps`, `min_steps * reduction`, `min_steps * reduction²` and so on. A trial that reaches
/// a rung goes on when it is among the best `max(1, n / reduction)` (rounded down) of the `n` trials that have
/// reached the rung so far, itself included; ties count in its favour. A trial that measures NaN at a rung ends.
/// Where measurements are rarer than rungs, a trial's value at a rung is its first measurement at or after it, and
/// only the highest rung that a measurement passes is asked.
///
/// The variant that stops trials for good, not the one that pauses them and may go on later: no state has to be
/// kept for a paused trial.
///
/// Source: Li et al., "A System for Massively Parallel Hyperparameter Tuning", `MLSys` 2020, arXiv 1810.05934,
/// Algorithm 2.
///
/// ```
/// use ensue_tune::scheduler::{Asha, replay};
///
/// // Three trials of three steps: the one that starts best ends best, the others are cut at step 1.
/// let curves = [vec![0.9, 0.9, 0.9], vec![0.1, 0.2, 0.3], vec![0.2, 0.3, 0.3]];
/// let replayed = replay(&Asha::default(), &curves, &[0, 1, 2], 1);
/// assert_eq!(replayed.best, Some(0.9));
/// assert_eq!(replayed.steps, 3 + 1 + 1);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Asha {
    /// Where the first rung lies, steps. Default 1; 0 counts as 1.
    pub min_steps: u64,
    /// The share of trials that goes on at a rung is 1 to this number. Default 3; below 2 counts as 2.
    pub reduction: u64,
    /// How long a full trial is, steps: no rung lies there or beyond. Default: unknown.
    pub max_steps: Option<u64>,
    /// Over how many ladders the trials are dealt by their numbers. Ladder `s` leaves out the first `s` rungs, so
    /// that some trials are safe from an early cut; trials are compared within their ladder. Default 1; 0 counts
    /// as 1.
    pub brackets: u64,
}

impl Default for Asha {
    fn default() -> Self {
        Self { min_steps: 1, reduction: 3, max_steps: None, brackets: 1 }
    }
}

impl Asha {
    fn bracket(&self, number: u64) -> u64 {
        number % self.brackets.max(1)
    }
}

impl Scheduler for Asha {
    fn verdict(&self, history: &History<'_>, trial: &Trial) -> Verdict {
        let bracket = self.bracket(trial.number);
        let ladder = Ladder {
            first: self.min_steps.max(1).saturating_mul(power(self.reduction.max(2), bracket)),
            reduction: self.reduction.max(2),
            end: self.max_steps.unwrap_or(u64::MAX),
        };
        let peers = history.trials.iter().filter(|other| self.bracket(other.number) == bracket);
        ladder.verdict(direction(history), peers, trial)
    }
}

/// The direction of the first objective.
pub(super) fn direction(history: &History<'_>) -> Direction {
    history.directions.first().copied().unwrap_or_default()
}

/// `base` to the `exponent`, or the largest number there is.
pub(super) fn power(base: u64, exponent: u64) -> u64 {
    base.checked_pow(u32::try_from(exponent).unwrap_or(u32::MAX)).unwrap_or(u64::MAX)
}

/// The rungs of one bracket.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ladder {
    /// Steps of the first rung, at least 1.
    pub(super) first: u64,
    /// At least 2.
    pub(super) reduction: u64,
    /// No rung lies here or beyond.
    pub(super) end: u64,
}

impl Ladder {
    pub(super) fn verdict<'a>(
        &self,
        direction: Direction,
        peers: impl Iterator<Item = &'a Trial>,
        trial: &Trial,
    ) -> Verdict {
        let Some((last, before)) = trial.measurements.split_last() else {
            return Verdict::Continue;
        };
        let passed = before.last().map_or(0, |measurement| measurement.step);
        let Some(rung) = self.highest_rung(last.step).filter(|rung| *rung > passed) else {
            return Verdict::Continue;
        };
        if last.value.is_nan() {
            return Verdict::Stop;
        }
        let mine = direction.loss(last.value);
        // The trial itself may be missing among its peers, or be there: it is counted once, here.
        let (mut reached, mut better) = (1, 0);
        for other in peers.filter(|other| other.number != trial.number) {
            let Some(measured) = other.measurements.iter().find(|there| there.step >= rung) else {
                continue;
            };
            reached += 1;
            if direction.ordered_loss(measured.value) < mine {
                better += 1;
            }
        }
        if better < (reached / self.reduction).max(1) { Verdict::Continue } else { Verdict::Stop }
    }

    /// The highest rung at or below a step.
    fn highest_rung(&self, step: u64) -> Option<u64> {
        let mut highest = None;
        let mut rung = self.first;
        while rung <= step && rung < self.end {
            highest = Some(rung);
            match rung.checked_mul(self.reduction) {
                Some(next) => rung = next,
                None => break,
            }
        }
        highest
    }
}
