//! `[seasonal-naive]`: the last season once more, digit for digit as others publish it.

use crate::{
    Context,
    data::{hospital, m4},
    forecasts::{SEASONAL_NAIVE, Task, backtest, parse},
    report::{Bar, Failure, Report},
};

pub(crate) fn measure(context: &Context) -> Result<Report, Failure> {
    let mut report = Report::new(&[], context.threads.get());
    let algorithm = parse(SEASONAL_NAIVE)?;
    // Digits: GluonTS's table of evaluations (quantiles all at the median), AutoGluon's of MASE.
    let sets = [
        ("M4 hourly", m4::hourly()?, m4::HOURLY_HORIZON, Bar::Digits(0.04831, 5), 1.1932),
        ("M4 weekly", m4::weekly()?, m4::WEEKLY_HORIZON, Bar::Digits(0.06340, 5), 2.7773),
        ("hospital", hospital::load()?, hospital::HORIZON, Bar::None, 0.9205),
    ];
    for (name, panel, horizon, loss, mase) in sets {
        let found = backtest(context, &algorithm, &Task { panel, horizon }, 0)?.evaluator;
        let wql = found.mean_weighted_quantile_loss;
        report.row(format!("{name} mean_wQuantileLoss"), wql, loss);
        report.row(format!("{name} MASE"), found.mase, Bar::Digits(mase, 4));
        report.row(format!("{name} RMSE"), found.rmse, Bar::None);
    }
    Ok(report)
}
