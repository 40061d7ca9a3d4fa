//! Rows on their way to a CSV or Parquet file.

use std::path::Path;

use ensue_data::write::{Cells, Kind, TableWriter, WriteError};
use jiff::civil::DateTime;

/// Rows kept before they are written.
const BATCH: usize = 1 << 16;

/// One cell.
pub(crate) enum Cell {
    /// Text.
    Text(String),
    /// A number, missing where it is not a number.
    Number(f64),
}

/// Collects rows and writes them some at a time.
pub(crate) struct Table {
    writer: TableWriter,
    cells: Vec<Cells>,
}

impl Table {
    pub(crate) fn create(
        path: &Path,
        columns: &[(String, Kind)],
        missing: &str,
    ) -> Result<Self, WriteError> {
        let named: Vec<(&str, Kind)> =
            columns.iter().map(|(name, kind)| (name.as_str(), *kind)).collect();
        let writer = TableWriter::create(path, &named)?.with_missing(missing);
        let empty = |(_, kind): &(String, Kind)| match kind {
            Kind::Text => Cells::Text(Vec::new()),
            Kind::Number => Cells::Numbers(Vec::new()),
        };
        Ok(Self { writer, cells: columns.iter().map(empty).collect() })
    }

    /// Adds a row with a cell of the right kind for each column.
    pub(crate) fn row(&mut self, row: impl IntoIterator<Item = Cell>) -> Result<(), WriteError> {
        for (cells, cell) in self.cells.iter_mut().zip(row) {
            match (cells, cell) {
                (Cells::Text(cells), Cell::Text(text)) => cells.push(text),
                (Cells::Numbers(cells), Cell::Number(number)) => cells.push(number),
                // The writer refuses columns of different lengths.
                _ => debug_assert!(false, "a cell of another kind than its column"),
            }
        }
        if self.cells.first().map_or(0, Cells::len) >= BATCH { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), WriteError> {
        self.writer.write(&self.cells)?;
        for cells in &mut self.cells {
            match cells {
                Cells::Text(cells) => cells.clear(),
                Cells::Numbers(cells) => cells.clear(),
            }
        }
        Ok(())
    }

    pub(crate) fn finish(mut self) -> Result<(), WriteError> {
        self.flush()?;
        self.writer.finish()
    }
}

/// Amazon's form of a time in exports: `2019-02-01T00:00:00Z`.
pub(crate) fn stamp(time: DateTime) -> String {
    format!("{time}Z")
}

/// Text cells of a key.
pub(crate) fn key_cells(key: &[String]) -> impl Iterator<Item = Cell> + '_ {
    key.iter().cloned().map(Cell::Text)
}

/// Columns of the dimensions, to which a table adds its own.
pub(crate) fn key_columns(dimensions: &[String]) -> Vec<(String, Kind)> {
    dimensions.iter().map(|name| (name.clone(), Kind::Text)).collect()
}
