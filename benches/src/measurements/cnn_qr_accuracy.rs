//! `[cnn-qr]`: CNN-QR on public sets without covariates, by GluonTS's evaluator, beside what others publish for MQ-CNN.

use ensue_forecast::AnyAlgorithm;

use crate::{
    Context,
    data::{hospital, m4},
    forecasts::{Task, backtests, figure, note_settings, other_figures, peers, seasonal_naive},
    report::{Bar, Failure, Report},
};

/// Name of CNN-QR in settings.
const CNN_QR: &str = "CNN-QR";
const GLUONTS_TABLE: &str = "published: GluonTS's table of evaluations, 2020";
const GLUONTS_LATER: &str = "published: the same table, later runs";

pub(crate) fn measure(context: &Context) -> Result<Report, Failure> {
    let mut report = Report::new(&context.seeds, context.threads.get());
    let algorithm = wanted(context)?;
    note_settings(&mut report, "CNN-QR", &algorithm)?;
    let hourly = Task { panel: m4::hourly()?, horizon: m4::HOURLY_HORIZON };
    set(context, &algorithm, "M4 hourly ", &hourly, Bar::AtMost(0.050), &mut report)?;
    peers(
        &mut report,
        &[
            ("M4 hourly GluonTS MQ-CNN mean_wQuantileLoss", 0.0651, GLUONTS_TABLE),
            ("M4 hourly GluonTS MQ-CNN mean_wQuantileLoss", 0.044, GLUONTS_LATER),
        ],
    );
    let weekly = Task { panel: m4::weekly()?, horizon: m4::WEEKLY_HORIZON };
    set(context, &algorithm, "M4 weekly ", &weekly, Bar::None, &mut report)?;
    peers(
        &mut report,
        &[
            ("M4 weekly GluonTS MQ-CNN mean_wQuantileLoss", 0.0590, GLUONTS_TABLE),
            ("M4 weekly GluonTS MQ-CNN mean_wQuantileLoss", 0.079, GLUONTS_LATER),
        ],
    );
    let hospital = Task { panel: hospital::load()?, horizon: hospital::HORIZON };
    set(context, &algorithm, "hospital ", &hospital, Bar::None, &mut report)?;
    Ok(report)
}

/// CNN-QR with the defaults, or as the command line wants it.
fn wanted(context: &Context) -> Result<AnyAlgorithm, Failure> {
    let settings = context.settings.as_deref().unwrap_or("{}");
    let mut settings: serde_json::Map<String, serde_json::Value> = serde_json::from_str(settings)?;
    settings.insert("algorithm".to_owned(), CNN_QR.into());
    Ok(serde_json::from_value(settings.into())?)
}

/// One set over all seeds, beside the seasonal naive.
fn set(
    context: &Context,
    algorithm: &AnyAlgorithm,
    set: &str,
    task: &Task,
    bar: Bar,
    report: &mut Report,
) -> Result<(), Failure> {
    let found = backtests(context, algorithm, task)?;
    let what = format!("{set}CNN-QR");
    let loss = format!("{what} mean_wQuantileLoss");
    figure(report, &loss, &found, |b| b.evaluator.mean_weighted_quantile_loss, bar, "");
    figure(report, &format!("{what} MASE"), &found, |b| b.evaluator.mase, Bar::None, "");
    other_figures(report, &what, &found);
    seasonal_naive(context, task, set, report)?;
    Ok(())
}
