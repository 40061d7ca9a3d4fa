//! A file that is open, with its schema; both fit each other.

use ensue_core::Run;

use super::statistics::{DatasetStatistics, Tally};
use super::{AttributeType, DatasetType, Schema, Source};
use crate::error::DataError;
use crate::read::cells::Faults;
use crate::read::{Block, Rows};

/// An open file.
pub(super) struct Table<'a> {
    pub(super) source: &'a Source,
    dataset: DatasetType,
    rows: Rows,
    tallies: Vec<Tally>,
    /// Whether the first row may be a header in words of its own: it was taken for a row, all columns
    /// are text, and nobody said which of both it is.
    pub(super) doubtful: bool,
}

impl<'a> Table<'a> {
    pub(super) fn open(source: &'a Source, dataset: DatasetType) -> Result<Self, DataError> {
        let mut doubtful = false;
        let is_header = |first: &[String]| {
            source.header.unwrap_or_else(|| {
                let header = looks_like_header(&source.schema, first);
                let mut kinds = source.schema.attributes.iter().map(|attribute| attribute.kind);
                doubtful = !header && kinds.all(AttributeType::is_text);
                header
            })
        };
        let wanted = source.schema.wanted();
        let rows = Rows::open_as(&source.path, source.format, &wanted, is_header)?;
        Ok(Self { source, dataset, rows, tallies: Tally::of(&source.schema), doubtful })
    }

    /// The unit of a typed time column.
    pub(super) fn time_unit(&self, position: usize) -> Option<crate::read::TimeUnit> {
        self.rows.time_unit(position)
    }

    /// Hands each block to `take`, which counts and converts it; the first fault that it finds ends the
    /// reading.
    pub(super) fn read(
        self,
        run: &Run,
        mut take: impl FnMut(&Block, &mut [Tally], &mut Faults),
    ) -> Result<Counted, DataError> {
        let Self { source, dataset, mut rows, mut tallies, .. } = self;
        let name = |column: usize| source.schema.attributes[column].name.as_str();
        let count =
            rows.each_block(run, name, |block, faults| take(block, &mut tallies, faults))?;
        Ok(Counted { dataset, rows: count, tallies })
    }
}

/// A file that was read, in numbers.
pub(super) struct Counted {
    dataset: DatasetType,
    rows: u64,
    pub(super) tallies: Vec<Tally>,
}

impl Counted {
    /// `known` gives the number of different values of a column where it is known.
    pub(super) fn statistics(
        self,
        source: &Source,
        known: impl Fn(usize) -> Option<u64>,
    ) -> DatasetStatistics {
        let columns = self.tallies.into_iter().zip(&source.schema.attributes).enumerate();
        let fields = columns.map(|(at, (tally, column))| tally.finish(&column.name, known(at)));
        let (dataset, file, rows) = (self.dataset, source.path.clone(), self.rows);
        DatasetStatistics { dataset, file, rows, fields: fields.collect() }
    }
}

/// Whether the first record of a CSV file names columns: when a cell is the name of an attribute, in any
/// case, or when no cell of a time or number has a digit.
fn looks_like_header(schema: &Schema, first: &[String]) -> bool {
    let is_name = |cell: &String| {
        schema.attributes.iter().any(|attribute| attribute.name.eq_ignore_ascii_case(cell))
    };
    if first.iter().any(is_name) {
        return true;
    }
    let cells = first.iter().zip(&schema.attributes);
    let mut values = cells.filter(|(_, attribute)| !attribute.kind.is_text()).peekable();
    let is_word = |cell: &str| !cell.is_empty() && !cell.contains(|c: char| c.is_ascii_digit());
    values.peek().is_some() && values.all(|(cell, _)| is_word(cell))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forecast::AttributeType::{Float, String, Timestamp};

    // Oracle: read by a person.
    #[test]
    fn headers_are_told_from_rows() {
        let schema =
            Schema::new([("timestamp", Timestamp), ("item_id", String), ("demand", Float)]);
        let is_header = |line: &str| {
            let cells: Vec<_> = line.split(',').map(str::to_owned).collect();
            looks_like_header(&schema, &cells)
        };
        for header in [
            "timestamp,item_id,demand",
            "item_id,timestamp,demand",
            "Timestamp,Item,Quantity",
            "date,product,sold",
            "timestamp,item_id",
        ] {
            assert!(is_header(header), "{header}");
        }
        for row in [
            "2019-01-01,tea,3",
            "01.01.2019,tea,3",
            "2019-01-01,tea,NaN",
            "2019-01-01,tea,",
            ",tea,",
            "",
        ] {
            assert!(!is_header(row), "{row}");
        }
        let metadata = Schema::new([("item_id", String), ("brand", String)]);
        let row = ["tea".to_owned(), "none".to_owned()];
        assert!(!looks_like_header(&metadata, &row));
    }
}
