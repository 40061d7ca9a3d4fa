//! One set of values that is tried, and what came of it.

use serde::{Deserialize, Serialize};

use crate::{Assignment, Space};

/// Which values of an objective are better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// Lower.
    #[default]
    Minimize,
    /// Higher.
    Maximize,
}

impl Direction {
    /// The value as a loss, of which lower is better. NaN stays NaN.
    pub fn loss(self, value: f64) -> f64 {
        match self {
            Self::Minimize => value,
            Self::Maximize => -value,
        }
    }

    /// The value as a loss that can be ordered: NaN, which is worse than anything, becomes infinity.
    pub(crate) fn ordered_loss(self, value: f64) -> f64 {
        if value.is_nan() { f64::INFINITY } else { self.loss(value) }
    }
}

/// Where a trial stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TrialState {
    /// Somebody works on it.
    Running,
    /// It ran to its end.
    Complete,
    /// The scheduler ended it early.
    Stopped,
    /// It ended with an error.
    Failed,
}

/// A measurement on the way.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// How far the trial was, such as epochs done.
    pub step: u64,
    /// The first objective's value then. NaN is the worst there is.
    #[serde(with = "crate::number")]
    pub value: f64,
}

/// One set of values that is tried.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// Its number, from 0 without gaps.
    pub number: u64,
    /// What is tried.
    pub assignment: Assignment,
    /// Where it stands.
    pub state: TrialState,
    /// Measurements on the way, by step ascending.
    pub measurements: Vec<Measurement>,
    /// Value of each objective, once it ended; empty when it failed. A stopped trial has its last measurement.
    #[serde(with = "crate::number::list")]
    pub values: Vec<f64>,
    /// Time it took so far, seconds.
    pub seconds: f64,
}

/// All that a sampler or a scheduler may look at.
#[derive(Debug, Clone, Copy)]
pub struct History<'a> {
    /// What may be varied.
    pub space: &'a Space,
    /// One direction for each objective.
    pub directions: &'a [Direction],
    /// All trials by number, running ones included.
    pub trials: &'a [Trial],
}
