//! What happened in a study, line by line, in a file that several processes share and that a crash cannot harm.
//!
//! A journal is a text file with one JSON object a line, each an [`Operation`]; the first is its [`Header`]. It only
//! grows. What a study knows is what its journal says: there is no other state.
//!
//! | file | what it holds |
//! |---|---|
//! | `operation.rs` | [`Header`] and [`Operation`]: the format |
//! | `ledger.rs` | [`Ledger`]: what the lines add up to, and the rules that they keep |
//! | `file.rs` | locks, whole lines, flushes |
//! | `clock.rs` | [`Clock`]: the time, for leases |
//! | `error.rs` | [`JournalError`] |
//!
//! # Several processes
//!
//! Whoever writes holds an exclusive lock on the file, reads first what others wrote since, decides, and appends:
//! no two processes start the same trial. The system frees the lock of a process that dies. File locks do not work
//! on every network file system; keep journals on a local disk.
//!
//! # Crashes
//!
//! `create`, `start`, `finish`, `enqueue` and `note` lines are on the disk before anybody goes on. `report` and
//! `renew` lines are handed to the system only: they survive the death of the process, not that of the machine,
//! after which the trial is measured anew anyway. A line that a dying writer left half-way (it has no newline) is
//! passed over by readers and replaced by the next writer. A whole line that breaks a rule is an error that names
//! file, line and rule; nothing is thrown away.
//!
//! # Leases
//!
//! A worker holds a trial for the length of a lease and renews it while it lives. A trial whose lease has run out
//! may be taken over: same number, same assignment, the next attempt, no measurements. From then on everything that
//! the old attempt wants to write is refused, so that no trial ends twice.

mod clock;
mod error;
mod file;
mod ledger;
mod operation;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::{Mutex, PoisonError};

pub use clock::{Clock, ManualClock, SystemClock};
pub use error::JournalError;
pub use ledger::{Detail, Ledger};
pub use operation::{FORMAT, Header, Operation, Source};

use file::JournalFile;

/// An open journal, in a file or in memory. Threads may share it.
///
/// ```
/// use ensue_tune::journal::{FORMAT, Header, Journal, Operation};
/// use ensue_tune::{Direction, Space};
///
/// let header = Header {
///     format: FORMAT,
///     space: Space::default(),
///     directions: vec![Direction::Minimize],
///     seed: 0,
///     sampler: "none".into(),
///     scheduler: "none".into(),
///     fingerprint: String::new(),
///     queue: Vec::new(),
/// };
/// let journal = Journal::in_memory(header);
/// journal.append(Operation::Note { trial: None, key: "who".into(), value: "me".into() })?;
/// assert_eq!(journal.read(|ledger| ledger.notes()["who"].clone())?, "me");
/// # Ok::<(), ensue_tune::journal::JournalError>(())
/// ```
#[derive(Debug)]
pub struct Journal {
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    file: Option<JournalFile>,
    ledger: Ledger,
}

impl Journal {
    /// A journal that ends with the process.
    pub fn in_memory(header: Header) -> Self {
        Self { inner: Mutex::new(Inner { file: None, ledger: Ledger::new(header) }) }
    }

    /// Begins a journal.
    ///
    /// # Errors
    ///
    /// [`JournalError::Exists`] when there is one already, [`JournalError::NotAJournal`] when there is something
    /// else, and whatever the system says.
    pub fn create(path: &Path, header: Header) -> Result<Self, JournalError> {
        let (journal, begun) = Self::open_or_create(path, header)?;
        if begun { Ok(journal) } else { Err(JournalError::Exists { path: path.to_owned() }) }
    }

    /// Opens a journal.
    ///
    /// # Errors
    ///
    /// [`JournalError::Missing`] when there is none, [`JournalError::Damaged`] and [`JournalError::Format`] when it
    /// cannot be read, and whatever the system says.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        let (file, ledger, _) = JournalFile::open(path, None)?;
        Ok(Self { inner: Mutex::new(Inner { file: Some(file), ledger }) })
    }

    /// Opens a journal, or begins it where there is none; the flag says which (true: begun).
    ///
    /// # Errors
    ///
    /// As [`Journal::open`] and [`Journal::create`].
    pub fn open_or_create(path: &Path, header: Header) -> Result<(Self, bool), JournalError> {
        let (file, ledger, begun) = JournalFile::open(path, Some(header))?;
        Ok((Self { inner: Mutex::new(Inner { file: Some(file), ledger }) }, begun))
    }

    /// What a journal file says now. Needs no right to write.
    ///
    /// # Errors
    ///
    /// As [`Journal::open`].
    pub fn load(path: &Path) -> Result<Ledger, JournalError> {
        JournalFile::read_only(path)
    }

    /// Looks at what the journal says now, what other processes wrote included.
    ///
    /// # Errors
    ///
    /// As [`Journal::open`].
    pub fn read<T>(&self, look: impl FnOnce(&Ledger) -> T) -> Result<T, JournalError> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let Inner { file, ledger } = &mut *inner;
        if let Some(file) = file {
            file.lock_shared()?;
            let caught_up = file.catch_up(ledger);
            file.unlock()?;
            caught_up?;
        }
        Ok(look(ledger))
    }

    /// Appends one operation.
    ///
    /// # Errors
    ///
    /// [`JournalError::Refused`] when it breaks a rule, and as [`Journal::open`].
    pub fn append(&self, operation: Operation) -> Result<(), JournalError> {
        self.write(|_| Ok::<_, JournalError>(Some(operation)), |_| ())
    }

    /// Decides what to append, if anything, by what the journal says now, appends it, and looks again; all without
    /// anybody else writing in between. A decision must not use the journal itself.
    ///
    /// # Errors
    ///
    /// As [`Journal::append`], and the decision's own.
    pub fn write<T, E: From<JournalError>>(
        &self,
        decide: impl FnOnce(&Ledger) -> Result<Option<Operation>, E>,
        look: impl FnOnce(&Ledger) -> T,
    ) -> Result<T, E> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let Inner { file, ledger } = &mut *inner;
        if let Some(file) = file {
            file.lock()?;
        }
        let locked = Locked(file.as_mut());
        locked.write(ledger, decide)?;
        Ok(look(ledger))
    }
}

/// Frees the lock when it goes, also when a decision panics.
struct Locked<'a>(Option<&'a mut JournalFile>);

impl Locked<'_> {
    fn write<E: From<JournalError>>(
        mut self,
        ledger: &mut Ledger,
        decide: impl FnOnce(&Ledger) -> Result<Option<Operation>, E>,
    ) -> Result<(), E> {
        if let Some(file) = &mut self.0 {
            file.catch_up(ledger)?;
        }
        let Some(operation) = decide(ledger)? else { return Ok(()) };
        // Before it is written: a line that breaks a rule would make the file unreadable.
        ledger.check(&operation).map_err(|rule| JournalError::Refused { rule })?;
        if let Some(file) = &mut self.0 {
            file.append(&operation)?;
        }
        ledger.apply(operation).map_err(|rule| JournalError::Refused { rule })?;
        Ok(())
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        if let Some(file) = &self.0 {
            // Where this fails there is nobody to tell; closing the file frees the lock as well.
            let _ = file.unlock();
        }
    }
}
