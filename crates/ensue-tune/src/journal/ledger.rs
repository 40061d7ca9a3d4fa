//! What the lines of a journal add up to.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde_json::Value as Json;

use super::operation::{FORMAT, Header, Operation, Source};
use crate::{Assignment, History, Measurement, Trial, TrialState};

/// What is known of a trial beside the trial itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Detail {
    /// The current or last attempt, from 1. Above 1, workers before died or gave the trial back.
    pub attempt: u32,
    /// Who works or worked on it.
    pub worker: String,
    /// Where the assignment came from.
    pub source: Source,
    /// When the current attempt began, since the start of 1970.
    pub started: Duration,
    /// When the lease ends, since the start of 1970.
    pub until: Duration,
    /// Why it ended, where that needs words: the error of a failed trial.
    pub message: Option<String>,
    /// What the user wants to remember.
    pub notes: BTreeMap<String, Json>,
}

/// All that a journal says.
#[derive(Debug, Clone, PartialEq)]
pub struct Ledger {
    header: Header,
    trials: Vec<Trial>,
    details: Vec<Detail>,
    queue: VecDeque<Assignment>,
    notes: BTreeMap<String, Json>,
}

impl Ledger {
    /// What there is after the first line.
    pub(crate) fn new(header: Header) -> Self {
        let queue = header.queue.iter().cloned().collect();
        Self { header, trials: Vec::new(), details: Vec::new(), queue, notes: BTreeMap::new() }
    }

    /// What the study is.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// All trials by number, running ones included.
    pub fn trials(&self) -> &[Trial] {
        &self.trials
    }

    /// What else is known of a trial.
    pub fn detail(&self, number: u64) -> Option<&Detail> {
        self.details.get(usize::try_from(number).ok()?)
    }

    /// What is to be tried before the sampler is asked.
    pub fn queue(&self) -> impl Iterator<Item = &Assignment> {
        self.queue.iter()
    }

    /// The study's own notes.
    pub fn notes(&self) -> &BTreeMap<String, Json> {
        &self.notes
    }

    /// What samplers and schedulers may look at.
    pub fn history(&self) -> History<'_> {
        History {
            space: &self.header.space,
            directions: &self.header.directions,
            trials: &self.trials,
        }
    }

    /// The numbers of trials that run, each with its attempt and the end of its lease.
    pub(crate) fn running(&self) -> impl Iterator<Item = (u64, &Detail)> {
        let both = self.trials.iter().zip(&self.details);
        both.filter(|(trial, _)| trial.state == TrialState::Running)
            .map(|(trial, detail)| (trial.number, detail))
    }

    /// Whether this attempt is the one that counts and still runs.
    pub(crate) fn is_current(&self, number: u64, attempt: u32) -> bool {
        self.current(number, attempt).is_ok()
    }

    fn current(&self, number: u64, attempt: u32) -> Result<usize, String> {
        let index = number as usize;
        let Some((trial, detail)) = self.trials.get(index).zip(self.details.get(index)) else {
            return Err(format!("trial {number} was never started"));
        };
        if trial.state != TrialState::Running {
            return Err(format!("trial {number} has ended already"));
        }
        if detail.attempt != attempt {
            let now = detail.attempt;
            return Err(format!(
                "attempt {attempt} of trial {number} does not count, attempt {now} does"
            ));
        }
        Ok(index)
    }

    /// Which rule an operation breaks, if any.
    pub(crate) fn check(&self, operation: &Operation) -> Result<(), String> {
        match operation {
            Operation::Create(_) => Err("`create` stands on the first line only".to_owned()),
            Operation::Start { trial, attempt, at, source, assignment, .. } => {
                let index = *trial as usize;
                if let Some(old) = self.trials.get(index) {
                    let detail = &self.details[index];
                    self.current(*trial, detail.attempt)?;
                    if attempt.checked_sub(1) != Some(detail.attempt) {
                        let next = detail.attempt.saturating_add(1);
                        return Err(format!(
                            "attempt {attempt} of trial {trial} starts, and attempt {next} is next"
                        ));
                    }
                    if detail.until > Duration::from_millis(*at) {
                        return Err(format!(
                            "trial {trial} is taken over before its lease has run out"
                        ));
                    }
                    if old.assignment != *assignment {
                        return Err(format!("trial {trial} is taken over with another assignment"));
                    }
                    return Ok(());
                }
                let next = self.trials.len();
                if index != next || *attempt != 1 {
                    return Err(format!(
                        "attempt {attempt} of trial {trial} starts, and attempt 1 of trial {next} is next"
                    ));
                }
                if *source == Source::Queue && self.queue.front() != Some(assignment) {
                    return Err(format!(
                        "the assignment of trial {trial} is not the next of the queue"
                    ));
                }
                Ok(())
            }
            Operation::Renew { trial, attempt, .. } => self.current(*trial, *attempt).map(|_| ()),
            Operation::Report { trial, attempt, step, .. } => {
                let index = self.current(*trial, *attempt)?;
                match self.trials[index].measurements.last() {
                    Some(last) if last.step >= *step => {
                        let last = last.step;
                        Err(format!(
                            "trial {trial} reports step {step} after step {last}: steps must rise"
                        ))
                    }
                    _ => Ok(()),
                }
            }
            Operation::Finish { trial, attempt, state, values, .. } => {
                self.current(*trial, *attempt)?;
                let (found, wanted) = (
                    values.len(),
                    match state {
                        TrialState::Running => {
                            return Err(format!(
                                "trial {trial} finishes, so its state cannot be `running`"
                            ));
                        }
                        TrialState::Complete => self.header.directions.len(),
                        TrialState::Stopped => 1,
                        TrialState::Failed => 0,
                    },
                );
                if found == wanted {
                    Ok(())
                } else {
                    Err(format!(
                        "trial {trial} finishes with {found} values, and {wanted} are needed"
                    ))
                }
            }
            Operation::Note { trial: Some(trial), .. } if *trial as usize >= self.trials.len() => {
                Err(format!("trial {trial} was never started"))
            }
            Operation::Enqueue { .. } | Operation::Note { .. } => Ok(()),
        }
    }

    /// Adds an operation, or says which rule it breaks and changes nothing.
    pub(crate) fn apply(&mut self, operation: Operation) -> Result<(), String> {
        self.check(&operation)?;
        match operation {
            Operation::Create(_) => {}
            Operation::Enqueue { assignment } => self.queue.push_back(assignment),
            Operation::Start { trial, attempt, worker, at, until, source, assignment } => {
                let started = Duration::from_millis(at);
                let until = Duration::from_millis(until);
                if let Some(old) = self.details.get_mut(trial as usize) {
                    (old.attempt, old.worker) = (attempt, worker);
                    (old.started, old.until) = (started, until);
                    let old = &mut self.trials[trial as usize];
                    old.measurements.clear();
                    old.seconds = 0.0;
                    return Ok(());
                }
                if source == Source::Queue {
                    self.queue.pop_front();
                }
                let (message, notes) = (None, BTreeMap::new());
                self.details.push(Detail {
                    attempt,
                    worker,
                    source,
                    started,
                    until,
                    message,
                    notes,
                });
                self.trials.push(Trial {
                    number: trial,
                    assignment,
                    state: TrialState::Running,
                    measurements: Vec::new(),
                    values: Vec::new(),
                    seconds: 0.0,
                });
            }
            Operation::Renew { trial, until, .. } => {
                self.details[trial as usize].until = Duration::from_millis(until);
            }
            Operation::Report { trial, step, value, seconds, until, .. } => {
                self.details[trial as usize].until = Duration::from_millis(until);
                let trial = &mut self.trials[trial as usize];
                trial.measurements.push(Measurement { step, value });
                trial.seconds = seconds;
            }
            Operation::Finish { trial, state, values, seconds, message, .. } => {
                self.details[trial as usize].message = message;
                let trial = &mut self.trials[trial as usize];
                (trial.state, trial.values, trial.seconds) = (state, values, seconds);
            }
            Operation::Note { trial, key, value } => {
                let notes = match trial {
                    Some(trial) => &mut self.details[trial as usize].notes,
                    None => &mut self.notes,
                };
                notes.insert(key, value);
            }
        }
        Ok(())
    }

    /// What the first line says, or which rule it breaks.
    pub(crate) fn begin(line: &[u8]) -> Result<Self, Beginning> {
        match serde_json::from_slice(line) {
            Ok(Operation::Create(header)) if header.format == FORMAT => Ok(Self::new(header)),
            Ok(Operation::Create(header)) => Err(Beginning::Format(header.format.into())),
            Ok(_) => Err(Beginning::Rule("a journal begins with `create`".to_owned())),
            Err(error) => {
                // A later format may say more than is known here: name the format rather than the field.
                let format = serde_json::from_slice::<Json>(line)
                    .ok()
                    .filter(|json| json["op"] == "create")
                    .and_then(|json| json["format"].as_u64())
                    .filter(|format| *format != u64::from(FORMAT));
                Err(format.map_or_else(
                    || Beginning::Rule(format!("no `create` operation: {error}")),
                    Beginning::Format,
                ))
            }
        }
    }
}

/// Why a first line is none.
#[derive(Debug)]
pub(crate) enum Beginning {
    /// It is of another format.
    Format(u64),
    /// It breaks a rule.
    Rule(String),
}
