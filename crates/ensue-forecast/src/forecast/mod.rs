//! What a predictor forecast: queried by item, saved, exported.
//!
//! | file | what it holds |
//! |---|---|
//! | `query.rs` | [`ForecastQuery`] and its answer, in the shapes of Amazon's `QueryForecast` |
//! | `store.rs` | the forecast's directory |
//! | `picture.rs` | one item's history and forecast as a chart |
//! | `export.rs` | the forecast as a table in Amazon's column layout |

mod export;
mod picture;
mod query;
mod store;
#[cfg(test)]
mod tests;

use std::path::Path;

use ensue_core::{Frequency, Panel, Quantile, Seed, artifact::ArtifactError};
use ensue_data::write::WriteError;
use jiff::civil::DateTime;
use serde::{Deserialize, Serialize};

pub use export::export_file_name;
pub use query::{DataPoint, ForecastAnswer, ForecastQuery, Predictions, QueryError};

use crate::{ChartError, ForecastError, ForecastType, Forecaster};

/// What a predictor forecast of a panel's series: queried by item, saved, exported. Made by
/// [`Predictor::create_forecast`](crate::Predictor::create_forecast).
///
/// ```
/// use ensue_core::{Panel, Run, Seed, series::{Frequency, Series}};
/// use ensue_forecast::{AnyAlgorithm, ForecastQuery, PredictorSettings};
/// use jiff::civil::date;
///
/// let start = Frequency::DAILY.step_of(date(2019, 9, 28).at(0, 0, 0, 0));
/// let tea = Series::new(["tea"], start, vec![2.0, 4.0, 3.0]);
/// let panel = Panel::new(Frequency::DAILY, vec![tea])?;
/// let predictor = PredictorSettings::new(AnyAlgorithm::by_name("Naive")?, 1)
///     .train(&panel, &mut Run::new("ndarray"))?;
///
/// let forecast = predictor.create_forecast(&panel, Seed(0))?;
/// let answer = forecast.query(&ForecastQuery::item("tea"))?;
/// let p50 = &answer.forecast.predictions["p50"];
/// assert_eq!((p50[0].timestamp, p50[0].value), (date(2019, 10, 1).at(0, 0, 0, 0), 3.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Forecast {
    header: Header,
    keys: Vec<Vec<String>>,
    /// The first step forecast of each series.
    first: Vec<i64>,
    /// `[series, forecast type, step]`.
    values: Vec<f64>,
    /// The series by key.
    by_key: Vec<u32>,
}

/// What there is once in a forecast.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    algorithm: String,
    seed: Seed,
    frequency: Frequency,
    dimensions: Vec<String>,
    horizon: usize,
    forecast_types: Vec<ForecastType>,
}

impl Forecast {
    /// Asks a fitted algorithm.
    pub(crate) fn ask(
        model: &dyn Forecaster,
        panel: &Panel,
        types: &[ForecastType],
        seed: Seed,
    ) -> Result<Self, ForecastError> {
        let quantiles: Vec<Quantile> = types.iter().filter_map(|one| one.quantile()).collect();
        let forecasts = model.forecast(panel, &quantiles, seed)?;
        let mut values = Vec::with_capacity(forecasts.len() * types.len() * model.horizon());
        for (series, forecast) in panel.series().iter().zip(&forecasts) {
            let mut quantiles = forecast.quantiles.iter();
            for one in types {
                let steps = match one {
                    ForecastType::Mean => Some(&forecast.mean),
                    ForecastType::Quantile(_) => quantiles.next(),
                };
                let sound = steps.filter(|steps| {
                    steps.len() == model.horizon() && steps.iter().all(|value| value.is_finite())
                });
                let Some(steps) = sound else {
                    let key = series.key().to_vec();
                    return Err(ForecastError::NotFinite { algorithm: model.algorithm(), key });
                };
                values.extend(steps);
            }
        }
        let header = Header {
            algorithm: model.algorithm().to_owned(),
            seed,
            frequency: panel.frequency(),
            dimensions: panel.dimensions().to_vec(),
            horizon: model.horizon(),
            forecast_types: types.to_vec(),
        };
        let keys = panel.series().iter().map(|series| series.key().to_vec()).collect();
        let first = panel.series().iter().map(ensue_core::Series::end).collect();
        Ok(Self::from_parts(header, keys, first, values))
    }

    fn from_parts(
        header: Header,
        keys: Vec<Vec<String>>,
        first: Vec<i64>,
        values: Vec<f64>,
    ) -> Self {
        let mut by_key: Vec<u32> = (0..keys.len() as u32).collect();
        by_key.sort_by(|&a, &b| keys[a as usize].cmp(&keys[b as usize]));
        Self { header, keys, first, values, by_key }
    }

    /// Name of the algorithm.
    pub fn algorithm(&self) -> &str {
        &self.header.algorithm
    }

    /// Seed that the forecast was drawn with.
    pub fn seed(&self) -> Seed {
        self.header.seed
    }

    /// Frequency of the series.
    pub fn frequency(&self) -> Frequency {
        self.header.frequency
    }

    /// Names of the parts of the keys, the item id's first.
    pub fn dimensions(&self) -> &[String] {
        &self.header.dimensions
    }

    /// Steps forecast of each series.
    pub fn horizon(&self) -> usize {
        self.header.horizon
    }

    /// What is said of each step.
    pub fn forecast_types(&self) -> &[ForecastType] {
        &self.header.forecast_types
    }

    /// Keys of the series, in the panel's order.
    pub fn keys(&self) -> &[Vec<String>] {
        &self.keys
    }

    /// Number of series.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there are no series.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Index of the series with this key.
    pub fn position(&self, key: &[impl AsRef<str>]) -> Option<usize> {
        let order = |&at: &u32| {
            self.keys[at as usize].iter().map(String::as_str).cmp(key.iter().map(AsRef::as_ref))
        };
        let found = self.by_key.binary_search_by(order).ok()?;
        Some(self.by_key[found] as usize)
    }

    /// When each step of a series begins.
    pub fn times(&self, series: usize) -> impl ExactSizeIterator<Item = DateTime> + '_ {
        let first = self.first[series];
        (0..self.horizon()).map(move |step| self.frequency().start_of(first + step as i64))
    }

    /// The values of a series, by index of the forecast types.
    pub fn values(&self, series: usize, forecast_type: usize) -> &[f64] {
        let row = series * self.forecast_types().len() + forecast_type;
        &self.values[row * self.horizon()..][..self.horizon()]
    }

    /// The forecast of one item, as Amazon's `QueryForecast` gives it.
    ///
    /// # Errors
    /// [`QueryError`] when a dimension is missing or unknown, no series has the key, or the dates hold no
    /// step of the forecast.
    pub fn query(&self, query: &ForecastQuery) -> Result<ForecastAnswer, QueryError> {
        query::answer(self, query)
    }

    /// Writes the forecast as a table: `item_id,<dimensions>,date,<forecast types>`, a row a step; to CSV
    /// or Parquet by the end of the name ([`export_file_name`] gives the name that Amazon's jobs give).
    ///
    /// # Errors
    /// [`WriteError`] when the file cannot be written; an older one stands there still.
    pub fn export(&self, path: impl AsRef<Path>) -> Result<(), WriteError> {
        export::export(self, path.as_ref())
    }

    /// The forecast of one item as a chart, SVG text: its history in `panel` before the forecast (four horizons, at least 30
    /// steps), the median or the quantile in the middle, the mean, and bands between the others. `key` is the item id, then the
    /// dimensions.
    ///
    /// # Errors
    /// [`ChartError`] when the forecast or the panel has no such item, or the panel is of another frequency.
    pub fn chart(&self, panel: &Panel, key: &[impl AsRef<str>]) -> Result<String, ChartError> {
        picture::chart(self, panel, key)
    }

    /// Writes the forecast to `dir`, all or nothing.
    ///
    /// # Errors
    /// [`ArtifactError`] when the directory cannot be written.
    pub fn save(&self, dir: impl AsRef<Path>) -> Result<(), ArtifactError> {
        store::save(self, dir.as_ref())
    }

    /// Reads a forecast back.
    ///
    /// # Errors
    /// [`ArtifactError`] when the directory is missing, damaged or of a format this build does not know.
    pub fn load(dir: impl AsRef<Path>) -> Result<Self, ArtifactError> {
        store::load(dir.as_ref())
    }
}
