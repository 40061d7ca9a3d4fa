//! Why an artifact could not be written or read.

use std::io;
use std::path::{Path, PathBuf};

use super::manifest::FORMAT;

/// An artifact that could not be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArtifactError {
    /// The system refused: no space, no permission, no such place.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried, such as `write`.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file of an artifact needs a plain relative name.
    #[error("`{name}` is no name for a file of an artifact")]
    BadName {
        /// The name as given.
        name: String,
    },
    /// Two files of an artifact have one name.
    #[error("artifact file `{name}` is written twice")]
    WrittenTwice {
        /// The name.
        name: String,
    },
    /// The artifact was to be put in place before a file of it was finished.
    #[error("artifact file `{name}` was not finished")]
    Unfinished {
        /// The name.
        name: String,
    },
    /// A value could not be turned into JSON.
    #[error("cannot write `{name}` as JSON")]
    Encode {
        /// The file's name.
        name: String,
        /// What the encoder said.
        source: serde_json::Error,
    },
    /// What stands at the target is not ours to replace.
    #[error("{} exists and holds no artifact, so it is not replaced", dir.display())]
    NotReplaceable {
        /// The target.
        dir: PathBuf,
    },
    /// There is nothing at that place.
    #[error("there is no artifact at {}", dir.display())]
    Missing {
        /// The place.
        dir: PathBuf,
    },
    /// There is a directory, but nothing says that it is an artifact.
    #[error("{} holds no artifact: it has no manifest.json", dir.display())]
    NoManifest {
        /// The directory.
        dir: PathBuf,
    },
    /// A JSON file of the artifact does not say what it should.
    #[error("{} cannot be understood", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What the decoder said.
        source: serde_json::Error,
    },
    /// The artifact has a format that this build does not read.
    #[error("{} has artifact format {found}, this build reads format {FORMAT}", dir.display())]
    ForeignFormat {
        /// The directory.
        dir: PathBuf,
        /// The format number in it.
        found: u64,
    },
    /// The artifact is of another kind than the one asked for.
    #[error("{} holds a `{found}`, not a `{expected}`", dir.display())]
    WrongKind {
        /// The directory.
        dir: PathBuf,
        /// The kind in it.
        found: String,
        /// The kind asked for.
        expected: String,
    },
    /// A file that the manifest lists is gone.
    #[error("artifact file {} is missing", path.display())]
    FileMissing {
        /// The file.
        path: PathBuf,
    },
    /// A file is shorter or longer than the manifest says: truncated, or changed since.
    #[error("artifact file {} has {found} bytes, expected {expected}", path.display())]
    WrongSize {
        /// The file.
        path: PathBuf,
        /// Its size in bytes.
        found: u64,
        /// The manifest's.
        expected: u64,
    },
    /// A file has other content than the manifest says.
    #[error("artifact file {} is damaged: its checksum is {found}, expected {expected}", path.display())]
    WrongChecksum {
        /// The file.
        path: PathBuf,
        /// Its checksum.
        found: String,
        /// The manifest's.
        expected: String,
    },
    /// A file was asked for that the artifact does not list.
    #[error("{} has no file `{name}`", dir.display())]
    NotListed {
        /// The directory.
        dir: PathBuf,
        /// The name asked for.
        name: String,
    },
    /// A file is whole but its content makes no sense to its reader.
    #[error("artifact file {} is not valid: {reason}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

impl ArtifactError {
    /// For `map_err`: what the system said, with what was tried on what.
    pub fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }

    /// Whether the system refused, as opposed to the artifact being wrong.
    pub fn is_io(&self) -> bool {
        matches!(self, Self::Io { .. })
    }
}
