//! `[autopredictor]` and `[time-limits]`: algorithms chosen and combined, within a time limit that is kept.
//!
//! `AutoGluon`'s protocol: the last horizon of every series is the test, and nothing of it is seen. `--settings` may name the
//! minutes, the sets, the algorithms that are measured alone beside it and settings of the predictor, such as `{"minutes": 4,
//! "sets": ["hospital"], "alone": ["CNN-QR"], "predictor": {"windows": 1}}`.

use std::time::{Duration, Instant};

use ensue::core::{Budget, Progress};
use ensue_forecast::{
    Algorithm, AnyAlgorithm, TrainingData, algorithms::auto_predictor::AutoPredictor,
};
use serde::Deserialize;

use crate::{
    Context,
    data::{carparts, hospital, m4},
    forecasts::{Task, evaluated},
    recipes,
    report::{Bar, Failure, Report, mean_and_sd},
};

/// What `--settings` may say.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Wanted {
    minutes: f64,
    sets: Vec<String>,
    /// What is measured alone as well, without a limit.
    alone: Vec<String>,
    predictor: AutoPredictor,
}

impl Default for Wanted {
    fn default() -> Self {
        let sets = ["m4-hourly", "m4-weekly", "hospital", "car-parts"];
        let names = AnyAlgorithm::NAMES.iter().filter(|name| **name != AutoPredictor::NAME);
        Self {
            minutes: 10.0,
            sets: sets.map(str::to_owned).to_vec(),
            alone: names.map(|&name| name.to_owned()).collect(),
            predictor: AutoPredictor::default(),
        }
    }
}

impl Wanted {
    fn of(context: &Context) -> Result<Self, Failure> {
        Ok(context.settings.as_deref().map_or_else(|| Ok(Self::default()), serde_json::from_str)?)
    }
}

/// A set by name, with the `SeasonalNaive` column of `AutoGluon`'s table (Shchur et al. 2023, published results).
fn task(name: &str) -> Result<(Task, f64), Failure> {
    let (panel, horizon, naive) = match name {
        "m4-hourly" => (m4::hourly()?, m4::HOURLY_HORIZON, 0.0395),
        "m4-weekly" => (m4::weekly()?, m4::WEEKLY_HORIZON, 0.0727),
        "hospital" => (hospital::load()?, hospital::HORIZON, 0.0625),
        "car-parts" => (carparts::load()?, carparts::HORIZON, 1.7169),
        other => return Err(Failure::NotMeasured(format!("there is no set called {other:?}"))),
    };
    Ok((Task { panel, horizon }, naive))
}

/// Loss on the test part, seconds of all, and what was chosen.
struct Found {
    loss: f64,
    mase: f64,
    seconds: f64,
    told: String,
}

fn predicted(
    context: &Context,
    task: &Task,
    predictor: &AutoPredictor,
    minutes: f64,
    seed: u64,
) -> Result<Found, Failure> {
    let start = Instant::now();
    let data = TrainingData { panel: task.panel.cut(task.horizon), horizon: task.horizon };
    let wall = Duration::try_from_secs_f64(60.0 * minutes).unwrap_or_default();
    let mut run = recipes::run(context, seed).with_budget(Budget { wall: Some(wall) });
    run = run.on_progress(|progress| {
        if let Progress::Evaluated { what, metrics } = progress {
            use std::io::Write;
            // Nobody may be listening; that is no reason to stop.
            let _ = writeln!(std::io::stderr(), "  {what}: {metrics:?}");
        }
    });
    let fitted = predictor.fit(&data, &mut run)?;
    let found = evaluated(&fitted, task, &data.panel, seed)?;
    let seconds = start.elapsed().as_secs_f64();
    let told = fitted.selection().to_string();
    Ok(Found { loss: found.mean_weighted_quantile_loss, mase: found.mase, seconds, told })
}

/// Loss of one algorithm alone.
fn alone(context: &Context, task: &Task, name: &str, seed: u64) -> Result<f64, Failure> {
    let data = TrainingData { panel: task.panel.cut(task.horizon), horizon: task.horizon };
    let algorithm = AnyAlgorithm::by_name(name)?;
    let fitted = algorithm.fit(&data, &mut recipes::run(context, seed))?;
    Ok(evaluated(&*fitted, task, &data.panel, seed)?.mean_weighted_quantile_loss)
}

fn geometric(values: &[f64]) -> f64 {
    (values.iter().map(|value| value.ln()).sum::<f64>() / values.len() as f64).exp()
}

pub(crate) fn measure(context: &Context) -> Result<Report, Failure> {
    let wanted = Wanted::of(context)?;
    let mut report = Report::new(&context.seeds, context.threads.get());
    let mut relative = vec![Vec::new(); context.seeds.len()];
    let mut single: Vec<(&str, Vec<f64>)> =
        wanted.alone.iter().map(|name| (name.as_str(), Vec::new())).collect();
    for set in &wanted.sets {
        let (task, naive) = task(set)?;
        let (mut losses, mut scaled) = (Vec::new(), Vec::new());
        for (at, &seed) in context.seeds.iter().enumerate() {
            let found = predicted(context, &task, &wanted.predictor, wanted.minutes, seed)?;
            relative[at].push(found.loss / naive);
            losses.push(found.loss);
            scaled.push(found.mase);
            let what = format!("{set}, seed {seed}: seconds of {:.0}", 60.0 * wanted.minutes);
            report.row(what, found.seconds, Bar::AtMost(60.0 * wanted.minutes));
            report.note(format!("{set}, seed {seed}: {}", found.told));
        }
        report.seeds_row(format!("{set}: WQL"), &losses, Bar::None, "");
        report.seeds_row(format!("{set}: MASE"), &scaled, Bar::None, "");
        for (name, values) in &mut single {
            let loss = alone(context, &task, name, 1)?;
            values.push(loss / naive);
            report.row_with(format!("{set}: WQL of {name} alone"), loss, Bar::None, "seed 1");
        }
    }
    let all: Vec<f64> = relative.iter().map(|values| geometric(values)).collect();
    let whole = wanted.sets.len() == Wanted::default().sets.len();
    let bar = if whole { Bar::AtMost(0.69) } else { Bar::None };
    let what = "geometric mean of WQL over SeasonalNaive's";
    report.seeds_row(what, &all, bar, "");
    for (_, values) in &mut single {
        *values = vec![geometric(values)];
    }
    single.sort_by(|a, b| a.1[0].total_cmp(&b.1[0]));
    for (name, value) in &single {
        report.row(format!("{what}: {name} alone"), value[0], Bar::None);
    }
    if let Some((name, value)) = single.first() {
        let what = format!("over the best of those measured alone, {name}");
        report.row(what, mean_and_sd(&all).0 / value[0], Bar::AtMost(0.9999));
    }
    Ok(report)
}

/// Time limits of half a minute, two and ten minutes on M4 weekly.
pub(crate) fn limits(context: &Context) -> Result<Report, Failure> {
    let mut report = Report::new(&context.seeds, context.threads.get());
    let (task, naive) = task("m4-weekly")?;
    for seconds in [30.0, 120.0, 600.0] {
        for &seed in &context.seeds {
            let found = predicted(context, &task, &AutoPredictor::default(), seconds / 60.0, seed)?;
            let what = format!("limit of {seconds:.0} s: seconds taken, the forecast included");
            report.row(what, found.seconds, Bar::AtMost(1.1 * seconds));
            let what = format!("limit of {seconds:.0} s: WQL over SeasonalNaive's");
            report.row(what, found.loss / naive, Bar::AtMost(1.0));
            report.note(format!("limit of {seconds:.0} s: {}", found.told));
        }
    }
    Ok(report)
}
