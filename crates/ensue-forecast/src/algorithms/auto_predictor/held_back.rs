//! What is held back to decide on, and what a member's forecasts of it are worth.

use ensue_core::{Panel, Quantile, Series, metrics::forecast::seasonal_error};

use super::{OptimizationMetric, groups::Group};
use crate::SeriesForecast;

/// Series that are decided on at most, spread evenly over all.
const MOST_SERIES: usize = 3000;

/// The held-back steps of some series, one row for each series and window.
#[derive(Debug)]
pub(super) struct HeldBack {
    /// For each window, the newest first, the histories before it: the series that are decided on.
    pub(super) pasts: Vec<Panel>,
    /// The row of each series of each of `pasts`.
    pub(super) rows: Vec<Vec<usize>>,
    /// `[row, step]`; not-a-number where nothing was observed.
    actual: Vec<f64>,
    /// What the errors of a row are multiplied by.
    weights: Vec<f64>,
    /// Whether what is forecast of a row is at least 0, since its past never was negative.
    positive: Vec<bool>,
    /// Kind of demand of each row.
    pub(super) groups: Vec<Group>,
    /// What the sum of all losses is divided by.
    total: f64,
    horizon: usize,
    metric: OptimizationMetric,
}

/// By how much the forecasts of one member exceed what happened: `[row, channel, step]`, where the channels are levels or, for
/// metrics of a point, the mean; 0 where nothing was observed. A forecast of a billion that errs by one is exact in single
/// precision only so.
pub(super) type Values = Vec<f32>;

/// Levels that quantile losses are measured at.
pub(super) fn levels() -> Vec<Quantile> {
    Quantile::deciles()
}

/// Observed values from which on a history is believed never to be negative.
const ENOUGH: usize = 3;

/// Whether a series never was negative.
pub(super) fn never_negative(series: &Series) -> bool {
    series.observed() >= ENOUGH && series.target().iter().all(|y| y.is_nan() || *y >= 0.0)
}

impl HeldBack {
    /// The last `windows` horizons of the series that have something before and in them.
    pub(super) fn new(
        panel: &Panel,
        horizon: usize,
        windows: usize,
        metric: OptimizationMetric,
        keep_sign: bool,
    ) -> Self {
        let season = panel.frequency().seasonality();
        let mut held = Self {
            pasts: Vec::new(),
            rows: Vec::new(),
            actual: Vec::new(),
            weights: Vec::new(),
            positive: Vec::new(),
            groups: Vec::new(),
            total: 0.0,
            horizon,
            metric,
        };
        let long = panel.filtered(|series| series.len() > horizon);
        let every = long.len().div_ceil(MOST_SERIES).max(1);
        let at = std::cell::Cell::new(0usize);
        let some = long.filtered(|_| at.replace(at.get() + 1).is_multiple_of(every));
        let (mut errors, mut count) = (0.0, 0usize);
        for window in 1..=windows {
            let mut rows = Vec::new();
            let past = some.cut(window * horizon);
            let usable = |series: &Series| {
                series.observed() > 0 && series.hidden()[..horizon].iter().any(|y| !y.is_nan())
            };
            let past = past.filtered(usable);
            for series in past.series() {
                let actual = &series.hidden()[..horizon];
                let observed = || actual.iter().filter(|y| !y.is_nan());
                rows.push(held.weights.len());
                held.actual.extend(actual);
                held.groups.push(Group::of(series.target()));
                held.positive.push(keep_sign && never_negative(series));
                let scale = match metric {
                    OptimizationMetric::Mase => seasonal_error(series.target(), season),
                    _ => 1.0,
                };
                // Without past errors there is nothing to compare with: Amazon leaves such series out.
                let sound = scale.is_finite() && scale > 0.0;
                held.weights.push(if sound { scale.recip() } else { 0.0 });
                errors += observed().map(|y| y.abs()).sum::<f64>();
                count += if sound { observed().count() } else { 0 };
            }
            held.pasts.push(past);
            held.rows.push(rows);
        }
        held.total = match metric {
            OptimizationMetric::Wape | OptimizationMetric::AverageWeightedQuantileLoss => errors,
            _ => count as f64,
        };
        // Amazon's rule where nothing happened: the sum alone.
        if held.total <= 0.0 {
            held.total = 1.0;
        }
        held
    }

    /// Number of rows.
    pub(super) fn len(&self) -> usize {
        self.weights.len()
    }

    /// Channels of a forecast.
    fn channels(&self) -> usize {
        match self.metric {
            OptimizationMetric::AverageWeightedQuantileLoss => levels().len(),
            _ => 1,
        }
    }

    /// Numbers of a row.
    fn width(&self) -> usize {
        self.channels() * self.horizon
    }

    /// Room for the forecasts of a member.
    pub(super) fn blank(&self) -> Values {
        vec![0.0; self.len() * self.width()]
    }

    /// Writes the forecast of one row.
    pub(super) fn write(&self, values: &mut Values, row: usize, forecast: &SeriesForecast) {
        let to = &mut values[row * self.width()..][..self.width()];
        let actual = &self.actual[row * self.horizon..][..self.horizon];
        let lowest = if self.positive[row] { 0.0 } else { f64::NEG_INFINITY };
        let from = match self.metric {
            OptimizationMetric::AverageWeightedQuantileLoss => &forecast.quantiles[..],
            _ => std::slice::from_ref(&forecast.mean),
        };
        for (to, from) in to.chunks_exact_mut(self.horizon).zip(from) {
            for ((to, &from), y) in to.iter_mut().zip(from).zip(actual) {
                *to = if y.is_nan() { 0.0 } else { (from.max(lowest) - y) as f32 };
            }
        }
    }

    /// Loss of a row, when its forecasts exceed what happened by `(sum + more) * share`; not yet divided by the total.
    pub(super) fn row_loss(&self, row: usize, sum: &[f32], more: &[f32], share: f32) -> f64 {
        let (width, horizon) = (self.width(), self.horizon);
        let actual = &self.actual[row * horizon..][..horizon];
        let (sum, more) = (&sum[row * width..][..width], &more[row * width..][..width]);
        let channels = self.channels();
        let mut loss = 0.0;
        for channel in 0..channels {
            let part = channel * horizon..(channel + 1) * horizon;
            let level = (channel + 1) as f64 / (channels + 1) as f64;
            for ((y, a), b) in actual.iter().zip(&sum[part.clone()]).zip(&more[part]) {
                if y.is_nan() {
                    continue;
                }
                let miss = -f64::from((a + b) * share);
                loss += match self.metric {
                    OptimizationMetric::AverageWeightedQuantileLoss => {
                        2.0 * if miss > 0.0 { level * miss } else { (level - 1.0) * miss }
                    }
                    OptimizationMetric::Wape | OptimizationMetric::Mase => miss.abs(),
                    OptimizationMetric::Rmse => miss * miss,
                    OptimizationMetric::Mape => {
                        if *y == 0.0 {
                            0.0
                        } else {
                            (miss / y).abs()
                        }
                    }
                };
            }
        }
        loss * self.weights[row] / channels as f64
    }

    /// The metric, from the losses of all rows.
    pub(super) fn metric(&self, losses: impl Iterator<Item = f64>) -> f64 {
        let mean = losses.sum::<f64>() / self.total;
        if self.metric == OptimizationMetric::Rmse { mean.sqrt() } else { mean }
    }
}
