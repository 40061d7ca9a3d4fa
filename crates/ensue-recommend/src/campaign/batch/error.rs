//! Why a batch ended before its end.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::CampaignError;

/// A batch could not be answered to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BatchError {
    /// An option is outside its range.
    #[error(transparent)]
    Options(#[from] CampaignError),
    /// A chunk has no line.
    #[error("chunk is 0, but must be at least 1 line")]
    Chunk,
    /// A file cannot be opened.
    #[error("cannot open {}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The input cannot be read.
    #[error("cannot read the input of the batch")]
    Read(#[source] io::Error),
    /// The output cannot be written.
    #[error("cannot write the output of the batch")]
    Write(#[source] io::Error),
    /// The run was cancelled.
    #[error("cancelled")]
    Cancelled,
}

impl BatchError {
    pub(super) fn open(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Open { path, source }
    }
}
