//! `[hpo-gain]`: what a search of 15 minutes gains over the defaults, on the part that it never saw.
//!
//! HRNN: the temporal holdout of MovieLens-100K; DeepAR: the last 13 weeks of M4 weekly. Each of the two trials at a time has one
//! thread; the time includes the last training. `--settings MINUTES` gives it another time.

use std::time::{Duration, Instant};

use ensue::core::{Budget, Run, Seed};
use ensue_forecast::{TrainingData, tune::Hpo};

use crate::{
    Context,
    data::m4,
    forecasts::{self, Task},
    measurements::hpo_budget::{plain, search, tell},
    report::{Bar, Failure, Report},
};

/// Minutes of a search, with the last training.
const MINUTES: u64 = 15;

/// HRNN's defaults.
const DEFAULTS: &str = r#"{"recipe": "aws-hrnn"}"#;

fn minutes(context: &Context) -> Result<u64, Failure> {
    Ok(context.settings.as_ref().map_or(Ok(MINUTES), |text| text.parse())?)
}

pub(crate) fn measure(context: &Context) -> Result<Report, Failure> {
    let mut report = hrnn(context)?;
    let other = deepar(context)?;
    report.append(other);
    Ok(report)
}

pub(crate) fn deepar(context: &Context) -> Result<Report, Failure> {
    let wall = Duration::from_secs(minutes(context)? * 60);
    let mut report = Report::new(&context.seeds, context.threads.get());
    let task = Task { panel: m4::weekly()?, horizon: m4::WEEKLY_HORIZON };
    let data = TrainingData { panel: task.panel.cut(task.horizon), horizon: task.horizon };
    let own = forecasts::deepar("{}")?;
    let hpo = Hpo { max_parallel_training_jobs: Some(context.threads), ..Hpo::default().wide() };
    let [mut defaults, mut tuned, mut gains, mut seconds] = <[Vec<f64>; 4]>::default();
    for &seed in &context.seeds {
        let plain = forecasts::backtest(context, &own, &task, seed)?;
        let start = Instant::now();
        let run = Run::new("ndarray")
            .with_seed(Seed(seed))
            .with_threads(context.threads)
            .with_budget(Budget { wall: Some(wall) })
            .on_progress(tell);
        let (algorithm, tuning) = hpo.search(&own, &data, 1, &run)?;
        let found = forecasts::backtest(context, &algorithm, &task, seed)?;
        let took = start.elapsed().as_secs_f64();
        let [default, after] =
            [&plain, &found].map(|one| one.evaluator.mean_weighted_quantile_loss);
        let best = tuning.best();
        report.note(format!(
            "seed {seed}: {default:.4} to {after:.4}; {} trials, {} complete, validation {:.4?}, {took:.0} s against {:.0} s; {}",
            tuning.trials.len(),
            tuning.candidates.iter().map(|one| one.complete).sum::<usize>(),
            best.and_then(|best| best.values.first().copied()),
            plain.training,
            best.map_or(Ok(String::new()), |best| serde_json::to_string(&best.assignment))?,
        ));
        defaults.push(default);
        tuned.push(after);
        gains.push(default - after);
        seconds.push(took);
    }
    report.seeds_row("DeepAR, M4 weekly: mean wQL of the defaults", &defaults, Bar::None, "");
    report.seeds_row("mean wQL after the search", &tuned, Bar::None, "");
    report.seeds_row("gain", &gains, Bar::AtLeast(1e-6), "");
    report.seeds_row("seconds of the search", &seconds, Bar::None, "");
    Ok(report)
}

pub(crate) fn hrnn(context: &Context) -> Result<Report, Failure> {
    let minutes = minutes(context)?;
    let mut report = Report::new(&context.seeds, context.threads.get());
    let [mut defaults, mut tuned, mut gains, mut seconds] = <[Vec<f64>; 4]>::default();
    for &seed in &context.seeds {
        let (default, took) = plain(context, DEFAULTS, seed)?;
        let found = search(minutes * 60, context.threads, seed)?;
        report.note(format!(
            "seed {seed}: {default:.4} to {:.4}; {} trials, {} complete, validation {:.4?}, {:.0} s against {took:.0} s; {}",
            found.ndcg, found.trials, found.complete, found.validation, found.seconds, found.chosen
        ));
        defaults.push(default);
        tuned.push(found.ndcg);
        gains.push(found.ndcg - default);
        seconds.push(found.seconds);
    }
    report.seeds_row("HRNN, MovieLens-100K: NDCG@10 of the defaults", &defaults, Bar::None, "");
    report.seeds_row("NDCG@10 after the search", &tuned, Bar::None, "");
    report.seeds_row("gain", &gains, Bar::AtLeast(1e-6), "");
    report.seeds_row("seconds of the search", &seconds, Bar::None, "");
    Ok(report)
}
