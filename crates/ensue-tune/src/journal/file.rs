//! The journal as a file: locks, whole lines, flushes.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::JournalError;
use super::ledger::{Beginning, Ledger};
use super::operation::{Header, Operation};

/// An open journal file, and how far it was read.
#[derive(Debug)]
pub(super) struct JournalFile {
    path: PathBuf,
    file: File,
    /// End of the last whole line that was read.
    offset: u64,
    /// How many lines were read.
    lines: u64,
}

impl JournalFile {
    /// Opens a journal, and begins one where there is none and a header is given.
    ///
    /// Two processes may do so at once: whoever gets the lock first begins it, the other reads it. The flag says
    /// whether it was begun here.
    pub(super) fn open(
        path: &Path,
        header: Option<Header>,
    ) -> Result<(Self, Ledger, bool), JournalError> {
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(header.is_some()).open(path);
        let file = file.map_err(|source| match source.kind() {
            io::ErrorKind::NotFound if header.is_none() => {
                JournalError::Missing { path: path.to_owned() }
            }
            _ => failed("open", path, source),
        })?;
        let mut journal = Self { path: path.to_owned(), file, offset: 0, lines: 0 };
        journal.lock()?;
        let opened = journal.begin(header);
        journal.unlock()?;
        let (ledger, begun) = opened?;
        Ok((journal, ledger, begun))
    }

    /// Reads a journal that nobody needs to write to.
    pub(super) fn read_only(path: &Path) -> Result<Ledger, JournalError> {
        let file = File::open(path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => JournalError::Missing { path: path.to_owned() },
            _ => failed("open", path, source),
        })?;
        let mut journal = Self { path: path.to_owned(), file, offset: 0, lines: 0 };
        journal.lock_shared()?;
        let found = journal.whole_lines();
        journal.unlock()?;
        journal.first(&found?.0)?.ok_or(JournalError::Missing { path: journal.path })
    }

    fn begin(&mut self, header: Option<Header>) -> Result<(Ledger, bool), JournalError> {
        let (bytes, torn) = self.whole_lines()?;
        if let Some(ledger) = self.first(&bytes)? {
            return Ok((ledger, false));
        }
        let start = br#"{"op":"create""#;
        let common = torn.len().min(start.len());
        if torn[..common] != start[..common] {
            return Err(JournalError::NotAJournal { path: self.path.clone() });
        }
        let header = header.ok_or_else(|| JournalError::Missing { path: self.path.clone() })?;
        self.append(&Operation::Create(header.clone()))?;
        // The file's name must last as well as its first line.
        #[cfg(unix)]
        {
            let parent = self.path.parent().filter(|parent| !parent.as_os_str().is_empty());
            let parent = parent.unwrap_or(Path::new("."));
            let synced = File::open(parent).and_then(|directory| directory.sync_all());
            synced.map_err(|source| failed("flush", parent, source))?;
        }
        Ok((Ledger::new(header), true))
    }

    /// What the file says so far, from its beginning; nothing when it has no whole line.
    fn first(&mut self, bytes: &[u8]) -> Result<Option<Ledger>, JournalError> {
        let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else { return Ok(None) };
        let (first, rest) = bytes.split_at(end + 1);
        let mut ledger = Ledger::begin(first).map_err(|beginning| match beginning {
            Beginning::Format(found) => JournalError::Format { path: self.path.clone(), found },
            Beginning::Rule(rule) => {
                JournalError::Damaged { path: self.path.clone(), line: 1, rule }
            }
        })?;
        self.took(first);
        self.add(rest, &mut ledger)?;
        Ok(Some(ledger))
    }

    /// Adds what others wrote since.
    pub(super) fn catch_up(&mut self, ledger: &mut Ledger) -> Result<(), JournalError> {
        let (bytes, _) = self.whole_lines()?;
        self.add(&bytes, ledger)
    }

    fn add(&mut self, bytes: &[u8], ledger: &mut Ledger) -> Result<(), JournalError> {
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            let operation = serde_json::from_slice(line).map_err(|error| error.to_string());
            operation.and_then(|operation| ledger.apply(operation)).map_err(|rule| {
                JournalError::Damaged { path: self.path.clone(), line: self.lines + 1, rule }
            })?;
            self.took(line);
        }
        Ok(())
    }

    fn took(&mut self, line: &[u8]) {
        self.offset += line.len() as u64;
        self.lines += 1;
    }

    /// The whole lines behind what was read, and what follows the last of them: the line of a writer that died.
    fn whole_lines(&mut self) -> Result<(Vec<u8>, Vec<u8>), JournalError> {
        let read = self.file.metadata().and_then(|metadata| {
            let mut bytes = Vec::new();
            if metadata.len() > self.offset {
                self.file.seek(SeekFrom::Start(self.offset))?;
                self.file.read_to_end(&mut bytes)?;
            }
            Ok((metadata.len(), bytes))
        });
        let (found, mut bytes) = read.map_err(|source| failed("read", &self.path, source))?;
        if found < self.offset {
            return Err(JournalError::Shrunk {
                path: self.path.clone(),
                found,
                known: self.offset,
            });
        }
        let end = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        let torn = bytes.split_off(end);
        Ok((bytes, torn))
    }

    /// Appends a line behind what was read, over the torn line of a writer that died. Only under the lock and after
    /// [`JournalFile::catch_up`].
    pub(super) fn append(&mut self, operation: &Operation) -> Result<(), JournalError> {
        let unreadable = |error: serde_json::Error| JournalError::Refused {
            rule: format!("not readable again as JSON: {error}"),
        };
        let mut line = serde_json::to_vec(operation).map_err(unreadable)?;
        // JSON has no word for NaN, and a value that became `null` would make the file unreadable.
        serde_json::from_slice::<Operation>(&line).map_err(unreadable)?;
        line.push(b'\n');
        let written = self.write_line(&line, operation.must_last());
        written.map_err(|source| failed("append to", &self.path, source))?;
        self.took(&line);
        Ok(())
    }

    fn write_line(&mut self, line: &[u8], must_last: bool) -> io::Result<()> {
        if self.file.metadata()?.len() > self.offset {
            self.file.set_len(self.offset)?;
        }
        self.file.seek(SeekFrom::Start(self.offset))?;
        self.file.write_all(line)?;
        if must_last { self.file.sync_data() } else { Ok(()) }
    }

    pub(super) fn lock(&self) -> Result<(), JournalError> {
        self.file.lock().map_err(|source| failed("lock", &self.path, source))
    }

    /// Keeps writers out while reading, so that no line is seen half-way.
    pub(super) fn lock_shared(&self) -> Result<(), JournalError> {
        self.file.lock_shared().map_err(|source| failed("lock", &self.path, source))
    }

    pub(super) fn unlock(&self) -> Result<(), JournalError> {
        self.file.unlock().map_err(|source| failed("unlock", &self.path, source))
    }
}

fn failed(action: &'static str, path: &Path, source: io::Error) -> JournalError {
    JournalError::Io { action, path: path.to_owned(), source }
}
