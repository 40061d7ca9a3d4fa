//! Tree-structured Parzen estimators: where good trials lie, against where the others do.

mod normal;
mod parzen;
mod ranking;
#[cfg(test)]
mod tests;

use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::{Random, Sampler, SettingsError};
use crate::{Assignment, Domain, History, Parameter};
use parzen::Parzen;

/// Trials whose weight is full however many there are.
const RECENT: usize = 25;

/// Learns where good trials lie, and proposes what is likelier among them than among the others.
///
/// The first trials are drawn evenly. Then the trials are ranked, the best are called good, and two densities are
/// learned, one of the good and one of all others, each a mixture of kernels around its trials over all hyperparameters
/// together. Of some candidates drawn from the good trials' density, the one with the largest ratio of the two is
/// proposed.
///
/// Hyperparameters with the same condition make a group with its own densities, learned from the trials where it
/// counts; a group is drawn after the choice that it depends on.
///
/// Stopped trials rank behind complete ones, those that came farther first. Trials that failed or still run are among
/// the others, so that several workers keep away from each other and from what fails. With several objectives trials
/// are ranked by fronts.
///
/// Source: Bergstra et al., "Algorithms for hyper-parameter optimization", NIPS 2011, section 4; joint densities:
/// Falkner et al., "BOHB: robust and efficient hyperparameter optimization at scale", ICML 2018; the
/// choices there are, and what they are good for: Watanabe, "Tree-structured Parzen estimator: understanding its
/// algorithm components", arXiv:2304.11127. The good trials weigh by rank, as the parents do in Hansen, "The CMA
/// evolution strategy: a tutorial", arXiv:1604.00772: ln(n + 1/2) - ln(rank). This was found to help on
/// functions with known minima ([`functions`](crate::functions)), together with more good trials and candidates than is
/// usual.
///
/// ```
/// use ensue_tune::{Sampler, sampler::Tpe};
/// let tpe = Tpe { startup_trials: 20, ..Tpe::default() };
/// tpe.check()?;
/// # Ok::<(), ensue_tune::sampler::SettingsError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tpe {
    /// Trials with a value before anything is learned. Default 10.
    pub startup_trials: usize,
    /// Candidates of which one is proposed, 1 or more. Default 48.
    pub candidates: usize,
    /// Share of the trials that is called good, above 0 and below 1. Default 0.2.
    pub good_share: f64,
    /// Good trials at most, 1 or more. Default 25.
    pub good_at_most: usize,
    /// Weight of the even component of each density, where a good trial weighs 1 on average; above 0. Default 1.
    pub prior_weight: f64,
}

impl Default for Tpe {
    fn default() -> Self {
        Self {
            startup_trials: 10,
            candidates: 48,
            good_share: 0.2,
            good_at_most: 25,
            prior_weight: 1.0,
        }
    }
}

impl Tpe {
    /// Holds the settings to their ranges.
    ///
    /// # Errors
    ///
    /// Names the first setting that is outside its range.
    pub fn check(&self) -> Result<(), SettingsError> {
        let Self { startup_trials: _, candidates, good_share, good_at_most, prior_weight } = *self;
        let rules = [
            ("candidates", candidates as f64, candidates > 0, "1 or more"),
            ("good_share", good_share, good_share > 0.0 && good_share < 1.0, "above 0 and below 1"),
            ("good_at_most", good_at_most as f64, good_at_most > 0, "1 or more"),
            (
                "prior_weight",
                prior_weight,
                prior_weight > 0.0 && prior_weight.is_finite(),
                "above 0 and finite",
            ),
        ];
        match rules.into_iter().find(|(_, _, holds, _)| !holds) {
            Some((field, value, _, rule)) => {
                Err(SettingsError { sampler: "tpe", field, value, rule })
            }
            None => Ok(()),
        }
    }

    /// How many of the ranked trials are good.
    fn good(&self, ranked: usize) -> usize {
        let share = (self.good_share * ranked as f64).ceil() as usize;
        share.min(self.good_at_most).clamp(ranked.min(1), ranked)
    }

    /// A place for hyperparameters that count together, given the places of ranked trials, best first, and the places
    /// of the others, each with the trial's number.
    fn propose(
        &self,
        axes: &[&Domain],
        ranked: Vec<(usize, Vec<f64>)>,
        others: Vec<(usize, Vec<f64>)>,
        random: &mut ChaCha8Rng,
    ) -> Vec<f64> {
        let mut good = ranked;
        let mut bad = good.split_off(self.good(good.len()));
        bad.extend(others);
        bad.sort_by_key(|(number, _)| *number);
        let weighted = |points: Vec<(usize, Vec<f64>)>, weights: Vec<f64>| {
            points.into_iter().map(|(_, point)| point).zip(weights).collect::<Vec<_>>()
        };
        let (by_rank, by_age) = (by_rank(good.len()), by_age(bad.len()));
        let good = Parzen::new(axes, &weighted(good, by_rank), self.prior_weight);
        let bad = Parzen::new(axes, &weighted(bad, by_age), self.prior_weight);
        let candidate = |random: &mut ChaCha8Rng| {
            let point = good.draw(random);
            (good.ln_density(&point) - bad.ln_density(&point), point)
        };
        let mut best = candidate(random);
        for _ in 1..self.candidates {
            let next = candidate(random);
            if next.0 > best.0 {
                best = next;
            }
        }
        best.1
    }
}

impl Sampler for Tpe {
    fn sample(&self, history: &History<'_>, random: &mut ChaCha8Rng) -> Assignment {
        let ranked = ranking::ranked(history);
        if ranked.len() < self.startup_trials {
            return Random {}.sample(history, random);
        }
        let History { space, trials, .. } = *history;
        let units: Vec<_> = trials.iter().map(|trial| space.to_unit(&trial.assignment)).collect();
        let mut has_rank = vec![false; trials.len()];
        for &i in &ranked {
            has_rank[i] = true;
        }
        let others: Vec<usize> = (0..trials.len()).filter(|&i| !has_rank[i]).collect();

        let parameters = space.parameters();
        let mut assignment = Assignment::default();
        for group in groups(parameters) {
            if !space.is_active(&parameters[group[0]].name, &assignment) {
                continue;
            }
            let (constant, free): (Vec<usize>, Vec<usize>) =
                group.iter().partition(|&&j| parameters[j].domain.is_constant());
            for j in constant {
                assignment.set(&parameters[j].name, parameters[j].domain.from_unit(0.5));
            }
            let axes: Vec<&Domain> = free.iter().map(|&j| &parameters[j].domain).collect();
            let places = |trials: &[usize]| -> Vec<(usize, Vec<f64>)> {
                let place = |&i: &usize| {
                    Some((i, free.iter().map(|&j| units[i][j]).collect::<Option<Vec<f64>>>()?))
                };
                trials.iter().filter_map(place).collect()
            };
            let point = self.propose(&axes, places(&ranked), places(&others), random);
            for (j, unit) in free.into_iter().zip(point) {
                assignment.set(&parameters[j].name, parameters[j].domain.from_unit(unit));
            }
        }
        assignment
    }
}

/// Indices of the hyperparameters with the same condition, groups by their first one, which comes after the
/// hyperparameter that the condition is about.
fn groups(parameters: &[Parameter]) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (j, parameter) in parameters.iter().enumerate() {
        match groups.iter_mut().find(|group| parameters[group[0]].only_if == parameter.only_if) {
            Some(group) => group.push(j),
            None => groups.push(vec![j]),
        }
    }
    groups
}

/// Weights of good trials, best first, 1 on average.
fn by_rank(n: usize) -> Vec<f64> {
    let weight = |rank: usize| (n as f64 + 0.5).ln() - (rank as f64).ln();
    let sum: f64 = (1..=n).map(weight).sum();
    (1..=n).map(|rank| weight(rank) * n as f64 / sum).collect()
}

/// Weights of other trials, oldest first: 1 for the newest, evenly down to 1 / n for the oldest.
fn by_age(n: usize) -> Vec<f64> {
    let old = n.saturating_sub(RECENT);
    let weight = |i: usize| {
        let least = 1.0 / n as f64;
        if i < old { least + (1.0 - least) * i as f64 / old as f64 } else { 1.0 }
    };
    (0..n).map(weight).collect()
}
