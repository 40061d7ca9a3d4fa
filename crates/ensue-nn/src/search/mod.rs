//! Trainings as trials of a hyperparameter search: what both halves of ensue do around an [`ensue_tune::Study`].
//!
//! A trial is a [`Run`] of its own with its share of the threads. Its reports go to the study, which may end it early; its
//! end is told as [`Progress::Trial`]. The search itself ends when the study has all its trials, when the run is cancelled,
//! or when no more is left of the run's time than the trainings after the search will take ([`SearchOptions::fits`]).
//!
//! [`choose`] is the whole of it: [`Candidates`] in, the best settings and a [`Tuning`] report out. [`search`] is the part
//! that runs the trials of a study.

mod candidates;
mod report;
#[cfg(test)]
mod tests;
mod tunable;

use std::{
    fmt::Display,
    num::NonZeroUsize,
    path::Path,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use ensue_core::{Budget, Decision, Progress, Report, Run};
use ensue_tune::{
    AnyScheduler, Assignment, Direction, History, Study, StudyError, StudyEvent, StudySettings,
    Trial, TrialState, Verdict, importance::importance, sampler::AnySampler, scheduler::Asha,
};

pub use candidates::{Candidates, NoCandidates};
pub use report::{Candidate, LeftOut, Tuning};
pub use tunable::{MAX_JOBS, MAX_PARALLEL_JOBS, Ranges, Tunable, TunedError};

/// Fewest complete trials for which importance says something.
const LEAST: usize = 8;

/// What is optimised by whom, and how machine and time are used.
#[derive(Debug, Clone)]
pub struct SearchPlan<'a> {
    /// What is optimised.
    pub metric_name: &'a str,
    /// Whether higher or lower is better.
    pub direction: Direction,
    /// On what trials are measured, for people.
    pub measured_on: String,
    /// Tells these data from others.
    pub data: &'a str,
    /// Who proposes settings.
    pub sampler: &'a AnySampler,
    /// Who ends trials early; `None`: ASHA where `by_epoch`, else nobody.
    pub scheduler: Option<&'a AnyScheduler>,
    /// Whether trials are measured after each epoch.
    pub by_epoch: bool,
    /// Trials at most.
    pub trials: Option<u64>,
    /// Trials at the same time.
    pub workers: NonZeroUsize,
    /// Trainings that follow the search: time is kept for them.
    pub fits: usize,
    /// File of the trials.
    pub journal: Option<&'a Path>,
}

/// Searches among candidates and gives the best settings, or the first as given where no trial ran to its end, and what was
/// done. `fit` trains with settings in a run of its own and gives the objective's value.
///
/// # Errors
/// What `E` makes of a [`StudyError`] or a [`TunedError`].
pub fn choose<T: Tunable + Sync, F: Display + Send, E: From<StudyError> + From<TunedError>>(
    candidates: &Candidates<T>,
    plan: &SearchPlan<'_>,
    run: &Run,
    fit: impl Fn(&T, &mut Run) -> Result<f64, F> + Sync,
) -> Result<(T, Tuning), E> {
    let epochs = candidates.all().filter_map(Tunable::epochs).max();
    let asha = AnyScheduler::Asha(Asha { max_steps: epochs, ..Asha::default() });
    let default = if plan.by_epoch { asha } else { AnyScheduler::None };
    let scheduler = plan.scheduler.cloned().unwrap_or(default);
    let described = candidates.all().map(|one| serde_json::to_string(one).expect("plain data"));
    let described = described.collect::<Vec<_>>().join(" ");
    let space = candidates.space().clone();
    let mut settings = StudySettings::new(space, plan.sampler.clone())
        .with_scheduler(scheduler)
        .with_directions(&[plan.direction])
        .with_seed(run.seed.child("search").0)
        .with_fingerprint(&format!("{} {} {described}", plan.data, plan.metric_name));
    // Where nothing can be varied, one trial says all.
    let only = candidates.space().parameters().is_empty().then_some(1);
    settings.trials = only.or(plan.trials);
    settings.enqueue = candidates.given();
    let study = match plan.journal {
        Some(journal) => Study::open_or_create(journal, settings)?,
        None => Study::in_memory(settings)?,
    };
    let what = "hyperparameter search".to_owned();
    let total_steps = study.settings().trials.map(|trials| trials as usize);
    run.emit(Progress::Started { what: what.clone(), total_steps });
    let options = SearchOptions { workers: plan.workers, fits: plan.fits, steps: epochs };
    let begun = run.elapsed();
    search(&study, run, &options, |assignment, run| {
        let settings = candidates.settings(assignment).map_err(|error| error.to_string())?;
        fit(&settings, run).map_err(|error| error.to_string())
    })?;
    run.emit(Progress::Finished { what, seconds: (run.elapsed() - begun).as_secs_f64() });
    let (trials, best) = (study.trials()?, study.best()?);
    let settings = match &best {
        Some(best) => candidates.settings(&best.assignment)?,
        None => candidates.all().next().expect("there is one at least").clone(),
    };
    let complete = trials.iter().filter(|trial| trial.state == TrialState::Complete).count();
    let directions = [plan.direction];
    let history = History { space: candidates.space(), directions: &directions, trials: &trials };
    let importance = if complete < LEAST {
        Vec::new()
    } else {
        importance(&history, 0, study.settings().seed).unwrap_or_default()
    };
    let tuning = Tuning {
        metric_name: plan.metric_name.to_owned(),
        direction: plan.direction,
        measured_on: plan.measured_on.clone(),
        space: candidates.space().clone(),
        chosen: best.map(|best| best.number),
        candidates: candidates.results(&trials, |value| plan.direction.loss(value)),
        left_out: candidates.left_out().to_vec(),
        importance,
        seconds: trials.iter().map(|trial| trial.seconds).sum(),
        trials,
    };
    Ok((settings, tuning))
}

/// How a search uses machine and time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SearchOptions {
    /// Trials at the same time; each gets an equal part of the run's threads, one at least.
    pub workers: NonZeroUsize,
    /// Trainings that follow the search, each as long as the best trial: time is kept for them.
    pub fits: usize,
    /// Steps (epochs) of a whole training, to tell from a trial on its way how long it is. Default: unknown.
    pub steps: Option<u64>,
}

/// Runs trials until the study has all of them, the run is cancelled, or the rest of its time is needed for the trainings
/// that follow. `fit` trains with an assignment in a run of its own and gives the objective's value, in the direction of the
/// study; the run's reports are higher-is-better.
///
/// A trial that is stopped early counts with its last report; a failed one is recorded, and the search goes on.
///
/// # Errors
/// [`StudyError`] when the journal cannot be written, or the first trials all fail.
pub fn search<E: Display + Send>(
    study: &Study,
    run: &Run,
    options: &SearchOptions,
    fit: impl Fn(&Assignment, &mut Run) -> Result<f64, E> + Sync,
) -> Result<(), StudyError> {
    let direction = study.settings().directions.first().copied().unwrap_or_default();
    // Up when the user cancels and when time is kept for what follows.
    let stop = AtomicBool::new(false);
    let kept = Mutex::new(Kept::default());
    let threads = run.thread_count().get() / options.workers;
    let threads = NonZeroUsize::new(threads).unwrap_or(NonZeroUsize::MIN);
    let wall = run.budget.wall.map(|wall| wall.saturating_sub(run.elapsed()));
    let begun = run.elapsed();
    let out_of_time = || {
        let kept = kept.lock().unwrap_or_else(PoisonError::into_inner).time(options.fits);
        run.budget.wall.is_some_and(|wall| run.elapsed() + kept >= wall)
    };
    let objective = |trial: &mut ensue_tune::TrialRun<'_>| {
        let budget = Budget { wall: trial.remaining() };
        let own = Run::new(&run.device)
            .with_seed(run.seed)
            .with_threads(threads)
            .with_cancel(run.cancel.clone())
            .with_budget(budget);
        let assignment = trial.assignment().clone();
        let clock = std::time::Instant::now();
        let number = trial.number();
        let hook = |Report { step, metric }| {
            let seconds = clock.elapsed().as_secs_f64();
            let whole = options.steps.map(|steps| seconds / step.max(1) as f64 * steps as f64);
            kept.lock().unwrap_or_else(PoisonError::into_inner).on_the_way(number, whole);
            if run.is_cancelled() || out_of_time() {
                stop.store(true, Ordering::Relaxed);
            }
            // Losses of the study are metrics of the run with the other sign.
            let value = if direction == Direction::Maximize { metric } else { -metric };
            match trial.report(step as u64, value) {
                Verdict::Continue => Decision::Continue,
                Verdict::Stop => Decision::Stop,
            }
        };
        own.reporting_to(hook, |own| fit(&assignment, own)).map(|value| vec![value])
    };
    let on_event = |event: &StudyEvent| {
        let StudyEvent::Finished { trial, best, left, message, .. } = event else { return };
        kept.lock().unwrap_or_else(PoisonError::into_inner).ended(trial, best.as_ref());
        if run.is_cancelled() || out_of_time() {
            stop.store(true, Ordering::Relaxed);
        }
        if let (TrialState::Failed, Some(message)) = (trial.state, message) {
            run.emit(Progress::Warning { message: format!("trial {}: {message}", trial.number) });
        }
        let by_time = wall.map(|wall| (wall + begun).saturating_sub(run.elapsed()));
        let left = [*left, by_time].into_iter().flatten().min();
        run.emit(told(trial, best.as_ref(), left));
    };
    let budget = ensue_tune::Budget { trials: None, wall };
    study.run(options.workers.get(), &budget, &stop, objective, on_event)?;
    Ok(())
}

/// How long the trainings after the search will be.
#[derive(Debug, Default)]
struct Kept {
    /// Of the best complete trial.
    best: Option<f64>,
    /// Of the first trial, by its steps so far, until one is complete.
    first: Option<f64>,
}

impl Kept {
    fn on_the_way(&mut self, trial: u64, whole: Option<f64>) {
        if trial == 0 {
            self.first = whole;
        }
    }

    fn ended(&mut self, trial: &Trial, best: Option<&Trial>) {
        if let Some(best) = best.filter(|best| best.number == trial.number) {
            self.best = Some(best.seconds);
        }
    }

    fn time(&self, fits: usize) -> Duration {
        /// The final data are larger than a trial's, and there is something to measure.
        const MARGIN: f64 = 1.15;
        let seconds = self.best.or(self.first).unwrap_or(0.0) * fits as f64 * MARGIN;
        Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
    }
}

fn told(trial: &Trial, best: Option<&Trial>, left: Option<Duration>) -> Progress {
    let json = |value| serde_json::to_value(value).expect("plain data");
    let state = match trial.state {
        TrialState::Running => "running",
        TrialState::Complete => "complete",
        TrialState::Stopped => "stopped",
        TrialState::Failed => "failed",
    };
    let settings = trial.assignment.0.iter().map(|(name, value)| (name.clone(), json(value)));
    Progress::Trial {
        trial: trial.number,
        settings: settings.collect(),
        state: state.to_owned(),
        value: trial.values.first().copied(),
        steps: trial.measurements.last().map_or(0, |last| last.step),
        best: best.and_then(|best| Some((best.number, *best.values.first()?))),
        left: left.map(|left| left.as_secs_f64()),
    }
}
