//! Why a journal could not be read or written.

use std::io;
use std::path::PathBuf;

use super::FORMAT;

/// A journal that could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The system refused: no space, no permission, no such place.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried, such as `lock`.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is no journal at that place.
    #[error("there is no journal at {}", path.display())]
    Missing {
        /// The place.
        path: PathBuf,
    },
    /// There is a journal at that place already.
    #[error("{} holds a journal already; open it, or take another name", path.display())]
    Exists {
        /// The place.
        path: PathBuf,
    },
    /// What stands there is something else, and is left alone.
    #[error("{} exists and is no journal, so nothing is written to it", path.display())]
    NotAJournal {
        /// The place.
        path: PathBuf,
    },
    /// The journal is of a version that is not known here.
    #[error("{} has format {found}, and format {FORMAT} is the only one known here", path.display())]
    Format {
        /// The place.
        path: PathBuf,
        /// The version.
        found: u64,
    },
    /// A whole line breaks a rule. Nothing is changed: the line can be looked at and mended by hand.
    #[error("{} line {line}: {rule}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Its line, from 1.
        line: u64,
        /// Which rule it breaks.
        rule: String,
    },
    /// The file became shorter while it was open: somebody else changed it.
    #[error("{} has {found} bytes, and {known} were there before: journals only grow", path.display())]
    Shrunk {
        /// The file.
        path: PathBuf,
        /// Its length.
        found: u64,
        /// Its length before.
        known: u64,
    },
    /// What was to be written breaks a rule, so it was not.
    #[error("not written to the journal: {rule}")]
    Refused {
        /// Which rule it breaks.
        rule: String,
    },
}
