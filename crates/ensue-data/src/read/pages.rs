//! Looks at the page headers of a Parquet file before polars does.
//!
//! polars asks for memory by the counts in them; in a damaged file that can be more than there is, which
//! ends the process instead of the import. The headers are Thrift structs in the compact protocol; field
//! numbers are those of `PageHeader` in the Parquet format's `parquet.thrift`.

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

/// First read of a header; statistics can make it longer.
const READ: u64 = 1 << 12;
/// Deepest nesting of structs and lists worth following.
const DEPTH: usize = 16;

/// Whether the pages of a flat column's chunk lie inside it and hold `rows` values together.
pub(super) fn hold(
    file: &mut (impl Read + Seek),
    chunk: Range<u64>,
    rows: u64,
) -> io::Result<bool> {
    let (mut at, mut values) = (chunk.start, 0);
    let mut bytes = Vec::new();
    while values < rows {
        let mut read = READ;
        let (header, length) = loop {
            let limit = read.min(chunk.end - at);
            bytes.clear();
            file.seek(SeekFrom::Start(at))?;
            file.by_ref().take(limit).read_to_end(&mut bytes)?;
            let mut rest = bytes.as_slice();
            match page(&mut rest) {
                Some(header) => break (header, (bytes.len() - rest.len()) as u64),
                None if limit == chunk.end - at => return Ok(false),
                None => read *= 16,
            }
        };
        let Some((counted, stored)) = header.counts() else { return Ok(false) };
        values += counted;
        at = match at.checked_add(length + stored) {
            Some(next) if next <= chunk.end => next,
            _ => return Ok(false),
        };
    }
    Ok(values == rows)
}

/// The numbers of a page header that a reader relies on.
#[derive(Debug, Default)]
struct Page {
    unpacked: i64,
    packed: i64,
    /// Values of a data page, a dictionary page.
    data: Option<i64>,
    dictionary: Option<i64>,
    /// Further counts of a data page of version 2, none of which may exceed its values (nulls, rows) or
    /// its size (levels).
    nulls: i64,
    rows: Option<i64>,
    levels: [i64; 2],
}

impl Page {
    /// Values of a data page (0 of a dictionary) and bytes stored, if the numbers can be right.
    fn counts(&self) -> Option<(u64, u64)> {
        let values = self.data.or(self.dictionary).unwrap_or(0);
        let [repetition, definition] = self.levels;
        let counts = [self.unpacked, self.packed, values, self.nulls, repetition, definition];
        let sound = counts.iter().all(|count| (0..=i64::from(i32::MAX)).contains(count))
            && self.nulls <= values
            && self.rows.is_none_or(|rows| rows == values)
            && repetition + definition <= self.packed.min(self.unpacked)
            // Each value of a dictionary takes a byte at least.
            && self.dictionary.is_none_or(|values| values <= self.unpacked);
        let data = self.data.unwrap_or(0);
        if sound { Some((data as u64, self.packed as u64)) } else { None }
    }
}

fn page(bytes: &mut &[u8]) -> Option<Page> {
    let mut page = Page::default();
    fields(bytes, |bytes, field, kind| {
        match field {
            2 => page.unpacked = number(bytes)?,
            3 => page.packed = number(bytes)?,
            5 => fields(bytes, |bytes, field, kind| match field {
                1 => number(bytes).map(|values| page.data = Some(values)),
                _ => skip(bytes, kind, DEPTH),
            })?,
            7 => fields(bytes, |bytes, field, kind| match field {
                1 => number(bytes).map(|values| page.dictionary = Some(values)),
                _ => skip(bytes, kind, DEPTH),
            })?,
            8 => fields(bytes, |bytes, field, kind| match field {
                1 => number(bytes).map(|values| page.data = Some(values)),
                2 => number(bytes).map(|nulls| page.nulls = nulls),
                3 => number(bytes).map(|rows| page.rows = Some(rows)),
                5 => number(bytes).map(|length| page.levels[0] = length),
                6 => number(bytes).map(|length| page.levels[1] = length),
                _ => skip(bytes, kind, DEPTH),
            })?,
            _ => skip(bytes, kind, DEPTH)?,
        }
        Some(())
    })?;
    Some(page)
}

/// Hands number and type of each field of a struct to `take`, which reads past its value.
fn fields(
    bytes: &mut &[u8],
    mut take: impl FnMut(&mut &[u8], i64, u8) -> Option<()>,
) -> Option<()> {
    let mut field = 0_i64;
    loop {
        let head = byte(bytes)?;
        if head == 0 {
            return Some(());
        }
        field = match head >> 4 {
            0 => number(bytes)?,
            step => field.checked_add(step.into())?,
        };
        take(bytes, field, head & 15)?;
    }
}

fn skip(bytes: &mut &[u8], kind: u8, depth: usize) -> Option<()> {
    let depth = depth.checked_sub(1)?;
    match kind {
        1 | 2 => Some(()),
        3 => byte(bytes).map(|_| ()),
        4..=6 => varint(bytes).map(|_| ()),
        7 => bytes.split_off(..8).map(|_| ()),
        8 => {
            let length = usize::try_from(varint(bytes)?).ok()?;
            bytes.split_off(..length).map(|_| ())
        }
        9 | 10 => {
            let head = byte(bytes)?;
            let count = if head >> 4 == 15 { varint(bytes)? } else { u64::from(head >> 4) };
            // In a list, a boolean takes a byte.
            let kind = if head & 15 <= 2 { 3 } else { head & 15 };
            (0..count).try_for_each(|_| skip(bytes, kind, depth))
        }
        12 => fields(bytes, |bytes, _, kind| skip(bytes, kind, depth)),
        _ => None,
    }
}

fn byte(bytes: &mut &[u8]) -> Option<u8> {
    bytes.split_off_first().copied()
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let next = byte(bytes)?;
        value |= u64::from(next & 127) << shift;
        if next < 128 {
            return Some(value);
        }
    }
    None
}

/// A signed number: its sign is in the lowest bit.
fn number(bytes: &mut &[u8]) -> Option<i64> {
    let value = varint(bytes)?;
    Some((value >> 1) as i64 ^ -((value & 1) as i64))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    /// A dictionary page of 2 values and 3 bytes, then data pages of `first` and 4 values without bytes.
    fn chunk(first: u8) -> Vec<u8> {
        let dictionary = [0x15, 4, 0x15, 6, 0x15, 6, 0x4c, 0x15, 4, 0x15, 0, 0, 0, 1, 2, 3];
        let data = |values: u8| [0x15, 0, 0x15, 0, 0x15, 0, 0x2c, 0x15, values, 0x15, 0, 0, 0];
        [&dictionary[..], &data(first), &data(8)].concat()
    }

    // Oracle: headers written by hand after parquet.thrift and the compact protocol.
    #[test]
    fn pages_hold_the_rows_that_they_count() {
        let held = |bytes: Vec<u8>, rows| {
            let end = bytes.len() as u64;
            hold(&mut Cursor::new(bytes), 0..end, rows).unwrap()
        };
        assert!(held(chunk(6), 7));
        assert!(!held(chunk(6), 8), "fewer values than rows");
        assert!(!held(chunk(6), 6), "more values than rows");
        assert!(!held(chunk(5), 4), "a negative count");
        for cut in 0..chunk(6).len() {
            assert!(!held(chunk(6)[..cut].to_vec(), 7), "cut at {cut}");
        }
    }
}
