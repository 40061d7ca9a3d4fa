//! Why a study could not go on.

use std::path::PathBuf;

use crate::JournalError;

/// A study that could not be opened or go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StudyError {
    /// The journal could not be read or written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The settings make no study.
    #[error("study settings: {rule}")]
    Settings {
        /// Which rule they break.
        rule: String,
    },
    /// The journal is of another study: results of the two must not be mixed.
    #[error(
        "{} is of another study: its {field} is {journal}, and the settings say {settings}; \
         take another file, and warm start from this one",
        path.display()
    )]
    Differs {
        /// The journal.
        path: PathBuf,
        /// What differs.
        field: &'static str,
        /// As the journal says.
        journal: String,
        /// As the settings say.
        settings: String,
    },
    /// Somebody else took the trial over, because the lease had run out, or has ended it.
    #[error(
        "attempt {attempt} of trial {trial} does not count any more: the trial was taken over or has ended"
    )]
    Superseded {
        /// The trial's number.
        trial: u64,
        /// The attempt that came too late.
        attempt: u32,
    },
    /// A trial ended with values that do not match the objectives.
    #[error("trial {trial} has {found} values, and the study has {wanted} objectives")]
    Values {
        /// The trial's number.
        trial: u64,
        /// How many there are.
        found: usize,
        /// How many objectives there are.
        wanted: usize,
    },
    /// A trial was said to be stopped early, but never measured anything.
    #[error("trial {trial} cannot end as stopped: it has no measurement")]
    Unmeasured {
        /// The trial's number.
        trial: u64,
    },
    /// Nothing worked from the start, so something is wrong with the objective rather than with its values.
    #[error("the first {failed} trials all failed; the first one said: {message}")]
    AllFailed {
        /// How many.
        failed: u64,
        /// What the first one said.
        message: String,
    },
}
