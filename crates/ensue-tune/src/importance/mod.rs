//! Which hyperparameters matter.

mod forest;
#[cfg(test)]
mod tests;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::{History, TrialState};
use forest::Tree;

/// Trees whose shares are averaged: enough that another seed changes shares by about a hundredth.
const TREES: usize = 64;

/// Why importance cannot be told.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ImportanceError {
    /// There is no such objective.
    #[error("objective {objective} does not exist: the search has {objectives}, from 0 on")]
    Objective {
        /// The one asked for.
        objective: usize,
        /// How many there are.
        objectives: usize,
    },
    /// There is nothing to compare.
    #[error(
        "importance needs two complete trials or more with finite values, and there are {trials}"
    )]
    TooFew {
        /// Such trials.
        trials: usize,
    },
    /// Nothing made a difference.
    #[error("importance needs values that differ, and all {trials} complete trials have one")]
    Constant {
        /// Complete trials.
        trials: usize,
    },
}

/// The share of each hyperparameter in the variance of an objective over the whole space: names and shares, the largest
/// first. Shares sum to 1.
///
/// A random forest learns the objective from the complete trials. Of each tree, which is constant on boxes of the unit
/// cube, the variance of the mean over all other hyperparameters is exact; its share in the tree's variance is averaged
/// over the trees. What hyperparameters do only together is left out, so shares are made to sum to 1. A hyperparameter
/// that does not count in a trial is taken to lie in the middle of its range there, so what it shares with the choice
/// that it depends on is mostly the choice's. One seed, one result.
///
/// Source: functional ANOVA, Hutter, Hoos and Leyton-Brown, "An efficient approach for assessing hyperparameter
/// importance", ICML 2014.
///
/// # Errors
///
/// Where the objective does not exist, fewer than two trials are complete with finite values, or all values are equal.
///
/// ```
/// # use ensue_tune::*;
/// use rand::SeedableRng;
///
/// let space = Space::builder()
///     .float("matters", 0.0..=1.0, Scale::Linear)
///     .float("does_not", 0.0..=1.0, Scale::Linear)
///     .build()?;
/// let directions = [Direction::Minimize];
/// let mut trials = Vec::new();
/// let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(1);
/// for number in 0..50 {
///     let history = History { space: &space, directions: &directions, trials: &trials };
///     let assignment = sampler::Random {}.sample(&history, &mut random);
///     let values = vec![assignment.number("matters").unwrap_or(0.0)];
///     let state = TrialState::Complete;
///     trials.push(Trial { number, assignment, state, measurements: vec![], values, seconds: 0.0 });
/// }
/// let history = History { space: &space, directions: &directions, trials: &trials };
/// let shares = importance::importance(&history, 0, 1)?;
/// assert_eq!(shares[0].0, "matters");
/// assert!(shares[0].1 > 0.9);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn importance(
    history: &History<'_>,
    objective: usize,
    seed: u64,
) -> Result<Vec<(String, f64)>, ImportanceError> {
    let objectives = history.directions.len();
    if objective >= objectives {
        return Err(ImportanceError::Objective { objective, objectives });
    }
    let parameters = history.space.parameters();
    let (mut points, mut values) = (Vec::new(), Vec::new());
    for trial in history.trials.iter().filter(|trial| trial.state == TrialState::Complete) {
        if let Some(value) = trial.values.get(objective).filter(|value| value.is_finite()) {
            let units = history.space.to_unit(&trial.assignment);
            points.push(units.into_iter().map(|unit| unit.unwrap_or(0.5)).collect::<Vec<f64>>());
            values.push(*value);
        }
    }
    let trials = values.len();
    if trials < 2 {
        return Err(ImportanceError::TooFew { trials });
    }
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut shares = vec![0.0; parameters.len()];
    for _ in 0..TREES {
        let tree = Tree::grow(&points, &values, &mut random);
        let variance = tree.variance();
        if variance > 0.0 {
            for (axis, share) in shares.iter_mut().enumerate() {
                *share += tree.marginal_variance(axis) / variance;
            }
        }
    }
    let sum: f64 = shares.iter().sum();
    if sum <= 0.0 {
        return Err(ImportanceError::Constant { trials });
    }
    let names = parameters.iter().map(|parameter| parameter.name.clone());
    let mut shares: Vec<_> = names.zip(shares.into_iter().map(|share| share / sum)).collect();
    shares.sort_by(|a, b| b.1.total_cmp(&a.1));
    Ok(shares)
}
