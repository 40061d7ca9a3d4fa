#![doc = include_str!("README.md")]

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

/// Settings of `ETS`: exponential smoothing, the model chosen by AICc.
///
/// | name | default | meaning | range |
/// |---|---|---|---|
/// | `season` | 7 days, and else the frequency's | steps of a season | 1 or more; from 25 on there is none |
/// | `relative` | true | whether relative errors and seasons that multiply are considered, where all values are positive | |
///
/// Amazon's ETS has no settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ets {
    /// Steps of a season. Default: 7 days, and else the frequency's.
    pub season: Option<NonZeroUsize>,
    /// Whether relative errors and seasons that multiply are considered, where all values are positive. Default: true.
    pub relative: bool,
}

impl Default for Ets {
    fn default() -> Self {
        Self { season: None, relative: true }
    }
}

/// Exponential smoothing, ready to forecast.
pub type FittedEts = Local<Ets>;

impl Algorithm for Ets {
    const NAME: &'static str = "ETS";
    type Fitted = FittedEts;

    fn check(&self) -> Result<(), SettingsError> {
        Ok(())
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
        // Sizes of 1 for all series: tolerances and bounds have a meaning then.
        let scale = values.iter().map(|y| y.abs() / values.len() as f64).sum::<f64>();
        if scale <= 0.0 || !scale.is_finite() {
            return None;
        }
        values.iter_mut().for_each(|y| *y /= scale);
        let fit = fit::best(&values, series.season(self.season), self.relative)?;
        let (mean, variances) = forecast::forecast(&fit, series.horizon());
        let deviations: Vec<f64> =
            variances.iter().map(|variance| variance.max(0.0).sqrt()).collect();
        let quantile = |level: &Quantile| {
            let z = normal_quantile(level.level());
            mean.iter().zip(&deviations).map(|(mean, wide)| scale * (mean + z * wide)).collect()
        };
        let quantiles = quantiles.iter().map(quantile).collect();
        Some(SeriesForecast { mean: mean.iter().map(|mean| scale * mean).collect(), quantiles })
    }
}
