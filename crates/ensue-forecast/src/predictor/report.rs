//! The metrics of a predictor's backtests, by algorithm and window.

use std::fmt;

use ensue_core::{AccuracyMetrics, EvaluatorReport};
use jiff::civil::DateTime;
use serde::{Deserialize, Serialize};

/// What the backtests measured; in JSON under the names of Amazon Forecast's `GetAccuracyMetrics`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Backtest {
    /// One for the predictor's algorithm, then one for each baseline that is not the algorithm itself.
    pub predictor_evaluation_results: Vec<AlgorithmEvaluation>,
}

/// What was measured of one algorithm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct AlgorithmEvaluation {
    /// Its name.
    pub algorithm: String,
    /// The summary, then each window, the newest first.
    pub test_windows: Vec<TestWindow>,
    /// Seconds the fits took; not stored with the predictor, whose bytes do not depend on the clock.
    #[serde(skip)]
    pub fit_seconds: Option<f64>,
}

/// What a [`TestWindow`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum EvaluationType {
    /// The mean of all windows.
    Summary,
    /// One window.
    Computed,
}

/// The metrics of one window, or the summary of all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct TestWindow {
    /// One window or the summary.
    pub evaluation_type: EvaluationType,
    /// The first step of the earliest item; none where no item was measured.
    pub test_window_start: Option<DateTime>,
    /// The last step of the latest item; none where no item was measured.
    pub test_window_end: Option<DateTime>,
    /// Items in Amazon's metrics: those with a step before the window and an actual value at each step
    /// of it.
    pub item_count: usize,
    /// Amazon's metrics; none where no item was measured. Those of the summary are the mean of the
    /// windows'.
    pub metrics: Option<AccuracyMetrics>,
    /// GluonTS's numbers; those of the summary are over the items of all windows together.
    #[serde(rename = "GluonTS")]
    pub evaluator: EvaluatorReport,
}

impl Backtest {
    /// What was measured of the predictor's own algorithm.
    ///
    /// # Panics
    /// When the results were emptied by hand: a backtest always has its algorithm's.
    pub fn own(&self) -> &AlgorithmEvaluation {
        self.predictor_evaluation_results.first().expect("a backtest starts with its algorithm")
    }

    /// What was measured of the algorithm called `name`, if it was.
    pub fn of(&self, name: &str) -> Option<&AlgorithmEvaluation> {
        self.predictor_evaluation_results.iter().find(|result| result.algorithm == name)
    }
}

impl AlgorithmEvaluation {
    /// The summary of all windows.
    ///
    /// # Panics
    /// When the windows were emptied by hand: there always is a summary.
    pub fn summary(&self) -> &TestWindow {
        self.test_windows.first().expect("the windows start with their summary")
    }

    /// The windows, the newest first.
    pub fn windows(&self) -> &[TestWindow] {
        self.test_windows.get(1..).unwrap_or_default()
    }

    /// Amazon's metrics over all windows; none where nothing was measured.
    pub fn metrics(&self) -> Option<&AccuracyMetrics> {
        self.summary().metrics.as_ref()
    }

    /// GluonTS's numbers over all windows.
    pub fn evaluator(&self) -> &EvaluatorReport {
        &self.summary().evaluator
    }
}

impl fmt::Display for Backtest {
    /// A table for people: one line for each algorithm, Amazon's metrics and then GluonTS's.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let results = &self.predictor_evaluation_results;
        let Some(first) = results.first() else { return Ok(()) };
        let summary = first.summary();
        write!(f, "backtest: {} window(s), {} items", first.windows().len(), summary.item_count)?;
        if let (Some(start), Some(end)) = (summary.test_window_start, summary.test_window_end) {
            write!(f, ", {start} to {end}")?;
        }
        writeln!(f)?;
        let losses = first.metrics().map_or(&[][..], |metrics| &metrics.weighted_quantile_losses);
        let widest = results.iter().map(|result| result.algorithm.len()).max().unwrap_or(0).max(9);
        write!(f, "{:widest$}", "algorithm")?;
        for loss in losses {
            write!(f, "  {:>9}", format!("wQL[{}]", loss.quantile))?;
        }
        for name in ["avg wQL", "WAPE", "RMSE", "MAPE", "MASE"] {
            write!(f, "  {name:>9}")?;
        }
        write!(f, "  |")?;
        for name in ["mean_wQL", "ND", "MASE(p50)", "MSIS"] {
            write!(f, "  {name:>9}")?;
        }
        writeln!(f)?;
        for result in results {
            write!(f, "{:widest$}", result.algorithm)?;
            let metrics = result.metrics();
            for at in 0..losses.len() {
                let loss = metrics.and_then(|metrics| metrics.weighted_quantile_losses.get(at));
                cell(f, loss.map(|loss| loss.loss_value))?;
            }
            cell(f, metrics.and_then(|metrics| metrics.average_weighted_quantile_loss))?;
            cell(f, metrics.map(|metrics| metrics.wape))?;
            cell(f, metrics.map(|metrics| metrics.rmse))?;
            cell(f, metrics.map(|metrics| metrics.mape))?;
            cell(f, metrics.and_then(|metrics| metrics.mase))?;
            write!(f, "  |")?;
            let numbers = result.evaluator();
            for number in
                [numbers.mean_weighted_quantile_loss, numbers.nd, numbers.mase, numbers.msis]
            {
                cell(f, (!number.is_nan()).then_some(number))?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

/// Two blanks and nine characters, a dash where a metric is not defined.
fn cell(f: &mut fmt::Formatter<'_>, number: Option<f64>) -> fmt::Result {
    match number {
        None => write!(f, "  {:>9}", "-"),
        Some(number) if number.abs() < 1e4 => write!(f, "  {number:>9.4}"),
        Some(number) => write!(f, "  {number:>9.0}"),
    }
}
