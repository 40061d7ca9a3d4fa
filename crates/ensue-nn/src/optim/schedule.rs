//! How the learning rate changes during training.

use std::f64::consts::PI;
use std::num::NonZeroUsize;

use serde::{Deserialize, Serialize};

use super::{SettingsError, require};

/// The course of the learning rate. In a settings file: `schedule = "constant"` or
/// `schedule = { cosine = { warmup_steps = 100 } }`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    /// The same rate from the first to the last step.
    #[default]
    Constant,
    /// A straight line up from zero, then constant.
    Warmup(Warmup),
    /// An optional straight line up, then half a cosine down to a floor at the last step.
    Cosine(Cosine),
    /// Cut whenever the metric has stopped improving.
    Plateau(Plateau),
}

/// Linear warm-up: step `s` of the first `steps` uses `s / steps` of the rate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Warmup {
    /// Optimiser steps until the full rate; default 100.
    pub steps: usize,
}

impl Default for Warmup {
    fn default() -> Self {
        Self { steps: 100 }
    }
}

/// Cosine decay (Loshchilov and Hutter, 2017, without restarts) over all epochs.
///
/// ```text
/// x = (step - 1 - warmup_steps) / (steps - 1 - warmup_steps)
/// rate = base (floor + (1 - floor) (1 + cos(pi x)) / 2)
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Cosine {
    /// Optimiser steps of linear warm-up before the decay; default 0.
    pub warmup_steps: usize,
    /// The last step's share of the rate, 0 to 1; default 0.
    pub floor: f64,
}

/// Reduce on plateau: after `patience` epochs in a row without a better metric the rate is
/// multiplied by `factor`, but never falls under `floor` of the base rate.
///
/// The metric is the validation metric, or the training loss where there is none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Plateau {
    /// What a cut multiplies the rate by, above 0 and below 1; default 0.5.
    pub factor: f64,
    /// Epochs in a row without improvement until a cut; default 2.
    pub patience: NonZeroUsize,
    /// Smallest share of the base rate, 0 to 1; default 0.01.
    pub floor: f64,
}

impl Default for Plateau {
    fn default() -> Self {
        let patience = NonZeroUsize::new(2).expect("two is not zero");
        Self { factor: 0.5, patience, floor: 0.01 }
    }
}

impl Schedule {
    /// Checks every constant against its range.
    ///
    /// # Errors
    ///
    /// [`SettingsError`] names the first constant that is out of range.
    pub fn check(&self) -> Result<(), SettingsError> {
        let share = |x: f64| (0.0..=1.0).contains(&x);
        match self {
            Self::Constant | Self::Warmup(_) => Ok(()),
            Self::Cosine(c) => require(share(c.floor), "schedule.cosine.floor", c.floor, "0 to 1"),
            Self::Plateau(p) => {
                let legal = p.factor > 0.0 && p.factor < 1.0;
                require(legal, "schedule.plateau.factor", p.factor, "above 0 and below 1")?;
                require(share(p.floor), "schedule.plateau.floor", p.floor, "0 to 1")
            }
        }
    }

    /// The rate of one optimiser step: `step` counts from 1, `steps` is the whole training.
    pub(crate) fn rate(&self, base: f64, step: usize, steps: usize, plateau: &PlateauState) -> f64 {
        let ramp = |warmup: usize| (step as f64 / warmup.max(1) as f64).min(1.0);
        base * match self {
            Self::Constant => 1.0,
            Self::Warmup(w) => ramp(w.steps),
            Self::Cosine(c) if step <= c.warmup_steps => ramp(c.warmup_steps),
            Self::Cosine(c) => {
                let done = step.saturating_sub(1 + c.warmup_steps) as f64;
                let all = steps.saturating_sub(1 + c.warmup_steps).max(1) as f64;
                c.floor + (1.0 - c.floor) * 0.5 * (1.0 + (PI * (done / all).min(1.0)).cos())
            }
            Self::Plateau(_) => plateau.scale,
        }
    }

    /// Whether the rate of a step depends on how many epochs there will be.
    pub(crate) fn depends_on_length(&self) -> bool {
        matches!(self, Self::Cosine(_))
    }
}

/// Where a plateau schedule stands; part of the checkpoint.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PlateauState {
    /// Share of the base rate now in use.
    pub(crate) scale: f64,
    /// Best metric so far, higher is better.
    pub(crate) best: Option<f64>,
    /// Epochs since then, or since the last cut.
    pub(crate) waited: usize,
}

impl Default for PlateauState {
    fn default() -> Self {
        Self { scale: 1.0, best: None, waited: 0 }
    }
}

impl PlateauState {
    /// Takes note of an epoch's metric, higher is better.
    pub(crate) fn observe(&mut self, schedule: &Schedule, metric: f64) {
        let Schedule::Plateau(plateau) = schedule else { return };
        if self.best.is_none_or(|best| metric > best) {
            self.best = Some(metric);
            self.waited = 0;
            return;
        }
        self.waited += 1;
        if self.waited >= plateau.patience.get() {
            self.waited = 0;
            self.scale = (self.scale * plateau.factor).max(plateau.floor);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates(schedule: &Schedule, steps: usize) -> Vec<f64> {
        let plateau = PlateauState::default();
        (1..=steps).map(|s| schedule.rate(2.0, s, steps, &plateau)).collect()
    }

    fn close(left: &[f64], right: &[f64]) {
        assert_eq!(left.len(), right.len(), "{left:?} {right:?}");
        for (l, r) in left.iter().zip(right) {
            assert!((l - r).abs() < 1e-12, "{left:?} is not {right:?}");
        }
    }

    #[test]
    fn constant_and_warm_up_follow_their_lines() {
        // Oracle: by hand, base rate 2.
        close(&rates(&Schedule::Constant, 3), &[2.0, 2.0, 2.0]);
        close(&rates(&Schedule::Warmup(Warmup { steps: 4 }), 6), &[0.5, 1.0, 1.5, 2.0, 2.0, 2.0]);
        close(&rates(&Schedule::Warmup(Warmup { steps: 0 }), 2), &[2.0, 2.0]);
    }

    #[test]
    fn cosine_goes_from_the_rate_to_the_floor() {
        // Oracle: cos(0), cos(pi/2), cos(pi) by hand, base rate 2.
        let plain = Schedule::Cosine(Cosine { warmup_steps: 0, floor: 0.0 });
        close(&rates(&plain, 3), &[2.0, 1.0, 0.0]);
        let warm = Schedule::Cosine(Cosine { warmup_steps: 2, floor: 0.5 });
        close(&rates(&warm, 5), &[1.0, 2.0, 2.0, 1.5, 1.0]);
        close(&rates(&plain, 1), &[2.0]);
    }

    #[test]
    fn plateau_cuts_after_its_patience_and_stops_at_the_floor() {
        // Oracle: the rule on `Plateau`, by hand.
        let schedule = Schedule::Plateau(Plateau { floor: 0.3, ..Plateau::default() });
        let mut state = PlateauState::default();
        let mut scales = Vec::new();
        for metric in [1.0, 2.0, 2.0, 1.0, 3.0, 0.0, 0.0, 0.0, 0.0] {
            state.observe(&schedule, metric);
            scales.push(state.scale);
        }
        close(&scales, &[1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.3, 0.3, 0.3]);
        assert_eq!(schedule.rate(2.0, 1, 1, &state), 0.6);
    }

    #[test]
    fn settings_files_are_read_strictly() {
        // Oracle: the forms shown on `Schedule`.
        let read = |text| serde_json::from_str::<Schedule>(text);
        assert_eq!(read("\"constant\"").unwrap(), Schedule::Constant);
        let cosine = Schedule::Cosine(Cosine { warmup_steps: 100, floor: 0.0 });
        assert_eq!(read(r#"{"cosine":{"warmup_steps":100}}"#).unwrap(), cosine);
        assert!(read(r#"{"cosine":{"warm":100}}"#).is_err(), "unknown constant");
        assert!(read(r#"{"constant":{"warmup_steps":1}}"#).is_err(), "constant takes nothing");
    }

    #[test]
    fn a_constant_out_of_range_is_named() {
        // Oracle: the ranges on the fields.
        let floor = Schedule::Cosine(Cosine { warmup_steps: 0, floor: 1.5 });
        assert!(floor.check().unwrap_err().to_string().contains("schedule.cosine.floor"), "floor");
        let factor = Schedule::Plateau(Plateau { factor: 1.0, ..Plateau::default() });
        assert!(factor.check().unwrap_err().to_string().contains("factor"), "factor");
        Schedule::Plateau(Plateau::default()).check().unwrap();
    }
}
