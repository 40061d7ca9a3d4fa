#![doc = include_str!("README.md")]
//!
//! | file | what it holds |
//! |---|---|
//! | `mod.rs` | [`Intermittent`]: the settings |
//! | `smooth.rs` | simple exponential smoothing, with a constant that is given or chosen |
//! | `rate.rs` | the demand to expect by each method, and which method |
//! | `spread.rs` | the distribution around it |

mod rate;
mod smooth;
mod spread;
#[cfg(test)]
mod tests;

use ensue_core::{Quantile, Run, Seed, artifact::ArtifactReader};
use serde::{Deserialize, Serialize};

use self::{
    rate::{Room, Rule, best, rate},
    spread::Spread,
};
use super::local::{Local, LocalAlgorithm, OneSeries};
use crate::{Algorithm, FitError, LoadError, SeriesForecast, SettingsError, TrainingData};

/// How the demand to expect is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// The one of the others that forecast the last horizon of the series best.
    #[default]
    Auto,
    /// Size of a demand over the interval between two: Croston 1972.
    Croston,
    /// The same without its bias: Syntetos and Boylan 2005.
    Sba,
    /// Size of a demand times its probability, which falls while nothing is wanted: Teunter, Syntetos and Babai 2011.
    Tsb,
    /// Sums over some steps, smoothed: Nikolopoulos and others 2011.
    Adida,
}

/// Settings of `Intermittent`: demand that mostly is 0.
///
/// | name | default | meaning | range |
/// |---|---|---|---|
/// | `method` | `auto` | how the demand to expect is found | `auto`, `croston`, `sba`, `tsb`, `adida` |
/// | `smoothing` | chosen | constant of the exponential smoothing | above 0, at most 1 |
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Intermittent {
    /// How the demand to expect is found. Default: by what would have been best in the last horizon.
    pub method: Method,
    /// Constant of the exponential smoothing; `None`: for each series and part the one from 0.1 to 0.3 with the least
    /// squared error one step ahead. Croston's own is 0.1.
    pub smoothing: Option<f64>,
}

impl Algorithm for Intermittent {
    const NAME: &'static str = "Intermittent";
    type Fitted = Local<Self>;

    fn check(&self) -> Result<(), SettingsError> {
        match self.smoothing {
            Some(smoothing) if !(smoothing > 0.0 && smoothing <= 1.0) => {
                let rule = "must be above 0 and at most 1";
                Err(SettingsError::field(Self::NAME, "smoothing", smoothing, rule))
            }
            _ => Ok(()),
        }
    }

    fn fit(&self, data: &TrainingData, run: &mut Run) -> Result<Self::Fitted, FitError> {
        Local::fit(self, data, run)
    }

    fn load(&self, reader: &ArtifactReader, _device: &str) -> Result<Self::Fitted, LoadError> {
        Local::load(reader)
    }
}

impl LocalAlgorithm for Intermittent {
    fn one(
        &self,
        series: &OneSeries<'_>,
        quantiles: &[Quantile],
        _seed: Seed,
    ) -> Option<SeriesForecast> {
        // A step at which nothing was observed is as if it had not been: it says nothing about demand.
        let values: Vec<f64> = series.target().iter().copied().filter(|y| !y.is_nan()).collect();
        let (horizon, room) = (series.horizon(), &mut Room::default());
        let rule = match self.method {
            Method::Auto => best(&values, horizon, self.smoothing, room),
            Method::Croston => Rule::Croston,
            Method::Sba => Rule::Sba,
            Method::Tsb => Rule::Tsb,
            Method::Adida => Rule::Adida,
        };
        let spread = Spread::around(rate(&values, rule, self.smoothing, room), &values);
        let row = |level: &Quantile| vec![spread.quantile(level.level()); horizon];
        Some(SeriesForecast {
            mean: vec![spread.mean(); horizon],
            quantiles: quantiles.iter().map(row).collect(),
        })
    }
}
