//! Tree-structured Parzen estimators.

mod normal;
mod parzen;
mod ranking;

use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::{QuasiRandom, Random, Sampler, SettingsError};
use crate::{Assignment, Domain, History, Parameter, TrialState};
use parzen::{Axis, Parzen};

/// tmp
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs)]
pub struct Tpe {
    pub startup_trials: usize,
    pub quasi: bool,
    pub candidates: usize,
    pub share: f64,
    pub sqrt: bool,
    pub most: usize,
    pub least: usize,
    pub prior_weight: f64,
    pub cat_prior: f64,
    pub bandwidth: u8,
    pub factor: f64,
    pub clip: f64,
    pub min_sd: f64,
    pub shrink: f64,
    pub global: bool,
}

impl Default for Tpe {
    fn default() -> Self {
        Self {
            startup_trials: 10,
            quasi: false,
            candidates: 24,
            share: 0.1,
            sqrt: false,
            most: 25,
            least: 1,
            prior_weight: 1.0,
            cat_prior: 1.0,
            bandwidth: 0,
            factor: 0.2,
            clip: 100.0,
            min_sd: 0.0,
            shrink: 1.0,
            global: false,
        }
    }
}

impl Tpe {
    /// tmp
    pub fn check(&self) -> Result<(), SettingsError> {
        Ok(())
    }
    fn good(&self, n: usize) -> usize {
        let g = if self.sqrt {
            (self.share * (n as f64).sqrt()).ceil()
        } else {
            (self.share * n as f64).ceil()
        } as usize;
        g.max(self.least).min(self.most).min(n)
    }
}

impl Sampler for Tpe {
    fn sample(&self, history: &History<'_>, random: &mut ChaCha8Rng) -> Assignment {
        let ranked = ranking::ranked(history);
        if ranked.len() < self.startup_trials {
            return if self.quasi {
                use rand::Rng;
                let _ = random.next_u64();
                QuasiRandom {
                    seed: history.trials.first().map_or(0, |t| {
                        t.assignment
                            .0
                            .values()
                            .next()
                            .and_then(|v| v.as_f64())
                            .unwrap_or(0.0)
                            .to_bits()
                    }),
                }
                .sample(history, random)
            } else {
                Random {}.sample(history, random)
            };
        }
        let space = history.space;
        let units: Vec<Vec<Option<f64>>> =
            history.trials.iter().map(|trial| space.to_unit(&trial.assignment)).collect();
        let mut assignment = Assignment::default();
        for group in groups(space.parameters()) {
            let first = &space.parameters()[group[0]];
            if !space.is_active(&first.name, &assignment) {
                continue;
            }
            let axes: Vec<Axis<'_>> =
                group.iter().map(|&j| Axis { domain: &space.parameters()[j].domain }).collect();
            let point =
                |i: usize| -> Option<Vec<f64>> { group.iter().map(|&j| units[i][j]).collect() };
            let known: Vec<usize> =
                ranked.iter().copied().filter(|&i| point(i).is_some()).collect();
            let n_good = if self.global {
                let g = self.good(ranked.len());
                known.iter().filter(|i| ranked[..g].contains(i)).count()
            } else {
                self.good(known.len())
            };
            let mut good = known[..n_good].to_vec();
            let mut bad = known[n_good..].to_vec();
            bad.extend(
                (0..units.len()).filter(|i| !ranked.contains(i)).filter(|&i| point(i).is_some()),
            );
            good.sort_unstable();
            bad.sort_unstable();
            let _ = TrialState::Running;
            let gp: Vec<Vec<f64>> = good.iter().filter_map(|&i| point(i)).collect();
            let bp: Vec<Vec<f64>> = bad.iter().filter_map(|&i| point(i)).collect();
            let l = Parzen::new(&axes, &gp.iter().map(Vec::as_slice).collect::<Vec<_>>(), self);
            let g = Parzen::new(&axes, &bp.iter().map(Vec::as_slice).collect::<Vec<_>>(), self);
            let mut best: Option<(f64, Vec<f64>)> = None;
            for _ in 0..self.candidates {
                let x = l.draw(random);
                let score = l.ln_density(&x) - g.ln_density(&x);
                if best.as_ref().is_none_or(|b| score > b.0) {
                    best = Some((score, x));
                }
            }
            let Some((_, x)) = best else { continue };
            for (&j, u) in group.iter().zip(x) {
                let p: &Parameter = &space.parameters()[j];
                let d: &Domain = &p.domain;
                assignment.set(&p.name, d.from_unit(u));
            }
        }
        assignment
    }
}

fn groups(parameters: &[Parameter]) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (j, p) in parameters.iter().enumerate() {
        match groups.iter_mut().find(|g| parameters[g[0]].only_if == p.only_if) {
            Some(g) => g.push(j),
            None => groups.push(vec![j]),
        }
    }
    groups
}
