//! `[deepar-orange-juice]`: what prices, promotions and store metadata are worth to DeepAR, seed by seed.

use ensue::core::Series;

use crate::{
    Context,
    data::orange_juice,
    forecasts::{
        Backtest, Task, backtests, note_settings, other_figures, seasonal_naive, wanted_deepar,
    },
    report::{Bar, Failure, Report, mean_and_sd},
};

pub(crate) fn measure(context: &Context) -> Result<Report, Failure> {
    let mut report = Report::new(&context.seeds, context.threads.get());
    let tasks = [true, false].map(|covariates| {
        let panel = orange_juice::load(covariates)?;
        Ok::<_, Failure>(Task { panel, horizon: orange_juice::HORIZON })
    });
    let [with, without] = tasks;
    let (with, without) = (with?, without?);
    report.row("series", with.panel.len() as f64, Bar::Count(913));
    let observed = observed(&with);
    // Counted, as the naive's 1.2828, by a program of a few lines in pandas.
    report.row("observed steps to forecast", observed as f64, Bar::Count(6_930));
    let naive = seasonal_naive(context, &without, "", &mut report)?;
    report.row("the first of these, to its digits", loss(&naive), Bar::Digits(1.2828, 4));
    let measured = deepar(context, [&with, &without], loss(&naive), &mut report);
    report.part(measured);
    Ok(report)
}

fn loss(found: &Backtest) -> f64 {
    found.evaluator.mean_weighted_quantile_loss
}

/// Both panels with the same seeds.
fn deepar(
    context: &Context,
    [with, without]: [&Task; 2],
    naive: f64,
    report: &mut Report,
) -> Result<(), Failure> {
    let algorithm = wanted_deepar(context)?;
    note_settings(report, "DeepAR", &algorithm)?;
    let with = backtests(context, &algorithm, with)?;
    let without = backtests(context, &algorithm, without)?;
    let losses = [&with, &without].map(|found| found.iter().map(loss).collect::<Vec<f64>>());
    let [with_losses, without_losses] = &losses;
    let what = "DeepAR with covariates: mean wQL";
    report.seeds_row(
        what,
        with_losses,
        // As many digits as are read; rounded against us.
        Bar::AtMost((naive * 1e4).floor() / 1e4),
        "; bar: the naive's, which is below the one with intervals",
    );
    report.seeds_row("DeepAR without: mean wQL", without_losses, Bar::None, "");
    let gains: Vec<f64> =
        without_losses.iter().zip(with_losses).map(|(without, with)| without - with).collect();
    report.seeds_row("without less with, same seed", &gains, Bar::None, "");
    let (gain, sd) = mean_and_sd(&gains);
    let error = sd / (gains.len() as f64).sqrt();
    // Of one seed there is no error; that is no proof.
    let errors = if gains.len() < 2 { f64::NAN } else { gain / error };
    let what = "the same in standard errors of its mean";
    report.row_with(what, errors, Bar::AtLeast(2.0), format!("standard error {error:.5}"));
    other_figures(report, "DeepAR with covariates", &with);
    other_figures(report, "DeepAR without", &without);
    Ok(())
}

/// Steps of the horizon that have an answer.
fn observed(task: &Task) -> usize {
    let past = task.panel.cut(task.horizon);
    past.series().iter().flat_map(Series::hidden).filter(|y| y.is_finite()).count()
}
