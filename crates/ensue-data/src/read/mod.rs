//! Files to blocks of rows: the one place where polars reads.
//!
//! A file is read a block at a time, so memory does not grow with it. CSV blocks are cut at record
//! boundaries and checked before polars splits them into cells; all values arrive as text or as the type
//! that a Parquet file has, and [`cells`] converts them under our rules.

pub(crate) mod cells;
mod csv;
mod input;
mod pages;
mod parquet;
pub(crate) mod records;

use std::path::Path;

use ensue_core::{Progress, Run};
use polars::prelude::{Column, DataFrame};

use crate::error::{DataError, Rule};
use crate::import::Format;
use crate::schema::FieldType;

use cells::Faults;

/// A column as a schema asks for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'a> {
    pub(crate) name: &'a str,
    pub(crate) kind: Kind,
    /// What the schema calls the type.
    pub(crate) kind_name: &'static str,
}

/// What a column must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Field(FieldType),
    /// A time, as text or as Parquet stores it.
    Time,
}

/// What a typed time counts, from 1970-01-01 00:00 on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimeUnit {
    Days,
    Milliseconds,
    Microseconds,
    Nanoseconds,
}

/// Some consecutive rows.
#[derive(Debug)]
pub(crate) struct Block {
    frame: DataFrame,
    first: u64,
    /// Which rows take how many lines more than one, ascending.
    inner_lines: Vec<(usize, u32)>,
}

impl Block {
    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        self.frame.height()
    }

    /// Where row `index` of this block stands in its file.
    pub(crate) fn row(&self, index: usize) -> u64 {
        let before = self.inner_lines.iter().take_while(|(row, _)| *row < index);
        self.first + index as u64 + before.map(|(_, lines)| u64::from(*lines)).sum::<u64>()
    }

    /// The column at this position of the schema.
    pub(crate) fn column(&self, position: usize) -> &Column {
        &self.frame.columns()[position]
    }
}

/// A file from which blocks are read.
#[derive(Debug)]
pub(crate) enum Rows {
    Csv(csv::CsvRows),
    Parquet(parquet::ParquetRows),
}

impl Rows {
    /// Opens a file and reads as far as the names of its columns; without a format it goes by the
    /// name.
    pub(crate) fn open(path: &Path, format: Option<Format>) -> Result<Self, DataError> {
        match known(path, format)? {
            Format::Csv => csv::CsvRows::open(path).map(Self::Csv),
            Format::Parquet => parquet::ParquetRows::open(path).map(Self::Parquet),
        }
    }

    /// Opens a file which must hold these columns; a CSV file may lack a header, and must have them in
    /// this order. `is_header` looks at its first record.
    pub(crate) fn open_as(
        path: &Path,
        format: Option<Format>,
        wanted: &[Wanted<'_>],
        is_header: impl FnOnce(&[String]) -> bool,
    ) -> Result<Self, DataError> {
        match known(path, format)? {
            Format::Csv => csv::CsvRows::open_as(path, wanted, is_header).map(Self::Csv),
            Format::Parquet => {
                let mut rows = parquet::ParquetRows::open(path).map(Self::Parquet)?;
                rows.check(wanted)?;
                Ok(rows)
            }
        }
    }

    /// The columns of the file in its order.
    pub(crate) fn names(&self) -> &[String] {
        match self {
            Self::Csv(rows) => rows.names(),
            Self::Parquet(rows) => rows.names(),
        }
    }

    /// The type that a column without a schema has: its own in Parquet, text in CSV.
    pub(crate) fn kind(&self, name: &str) -> FieldType {
        match self {
            Self::Csv(_) => FieldType::String,
            Self::Parquet(rows) => rows.kind(name),
        }
    }

    /// Holds the file's columns against those wanted.
    pub(crate) fn check(&mut self, wanted: &[Wanted<'_>]) -> Result<(), DataError> {
        let path = self.path().to_path_buf();
        check_names(self.names(), wanted).map_err(|rule| DataError::file(&path, rule))?;
        match self {
            Self::Csv(rows) => rows.check_order(wanted),
            Self::Parquet(rows) => rows.check_types(wanted),
        }
    }

    /// What the whole numbers of a time column count; none where times are text.
    pub(crate) fn time_unit(&self, position: usize) -> Option<TimeUnit> {
        match self {
            Self::Csv(_) => None,
            Self::Parquet(rows) => rows.time_unit(position),
        }
    }

    /// Hands each block to `take`, which converts it; the first fault that it finds ends the reading.
    /// `name` gives the columns' names. Returns the number of rows, at least one.
    pub(crate) fn each_block<'a>(
        &mut self,
        run: &Run,
        name: impl Fn(usize) -> &'a str,
        mut take: impl FnMut(&Block, &mut Faults),
    ) -> Result<u64, DataError> {
        let path = self.path().to_path_buf();
        let mut rows = 0;
        while let Some(block) = self.next_block()? {
            if run.cancel.is_cancelled() {
                return Err(DataError::Cancelled { file: path, row: block.row(0) });
            }
            let mut faults = Faults::default();
            take(&block, &mut faults);
            if let Some(fault) = faults.first() {
                let row = block.row(fault.index);
                return Err(DataError::cell(
                    &path,
                    row,
                    name(fault.column),
                    &fault.value,
                    fault.rule,
                ));
            }
            rows += block.len() as u64;
            run.emit(Progress::Import { file: path.clone(), rows });
        }
        if rows == 0 {
            return Err(DataError::file(&path, Rule::NoRows));
        }
        Ok(rows)
    }

    /// The next block, whose columns are those of the schema in its order; `None` at the end.
    pub(crate) fn next_block(&mut self) -> Result<Option<Block>, DataError> {
        match self {
            Self::Csv(rows) => rows.next_block(),
            Self::Parquet(rows) => rows.next_block(),
        }
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Csv(rows) => rows.path(),
            Self::Parquet(rows) => rows.path(),
        }
    }
}

fn known(path: &Path, format: Option<Format>) -> Result<Format, DataError> {
    let format = format.or_else(|| Format::of(path));
    format.ok_or_else(|| DataError::file(path, Rule::UnknownFormat))
}

fn check_names(names: &[String], wanted: &[Wanted<'_>]) -> Result<(), Rule> {
    if let Some(name) = duplicate(names) {
        return Err(Rule::DuplicateColumn(name.to_owned()));
    }
    let missing = wanted.iter().map(|wanted| wanted.name.to_owned());
    let missing: Vec<String> = missing.filter(|name| !names.contains(name)).collect();
    if !missing.is_empty() {
        return Err(Rule::MissingColumns(missing));
    }
    let is_wanted = |name: &&String| wanted.iter().any(|wanted| wanted.name == **name);
    match names.iter().find(|name| !is_wanted(name)) {
        Some(name) => Err(Rule::UnknownColumn(name.clone())),
        None => Ok(()),
    }
}

fn duplicate(names: &[String]) -> Option<&str> {
    let repeated = |at: &usize| names[..*at].contains(&names[*at]);
    (0..names.len()).find(repeated).map(|at| names[at].as_str())
}
