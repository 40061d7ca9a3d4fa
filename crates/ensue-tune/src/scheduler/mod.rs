//! Who ends trials early that do not pay.
//!
//! A trial that measures itself on the way (an epoch, a fold) can be ended before its end once it is plain that
//! others do better. All schedulers here are asynchronous: a verdict is given at once from what is known, nobody
//! waits for a round to fill. They look at the first objective only, and NaN is worse than any number.
//!
//! | file | what it holds |
//! |---|---|
//! | `asha.rs` | [`Asha`]: successive halving |
//! | `hyperband.rs` | [`Hyperband`]: several [`Asha`] that start to cut at different times |
//! | `median.rs` | [`Median`]: the median rule |
//! | `any.rs` | [`AnyScheduler`]: any of them by name, and none |
//! | `replay.rs` | [`replay`]: what a scheduler would have done on recorded curves |
//!
//! Which one? [`Asha`] when full trials are costly and early measurements say something about the end.
//! [`Hyperband`] when it is unknown how early they do. [`Median`] when trials are few and only plain failures
//! shall be cut.

mod any;
mod asha;
mod hyperband;
mod median;
mod replay;
#[cfg(test)]
mod tests;

use std::fmt::Debug;

use serde::{Deserialize, Serialize};

use crate::{History, Trial};

pub use any::AnyScheduler;
pub use asha::Asha;
pub use hyperband::Hyperband;
pub use median::Median;
pub use replay::{Replay, replay};

/// Whether a trial goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It goes on.
    Continue,
    /// It ends here.
    Stop,
}

/// Decides after each measurement whether a trial goes on, by what is known of the others.
pub trait Scheduler: Send + Sync + Debug {
    /// The verdict on `trial`, whose last measurement is new. `history` holds it, too.
    fn verdict(&self, history: &History<'_>, trial: &Trial) -> Verdict;
}
