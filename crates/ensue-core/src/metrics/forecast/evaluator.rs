//! The numbers of GluonTS's evaluator.

use serde::{Deserialize, Serialize};

use super::{
    Outcome,
    formulas::{interval_score, mean, observed, quantile_loss, seasonal_error},
    number,
};
use crate::Quantile;

/// Share that the interval of MSIS should miss.
const ALPHA: f64 = 0.05;

/// The quantiles that an [`EvaluatorReport`] needs: 0.025, 0.1, 0.2, ..., 0.9, 0.975.
pub fn evaluator_quantiles() -> Vec<Quantile> {
    let ends = [ALPHA / 2.0, 1.0 - ALPHA / 2.0];
    let [first, last] = ends.map(|level| Quantile::new(level).expect("it is between 0 and 1"));
    std::iter::once(first).chain(Quantile::deciles()).chain([last]).collect()
}

/// The numbers of GluonTS's `Evaluator` with its default settings, under its names.
///
/// With `y` the actual value, `med` the median, `f` the mean forecast, `q` a quantile:
///
/// | number | formula | over several series |
/// |---|---|---|
/// | `wQuantileLoss[tau]` | twice the pinball loss | sum over the sum of `abs(y)` |
/// | `mean_wQuantileLoss` | mean over tau = 0.1, ..., 0.9 | |
/// | `ND` | `sum(abs(y - med)) / sum(abs(y))` | both sums over all |
/// | `RMSE` | `sqrt` of the mean of `(y - f)^2` | mean of the series' means, then the root |
/// | `NRMSE` | RMSE over the mean of the series' `mean(abs(y))` | |
/// | `MASE` | `mean(abs(y - med)) / seasonal_error` | mean, infinite ones included |
/// | `MSIS` | interval score of 0.025 to 0.975 over the seasonal error | mean, infinite ones included |
/// | `sMAPE` | `2 * mean(abs(y - med) / (abs(y) + abs(med)))` | mean |
/// | `MAPE` | `mean(abs(y - med) / abs(y))`, steps with `y` = 0 left out | mean |
/// | `Coverage[tau]` | share of `y <= q` | mean |
///
/// A number that is not defined for a series (no actual value; a past without change and without
/// error) is left out of the mean; one that is defined for none is not-a-number. Source: GluonTS 0.17,
/// `gluonts.evaluation.Evaluator`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "the table above says it")]
pub struct EvaluatorReport {
    #[serde(rename = "mean_wQuantileLoss", with = "number")]
    pub mean_weighted_quantile_loss: f64,
    #[serde(rename = "ND", with = "number")]
    pub nd: f64,
    #[serde(rename = "RMSE", with = "number")]
    pub rmse: f64,
    #[serde(rename = "NRMSE", with = "number")]
    pub nrmse: f64,
    #[serde(rename = "MASE", with = "number")]
    pub mase: f64,
    #[serde(rename = "MSIS", with = "number")]
    pub msis: f64,
    #[serde(rename = "sMAPE", with = "number")]
    pub smape: f64,
    #[serde(rename = "MAPE", with = "number")]
    pub mape: f64,
    /// For the levels 0.1, 0.2, ..., 0.9.
    #[serde(rename = "wQuantileLoss", with = "number::nine")]
    pub weighted_quantile_losses: [f64; 9],
    /// For the levels 0.1, 0.2, ..., 0.9.
    #[serde(rename = "Coverage", with = "number::nine")]
    pub coverage: [f64; 9],
    /// Sum of the absolute actual values.
    #[serde(with = "number")]
    pub abs_target_sum: f64,
    /// Mean of the series' seasonal errors.
    #[serde(with = "number")]
    pub seasonal_error: f64,
    /// Steps without an actual value.
    pub num_masked_target_values: usize,
    /// Series taken in.
    pub series: usize,
}

impl EvaluatorReport {
    /// Name and value of the numbers that are one number.
    pub fn numbers(&self) -> [(&'static str, f64); 8] {
        [
            ("mean_wQuantileLoss", self.mean_weighted_quantile_loss),
            ("ND", self.nd),
            ("RMSE", self.rmse),
            ("NRMSE", self.nrmse),
            ("MASE", self.mase),
            ("MSIS", self.msis),
            ("sMAPE", self.smape),
            ("MAPE", self.mape),
        ]
    }
}

/// Collects forecasts and their outcomes and gives their [`EvaluatorReport`].
///
/// The outcomes need the levels of [`evaluator_quantiles`]; what needs a level that is not there is
/// not-a-number.
///
/// ```
/// use ensue_core::metrics::forecast::{EvaluatorAccumulator, Outcome, evaluator_quantiles};
///
/// // A point forecast: every quantile is the mean.
/// let levels = evaluator_quantiles();
/// let forecast = vec![3.0, 4.0];
/// let mut evaluator = EvaluatorAccumulator::new(1);
/// evaluator.add(&Outcome {
///     past: &[1.0, 2.0, 3.0],
///     actual: &[4.0, 6.0],
///     mean: &forecast,
///     levels: &levels,
///     quantiles: &vec![forecast.clone(); levels.len()],
/// });
/// let report = evaluator.finish();
/// assert_eq!((report.nd, report.mase), (0.3, 1.5));
/// assert!((report.mean_weighted_quantile_loss - 0.3).abs() < 1e-12);
/// ```
#[derive(Debug, Clone)]
pub struct EvaluatorAccumulator {
    season: usize,
    deciles: Vec<Quantile>,
    losses: [f64; 9],
    coverage: [Mean; 9],
    abs_error: f64,
    abs_target: f64,
    abs_target_mean: Mean,
    mse: Mean,
    mase: Mean,
    msis: Mean,
    smape: Mean,
    mape: Mean,
    seasonal_error: Mean,
    masked: usize,
    series: usize,
}

/// A mean that leaves out what is not a number.
#[derive(Debug, Clone, Copy, Default)]
struct Mean {
    sum: f64,
    count: usize,
}

impl Mean {
    fn add(&mut self, x: f64) {
        if !x.is_nan() {
            self.sum += x;
            self.count += 1;
        }
    }

    fn value(self) -> f64 {
        if self.count == 0 { f64::NAN } else { self.sum / self.count as f64 }
    }
}

impl EvaluatorAccumulator {
    /// Nothing yet. `season`: the steps between the values that scaled errors compare
    /// ([`Frequency::seasonality`](crate::Frequency::seasonality)).
    pub fn new(season: usize) -> Self {
        let none = Mean::default();
        Self {
            season,
            deciles: Quantile::deciles(),
            losses: [0.0; 9],
            coverage: [none; 9],
            abs_error: 0.0,
            abs_target: 0.0,
            abs_target_mean: none,
            mse: none,
            mase: none,
            msis: none,
            smape: none,
            mape: none,
            seasonal_error: none,
            masked: 0,
            series: 0,
        }
    }

    /// Takes in one series.
    pub fn add(&mut self, outcome: &Outcome<'_>) {
        let actual = outcome.actual;
        let seasonal = seasonal_error(outcome.past, self.season);
        self.series += 1;
        self.masked += actual.len() - outcome.observed();
        self.seasonal_error.add(seasonal);
        if outcome.observed() == 0 {
            return;
        }
        let missing = vec![f64::NAN; actual.len()];
        let quantile = |level: f64| outcome.quantile(level).unwrap_or(&missing);
        let median = quantile(0.5);

        let abs_error: f64 = observed(actual, median).map(|(y, f)| (y - f).abs()).sum();
        let steps = outcome.observed() as f64;
        self.abs_error += abs_error;
        self.abs_target += observed(actual, actual).map(|(y, _)| y.abs()).sum::<f64>();
        self.abs_target_mean.add(mean(observed(actual, actual).map(|(y, _)| y.abs())));
        self.mse.add(mean(observed(actual, outcome.mean).map(|(y, f)| (y - f) * (y - f))));
        self.mase.add(abs_error / steps / seasonal);
        let (lower, upper) = (quantile(ALPHA / 2.0), quantile(1.0 - ALPHA / 2.0));
        self.msis.add(interval_score(actual, lower, upper, ALPHA) / seasonal);
        // A step whose divisor is zero counts nowhere.
        let ratios = |divisor: fn(f64, f64) -> f64| {
            let steps = observed(actual, median).map(move |(y, f)| ((y - f).abs(), divisor(y, f)));
            mean(steps.filter(|&(_, by)| by != 0.0).map(|(error, by)| error / by))
        };
        self.smape.add(2.0 * ratios(|y, f| y.abs() + f.abs()));
        self.mape.add(ratios(|y, _| y.abs()));
        for (at, decile) in self.deciles.iter().enumerate() {
            let forecast = quantile(decile.level());
            self.losses[at] += quantile_loss(actual, forecast, decile.level());
            let covered = observed(actual, forecast).map(|(y, q)| f64::from(u8::from(y <= q)));
            self.coverage[at].add(mean(covered));
        }
    }

    /// The numbers of all series taken in.
    pub fn finish(&self) -> EvaluatorReport {
        let rmse = self.mse.value().sqrt();
        let losses = self.losses.map(|loss| loss / self.abs_target);
        EvaluatorReport {
            mean_weighted_quantile_loss: losses.iter().sum::<f64>() / 9.0,
            nd: self.abs_error / self.abs_target,
            rmse,
            nrmse: rmse / self.abs_target_mean.value(),
            mase: self.mase.value(),
            msis: self.msis.value(),
            smape: self.smape.value(),
            mape: self.mape.value(),
            weighted_quantile_losses: losses,
            coverage: self.coverage.map(Mean::value),
            abs_target_sum: self.abs_target,
            seasonal_error: self.seasonal_error.value(),
            num_masked_target_values: self.masked,
            series: self.series,
        }
    }
}
