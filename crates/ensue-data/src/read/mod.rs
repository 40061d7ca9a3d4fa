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

use polars::prelude::{Column, DataFrame};

use crate::error::{DataError, Rule};
use crate::import::{Format, Source};
use crate::schema::{FieldType, Schema};

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
    /// Opens a file and reads as far as the names of its columns.
    pub(crate) fn open(source: &Source) -> Result<Self, DataError> {
        let format = source.format.or_else(|| Format::of(&source.path));
        match format.ok_or_else(|| DataError::file(&source.path, Rule::UnknownFormat))? {
            Format::Csv => csv::CsvRows::open(&source.path).map(Self::Csv),
            Format::Parquet => parquet::ParquetRows::open(&source.path).map(Self::Parquet),
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

    /// Holds the file's columns against the schema.
    pub(crate) fn check(&mut self, schema: &Schema) -> Result<(), DataError> {
        let path = self.path().to_path_buf();
        check_names(self.names(), schema).map_err(|rule| DataError::file(&path, rule))?;
        match self {
            Self::Csv(rows) => rows.check_order(schema),
            Self::Parquet(rows) => rows.check_types(schema),
        }
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

fn check_names(names: &[String], schema: &Schema) -> Result<(), Rule> {
    if let Some(name) = duplicate(names) {
        return Err(Rule::DuplicateColumn(name.to_owned()));
    }
    let missing =
        schema.fields.iter().map(|field| &field.name).filter(|name| !names.contains(name));
    let missing: Vec<String> = missing.cloned().collect();
    if !missing.is_empty() {
        return Err(Rule::MissingColumns(missing));
    }
    match names.iter().find(|name| schema.field(name).is_none()) {
        Some(name) => Err(Rule::UnknownColumn(name.clone())),
        None => Ok(()),
    }
}

fn duplicate(names: &[String]) -> Option<&str> {
    let repeated = |at: &usize| names[..*at].contains(&names[*at]);
    (0..names.len()).find(repeated).map(|at| names[at].as_str())
}
