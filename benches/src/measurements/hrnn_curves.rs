//! `[hrnn-curves]` and `[asha-replay]`: learning curves, and how ASHA would have done on them.
//!
//! `hrnn-curves` trains 60 HRNN, whose settings are drawn evenly with seed 0 from the wide space, for 27 epochs each on the
//! training part of MovieLens-100K's temporal holdout, measured after each epoch on the newest tenth of every user's training
//! events, and writes the curves to `benches/golden/hrnn_curves.json`. It goes on where an earlier run ended.

use std::path::Path;

use ensue::nn::search::halving;
use ensue::{
    core::{Decision, EvaluationMode, Run, Seed, split},
    recommend::{AnyRecipe, Ranges, TrainingData},
};
use ensue_tune::{
    Direction, Study, StudySettings,
    sampler::Random,
    scheduler::{Asha, Hyperband, Scheduler, replay},
};
use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::{
    Context,
    data::movielens,
    measurements::recurrent_cpu::median,
    report::{Bar, Failure, Report},
};

/// Configurations.
const TRIALS: u64 = 60;
/// Epochs of each.
const EPOCHS: u64 = 27;
/// Orders that are played back.
const REPLAYS: u64 = 100;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/golden/hrnn_curves.json");

/// A configuration and its NDCG@10 after each epoch.
#[derive(Debug, Serialize, Deserialize)]
struct Curve {
    settings: ensue_tune::Assignment,
    values: Vec<f64>,
}

pub(crate) fn record(context: &Context) -> Result<Report, Failure> {
    let mut report = Report::new(&[0], context.threads.get());
    let recipe: AnyRecipe =
        serde_json::from_str(r#"{"recipe": "aws-hrnn", "epochs": 27, "validation_share": 1}"#)?;
    let train = split(&movielens::load()?, EvaluationMode::TemporalHoldout, Seed(0)).train;
    let data = TrainingData::from_interactions(train);
    let space = recipe.space(Ranges::Wide);
    let settings = StudySettings::new(space, Random::default())
        .with_trials(TRIALS)
        .with_directions(&[Direction::Maximize]);
    let journal = context.settings.clone();
    let journal = journal.unwrap_or_else(|| format!("{FILE}.journal"));
    let study = Study::open_or_create(Path::new(&journal), settings)?;
    let never = std::sync::atomic::AtomicBool::new(false);
    let train =
        |trial: &mut ensue_tune::TrialRun<'_>| -> Result<Vec<f64>, Box<dyn std::error::Error>> {
            let recipe = recipe.with(trial.assignment())?;
            let run =
                Run::new("ndarray").with_seed(Seed(0)).with_threads(std::num::NonZeroUsize::MIN);
            let mut last = f64::NAN;
            let hook = |report: ensue::core::Report| {
                last = report.metric;
                trial.report(report.step as u64, report.metric);
                Decision::Continue
            };
            run.reporting_to(hook, |run| recipe.fit(&data, run).map(drop))?;
            Ok(vec![last])
        };
    let tell = |event: &ensue_tune::StudyEvent| {
        if let ensue_tune::StudyEvent::Finished { trial, left, .. } = event {
            use std::io::Write;
            let _ = writeln!(
                std::io::stderr(),
                "  {}: {:?} {:.0} s, left {left:?}",
                trial.number,
                trial.values,
                trial.seconds
            );
        }
    };
    study.run(context.threads.get(), &ensue_tune::Budget::default(), &never, train, tell)?;
    let curves: Vec<Curve> = (study.trials()?.into_iter())
        .map(|trial| Curve {
            settings: trial.assignment,
            values: trial.measurements.iter().map(|measured| measured.value).collect(),
        })
        .collect();
    let short = curves.iter().filter(|curve| curve.values.len() as u64 != EPOCHS).count();
    report.row("curves", curves.len() as f64, Bar::Count(TRIALS as usize));
    report.row("curves that are not whole", short as f64, Bar::Count(0));
    // One line a curve, four digits: a small file that shows what changed.
    let lines: Result<Vec<String>, Failure> = curves
        .into_iter()
        .map(|mut curve| {
            curve.values.iter_mut().for_each(|value| *value = (*value * 1e4).round() / 1e4);
            Ok(serde_json::to_string(&curve)?)
        })
        .collect();
    let text = format!("[\n{}\n]\n", lines?.join(",\n"));
    let aside = format!("{FILE}.new");
    std::fs::write(&aside, text)?;
    std::fs::File::open(&aside)?.sync_all()?;
    std::fs::rename(&aside, FILE)?;
    Ok(report)
}

pub(crate) fn asha(_: &Context) -> Result<Report, Failure> {
    let mut report = Report::new(&[], 1);
    let curves: Vec<Curve> = serde_json::from_str(&std::fs::read_to_string(FILE)?)?;
    let curves: Vec<Vec<f64>> = curves.into_iter().map(|curve| curve.values).collect();
    let last = |curve: &Vec<f64>| curve.last().copied().unwrap_or(f64::NAN);
    let best = curves.iter().map(last).fold(f64::NEG_INFINITY, f64::max);
    let whole = curves.iter().map(Vec::len).sum::<usize>() as f64;
    report.row("curves", curves.len() as f64, Bar::Count(TRIALS as usize));
    report.row("best final NDCG@10 of all", best, Bar::None);
    report.row(
        "median final NDCG@10",
        median(&mut curves.iter().map(last).collect::<Vec<_>>()),
        Bar::None,
    );
    report.row("epochs of all", whole, Bar::Count((TRIALS * EPOCHS) as usize));
    let asha = halving(EPOCHS);
    let third = Asha { max_steps: Some(EPOCHS), ..Asha::default() };
    let hyperband = Hyperband { max_steps: EPOCHS, ..Hyperband::default() };
    let schedulers: [(&str, &dyn Scheduler, usize, bool); 4] = [
        ("ASHA", &asha, 1, true),
        ("ASHA, 4 workers", &asha, 4, false),
        ("ASHA, a third after epoch 1", &third, 1, false),
        ("Hyperband", &hyperband, 1, false),
    ];
    for (name, scheduler, workers, held) in schedulers {
        let (mut found, mut spent) = (Vec::new(), Vec::new());
        for seed in 0..REPLAYS {
            let mut order: Vec<usize> = (0..curves.len()).collect();
            order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
            let replayed = replay(scheduler, &curves, &order, workers);
            found.push(replayed.best.unwrap_or(0.0) / best);
            spent.push(replayed.steps as f64 / whole);
        }
        let bar = |bar| if held { bar } else { Bar::None };
        let note = format!("median of {REPLAYS} orders");
        report.row_with(
            format!("{name}: best final over the best of all"),
            median(&mut found),
            bar(Bar::AtLeast(0.99)),
            note.clone(),
        );
        report.row_with(
            format!("{name}: share of the epochs of all"),
            median(&mut spent),
            bar(Bar::AtMost(1.0 / 3.0)),
            note,
        );
    }
    Ok(report)
}
