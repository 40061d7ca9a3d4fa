//! Settings that are searched for.
//!
//! | file | what it holds |
//! |---|---|
//! | `settings.rs` | [`Hpo`]: what is searched, by what, for how long |
//! | `ranges.rs` | what each algorithm may vary: Amazon's ranges, and wider ones |
//! | `search.rs` | the trials |
//!
//! A search sees no step of any backtest window: it works on the series without them, holds the last horizon of those back,
//! and measures the mean weighted quantile loss (0.1, 0.5, 0.9) of their forecast. The chosen settings are trained anew for each
//! window and on everything.

mod ranges;
mod search;
mod settings;
#[cfg(test)]
mod tests;

pub use ensue_nn::search::{Candidate, LeftOut, Ranges, Tuning};
pub use ensue_tune::Assignment;
pub use settings::Hpo;
