//! Telling what came of it.

use std::time::Duration;

use serde_json::Value as Json;

use super::ask::{Ticket, millis};
use super::fit::fits;
use super::{Study, StudyError};
use crate::journal::{Ledger, Operation};
use crate::{Assignment, Trial, TrialState, Verdict};

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

impl Study {
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
}

/// Time since the ticket's attempt began, seconds.
fn seconds_since(ledger: &Ledger, ticket: &Ticket, now: Duration) -> f64 {
    ledger
        .detail(ticket.number)
        .map_or(0.0, |detail| now.saturating_sub(detail.started).as_secs_f64())
}
