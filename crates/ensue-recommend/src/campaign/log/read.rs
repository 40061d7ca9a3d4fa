//! Reading a log line by line.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::Path,
};

use super::{FORMAT, Header, KIND, LogError, Operation};

/// How much of a log is whole.
pub(super) struct Read {
    /// Bytes of whole lines.
    pub(super) length: u64,
    /// Bytes of a last line without an end.
    pub(super) torn: u64,
}

/// Gives every operation of a log to `each`.
pub(super) fn replay(
    path: &Path,
    file: &File,
    data_fingerprint: &str,
    mut each: impl FnMut(Operation) -> Result<(), String>,
) -> Result<Read, LogError> {
    let damaged = |line, reason| LogError::Damaged { path: path.to_owned(), line, reason };
    lines(path, file, |number, text| {
        if number == 1 {
            let header: Header = serde_json::from_slice(text).map_err(|error| {
                damaged(number, format!("it is not the header of a campaign's log ({error})"))
            })?;
            if header.log != KIND || header.format != FORMAT {
                let reason = format!(
                    "it is a log of {} in format {}, this build reads {KIND} in format {FORMAT}",
                    header.log, header.format
                );
                return Err(damaged(number, reason));
            }
            if header.data_fingerprint != data_fingerprint {
                return Err(LogError::OtherVersion {
                    path: path.to_owned(),
                    found: header.data_fingerprint,
                    expected: data_fingerprint.to_owned(),
                });
            }
            return Ok(());
        }
        let operation = parse(text).map_err(|reason| damaged(number, reason))?;
        each(operation).map_err(|reason| damaged(number, reason))
    })
}

/// The operation of a line.
pub(super) fn parse(text: &[u8]) -> Result<Operation, String> {
    serde_json::from_slice(text).map_err(|error| format!("it is not a change ({error})"))
}

/// Gives every whole line to `each`, with its number from 1.
pub(super) fn lines(
    path: &Path,
    file: &File,
    mut each: impl FnMut(usize, &[u8]) -> Result<(), LogError>,
) -> Result<Read, LogError> {
    let mut reader = BufReader::with_capacity(1 << 16, file);
    let mut read = Read { length: 0, torn: 0 };
    let mut text = Vec::new();
    for number in 1.. {
        text.clear();
        let bytes = reader.read_until(b'\n', &mut text).map_err(LogError::io("read", path))?;
        if let Some(line) = text.strip_suffix(b"\n") {
            each(number, line)?;
        } else {
            read.torn = bytes as u64;
            break;
        }
        read.length += bytes as u64;
    }
    Ok(read)
}
