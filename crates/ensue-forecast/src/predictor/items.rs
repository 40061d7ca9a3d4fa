//! What was forecast of each item in a window, and its metrics.

use ensue_core::{AccuracyMetrics, Quantile, metrics::forecast::WeightedQuantileLoss};

/// What the predictor's algorithm forecast of each item in one backtest window, and its metrics.
///
/// Items have the order of [`Predictor::keys`](super::Predictor::keys).
#[derive(Debug, Clone, PartialEq)]
pub struct WindowItems {
    pub(super) horizon: usize,
    pub(super) types: usize,
    /// The first step forecast of each item.
    pub(super) first: Vec<i64>,
    /// `[item, step]`.
    pub(super) actual: Vec<f64>,
    /// `[item, forecast type, step]`.
    pub(super) values: Vec<f64>,
    pub(super) metrics: Vec<Option<AccuracyMetrics>>,
}

impl WindowItems {
    pub(super) fn new(horizon: usize, types: usize) -> Self {
        let (first, metrics) = (Vec::new(), Vec::new());
        Self { horizon, types, first, actual: Vec::new(), values: Vec::new(), metrics }
    }

    /// Number of items.
    pub fn len(&self) -> usize {
        self.first.len()
    }

    /// Whether there are no items.
    pub fn is_empty(&self) -> bool {
        self.first.is_empty()
    }

    /// The first step forecast of an item; steps are those of
    /// [`Frequency::start_of`](ensue_core::Frequency::start_of).
    pub fn first_step(&self, item: usize) -> i64 {
        self.first[item]
    }

    /// What happened: not-a-number where nothing was observed, or the item was not measured.
    pub fn actual(&self, item: usize) -> &[f64] {
        &self.actual[item * self.horizon..][..self.horizon]
    }

    /// What was forecast, by index of the predictor's forecast types; not-a-number where the item was not
    /// measured.
    pub fn values(&self, item: usize, forecast_type: usize) -> &[f64] {
        &self.values[(item * self.types + forecast_type) * self.horizon..][..self.horizon]
    }

    /// Metrics of an item; none ("not defined") where it has no step before the window or not all actual
    /// values within it.
    pub fn metrics(&self, item: usize) -> Option<&AccuracyMetrics> {
        self.metrics[item].as_ref()
    }
}

/// Numbers that stand for one item's metrics: the losses, then five.
pub(super) fn metric_count(levels: &[Quantile]) -> usize {
    levels.len() + 5
}

/// The metrics as numbers; not-a-number for what is not defined.
pub(super) fn to_numbers(metrics: Option<&AccuracyMetrics>, levels: &[Quantile]) -> Vec<f64> {
    let Some(metrics) = metrics else { return vec![f64::NAN; metric_count(levels)] };
    let losses = metrics.weighted_quantile_losses.iter().map(|loss| loss.loss_value);
    let others = [
        metrics.average_weighted_quantile_loss.unwrap_or(f64::NAN),
        metrics.rmse,
        metrics.wape,
        metrics.mape,
        metrics.mase.unwrap_or(f64::NAN),
    ];
    losses.chain(others).collect()
}

/// The inverse of [`to_numbers`].
pub(super) fn from_numbers(numbers: &[f64], levels: &[Quantile]) -> Option<AccuracyMetrics> {
    let (losses, others) = numbers.split_at_checked(levels.len())?;
    let [average, rmse, wape, mape, mase] = *others else { return None };
    let defined = |number: f64| (!number.is_nan()).then_some(number);
    let losses = levels
        .iter()
        .zip(losses)
        .map(|(&quantile, &loss_value)| WeightedQuantileLoss { quantile, loss_value });
    Some(AccuracyMetrics {
        weighted_quantile_losses: losses.collect(),
        average_weighted_quantile_loss: defined(average),
        rmse: defined(rmse)?,
        wape,
        mape,
        mase: defined(mase),
    })
}
