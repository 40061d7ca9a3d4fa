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

use polars_parquet::parquet::metadata::{FileMetadata, SchemaDescriptor};
use polars_parquet::parquet::schema::types::{
    ParquetType, PhysicalType, PrimitiveConvertedType, PrimitiveLogicalType, PrimitiveType,
    TimeUnit as StoredUnit,
};

use super::{Block, Kind, TimeUnit, Wanted, pages};
use crate::error::{Cause, DataError, Rule};
use crate::schema::FieldType;

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
    /// What each of them counts if it holds typed times.
    times: Vec<Option<TimeUnit>>,
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
        Ok(Self {
            path: path.to_path_buf(),
            file,
            length,
            metadata,
            types,
            names,
            columns: Vec::new(),
            times: Vec::new(),
            parts: Vec::new(),
        })
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

    pub(super) fn time_unit(&self, position: usize) -> Option<TimeUnit> {
        self.times.get(position).copied().flatten()
    }

    pub(super) fn check_types(&mut self, wanted: &[Wanted<'_>]) -> Result<(), DataError> {
        for column in wanted {
            let found = self.types.get(column.name).map(ArrowField::dtype);
            let unit = match column.kind {
                Kind::Time => time_unit(&self.metadata, column.name),
                Kind::Field(_) => None,
            };
            if unit.is_none() && !found.is_some_and(|found| readable(found, column.kind)) {
                let found = found.map_or_else(String::new, |found| format!("{found:?}"));
                let (column, expected) = (column.name.to_owned(), column.kind_name);
                let rule = Rule::ColumnType { column, found, expected };
                return Err(DataError::file(&self.path, rule));
            }
            self.times.push(unit);
        }
        self.columns = wanted.iter().map(|column| column.name.to_owned()).collect();
        if self.times.iter().any(Option::is_some) {
            let times = self.columns.iter().zip(&self.times).filter(|(_, unit)| unit.is_some());
            let times: Vec<&str> = times.map(|(name, _)| name.as_str()).collect();
            self.metadata = Arc::new(without_times(&self.metadata, &times));
        }
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

/// What a column counts that holds dates or times as whole numbers.
fn time_unit(metadata: &FileMetadata, name: &str) -> Option<TimeUnit> {
    let fields = metadata.schema_descr.fields().iter();
    let mut primitive = fields.filter_map(|field| match field {
        ParquetType::PrimitiveType(field) if field.field_info.name.as_str() == name => Some(field),
        _ => None,
    });
    let PrimitiveType { logical_type, converted_type, physical_type, .. } = primitive.next()?;
    let unit = match (logical_type, converted_type) {
        (Some(PrimitiveLogicalType::Date), _) | (None, Some(PrimitiveConvertedType::Date)) => {
            TimeUnit::Days
        }
        (Some(PrimitiveLogicalType::Timestamp { unit, .. }), _) => match unit {
            StoredUnit::Milliseconds => TimeUnit::Milliseconds,
            StoredUnit::Microseconds => TimeUnit::Microseconds,
            StoredUnit::Nanoseconds => TimeUnit::Nanoseconds,
        },
        (None, Some(PrimitiveConvertedType::TimestampMillis)) => TimeUnit::Milliseconds,
        (None, Some(PrimitiveConvertedType::TimestampMicros)) => TimeUnit::Microseconds,
        _ => return None,
    };
    let stored = if unit == TimeUnit::Days { PhysicalType::Int32 } else { PhysicalType::Int64 };
    (*physical_type == stored).then_some(unit)
}

/// The same with these columns declared as the whole numbers that they are stored as.
///
/// polars would need its calendar types to read them as times, and all of it be compiled with them,
/// though nothing but the number is wanted.
fn without_times(metadata: &FileMetadata, names: &[&str]) -> FileMetadata {
    let fields = metadata.schema_descr.fields().iter().map(|field| match field {
        ParquetType::PrimitiveType(field) if names.contains(&field.field_info.name.as_str()) => {
            let plain = PrimitiveType { logical_type: None, converted_type: None, ..field.clone() };
            ParquetType::PrimitiveType(plain)
        }
        field => field.clone(),
    });
    let schema_descr = SchemaDescriptor::new(metadata.schema_descr.name().into(), fields.collect());
    // The arrow schema kept as text beside the Parquet schema would win over it.
    FileMetadata { schema_descr, key_value_metadata: None, ..metadata.clone() }
}

/// Whether a stored type is what a schema type means; whole numbers widen, and pass as numbers.
fn readable(found: &ArrowDataType, kind: Kind) -> bool {
    use ArrowDataType as Stored;
    match kind {
        Kind::Time | Kind::Field(FieldType::String) => {
            matches!(found, Stored::Utf8 | Stored::LargeUtf8 | Stored::Utf8View)
        }
        Kind::Field(FieldType::Int | FieldType::Long) => {
            matches!(found, Stored::Int32 | Stored::Int64)
        }
        Kind::Field(FieldType::Float | FieldType::Double) => {
            matches!(found, Stored::Float32 | Stored::Float64 | Stored::Int32 | Stored::Int64)
        }
        Kind::Field(FieldType::Boolean) => matches!(found, Stored::Boolean),
    }
}
