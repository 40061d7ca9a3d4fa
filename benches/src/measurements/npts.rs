//! `[npts]`: past values drawn by weight, against GluonTS's figures and its time.

use std::time::Instant;

use ensue::core::{Panel, Quantile, Run, Seed, Series};
use ensue_forecast::{Algorithm, AnyAlgorithm, Forecaster, TrainingData, algorithms::npts::Npts};

use crate::{
    Context,
    data::{counted, m4},
    forecasts::{Task, backtest, note_settings, seasonal_naive},
    measurements::{deepar_speed::pin, recurrent_cpu::median},
    report::{Bar, Failure, Report},
};

/// `mean_wQuantileLoss` of GluonTS's `NPTSPredictor` at its defaults, 100 samples, and the seconds that it took.
const GLUONTS: [(f64, f64); 2] = [(0.0479, 519.0), (0.2960, 43.0)];

/// How far from GluonTS's figure ours may lie.
const NEAR: f64 = 0.02;

/// Forecasts that the time is the median of.
const ROUNDS: usize = 5;

pub(crate) fn measure(context: &Context) -> Result<Report, Failure> {
    let core = pin();
    let mut report = Report::new(&[], 1);
    let gluonts: AnyAlgorithm = Npts::gluonts().into();
    let amazon: AnyAlgorithm = Npts::default().into();
    // GluonTS starts every series at 1750-01-01, a Thursday: its first week ends on the 4th of January. The hours start alike.
    let sets = [
        ("M4 hourly", m4::hourly()?, m4::HOURLY_HORIZON, 414),
        ("M4 weekly", shifted(&m4::weekly()?, -1)?, m4::WEEKLY_HORIZON, 359),
    ];
    for ((name, panel, horizon, series), (published, theirs)) in sets.into_iter().zip(GLUONTS) {
        let task = Task { panel, horizon };
        let found = backtest(context, &gluonts, &task, 0)?.evaluator;
        let loss = found.mean_weighted_quantile_loss;
        let remark = format!("GluonTS {published:.4}");
        report.row_with(format!("{name}, GluonTS's settings: wQL"), loss, Bar::None, remark);
        let what = format!("{name}: distance from GluonTS's wQL, relative");
        report.row(what, (loss / published - 1.0).abs(), Bar::AtMost(NEAR));
        report.row(format!("{name}, GluonTS's settings: MASE"), found.mase, Bar::None);

        let seconds = median(&mut seconds(&task, series)?);
        let bar = if horizon == m4::HOURLY_HORIZON { Bar::AtMost(1.0) } else { Bar::None };
        let remark = format!("median of {ROUNDS}, {core}; GluonTS {theirs} s");
        report.row_with(format!("{name}: fit and forecast, seconds"), seconds, bar, remark);

        let found = backtest(context, &amazon, &task, 0)?.evaluator;
        let loss = found.mean_weighted_quantile_loss;
        report.row(format!("{name}, Amazon's defaults: wQL"), loss, Bar::None);
        report.row(format!("{name}, Amazon's defaults: MASE"), found.mase, Bar::None);
        seasonal_naive(context, &task, &format!("{name} "), &mut report)?;
    }
    note_settings(&mut report, "GluonTS's settings", &gluonts)?;
    note_settings(&mut report, "Amazon's defaults", &amazon)?;
    report.note(
        "weeks begin one week earlier than in the other measurements of M4 weekly: 1749-12-29",
    );
    Ok(report)
}

/// The same series, so many steps later.
fn shifted(panel: &Panel, steps: i64) -> Result<Panel, Failure> {
    let later = |series: &Series| {
        Series::new(series.key().to_vec(), series.start() + steps, series.target().to_vec())
    };
    Ok(Panel::new(panel.frequency(), panel.series().iter().map(later).collect())?)
}

/// Seconds of fitting and forecasting all series, several times.
fn seconds(task: &Task, series: usize) -> Result<Vec<f64>, Failure> {
    let data = TrainingData { panel: task.panel.cut(task.horizon), horizon: task.horizon };
    let once = |_| {
        let start = Instant::now();
        let fitted = Npts::gluonts().fit(&data, &mut Run::new("ndarray"))?;
        let forecasts = fitted.forecast(&data.panel, &Quantile::deciles(), Seed(0))?;
        let seconds = start.elapsed().as_secs_f64();
        counted("series forecast", forecasts.len(), series)?;
        Ok(seconds)
    };
    (0..ROUNDS).map(once).collect()
}
