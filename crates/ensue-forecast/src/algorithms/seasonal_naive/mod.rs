#![doc = include_str!("README.md")]

mod repeat;
#[cfg(test)]
mod tests;

use std::num::NonZeroUsize;

use ensue_core::{
    Frequency, Panel, Quantile, Run, Seed,
    artifact::{ArtifactError, ArtifactReader, ArtifactWriter},
};
use serde::{Deserialize, Serialize};

pub(crate) use repeat::repeated;

use crate::{
    Algorithm, FitError, ForecastError, Forecaster, LoadError, SeriesForecast, SettingsError,
    TrainingData,
    checks::{check_data, check_frequency},
};

const FILE: &str = "seasonal-naive.json";

/// Where the quantiles of a naive forecast come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Intervals {
    /// A normal distribution as wide as the forecasts of the past were wrong.
    #[default]
    Residuals,
    /// No spread: every quantile is the forecast itself, as in GluonTS.
    Point,
}

/// Settings of `SeasonalNaive`: the last observed season, repeated.
///
/// | name | default | meaning | range |
/// |---|---|---|---|
/// | `season` | of the frequency | steps of a season | 1 or more |
/// | `intervals` | `residuals` | where quantiles come from | `residuals`, `point` |
///
/// The frequency's season is that of [`Frequency::seasonality`]: 24 hours, 12 months, 1 day, 1 week.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SeasonalNaive {
    /// Steps of a season. Default: the frequency's.
    pub season: Option<NonZeroUsize>,
    /// Where quantiles come from. Default: residuals.
    pub intervals: Intervals,
}

/// A season to repeat, for so many steps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FittedSeasonalNaive {
    frequency: Frequency,
    horizon: usize,
    season: NonZeroUsize,
    intervals: Intervals,
}

impl FittedSeasonalNaive {
    /// Steps of a season.
    pub fn season(&self) -> usize {
        self.season.get()
    }
}

impl Algorithm for SeasonalNaive {
    const NAME: &'static str = "SeasonalNaive";
    type Fitted = FittedSeasonalNaive;

    fn check(&self) -> Result<(), SettingsError> {
        Ok(())
    }

    fn fit(&self, data: &TrainingData, run: &mut Run) -> Result<Self::Fitted, FitError> {
        check_data(Self::NAME, data, run)?;
        let frequency = data.panel.frequency();
        let usual = NonZeroUsize::new(frequency.seasonality()).unwrap_or(NonZeroUsize::MIN);
        Ok(FittedSeasonalNaive {
            frequency,
            horizon: data.horizon,
            season: self.season.unwrap_or(usual),
            intervals: self.intervals,
        })
    }

    fn load(&self, reader: &ArtifactReader, _device: &str) -> Result<Self::Fitted, LoadError> {
        Ok(reader.read_json(FILE)?)
    }
}

impl Forecaster for FittedSeasonalNaive {
    fn algorithm(&self) -> &'static str {
        SeasonalNaive::NAME
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
        let forecast =
            |target| repeated(target, self.season.get(), self.horizon, self.intervals, quantiles);
        Ok(panel.series().iter().map(|series| forecast(series.target())).collect())
    }

    fn covariates(&self) -> Option<Vec<String>> {
        Some(Vec::new())
    }

    fn save(&self, out: &mut ArtifactWriter) -> Result<(), ArtifactError> {
        out.write_json(FILE, self)
    }
}
