//! Hyperparameter search that is useful on its own.

mod number;
pub mod sampler;
pub mod scheduler;
mod space;
mod trial;

pub use sampler::Sampler;
pub use scheduler::{Scheduler, Verdict};
pub use space::{Assignment, Condition, Domain, Parameter, Scale, Space, Value};
pub use trial::{Direction, History, Measurement, Trial, TrialState};
