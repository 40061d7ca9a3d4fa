//! `[hpo-budget]`: a search that is given a minute takes a minute.

use std::{
    io::Write,
    num::NonZeroUsize,
    time::{Duration, Instant},
};

use ensue::{
    core::{Budget, EvaluationMode, Progress, Run, Seed, split},
    recommend::{AnyRecipe, EvaluationOptions, Hpo, TrainingData, evaluate},
};

use crate::{
    Context,
    data::movielens,
    recipes::{self, POPULARITY},
    report::{Bar, Failure, Report},
};

/// Seconds that the search is given, with the last training.
const SECONDS: u64 = 60;

/// What a search came to.
pub(crate) struct Searched {
    pub(crate) ndcg: f64,
    pub(crate) seconds: f64,
    pub(crate) trials: usize,
    pub(crate) complete: usize,
    pub(crate) validation: Option<f64>,
    pub(crate) chosen: String,
}

/// Searches on the training part, trains what was chosen on all of it, and measures on the test part.
pub(crate) fn search(seconds: u64, threads: NonZeroUsize, seed: u64) -> Result<Searched, Failure> {
    let parts = split(&movielens::load()?, EvaluationMode::TemporalHoldout, Seed(0));
    let data = TrainingData::from_interactions(parts.train.clone());
    let hpo = Hpo { max_parallel_training_jobs: Some(threads), ..Hpo::default().wide() };
    let start = Instant::now();
    let mut run = Run::new("ndarray")
        .with_seed(Seed(seed))
        .with_threads(threads)
        .with_budget(Budget { wall: Some(Duration::from_secs(seconds)) })
        .on_progress(tell);
    let (recipe, tuning) = hpo.search(&AnyRecipe::by_name("aws-hrnn")?, &data, 1, &run)?;
    let model = recipe.fit(&data, &mut run)?;
    let options = EvaluationOptions::new(EvaluationMode::TemporalHoldout.ndcg_form());
    let report = evaluate(&*model, &parts, &options, &run)?;
    let best = tuning.best();
    Ok(Searched {
        ndcg: report.normalized_discounted_cumulative_gain_at_10,
        seconds: start.elapsed().as_secs_f64(),
        trials: tuning.trials.len(),
        complete: tuning.candidates.iter().map(|one| one.complete).sum(),
        validation: best.and_then(|best| best.values.first().copied()),
        chosen: best.map_or_else(String::new, |best| {
            serde_json::to_string(&best.assignment).unwrap_or_default()
        }),
    })
}

/// Tells of trials on standard error.
pub(crate) fn tell(progress: &Progress) {
    if let Progress::Trial { trial, value, state, steps, best, left, .. } = progress {
        // Nobody may be listening; that is no reason to stop.
        let _ = writeln!(
            std::io::stderr(),
            "  trial {trial}: {value:.4?} {state} after {steps}, best {best:.4?}, left {left:.0?}"
        );
    }
}

/// NDCG@10 of settings as they are.
pub(crate) fn plain(context: &Context, settings: &str, seed: u64) -> Result<(f64, f64), Failure> {
    let parts = split(&movielens::load()?, EvaluationMode::TemporalHoldout, Seed(0));
    let fitted = recipes::fit(context, settings, &parts.train, seed)?;
    let options = EvaluationOptions::new(EvaluationMode::TemporalHoldout.ndcg_form());
    let report = evaluate(&*fitted.model, &parts, &options, &recipes::run(context, seed))?;
    Ok((report.normalized_discounted_cumulative_gain_at_10, fitted.took.as_secs_f64()))
}

pub(crate) fn measure(context: &Context) -> Result<Report, Failure> {
    let mut report = Report::new(&context.seeds, context.threads.get());
    let (popular, _) = plain(context, POPULARITY, 0)?;
    for &seed in &context.seeds {
        let found = search(SECONDS, context.threads, seed)?;
        let note = format!("seed {seed}, {} trials, {} complete", found.trials, found.complete);
        let bar = SECONDS as f64 * 1.1;
        report.row_with(
            "seconds, last training and measuring included",
            found.seconds,
            Bar::AtMost(bar),
            note,
        );
        let note = format!("popularity {popular:.4}; {}", found.chosen);
        report.row_with("NDCG@10 on the test part", found.ndcg, Bar::AtLeast(2.0 * popular), note);
    }
    Ok(report)
}
