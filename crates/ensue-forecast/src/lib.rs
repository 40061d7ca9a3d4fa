//! Forecasting algorithms, and what trains, measures, saves and queries them.
//!
//! ```text
//! Panel -> Predictor (algorithm, settings) -> backtest metrics -> Forecast -> query p10/p50/p90
//! ```
//!
//! [`Algorithm`] and [`Forecaster`] are the two traits behind it: settings that can be fitted, and the
//! fitted form that forecasts. [`algorithms`] holds one folder for each algorithm.

pub mod algorithms;
pub mod calendar;
mod checks;
mod errors;
mod normal;
mod traits;

#[cfg(test)]
mod conformance;

pub use algorithms::AnyAlgorithm;
pub use errors::{FitError, ForecastError, LoadError, SettingsError};
pub use traits::{Algorithm, Forecaster, SeriesForecast, TrainingData};
