//! CSV, plain or gzip, in blocks of a few MiB.

use std::fmt;
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use polars::prelude::{CsvReadOptions, DataFrame, DataType, PolarsResult, SchemaRef, SerReader};

use super::records::{self, Flaw};
use super::{Block, Wanted, duplicate, input};
use crate::error::{Cause, DataError, Rule};

/// Bytes read at a time; a block is as long as the records in them.
const BLOCK: usize = 4 << 20;
/// Byte order mark which some spreadsheets put before UTF-8.
const BOM: &[u8] = b"\xef\xbb\xbf";

pub(crate) struct CsvRows {
    path: PathBuf,
    input: Box<dyn Read>,
    gzip: bool,
    names: Vec<String>,
    /// All columns as text: nothing is inferred.
    schema: SchemaRef,
    /// A header line of our own followed by what was read and not yet handed out. With that line in front,
    /// no block can look like compressed data to polars.
    buffer: Vec<u8>,
    /// Length of that line.
    prefix: usize,
    /// Whether the names are the schema's, not the file's.
    headerless: bool,
    /// Line on which the part after the prefix starts.
    line: u64,
    /// The blank line to blame if anything follows it.
    blank: Option<u64>,
    at_end: bool,
    /// Raised when the rows before it have been handed out.
    error: Option<DataError>,
}

/// The first record of a file.
struct First {
    cells: Vec<String>,
    /// Where it starts, after a byte order mark.
    start: usize,
    /// Where the next one starts.
    end: usize,
    lines: u32,
}

impl CsvRows {
    /// A file with a header.
    pub(super) fn open(path: &Path) -> Result<Self, DataError> {
        let mut rows = Self::unread_file(path)?;
        let First { cells: names, end, lines, .. } = rows.first_record()?;
        if let Some(name) = duplicate(&names) {
            return Err(DataError::file(path, Rule::DuplicateColumn(name.to_owned())));
        }
        rows.start(names, end, lines);
        Ok(rows)
    }

    /// A file whose columns are known; `is_header` says whether its first record repeats their names.
    pub(super) fn open_as(
        path: &Path,
        wanted: &[Wanted<'_>],
        is_header: impl FnOnce(&[String]) -> bool,
    ) -> Result<Self, DataError> {
        let mut rows = Self::unread_file(path)?;
        let names: Vec<String> = wanted.iter().map(|wanted| wanted.name.to_owned()).collect();
        rows.names.clone_from(&names);
        let first = rows.first_record()?;
        if is_header(&first.cells) {
            let differs = differs(&first.cells, &names);
            differs.map_err(|rule| DataError::file(path, rule))?;
            rows.start(names, first.end, first.lines);
        } else {
            rows.headerless = true;
            rows.start(names, first.start, 0);
        }
        Ok(rows)
    }

    fn unread_file(path: &Path) -> Result<Self, DataError> {
        let (input, gzip) = input::open(path).map_err(|source| DataError::io(path, source))?;
        Ok(Self {
            path: path.to_path_buf(),
            input,
            gzip,
            names: Vec::new(),
            schema: SchemaRef::default(),
            buffer: Vec::new(),
            prefix: 0,
            headerless: false,
            line: 1,
            blank: None,
            at_end: false,
            error: None,
        })
    }

    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn check_order(&self, wanted: &[Wanted<'_>]) -> Result<(), DataError> {
        let pairs = self.names.iter().zip(wanted).enumerate();
        for (at, (found, wanted)) in pairs {
            if found != wanted.name {
                let (found, expected) = (found.clone(), wanted.name.to_owned());
                let rule = Rule::ColumnOrder { position: at + 1, found, expected };
                return Err(DataError::file(&self.path, rule));
            }
        }
        Ok(())
    }

    fn first_record(&mut self) -> Result<First, DataError> {
        loop {
            self.fill()?;
            let start = if self.buffer.starts_with(BOM) { BOM.len() } else { 0 };
            if self.at_end && self.buffer[start..].iter().all(|byte| b"\r\n".contains(byte)) {
                return Err(DataError::file(&self.path, Rule::EmptyFile));
            }
            let record = records::header(&self.buffer[start..], self.at_end);
            let record = record.map_err(|flaw| self.flawed(1, flaw))?;
            if let Some((cells, length, lines)) = record {
                return Ok(First { cells, start, end: start + length, lines });
            }
        }
    }

    /// Begins with the rows, the first of which stands at `start` of what was read, after `lines` lines.
    fn start(&mut self, names: Vec<String>, start: usize, lines: u32) {
        self.schema =
            Arc::new(names.iter().map(|name| (name.as_str().into(), DataType::String)).collect());
        self.names = names;
        self.line += u64::from(lines);
        let prefix = format!("{}\n", vec!["c"; self.names.len()].join(","));
        self.prefix = prefix.len();
        self.buffer.splice(..start, prefix.into_bytes());
    }

    pub(super) fn next_block(&mut self) -> Result<Option<Block>, DataError> {
        loop {
            if let Some(error) = self.error.take() {
                return Err(error);
            }
            let rest = &self.buffer[self.prefix..];
            if rest.is_empty() && self.at_end {
                return Ok(None);
            }
            let scan = records::scan(rest, self.names.len(), self.at_end);
            if scan.skipped > 0 && self.blank.is_none() {
                self.blank = Some(self.line);
            }
            self.line += scan.skipped as u64;
            if let Some(row) = self.blank.filter(|_| scan.records > 0 || scan.flaw.is_some()) {
                return Err(DataError::row(&self.path, row, Rule::BlankLine));
            }
            let inner: u64 = scan.inner_lines.iter().map(|(_, lines)| u64::from(*lines)).sum();
            let (first, records) = (self.line, scan.records);
            self.line += records as u64 + inner;
            if let Some(flaw) = scan.flaw {
                self.error = Some(self.flawed(self.line, flaw));
            }
            if records == 0 {
                self.buffer.drain(self.prefix..self.prefix + scan.used);
                if self.error.is_none() && !self.at_end {
                    self.fill()?;
                }
                continue;
            }
            let end = self.prefix + scan.sound;
            let frame = self.split(&self.buffer[..end]);
            let frame = frame.map_err(|source| self.undecoded(first, source))?;
            if (frame.height(), frame.width()) != (records, self.names.len()) {
                let found = format!("{} of {records} rows", frame.height());
                return Err(self.undecoded(first, found));
            }
            self.buffer.drain(self.prefix..end);
            if self.error.is_none() && !self.at_end {
                // A failing read must not hide the rows before it.
                self.error = self.fill().err();
            }
            return Ok(Some(Block { frame, first, inner_lines: scan.inner_lines }));
        }
    }

    /// Hands sound records to polars.
    fn split(&self, bytes: &[u8]) -> PolarsResult<DataFrame> {
        CsvReadOptions::default()
            .with_has_header(true)
            .with_schema(Some(Arc::clone(&self.schema)))
            .with_rechunk(false)
            .into_reader_with_file_handle(Cursor::new(bytes))
            .finish()
    }

    /// Reads another part of the file behind what is left of the last one.
    fn fill(&mut self) -> Result<(), DataError> {
        let limit = BLOCK as u64;
        match self.input.by_ref().take(limit).read_to_end(&mut self.buffer) {
            Ok(read) => self.at_end = (read as u64) < limit,
            Err(source) => return Err(self.unread(source)),
        }
        Ok(())
    }

    fn unread(&self, source: io::Error) -> DataError {
        let rule = match source.kind() {
            io::ErrorKind::UnexpectedEof if self.gzip => Rule::TruncatedGzip,
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData if self.gzip => {
                Rule::CorruptGzip
            }
            _ => return DataError::io(&self.path, source),
        };
        DataError::file(&self.path, rule)
    }

    fn flawed(&self, row: u64, flaw: Flaw) -> DataError {
        if let Some(cell) = flaw.cell {
            let number = || format!("number {}", cell + 1);
            let column = self.names.get(cell).cloned().unwrap_or_else(number);
            DataError::cell(&self.path, row, &column, &flaw.value, flaw.rule)
        } else {
            let rule = match flaw.rule {
                Rule::Ragged { found, expected } if self.headerless => {
                    Rule::SchemaWidth { found, expected }
                }
                rule => rule,
            };
            DataError::row(&self.path, row, rule)
        }
    }

    fn undecoded(&self, row: u64, source: impl Into<Cause>) -> DataError {
        DataError::Decode { file: self.path.clone(), row, source: source.into() }
    }
}

/// What a header has otherwise than it should.
fn differs(header: &[String], names: &[String]) -> Result<(), Rule> {
    let mut pairs = header.iter().zip(names).enumerate();
    if let Some((at, (found, expected))) = pairs.find(|(_, (found, expected))| found != expected) {
        let (found, expected) = (found.clone(), expected.clone());
        return Err(Rule::ColumnOrder { position: at + 1, found, expected });
    }
    if let Some(name) = header.get(names.len()) {
        return Err(Rule::UnknownColumn(name.clone()));
    }
    let missing = &names[header.len()..];
    if missing.is_empty() { Ok(()) } else { Err(Rule::MissingColumns(missing.to_vec())) }
}

impl fmt::Debug for CsvRows {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = out.debug_struct("CsvRows");
        out.field("path", &self.path).field("line", &self.line).finish_non_exhaustive()
    }
}
