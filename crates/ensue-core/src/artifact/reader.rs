//! Reading what a writer committed, and refusing anything else.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::error::ArtifactError;
use super::manifest::{FORMAT, Listed, MANIFEST, Manifest, check_name};
use super::writer::set_aside;
use crate::hash::Fnv1a;

/// A committed artifact.
///
/// Opening checks the format number and that every file is there with its size; reading a file
/// checks its content.
#[derive(Debug, Clone)]
pub struct ArtifactReader {
    dir: PathBuf,
    manifest: Manifest,
}

impl ArtifactReader {
    /// Opens the artifact in a directory.
    ///
    /// # Errors
    /// Where there is none, it has a foreign format, a file of it is missing or has another size,
    /// or the system refuses.
    pub fn open(dir: &Path) -> Result<Self, ArtifactError> {
        let found;
        let dir = if dir.try_exists().map_err(ArtifactError::io("open", dir))? {
            dir
        } else {
            found = set_aside(dir).pop();
            found.as_deref().ok_or_else(|| ArtifactError::Missing { dir: dir.to_owned() })?
        };
        let path = dir.join(MANIFEST);
        let bytes = fs::read(&path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
                ArtifactError::NoManifest { dir: dir.to_owned() }
            }
            _ => ArtifactError::Io { action: "read", path: path.clone(), source },
        })?;
        // The format number first: another format may have another manifest.
        let Format { format } = json(&path, &bytes)?;
        if format != u64::from(FORMAT) {
            return Err(ArtifactError::ForeignFormat { dir: dir.to_owned(), found: format });
        }
        let manifest: Manifest = json(&path, &bytes)?;
        let artifact = Self { dir: dir.to_owned(), manifest };
        for file in &artifact.manifest.files {
            check_name(&file.name)?;
            let path = artifact.dir.join(&file.name);
            let found = fs::metadata(&path).map_err(|source| not_found(&path, source))?.len();
            if found != file.bytes {
                return Err(ArtifactError::WrongSize { path, found, expected: file.bytes });
            }
        }
        Ok(artifact)
    }

    /// Where it was found.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// What it is, in its writer's words.
    pub fn kind(&self) -> &str {
        &self.manifest.kind
    }

    /// The version of `ensue` that wrote it.
    pub fn written_by(&self) -> &str {
        &self.manifest.ensue
    }

    /// Refuses an artifact of another kind.
    ///
    /// # Errors
    /// Where the kind differs.
    pub fn expect_kind(self, expected: &str) -> Result<Self, ArtifactError> {
        if self.kind() == expected {
            return Ok(self);
        }
        let found = self.manifest.kind;
        Err(ArtifactError::WrongKind { dir: self.dir, found, expected: expected.to_owned() })
    }

    /// The part of it that [`super::ArtifactWriter::within`] wrote into this folder; without files where there is none.
    pub fn within(&self, folder: &str) -> Self {
        let below = |file: &Listed| {
            let name = file.name.strip_prefix(folder)?.strip_prefix('/')?.to_owned();
            Some(Listed { name, ..file.clone() })
        };
        let files = self.manifest.files.iter().filter_map(below).collect();
        Self { dir: self.dir.join(folder), manifest: Manifest { files, ..self.manifest.clone() } }
    }

    /// The names of its files, in the order written.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.manifest.files.iter().map(|file| file.name.as_str())
    }

    /// Whether it has a file of this name.
    pub fn contains(&self, name: &str) -> bool {
        self.names().any(|known| known == name)
    }

    /// Where a file of it stands, for error messages and readers that want a path. The content is
    /// not checked; [`Self::read`] does.
    ///
    /// # Errors
    /// Where it has no such file.
    pub fn path(&self, name: &str) -> Result<PathBuf, ArtifactError> {
        self.listed(name).map(|file| self.dir.join(&file.name))
    }

    /// The content of a file.
    ///
    /// # Errors
    /// Where it has no such file, the content is not what was written, or the system refuses.
    pub fn read(&self, name: &str) -> Result<Vec<u8>, ArtifactError> {
        let file = self.listed(name)?;
        let path = self.dir.join(&file.name);
        let bytes = fs::read(&path).map_err(|source| not_found(&path, source))?;
        if bytes.len() as u64 != file.bytes {
            let found = bytes.len() as u64;
            return Err(ArtifactError::WrongSize { path, found, expected: file.bytes });
        }
        let found = Fnv1a::of(&bytes).hex();
        if found != file.checksum {
            let expected = file.checksum.clone();
            return Err(ArtifactError::WrongChecksum { path, found, expected });
        }
        Ok(bytes)
    }

    /// The value in a JSON file.
    ///
    /// # Errors
    /// As [`Self::read`], and where the JSON does not describe such a value.
    pub fn read_json<T: DeserializeOwned>(&self, name: &str) -> Result<T, ArtifactError> {
        json(&self.dir.join(name), &self.read(name)?)
    }

    /// Says that a file is whole but makes no sense, and why: for `map_err`.
    #[expect(clippy::needless_pass_by_value, reason = "an error ends here")]
    pub fn invalid(&self, name: &str, reason: impl ToString) -> ArtifactError {
        ArtifactError::Invalid { path: self.dir.join(name), reason: reason.to_string() }
    }

    fn listed(&self, name: &str) -> Result<&Listed, ArtifactError> {
        self.manifest.files.iter().find(|file| file.name == name).ok_or_else(|| {
            ArtifactError::NotListed { dir: self.dir.clone(), name: name.to_owned() }
        })
    }
}

#[derive(Deserialize)]
struct Format {
    format: u64,
}

fn json<T: DeserializeOwned>(path: &Path, bytes: &[u8]) -> Result<T, ArtifactError> {
    serde_json::from_slice(bytes)
        .map_err(|source| ArtifactError::Malformed { path: path.to_owned(), source })
}

fn not_found(path: &Path, source: io::Error) -> ArtifactError {
    if source.kind() == io::ErrorKind::NotFound {
        ArtifactError::FileMissing { path: path.to_owned() }
    } else {
        ArtifactError::Io { action: "read", path: path.to_owned(), source }
    }
}
