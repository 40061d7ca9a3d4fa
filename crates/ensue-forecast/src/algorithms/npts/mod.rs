#![doc = include_str!("README.md")]
//!
//! | file | what it holds |
//! |---|---|
//! | `mod.rs` | [`Npts`]: the settings, and which steps and seasons they look at |
//! | `kernel.rs` | the distribution of a step over the past values |

mod kernel;
#[cfg(test)]
mod tests;

use std::num::NonZeroUsize;

use ensue_core::{Frequency, Quantile, Run, Seed, artifact::ArtifactReader};
use serde::{Deserialize, Serialize};

use self::kernel::{Drawn, History};
use super::local::{Local, LocalAlgorithm, OneSeries};
use crate::{
    Algorithm, FitError, LoadError, SeriesForecast, SettingsError, TrainingData,
    calendar::{moment, time_features},
};

/// How far GluonTS looks back.
const GLUONTS_CONTEXT: usize = 1100;

/// What past values weigh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KernelType {
    /// The less the longer ago.
    #[default]
    Exponential,
    /// All the same.
    Uniform,
}

/// What the distance between two steps is measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Distance {
    /// Steps.
    #[default]
    Steps,
    /// Shares of all steps from the begin of the context to the end of the horizon, as in GluonTS.
    Normalised,
}

/// Settings of `NPTS`: past values, drawn by weight.
///
/// | name | default | meaning | range |
/// |---|---|---|---|
/// | `context_length` | all | steps that it looks back | 1 or more |
/// | `kernel_type` | `exponential` | what past values weigh | `exponential`, `uniform` |
/// | `exp_kernel_weights` | 0.01 | how fast the exponential kernel forgets | above 0 |
/// | `use_seasonal_model` | true | whether only values of the same season weigh | |
/// | `use_default_time_features` | true | whether the calendar says what a season is | |
/// | `distance` | `steps` | what `exp_kernel_weights` is per | `steps`, `normalised` |
///
/// All but `distance` are Amazon's. A seasonal model without default time features has no season.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Npts {
    /// Steps that it looks back; `None`: all. For days Amazon wants 365 or more where it is set.
    pub context_length: Option<NonZeroUsize>,
    /// What past values weigh.
    pub kernel_type: KernelType,
    /// How fast the exponential kernel forgets: the logarithm of a weight falls by that much with each unit of `distance`.
    pub exp_kernel_weights: f64,
    /// Whether only values of the same season weigh.
    pub use_seasonal_model: bool,
    /// Whether the calendar says what a season is: minute of the hour, hour of the day, day of the week, day of the month,
    /// month of the year for minutes, hours, days, weeks, months.
    pub use_default_time_features: bool,
    /// What `exp_kernel_weights` is per.
    pub distance: Distance,
}

impl Default for Npts {
    fn default() -> Self {
        Self {
            context_length: None,
            kernel_type: KernelType::Exponential,
            exp_kernel_weights: 0.01,
            use_seasonal_model: true,
            use_default_time_features: true,
            distance: Distance::Steps,
        }
    }
}

impl Npts {
    /// The defaults of GluonTS: 1,100 steps back, and a weight of 1 over all of them.
    pub fn gluonts() -> Self {
        Self {
            context_length: NonZeroUsize::new(GLUONTS_CONTEXT),
            exp_kernel_weights: 1.0,
            distance: Distance::Normalised,
            ..Self::default()
        }
    }

    /// How fast the logarithm of a weight falls with each step.
    fn decay(&self, context: usize, horizon: usize) -> f64 {
        match (self.kernel_type, self.distance) {
            (KernelType::Uniform, _) => 0.0,
            (KernelType::Exponential, Distance::Steps) => self.exp_kernel_weights,
            (KernelType::Exponential, Distance::Normalised) => {
                self.exp_kernel_weights / (context + horizon - 1).max(1) as f64
            }
        }
    }

    /// The season of each of `count` steps; nothing where all steps are alike.
    fn seasons(&self, frequency: Frequency, first: i64, count: usize) -> Vec<u16> {
        let feature = time_features(frequency).first();
        let wanted = self.use_seasonal_model && self.use_default_time_features;
        let Some(feature) = feature.filter(|_| wanted) else { return Vec::new() };
        let season = |step| feature.place(moment(frequency, first + step as i64));
        (0..count).map(season).collect()
    }
}

impl Algorithm for Npts {
    const NAME: &'static str = "NPTS";
    type Fitted = Local<Self>;

    fn check(&self) -> Result<(), SettingsError> {
        let weight = self.exp_kernel_weights;
        if weight.is_finite() && weight > 0.0 {
            return Ok(());
        }
        Err(SettingsError::field(Self::NAME, "exp_kernel_weights", weight, "must be above 0"))
    }

    fn fit(&self, data: &TrainingData, run: &mut Run) -> Result<Self::Fitted, FitError> {
        Local::fit(self, data, run)
    }

    fn load(&self, reader: &ArtifactReader, _device: &str) -> Result<Self::Fitted, LoadError> {
        Local::load(reader)
    }
}

impl LocalAlgorithm for Npts {
    fn one(
        &self,
        series: &OneSeries<'_>,
        quantiles: &[Quantile],
        _seed: Seed,
    ) -> Option<SeriesForecast> {
        let all = series.target();
        let context = self.context_length.map_or(all.len(), |steps| steps.get().min(all.len()));
        let target = &all[all.len() - context..];
        let horizon = series.horizon();
        let first = series.end() - context as i64;
        let seasons = self.seasons(series.frequency(), first, context + horizon);
        let ahead = seasons.get(context..).unwrap_or_default();
        let history = History::new(target, &seasons, self.decay(context, horizon));

        // Steps of one season have one distribution: each is worked out once.
        let mut known: Vec<(u16, Drawn)> = Vec::new();
        let mut mean = Vec::with_capacity(horizon);
        let mut values = vec![Vec::with_capacity(horizon); quantiles.len()];
        for step in 0..horizon {
            let season = ahead.get(step).copied().unwrap_or(0);
            let at = if let Some(at) = known.iter().position(|(other, _)| *other == season) {
                at
            } else {
                known.push((season, history.drawn(season)?));
                known.len() - 1
            };
            let drawn = &known[at].1;
            mean.push(drawn.mean());
            for (row, level) in values.iter_mut().zip(quantiles) {
                row.push(drawn.quantile(level.level()));
            }
        }
        Some(SeriesForecast { mean, quantiles: values })
    }
}
