//! One trial as its objective sees it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use serde_json::Value as Json;

use super::run::Run;
use super::{StudyError, StudyEvent, Ticket};
use crate::{Assignment, JournalError, Verdict};

/// Why a trial was told to stop.
#[derive(Debug)]
pub(super) enum Told {
    Scheduler,
    Time,
    Cancelled,
    /// Another worker has it.
    Lost,
    /// The run ends with an error.
    Broken,
    /// It broke a rule itself.
    Rule(String),
}

/// One trial as its objective sees it.
pub struct TrialRun<'a> {
    run: &'a Run<'a>,
    ticket: Ticket,
    lost: Arc<AtomicBool>,
    told: Option<Told>,
}

impl<'a> TrialRun<'a> {
    pub(super) fn new(run: &'a Run<'a>, ticket: Ticket, lost: Arc<AtomicBool>) -> Self {
        Self { run, ticket, lost, told: None }
    }

    /// What is left when the objective is done: why it was told to stop, if it was.
    pub(super) fn end(self) -> (Ticket, Option<Told>) {
        (self.ticket, self.told)
    }
}

impl TrialRun<'_> {
    /// The trial's number, from 0.
    pub fn number(&self) -> u64 {
        self.ticket.number
    }

    /// Which attempt it is, from 1.
    pub fn attempt(&self) -> u32 {
        self.ticket.attempt
    }

    /// What to try.
    pub fn assignment(&self) -> &Assignment {
        &self.ticket.assignment
    }

    /// Gives a measurement on the way, and says whether to go on: the scheduler's word, and stop at the deadline, when
    /// the run is cancelled, and when another worker took the trial over.
    ///
    /// Steps must rise, or the trial fails. Return the last value rather than report it: a trial that is told to stop
    /// counts as stopped early, whatever it returns.
    pub fn report(&mut self, step: u64, value: f64) -> Verdict {
        if self.told.is_some() {
            return Verdict::Stop;
        }
        let told = match self.run.study.report(&self.ticket, step, value) {
            Ok(Verdict::Stop) => Some(Told::Scheduler),
            Ok(Verdict::Continue) if self.run.is_cancelled() => Some(Told::Cancelled),
            Ok(Verdict::Continue) if self.run.remaining().is_some_and(|left| left.is_zero()) => {
                Some(Told::Time)
            }
            Ok(Verdict::Continue) if self.run.broken.load(Ordering::Relaxed) => {
                Some(Told::Cancelled)
            }
            Ok(Verdict::Continue) => None,
            Err(StudyError::Superseded { .. }) => Some(Told::Lost),
            Err(StudyError::Journal(JournalError::Refused { rule })) => Some(Told::Rule(rule)),
            Err(error) => {
                self.run.fail(error);
                Some(Told::Broken)
            }
        };
        let verdict = if told.is_some() { Verdict::Stop } else { Verdict::Continue };
        self.told = told;
        if !matches!(self.told, Some(Told::Lost | Told::Broken | Told::Rule(_))) {
            let (trial, left) = (self.ticket.number, self.run.left());
            self.run.emit(&StudyEvent::Measured { trial, step, value, verdict, left });
        }
        verdict
    }

    /// Time until the run's deadline; none when it has none.
    pub fn remaining(&self) -> Option<Duration> {
        self.run.remaining()
    }

    /// Whether the trial should end soon, for objectives that measure nothing on the way: the run is cancelled or
    /// broken, or another worker took the trial over.
    pub fn is_cancelled(&self) -> bool {
        let broken = self.run.broken.load(Ordering::Relaxed);
        broken || self.run.is_cancelled() || self.lost.load(Ordering::Relaxed)
    }

    /// A generator for the objective, the same in every attempt of the trial and another than the sampler's.
    pub fn random(&self) -> ChaCha8Rng {
        let mut random = ChaCha8Rng::seed_from_u64(self.run.study.settings.seed);
        random.set_stream(self.ticket.number | 1 << 63);
        random
    }

    /// Remembers something of the trial.
    ///
    /// # Errors
    ///
    /// As [`Study::note`](super::Study::note).
    pub fn note(&self, key: &str, value: Json) -> Result<(), StudyError> {
        self.run.study.note(Some(self.ticket.number), key, value)
    }
}

impl std::fmt::Debug for TrialRun<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TrialRun")
            .field("ticket", &self.ticket)
            .field("told", &self.told)
            .finish_non_exhaustive()
    }
}
