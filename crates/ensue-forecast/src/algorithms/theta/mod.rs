#![doc = include_str!("README.md")]
//!
//! | file | what it holds |
//! |---|---|
//! | `mod.rs` | [`Theta`]: the settings, and the forecast of one series |
//! | `dotm.rs` | the model: estimation, means and variances |
//! | `season.rs` | the test for a season, and its figure |

mod dotm;
mod season;
#[cfg(test)]
mod tests;

use std::num::NonZeroUsize;

use ensue_core::{Quantile, Run, Seed, artifact::ArtifactReader};
use serde::{Deserialize, Serialize};

use self::{
    dotm::{Dotm, FEWEST},
    season::Found,
};
use super::local::{Local, LocalAlgorithm, OneSeries};
use crate::{
    Algorithm, FitError, LoadError, SeriesForecast, SettingsError, TrainingData,
    normal::normal_quantile, numeric::decompose::Kind,
};

/// Settings of `Theta`: the dynamic optimised theta model.
///
/// | name | default | meaning | range |
/// |---|---|---|---|
/// | `season` | of the frequency | steps of a season; 1 for none, and so are 2 and 3 | 1 or more |
///
/// The frequency's season is 24 hours, 7 days, 12 months, 1 week.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Theta {
    /// Steps of a season; up to 3 for none, as in the paper's implementation. Default: the frequency's.
    pub season: Option<NonZeroUsize>,
}

impl Algorithm for Theta {
    const NAME: &'static str = "Theta";
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

impl LocalAlgorithm for Theta {
    fn one(
        &self,
        series: &OneSeries<'_>,
        quantiles: &[Quantile],
        _seed: Seed,
    ) -> Option<SeriesForecast> {
        theta(series.filled(), series.season(self.season), series.horizon(), quantiles)
    }
}

/// Forecasts one series of known values; none where they are too few.
fn theta(
    mut values: Vec<f64>,
    season: usize,
    horizon: usize,
    quantiles: &[Quantile],
) -> Option<SeriesForecast> {
    if values.len() < FEWEST {
        return None;
    }
    let n = values.len();
    let scale = values.iter().map(|y| y.abs()).sum::<f64>() / n as f64;
    if scale > 0.0 {
        for y in &mut values {
            *y /= scale;
        }
    }
    let found = Found::look(&values, season);
    if let Some(found) = &found {
        found.remove(&mut values);
    }
    let (means, variances) = Dotm::fit(&values).forecast(horizon);
    // The season comes back on every quantile.
    let whole = |step: usize, y: f64| {
        scale
            * match &found {
                None => y,
                Some(season) => match season.kind {
                    Kind::Additive => y + season.at(n + step),
                    Kind::Multiplicative => y * season.at(n + step),
                },
            }
    };
    let row = |z: f64| {
        let each = means.iter().zip(&variances).enumerate();
        each.map(|(step, (mean, variance))| whole(step, mean + z * variance.sqrt())).collect()
    };
    Some(SeriesForecast {
        mean: row(0.0),
        quantiles: quantiles.iter().map(|level| row(normal_quantile(level.level()))).collect(),
    })
}
