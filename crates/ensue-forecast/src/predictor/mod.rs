//! From series to a trained and measured predictor: what a user trains, keeps on disk and forecasts with.
//!
//! | file | what it holds |
//! |---|---|
//! | `settings.rs` | [`PredictorSettings`]: algorithm, horizon, forecast types, backtests, and their limits |
//! | `supplementary.rs` | [`SupplementaryFeature`]: holidays as related series |
//! | `train.rs` | backtest, backtest the baselines, fit on everything |
//! | `backtest.rs` | one algorithm in every window |
//! | `report.rs` | [`Backtest`]: the metrics, by algorithm and window |
//! | `items.rs` | [`WindowItems`]: what was forecast of each item in a window, and its metrics |
//! | `store.rs` | the predictor's directory |
//! | `picture.rs` | one item's backtests as a chart |
//! | `export.rs` | backtests as tables in Amazon's column layout |

mod backtest;
mod error;
mod export;
#[cfg(test)]
mod export_tests;
mod items;
mod picture;
mod report;
mod settings;
mod store;
mod supplementary;
#[cfg(test)]
mod tests;
mod train;

use std::path::Path;

use ensue_core::{Frequency, Panel, Seed};
use ensue_data::write::{TableFormat, WriteError};

pub use error::PredictorError;
pub use items::WindowItems;
pub use report::{AlgorithmEvaluation, Backtest, EvaluationType, TestWindow};
pub use settings::{EvaluationParameters, Limits, PredictorSettings};
pub use supplementary::SupplementaryFeature;
pub(crate) use train::remove_checkpoints;

use crate::{
    ChartError, Forecast, ForecastError, Forecaster, algorithms::auto_predictor::Selection,
    tune::Tuning,
};

/// A trained and measured predictor: forecasts series, lives in a directory.
///
/// Beside the fitted algorithm it keeps the settings, the seed, the metrics of its backtests with the
/// baselines beside them, and what the backtests forecast of each item. Made by
/// [`PredictorSettings::train`].
#[derive(Debug)]
pub struct Predictor {
    settings: PredictorSettings,
    seed: Seed,
    frequency: Frequency,
    dimensions: Vec<String>,
    backtest: Backtest,
    tuning: Option<Tuning>,
    keys: Vec<Vec<String>>,
    items: Vec<WindowItems>,
    model: Box<dyn Forecaster>,
}

impl Predictor {
    /// The settings it was trained by.
    pub fn settings(&self) -> &PredictorSettings {
        &self.settings
    }

    /// Seed of the training run.
    pub fn seed(&self) -> Seed {
        self.seed
    }

    /// Frequency of the series.
    pub fn frequency(&self) -> Frequency {
        self.frequency
    }

    /// Names of the parts of the keys, the item id's first.
    pub fn dimensions(&self) -> &[String] {
        &self.dimensions
    }

    /// Keys of the series it was trained on, in their order.
    pub fn keys(&self) -> &[Vec<String>] {
        &self.keys
    }

    /// Metrics of the algorithm and of the baselines.
    pub fn backtest(&self) -> &Backtest {
        &self.backtest
    }

    /// What a search tried and chose, where there was one.
    pub fn tuning(&self) -> Option<&Tuning> {
        self.tuning.as_ref()
    }

    /// What competed and what was chosen, where the algorithm is an `AutoPredictor`.
    pub fn selection(&self) -> Option<&Selection> {
        self.model.selection()
    }

    /// What the algorithm forecast of each item in each window, the newest window first.
    pub fn window_items(&self) -> &[WindowItems] {
        &self.items
    }

    /// The algorithm, fitted to all data.
    pub fn model(&self) -> &dyn Forecaster {
        &*self.model
    }

    /// Forecasts the horizon after the end of each series of `panel`: those of the training or others, as
    /// the algorithm allows. Supplementary features are added to it.
    ///
    /// # Errors
    /// [`ForecastError`] when the panel does not fit what was trained: another frequency, a related series
    /// that is missing or does not cover the horizon.
    pub fn create_forecast(&self, panel: &Panel, seed: Seed) -> Result<Forecast, ForecastError> {
        let panel = self.supplemented(panel);
        Forecast::ask(&*self.model, &panel, &self.settings.forecast_types, seed)
    }

    /// The panel as the algorithm sees it: with what the settings add from the calendar.
    pub(crate) fn supplemented(&self, panel: &Panel) -> Panel {
        let PredictorSettings { supplementary_features, horizon, .. } = &self.settings;
        supplementary::supplemented(panel, supplementary_features, *horizon)
    }

    /// Writes the backtests in Amazon's column layout: `forecasted-values` and `accuracy-metrics-values`
    /// in `folder`, as `part0.csv` or `part0.parquet`.
    ///
    /// Forecasted values: `item_id,<dimensions>,timestamp,target_value,backtestwindow_start_time,
    /// backtestwindow_end_time,<forecast types>`, without items that lack an actual value in the window.
    /// Accuracy metrics: `item_id,<dimensions>,backtest_window,backtestwindow_start_time,
    /// backtestwindow_end_time,wQL[..],Average wQL,RMSE,WAPE,MAPE,MASE`, a `Computed` row for each item and
    /// window and its `Summary`, the
    /// mean over the windows that are defined; where a metric is not, the cell says `not defined` (null in
    /// Parquet).
    ///
    /// # Errors
    /// [`WriteError`] when a file cannot be written; an older one stands there still.
    pub fn export_backtest(
        &self,
        folder: impl AsRef<Path>,
        format: TableFormat,
    ) -> Result<(), WriteError> {
        export::export(self, folder.as_ref(), format)
    }

    /// The backtests of one item as a chart, SVG text: what was observed in each window, and over it what was forecast there,
    /// as in [`Forecast::chart`]. `key` is the item id, then the dimensions.
    ///
    /// # Errors
    /// [`ChartError::NoForecast`] when the predictor was trained without such an item.
    pub fn backtest_chart(&self, key: &[impl AsRef<str>]) -> Result<String, ChartError> {
        picture::chart(self, key)
    }

    /// Writes the predictor to `dir`, all or nothing: one that was there before is replaced only by a whole
    /// new one.
    ///
    /// # Errors
    /// [`PredictorError::Artifact`] when the directory cannot be written.
    pub fn save(&self, dir: impl AsRef<Path>) -> Result<(), PredictorError> {
        store::save(self, dir.as_ref())
    }

    /// Reads a predictor back and puts its model on `device` (such as `ndarray` or `wgpu`).
    ///
    /// # Errors
    /// [`PredictorError`] when the directory is missing, damaged, of a format this build does not know, or
    /// the device cannot be opened.
    pub fn load(dir: impl AsRef<Path>, device: &str) -> Result<Self, PredictorError> {
        store::load(dir.as_ref(), device)
    }
}
