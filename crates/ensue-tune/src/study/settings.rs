//! What a study is made of.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value as Json;

use super::StudyError;
use super::fit::fits;
use crate::journal::{Clock, FORMAT, Header, SystemClock};
use crate::scheduler::AnyScheduler;
use crate::{Assignment, Direction, Sampler, Scheduler, Space, Trial};

/// What a study is made of.
///
/// The journal of a study remembers space, directions, seed, sampler, scheduler and fingerprint, and refuses to go on
/// with others.
#[derive(Debug, Clone)]
pub struct StudySettings {
    /// What may be varied.
    pub space: Space,
    /// One direction for each objective, at least one. Default: one, [`Direction::Minimize`].
    pub directions: Vec<Direction>,
    /// Where all randomness comes from. Default 0.
    pub seed: u64,
    /// What is searched: anything that tells one objective from another. Default empty.
    pub fingerprint: String,
    /// What is tried first, such as the defaults; of a study that exists already, its journal counts. Default none.
    pub enqueue: Vec<Assignment>,
    /// Trials of earlier studies. The sampler learns from those that fit; they are never counted, and never the
    /// best. Default none.
    pub warm_start: Vec<Trial>,
    /// How many trials the study may have, those of all processes and earlier runs included. Default: no limit.
    pub trials: Option<u64>,
    /// How long a worker may be silent before others take its trial over. Default 60 s.
    pub lease: Duration,
    /// How often a trial is tried when its worker dies or goes silent; then it counts as failed. Default 5, at
    /// least 1.
    pub max_attempts: u32,
    /// Who works here. Default: `process-` and the process's number.
    pub worker: String,
    /// The time. Default: the machine's.
    pub clock: Arc<dyn Clock>,
    pub(super) sampler: Arc<dyn Sampler>,
    pub(super) scheduler: Arc<dyn Scheduler>,
    sampler_json: Json,
    scheduler_json: Json,
}

impl StudySettings {
    /// Settings with every choice but the space and the sampler at its default; no trial is ended early.
    pub fn new(space: Space, sampler: impl Sampler + Serialize + 'static) -> Self {
        let description = described(&sampler);
        Self::described(space, Arc::new(sampler), description)
    }

    /// As [`StudySettings::new`], for a sampler that cannot say itself what it is. The journal holds its description.
    pub fn described(space: Space, sampler: Arc<dyn Sampler>, description: Json) -> Self {
        let scheduler = AnyScheduler::None;
        Self {
            space,
            directions: vec![Direction::Minimize],
            seed: 0,
            fingerprint: String::new(),
            enqueue: Vec::new(),
            warm_start: Vec::new(),
            trials: None,
            lease: Duration::from_mins(1),
            max_attempts: 5,
            worker: format!("process-{}", std::process::id()),
            clock: Arc::new(SystemClock),
            sampler_json: description,
            scheduler_json: described(&scheduler),
            sampler,
            scheduler: Arc::new(scheduler),
        }
    }

    /// Ends trials early by this scheduler.
    pub fn with_scheduler(mut self, scheduler: impl Scheduler + Serialize + 'static) -> Self {
        self.scheduler_json = described(&scheduler);
        self.scheduler = Arc::new(scheduler);
        self
    }

    /// Optimises these objectives; the first is the one that is measured on the way.
    pub fn with_directions(mut self, directions: &[Direction]) -> Self {
        self.directions = directions.to_vec();
        self
    }

    /// Draws all randomness from this seed.
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Says what is searched.
    pub fn with_fingerprint(mut self, fingerprint: &str) -> Self {
        fingerprint.clone_into(&mut self.fingerprint);
        self
    }

    /// Tries this before the sampler is asked.
    pub fn with_enqueued(mut self, assignment: Assignment) -> Self {
        self.enqueue.push(assignment);
        self
    }

    /// Learns from trials of earlier studies.
    pub fn with_warm_start(mut self, trials: Vec<Trial>) -> Self {
        self.warm_start = trials;
        self
    }

    /// Ends the study after this many trials.
    pub fn with_trials(mut self, trials: u64) -> Self {
        self.trials = Some(trials);
        self
    }

    /// Lets a worker be silent for so long.
    pub fn with_lease(mut self, lease: Duration) -> Self {
        self.lease = lease;
        self
    }

    /// Tries a trial so often.
    pub fn with_max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts;
        self
    }

    /// Works under this name.
    pub fn with_worker(mut self, worker: &str) -> Self {
        worker.clone_into(&mut self.worker);
        self
    }

    /// Takes the time from this clock.
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// The header of a journal for this study.
    pub(super) fn header(&self) -> Result<Header, StudyError> {
        if self.directions.is_empty() {
            return Err(StudyError::Settings {
                rule: "`directions` needs at least one".to_owned(),
            });
        }
        if self.lease < Duration::from_millis(1) {
            return Err(StudyError::Settings { rule: "`lease` must be 1 ms or longer".to_owned() });
        }
        for (index, assignment) in self.enqueue.iter().enumerate() {
            fits(&self.space, assignment).map_err(|rule| StudyError::Settings {
                rule: format!("`enqueue` {index}: {rule}"),
            })?;
        }
        Ok(Header {
            format: FORMAT,
            space: self.space.clone(),
            directions: self.directions.clone(),
            seed: self.seed,
            sampler: self.sampler_json.clone(),
            scheduler: self.scheduler_json.clone(),
            fingerprint: self.fingerprint.clone(),
            queue: self.enqueue.clone(),
        })
    }
}

/// A sampler or scheduler as JSON; as text where it refuses.
fn described(part: &(impl Serialize + std::fmt::Debug)) -> Json {
    serde_json::to_value(part).unwrap_or_else(|_| Json::String(format!("{part:?}")))
}

/// What differs between what a journal says and what the settings say: the field, and both values.
pub(super) fn difference(
    journal: &Header,
    settings: &Header,
) -> Option<(&'static str, String, String)> {
    fn text(value: &impl Serialize) -> String {
        serde_json::to_string(value).unwrap_or_default()
    }
    let pairs = [
        ("space", text(&journal.space), text(&settings.space)),
        ("directions", text(&journal.directions), text(&settings.directions)),
        ("seed", text(&journal.seed), text(&settings.seed)),
        ("sampler", text(&journal.sampler), text(&settings.sampler)),
        ("scheduler", text(&journal.scheduler), text(&settings.scheduler)),
        ("fingerprint", text(&journal.fingerprint), text(&settings.fingerprint)),
    ];
    pairs.into_iter().find(|(_, journal, settings)| journal != settings)
}
