//! What competed and what was chosen.

use std::fmt;

use ensue_nn::search::{LeftOut, Tuning};
use serde::{Deserialize, Serialize};

use super::groups::Group;
use crate::AnyAlgorithm;

/// Who competed, how well, what was chosen with which weights, and what was left out and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Selection {
    /// What decided.
    pub metric_name: String,
    /// What was held back to decide on.
    pub measured_on: String,
    /// The metric of the chosen combination on what was held back; it was chosen there, so it flatters.
    pub value: Option<f64>,
    /// All that were measured, best first.
    pub contenders: Vec<Contender>,
    /// Series by kind of demand, where there are any.
    pub groups: Vec<(Group, usize)>,
    /// Those that were not measured.
    pub left_out: Vec<LeftOut>,
    /// What searches for settings tried.
    pub tunings: Vec<Tuning>,
}

/// One that was measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contender {
    /// Name and settings.
    pub algorithm: AnyAlgorithm,
    /// Which training of it: 1, 2, ...
    pub training: usize,
    /// The metric; lower is better. None where nothing could be held back, or nobody else could be measured.
    pub value: Option<f64>,
    /// Its weight in each of [`Selection::groups`].
    pub weights: Vec<f64>,
    /// How often its algorithm was trained on everything in the end: these trainings share the weights of all that were measured of
    /// it. Without any, for want of time or of a weight, it is as it was measured. Algorithms that learn nothing across series
    /// always see everything.
    pub finals: usize,
    /// Seconds of its training and of its forecasts of what was held back; not stored with the model.
    #[serde(skip)]
    pub seconds: Option<(f64, f64)>,
}

impl Selection {
    /// The best that competed.
    pub fn best(&self) -> Option<&Contender> {
        self.contenders.first()
    }
}

impl fmt::Display for Selection {
    /// A table for people: a line for each contender with its weights, then those left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}", self.metric_name, self.measured_on)?;
        if let Some(value) = self.value {
            write!(f, "; the combination: {value:.5}")?;
        }
        writeln!(f)?;
        let names = self.contenders.iter().map(|one| name_of(one).len());
        let widest = names.max().unwrap_or(0).max(9);
        write!(f, "{:widest$}  {:>9}  {:>8}", "member", "value", "seconds")?;
        for (group, series) in &self.groups {
            write!(f, "  {:>18}", format!("{} ({series})", group.name()))?;
        }
        writeln!(f)?;
        for one in &self.contenders {
            let seconds =
                one.seconds.map_or("-".to_owned(), |(fit, ask)| format!("{:.1}", fit + ask));
            let value = one.value.map_or("-".to_owned(), |value| format!("{value:.5}"));
            write!(f, "{:widest$}  {value:>9}  {seconds:>8}", name_of(one))?;
            for weight in &one.weights {
                write!(f, "  {weight:>18.3}")?;
            }
            let used = one.weights.iter().any(|weight| *weight > 0.0);
            match one.finals {
                0 if used => writeln!(f, "  not trained again")?,
                0 | 1 => writeln!(f)?,
                more => writeln!(f, "  {more} times on everything")?,
            }
        }
        for LeftOut { name, reason } in &self.left_out {
            writeln!(f, "left out: {name}: {reason}")?;
        }
        self.tunings.iter().try_for_each(|tuning| write!(f, "{tuning}"))
    }
}

fn name_of(one: &Contender) -> String {
    let name = one.algorithm.name();
    if one.training > 1 { format!("{name} #{}", one.training) } else { name.to_owned() }
}
