//! Ask and tell.

use std::path::Path;
use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use serde_json::Value as Json;

use super::StudyError;
use super::fit::{WarmStart, fits, sorted_out};
use super::pareto::{best, pareto_front};
use super::settings::{StudySettings, difference};
use crate::journal::{Header, Journal, Ledger, Operation, Source};
use crate::{Assignment, History, Trial, TrialState, Verdict};

/// A trial that was given out to be tried.
#[derive(Debug, Clone, PartialEq)]
pub struct Ticket {
    /// The trial's number, from 0.
    pub number: u64,
    /// Which attempt it is, from 1.
    pub attempt: u32,
    /// What to try.
    pub assignment: Assignment,
    /// Who tried it before, where it was taken over.
    pub taken_from: Option<String>,
}

/// How a trial ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It ran to its end, with a value for each objective.
    Complete(Vec<f64>),
    /// It was ended early; its last measurement is its value.
    Stopped,
    /// It failed, with what it said.
    Failed(String),
}

/// What there is to do.
#[derive(Debug)]
pub(super) enum Asked {
    /// This trial.
    Trial(Ticket),
    /// Nothing, unless a worker elsewhere dies.
    Wait,
    /// Nothing.
    Done,
}

/// A search: what was tried, and what to try next. Threads may share it.
///
/// See the [crate's overview](crate) for a runnable example.
#[derive(Debug)]
pub struct Study {
    journal: Journal,
    pub(super) settings: StudySettings,
    /// What the sampler learns from beside the study's own trials, numbered from 0.
    earlier: Vec<Trial>,
    warm_start: WarmStart,
}

impl Study {
    /// Begins a study in a new journal file.
    ///
    /// # Errors
    ///
    /// [`StudyError::Settings`] when the settings make no study, and as
    /// [`Journal::create`](crate::Journal::create).
    pub fn create(path: &Path, settings: StudySettings) -> Result<Self, StudyError> {
        Ok(Self::with(Journal::create(path, settings.header()?)?, settings))
    }

    /// Goes on with a study.
    ///
    /// # Errors
    ///
    /// [`StudyError::Differs`] when the journal is of another study, and as
    /// [`Journal::open`](crate::Journal::open).
    pub fn open(path: &Path, settings: StudySettings) -> Result<Self, StudyError> {
        let header = settings.header()?;
        let study = Self::with(Journal::open(path)?, settings);
        study.must_match(path, &header)?;
        Ok(study)
    }

    /// Goes on with a study, or begins it where there is none. Several processes may do so at once.
    ///
    /// # Errors
    ///
    /// As [`Study::open`] and [`Study::create`].
    pub fn open_or_create(path: &Path, settings: StudySettings) -> Result<Self, StudyError> {
        let header = settings.header()?;
        let (journal, _) = Journal::open_or_create(path, header.clone())?;
        let study = Self::with(journal, settings);
        study.must_match(path, &header)?;
        Ok(study)
    }

    /// A study that ends with the process.
    ///
    /// # Errors
    ///
    /// [`StudyError::Settings`] when the settings make no study.
    pub fn in_memory(settings: StudySettings) -> Result<Self, StudyError> {
        Ok(Self::with(Journal::in_memory(settings.header()?), settings))
    }

    fn with(journal: Journal, settings: StudySettings) -> Self {
        let (earlier, warm_start) =
            sorted_out(&settings.space, &settings.directions, &settings.warm_start);
        Self { journal, settings, earlier, warm_start }
    }

    fn must_match(&self, path: &Path, header: &Header) -> Result<(), StudyError> {
        match self.journal.read(|ledger| difference(ledger.header(), header))? {
            None => Ok(()),
            Some((field, journal, settings)) => {
                Err(StudyError::Differs { path: path.to_owned(), field, journal, settings })
            }
        }
    }

    /// The next trial to try, or none when the study has all its trials. Yours until its lease runs out: report or
    /// [renew](Study::renew) in time.
    ///
    /// First come trials whose lease ran out, then what was enqueued, then what the sampler proposes. None does not
    /// mean that all trials have ended: others may still work on theirs.
    ///
    /// # Errors
    ///
    /// As [`Journal::write`](crate::Journal::write).
    pub fn ask(&self) -> Result<Option<Ticket>, StudyError> {
        match self.ask_within(self.settings.trials, |_| false)? {
            Asked::Trial(ticket) => Ok(Some(ticket)),
            Asked::Wait | Asked::Done => Ok(None),
        }
    }

    /// As [`Study::ask`], up to a number of trials, and leaving alone the trials that are at work here.
    pub(super) fn ask_within(
        &self,
        limit: Option<u64>,
        held: impl Fn(u64) -> bool,
    ) -> Result<Asked, StudyError> {
        loop {
            let mut asked = None;
            let decide = |ledger: &Ledger| {
                let (operation, found) = self.next(ledger, limit, &held);
                asked = found;
                Ok::<_, StudyError>(operation)
            };
            self.journal.write(decide, |_| ())?;
            if let Some(asked) = asked {
                return Ok(asked);
            }
        }
    }

    /// What to write, and what that gives; nothing when there is more to write first.
    fn next(
        &self,
        ledger: &Ledger,
        limit: Option<u64>,
        held: &impl Fn(u64) -> bool,
    ) -> (Option<Operation>, Option<Asked>) {
        let now = self.now();
        let expired =
            ledger.running().find(|(number, detail)| detail.until <= now && !held(*number));
        let count = ledger.trials().len() as u64;
        let (number, attempt, source, assignment, taken_from) =
            if let Some((number, detail)) = expired {
                let trial = &ledger.trials()[number as usize];
                if detail.attempt >= self.settings.max_attempts.max(1) {
                    let times = detail.attempt;
                    return (
                        Some(Operation::Finish {
                            trial: number,
                            attempt: detail.attempt,
                            state: TrialState::Failed,
                            values: Vec::new(),
                            seconds: trial.seconds,
                            message: Some(format!("its workers died or went silent {times} times")),
                        }),
                        None,
                    );
                }
                let from = Some(detail.worker.clone());
                (number, detail.attempt + 1, detail.source, trial.assignment.clone(), from)
            } else if limit.is_some_and(|limit| count >= limit) {
                let elsewhere = ledger.running().any(|(number, _)| !held(number));
                return (None, Some(if elsewhere { Asked::Wait } else { Asked::Done }));
            } else if let Some(assignment) = ledger.queue().next() {
                (count, 1, Source::Queue, assignment.clone(), None)
            } else {
                (count, 1, Source::Sampler, self.sampled(ledger, count), None)
            };
        let operation = Operation::Start {
            trial: number,
            attempt,
            worker: self.settings.worker.clone(),
            at: millis(now),
            until: millis(now.saturating_add(self.settings.lease)),
            source,
            assignment: assignment.clone(),
        };
        (Some(operation), Some(Asked::Trial(Ticket { number, attempt, assignment, taken_from })))
    }

    fn sampled(&self, ledger: &Ledger, number: u64) -> Assignment {
        let mut random = ChaCha8Rng::seed_from_u64(self.settings.seed);
        random.set_stream(number);
        let history = ledger.history();
        if self.earlier.is_empty() {
            return self.settings.sampler.sample(&history, &mut random);
        }
        let offset = self.earlier.len() as u64;
        let own = history
            .trials
            .iter()
            .map(|trial| Trial { number: trial.number + offset, ..trial.clone() });
        let trials: Vec<Trial> = self.earlier.iter().cloned().chain(own).collect();
        self.settings.sampler.sample(&History { trials: &trials, ..history }, &mut random)
    }

    /// Gives a measurement on the way, and says whether to go on. It renews the lease.
    ///
    /// Steps must rise. Report on the way only, and give the last value to [`Study::finish`]: a trial that is at its
    /// end has nothing left to be ended early.
    ///
    /// # Errors
    ///
    /// [`StudyError::Superseded`] when somebody took the trial over, and as
    /// [`Journal::append`](crate::Journal::append).
    pub fn report(&self, ticket: &Ticket, step: u64, value: f64) -> Result<Verdict, StudyError> {
        let decide = |ledger: &Ledger| {
            Self::must_be_current(ledger, ticket)?;
            let now = self.now();
            let (trial, attempt) = (ticket.number, ticket.attempt);
            let (seconds, until) = (
                seconds_since(ledger, ticket, now),
                millis(now.saturating_add(self.settings.lease)),
            );
            Ok::<_, StudyError>(Some(Operation::Report {
                trial,
                attempt,
                step,
                value,
                seconds,
                until,
            }))
        };
        self.journal.write(decide, |ledger| {
            let history = ledger.history();
            let trial = history.trials.get(ticket.number as usize);
            trial
                .map_or(Verdict::Continue, |trial| self.settings.scheduler.verdict(&history, trial))
        })
    }

    /// Says that the trial is still at work. Not needed beside measurements that come well within a lease.
    ///
    /// # Errors
    ///
    /// As [`Study::report`].
    pub fn renew(&self, ticket: &Ticket) -> Result<(), StudyError> {
        self.lease_until(ticket, self.now().saturating_add(self.settings.lease))
    }

    /// Gives a trial back untried: the next to ask takes it over at once.
    ///
    /// # Errors
    ///
    /// As [`Study::report`].
    pub fn release(&self, ticket: &Ticket) -> Result<(), StudyError> {
        self.lease_until(ticket, self.now())
    }

    fn lease_until(&self, ticket: &Ticket, until: Duration) -> Result<(), StudyError> {
        let decide = |ledger: &Ledger| {
            Self::must_be_current(ledger, ticket)?;
            let (trial, attempt) = (ticket.number, ticket.attempt);
            Ok::<_, StudyError>(Some(Operation::Renew { trial, attempt, until: millis(until) }))
        };
        self.journal.write(decide, |_| ())
    }

    /// Ends a trial, and gives it as the journal has it now, on the disk.
    ///
    /// # Errors
    ///
    /// [`StudyError::Superseded`] when somebody took the trial over, [`StudyError::Values`] when the number of values
    /// is wrong, [`StudyError::Unmeasured`] when a stopped trial has no measurement, and as
    /// [`Journal::append`](crate::Journal::append).
    pub fn finish(&self, ticket: &Ticket, outcome: Outcome) -> Result<Trial, StudyError> {
        self.finish_with(ticket, outcome, None, |ledger| {
            ledger.trials()[ticket.number as usize].clone()
        })
    }

    pub(super) fn finish_with<T>(
        &self,
        ticket: &Ticket,
        outcome: Outcome,
        why: Option<&str>,
        look: impl FnOnce(&Ledger) -> T,
    ) -> Result<T, StudyError> {
        let decide = |ledger: &Ledger| {
            Self::must_be_current(ledger, ticket)?;
            let (trial, attempt) = (ticket.number, ticket.attempt);
            let (state, values, message) = match outcome {
                Outcome::Complete(values) => {
                    let (found, wanted) = (values.len(), self.settings.directions.len());
                    if found != wanted {
                        return Err(StudyError::Values { trial, found, wanted });
                    }
                    (TrialState::Complete, values, None)
                }
                Outcome::Stopped => {
                    let last = ledger.trials()[trial as usize].measurements.last();
                    let last = last.ok_or(StudyError::Unmeasured { trial })?;
                    (TrialState::Stopped, vec![last.value], why.map(str::to_owned))
                }
                Outcome::Failed(message) => (TrialState::Failed, Vec::new(), Some(message)),
            };
            let seconds = seconds_since(ledger, ticket, self.now());
            Ok(Some(Operation::Finish { trial, attempt, state, values, seconds, message }))
        };
        self.journal.write(decide, look)
    }

    fn must_be_current(ledger: &Ledger, ticket: &Ticket) -> Result<(), StudyError> {
        let (trial, attempt) = (ticket.number, ticket.attempt);
        if ledger.is_current(trial, attempt) {
            Ok(())
        } else {
            Err(StudyError::Superseded { trial, attempt })
        }
    }

    /// Tries this before the sampler is asked again.
    ///
    /// # Errors
    ///
    /// [`StudyError::Settings`] when it is not of the space, and as
    /// [`Journal::append`](crate::Journal::append).
    pub fn enqueue(&self, assignment: Assignment) -> Result<(), StudyError> {
        fits(&self.settings.space, &assignment).map_err(|rule| StudyError::Settings {
            rule: format!("enqueued assignment: {rule}"),
        })?;
        Ok(self.journal.append(Operation::Enqueue { assignment })?)
    }

    /// Remembers something, of a trial or (with no number) of the study, in place of what had the same name.
    ///
    /// # Errors
    ///
    /// As [`Journal::append`](crate::Journal::append).
    pub fn note(&self, trial: Option<u64>, key: &str, value: Json) -> Result<(), StudyError> {
        Ok(self.journal.append(Operation::Note { trial, key: key.to_owned(), value })?)
    }

    /// The complete trial with the best first objective, so far. See [`best`](super::best).
    ///
    /// # Errors
    ///
    /// As [`Journal::read`](crate::Journal::read).
    pub fn best(&self) -> Result<Option<Trial>, StudyError> {
        Ok(self.journal.read(|ledger| self.best_of(ledger))?)
    }

    pub(super) fn best_of(&self, ledger: &Ledger) -> Option<Trial> {
        let direction = self.settings.directions.first().copied().unwrap_or_default();
        best(ledger.trials(), direction).cloned()
    }

    /// The trials that no other betters in every objective, so far. See [`pareto_front`](super::pareto_front).
    ///
    /// # Errors
    ///
    /// As [`Journal::read`](crate::Journal::read).
    pub fn pareto_front(&self) -> Result<Vec<Trial>, StudyError> {
        let front = |ledger: &Ledger| {
            pareto_front(ledger.trials(), &self.settings.directions).into_iter().cloned().collect()
        };
        Ok(self.journal.read(front)?)
    }

    /// All trials by number, running ones included.
    ///
    /// # Errors
    ///
    /// As [`Journal::read`](crate::Journal::read).
    pub fn trials(&self) -> Result<Vec<Trial>, StudyError> {
        Ok(self.journal.read(|ledger| ledger.trials().to_vec())?)
    }

    /// The journal, for everything else that it says.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// What the study is made of.
    pub fn settings(&self) -> &StudySettings {
        &self.settings
    }

    /// What became of the trials of earlier studies.
    pub fn warm_start(&self) -> &WarmStart {
        &self.warm_start
    }

    pub(super) fn now(&self) -> Duration {
        self.settings.clock.now()
    }
}

/// Whole milliseconds; a lease without end is one of half a billion years.
fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Time since the ticket's attempt began, seconds.
fn seconds_since(ledger: &Ledger, ticket: &Ticket, now: Duration) -> f64 {
    ledger
        .detail(ticket.number)
        .map_or(0.0, |detail| now.saturating_sub(detail.started).as_secs_f64())
}
