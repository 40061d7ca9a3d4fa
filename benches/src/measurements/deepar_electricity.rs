//! `[deepar-electricity]`: DeepAR on hourly electricity beside what Amazon's DeepAR+ gave in its own notebooks.

use ensue::core::Panel;

use crate::{
    Context,
    data::electricity,
    forecasts::{
        Task, backtests, figure, note_settings, other_figures, seasonal_naive, wanted_deepar,
    },
    report::{Bar, Failure, Report},
};

/// The panel, the bar on the RMSE of the median, and Amazon's wQL of .9, .5 and .1 and RMSE.
type Case = (&'static str, fn() -> Result<Panel, Failure>, f64, [f64; 3], f64);

const CASES: [Case; 2] = [
    ("client_12", electricity::client_12, 8.7, [0.0311, 0.0647, 0.0318], 8.68),
    ("three clients", electricity::all, 6.5, [0.0417, 0.0811, 0.0357], 6.18),
];

pub(crate) fn measure(context: &Context) -> Result<Report, Failure> {
    let mut report = Report::new(&context.seeds, context.threads.get());
    let deepar = wanted_deepar(context);
    let deepar = match deepar {
        Ok(deepar) => {
            note_settings(&mut report, "DeepAR", &deepar)?;
            Some(deepar)
        }
        Err(failure) => {
            report.part(Err(failure));
            None
        }
    };
    for (name, load, bar, quantiles, rmse) in CASES {
        let task = Task { panel: load()?, horizon: electricity::HORIZON };
        if let Some(deepar) = &deepar {
            let found = backtests(context, deepar, &task)?;
            let what = format!("{name}: DeepAR RMSE of the median");
            let amazon = format!("; published: Amazon {rmse}");
            figure(&mut report, &what, &found, |b| b.rmse_of_median, Bar::AtMost(bar), &amazon);
            for (tenths, amazon) in [9, 5, 1].into_iter().zip(quantiles) {
                let what = format!("{name}: DeepAR wQL[0.{tenths}]");
                let amazon = format!("; published: Amazon {amazon}");
                let loss = |found: &crate::forecasts::Backtest| found.quantile_loss(tenths);
                figure(&mut report, &what, &found, loss, Bar::None, &amazon);
            }
            other_figures(&mut report, &format!("{name}: DeepAR"), &found);
        }
        let naive = seasonal_naive(context, &task, &format!("{name}: "), &mut report)?;
        let what = format!("{name}: SeasonalNaive RMSE of the median");
        report.row(what, naive.rmse_of_median, Bar::None);
    }
    Ok(report)
}
