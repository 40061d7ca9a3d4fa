//! Several ladders of successive halving side by side.

use serde::{Deserialize, Serialize};

use super::asha::{Ladder, direction, power};
use super::{Scheduler, Verdict};
use crate::{History, Trial};

/// Hyperband: deals the trials over several ladders of [`Asha`](super::Asha), each of which starts to cut later
/// than the one before, as a hedge against early measurements that mislead.
///
/// With `S = floor(log(max_steps / min_steps) / log(reduction))` there are `S + 1` brackets. Bracket `s` from `S`
/// down to 0 is a ladder whose first rung lies at `max_steps / reduction^s` (rounded up); bracket 0 never cuts. A
/// trial belongs to bracket `s` with the chance that the paper's sizes give it, `ceil((S + 1) / (s + 1) *
/// reduction^s)` over the sum of all: the harder a bracket cuts, the more trials it gets. The draw depends on the
/// trial's number alone, so that all processes agree on it. Trials are compared within their bracket.
///
/// Source: Li et al., "Hyperband: A Novel Bandit-Based Approach to Hyperparameter Optimization", JMLR 18 (2018),
/// Algorithm 1 for the brackets and their sizes; arXiv 1810.05934, section 3.2 for running them asynchronously.
///
/// ```
/// use ensue_tune::scheduler::Hyperband;
///
/// let hyperband = Hyperband { max_steps: 9, ..Hyperband::default() };
/// assert_eq!(hyperband.brackets(), 3);
/// assert_eq!(hyperband.first_rung(2), 1);
/// assert_eq!(hyperband.first_rung(1), 3);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Hyperband {
    /// Where the earliest rung may lie, steps. Default 1; 0 counts as 1.
    pub min_steps: u64,
    /// How long a full trial is, steps. Default 27.
    pub max_steps: u64,
    /// The share of trials that goes on at a rung is 1 to this number. Default 3; below 2 counts as 2.
    pub reduction: u64,
}

impl Default for Hyperband {
    fn default() -> Self {
        Self { min_steps: 1, max_steps: 27, reduction: 3 }
    }
}

impl Hyperband {
    /// The number of brackets.
    pub fn brackets(&self) -> u64 {
        let mut brackets = 1;
        let mut steps = self.min_steps.max(1);
        while let Some(next) =
            steps.checked_mul(self.reduction.max(2)).filter(|n| *n <= self.max_steps)
        {
            steps = next;
            brackets += 1;
        }
        brackets
    }

    /// Where a bracket's first rung lies, steps. Bracket 0's lies at the end, where nothing is left to cut.
    pub fn first_rung(&self, bracket: u64) -> u64 {
        self.max_steps.div_ceil(power(self.reduction.max(2), bracket)).max(1)
    }

    /// The bracket of the trial with a number.
    pub fn bracket(&self, number: u64) -> u64 {
        let count = self.brackets();
        let size = |bracket: u64| {
            let share = power(self.reduction.max(2), bracket);
            count.saturating_mul(share).div_ceil(bracket + 1)
        };
        let total = (0..count).fold(0_u64, |sum, bracket| sum.saturating_add(size(bracket)));
        let mut drawn = scramble(number) % total.max(1);
        for bracket in 0..count {
            if drawn < size(bracket) {
                return bracket;
            }
            drawn -= size(bracket);
        }
        0
    }
}

impl Scheduler for Hyperband {
    fn verdict(&self, history: &History<'_>, trial: &Trial) -> Verdict {
        let bracket = self.bracket(trial.number);
        let ladder = Ladder {
            first: self.first_rung(bracket),
            reduction: self.reduction.max(2),
            end: self.max_steps,
        };
        let peers = history.trials.iter().filter(|other| self.bracket(other.number) == bracket);
        ladder.verdict(direction(history), peers, trial)
    }
}

/// Mixes the bits of a number well enough to draw by it: the output step of `SplitMix64` (Steele et al., "Fast
/// Splittable Pseudorandom Number Generators", OOPSLA 2014, figure 16).
fn scramble(number: u64) -> u64 {
    let mut z = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
