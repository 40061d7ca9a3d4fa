//! Metadata to bytes and back.
//!
//! Layout, all numbers little-endian: the 8 bytes `ENSMET1\n`, number of ids and of columns (u64 each), one byte an id
//! (1 where the file had a row), then each column: length of its name (u32), name, kind (u8) and values. Kinds: 0
//! categories (length of the vocabulary in bytes (u64), the vocabulary, offsets (u32, ids + 1), number of codes (u64), codes
//! (u32)), 1 numbers (f32), 2 booleans (u8: 0, 1, or 2 for none), 3 timestamps (i64).

use std::io::{self, Write};

use super::{Categories, MetadataColumn, MetadataTable};
use crate::Vocabulary;

const MAGIC: &[u8; 8] = b"ENSMET1\n";

/// Why bytes are not written metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not whole metadata of format 1: {part} does not fit")]
pub struct MetadataError {
    /// The part that was read when it was noticed.
    pub part: &'static str,
}

impl MetadataTable {
    /// Writes the content as bytes that [`MetadataTable::read_from`] reads.
    ///
    /// # Errors
    /// What `out` returns.
    pub fn write_to(&self, out: &mut impl Write) -> io::Result<()> {
        out.write_all(MAGIC)?;
        size(out, self.len())?;
        size(out, self.columns.len())?;
        out.write_all(&self.known.iter().map(|&known| u8::from(known)).collect::<Vec<_>>())?;
        for (name, column) in self.columns() {
            out.write_all(&(name.len() as u32).to_le_bytes())?;
            out.write_all(name.as_bytes())?;
            match column {
                MetadataColumn::Categorical(categories) => {
                    let mut vocabulary = Vec::new();
                    categories.vocabulary.write_to(&mut vocabulary)?;
                    out.write_all(&[0])?;
                    size(out, vocabulary.len())?;
                    out.write_all(&vocabulary)?;
                    numbers(out, &categories.offsets, |n| n.to_le_bytes())?;
                    size(out, categories.codes.len())?;
                    numbers(out, &categories.codes, |n| n.to_le_bytes())?;
                }
                MetadataColumn::Number(values) => {
                    out.write_all(&[1])?;
                    numbers(out, values, |n| n.to_le_bytes())?;
                }
                MetadataColumn::Boolean(flags) => {
                    out.write_all(&[2])?;
                    numbers(out, flags, |flag| [flag.map_or(2, u8::from)])?;
                }
                MetadataColumn::Timestamp(times) => {
                    out.write_all(&[3])?;
                    numbers(out, times, |n| n.to_le_bytes())?;
                }
            }
        }
        Ok(())
    }

    /// Reads what [`MetadataTable::write_to`] wrote.
    ///
    /// # Errors
    /// When the bytes are something else, cut short, or contradict themselves.
    pub fn read_from(bytes: &[u8]) -> Result<Self, MetadataError> {
        let mut bytes = Reader(bytes);
        if bytes.take(8, "the header")? != MAGIC {
            return Err(MetadataError { part: "the header" });
        }
        let ids = bytes.size("the header")?;
        let columns = bytes.size("the header")?;
        let flag = |byte: u8, most: u8, part| {
            if byte <= most { Ok(byte) } else { Err(MetadataError { part }) }
        };
        let known = bytes.take(ids, "the ids")?;
        let known = known.iter().map(|&byte| Ok(flag(byte, 1, "the ids")? == 1));
        let mut table = Self { known: known.collect::<Result<_, _>>()?, ..Self::default() };
        for _ in 0..columns {
            let [length] = bytes.numbers(1, "a name", u32::from_le_bytes)?[..] else {
                return Err(MetadataError { part: "a name" });
            };
            let name = bytes.take(length as usize, "a name")?.to_vec();
            let name = String::from_utf8(name).map_err(|_| MetadataError { part: "a name" })?;
            let column = match bytes.take(1, "a kind")?[0] {
                0 => MetadataColumn::Categorical(categories(&mut bytes, ids)?),
                1 => MetadataColumn::Number(bytes.numbers(ids, "numbers", f32::from_le_bytes)?),
                2 => {
                    let flags = bytes.take(ids, "booleans")?.iter();
                    let flags = flags.map(|&byte| {
                        Ok(Some(flag(byte, 2, "booleans")?).filter(|&b| b < 2).map(|b| b == 1))
                    });
                    MetadataColumn::Boolean(flags.collect::<Result<_, _>>()?)
                }
                3 => MetadataColumn::Timestamp(bytes.numbers(ids, "times", i64::from_le_bytes)?),
                _ => return Err(MetadataError { part: "a kind" }),
            };
            table.names.push(name);
            table.columns.push(column);
        }
        if bytes.0.is_empty() { Ok(table) } else { Err(MetadataError { part: "the end" }) }
    }
}

fn categories(bytes: &mut Reader<'_>, ids: usize) -> Result<Categories, MetadataError> {
    let part = "categories";
    let length = bytes.size(part)?;
    let vocabulary = Vocabulary::read_from(bytes.take(length, part)?);
    let vocabulary = vocabulary.map_err(|_| MetadataError { part })?;
    let rows = ids.checked_add(1).ok_or(MetadataError { part })?;
    let offsets = bytes.numbers(rows, part, u32::from_le_bytes)?;
    let length = bytes.size(part)?;
    let codes = bytes.numbers(length, part, u32::from_le_bytes)?;
    let cut = offsets[0] == 0 && offsets[ids] as usize == codes.len() && offsets.is_sorted();
    let named = codes.iter().all(|&code| (code as usize) < vocabulary.len());
    if cut && named {
        Ok(Categories { vocabulary, offsets, codes })
    } else {
        Err(MetadataError { part })
    }
}

fn size(out: &mut impl Write, size: usize) -> io::Result<()> {
    out.write_all(&(size as u64).to_le_bytes())
}

/// Writes in one piece, so that the writer need not be buffered.
fn numbers<T, const N: usize>(
    out: &mut impl Write,
    values: &[T],
    bytes: impl Fn(&T) -> [u8; N],
) -> io::Result<()> {
    out.write_all(&values.iter().flat_map(bytes).collect::<Vec<_>>())
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, n: usize, part: &'static str) -> Result<&'a [u8], MetadataError> {
        let (taken, rest) = self.0.split_at_checked(n).ok_or(MetadataError { part })?;
        self.0 = rest;
        Ok(taken)
    }

    fn size(&mut self, part: &'static str) -> Result<usize, MetadataError> {
        let size = self.numbers(1, part, u64::from_le_bytes)?[0];
        usize::try_from(size).map_err(|_| MetadataError { part })
    }

    fn numbers<T, const N: usize>(
        &mut self,
        n: usize,
        part: &'static str,
        number: impl Fn([u8; N]) -> T,
    ) -> Result<Vec<T>, MetadataError> {
        let bytes = n.checked_mul(N).ok_or(MetadataError { part })?;
        let (values, _) = self.take(bytes, part)?.as_chunks::<N>();
        Ok(values.iter().map(|&bytes| number(bytes)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MISSING_TIMESTAMP;

    fn table() -> MetadataTable {
        MetadataTable {
            names: ["GENRE", "YEAR", "NEW", "SINCE"].map(str::to_owned).into(),
            columns: vec![
                MetadataColumn::Categorical(Categories {
                    vocabulary: ["a", "b"].into_iter().collect(),
                    offsets: vec![0, 2, 2],
                    codes: vec![1, 0],
                }),
                MetadataColumn::Number(vec![1.5, -2.0]),
                MetadataColumn::Boolean(vec![Some(true), None]),
                MetadataColumn::Timestamp(vec![MISSING_TIMESTAMP, 7]),
            ],
            known: vec![true, false],
        }
    }

    // Oracle: what was written.
    #[test]
    fn metadata_survive_writing() {
        let mut bytes = Vec::new();
        table().write_to(&mut bytes).unwrap();
        assert_eq!(MetadataTable::read_from(&bytes), Ok(table()));
    }

    // Oracle: every cut and every single changed byte is refused or reads as another table, without a panic.
    #[test]
    fn damaged_bytes_are_refused() {
        let mut bytes = Vec::new();
        table().write_to(&mut bytes).unwrap();
        for cut in 0..bytes.len() {
            assert!(MetadataTable::read_from(&bytes[..cut]).is_err(), "cut at {cut}");
        }
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 0x85;
            assert_ne!(MetadataTable::read_from(&changed), Ok(table()), "byte {at}");
        }
        bytes.push(0);
        assert_eq!(MetadataTable::read_from(&bytes), Err(MetadataError { part: "the end" }));
    }
}
