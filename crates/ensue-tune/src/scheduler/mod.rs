//! Who ends trials early that do not pay.

use std::fmt::Debug;

use crate::{History, Trial};

/// Whether a trial goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
