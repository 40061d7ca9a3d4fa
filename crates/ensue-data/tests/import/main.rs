//! Imports of whole files: what comes out of sound ones, and what is said about broken ones.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod broken;
mod events;
mod metadata;
mod parquet;
mod round_trip;
mod schemas;

use std::error::Error;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use ensue_core::Run;
use ensue_data::{DataError, DatasetGroup, ImportRequest, ImportRules, Schema, Source};
use flate2::Compression;
use flate2::write::GzEncoder;

/// A folder that is removed at the end of a test.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    /// An error with its causes, in which files go by their names alone.
    pub(crate) fn message(&self, error: &DataError) -> String {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            text = format!("{text}: {error}");
            cause = error.source();
        }
        text.replace(&format!("{}/", self.0.path().display()), "")
    }
}

/// No minimums, so that a few rows are enough.
pub(crate) fn lax() -> ImportRules {
    ImportRules { min_interactions: 0, min_users_with_two: 0, ..ImportRules::default() }
}

pub(crate) fn import(request: &ImportRequest) -> Result<DatasetGroup, DataError> {
    DatasetGroup::import(request, &mut Run::new("ndarray"))
}

pub(crate) fn import_file(path: &Path) -> Result<DatasetGroup, DataError> {
    import(&ImportRequest::new(Source::new(path)).with_rules(lax()))
}

/// A schema from `NAME type` lines; `name?` is nullable, a trailing word is an attribute.
pub(crate) fn schema(dataset: &str, fields: &[&str]) -> Schema {
    let fields: Vec<String> = fields
        .iter()
        .map(|field| {
            let mut words = field.split(' ');
            let (name, kind) = (words.next().unwrap(), words.next().unwrap());
            let kind = match kind.strip_suffix('?') {
                Some(kind) => format!(r#"["null", "{kind}"]"#),
                None => format!(r#""{kind}""#),
            };
            let attributes: Vec<_> = words.map(|word| format!(r#", "{word}": true"#)).collect();
            let attributes = attributes.concat();
            format!(r#"{{"name": "{name}", "type": {kind}{attributes}}}"#)
        })
        .collect();
    let json = format!(
        r#"{{"type": "record", "name": "{dataset}", "fields": [{}], "version": "1.0"}}"#,
        fields.join(", ")
    );
    Schema::parse(&json).unwrap()
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Events as (user, item, timestamp) in the order of the group.
pub(crate) fn events(group: &DatasetGroup) -> Vec<(String, String, i64)> {
    let name = |id: Option<&str>| id.unwrap().to_owned();
    let users = group.interactions.users();
    users
        .flat_map(|(user, history)| {
            let pairs = history.items.iter().zip(history.timestamps);
            pairs.map(move |(&item, &time)| {
                (name(group.users.decode(user)), name(group.items.decode(item)), time)
            })
        })
        .collect()
}
