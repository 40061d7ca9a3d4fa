#![doc = include_str!("README.md")]
//!
//! | file | what it holds |
//! |---|---|
//! | `mod.rs` | [`Ets`]: the settings, and the forecast of one series |
//! | `model.rs` | the models there are, their parameters and states |
//! | `recursion.rs` | one pass over a series: errors and likelihood |
//! | `start.rs` | where the search for the first states begins |
//! | `states.rs` | the first states by least squares |
//! | `fit.rs` | the smoothing parameters of a model; the choice of one |
//! | `ahead.rs` | how well a model forecasts over whole horizons |
//! | `forecast.rs` | means and variances |

mod ahead;
mod fit;
mod forecast;
mod model;
mod recursion;
mod start;
mod states;
#[cfg(test)]
mod tests;

use std::num::NonZeroUsize;

use ensue_core::{Quantile, Run, Seed, artifact::ArtifactReader};
use serde::{Deserialize, Serialize};

use super::local::{Local, LocalAlgorithm, OneSeries};
use crate::{
    Algorithm, FitError, LoadError, SeriesForecast, SettingsError, TrainingData,
    normal::normal_quantile,
};

/// Settings of `ETS`: exponential smoothing, the model chosen for each series.
///
/// | name | default | meaning | range |
/// |---|---|---|---|
/// | `season` | of the frequency | steps of a season; 1 for none; above 24 as 1 | 1 or more |
/// | `additive_only` | false | whether errors and seasons that multiply are left out | |
/// | `max_history` | 5000 | latest values that are looked at | 10 or more |
///
/// The frequency's season is 24 hours, 7 days, 12 months, 1 week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ets {
    /// Steps of a season; 1 for none. Seasons of more than 24 steps are not modelled, as in R. Default: the frequency's.
    pub season: Option<NonZeroUsize>,
    /// Whether models with relative errors or with a season that multiplies are left out. Default: no; they are only
    /// considered where all values are positive.
    pub additive_only: bool,
    /// Latest values that are looked at. Default: 5000, more than any series of the M4 weeks has.
    pub max_history: usize,
}

impl Default for Ets {
    fn default() -> Self {
        Self { season: None, additive_only: false, max_history: 5000 }
    }
}

impl Algorithm for Ets {
    const NAME: &'static str = "ETS";
    type Fitted = Local<Self>;

    fn check(&self) -> Result<(), SettingsError> {
        let history = self.max_history;
        if history >= 10 {
            return Ok(());
        }
        Err(SettingsError::field(Self::NAME, "max_history", history, "must be at least 10"))
    }

    fn fit(&self, data: &TrainingData, run: &mut Run) -> Result<Self::Fitted, FitError> {
        Local::fit(self, data, run)
    }

    fn load(&self, reader: &ArtifactReader, _device: &str) -> Result<Self::Fitted, LoadError> {
        Local::load(reader)
    }
}

impl LocalAlgorithm for Ets {
    fn one(
        &self,
        series: &OneSeries<'_>,
        quantiles: &[Quantile],
        _seed: Seed,
    ) -> Option<SeriesForecast> {
        let mut values = series.filled();
        values.drain(..values.len().saturating_sub(self.max_history));
        let scale = values.iter().map(|y| y.abs()).sum::<f64>() / values.len() as f64;
        if scale > 0.0 {
            for y in &mut values {
                *y /= scale;
            }
        }
        let season = series.season(self.season);
        let fit = fit::best(&values, season, !self.additive_only, series.horizon())?;
        let (means, variances) = forecast::forecast(&fit, series.horizon());
        let row = |z: f64| {
            let each = means.iter().zip(&variances);
            each.map(|(mean, variance)| scale * (mean + z * variance.sqrt())).collect()
        };
        Some(SeriesForecast {
            mean: row(0.0),
            quantiles: quantiles.iter().map(|level| row(normal_quantile(level.level()))).collect(),
        })
    }
}
