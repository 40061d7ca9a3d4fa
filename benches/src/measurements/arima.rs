//! `[arima]`: orders and criteria of 50 series against statsforecast's, and what the forecasts are worth.

use ensue::core::Panel;
use ensue_forecast::{AnyAlgorithm, algorithms::arima::Arima};
use serde::Deserialize;

use crate::{
    Context,
    data::{hospital, m4},
    forecasts::{Task, backtest, peers, seasonal_naive},
    report::{Bar, Failure, Report},
};

/// By `benches/peers/arima_golden.py`.
const GOLDEN: &str = include_str!("../../golden/arima.json");

/// Series that have to get the same order, and how far above statsforecast's `AICc` ours may lie.
const SAME: f64 = 40.0;
const NEAR: f64 = 1e-3;

#[derive(Debug, Deserialize)]
struct Golden {
    tool: String,
    series: Vec<Row>,
}

#[derive(Debug, Deserialize)]
struct Row {
    set: String,
    id: String,
    season: usize,
    order: [usize; 6],
    constant: bool,
    aicc: f64,
}

pub(crate) fn measure(context: &Context) -> Result<Report, Failure> {
    let mut report = Report::new(&[], context.threads.get());
    let tasks = [
        ("M4 hourly", Task { panel: m4::hourly()?, horizon: m4::HOURLY_HORIZON }),
        ("M4 weekly", Task { panel: m4::weekly()?, horizon: m4::WEEKLY_HORIZON }),
        ("hospital", Task { panel: hospital::load()?, horizon: hospital::HORIZON }),
    ];
    orders(&tasks, &mut report)?;
    let seasonal = Arima { fourier_terms: 0, ..Arima::default() };
    for (name, task) in &tasks {
        accuracy(context, name, "", &Arima::default().into(), task, &mut report)?;
        if *name == "M4 hourly" {
            let what = ", seasonal terms instead of waves";
            accuracy(context, name, what, &seasonal.clone().into(), task, &mut report)?;
        }
        seasonal_naive(context, task, &format!("{name} "), &mut report)?;
    }
    peers(
        &mut report,
        &[
            (
                "M4 hourly: statsforecast's AutoARIMA, wQL",
                0.0360,
                "AutoGluon 2023; MASE .92, 1,233 CPU minutes",
            ),
            ("M4 weekly: statsforecast's AutoARIMA, wQL", 0.0500, "AutoGluon 2023; MASE 2.34"),
            ("hospital: statsforecast's AutoARIMA, wQL", 0.0579, "AutoGluon 2023"),
        ],
    );
    Ok(report)
}

/// The forecasts of one set.
fn accuracy(
    context: &Context,
    name: &str,
    what: &str,
    algorithm: &AnyAlgorithm,
    task: &Task,
    report: &mut Report,
) -> Result<(), Failure> {
    let found = backtest(context, algorithm, task, 0)?;
    let loss = found.evaluator.mean_weighted_quantile_loss;
    report.row(format!("{name}{what}: wQL"), loss, Bar::None);
    report.row(format!("{name}{what}: MASE"), found.evaluator.mase, Bar::None);
    report.row(format!("{name}{what}: coverage of 0.1"), found.evaluator.coverage[0], Bar::None);
    report.row(format!("{name}{what}: coverage of 0.9"), found.evaluator.coverage[8], Bar::None);
    report.row(format!("{name}{what}: seconds"), found.forecasting, Bar::None);
    Ok(())
}

/// The 50 series.
fn orders(tasks: &[(&str, Task); 3], report: &mut Report) -> Result<(), Failure> {
    let golden: Golden = serde_json::from_str(GOLDEN)?;
    let (mut same, mut same_constant, mut near, mut lower) = (0.0, 0.0, 0.0, 0.0);
    for row in &golden.series {
        let at = match row.set.as_str() {
            "m4-hourly-days" => 0,
            "m4-weekly" => 1,
            _ => 2,
        };
        let values = past(&tasks[at].1, &row.id)?;
        let values = if at == 0 {
            values.chunks_exact(24).map(|day| day.iter().sum()).collect()
        } else {
            values
        };
        let Some(found) = Arima::default().chosen(&values, row.season) else {
            return Err(Failure::NotMeasured(format!("{} has no values", row.id)));
        };
        let excess = (found.aicc - row.aicc) / row.aicc.abs();
        near += f64::from(u8::from(excess <= NEAR));
        if found.order == row.order {
            same += 1.0;
            same_constant += f64::from(u8::from(found.constant == row.constant));
        } else {
            lower += f64::from(u8::from(excess < 0.0));
            let orders = format!("{:?}, not {:?}", found.order, row.order);
            let aicc = format!("AICc {:.2} against {:.2}", found.aicc, row.aicc);
            report.note(format!("{} {}: {orders}; {aicc}", row.set, row.id));
        }
    }
    let count = golden.series.len() as f64;
    let remark = format!("of {count}, {}", golden.tool);
    report.row_with("series with the same order", same, Bar::AtLeast(SAME), remark);
    report.row_with("the same constant too", same_constant, Bar::None, "");
    report.row_with("another order, a lower AICc", lower, Bar::None, "");
    let remark = "of all: the criterion of the differenced series, the variance counted, as in R";
    report.row_with("AICc at most .1 % above", near, Bar::AtLeast(count), remark);
    Ok(())
}

/// What lies before the horizon of a series.
fn past(task: &Task, id: &str) -> Result<Vec<f64>, Failure> {
    let panel: &Panel = &task.panel;
    let series = panel.series().iter().find(|series| series.key()[0] == id);
    let Some(series) = series else {
        return Err(Failure::NotMeasured(format!("{id} is missing")));
    };
    Ok(series.target()[..series.len() - task.horizon].to_vec())
}
