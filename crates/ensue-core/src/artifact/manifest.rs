//! The list of what an artifact holds.

use std::path::{Component, Path};

use serde::{Deserialize, Serialize};

use super::error::ArtifactError;

/// The format number that this build writes and reads.
pub const FORMAT: u32 = 1;

/// Name of the manifest within an artifact.
pub const MANIFEST: &str = "manifest.json";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Manifest {
    pub(super) format: u32,
    pub(super) kind: String,
    /// Version of the crate that wrote it, for people.
    pub(super) ensue: String,
    /// In the order written.
    pub(super) files: Vec<Listed>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Listed {
    pub(super) name: String,
    pub(super) bytes: u64,
    /// FNV-1a, 16 hexadecimal digits.
    pub(super) checksum: String,
}

/// Only names that stay within the directory, are the same on every system and are not the manifest.
pub(super) fn check_name(name: &str) -> Result<(), ArtifactError> {
    let plain = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
    let tidy = !name.is_empty()
        && !name.ends_with('/')
        && !name.contains("//")
        && !name.contains(['\\', ':', '\0'])
        && name.split('/').all(|part| part != ".");
    if plain && tidy && name != MANIFEST {
        Ok(())
    } else {
        Err(ArtifactError::BadName { name: name.to_owned() })
    }
}
