//! A search from its first trial to its last, in one process or several, across crashes.
//!
//! A [`Study`] asks a sampler what to try, a scheduler what to end early, and writes everything to a
//! [`journal`](crate::journal). Use it in one of two ways:
//!
//! - **Ask and tell**: [`Study::ask`] gives a [`Ticket`], [`Study::report`] takes measurements on the way,
//!   [`Study::finish`] the end. For a caller that has a loop of its own.
//! - **Run**: [`Study::run`] calls a function on several threads until a [`Budget`] is used up.
//!
//! Both mix, and several processes may do either on one file at once.
//!
//! | file | what it holds |
//! |---|---|
//! | `settings.rs` | [`StudySettings`] |
//! | `open.rs` | [`Study`]: opening it, and looking at it |
//! | `ask.rs`, `tell.rs` | ask and tell: [`Ticket`], [`Outcome`] |
//! | `run.rs` | [`Study::run`]: the threads and their budget |
//! | `trial_run.rs` | [`TrialRun`]: one trial as its objective sees it |
//! | `heartbeat.rs` | who renews the leases of a run |
//! | `event.rs` | [`StudyEvent`], [`Budget`], [`RunSummary`] |
//! | `fit.rs` | [`WarmStart`]: which trials of earlier studies fit |
//! | `pareto.rs` | [`best`] and [`pareto_front`] |
//! | `error.rs` | [`StudyError`] |
//!
//! # What repeats
//!
//! The proposal for trial `n` depends on the study's seed, on `n`, and on what the journal says when it starts. One
//! worker with an objective that repeats gives the same study again. With several workers the trials end in another
//! order each time, so samplers that learn may propose other values.
//!
//! # Several objectives
//!
//! Give one [`Direction`](crate::Direction) for each, and end trials with as many values. There is then rarely one
//! best trial: [`Study::pareto_front`] gives those that cannot be bettered in one objective without a loss in
//! another, and the choice among them is yours. [`Study::best`], measurements on the way and schedulers look at the
//! first objective alone.

mod ask;
mod error;
mod event;
mod fit;
mod heartbeat;
mod open;
mod pareto;
mod run;
mod settings;
mod tell;
#[cfg(test)]
mod tests;
mod trial_run;

pub use ask::Ticket;
pub use error::StudyError;
pub use event::{Budget, Ending, RunSummary, StudyEvent};
pub use fit::WarmStart;
pub use open::Study;
pub use pareto::{best, pareto_front};
pub use settings::StudySettings;
pub use tell::Outcome;
pub use trial_run::TrialRun;
