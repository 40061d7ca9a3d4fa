//! Parquet, a part of a row group at a time.

use std::fs::File;
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use polars::prelude::{
    ArrowDataType, ArrowField, ArrowSchema, DataFrame, FileMetadataRef, ParallelStrategy,
    ParquetReader, PolarsResult, SerReader,
};

use super::{Block, pages};
use crate::error::{Cause, DataError, Rule};
use crate::schema::{FieldType, Schema};

/// Most rows decoded at a time.
const ROWS: usize = 1 << 18;

#[derive(Debug)]
pub(crate) struct ParquetRows {
    path: PathBuf,
    file: File,
    length: u64,
    metadata: FileMetadataRef,
    types: Arc<ArrowSchema>,
    names: Vec<String>,
    /// The columns to read, in the order of the schema.
    columns: Vec<String>,
    /// Parts to read as (first row, rows), the next last.
    parts: Vec<(usize, usize)>,
}

impl ParquetRows {
    pub(super) fn open(path: &Path) -> Result<Self, DataError> {
        let unreadable = |source| DataError::io(path, source);
        let file = File::open(path).map_err(unreadable)?;
        let length = file.metadata().map_err(unreadable)?.len();
        // polars maps the file into memory, which cannot be done with an empty one.
        if length == 0 {
            return Err(DataError::file(path, Rule::EmptyFile));
        }
        let mut reader = ParquetReader::new(file.try_clone().map_err(unreadable)?);
        let footer = unwound(|| Ok((reader.schema()?, reader.get_metadata()?.clone())));
        let (types, metadata) = footer.map_err(|_| DataError::file(path, Rule::NotParquet))?;
        let names = types.iter_names().map(ToString::to_string).collect();
        let (path, columns, parts) = (path.to_path_buf(), Vec::new(), Vec::new());
        Ok(Self { path, file, length, metadata, types, names, columns, parts })
    }

    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn kind(&self, name: &str) -> FieldType {
        match self.types.get(name).map(ArrowField::dtype) {
            Some(ArrowDataType::Int32) => FieldType::Int,
            Some(ArrowDataType::Int64) => FieldType::Long,
            _ => FieldType::String,
        }
    }

    pub(super) fn check_types(&mut self, schema: &Schema) -> Result<(), DataError> {
        for field in &schema.fields {
            let found = self.types.get(&field.name).map(ArrowField::dtype);
            if !found.is_some_and(|found| readable(found, field.kind)) {
                let found = found.map_or_else(String::new, |found| format!("{found:?}"));
                let (column, expected) = (field.name.clone(), field.kind.name());
                let rule = Rule::ColumnType { column, found, expected };
                return Err(DataError::file(&self.path, rule));
            }
        }
        self.columns = schema.fields.iter().map(|field| field.name.clone()).collect();
        match self.is_consistent() {
            Ok(true) => {}
            Ok(false) => return Err(DataError::file(&self.path, Rule::InconsistentParquet)),
            Err(source) => return Err(DataError::io(&self.path, source)),
        }
        let mut first = 0;
        for group in &self.metadata.row_groups {
            let rows = group.num_rows();
            let starts = (0..rows).step_by(ROWS);
            self.parts.extend(starts.map(|start| (first + start, ROWS.min(rows - start))));
            first += rows;
        }
        self.parts.reverse();
        Ok(())
    }

    /// Whether the counts and positions in footer and page headers agree, so that none of them leads a
    /// reader to ask for memory without bounds.
    fn is_consistent(&self) -> io::Result<bool> {
        let mut file = self.file.try_clone()?;
        let mut left = self.metadata.num_rows;
        for group in &self.metadata.row_groups {
            let rows = group.num_rows();
            let Some(after) = left.checked_sub(rows) else { return Ok(false) };
            left = after;
            for name in &self.columns {
                let mut chunks = group.columns_under_root_iter(name).into_iter().flatten();
                let (Some(chunk), None) = (chunks.next(), chunks.next()) else { return Ok(false) };
                // What polars computes of a position from damaged numbers may overflow.
                let Ok(range) = unwound(|| Ok(chunk.byte_range())) else { return Ok(false) };
                let inside = range.start <= range.end && range.end <= self.length;
                let agree = usize::try_from(chunk.num_values()) == Ok(rows);
                if !inside || !agree || !pages::hold(&mut file, range, rows as u64)? {
                    return Ok(false);
                }
            }
        }
        Ok(left == 0)
    }

    pub(super) fn next_block(&mut self) -> Result<Option<Block>, DataError> {
        let Some((first, rows)) = self.parts.pop() else { return Ok(None) };
        let row = first as u64 + 1;
        let undecoded = |source| DataError::Decode { file: self.path.clone(), row, source };
        let file = self.file.try_clone().map_err(|source| DataError::io(&self.path, source))?;
        let frame = unwound(|| self.decode(file, first, rows)).map_err(undecoded)?;
        if frame.height() != rows {
            return Err(undecoded(format!("{} of {rows} rows", frame.height()).into()));
        }
        Ok(Some(Block { frame, first: row, inner_lines: Vec::new() }))
    }

    fn decode(&self, file: File, first: usize, rows: usize) -> PolarsResult<DataFrame> {
        let mut reader = ParquetReader::new(file)
            .with_slice(Some((first, rows)))
            .with_columns(Some(self.columns.clone()))
            .read_parallel(ParallelStrategy::Columns);
        reader.set_metadata(self.metadata.clone());
        reader.finish()?.select(self.columns.iter().map(String::as_str))
    }
}

/// Runs a reader which, on damaged pages, may panic where it should return an error.
fn unwound<T>(read: impl FnOnce() -> PolarsResult<T>) -> Result<T, Cause> {
    match panic::catch_unwind(AssertUnwindSafe(read)) {
        Ok(result) => result.map_err(Into::into),
        Err(_) => Err("the reader gave up on damaged data".into()),
    }
}

/// Whether a stored type is what a schema type means; whole numbers widen, and pass as numbers.
fn readable(found: &ArrowDataType, kind: FieldType) -> bool {
    use ArrowDataType as Stored;
    match kind {
        FieldType::String => {
            matches!(found, Stored::Utf8 | Stored::LargeUtf8 | Stored::Utf8View)
        }
        FieldType::Int | FieldType::Long => matches!(found, Stored::Int32 | Stored::Int64),
        FieldType::Float | FieldType::Double => {
            matches!(found, Stored::Float32 | Stored::Float64 | Stored::Int32 | Stored::Int64)
        }
        FieldType::Boolean => matches!(found, Stored::Boolean),
    }
}
