//! Why a log cannot be used.

use std::{
    io,
    path::{Path, PathBuf},
};

/// An event log cannot be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// The file system refused.
    #[error("cannot {action} {}: {message}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system says.
        message: String,
    },
    /// Another campaign has the log open.
    #[error("{} is in use by another campaign", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// A line is not what a campaign writes, or cannot be carried out again.
    #[error("{}, line {line}: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
    /// The log is of a campaign on other data.
    #[error(
        "{} is the log of a version trained on other data (fingerprint {found}, this version has {expected})",
        path.display()
    )]
    OtherVersion {
        /// The file.
        path: PathBuf,
        /// Fingerprint in the log.
        found: String,
        /// Fingerprint of the version.
        expected: String,
    },
    /// A write failed before and left half a line: open the log again.
    #[error("{}: an earlier write failed midway; open the campaign again", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
    },
}

impl LogError {
    pub(super) fn io(action: &'static str, path: &Path) -> impl Fn(io::Error) -> Self {
        move |error| Self::Io { action, path: path.to_owned(), message: error.to_string() }
    }
}
