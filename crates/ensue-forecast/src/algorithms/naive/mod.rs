#![doc = include_str!("README.md")]

#[cfg(test)]
mod tests;

use ensue_core::{
    Frequency, Panel, Quantile, Run, Seed,
    artifact::{ArtifactError, ArtifactReader, ArtifactWriter},
};
use serde::{Deserialize, Serialize};

use super::seasonal_naive::{Intervals, repeated};
use crate::{
    Algorithm, FitError, ForecastError, Forecaster, LoadError, SeriesForecast, SettingsError,
    TrainingData,
    checks::{check_data, check_frequency},
};

const FILE: &str = "naive.json";

/// Settings of `Naive`: the last observed value.
///
/// | name | default | meaning | range |
/// |---|---|---|---|
/// | `intervals` | `residuals` | where quantiles come from | `residuals`, `point` |
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Naive {
    /// Where quantiles come from. Default: residuals.
    pub intervals: Intervals,
}

/// Repeats the last observed value for so many steps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FittedNaive {
    frequency: Frequency,
    horizon: usize,
    intervals: Intervals,
}

impl Algorithm for Naive {
    const NAME: &'static str = "Naive";
    type Fitted = FittedNaive;

    fn check(&self) -> Result<(), SettingsError> {
        Ok(())
    }

    fn fit(&self, data: &TrainingData, run: &mut Run) -> Result<Self::Fitted, FitError> {
        check_data(Self::NAME, data, run)?;
        let frequency = data.panel.frequency();
        Ok(FittedNaive { frequency, horizon: data.horizon, intervals: self.intervals })
    }

    fn load(&self, reader: &ArtifactReader, _device: &str) -> Result<Self::Fitted, LoadError> {
        Ok(reader.read_json(FILE)?)
    }
}

impl Forecaster for FittedNaive {
    fn algorithm(&self) -> &'static str {
        Naive::NAME
    }

    fn horizon(&self) -> usize {
        self.horizon
    }

    fn forecast(
        &self,
        panel: &Panel,
        quantiles: &[Quantile],
        _seed: Seed,
    ) -> Result<Vec<SeriesForecast>, ForecastError> {
        check_frequency(panel, self.frequency)?;
        // The last value is the last season of one step.
        let forecast = |target| repeated(target, 1, self.horizon, self.intervals, quantiles);
        Ok(panel.series().iter().map(|series| forecast(series.target())).collect())
    }

    fn covariates(&self) -> Option<Vec<String>> {
        Some(Vec::new())
    }

    fn save(&self, out: &mut ArtifactWriter) -> Result<(), ArtifactError> {
        out.write_json(FILE, self)
    }
}
