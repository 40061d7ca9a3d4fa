//! Forecasting algorithms, and what trains, measures, saves and queries them.
//!
//! ```text
//! Panel -> PredictorSettings (algorithm, horizon) -> Predictor (trained, measured) -> Forecast -> query p10/p50/p90
//! ```
//!
//! # The tour
//! A [`Panel`](ensue_core::Panel) holds the series; imported from files, or made in memory.
//! [`PredictorSettings`] say which algorithm learns to forecast how far. Training holds back the end of
//! every series, measures the algorithm and two baselines on it, then fits the algorithm to everything.
//!
//! ```
//! use ensue_core::{Panel, Run, Seed, series::{Frequency, Series}};
//! use ensue_forecast::{AnyAlgorithm, ForecastQuery, Predictor, PredictorSettings};
//! use jiff::civil::date;
//!
//! // Three weeks of hours, in two shops; nothing was counted on the second morning.
//! let start = Frequency::HOURLY.step_of(date(2019, 9, 2).at(0, 0, 0, 0));
//! let sales = |level: f64| {
//!     let hour = |t: i32| level + f64::from((t % 24 - 12).abs());
//!     let counted = |t: i32| if (24..30).contains(&t) { f64::NAN } else { hour(t) };
//!     (0..504).map(counted).collect()
//! };
//! let panel = Panel::with(
//!     Frequency::HOURLY,
//!     vec!["item_id".to_owned(), "shop".to_owned()],
//!     Vec::new(), Vec::new(), Vec::new(),
//!     vec![
//!         Series::new(["tea", "north"], start, sales(10.0)),
//!         Series::new(["tea", "south"], start, sales(50.0)),
//!     ],
//! )?;
//!
//! // Trained and measured: in three windows of a day each, beside the baselines.
//! let settings = PredictorSettings::new(AnyAlgorithm::by_name("SeasonalNaive")?, 24).with_windows(3);
//! let predictor = settings.train(&panel, &mut Run::new("ndarray").with_seed(Seed(1)))?;
//! println!("{}", predictor.backtest());
//! let wape = |name| predictor.backtest().of(name)?.metrics().map(|metrics| metrics.wape);
//! assert!(wape("SeasonalNaive") < wape("Naive"));
//!
//! // It lives in a directory, and forecasts the series as they are when it is asked.
//! # let dir = tempfile::tempdir()?;
//! # let dir = dir.path().join("predictor");
//! predictor.save(&dir)?;
//! let predictor = Predictor::load(&dir, "ndarray")?;
//! let forecast = predictor.create_forecast(&panel, Seed(2))?;
//!
//! // The answer has the shape of Amazon's QueryForecast.
//! let evening = date(2019, 9, 23).at(18, 0, 0, 0);
//! let query = ForecastQuery::item("tea").with("shop", "north").between(evening, evening);
//! let answer = serde_json::to_string(&forecast.query(&query)?)?;
//! assert!(answer.contains(r#""p50":[{"Timestamp":"2019-09-23T18:00:00","Value":16.0}]"#));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Where things are
//! | module | what it holds |
//! |---|---|
//! | [`algorithms`] | one folder for each algorithm, and the registry [`AnyAlgorithm`] |
//! | [`predictor`] | [`PredictorSettings`], [`Predictor`] and the metrics of its [`Backtest`] |
//! | [`tune`] | search for settings |
//! | [`forecast`] | [`Forecast`]: query, save, export |
//!
//! [`Algorithm`] and [`Forecaster`] are the two traits behind it: settings that can be fitted, and the
//! fitted form that forecasts.

pub mod algorithms;
pub mod calendar;
mod checks;
mod columns;
mod errors;
pub mod forecast;
mod forecast_type;
mod normal;
pub(crate) mod numeric;
pub mod predictor;
mod table;
mod traits;
pub mod tune;

#[cfg(test)]
mod conformance;

pub use algorithms::AnyAlgorithm;
pub use errors::{FitError, ForecastError, LoadError, SettingsError};
pub use forecast::{DataPoint, Forecast, ForecastAnswer, ForecastQuery, Predictions, QueryError};
pub use forecast_type::{ForecastType, ForecastTypeError};
pub use predictor::{
    AlgorithmEvaluation, Backtest, EvaluationParameters, EvaluationType, Limits, Predictor,
    PredictorError, PredictorSettings, TestWindow, WindowItems,
};
pub use traits::{Algorithm, Forecaster, SeriesForecast, TrainingData};
