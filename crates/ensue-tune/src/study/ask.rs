//! Asking what to try.

use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::{Study, StudyError};
use crate::journal::{Ledger, Operation, Source};
use crate::{Assignment, History, Trial, TrialState};

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

impl Study {
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
}

/// Whole milliseconds; a lease without end is one of half a billion years.
pub(super) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
