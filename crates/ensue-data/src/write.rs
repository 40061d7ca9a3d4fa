//! Tables out: text and numbers to a CSV or Parquet file that appears whole or not at all.
//!
//! A [`TableWriter`] writes beside its target under a temporary name, flushes that to the disk and
//! renames it: an error half-way, a full disk or a killed process leaves what was there before.

use std::ffi::OsString;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

use polars::io::parquet::write::BatchedWriter;
use polars::prelude::{
    Column, DataFrame, DataType, Field, NamedFrom, ParquetWriter, PolarsError, Schema, Series,
};

use crate::error::Cause;

/// Why a table could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The name says nothing about the format.
    #[error("{}: the file name must end in .csv or .parquet", path.display())]
    UnknownFormat {
        /// The target.
        path: PathBuf,
    },
    /// The system refused: no space, no permission, no such folder.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried, such as `write`.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The rows cannot be encoded.
    #[error("cannot encode the rows of {}", path.display())]
    Encode {
        /// The target.
        path: PathBuf,
        /// What the encoder said.
        source: Cause,
    },
    /// Rows were given that do not fit the columns.
    #[error("{}: rows of other columns, or columns of different lengths", path.display())]
    Shape {
        /// The target.
        path: PathBuf,
    },
}

/// How a table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableFormat {
    /// Comma-separated UTF-8 text with a header (RFC 4180).
    Csv,
    /// Apache Parquet.
    Parquet,
}

impl TableFormat {
    /// The end of a file's name, after the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Parquet => "parquet",
        }
    }

    /// The format that a file name tells: `.csv` or `.parquet`, in any case.
    pub fn of(path: &Path) -> Option<Self> {
        let end = path.extension()?;
        [Self::Csv, Self::Parquet].into_iter().find(|one| end.eq_ignore_ascii_case(one.extension()))
    }
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// Numbers; one that is not a number is missing.
    Number,
}

/// The cells of one column, for some rows.
#[derive(Debug, Clone, PartialEq)]
pub enum Cells {
    /// Of a column of [`Kind::Text`].
    Text(Vec<String>),
    /// Of a column of [`Kind::Number`]; not-a-number is a missing cell.
    Numbers(Vec<f64>),
}

impl Cells {
    /// Number of rows.
    pub fn len(&self) -> usize {
        match self {
            Self::Text(cells) => cells.len(),
            Self::Numbers(cells) => cells.len(),
        }
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Text(_) => Kind::Text,
            Self::Numbers(_) => Kind::Number,
        }
    }
}

/// Writes a table, some rows at a time; the name's end (`.csv`, `.parquet`) says the format.
///
/// CSV has a header, quotes where needed (RFC 4180) and numbers in the shortest form that reads back as
/// the same. Parquet has columns of strings and of doubles; a missing number is null.
///
/// ```
/// use ensue_data::write::{Cells, Kind, TableWriter};
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("forecast.csv");
/// let mut table = TableWriter::create(&path, &[("item_id", Kind::Text), ("p50", Kind::Number)])?;
/// table.write(&[Cells::Text(vec!["tea, green".to_owned()]), Cells::Numbers(vec![2.5])])?;
/// assert!(!path.exists());
/// table.finish()?;
/// assert_eq!(std::fs::read_to_string(&path)?, "item_id,p50\n\"tea, green\",2.5\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct TableWriter {
    path: PathBuf,
    staging: PathBuf,
    columns: Vec<(String, Kind)>,
    missing: String,
    /// The file once more, to flush it to the disk at the end.
    file: File,
    out: Out,
    finished: bool,
}

enum Out {
    Csv(BufWriter<File>),
    Parquet(Box<BatchedWriter<File>>),
}

impl fmt::Debug for TableWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TableWriter")
            .field("path", &self.path)
            .field("columns", &self.columns)
            .finish_non_exhaustive()
    }
}

impl TableWriter {
    /// Starts a table at `path`, in whose folder it is written under another name until it is whole.
    /// Missing folders above it are made.
    ///
    /// # Errors
    /// [`WriteError`] when the name has no known end or the system refuses.
    pub fn create(path: &Path, columns: &[(&str, Kind)]) -> Result<Self, WriteError> {
        let format = TableFormat::of(path)
            .ok_or_else(|| WriteError::UnknownFormat { path: path.to_owned() })?;
        fs::create_dir_all(folder(path)).map_err(io_error("create", folder(path)))?;
        let staging = staging_of(path);
        let create = io_error("create", &staging);
        let opened = File::create_new(&staging).and_then(|file| Ok((file.try_clone()?, file)));
        let (file, target) = opened.map_err(create)?;
        let columns: Vec<(String, Kind)> =
            columns.iter().map(|(name, kind)| ((*name).to_owned(), *kind)).collect();
        let out = match format {
            TableFormat::Csv => Ok(Out::Csv(BufWriter::with_capacity(1 << 16, target))),
            TableFormat::Parquet => {
                let schema: Schema = columns.iter().map(field).collect();
                ParquetWriter::new(target).batched(&schema).map(|out| Out::Parquet(out.into()))
            }
        };
        let out = out.map_err(|error| {
            let _ = fs::remove_file(&staging);
            encoding(path, error)
        })?;
        let (path, missing) = (path.to_owned(), String::new());
        let mut table = Self { path, staging, columns, missing, file, out, finished: false };
        table.header()?;
        Ok(table)
    }

    /// What a missing number is in CSV. Default: an empty cell.
    pub fn with_missing(mut self, text: &str) -> Self {
        text.clone_into(&mut self.missing);
        self
    }

    fn header(&mut self) -> Result<(), WriteError> {
        let names: Vec<Cells> =
            self.columns.iter().map(|(name, _)| Cells::Text(vec![name.clone()])).collect();
        match &mut self.out {
            Out::Csv(out) => csv_rows(out, &names, "").map_err(io_error("write", &self.staging)),
            Out::Parquet(_) => Ok(()),
        }
    }

    /// Adds rows, given as the cells of each column. In Parquet each call makes a row group of its own.
    ///
    /// # Errors
    /// [`WriteError`] when the cells do not fit the columns, or the system refuses.
    pub fn write(&mut self, cells: &[Cells]) -> Result<(), WriteError> {
        let rows = cells.first().map_or(0, Cells::len);
        let fits = cells.len() == self.columns.len()
            && cells
                .iter()
                .zip(&self.columns)
                .all(|(cells, (_, kind))| cells.kind() == *kind && cells.len() == rows);
        if !fits {
            return Err(WriteError::Shape { path: self.path.clone() });
        }
        if rows == 0 {
            return Ok(());
        }
        match &mut self.out {
            Out::Csv(out) => {
                csv_rows(out, cells, &self.missing).map_err(io_error("write", &self.staging))
            }
            Out::Parquet(out) => {
                let columns = cells.iter().zip(&self.columns).map(|(cells, (name, _))| {
                    let values = match cells {
                        Cells::Text(cells) => Series::new(name.into(), cells),
                        Cells::Numbers(cells) => {
                            let known = cells.iter().map(|y| (!y.is_nan()).then_some(*y));
                            Series::new(name.into(), known.collect::<Vec<_>>())
                        }
                    };
                    Column::from(values)
                });
                DataFrame::new_infer_height(columns.collect())
                    .and_then(|frame| out.write_batch(&frame))
                    .map_err(|error| encoding(&self.path, error))
            }
        }
    }

    /// Puts the table in place: what is left to write, a flush to the disk, the rename.
    ///
    /// # Errors
    /// [`WriteError`] when the system refuses; what stood there before stands there still.
    pub fn finish(mut self) -> Result<(), WriteError> {
        match &mut self.out {
            Out::Csv(out) => out.flush().map_err(io_error("write", &self.staging))?,
            Out::Parquet(out) => {
                out.finish().map_err(|error| encoding(&self.path, error))?;
            }
        }
        self.file.sync_all().map_err(io_error("write", &self.staging))?;
        fs::rename(&self.staging, &self.path).map_err(io_error("create", &self.path))?;
        self.finished = true;
        // Only Unix lets a folder be opened to make the rename last.
        if cfg!(unix) {
            let folder = folder(&self.path);
            let synced = File::open(folder).and_then(|folder| folder.sync_all());
            synced.map_err(io_error("write", folder))?;
        }
        Ok(())
    }
}

impl Drop for TableWriter {
    fn drop(&mut self) {
        if !self.finished {
            let _ = fs::remove_file(&self.staging);
        }
    }
}

fn field((name, kind): &(String, Kind)) -> Field {
    let kind = match kind {
        Kind::Text => DataType::String,
        Kind::Number => DataType::Float64,
    };
    Field::new(name.into(), kind)
}

fn csv_rows(out: &mut impl Write, cells: &[Cells], missing: &str) -> io::Result<()> {
    for row in 0..cells.first().map_or(0, Cells::len) {
        for (at, column) in cells.iter().enumerate() {
            if at > 0 {
                out.write_all(b",")?;
            }
            match column {
                Cells::Text(cells) => csv_text(out, &cells[row])?,
                Cells::Numbers(cells) if cells[row].is_nan() => csv_text(out, missing)?,
                Cells::Numbers(cells) => write!(out, "{}", cells[row])?,
            }
        }
        out.write_all(b"\n")?;
    }
    Ok(())
}

fn csv_text(out: &mut impl Write, text: &str) -> io::Result<()> {
    if text.contains([',', '"', '\n', '\r']) {
        write!(out, "\"{}\"", text.replace('"', "\"\""))
    } else {
        out.write_all(text.as_bytes())
    }
}

fn io_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> WriteError {
    let path = path.to_owned();
    move |source| WriteError::Io { action, path, source }
}

fn encoding(path: &Path, error: PolarsError) -> WriteError {
    WriteError::Encode { path: path.to_owned(), source: error.into() }
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// `.NAME.tmp-PID-N` beside the path, different at every call.
fn staging_of(path: &Path) -> PathBuf {
    static CALLS: AtomicU64 = AtomicU64::new(0);
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".tmp-{}-{}", process::id(), CALLS.fetch_add(1, Ordering::Relaxed)));
    folder(path).join(name)
}

#[cfg(test)]
mod tests {
    use polars::prelude::{ParquetReader, SerReader};

    use super::*;

    const COLUMNS: [(&str, Kind); 2] = [("item_id", Kind::Text), ("p50", Kind::Number)];

    fn cells(items: &[&str], numbers: &[f64]) -> Vec<Cells> {
        let items = items.iter().map(|item| (*item).to_owned()).collect();
        vec![Cells::Text(items), Cells::Numbers(numbers.to_vec())]
    }

    fn listing(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn csv_is_quoted_where_needed_and_numbers_read_back() {
        // Oracle: the text by hand (RFC 4180), and the numbers parsed again.
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/folder/a.csv");
        let numbers = [0.1 + 0.2, f64::NAN, -3.0, 1e-300];
        let mut table = TableWriter::create(&path, &COLUMNS).unwrap().with_missing("not defined");
        table.write(&cells(&["a,b", "say \"hi\""], &numbers[..2])).unwrap();
        table.write(&cells(&[], &[])).unwrap();
        table.write(&cells(&["two\nlines", ""], &numbers[2..])).unwrap();
        table.finish().unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let small = format!("0.{}1", "0".repeat(299));
        let expected = format!(
            "item_id,p50\n\"a,b\",0.30000000000000004\n\"say \"\"hi\"\"\",not defined\n\
             \"two\nlines\",-3\n,{small}\n"
        );
        assert_eq!(text, expected);
        assert_eq!(small.parse::<f64>().unwrap(), 1e-300);
        assert_eq!(listing(path.parent().unwrap()), ["a.csv"]);
    }

    #[test]
    fn parquet_reads_back_with_nulls_where_numbers_are_missing() {
        // Oracle: polars' reader.
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.parquet");
        let mut table = TableWriter::create(&path, &COLUMNS).unwrap();
        table.write(&cells(&["x", "y"], &[0.5, f64::NAN])).unwrap();
        table.write(&cells(&["z"], &[2.0])).unwrap();
        table.finish().unwrap();
        let frame = ParquetReader::new(File::open(&path).unwrap()).finish().unwrap();
        let names: Vec<_> =
            frame.columns().iter().map(|column| column.name().to_string()).collect();
        assert_eq!(names, ["item_id", "p50"]);
        let items: Vec<_> = frame.column("item_id").unwrap().str().unwrap().iter().collect();
        assert_eq!(items, [Some("x"), Some("y"), Some("z")]);
        let numbers: Vec<_> = frame.column("p50").unwrap().f64().unwrap().iter().collect();
        assert_eq!(numbers, [Some(0.5), None, Some(2.0)]);

        // A table without rows is a table.
        let path = folder.path().join("empty.parquet");
        TableWriter::create(&path, &COLUMNS).unwrap().finish().unwrap();
        let frame = ParquetReader::new(File::open(&path).unwrap()).finish().unwrap();
        assert_eq!(frame.shape(), (0, 2));
    }

    #[test]
    fn what_is_not_finished_leaves_the_old_file() {
        // Oracle: the content and the listing.
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        fs::write(&path, "old").unwrap();
        let mut table = TableWriter::create(&path, &COLUMNS).unwrap();
        table.write(&cells(&["x"], &[1.0])).unwrap();
        drop(table);
        assert_eq!(
            (fs::read_to_string(&path).unwrap().as_str(), listing(folder.path()).len()),
            ("old", 1)
        );
        let mut table = TableWriter::create(&path, &COLUMNS).unwrap();
        table.write(&cells(&["x"], &[1.0])).unwrap();
        table.finish().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "item_id,p50\nx,1\n");
    }

    #[test]
    fn other_names_and_other_rows_are_refused() {
        // Oracle: the variants of the error.
        let folder = tempfile::tempdir().unwrap();
        for name in ["a.txt", "a", "a.csv.gz"] {
            let error = TableWriter::create(&folder.path().join(name), &COLUMNS).unwrap_err();
            assert!(matches!(error, WriteError::UnknownFormat { .. }), "{error}");
        }
        let path = folder.path().join("a.parquet");
        let mut table = TableWriter::create(&path, &COLUMNS).unwrap();
        for rows in [
            cells(&["x"], &[]),
            cells(&["x"], &[1.0]).into_iter().rev().collect(),
            cells(&["x"], &[1.0]).into_iter().take(1).collect(),
        ] {
            assert!(matches!(table.write(&rows), Err(WriteError::Shape { .. })));
        }
        let below_a_file = folder.path().join("file");
        fs::write(&below_a_file, "x").unwrap();
        let error = TableWriter::create(&below_a_file.join("a.csv"), &COLUMNS).unwrap_err();
        assert!(matches!(error, WriteError::Io { .. }), "{error}");
    }
}
