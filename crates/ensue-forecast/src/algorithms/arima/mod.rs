#![doc = include_str!("README.md")]
//!
//! # Where things are
//! | file | what it holds |
//! |---|---|
//! | `model.rs` | from a series to the model that was chosen for it, in its own units |
//! | `search.rs`, `differences.rs`, `order.rs` | which order fits best |
//! | `fit.rs`, `css.rs`, `likelihood.rs` | one order fitted: quickly, and exactly |
//! | `problem.rs` | the differenced series and its regressors |
//! | `polynomial.rs`, `free.rs` | parameters that keep a model stationary and invertible |
//! | `state.rs`, `project.rs` | the steps to come |

mod css;
mod differences;
mod fit;
mod free;
mod likelihood;
mod model;
mod order;
mod polynomial;
mod problem;
mod project;
mod search;
mod state;
#[cfg(test)]
mod tests;

use std::num::NonZeroUsize;

use ensue_core::{Quantile, Run, Seed, artifact::ArtifactReader};
use serde::{Deserialize, Serialize};

pub(super) use model::LONGEST_TERMS;
use model::Model;

use super::local::{Local, LocalAlgorithm, OneSeries};
use crate::{
    Algorithm, FitError, LoadError, SeriesForecast, SettingsError, TrainingData,
    normal::normal_quantile,
};

/// Settings of `ARIMA`: an order for each series, found by itself.
///
/// | name | default | meaning | range |
/// |---|---|---|---|
/// | `season` | of the frequency | steps of a season; 1 for none | 1 or more |
/// | `fourier_terms` | 4 | pairs of waves that describe a season of 24 steps or more; 0 for seasonal terms instead | 0 or more |
///
/// The frequency's season is that of [`Frequency::seasonality`](ensue_core::Frequency::seasonality), but 7 for days. A
/// season of more than 60 steps is not seen without waves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Arima {
    /// Steps of a season; 1 for none. Default: the frequency's.
    pub season: Option<NonZeroUsize>,
    /// Pairs of sine and cosine waves that describe a season of 24 steps or more, where it was seen at least twice; 0 for
    /// seasonal terms instead. Default: 4, Amazon's.
    pub fourier_terms: usize,
}

impl Default for Arima {
    fn default() -> Self {
        Self { season: None, fourier_terms: 4 }
    }
}

/// What was chosen for a series.
#[derive(Debug, Clone, PartialEq)]
pub struct Chosen {
    /// `p, d, q, P, D, Q`: autoregressive terms, differences, moving average terms, and the seasonal ones.
    pub order: [usize; 6],
    /// Whether there is a mean (no differences) or a drift (one).
    pub constant: bool,
    /// Pairs of waves.
    pub fourier_terms: usize,
    /// Akaike's criterion, corrected for the number of parameters, of the differenced series in its own units; infinite where
    /// nothing is left to chance.
    pub aicc: f64,
}

impl Arima {
    /// What is chosen for `target`, which is finite, with a season of so many steps; none for an empty series.
    pub fn chosen(&self, target: &[f64], season: usize) -> Option<Chosen> {
        if target.iter().any(|y| !y.is_finite()) {
            return None;
        }
        let model = Model::choose(target, season, self.fourier_terms)?;
        let order = model.fit().order;
        let seasonal = [order.seasonal_p, order.seasonal_d, order.seasonal_q];
        Some(Chosen {
            order: [order.p, order.d, order.q, seasonal[0], seasonal[1], seasonal[2]],
            constant: order.constant,
            fourier_terms: model.waves(),
            aicc: model.aicc(),
        })
    }
}

impl Algorithm for Arima {
    const NAME: &'static str = "ARIMA";
    type Fitted = Local<Self>;

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

impl LocalAlgorithm for Arima {
    fn one(
        &self,
        series: &OneSeries<'_>,
        quantiles: &[Quantile],
        _seed: Seed,
    ) -> Option<SeriesForecast> {
        let season = series.season(self.season);
        let model = Model::choose(&series.filled(), season, self.fourier_terms)?;
        let found = model.project(series.horizon());
        let quantile = |quantile: &Quantile| {
            let width = normal_quantile(quantile.level());
            found.mean.iter().zip(&found.deviation).map(|(mean, sd)| mean + width * sd).collect()
        };
        Some(SeriesForecast {
            quantiles: quantiles.iter().map(quantile).collect(),
            mean: found.mean,
        })
    }
}
