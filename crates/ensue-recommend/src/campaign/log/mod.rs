//! The event log: what a campaign was told, one JSON object a line, so that a campaign opened again answers as before.
//!
//! ```text
//! {"log":"ensue-campaign","format":1,"data_fingerprint":".."}
//! {"event":{"user_id":"ada","item_id":"tea","timestamp":1700000000}}
//! {"events":{"session_id":"v1","event_list":[{"event_type":"view","sent_at":1700000060,"item_id":"jam"}]}}
//! {"items":[{"item_id":"rye","properties":{"GENRE":"bread"},"created_at":1700000060}]}
//! {"users":[{"user_id":"ada","properties":{"AGE":36}}]}
//! {"filter":{"name":"bread","expression":"INCLUDE ItemID WHERE Items.GENRE IN (\"bread\")"}}
//! {"delete_filter":{"name":"bread"}}
//! {"delete":{"user":"85944171f73967e8"}}
//! ```
//!
//! A line is written with one call before the change is made. The last line of a deletion holds a checksum of the user's id
//! ([`ensue_core::hash::Fnv1a`]), not the id, and the user's own lines are gone.

mod error;
mod read;
mod rewrite;

use std::{
    fs::{File, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
};

use ensue_core::hash::Fnv1a;
use ensue_data::FieldValues;
use serde::{Deserialize, Serialize};

use super::{PutEvent, PutEvents, PutUser};

pub use error::LogError;

/// Number of the log's format.
const FORMAT: u32 = 1;
const KIND: &str = "ensue-campaign";

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    log: String,
    format: u32,
    data_fingerprint: String,
}

/// One change: a line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Operation {
    Event(PutEvent),
    Events(PutEvents),
    Items(Vec<LoggedItem>),
    Users(Vec<PutUser>),
    Filter { name: String, expression: String },
    DeleteFilter { name: String },
    Delete { user: String },
}

/// An item as it is logged: its age does not depend on lines that may be gone later.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LoggedItem {
    pub(super) item_id: String,
    pub(super) properties: FieldValues,
    pub(super) created_at: i64,
}

/// What stands for a user in the line of a deletion.
pub(super) fn checksum(user_id: &str) -> String {
    Fnv1a::of(user_id.as_bytes()).hex()
}

/// An open log; the file is locked, so that no second campaign writes to it.
#[derive(Debug)]
pub(super) struct EventLog {
    path: PathBuf,
    file: File,
    /// Bytes of whole lines.
    length: u64,
    data_fingerprint: String,
    sync_every: Option<usize>,
    unsynced: usize,
    /// A failed write may have left a part of a line that could not be taken back.
    broken: bool,
}

impl EventLog {
    /// Opens or begins a log, and gives every operation in it to `each`. Warnings say what was dropped.
    pub(super) fn open(
        path: &Path,
        data_fingerprint: &str,
        sync_every: Option<usize>,
        each: impl FnMut(Operation) -> Result<(), String>,
    ) -> Result<(Self, Vec<String>), LogError> {
        let io = |action| LogError::io(action, path);
        let options = OpenOptions::new().read(true).append(true).create(true).clone();
        let file = options.open(path).map_err(io("open"))?;
        if file.try_lock().is_err() {
            return Err(LogError::InUse { path: path.to_owned() });
        }
        let read = read::replay(path, &file, data_fingerprint, each)?;
        let mut log = Self {
            path: path.to_owned(),
            file,
            length: read.length,
            data_fingerprint: data_fingerprint.to_owned(),
            sync_every,
            unsynced: 0,
            broken: false,
        };
        let mut warnings = Vec::new();
        if read.torn > 0 {
            log.file.set_len(read.length).map_err(io("cut"))?;
            warnings.push(format!(
                "{}: the last line was torn off by an end in the middle of writing: its {} bytes are dropped",
                path.display(),
                read.torn
            ));
        }
        if read.length == 0 {
            let header = log.header();
            log.write(&header)?;
            log.sync()?;
        }
        Ok((log, warnings))
    }

    fn header(&self) -> Vec<u8> {
        line(&Header {
            log: KIND.to_owned(),
            format: FORMAT,
            data_fingerprint: self.data_fingerprint.clone(),
        })
    }

    /// Adds a line.
    pub(super) fn append(&mut self, operation: &Operation) -> Result<(), LogError> {
        self.write(&line(operation))?;
        self.unsynced += 1;
        if self.sync_every.is_some_and(|every| self.unsynced >= every) {
            self.sync()?;
        }
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), LogError> {
        if self.broken {
            return Err(LogError::Broken { path: self.path.clone() });
        }
        if let Err(error) = self.file.write_all(bytes) {
            // Half a line must not be gone on with.
            self.broken = self.file.set_len(self.length).is_err();
            return Err(LogError::io("write", &self.path)(error));
        }
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Brings what was written to the disk.
    pub(super) fn sync(&mut self) -> Result<(), LogError> {
        self.file.sync_data().map_err(LogError::io("sync", &self.path))?;
        self.unsynced = 0;
        Ok(())
    }
}

/// A line of JSON.
fn line(value: &impl Serialize) -> Vec<u8> {
    let mut bytes = serde_json::to_vec(value).expect("keys of the log's objects are strings");
    bytes.push(b'\n');
    bytes
}
