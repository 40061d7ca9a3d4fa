//! The levels that are learned, and the levels between and beyond them.

use ensue_core::Quantile;

use crate::normal::normal_quantile;

/// Levels that are learned; the one in the middle is the median.
pub(super) const LEVELS: [f64; 15] =
    [0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.975, 0.99];
/// Place of the median.
pub(super) const MIDDLE: usize = LEVELS.len() / 2;
/// Steps from level to level.
pub(super) const STEPS: usize = LEVELS.len() - 1;

/// What each level counts in the loss, so that the sum is an integral over all levels, the trapezoids of the continuous
/// ranked probability score; the outermost stand for all beyond them. The sum is 1.
pub(super) fn weights() -> [f64; LEVELS.len()] {
    std::array::from_fn(|n| {
        let edge = |at: usize| {
            if at == 0 {
                0.0
            } else if at == LEVELS.len() {
                1.0
            } else {
                f64::midpoint(LEVELS[at - 1], LEVELS[at])
            }
        };
        edge(n + 1) - edge(n)
    })
}

/// Distances between neighbours of a normal distribution.
pub(super) fn normal_steps() -> [f64; STEPS] {
    std::array::from_fn(|n| normal_quantile(LEVELS[n + 1]) - normal_quantile(LEVELS[n]))
}

/// A level, as a mean of two neighbours that are learned.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Between {
    lower: usize,
    /// Share of the way to the next level; below 0 or above 1 beyond the outermost.
    share: f64,
}

impl Between {
    /// On a straight line where levels stand at the quantiles of a normal distribution; the outermost lines go on, so
    /// that tails beyond are those of a normal distribution.
    pub(super) fn new(level: Quantile) -> Self {
        let level = level.level();
        let above = LEVELS.partition_point(|&known| known <= level + 1e-12);
        let lower = above.saturating_sub(1).min(STEPS - 1);
        let place = |n: usize| normal_quantile(LEVELS[n]);
        if (level - LEVELS[lower]).abs() < 1e-12 {
            return Self { lower, share: 0.0 };
        }
        let share = (normal_quantile(level) - place(lower)) / (place(lower + 1) - place(lower));
        Self { lower, share }
    }

    /// Its value, from those of all levels.
    pub(super) fn of(self, values: &[f64; LEVELS.len()]) -> f64 {
        let Self { lower, share } = self;
        values[lower] + share * (values[lower + 1] - values[lower])
    }
}
