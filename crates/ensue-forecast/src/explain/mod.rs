//! Why a forecast is what it is: how much prices, promotions, holidays and metadata move it.
//!
//! | file | what it holds |
//! |---|---|
//! | `settings.rs` | [`ExplainSettings`]: which series, how exactly, and Amazon's limits |
//! | `attributes.rs` | what can be explained, and series that do without some of it |
//! | `shapley.rs` | Shapley values: exact, or by drawn permutations |
//! | `result.rs` | [`Explainability`]: impacts by item and time, and over all |
//! | `table.rs` | impacts as text, and as tables in Amazon's layout |
//!
//! An **attribute** is a related series, a metadata field, or the holidays of a country: related series that are called
//! `holiday_<CC>: <name>` count as one, `Holiday_<CC>`. Its impact on a step of a forecast is its **Shapley value**: by
//! how much the forecast changes when the attribute is told, in the mean over all orders in which the attributes can be
//! told one after the other (Shapley 1953; of forecasting models: Strumbelj & Kononenko, *Explaining prediction models
//! and individual predictions with feature contributions*, KAIS 2014). The impacts of all attributes add up to the
//! difference between the forecast and the **reference**, which knows none of them.
//!
//! What is not told is replaced:
//!
//! | attribute | replaced by |
//! |---|---|
//! | related series, over the horizon | its mean over the history of the series; of all series where it has no history |
//! | holidays, over the horizon | no holiday |
//! | metadata | that of other series of the panel, several drawn (the paper's way); alone in its panel, a series has none to be compared with |
//!
//! The history of related series stays as it is: it has happened. Every copy of a series keeps its key and the seed, so
//! that all copies draw the same random numbers, and differ by what they are told alone; all series are forecast in
//! one call for each set of attributes that is told.
//!
//! **Raw** impacts are in the target's unit. **Impacts** are relative, as Amazon's: -1 to 1, the sign that of the
//! change, 0 for none; the sizes of one line (a step, an item, all) add up to 1. A line of several steps or items
//! adds up the sizes of their raw impacts, so that ups and downs do not cancel, and its sign is that of their sum.
//! Impacts say what moves the forecast, not what makes it right.
//!
//! ```
//! use ensue_core::{Panel, Quantile, Seed, Series, artifact::{ArtifactError, ArtifactWriter}, series::Frequency};
//! use ensue_forecast::{ExplainSettings, Explainability, ForecastError, Forecaster, SeriesForecast};
//!
//! /// Forecasts 100 less eight times the price.
//! #[derive(Debug)]
//! struct Cheap;
//!
//! impl Forecaster for Cheap {
//!     fn algorithm(&self) -> &'static str { "Cheap" }
//!     fn horizon(&self) -> usize { 1 }
//!     fn forecast(&self, panel: &Panel, levels: &[Quantile], _: Seed) -> Result<Vec<SeriesForecast>, ForecastError> {
//!         let one = |series: &Series| {
//!             let value = 100.0 - 8.0 * f64::from(series.related()[0][series.len()]);
//!             SeriesForecast { mean: vec![value], quantiles: vec![vec![value]; levels.len()] }
//!         };
//!         Ok(panel.series().iter().map(one).collect())
//!     }
//!     fn save(&self, _: &mut ArtifactWriter) -> Result<(), ArtifactError> { Ok(()) }
//! }
//!
//! // It cost 4 and 6, and will cost 7: two more than usual.
//! let tea = Series::new(["tea"], 0, vec![60.0, 55.0]).with_related(vec![vec![4.0, 6.0, 7.0], vec![1.0, 1.0, 0.0]]);
//! let dimensions = vec!["item_id".to_owned()];
//! let related = ["price", "rain"].map(str::to_owned).to_vec();
//! let panel = Panel::with(Frequency::DAILY, dimensions, related, Vec::new(), Vec::new(), vec![tea])?;
//!
//! let explained = Explainability::of(&Cheap, &panel, &ExplainSettings::default(), Seed(1))?;
//! assert_eq!((explained.reference(0), explained.forecast(0)), (&[60.0][..], &[44.0][..]));
//! assert_eq!((explained.raw(0, 0), explained.raw(0, 1)), (&[-16.0][..], &[0.0][..]));
//! assert_eq!(explained.impact(), [-1.0, 0.0]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod attributes;
mod error;
mod result;
mod settings;
mod shapley;
mod table;
#[cfg(test)]
mod tests;

use std::collections::HashSet;

use ensue_core::{Panel, Seed, Series};
use rand::seq::SliceRandom;

pub use error::ExplainError;
pub use result::Explainability;
pub use settings::{ExplainSettings, ExplainabilityLimits};

use crate::{ForecastError, ForecastType, Forecaster, Predictor};
use attributes::Attributes;
use shapley::Game;

/// Attributes of which all sets can still be asked about: 65,536 forecasts.
const MOST_EXACT: usize = 16;

impl Predictor {
    /// Explains what moves the forecast of series of `panel`; see [`explain`](crate::explain). Holidays that the settings
    /// of the predictor add are among the attributes.
    ///
    /// # Errors
    /// As [`Explainability::of`].
    pub fn explain(
        &self,
        panel: &Panel,
        settings: &ExplainSettings,
        seed: Seed,
    ) -> Result<Explainability, ExplainError> {
        Explainability::of(self.model(), &self.supplemented(panel), settings, seed)
    }
}

impl Explainability {
    /// Explains what moves the forecasts of a fitted algorithm; see [`explain`](crate::explain).
    ///
    /// Attributes that the algorithm does not look at ([`Forecaster::covariates`]) have no impact and cost no time.
    /// Of the others, `n` in number: `2^n` forecasts of all series where `n` is at most `exact_up_to`,
    /// `permutations * (n - 1)` otherwise; with metadata up to `references` times as many where it is exact.
    ///
    /// # Errors
    /// [`ExplainError`] when there are no attributes, or the algorithm looks at none of them; a series is not in the
    /// panel, there are more than the limits allow, or they cannot be forecast.
    pub fn of(
        model: &dyn Forecaster,
        panel: &Panel,
        settings: &ExplainSettings,
        seed: Seed,
    ) -> Result<Self, ExplainError> {
        let series = wanted(panel, settings)?;
        settings.limits.check(series.len(), model.horizon())?;
        let attributes = Attributes::of(panel, model.horizon());
        let told = told(model, &attributes)?;
        let donors = Donors::of(panel, &attributes, &told, settings, seed);
        let ask = |present: &[bool], donor: usize| {
            let mut all = vec![true; attributes.names().len()];
            told.iter().zip(present).for_each(|(&at, &present)| all[at] = present);
            let altered = series
                .map(|one| attributes.altered(one, &all, donors.of_series(panel, donor, one)));
            points(model, &altered, settings.forecast_type, seed)
        };
        let game = Game {
            by_donor: told.iter().map(|&at| attributes.is_static(at)).collect(),
            donors: donors.places.len(),
            value: ask,
        };
        let found = if told.len() <= settings.exact_up_to.min(MOST_EXACT) {
            game.exact()?
        } else {
            game.sampled(settings.permutations.get(), &mut seed.stream("explain orders"))?
        };
        Ok(Self::new(model, &series, attributes.into_names(), &told, found, settings, seed))
    }
}

/// The series that are to be explained.
fn wanted(panel: &Panel, settings: &ExplainSettings) -> Result<Panel, ExplainError> {
    if panel.is_empty() {
        return Err(ExplainError::NoSeries);
    }
    if settings.series.is_empty() {
        return Ok(panel.clone());
    }
    let keys: HashSet<&[String]> = settings.series.iter().map(Vec::as_slice).collect();
    let found = panel.filtered(|series| keys.contains(series.key()));
    if let Some(key) = settings.series.iter().find(|key| found.position(key.as_slice()).is_none()) {
        return Err(ExplainError::UnknownSeries { key: key.clone() });
    }
    Ok(found)
}

/// Places of the attributes that the algorithm looks at.
fn told(model: &dyn Forecaster, attributes: &Attributes) -> Result<Vec<usize>, ExplainError> {
    let algorithm = model.algorithm();
    let all = 0..attributes.names().len();
    if all.is_empty() {
        return Err(ExplainError::NoAttributes);
    }
    let told: Vec<usize> = match model.covariates() {
        None => all.collect(),
        Some(used) => all.filter(|&at| attributes.is_among(at, &used)).collect(),
    };
    if told.is_empty() {
        let known = attributes.names().join(", ");
        return Err(ExplainError::NotUsed { algorithm, known });
    }
    Ok(told)
}

/// Series that lend their metadata.
struct Donors {
    /// Their places.
    places: Vec<usize>,
    /// The place of one more, which lends its own to those that would have to lend to themselves.
    spare: usize,
}

impl Donors {
    /// Draws them; any one where there is nothing to lend.
    fn of(
        panel: &Panel,
        attributes: &Attributes,
        told: &[usize],
        settings: &ExplainSettings,
        seed: Seed,
    ) -> Self {
        if panel.len() < 2 || !told.iter().any(|&at| attributes.is_static(at)) {
            return Self { places: vec![0], spare: 0 };
        }
        let mut all: Vec<usize> = (0..panel.len()).collect();
        let count = settings.references.get().min(panel.len() - 1);
        let (some, _) = all.partial_shuffle(&mut seed.stream("explain references"), count + 1);
        Self { places: some[..count].to_vec(), spare: some[count] }
    }

    /// The one that lends to a series in its turn.
    fn of_series<'a>(&self, panel: &'a Panel, turn: usize, series: &Series) -> &'a Series {
        let donor = &panel.series()[self.places[turn]];
        if donor.key() == series.key() { &panel.series()[self.spare] } else { donor }
    }
}

/// The forecast that is explained: `[series, step]`.
fn points(
    model: &dyn Forecaster,
    panel: &Panel,
    forecast_type: ForecastType,
    seed: Seed,
) -> Result<Vec<f64>, ExplainError> {
    let quantiles: Vec<_> = forecast_type.quantile().into_iter().collect();
    let forecasts = model.forecast(panel, &quantiles, seed)?;
    let mut values = Vec::with_capacity(forecasts.len() * model.horizon());
    for (series, forecast) in panel.series().iter().zip(&forecasts) {
        let steps = match forecast_type {
            ForecastType::Mean => &forecast.mean[..],
            ForecastType::Quantile(_) => forecast.quantiles.first().map_or(&[][..], Vec::as_slice),
        };
        if steps.len() != model.horizon() || !steps.iter().all(|value| value.is_finite()) {
            let (algorithm, key) = (model.algorithm(), series.key().to_vec());
            return Err(ForecastError::NotFinite { algorithm, key }.into());
        }
        values.extend(steps);
    }
    Ok(values)
}
