//! A study on several threads until a budget is used up.

use std::any::Any;
use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use super::ask::Asked;
use super::heartbeat::Heartbeat;
use super::trial_run::{Told, TrialRun};
use super::{Budget, Ending, Outcome, RunSummary, Study, StudyError, StudyEvent, Ticket};
use crate::journal::Ledger;
use crate::{Trial, TrialState};

/// When this many trials fail and none does not, the run ends.
const ALL_FAILED: u64 = 5;

impl Study {
    /// Tries on `workers` threads (0 counts as 1) until the budget is used up or the cancel flag goes up.
    ///
    /// `objective` tries one assignment and gives a value for each objective. What it returns after it was told to
    /// stop is passed over: the trial ends as stopped, with its last measurement. A trial that returns an error or
    /// panics is recorded as failed, and the search goes on; one that returns an error after the cancel flag went up
    /// is given back and tried again by the next run. `on_event` is told what happens, on the thread where it
    /// happens, so it should be quick.
    ///
    /// A run that has no trial left to start waits for those at work in other processes, and takes over what they
    /// leave behind.
    ///
    /// # Errors
    ///
    /// [`StudyError::AllFailed`] when the first 5 trials of the run all fail (or all, where the budget has fewer), and
    /// as [`Study::ask`] and [`Study::finish`].
    pub fn run<E: Display>(
        &self,
        workers: usize,
        budget: &Budget,
        cancel: &AtomicBool,
        objective: impl Fn(&mut TrialRun<'_>) -> Result<Vec<f64>, E> + Sync,
        on_event: impl Fn(&StudyEvent) + Sync,
    ) -> Result<RunSummary, StudyError> {
        let limit = [budget.trials, self.settings.trials].into_iter().flatten().min();
        let run = Run {
            study: self,
            workers: workers.max(1),
            limit,
            deadline: budget.wall.map(|wall| self.now().saturating_add(wall)),
            cancel,
            on_event: &on_event,
            heartbeat: Heartbeat::default(),
            broken: AtomicBool::new(false),
            tally: Mutex::new(Tally::default()),
        };
        let warm = self.warm_start();
        if warm.used > 0 || !warm.unfit.is_empty() {
            on_event(&StudyEvent::WarmStarted { used: warm.used, unfit: warm.unfit.len() as u64 });
        }
        let endings = thread::scope(|scope| {
            let work = || run.work(&objective);
            let threads: Vec<_> = (0..run.workers).map(|_| scope.spawn(work)).collect();
            scope.spawn(|| run.heartbeat.beat(self, |error| run.fail(error)));
            let endings: Vec<_> = threads.into_iter().map(thread::ScopedJoinHandle::join).collect();
            run.heartbeat.end();
            endings
        });
        let mut ending = Ending::TrialsDone;
        for one in endings {
            // A panic here is not the objective's but `on_event`'s, so it is the caller's.
            match one.unwrap_or_else(|panic| resume_unwind(panic)) {
                Ending::TrialsDone => {}
                Ending::TimeUp if ending == Ending::Cancelled => {}
                other => ending = other,
            }
        }
        let mut tally = run.tally.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some(error) = tally.error.take() {
            return Err(error);
        }
        let Tally { complete, stopped, failed, superseded, .. } = tally;
        Ok(RunSummary { complete, stopped, failed, superseded, best: self.best()?, ending })
    }
}

/// What the threads of a run share.
pub(super) struct Run<'a> {
    pub(super) study: &'a Study,
    workers: usize,
    limit: Option<u64>,
    deadline: Option<Duration>,
    cancel: &'a AtomicBool,
    on_event: &'a (dyn Fn(&StudyEvent) + Sync),
    heartbeat: Heartbeat,
    /// Whether there is an error that ends the run.
    pub(super) broken: AtomicBool,
    tally: Mutex<Tally>,
}

#[derive(Debug, Default)]
struct Tally {
    complete: u64,
    stopped: u64,
    failed: u64,
    superseded: u64,
    /// Time of the trials that ended here, seconds.
    seconds: f64,
    /// Trials of the study that have ended.
    ended: u64,
    first_message: Option<String>,
    error: Option<StudyError>,
}

impl Run<'_> {
    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the run with an error; the first counts.
    pub(super) fn fail(&self, error: StudyError) {
        self.tally().error.get_or_insert(error);
        self.broken.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.cancel.load(Ordering::Relaxed)
    }

    pub(super) fn remaining(&self) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.saturating_sub(self.study.now()))
    }

    pub(super) fn emit(&self, event: &StudyEvent) {
        (self.on_event)(event);
    }

    /// The time that the run will still take: trials left by the mean time so far, and no longer than the deadline.
    pub(super) fn left(&self) -> Option<Duration> {
        let by_trials = {
            let tally = self.tally();
            let here = tally.complete + tally.stopped + tally.failed;
            let waiting = self.limit.map(|limit| limit.saturating_sub(tally.ended));
            waiting.filter(|_| here > 0).and_then(|waiting| {
                let rounds = waiting as f64 / self.workers as f64;
                Duration::try_from_secs_f64(tally.seconds / here as f64 * rounds).ok()
            })
        };
        [by_trials, self.remaining()].into_iter().flatten().min()
    }

    /// Why no other trial starts, if so.
    fn ending(&self) -> Result<Option<Ending>, StudyError> {
        if self.is_cancelled() || self.broken.load(Ordering::Relaxed) {
            return Ok(Some(Ending::Cancelled));
        }
        let Some(remaining) = self.remaining() else { return Ok(None) };
        let expected = self.study.journal().read(expected)?;
        Ok((remaining.is_zero() || remaining.as_secs_f64() < expected).then_some(Ending::TimeUp))
    }

    fn work<E: Display>(
        &self,
        objective: &(impl Fn(&mut TrialRun<'_>) -> Result<Vec<f64>, E> + Sync),
    ) -> Ending {
        self.try_work(objective).unwrap_or_else(|error| {
            self.fail(error);
            Ending::Cancelled
        })
    }

    fn try_work<E: Display>(
        &self,
        objective: &(impl Fn(&mut TrialRun<'_>) -> Result<Vec<f64>, E> + Sync),
    ) -> Result<Ending, StudyError> {
        let pause = (self.study.settings.lease / 10)
            .clamp(Duration::from_millis(5), Duration::from_secs(1));
        loop {
            if let Some(ending) = self.ending()? {
                return Ok(ending);
            }
            match self.study.ask_within(self.limit, |number| self.heartbeat.holds(number))? {
                Asked::Done => return Ok(Ending::TrialsDone),
                Asked::Wait => thread::sleep(pause),
                Asked::Trial(ticket) => {
                    let lost = self.heartbeat.hold(&ticket);
                    let done = self.try_one(ticket.clone(), lost, objective);
                    self.heartbeat.drop(ticket.number);
                    done?;
                }
            }
        }
    }

    fn try_one<E: Display>(
        &self,
        ticket: Ticket,
        lost: Arc<AtomicBool>,
        objective: &impl Fn(&mut TrialRun<'_>) -> Result<Vec<f64>, E>,
    ) -> Result<(), StudyError> {
        let (trial, attempt) = (ticket.number, ticket.attempt);
        if let Some(worker) = ticket.taken_from.clone() {
            self.emit(&StudyEvent::TakenOver { trial, attempt, worker });
        }
        let assignment = ticket.assignment.clone();
        self.emit(&StudyEvent::Started { trial, attempt, assignment, left: self.left() });
        let mut trial_run = TrialRun::new(self, ticket, lost);
        let result = catch_unwind(AssertUnwindSafe(|| objective(&mut trial_run)));
        let (ticket, told) = trial_run.end();
        let (outcome, why) = match (result, told) {
            (_, Some(Told::Broken)) => return Ok(()),
            (_, Some(Told::Lost)) => return self.superseded(&ticket),
            (Err(panic), _) => {
                (Outcome::Failed(format!("panicked: {}", words(panic.as_ref()))), None)
            }
            (_, Some(Told::Rule(rule))) => (Outcome::Failed(rule), None),
            (_, Some(Told::Scheduler)) => (Outcome::Stopped, None),
            (_, Some(Told::Time)) => (Outcome::Stopped, Some("the time was up")),
            (_, Some(Told::Cancelled)) => (Outcome::Stopped, Some("the run was cancelled")),
            (Ok(Err(_)), None) if self.is_cancelled() => {
                return match self.study.release(&ticket) {
                    Ok(()) => {
                        self.emit(&StudyEvent::Released { trial, attempt });
                        Ok(())
                    }
                    Err(StudyError::Superseded { .. }) => self.superseded(&ticket),
                    Err(error) => Err(error),
                };
            }
            (Ok(Err(error)), None) => (Outcome::Failed(error.to_string()), None),
            (Ok(Ok(values)), None) => match (values.len(), self.study.settings.directions.len()) {
                (found, wanted) if found == wanted => (Outcome::Complete(values), None),
                (found, wanted) => {
                    (Outcome::Failed(StudyError::Values { trial, found, wanted }.to_string()), None)
                }
            },
        };
        let look = |ledger: &Ledger| {
            let ended =
                ledger.trials().iter().filter(|trial| trial.state != TrialState::Running).count();
            let message = ledger.detail(trial).and_then(|detail| detail.message.clone());
            (
                ledger.trials()[trial as usize].clone(),
                message,
                self.study.best_of(ledger),
                ended as u64,
            )
        };
        match self.study.finish_with(&ticket, outcome, why, look) {
            Ok((trial, message, best, ended)) => {
                self.count(&trial, message.as_deref(), ended);
                self.emit(&StudyEvent::Finished {
                    trial,
                    attempt,
                    message,
                    best,
                    left: self.left(),
                });
                Ok(())
            }
            Err(StudyError::Superseded { .. }) => self.superseded(&ticket),
            Err(error) => Err(error),
        }
    }

    #[expect(clippy::unnecessary_wraps, reason = "its callers return what it returns")]
    fn superseded(&self, ticket: &Ticket) -> Result<(), StudyError> {
        self.tally().superseded += 1;
        self.emit(&StudyEvent::Superseded { trial: ticket.number, attempt: ticket.attempt });
        Ok(())
    }

    fn count(&self, trial: &Trial, message: Option<&str>, ended: u64) {
        let mut tally = self.tally();
        match trial.state {
            TrialState::Stopped => tally.stopped += 1,
            TrialState::Failed => tally.failed += 1,
            TrialState::Complete | TrialState::Running => tally.complete += 1,
        }
        tally.seconds += trial.seconds;
        tally.ended = tally.ended.max(ended);
        if trial.state == TrialState::Failed {
            let message =
                tally.first_message.get_or_insert_with(|| message.unwrap_or("nothing").to_owned());
            let message = message.clone();
            let failed = tally.failed;
            let enough = self.limit.map_or(ALL_FAILED, |limit| limit.min(ALL_FAILED));
            if tally.complete + tally.stopped == 0 && failed >= enough {
                drop(tally);
                self.fail(StudyError::AllFailed { failed, message });
            }
        }
    }
}

/// The time that a trial is expected to take: the median of the complete ones, seconds; 0 while there is none.
fn expected(ledger: &Ledger) -> f64 {
    let complete = ledger.trials().iter().filter(|trial| trial.state == TrialState::Complete);
    let mut seconds: Vec<f64> = complete.map(|trial| trial.seconds).collect();
    seconds.sort_by(f64::total_cmp);
    seconds.get(seconds.len() / 2).copied().unwrap_or(0.0)
}

/// What a panic said.
fn words(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no words")
}
