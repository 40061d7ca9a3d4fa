//! What a run may take, what it tells, and how it ends.

use std::time::Duration;

use crate::{Assignment, Trial, Verdict};

/// How much a run may take. Default: no limit, so that only the cancel flag ends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Budget {
    /// How many trials the study may have, those of all processes and earlier runs included. Where the settings
    /// have a limit, too, the lower counts.
    pub trials: Option<u64>,
    /// How long the run may take. No trial starts that would not end in time, by the median of the complete ones;
    /// those that run at the end are told to stop.
    pub wall: Option<Duration>,
}

impl Budget {
    /// A number of trials.
    pub fn trials(trials: u64) -> Self {
        Self { trials: Some(trials), wall: None }
    }

    /// A time.
    pub fn wall(wall: Duration) -> Self {
        Self { trials: None, wall: Some(wall) }
    }
}

/// Something that happened in a run. `left` is the time that the run will still take, by the trials so far and the
/// budget; none while nothing is known.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum StudyEvent {
    /// The sampler learns from trials of earlier studies. The first event, where there are any.
    WarmStarted {
        /// How many fit.
        used: u64,
        /// How many do not fit; [`Study::warm_start`](super::Study::warm_start) says why.
        unfit: u64,
    },
    /// A trial is taken over whose worker went silent; it starts next.
    TakenOver {
        /// The trial's number.
        trial: u64,
        /// The attempt that starts now.
        attempt: u32,
        /// Who had it.
        worker: String,
    },
    /// A trial starts.
    Started {
        /// The trial's number.
        trial: u64,
        /// Which attempt it is, from 1.
        attempt: u32,
        /// What is tried.
        assignment: Assignment,
        /// Time left.
        left: Option<Duration>,
    },
    /// A trial gave a measurement.
    Measured {
        /// The trial's number.
        trial: u64,
        /// How far it is.
        step: u64,
        /// The first objective's value.
        value: f64,
        /// Whether it goes on.
        verdict: Verdict,
        /// Time left.
        left: Option<Duration>,
    },
    /// A trial ended, and that is on the disk.
    Finished {
        /// The trial.
        trial: Trial,
        /// Which attempt it was, from 1.
        attempt: u32,
        /// Why, where that needs words: the error of a failed trial.
        message: Option<String>,
        /// The best trial so far.
        best: Option<Trial>,
        /// Time left.
        left: Option<Duration>,
    },
    /// A trial was given back untried, because the run was cancelled.
    Released {
        /// The trial's number.
        trial: u64,
        /// The attempt.
        attempt: u32,
    },
    /// What a trial gave came too late and is lost: another worker had taken it over.
    Superseded {
        /// The trial's number.
        trial: u64,
        /// The attempt that was too late.
        attempt: u32,
    },
}

/// Why a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The study has all its trials, and all have ended.
    TrialsDone,
    /// The time was used up, or too little was left for another trial.
    TimeUp,
    /// The cancel flag was up.
    Cancelled,
}

/// What came of a run. Counts are of this run alone.
#[derive(Debug, Clone, PartialEq)]
pub struct RunSummary {
    /// Trials that ran to their end.
    pub complete: u64,
    /// Trials that were ended early.
    pub stopped: u64,
    /// Trials that failed.
    pub failed: u64,
    /// Trials that other workers took over from this run.
    pub superseded: u64,
    /// The study's best trial.
    pub best: Option<Trial>,
    /// Why the run ended.
    pub ending: Ending,
}
