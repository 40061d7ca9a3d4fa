//! Amazon Forecast's accuracy metrics.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    Outcome,
    formulas::{mean, observed, quantile_loss, seasonal_error},
    number,
};
use crate::Quantile;

/// A sum of actual values below this is no denominator.
const NEARLY_ZERO: f64 = 1e-10;

/// The loss of one quantile, weighted by the actual values.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct WeightedQuantileLoss {
    /// Its level.
    pub quantile: Quantile,
    /// The loss; 0 is best.
    #[serde(with = "number")]
    pub loss_value: f64,
}

/// Amazon Forecast's accuracy metrics, lower is better; in JSON under the names of its
/// `GetAccuracyMetrics`.
///
/// With `y` the actual value, `f` the mean forecast, `q` the quantile of level `tau`, sums and means
/// over the steps of all items that have an actual value at each step of the window; others count
/// nowhere:
///
/// | metric | formula |
/// |---|---|
/// | `wQL[tau]` | `2 * sum(tau * max(y - q, 0) + (1 - tau) * max(q - y, 0)) / sum(abs(y))` |
/// | `WAPE` | `sum(abs(y - f)) / sum(abs(y))` |
/// | `RMSE` | `sqrt(mean((y - f)^2))` |
/// | `MAPE` | `mean(abs((y - f) / y))`; a step with `y` = 0 adds 0 and is counted |
/// | `MASE` | mean over items of `mean(abs(y - f)) / seasonal_error` ([`seasonal_error`](super::seasonal_error)) |
///
/// Where `sum(abs(y))` is nearly 0, wQL and WAPE are their numerators alone. Source: developer guide,
/// "evaluating predictor accuracy", "handling missing values"; how zero counts in MAPE and that the summary of several windows is
/// the mean of those that are defined was read off published exports.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct AccuracyMetrics {
    /// wQL of each quantile asked for, in that order.
    pub weighted_quantile_losses: Vec<WeightedQuantileLoss>,
    /// Mean of the wQL; none where no quantile was asked for.
    #[serde(with = "number::option")]
    pub average_weighted_quantile_loss: Option<f64>,
    /// Weighted absolute percentage error of the mean, as the fields below: or of whatever point forecast
    /// was handed in as [`Outcome::mean`].
    #[serde(rename = "WAPE", with = "number")]
    pub wape: f64,
    /// Root mean squared error of the mean.
    #[serde(rename = "RMSE", with = "number")]
    pub rmse: f64,
    /// Mean absolute percentage error of the mean.
    #[serde(rename = "MAPE", with = "number")]
    pub mape: f64,
    /// Mean absolute scaled error of the mean; none where no item has a past that changes.
    #[serde(rename = "MASE", with = "number::option")]
    pub mase: Option<f64>,
}

impl AccuracyMetrics {
    /// wQL of the quantile with this level, if it was asked for.
    pub fn weighted_quantile_loss(&self, level: f64) -> Option<f64> {
        let same = |loss: &&WeightedQuantileLoss| (loss.quantile.level() - level).abs() < 1e-9;
        self.weighted_quantile_losses.iter().find(same).map(|loss| loss.loss_value)
    }

    /// The mean of several windows' metrics, which Amazon calls their summary; none of none.
    ///
    /// Windows in which a metric is not defined are left out of its mean.
    pub fn summary<'a>(windows: impl IntoIterator<Item = &'a Self>) -> Option<Self> {
        let windows: Vec<&Self> = windows.into_iter().collect();
        let over = |metric: fn(&Self) -> f64| mean(windows.iter().map(|window| metric(window)));
        let defined = |metric: fn(&Self) -> Option<f64>| {
            Some(mean(windows.iter().filter_map(|window| metric(window))))
                .filter(|mean| !mean.is_nan())
        };
        let losses = windows.first()?.weighted_quantile_losses.iter().enumerate();
        let losses = losses.map(|(at, loss)| WeightedQuantileLoss {
            loss_value: mean(
                windows
                    .iter()
                    .filter_map(|window| window.weighted_quantile_losses.get(at))
                    .map(|loss| loss.loss_value),
            ),
            ..*loss
        });
        Some(Self {
            weighted_quantile_losses: losses.collect(),
            average_weighted_quantile_loss: defined(|window| window.average_weighted_quantile_loss),
            wape: over(|window| window.wape),
            rmse: over(|window| window.rmse),
            mape: over(|window| window.mape),
            mase: defined(|window| window.mase),
        })
    }

    /// The metrics by name, as [`crate::Progress::Evaluated`] carries them; without those that are not
    /// defined.
    pub fn to_map(&self) -> BTreeMap<String, f64> {
        let losses = self.weighted_quantile_losses.iter();
        let losses = losses.map(|loss| (format!("wQL[{}]", loss.quantile), Some(loss.loss_value)));
        let others = [
            ("Average wQL", self.average_weighted_quantile_loss),
            ("WAPE", Some(self.wape)),
            ("RMSE", Some(self.rmse)),
            ("MAPE", Some(self.mape)),
            ("MASE", self.mase),
        ];
        let others = others.into_iter().map(|(name, value)| (name.to_owned(), value));
        losses.chain(others).filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

/// Collects forecasts and their outcomes and gives their [`AccuracyMetrics`]: of one item, or of a
/// whole window.
///
/// ```
/// use ensue_core::{Quantile, metrics::forecast::{AccuracyAccumulator, Outcome}};
///
/// let mut metrics = AccuracyAccumulator::new(&[Quantile::MEDIAN], 1);
/// metrics.add(&Outcome {
///     past: &[1.0, 2.0, 3.0],
///     actual: &[4.0, 6.0],
///     mean: &[3.0, 4.0],
///     levels: &[Quantile::MEDIAN],
///     quantiles: &[vec![3.0, 6.0]],
/// });
/// let metrics = metrics.finish().expect("there are actual values");
/// assert_eq!(metrics.wape, 0.3);
/// assert_eq!(metrics.weighted_quantile_loss(0.5), Some(0.1));
/// assert_eq!(metrics.mase, Some(1.5));
/// ```
#[derive(Debug, Clone)]
pub struct AccuracyAccumulator {
    levels: Vec<Quantile>,
    season: usize,
    losses: Vec<f64>,
    actual: f64,
    error: f64,
    squared: f64,
    percentage: f64,
    steps: usize,
    scaled: f64,
    scaled_items: usize,
}

impl AccuracyAccumulator {
    /// Nothing yet. `levels` are the quantiles to measure, `season` the steps between the values that
    /// scaled errors compare ([`Frequency::seasonality`](crate::Frequency::seasonality)).
    pub fn new(levels: &[Quantile], season: usize) -> Self {
        Self {
            losses: vec![0.0; levels.len()],
            levels: levels.to_vec(),
            season,
            actual: 0.0,
            error: 0.0,
            squared: 0.0,
            percentage: 0.0,
            steps: 0,
            scaled: 0.0,
            scaled_items: 0,
        }
    }

    /// Takes in one item, unless an actual value is missing. A level that the forecast does not have
    /// counts as not-a-number.
    pub fn add(&mut self, outcome: &Outcome<'_>) {
        if !outcome.is_complete() {
            return;
        }
        let mut error = 0.0;
        for (y, forecast) in observed(outcome.actual, outcome.mean) {
            let miss = (y - forecast).abs();
            error += miss;
            self.actual += y.abs();
            self.squared += miss * miss;
            self.percentage += if y == 0.0 { 0.0 } else { miss / y.abs() };
        }
        let steps = outcome.actual.len();
        self.steps += steps;
        self.error += error;
        for (sum, level) in self.losses.iter_mut().zip(&self.levels) {
            *sum += outcome.quantile(level.level()).map_or(f64::NAN, |quantile| {
                quantile_loss(outcome.actual, quantile, level.level())
            });
        }
        let scale = seasonal_error(outcome.past, self.season);
        if scale > 0.0 {
            self.scaled += error / steps as f64 / scale;
            self.scaled_items += 1;
        }
    }

    /// The metrics of all items taken in; none where no item had all actual values ("not defined").
    pub fn finish(&self) -> Option<AccuracyMetrics> {
        if self.steps == 0 {
            return None;
        }
        let weight = if self.actual < NEARLY_ZERO { 1.0 } else { self.actual };
        let losses = self
            .levels
            .iter()
            .zip(&self.losses)
            .map(|(&quantile, loss)| WeightedQuantileLoss { quantile, loss_value: loss / weight });
        let losses: Vec<WeightedQuantileLoss> = losses.collect();
        let average = mean(losses.iter().map(|loss| loss.loss_value));
        let items = self.scaled_items;
        Some(AccuracyMetrics {
            average_weighted_quantile_loss: (!losses.is_empty()).then_some(average),
            weighted_quantile_losses: losses,
            wape: self.error / weight,
            rmse: (self.squared / self.steps as f64).sqrt(),
            mape: self.percentage / self.steps as f64,
            mase: (items > 0).then(|| self.scaled / items as f64),
        })
    }
}
