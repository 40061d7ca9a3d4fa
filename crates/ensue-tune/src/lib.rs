//! Hyperparameter search that is useful on its own.

pub mod charts;
pub mod journal;
mod number;
pub mod sampler;
pub mod scheduler;
mod space;
pub mod study;
mod trial;

pub use journal::{Journal, JournalError, Ledger};
pub use sampler::Sampler;
pub use scheduler::{Scheduler, Verdict};
pub use space::{Assignment, Condition, Domain, Parameter, Scale, Space, Value};
pub use study::{Budget, Outcome, Study, StudyError, StudyEvent, StudySettings, Ticket, TrialRun};
pub use trial::{Direction, History, Measurement, Trial, TrialState};
