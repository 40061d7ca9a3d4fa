//! Interactions to bytes and back.
//!
//! Layout, all numbers little-endian: the 8 bytes `ensueint`, version (u32), users, items, events
//! (u64 each), flags (u8: 1 event types, 2 values, 4 sessions, 8 contexts), number of event type names (u32),
//! each name as length (u32) and UTF-8, then the columns: offsets (u64, users + 1), items (u32),
//! timestamps (i64) and the flagged ones (u8, f32, u32, u32).

use std::io::{self, Write};
use std::sync::Arc;

use super::columns::Columns;
use super::{Interactions, Table};
use crate::hash::Fnv1a;

const MAGIC: &[u8; 8] = b"ensueint";
const VERSION: u32 = 1;

/// Stored interactions that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The bytes do not start as stored interactions do.
    #[error("not stored interactions")]
    Foreign,
    /// The bytes were written by a version that this one does not know.
    #[error("stored interactions have version {found}, this build reads {VERSION}")]
    Version {
        /// The version in the bytes.
        found: u32,
    },
    /// The bytes end early or go on after the end.
    #[error("stored interactions are {found} bytes long where {part} needs otherwise")]
    Length {
        /// Bytes there are.
        found: usize,
        /// The part that was read when it was noticed.
        part: &'static str,
    },
    /// A column contradicts another or the order of time.
    #[error("stored interactions are inconsistent in {part}")]
    Inconsistent {
        /// The column.
        part: &'static str,
    },
}

impl Interactions {
    /// A hash of all the content, 16 hexadecimal digits, the same on every machine.
    pub fn fingerprint(&self) -> String {
        let mut hash = Fnv1a::default();
        self.write_to(&mut hash).expect("a hash takes every byte");
        hash.hex()
    }

    /// Writes the content as bytes that [`Self::read_from`] reads.
    ///
    /// # Errors
    /// What the writer says.
    pub fn write_to(&self, out: &mut impl Write) -> io::Result<()> {
        let Table { n_items, offsets, columns, event_type_names } = &*self.0;
        let flags = u8::from(self.has_event_types())
            | u8::from(self.has_values()) << 1
            | u8::from(self.has_sessions()) << 2
            | u8::from(self.has_contexts()) << 3;
        out.write_all(MAGIC)?;
        out.write_all(&VERSION.to_le_bytes())?;
        for size in [self.n_users(), *n_items, self.len()] {
            out.write_all(&(size as u64).to_le_bytes())?;
        }
        out.write_all(&[flags])?;
        out.write_all(&(event_type_names.len() as u32).to_le_bytes())?;
        for name in event_type_names {
            out.write_all(&(name.len() as u32).to_le_bytes())?;
            out.write_all(name.as_bytes())?;
        }
        write_column(out, offsets, |&offset| (offset as u64).to_le_bytes())?;
        write_column(out, &columns.items, |item| item.to_le_bytes())?;
        write_column(out, &columns.timestamps, |timestamp| timestamp.to_le_bytes())?;
        write_column(out, columns.event_types.as_deref().unwrap_or_default(), |&code| [code])?;
        write_column(out, columns.values.as_deref().unwrap_or_default(), |v| v.to_le_bytes())?;
        write_column(out, columns.sessions.as_deref().unwrap_or_default(), |s| s.to_le_bytes())?;
        write_column(out, columns.contexts.as_deref().unwrap_or_default(), |c| c.to_le_bytes())
    }

    /// Reads what [`Self::write_to`] wrote.
    ///
    /// # Errors
    /// Where the bytes are something else, cut short, or contradict themselves. Nothing larger than
    /// the bytes given is allocated before that is known.
    pub fn read_from(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut bytes = Reader { rest: bytes, length: bytes.len() };
        if bytes.take(8, "the header").ok() != Some(MAGIC) {
            return Err(DecodeError::Foreign);
        }
        let found = bytes.u32("the header")?;
        if found != VERSION {
            return Err(DecodeError::Version { found });
        }
        let n_users = bytes.size("the header")?;
        let n_items = bytes.size("the header")?;
        let events = bytes.size("the header")?;
        let flags = bytes.take(1, "the header")?[0];
        if flags > 15 || n_users > u32::MAX as usize || n_items > u32::MAX as usize {
            return Err(DecodeError::Inconsistent { part: "the header" });
        }
        let n_names = bytes.u32("event type names")?;
        let mut event_type_names = Vec::new();
        for _ in 0..n_names {
            let length = bytes.u32("event type names")? as usize;
            let name = bytes.take(length, "event type names")?.to_vec();
            let name = String::from_utf8(name)
                .map_err(|_| DecodeError::Inconsistent { part: "event type names" })?;
            event_type_names.push(name);
        }
        let offsets = bytes.column(n_users + 1, "offsets", u64::from_le_bytes)?;
        let items = bytes.column(events, "items", u32::from_le_bytes)?;
        let timestamps = bytes.column(events, "timestamps", i64::from_le_bytes)?;
        let event_types = (flags & 1 != 0)
            .then(|| bytes.column(events, "event types", |[code]: [u8; 1]| code))
            .transpose()?;
        let values = (flags & 2 != 0)
            .then(|| bytes.column(events, "values", f32::from_le_bytes))
            .transpose()?;
        let sessions = (flags & 4 != 0)
            .then(|| bytes.column(events, "sessions", u32::from_le_bytes))
            .transpose()?;
        let contexts = (flags & 8 != 0)
            .then(|| bytes.column(events, "contexts", u32::from_le_bytes))
            .transpose()?;
        if !bytes.rest.is_empty() {
            return Err(DecodeError::Length { found: bytes.length, part: "the end" });
        }
        let offsets: Vec<usize> = offsets.into_iter().map(|offset| offset as usize).collect();
        if offsets[0] != 0 || offsets[n_users] != events || !offsets.is_sorted() {
            return Err(DecodeError::Inconsistent { part: "offsets" });
        }
        if items.iter().any(|&item| item as usize >= n_items) {
            return Err(DecodeError::Inconsistent { part: "items" });
        }
        if offsets.windows(2).any(|bounds| !timestamps[bounds[0]..bounds[1]].is_sorted()) {
            return Err(DecodeError::Inconsistent { part: "timestamps" });
        }
        let columns = Columns { items, timestamps, event_types, values, sessions, contexts };
        Ok(Self(Arc::new(Table { n_items, offsets, columns, event_type_names })))
    }
}

/// Writes in blocks, so that the writer need not be buffered.
fn write_column<T, const N: usize>(
    out: &mut impl Write,
    column: &[T],
    bytes: impl Fn(&T) -> [u8; N],
) -> io::Result<()> {
    let mut block = Vec::with_capacity(column.len().min(8192) * N);
    for values in column.chunks(8192) {
        block.clear();
        block.extend(values.iter().flat_map(&bytes));
        out.write_all(&block)?;
    }
    Ok(())
}

struct Reader<'a> {
    rest: &'a [u8],
    length: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, n: usize, part: &'static str) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) = self
            .rest
            .split_at_checked(n)
            .ok_or(DecodeError::Length { found: self.length, part })?;
        self.rest = rest;
        Ok(taken)
    }

    fn u32(&mut self, part: &'static str) -> Result<u32, DecodeError> {
        Ok(self.column(1, part, u32::from_le_bytes)?[0])
    }

    fn size(&mut self, part: &'static str) -> Result<usize, DecodeError> {
        let size = self.column(1, part, u64::from_le_bytes)?[0];
        usize::try_from(size).map_err(|_| DecodeError::Inconsistent { part })
    }

    fn column<T, const N: usize>(
        &mut self,
        len: usize,
        part: &'static str,
        value: impl Fn([u8; N]) -> T,
    ) -> Result<Vec<T>, DecodeError> {
        let bytes = len.checked_mul(N).ok_or(DecodeError::Inconsistent { part })?;
        let (values, _) = self.take(bytes, part)?.as_chunks::<N>();
        Ok(values.iter().map(|&bytes| value(bytes)).collect())
    }
}
