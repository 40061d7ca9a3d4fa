//! Forecasting algorithms fitted to the past of a panel, and measured on the steps that were held back.

use std::time::Instant;

use ensue::core::{
    EvaluatorAccumulator, EvaluatorReport, Outcome, Panel, Seed, evaluator_quantiles,
};
use ensue_forecast::{AnyAlgorithm, Forecaster, TrainingData, algorithms::deepar::DeepAr};

use crate::{
    Context, recipes,
    report::{Bar, Failure, Report},
};

/// The last season once more; every quantile is the median, as in GluonTS.
pub(crate) const SEASONAL_NAIVE: &str = r#"{"algorithm": "SeasonalNaive", "intervals": "point"}"#;

/// The same with intervals as wide as it was wrong in the past.
const SEASONAL_NAIVE_SPREAD: &str = r#"{"algorithm": "SeasonalNaive", "intervals": "residuals"}"#;

/// Name of DeepAR in settings.
const DEEPAR: &str = "Deep_AR_Plus";

/// A panel whose last `horizon` steps are the answer.
pub(crate) struct Task {
    pub(crate) panel: Panel,
    pub(crate) horizon: usize,
}

/// One fit and what its forecast was worth.
#[derive(Debug, Clone)]
pub(crate) struct Backtest {
    pub(crate) evaluator: EvaluatorReport,
    /// Over all series and steps together, as Amazon's RMSE was before it took the mean (November 2020).
    pub(crate) rmse_of_median: f64,
    /// Seconds that the fit took.
    pub(crate) training: f64,
    /// Seconds that the forecast of all series took.
    pub(crate) forecasting: f64,
}

impl Backtest {
    /// wQL of 0.1, 0.2, ..., 0.9 by its tenths.
    pub(crate) fn quantile_loss(&self, tenths: usize) -> f64 {
        self.evaluator.weighted_quantile_losses[tenths - 1]
    }
}

/// An algorithm in a piece of JSON.
pub(crate) fn parse(settings: &str) -> Result<AnyAlgorithm, Failure> {
    Ok(serde_json::from_str(settings)?)
}

/// DeepAR with the library's defaults, but for what `settings` says.
pub(crate) fn deepar(settings: &str) -> Result<AnyAlgorithm, Failure> {
    let mut settings: serde_json::Map<String, serde_json::Value> = serde_json::from_str(settings)?;
    settings.insert("algorithm".to_owned(), DEEPAR.into());
    Ok(serde_json::from_value(settings.into())?)
}

/// DeepAR with the defaults, or as the command line wants it.
pub(crate) fn wanted_deepar(context: &Context) -> Result<AnyAlgorithm, Failure> {
    deepar(context.settings.as_deref().unwrap_or("{}"))
}

/// DeepAR as Amazon sets it.
pub(crate) fn amazons_deepar() -> AnyAlgorithm {
    DeepAr::amazon().into()
}

/// Fits to what lies before the last `horizon` steps, forecasts these, and evaluates as GluonTS does.
pub(crate) fn backtest(
    context: &Context,
    algorithm: &AnyAlgorithm,
    task: &Task,
    seed: u64,
) -> Result<Backtest, Failure> {
    let data = TrainingData { panel: task.panel.cut(task.horizon), horizon: task.horizon };
    let start = Instant::now();
    let fitted = algorithm.fit(&data, &mut recipes::run(context, seed))?;
    let training = start.elapsed().as_secs_f64();
    let levels = evaluator_quantiles();
    let start = Instant::now();
    let forecasts = fitted.forecast(&data.panel, &levels, Seed(seed))?;
    let forecasting = start.elapsed().as_secs_f64();

    let mut evaluator = EvaluatorAccumulator::new(task.panel.frequency().seasonality());
    let (mut squares, mut steps) = (0.0, 0usize);
    for (series, forecast) in data.panel.series().iter().zip(&forecasts) {
        let outcome = Outcome {
            past: series.target(),
            actual: series.hidden(),
            mean: &forecast.mean,
            levels: &levels,
            quantiles: &forecast.quantiles,
        };
        evaluator.add(&outcome);
        let median = outcome.quantile(0.5).unwrap_or_default();
        for (y, median) in outcome.actual.iter().zip(median).filter(|(y, _)| y.is_finite()) {
            squares += (y - median).powi(2);
            steps += 1;
        }
    }
    let rmse_of_median = (squares / steps as f64).sqrt();
    Ok(Backtest { evaluator: evaluator.finish(), rmse_of_median, training, forecasting })
}

/// What a fitted algorithm's forecast of the held-back steps is worth by GluonTS's evaluator; `past` is the task's panel
/// without them.
pub(crate) fn evaluated(
    fitted: &dyn Forecaster,
    task: &Task,
    past: &Panel,
    seed: u64,
) -> Result<EvaluatorReport, Failure> {
    let levels = evaluator_quantiles();
    let forecasts = fitted.forecast(past, &levels, Seed(seed))?;
    let mut evaluator = EvaluatorAccumulator::new(task.panel.frequency().seasonality());
    for (series, forecast) in past.series().iter().zip(&forecasts) {
        evaluator.add(&Outcome {
            past: series.target(),
            actual: series.hidden(),
            mean: &forecast.mean,
            levels: &levels,
            quantiles: &forecast.quantiles,
        });
    }
    Ok(evaluator.finish())
}

/// One backtest for each seed of the context.
pub(crate) fn backtests(
    context: &Context,
    algorithm: &AnyAlgorithm,
    task: &Task,
) -> Result<Vec<Backtest>, Failure> {
    context.seeds.iter().map(|&seed| backtest(context, algorithm, task, seed)).collect()
}

/// Notes the settings in full.
pub(crate) fn note_settings(
    report: &mut Report,
    what: &str,
    algorithm: &AnyAlgorithm,
) -> Result<(), Failure> {
    let settings = serde_json::to_string(algorithm)?;
    report.note(format!("{what}: {settings}"));
    Ok(())
}

/// A figure of all seeds; their mean is held to the bar.
pub(crate) fn figure(
    report: &mut Report,
    what: &str,
    backtests: &[Backtest],
    of: impl Fn(&Backtest) -> f64,
    bar: Bar,
    remark: &str,
) {
    let values: Vec<f64> = backtests.iter().map(of).collect();
    report.seeds_row(what, &values, bar, remark);
}

/// What nobody promised, but everybody asks.
pub(crate) fn other_figures(report: &mut Report, what: &str, backtests: &[Backtest]) {
    type Of = fn(&Backtest) -> f64;
    let others: [(&str, Of); 7] = [
        ("ND", |b| b.evaluator.nd),
        ("RMSE of the mean", |b| b.evaluator.rmse),
        ("MSIS", |b| b.evaluator.msis),
        ("coverage of 0.1", |b| b.evaluator.coverage[0]),
        ("coverage of 0.9", |b| b.evaluator.coverage[8]),
        ("training seconds", |b| b.training),
        ("forecasting seconds", |b| b.forecasting),
    ];
    for (name, of) in others {
        figure(report, &format!("{what} {name}"), backtests, of, Bar::None, "");
    }
}

/// Figures of others, beside ours: what, value, source.
pub(crate) fn peers(report: &mut Report, peers: &[(&str, f64, &str)]) {
    for &(what, value, source) in peers {
        report.row_with(what, value, Bar::None, source);
    }
}

/// The seasonal naive on the same task, as every report prints it: the median as all quantiles, and with intervals as wide
/// as it was wrong in the past. Gives the first.
pub(crate) fn seasonal_naive(
    context: &Context,
    task: &Task,
    what: &str,
    report: &mut Report,
) -> Result<Backtest, Failure> {
    let naive = backtest(context, &parse(SEASONAL_NAIVE)?, task, 0)?;
    let spread = backtest(context, &parse(SEASONAL_NAIVE_SPREAD)?, task, 0)?;
    let season = format!("season {}", task.panel.frequency().seasonality());
    let what = format!("{what}SeasonalNaive");
    for (found, how) in [(&naive, "median as forecast"), (&spread, "intervals of residuals")] {
        let loss = found.evaluator.mean_weighted_quantile_loss;
        let remark = format!("{season}, {how}");
        report.row_with(format!("{what} mean_wQuantileLoss"), loss, Bar::None, remark);
    }
    report.row_with(format!("{what} MASE"), naive.evaluator.mase, Bar::None, season);
    Ok(naive)
}
