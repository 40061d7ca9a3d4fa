//! What the local algorithms share: those that look at one series at a time.
//!
//! | file | what it holds |
//! |---|---|
//! | `mod.rs` | [`LocalAlgorithm`]: settings that forecast one series; [`Local`]: their fitted form, for any number of series |
//! | `one.rs` | [`OneSeries`]: what there is to see of a series |
//! | `guard.rs` | what to say where an algorithm has no answer, or a wild one |
//!
//! A local algorithm learns nothing across series: its parameters are estimated when it is asked, from the history that it is
//! asked about, which may be another or a longer one than that of the training. Series are spread over the threads of rayon's
//! pool; each has random numbers of its own, so that no forecast depends on the other series.

mod guard;
mod one;
#[cfg(test)]
mod tests;

use ensue_core::{
    Frequency, Panel, Quantile, Run, Seed,
    artifact::{ArtifactError, ArtifactReader, ArtifactWriter},
};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

pub(crate) use guard::uncrossed;
pub use one::OneSeries;

use crate::{
    Algorithm, FitError, ForecastError, Forecaster, LoadError, SeriesForecast, TrainingData,
    algorithms::global::{RelatedData, check_related, known_ahead},
    checks::{check_data, check_frequency},
};

const FILE: &str = "local.json";

/// Settings of an algorithm that forecasts one series at a time.
pub trait LocalAlgorithm: Algorithm + Send + Sync {
    /// Whether it looks at related series, in the history and over the horizon.
    const USES_RELATED: bool = false;

    /// Forecasts one series, in which at least one value was observed; none where there is too little to see.
    ///
    /// Quantiles in the order asked for. What is not finite, or far beyond anything the series was, is not believed: the last
    /// season is repeated instead.
    fn one(
        &self,
        series: &OneSeries<'_>,
        quantiles: &[Quantile],
        seed: Seed,
    ) -> Option<SeriesForecast>;
}

/// A local algorithm, ready to forecast any series of the same frequency.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, bound = "A: LocalAlgorithm")]
pub struct Local<A> {
    settings: A,
    frequency: Frequency,
    horizon: usize,
    /// Names of the related series that are looked at.
    related: Vec<String>,
}

impl<A: LocalAlgorithm> Local<A> {
    /// The settings it forecasts by.
    pub fn settings(&self) -> &A {
        &self.settings
    }

    /// What [`Algorithm::fit`] of a local algorithm is.
    pub(crate) fn fit(settings: &A, data: &TrainingData, run: &Run) -> Result<Self, FitError> {
        settings.check()?;
        check_data(A::NAME, data, run)?;
        let mut related = Vec::new();
        if A::USES_RELATED {
            check_related(A::NAME, data, RelatedData::ForwardLooking, run)?;
            let names = data.panel.related().iter().enumerate();
            related
                .extend(names.filter(|&(n, _)| known_ahead(data, n)).map(|(_, name)| name.clone()));
        }
        Ok(Self {
            settings: settings.clone(),
            frequency: data.panel.frequency(),
            horizon: data.horizon,
            related,
        })
    }

    /// What [`Algorithm::load`] of a local algorithm is.
    pub(crate) fn load(reader: &ArtifactReader) -> Result<Self, LoadError> {
        Ok(reader.read_json(FILE)?)
    }

    /// Where each related series stands in a panel.
    fn places(&self, panel: &Panel) -> Result<Vec<usize>, ForecastError> {
        let place = |name: &String| {
            let found = panel.related().iter().position(|other| other == name);
            found.ok_or_else(|| ForecastError::MissingRelated { name: name.clone() })
        };
        let places: Vec<usize> = self.related.iter().map(place).collect::<Result<_, _>>()?;
        for series in panel.series() {
            let needed = series.len() + self.horizon;
            for (&place, name) in places.iter().zip(&self.related) {
                let row = &series.related()[place];
                let (key, name) = (|| series.key().to_vec(), || name.clone());
                if row.len() < needed {
                    return Err(ForecastError::ShortRelated {
                        key: key(),
                        name: name(),
                        found: row.len(),
                        needed,
                    });
                }
                if let Some(at) = row[..needed].iter().position(|x| !x.is_finite()) {
                    return Err(ForecastError::RelatedNotFinite { key: key(), name: name(), at });
                }
            }
        }
        Ok(places)
    }
}

impl<A: LocalAlgorithm> Forecaster for Local<A> {
    fn algorithm(&self) -> &'static str {
        A::NAME
    }

    fn horizon(&self) -> usize {
        self.horizon
    }

    fn forecast(
        &self,
        panel: &Panel,
        quantiles: &[Quantile],
        seed: Seed,
    ) -> Result<Vec<SeriesForecast>, ForecastError> {
        check_frequency(panel, self.frequency)?;
        let places = self.places(panel)?;
        let each = panel.series().par_iter().map(|series| {
            let own = OneSeries::new(series, self.frequency, self.horizon, &places, &self.related);
            let seed = || seed.child(&series.key().join("\u{1f}"));
            let found = own.and_then(|own| self.settings.one(&own, quantiles, seed()));
            guard::believable(found, series.target(), self.frequency, self.horizon, quantiles)
        });
        Ok(each.collect())
    }

    fn covariates(&self) -> Option<Vec<String>> {
        Some(self.related.clone())
    }

    fn save(&self, out: &mut ArtifactWriter) -> Result<(), ArtifactError> {
        out.write_json(FILE, self)
    }
}
