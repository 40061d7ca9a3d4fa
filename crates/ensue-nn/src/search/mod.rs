//! Trainings as trials of a hyperparameter search: what both halves of ensue do around an [`ensue_tune::Study`].
//!
//! A trial is a [`Run`] of its own with its share of the threads. Its reports go to the study, which may end it early; its
//! end is told as [`Progress::Trial`]. The search itself ends when the study has all its trials, when the run is cancelled,
//! or when no more is left of the run's time than the trainings after the search will take ([`SearchOptions::fits`]).
//!
//! [`choose`] is the whole of it: [`Candidates`] in, the best settings and a [`Tuning`] report out. [`search`] is the part
//! that runs the trials of a study.

mod candidates;
mod choice;
mod jobs;
mod report;
#[cfg(test)]
mod tests;
mod tunable;

use std::{
    fmt::Display,
    num::NonZeroUsize,
    path::Path,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use ensue_core::{Budget, Decision, Progress, Report, Run};
use ensue_tune::{
    AnyScheduler, Assignment, Direction, History, Study, StudyError, StudyEvent, StudySettings,
    Trial, TrialState, Verdict, importance::importance, sampler::AnySampler, scheduler::Asha,
};

pub use candidates::{Candidates, NoCandidates};
pub use choice::{choice_kept, forget_choice};
pub use jobs::{Jobs, last_epoch, unheard};
pub use report::{Candidate, LeftOut, Tuning};
pub use tunable::{MAX_JOBS, MAX_PARALLEL_JOBS, Ranges, Tunable, TunedError};

/// How often it is looked whether the search is over.
const WATCH: Duration = Duration::from_millis(50);

/// Fewest complete trials for which importance says something.
const LEAST: usize = 8;

/// Who ends trainings of so many epochs early, where nobody else is named: ASHA that looks first after a ninth of them, and lets
/// the better half go on each time. Its usual third after the first epoch spends half as much and misses settings that begin
/// slowly, such as low learning rates (`acceptance asha-replay`).
pub fn halving(epochs: u64) -> Asha {
    Asha { min_steps: (epochs / 9).max(1), reduction: 2, max_steps: Some(epochs), brackets: 1 }
}

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
    /// Who ends trials early; `None`: [`halving`] where `by_epoch`, else nobody.
    pub scheduler: Option<&'a AnyScheduler>,
    /// Whether trials are measured after each epoch.
    pub by_epoch: bool,
    /// Trials at most.
    pub trials: Option<u64>,
    /// Trials at the same time.
    pub workers: NonZeroUsize,
    /// Devices that the trials are spread over; none: the run's.
    pub devices: &'a [String],
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
    let asha = epochs.filter(|_| plan.by_epoch).map(halving);
    let default = asha.map_or(AnyScheduler::None, AnyScheduler::Asha);
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
    let options = SearchOptions { workers: plan.workers, devices: plan.devices, fits: plan.fits };
    let begun = run.elapsed();
    let searched = search(&study, run, &options, |assignment, run| {
        let settings = candidates.settings(assignment).map_err(|error| error.to_string())?;
        fit(&settings, run).map_err(|error| error.to_string())
    });
    // Trials that a cancelled run cut short are no failures; the caller looks at the flag.
    if !run.is_cancelled() {
        searched?;
    }
    run.emit(Progress::Finished {
        what,
        seconds: run.elapsed().saturating_sub(begun).as_secs_f64(),
    });
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
pub struct SearchOptions<'a> {
    /// Trials at the same time; each gets an equal part of the run's threads, one at least.
    pub workers: NonZeroUsize,
    /// Devices that the trials are spread over, each trial to the one with fewest; none: the run's.
    pub devices: &'a [String],
    /// Trainings that follow the search, each as long as the best trial: time is kept for them.
    pub fits: usize,
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
    options: &SearchOptions<'_>,
    fit: impl Fn(&Assignment, &mut Run) -> Result<f64, E> + Sync,
) -> Result<(), StudyError> {
    let direction = study.settings().directions.first().copied().unwrap_or_default();
    let kept =
        Mutex::new(Kept { fits: options.fits, first: None, best: best_seconds(study.best()?) });
    let kept = || kept.lock().unwrap_or_else(PoisonError::into_inner);
    let wall = run.budget.wall.map(|wall| wall.saturating_sub(run.elapsed()));
    let begun = run.elapsed();
    // What the search may still use; the rest is kept.
    let left = || {
        let left = run.budget.wall?.saturating_sub(run.elapsed());
        Some(left.saturating_sub(kept().time(left)))
    };
    let over = || run.is_cancelled() || left().is_some_and(|left| left.is_zero());
    let threads = run.thread_count().get() / options.workers;
    let threads = NonZeroUsize::new(threads).unwrap_or(NonZeroUsize::MIN);
    let own_device = [run.device.clone()];
    let names = if options.devices.is_empty() { &own_device } else { options.devices };
    let devices = Devices::new(names, options.workers);
    // Up when the user cancels, and when the rest of the time is needed for what follows.
    let stop = AtomicBool::new(false);
    let objective = |trial: &mut ensue_tune::TrialRun<'_>| {
        let device = devices.take();
        let limit = left();
        let own = Run::new(device.name())
            .with_seed(run.seed)
            .with_threads(threads)
            .with_cancel(run.cancel.clone())
            .with_budget(Budget { wall: limit });
        let clock = Instant::now();
        let assignment = trial.assignment().clone();
        let hook = |Report { step, steps, metric }| {
            let part = step.max(1) as f64 / steps.max(1) as f64;
            kept().on_the_way(trial.number(), clock.elapsed().as_secs_f64() / part);
            if over() {
                stop.store(true, Ordering::Relaxed);
                return Decision::Stop;
            }
            // The end of a trial is told as its value, and nobody is asked whether to go on.
            if step == steps {
                return Decision::Continue;
            }
            // Losses of the study are metrics of the run with the other sign.
            let value = if direction == Direction::Maximize { metric } else { -metric };
            match trial.report(step as u64, value) {
                Verdict::Continue => Decision::Continue,
                Verdict::Stop => Decision::Stop,
            }
        };
        let found = own.reporting_to(hook, |own| fit(&assignment, own));
        // What was cut short says nothing of its settings: with the flag up, an error gives the trial back.
        if run.is_cancelled() || limit.is_some_and(|limit| clock.elapsed() >= limit) {
            stop.store(true, Ordering::Relaxed);
        }
        match found {
            Ok(value) if !stop.load(Ordering::Relaxed) => Ok(vec![value]),
            Ok(_) => Err("the search was over".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    };
    let on_event = |event: &StudyEvent| {
        let StudyEvent::Finished { trial, best, left, message, .. } = event else { return };
        kept().best = best_seconds(best.clone());
        if let (TrialState::Failed, Some(message)) = (trial.state, message) {
            run.emit(Progress::Warning { message: format!("trial {}: {message}", trial.number) });
        }
        let by_time = wall.map(|wall| wall.saturating_add(begun).saturating_sub(run.elapsed()));
        let left = [*left, by_time].into_iter().flatten().min();
        run.emit(told(trial, best.as_ref(), left));
    };
    let budget = ensue_tune::Budget { trials: None, wall };
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        // Workers may be deep in an epoch, or wait for those of another process.
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) && !stop.load(Ordering::Relaxed) {
                if over() {
                    stop.store(true, Ordering::Relaxed);
                }
                thread::sleep(WATCH);
            }
        });
        let ended = study.run(options.workers.get(), &budget, &stop, objective, on_event);
        done.store(true, Ordering::Relaxed);
        ended
    })?;
    Ok(())
}

fn best_seconds(best: Option<Trial>) -> Option<f64> {
    best.map(|best| best.seconds)
}

/// Devices, and how many trials are on each.
#[derive(Debug)]
struct Devices<'a>(Mutex<Vec<OnDevice<'a>>>);

#[derive(Debug)]
struct OnDevice<'a> {
    name: &'a str,
    taken: usize,
    /// Trials that it is meant for.
    room: usize,
}

/// A trial's place on a device; given back when it is dropped.
#[derive(Debug)]
struct Place<'a> {
    devices: &'a Devices<'a>,
    at: usize,
}

impl<'a> Devices<'a> {
    fn new(names: &'a [String], workers: NonZeroUsize) -> Self {
        let room = |name: &str| if on_cpu(name) { workers.get() } else { 1 };
        let of = |name: &'a String| OnDevice { name, taken: 0, room: room(name) };
        Self(Mutex::new(names.iter().map(of).collect()))
    }

    fn all(&self) -> MutexGuard<'_, Vec<OnDevice<'a>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place on the device with most room; the CPU last, because the others are quicker.
    fn take(&'a self) -> Place<'a> {
        let mut all = self.all();
        let full = |one: &OnDevice<'_>| one.taken as f64 / one.room as f64;
        let order = |one: &OnDevice<'_>| (one.taken >= one.room, on_cpu(one.name));
        let at = (0..all.len()).min_by(|&a, &b| {
            let (a, b) = (&all[a], &all[b]);
            order(a).cmp(&order(b)).then(full(a).total_cmp(&full(b)))
        });
        let at = at.expect("there is one device at least");
        all[at].taken += 1;
        Place { devices: self, at }
    }
}

impl<'a> Place<'a> {
    fn name(&self) -> &'a str {
        self.devices.all()[self.at].name
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.devices.all()[self.at].taken -= 1;
    }
}

fn on_cpu(device: &str) -> bool {
    device == "ndarray"
}

/// Trials at the same time, where nothing else is asked for: on the CPU one a thread, 10 at most; else one a device.
pub fn default_workers(devices: &[String], run: &Run) -> NonZeroUsize {
    let threads = run.thread_count().get().min(MAX_PARALLEL_JOBS);
    let one = |device: &str| if on_cpu(device) { threads } else { 1 };
    let all = if devices.is_empty() {
        one(&run.device)
    } else {
        // The CPU's threads are shared by all that are named.
        let others = devices.iter().filter(|device| !on_cpu(device)).count();
        others + if others < devices.len() { threads } else { 0 }
    };
    NonZeroUsize::new(all).unwrap_or(NonZeroUsize::MIN)
}

/// How long the trainings after the search will be.
#[derive(Debug)]
struct Kept {
    fits: usize,
    /// Seconds of the best complete trial.
    best: Option<f64>,
    /// Seconds of the first trial that is seen here, by its steps so far, with its number.
    first: Option<(u64, f64)>,
}

impl Kept {
    fn on_the_way(&mut self, trial: u64, whole: f64) {
        if self.first.is_none_or(|(first, _)| trial <= first) {
            self.first = Some((trial, whole));
        }
    }

    /// The time to keep of what is left; an equal part for each training and the search while nothing is known.
    fn time(&self, left: Duration) -> Duration {
        /// The final data are larger than a trial's, and there is something to measure.
        const MARGIN: f64 = 1.15;
        let fits = self.fits as f64;
        match self.best.or(self.first.map(|(_, whole)| whole)) {
            Some(seconds) => {
                Duration::try_from_secs_f64(seconds * fits * MARGIN).unwrap_or(Duration::MAX)
            }
            None => left.mul_f64(fits / (fits + 1.0)),
        }
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
        steps: steps_of(trial),
        best: best.and_then(|best| Some((best.number, *best.values.first()?))),
        left: left.map(|left| left.as_secs_f64()),
    }
}

/// Steps that a trial did: a complete one is not asked about at its last.
fn steps_of(trial: &Trial) -> u64 {
    let asked = trial.measurements.last().map_or(0, |last| last.step);
    asked + u64::from(asked > 0 && trial.state == TrialState::Complete)
}
