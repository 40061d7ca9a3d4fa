//! Settings that are searched for, and a recipe that is chosen.
//!
//! | file | what it holds |
//! |---|---|
//! | `settings.rs` | [`Hpo`]: what is searched, by what, for how long |
//! | `ranges.rs` | what each recipe may vary: Amazon's ranges, and wider ones |
//! | `candidates.rs` | recipes that compete, and why some do not |
//! | `trial.rs` | one trial: fit on a part of the training data, measure on the rest |
//! | `search.rs` | all of them |
//!
//! What was tried and what came of it is a [`Tuning`].
//!
//! A search sees the training part of the data only. It holds the newest tenth of every user's events in it back to measure
//! trials on ([`ensue_core::validation_split`]; at most 10,000 users, drawn by seed). The chosen settings are trained once
//! more on the whole training part, which is what is measured on the test part, and served.

mod candidates;
mod ranges;
mod search;
mod settings;
#[cfg(test)]
mod tests;
mod trial;

pub use ensue_nn::search::{Candidate, LeftOut, MAX_JOBS, MAX_PARALLEL_JOBS, Ranges, Tuning};
pub use ensue_tune::Assignment;
pub use settings::Hpo;
