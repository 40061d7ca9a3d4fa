//! The lines of a journal.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::{Assignment, Direction, Space, TrialState};

/// The version of the format that is written and read here.
pub const FORMAT: u32 = 1;

/// What a study is: the first line of its journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// Version of the format, [`FORMAT`].
    pub format: u32,
    /// What may be varied.
    pub space: Space,
    /// One direction for each objective.
    pub directions: Vec<Direction>,
    /// Where all randomness comes from.
    pub seed: u64,
    /// The sampler as JSON.
    pub sampler: Json,
    /// The scheduler as JSON.
    pub scheduler: Json,
    /// What is searched: anything that tells one objective from another, such as a checksum of the data and the
    /// model's settings.
    pub fingerprint: String,
    /// What is tried before the sampler is asked.
    #[serde(default)]
    pub queue: Vec<Assignment>,
}

/// Where an assignment came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// It was asked for.
    Queue,
    /// The sampler proposed it.
    Sampler,
}

/// One line of a journal. Times are milliseconds since the start of 1970, UTC.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Operation {
    /// The study begins. The first line and no other.
    Create(Header),
    /// An assignment shall be tried before the sampler is asked again.
    Enqueue {
        /// What to try.
        assignment: Assignment,
    },
    /// Somebody begins a trial, or takes one over whose lease ran out: then the number is known, the attempt is one
    /// higher, and the measurements of the attempt before are void.
    Start {
        /// The trial's number.
        trial: u64,
        /// Which attempt it is, from 1.
        attempt: u32,
        /// Who does it.
        worker: String,
        /// Now.
        at: u64,
        /// When the lease ends.
        until: u64,
        /// Where the assignment came from.
        source: Source,
        /// What is tried.
        assignment: Assignment,
    },
    /// The worker is alive; or, with a lease that ends now, gives the trial back.
    Renew {
        /// The trial's number.
        trial: u64,
        /// The worker's attempt.
        attempt: u32,
        /// When the lease ends.
        until: u64,
    },
    /// A measurement on the way. It renews the lease.
    Report {
        /// The trial's number.
        trial: u64,
        /// The worker's attempt.
        attempt: u32,
        /// How far the trial is; higher than before.
        step: u64,
        /// The first objective's value.
        #[serde(with = "crate::number")]
        value: f64,
        /// Time since the attempt began, seconds.
        seconds: f64,
        /// When the lease ends.
        until: u64,
    },
    /// A trial ended.
    Finish {
        /// The trial's number.
        trial: u64,
        /// The worker's attempt.
        attempt: u32,
        /// How it ended.
        state: TrialState,
        /// Value of each objective; of a stopped trial its last measurement; none of a failed one.
        #[serde(with = "crate::number::list")]
        values: Vec<f64>,
        /// Time that the attempt took, seconds.
        seconds: f64,
        /// Why, where that needs words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<String>,
    },
    /// Something that the user wants to remember, of a trial or of the study.
    Note {
        /// The trial's number; none for the study.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        trial: Option<u64>,
        /// Under which name. A later note of the same name replaces it.
        key: String,
        /// What.
        value: Json,
    },
}

impl Operation {
    /// Whether the line is flushed to the disk before anybody goes on.
    ///
    /// Measurements and renewals are not: after a power loss the trial would be taken over and measured anew anyway.
    /// The death of a process alone loses neither.
    pub(crate) fn must_last(&self) -> bool {
        !matches!(self, Self::Report { .. } | Self::Renew { .. })
    }
}
