//! All trials.

use ensue_core::{Progress, Run};
use ensue_nn::search::SearchOptions;
use ensue_tune::{
    AnyScheduler, Direction, History, Study, StudySettings, Trial, TrialState,
    importance::importance, scheduler::Asha,
};

use super::{CandidateResult, Hpo, Tuning, candidates::Candidates, trial};
use crate::{AnyRecipe, FitError, SolutionError, TrainingData};

/// Fewest complete trials for which importance says something.
const LEAST: usize = 8;

/// Searches on training data, and gives the chosen recipe. `fits` trainings follow, for which time is kept.
pub(crate) fn search(
    own: &AnyRecipe,
    hpo: &Hpo,
    data: &TrainingData,
    fits: usize,
    run: &Run,
) -> Result<(AnyRecipe, Tuning), SolutionError> {
    hpo.check()?;
    let candidates = Candidates::new(own, hpo, data)?;
    let by_epoch = hpo.by_epoch() && candidates.recipes().any(AnyRecipe::measures_itself);
    let epochs = candidates.recipes().filter_map(AnyRecipe::epochs).max();
    let asha = AnyScheduler::Asha(Asha { max_steps: epochs, ..Asha::default() });
    let scheduler = hpo.scheduler.clone();
    let scheduler = scheduler.unwrap_or(if by_epoch { asha } else { AnyScheduler::None });
    let described = candidates.recipes().map(|recipe| serde_json::to_string(recipe));
    let described: Result<Vec<String>, _> = described.collect();
    let described = described.expect("settings are plain data").join(" ");
    let fingerprint =
        format!("{} {} {described}", data.interactions.fingerprint(), hpo.metric_name);
    let mut settings = StudySettings::new(candidates.space.clone(), hpo.sampler.clone())
        .with_scheduler(scheduler)
        .with_directions(&[Direction::Maximize])
        .with_seed(run.seed.child("search").0)
        .with_fingerprint(&fingerprint);
    settings.trials = hpo.jobs(run.budget.wall.is_some());
    if candidates.space.parameters().is_empty() {
        // There is nothing to vary.
        settings.trials = Some(1);
    }
    settings.enqueue = candidates.given();
    let study = match &hpo.journal {
        Some(journal) => Study::open_or_create(journal, settings)?,
        None => Study::in_memory(settings)?,
    };
    let what = "hyperparameter search".to_owned();
    let total = study.settings().trials.map(|trials| trials as usize);
    run.emit(Progress::Started { what: what.clone(), total_steps: total });
    let workers = hpo.workers(run.thread_count());
    let options = SearchOptions { workers, fits, steps: epochs };
    let begun = run.elapsed();
    ensue_nn::search::search(&study, run, &options, |assignment, run| {
        let recipe = candidates.recipe(assignment)?;
        trial::value(&recipe, hpo, data, run)
    })?;
    if run.is_cancelled() {
        return Err(FitError::Cancelled.into());
    }
    run.emit(Progress::Finished { what, seconds: (run.elapsed() - begun).as_secs_f64() });
    let trials = study.trials()?;
    let best = study.best()?;
    let recipe = match &best {
        Some(best) => candidates.recipe(&best.assignment)?,
        None => candidates.recipes().next().unwrap_or(own).clone(),
    };
    let complete = trials.iter().filter(|trial| trial.state == TrialState::Complete).count();
    let history =
        History { space: &candidates.space, directions: &[Direction::Maximize], trials: &trials };
    let importance = if complete < LEAST {
        Vec::new()
    } else {
        importance(&history, 0, study.settings().seed).unwrap_or_default()
    };
    let tuning = Tuning {
        metric_name: hpo.metric_name.clone(),
        measured_on: format!(
            "the newest tenth of {} of the users' training events",
            percent(trial::share(data))
        ),
        chosen: best.map(|best| best.number),
        candidates: results(&candidates, &trials),
        left_out: candidates.left_out.clone(),
        importance,
        seconds: trials.iter().map(|trial| trial.seconds).sum(),
        space: candidates.space,
        trials,
    };
    Ok((recipe, tuning))
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// How each recipe did, best first.
fn results(candidates: &Candidates, trials: &[Trial]) -> Vec<CandidateResult> {
    let of = |recipe: &AnyRecipe| {
        let name = recipe.name();
        let own = || trials.iter().filter(|trial| candidates.name_of(&trial.assignment) == name);
        let complete = || own().filter(|trial| trial.state == TrialState::Complete);
        let values = complete().filter_map(|trial| trial.values.first().copied());
        CandidateResult {
            recipe: name.to_owned(),
            value: values.max_by(f64::total_cmp),
            trials: own().count(),
            complete: complete().count(),
            steps: own().filter_map(|trial| Some(trial.measurements.last()?.step)).sum(),
        }
    };
    let mut results: Vec<CandidateResult> = candidates.recipes().map(of).collect();
    let value = |result: &CandidateResult| result.value.unwrap_or(f64::NEG_INFINITY);
    results.sort_by(|a, b| value(b).total_cmp(&value(a)));
    results
}
