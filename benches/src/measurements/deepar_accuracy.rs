//! `[deepar-m4-hourly]`, `[deepar-m4-weekly]`, `[deepar-hospital]`: DeepAR on public sets without covariates, by GluonTS's
//! evaluator, beside what others publish for theirs.

use ensue_forecast::AnyAlgorithm;

use crate::{
    Context,
    data::{hospital, m4},
    forecasts::{
        Task, amazons_deepar, backtests, figure, note_settings, other_figures, peers,
        seasonal_naive, wanted_deepar,
    },
    report::{Bar, Failure, Report, mean_and_sd},
};

/// Bars on the figures of one set.
struct Bars {
    loss: Bar,
    /// On the standard deviation of the loss over the seeds.
    spread: Bar,
    mase: Bar,
    remark: &'static str,
}

impl Bars {
    /// Reported only.
    const NONE: Self = Self { loss: Bar::None, spread: Bar::None, mase: Bar::None, remark: "" };
}

const GLUONTS_TABLE: &str = "published: GluonTS's table of evaluations, 2020";
const AUTOGLUON: &str = "published: AutoGluon-TimeSeries, AutoML 2023, results file";
const GLUONTS_MEASURED: &str = "measured: GluonTS torch, default settings";

pub(crate) fn m4_hourly(context: &Context) -> Result<Report, Failure> {
    let task = Task { panel: m4::hourly()?, horizon: m4::HOURLY_HORIZON };
    let bars = Bars {
        loss: Bar::AtMost(0.045),
        spread: Bar::AtMost(0.006),
        mase: Bar::AtMost(1.45),
        remark: "; aim 1.19, the seasonal naive's",
    };
    let mut report = beside_naive(
        context,
        &task,
        &bars,
        &[
            ("GluonTS DeepAR mean_wQuantileLoss", 0.0329, GLUONTS_TABLE),
            ("GluonTS DeepAR mean_wQuantileLoss, seed 0", 0.0496, GLUONTS_MEASURED),
            ("GluonTS DeepAR mean_wQuantileLoss, seed 1", 0.0345, GLUONTS_MEASURED),
            ("AutoGluon DeepAR mean_wQuantileLoss, sd .0299", 0.0648, AUTOGLUON),
            ("AutoGluon DeepAR MASE", 1.484, AUTOGLUON),
            ("GIFT-Eval DeepAR mean_wQuantileLoss", 0.133, "published: GIFT-Eval, results file"),
        ],
    )?;
    if context.settings.is_none() {
        // Five times as many epochs: two seeds have to do.
        let seeds = context.seeds.iter().copied().take(2).collect();
        let context = Context { seeds, ..context.clone() };
        let name = "DeepAR, Amazon's defaults,";
        let amazon = deepar(&context, &amazons_deepar(), name, &task, &Bars::NONE, &mut report);
        report.part(amazon);
    }
    Ok(report)
}

pub(crate) fn m4_weekly(context: &Context) -> Result<Report, Failure> {
    let task = Task { panel: m4::weekly()?, horizon: m4::WEEKLY_HORIZON };
    let bars = Bars { loss: Bar::AtMost(0.0459), ..Bars::NONE };
    beside_naive(
        context,
        &task,
        &bars,
        &[
            ("GluonTS DeepAR mean_wQuantileLoss", 0.0485, GLUONTS_TABLE),
            ("AutoGluon DeepAR mean_wQuantileLoss, sd .0008", 0.0459, AUTOGLUON),
            ("AutoGluon DeepAR MASE", 2.418, AUTOGLUON),
        ],
    )
}

pub(crate) fn hospital(context: &Context) -> Result<Report, Failure> {
    let task = Task { panel: hospital::load()?, horizon: hospital::HORIZON };
    let bars = Bars { loss: Bar::AtMost(0.0531), ..Bars::NONE };
    beside_naive(
        context,
        &task,
        &bars,
        &[
            ("AutoGluon DeepAR mean_wQuantileLoss, sd .0007", 0.0531, AUTOGLUON),
            ("AutoGluon DeepAR MASE", 0.771, AUTOGLUON),
        ],
    )
}

/// DeepAR at its bars, the seasonal naive and the others' figures.
fn beside_naive(
    context: &Context,
    task: &Task,
    bars: &Bars,
    others: &[(&str, f64, &str)],
) -> Result<Report, Failure> {
    let mut report = Report::new(&context.seeds, context.threads.get());
    let measured = wanted_deepar(context)
        .and_then(|wanted| deepar(context, &wanted, "DeepAR", task, bars, &mut report));
    report.part(measured);
    seasonal_naive(context, task, "", &mut report)?;
    peers(&mut report, others);
    Ok(report)
}

/// One DeepAR over all seeds.
fn deepar(
    context: &Context,
    algorithm: &AnyAlgorithm,
    what: &str,
    task: &Task,
    bars: &Bars,
    report: &mut Report,
) -> Result<(), Failure> {
    note_settings(report, what, algorithm)?;
    let found = backtests(context, algorithm, task)?;
    let loss = format!("{what} mean_wQuantileLoss");
    let losses: Vec<f64> =
        found.iter().map(|found| found.evaluator.mean_weighted_quantile_loss).collect();
    report.seeds_row(loss.as_str(), &losses, bars.loss, "");
    report.row(format!("{loss}, sd over seeds"), mean_and_sd(&losses).1, bars.spread);
    let mase = format!("{what} MASE");
    figure(report, &mase, &found, |found| found.evaluator.mase, bars.mase, bars.remark);
    other_figures(report, what, &found);
    Ok(())
}
