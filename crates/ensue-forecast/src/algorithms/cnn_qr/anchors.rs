//! Values of the past that a forecast leans on.

use ensue_core::series::Frequency;
use serde::{Deserialize, Serialize};

use crate::calendar::seasons;

use super::past::Past;

/// A value of the past that the median of a step is a weighted mean of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum Anchor {
    /// The mean of the last so many steps.
    Recent {
        /// Steps.
        steps: usize,
    },
    /// The value of the same phase `back` seasons before the latest that is known.
    Season {
        /// Steps of a season.
        season: usize,
        /// Seasons before the latest.
        back: usize,
    },
    /// The latest value of the same phase, moved by what the level of a season has changed since.
    Shifted {
        /// Steps of a season.
        season: usize,
    },
}

/// Seasons of each kind that are looked back.
const BACK: usize = 3;

impl Anchor {
    /// Those of a frequency, for series of at most `longest` steps.
    pub(super) fn all(
        frequency: Frequency,
        horizon: usize,
        context: usize,
        longest: usize,
    ) -> Vec<Self> {
        let seasons: Vec<usize> =
            seasons(frequency).into_iter().filter(|&season| season > 1).collect();
        let short = seasons.iter().copied().min().unwrap_or(8).min(context);
        let mut recent = vec![1, short.min(4), short, context];
        recent.dedup();
        let mut anchors: Vec<Self> =
            recent.into_iter().map(|steps| Self::Recent { steps }).collect();
        for season in seasons {
            // Each has to be seen at least as often with its answer as without.
            let reach =
                |back: usize| 2 * season * (horizon.div_ceil(season) + back) <= longest + season;
            for back in (0..BACK).filter(|&back| reach(back)) {
                anchors.push(Self::Season { season, back });
            }
            if reach(1) {
                anchors.push(Self::Shifted { season });
            }
        }
        anchors
    }

    /// Steps that it looks back from the end of the past, for `horizon` steps ahead.
    pub(super) fn reach(self, horizon: usize) -> usize {
        match self {
            Self::Recent { steps } => steps,
            Self::Season { season, back } => season * (horizon.div_ceil(season) + back),
            Self::Shifted { season } => season * (horizon.div_ceil(season) + 1),
        }
    }

    /// Its value for step `ahead` (from 1) after the past `from..to`; where that is too short the nearest it
    /// has, and 0 without any.
    pub(super) fn value(self, past: &Past, ahead: usize, from: i64, to: i64) -> f64 {
        let from = past.begin(from);
        let mean = |a: i64, b: i64| past.mean(a.max(from), b);
        let last = || past.at(to - 1, from, to).unwrap_or(0.0);
        // The latest value of the same phase at least `back` seasons before the latest, or nearer.
        let seasonal = |season: usize, back: usize| {
            let step = to - 1 + ahead as i64;
            let first = ahead.div_ceil(season);
            (0..=back).rev().find_map(|back| {
                let at = step - (season * (first + back)) as i64;
                past.at(at, from, to)
            })
        };
        match self {
            Self::Recent { steps } => {
                if steps == 1 {
                    last()
                } else {
                    mean(to - steps as i64, to).unwrap_or_else(last)
                }
            }
            Self::Season { season, back } => seasonal(season, back).unwrap_or_else(last),
            Self::Shifted { season } => {
                let Some(value) = seasonal(season, 0) else { return last() };
                let lag = (season * ahead.div_ceil(season)) as i64;
                let first = to - season as i64;
                let now = mean(first, to);
                let then = if first - lag >= from { mean(first - lag, to - lag) } else { None };
                value + now.zip(then).map_or(0.0, |(now, then)| now - then)
            }
        }
    }
}
