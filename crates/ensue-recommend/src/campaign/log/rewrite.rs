//! Taking one user out of a log.

use std::{
    collections::HashMap,
    fs::{self, File, OpenOptions},
    io::{BufWriter, Write},
    path::Path,
};

use super::{
    EventLog, LogError, Operation, checksum, line,
    read::{lines, parse},
};

/// Who the events of a session belong to.
#[derive(Default)]
struct Sessions {
    /// The first user that each session was joined to: the events before are theirs.
    first: HashMap<String, String>,
    /// The user that each session is joined to at the line now read.
    now: HashMap<String, String>,
}

impl EventLog {
    /// Writes the log anew without a user's lines, with a line that tells of the deletion at its end. The old log stays
    /// until the new one is whole.
    pub(in super::super) fn forget(&mut self, user_id: &str) -> Result<(), LogError> {
        let path = self.path.clone();
        let temporary = path.with_file_name(format!(
            ".{}.new-{}",
            path.file_name().unwrap_or_default().to_string_lossy(),
            std::process::id()
        ));
        let written = self.write_without(user_id, &temporary);
        if written.is_err() {
            // What could not be written whole is of no use.
            let _ = fs::remove_file(&temporary);
        }
        (self.file, self.length) = written?;
        (self.unsynced, self.broken) = (0, false);
        Ok(())
    }

    fn write_without(&self, user_id: &str, temporary: &Path) -> Result<(File, u64), LogError> {
        let io = |action| LogError::io(action, temporary);
        let mut sessions = Sessions::default();
        self.each(|operation| {
            if let Some((session, user)) = joins(&operation) {
                sessions.first.entry(session.to_owned()).or_insert_with(|| user.to_owned());
            }
            Ok(())
        })?;
        let deleted = Operation::Delete { user: checksum(user_id) };
        let file = OpenOptions::new().write(true).create(true).truncate(true).open(temporary);
        let mut out = BufWriter::new(file.map_err(io("create"))?);
        let mut length = 0;
        let mut put = |bytes: &[u8]| {
            length += bytes.len() as u64;
            out.write_all(bytes).map_err(io("write"))
        };
        put(&self.header())?;
        self.each(|operation| match sessions.without(operation, user_id) {
            Some(operation) if operation != deleted => put(&line(&operation)),
            _ => Ok(()),
        })?;
        put(&line(&deleted))?;
        out.flush().map_err(io("write"))?;
        out.get_ref().sync_all().map_err(io("sync"))?;
        drop(out);
        let file =
            OpenOptions::new().read(true).append(true).open(temporary).map_err(io("open"))?;
        if file.try_lock().is_err() {
            return Err(LogError::InUse { path: temporary.to_owned() });
        }
        fs::rename(temporary, &self.path).map_err(LogError::io("replace", &self.path))?;
        // The name is on the disk when its folder is; not every system lets folders be synced.
        if let Some(Ok(folder)) = self.path.parent().map(File::open) {
            let _ = folder.sync_all();
        }
        Ok((file, length))
    }

    fn each(
        &self,
        mut each: impl FnMut(Operation) -> Result<(), LogError>,
    ) -> Result<(), LogError> {
        let file = File::open(&self.path).map_err(LogError::io("open", &self.path))?;
        lines(&self.path, &file, |number, text| {
            if number == 1 {
                return Ok(());
            }
            let damaged =
                |reason| LogError::Damaged { path: self.path.clone(), line: number, reason };
            each(parse(text).map_err(damaged)?)
        })?;
        Ok(())
    }
}

/// Session and user of a line that names both.
fn joins(operation: &Operation) -> Option<(&str, &str)> {
    match operation {
        Operation::Event(put) => Some((put.session_id.as_deref()?, &put.user_id)),
        Operation::Events(put) => Some((&put.session_id, put.user_id.as_deref()?)),
        _ => None,
    }
}

impl Sessions {
    /// What is left of a line.
    fn without(&mut self, operation: Operation, user_id: &str) -> Option<Operation> {
        if let Some((session, user)) = joins(&operation) {
            self.now.insert(session.to_owned(), user.to_owned());
        }
        match operation {
            Operation::Event(put) => (put.user_id != user_id).then_some(Operation::Event(put)),
            Operation::Events(put) => {
                let session = &put.session_id;
                let joined = || self.now.get(session).or_else(|| self.first.get(session));
                let owner = put.user_id.as_ref().or_else(joined).unwrap_or(session);
                (owner != user_id).then_some(Operation::Events(put))
            }
            Operation::Users(mut users) => {
                users.retain(|user| user.user_id != user_id);
                (!users.is_empty()).then_some(Operation::Users(users))
            }
            other => Some(other),
        }
    }
}
