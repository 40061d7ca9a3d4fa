//! Pictures of forecasts, as SVG text.
//!
//! Each is a whole SVG document, ready for a file or for a page: no fonts, no scripts, light or dark as the reader has it, and
//! marks say on hovering what they are. [`Forecast::chart`](crate::Forecast::chart) shows one item's history and its forecast
//! as a fan of quantiles; [`Predictor::backtest_chart`](crate::Predictor::backtest_chart) what happened in the backtest windows
//! against what was forecast there.
//!
//! ```
//! use ensue_core::{Panel, Run, Seed, series::{Frequency, Series}};
//! use ensue_forecast::{AnyAlgorithm, PredictorSettings};
//!
//! let sold = (0..60).map(|day| f64::from(day % 7)).collect();
//! let panel = Panel::new(Frequency::DAILY, vec![Series::new(["tea"], 17_900, sold)])?;
//! let settings = PredictorSettings::new(AnyAlgorithm::by_name("NPTS")?, 7);
//! let predictor = settings.train(&panel, &mut Run::new("ndarray"))?;
//! let chart = predictor.create_forecast(&panel, Seed(0))?.chart(&panel, &["tea"])?;
//! assert!(chart.starts_with("<svg") && chart.contains("tea: forecast by NPTS"));
//! assert!(predictor.backtest_chart(&["tea"])?.contains("tea: backtest of NPTS"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | file | what it holds |
//! |---|---|
//! | `mod.rs` | [`ChartError`] |
//! | `fan.rs` | the drawing: what was observed, bands between quantiles, medians and means |
//! | `dates.rs` | an axis of steps with dates |

mod dates;
mod fan;
#[cfg(test)]
mod tests;

use ensue_core::Frequency;

pub(crate) use fan::{Fan, Picture};

/// A chart could not be drawn.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChartError {
    /// There is no forecast of the item.
    #[error("there is no forecast of {key:?}")]
    NoForecast {
        /// The key asked for.
        key: Vec<String>,
    },
    /// The panel has no history of the item.
    #[error("the panel has no series {key:?}")]
    NoSeries {
        /// The key asked for.
        key: Vec<String>,
    },
    /// The panel is of another frequency than the forecast.
    #[error("the panel's frequency is {found}, the forecast's is {expected}")]
    Frequency {
        /// The panel's.
        found: Frequency,
        /// The forecast's.
        expected: Frequency,
    },
}

/// A key as an owned list.
pub(crate) fn owned(key: &[impl AsRef<str>]) -> Vec<String> {
    key.iter().map(|part| part.as_ref().to_owned()).collect()
}
