//! What is known about each user, item or moment.

mod codec;

use polars::prelude::Column;

use crate::Vocabulary;
use crate::error::Rule;
use crate::fields::{FieldValue, FieldValues};
use crate::read::cells::{self, Faults};
use crate::schema::{CREATION_TIMESTAMP, Field, FieldType};

pub use codec::MetadataError;

/// Stands for a missing timestamp in [`MetadataColumn::Timestamp`].
pub const MISSING_TIMESTAMP: i64 = i64::MIN;

/// A row without a place in the file.
const NO_ROW: u32 = u32::MAX;

/// Metadata of users or items, one row for each dense id; ids that the file does not have are rows in
/// which everything is missing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MetadataTable {
    names: Vec<String>,
    columns: Vec<MetadataColumn>,
    known: Vec<bool>,
}

/// One column of a [`MetadataTable`], indexed by dense id.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum MetadataColumn {
    /// None, one or several categories.
    Categorical(Categories),
    /// A number; not-a-number where it is missing. Whole numbers above 2^24 lose digits.
    Number(Vec<f32>),
    /// A boolean or nothing.
    Boolean(Vec<Option<bool>>),
    /// Seconds since 1970, [`MISSING_TIMESTAMP`] where it is missing.
    Timestamp(Vec<i64>),
}

/// Sets of categories, one set for each dense id.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Categories {
    vocabulary: Vocabulary,
    offsets: Vec<u32>,
    codes: Vec<u32>,
}

impl Categories {
    /// All categories, numbered in the order of the file.
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// The categories of one id in the order of its cell; empty where it is missing.
    pub fn of(&self, id: u32) -> &[u32] {
        let id = id as usize;
        match (self.offsets.get(id), self.offsets.get(id + 1)) {
            (Some(&start), Some(&end)) => &self.codes[start as usize..end as usize],
            _ => &[],
        }
    }
}

/// What kind of values a field has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FieldKind {
    /// None, one or several categories.
    Categorical,
    /// A number.
    Number,
    /// True or false.
    Boolean,
    /// Seconds since 1970.
    Timestamp,
}

impl MetadataTable {
    /// A table without ids; [`MetadataTable::set_row`] adds them.
    ///
    /// ```
    /// use ensue_data::{FieldKind, MetadataTable};
    /// let mut items = MetadataTable::with_fields([("GENRE", FieldKind::Categorical)]);
    /// items.set_row(0, &[("GENRE".to_owned(), "Action|Drama".into())].into())?;
    /// assert_eq!(items.len(), 1);
    /// # Ok::<(), ensue_data::FieldError>(())
    /// ```
    pub fn with_fields<'a>(fields: impl IntoIterator<Item = (&'a str, FieldKind)>) -> Self {
        let column = |kind| match kind {
            FieldKind::Categorical => MetadataColumn::Categorical(Categories {
                offsets: vec![0],
                ..Categories::default()
            }),
            FieldKind::Number => MetadataColumn::Number(Vec::new()),
            FieldKind::Boolean => MetadataColumn::Boolean(Vec::new()),
            FieldKind::Timestamp => MetadataColumn::Timestamp(Vec::new()),
        };
        let (names, columns) =
            fields.into_iter().map(|(name, kind)| (name.to_owned(), column(kind))).unzip();
        Self { names, columns, known: Vec::new() }
    }

    /// Number of ids.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether there are no ids.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Whether the file has a row for this id.
    pub fn has_row(&self, id: u32) -> bool {
        self.known.get(id as usize).copied().unwrap_or_default()
    }

    /// Names and columns in the order of the schema.
    pub fn columns(&self) -> impl ExactSizeIterator<Item = (&str, &MetadataColumn)> {
        self.names.iter().map(String::as_str).zip(&self.columns)
    }

    /// Puts values that fit in the row of an id; see [`MetadataTable::set_row`].
    pub(crate) fn put(&mut self, id: u32, fields: &FieldValues) {
        let at = id as usize;
        let len = self.len().max(at + 1);
        self.known.resize(len, false);
        self.known[at] = true;
        for (name, column) in self.names.iter().zip(&mut self.columns) {
            let value = fields.get(name);
            match column {
                MetadataColumn::Categorical(categories) => {
                    categories.set(at, len, &value.map_or_else(String::new, FieldValue::text));
                }
                MetadataColumn::Number(numbers) => {
                    numbers.resize(len, f32::NAN);
                    numbers[at] = value.and_then(FieldValue::number).map_or(f32::NAN, |n| n as f32);
                }
                MetadataColumn::Boolean(flags) => {
                    flags.resize(len, None);
                    flags[at] = value.and_then(FieldValue::boolean);
                }
                MetadataColumn::Timestamp(times) => {
                    times.resize(len, MISSING_TIMESTAMP);
                    let time = value.and_then(FieldValue::number).map(|seconds| seconds as i64);
                    times[at] = time.unwrap_or(MISSING_TIMESTAMP);
                }
            }
        }
    }

    /// The rows of `ids`, in their order, as a table of their own. Ids without a row are known by nothing; categories that no
    /// row of the new table has are gone.
    ///
    /// ```
    /// use ensue_data::MetadataTable;
    /// let table = MetadataTable::default();
    /// assert_eq!(table.select(&[3, 1]).len(), 2);
    /// ```
    pub fn select(&self, ids: &[u32]) -> Self {
        fn pick<T: Copy>(values: &[T], ids: &[u32], missing: T) -> Vec<T> {
            ids.iter().map(|&id| values.get(id as usize).copied().unwrap_or(missing)).collect()
        }
        let columns = self.columns.iter().map(|column| match column {
            MetadataColumn::Categorical(categories) => {
                MetadataColumn::Categorical(categories.select(ids))
            }
            MetadataColumn::Number(numbers) => MetadataColumn::Number(pick(numbers, ids, f32::NAN)),
            MetadataColumn::Boolean(flags) => MetadataColumn::Boolean(pick(flags, ids, None)),
            MetadataColumn::Timestamp(times) => {
                MetadataColumn::Timestamp(pick(times, ids, MISSING_TIMESTAMP))
            }
        });
        Self {
            names: self.names.clone(),
            columns: columns.collect(),
            known: pick(&self.known, ids, false),
        }
    }

    /// The column of this name.
    pub fn column(&self, name: &str) -> Option<&MetadataColumn> {
        self.columns().find(|(known, _)| *known == name).map(|(_, column)| column)
    }
}

/// A column in the order of the file.
#[derive(Debug)]
pub(crate) enum ColumnBuilder {
    Categorical(Categories),
    Number(Vec<f32>),
    Boolean(Vec<Option<bool>>),
    Timestamp(Vec<i64>),
    /// Held against its rules, then dropped.
    Unused,
}

impl ColumnBuilder {
    pub(crate) fn new(field: &Field) -> Self {
        match field.kind {
            FieldType::String if field.categorical => {
                Self::Categorical(Categories { offsets: vec![0], ..Categories::default() })
            }
            FieldType::String => Self::Unused,
            FieldType::Long if field.name == CREATION_TIMESTAMP => Self::Timestamp(Vec::new()),
            FieldType::Boolean => Self::Boolean(Vec::new()),
            _ => Self::Number(Vec::new()),
        }
    }

    /// Whether rows are kept at all.
    pub(crate) fn is_used(&self) -> bool {
        !matches!(self, Self::Unused)
    }

    /// Adds what tells the value of a row from others to a key.
    pub(crate) fn key(&self, row: usize, key: &mut Vec<u8>) {
        match self {
            Self::Categorical(categories) => {
                let codes = categories.of(row as u32);
                key.extend((codes.len() as u32).to_le_bytes());
                key.extend(codes.iter().flat_map(|code| code.to_le_bytes()));
            }
            Self::Number(numbers) => key.extend((numbers[row] + 0.0).to_bits().to_le_bytes()),
            Self::Boolean(flags) => key.push(flags[row].map_or(2, u8::from)),
            Self::Timestamp(times) => key.extend(times[row].to_le_bytes()),
            Self::Unused => {}
        }
    }

    /// Adds the rows of a block; `position` is that of the column in the schema.
    pub(crate) fn append(
        &mut self,
        field: &Field,
        position: usize,
        column: &Column,
        faults: &mut Faults,
    ) {
        let (kind, nullable) = (field.kind, field.nullable);
        faults.walk(position, column, |cell| {
            let cell = cell.or_null(nullable)?;
            match self {
                Self::Categorical(categories) => {
                    categories.push(cell.map_or(Ok(""), |cell| cell.text(usize::MAX))?)?;
                }
                Self::Number(numbers) => {
                    numbers.push(cell.map_or(Ok(f32::NAN), |cell| cell.number(kind))?);
                }
                Self::Boolean(flags) => flags.push(cell.map(cells::Cell::boolean).transpose()?),
                Self::Timestamp(times) => {
                    times.push(cell.map_or(Ok(MISSING_TIMESTAMP), cells::Cell::timestamp)?);
                }
                Self::Unused if field.textual => {}
                Self::Unused => {
                    cell.map(|cell| cell.text(cells::MAX_CATEGORY)).transpose()?;
                }
            }
            Ok(())
        });
    }

    /// Brings rows into the order of ids.
    fn gather(self, rows: &[u32]) -> Option<MetadataColumn> {
        fn pick<T: Copy>(values: &[T], rows: &[u32], missing: T) -> Vec<T> {
            rows.iter().map(|&row| values.get(row as usize).copied().unwrap_or(missing)).collect()
        }
        Some(match self {
            Self::Categorical(categories) => MetadataColumn::Categorical(categories.gather(rows)),
            Self::Number(numbers) => MetadataColumn::Number(pick(&numbers, rows, f32::NAN)),
            Self::Boolean(flags) => MetadataColumn::Boolean(pick(&flags, rows, None)),
            Self::Timestamp(times) => {
                MetadataColumn::Timestamp(pick(&times, rows, MISSING_TIMESTAMP))
            }
            Self::Unused => return None,
        })
    }
}

impl Categories {
    /// Adds a row from a cell such as `Action|Drama`; a category named twice counts once.
    fn push(&mut self, cell: &str) -> Result<(), Rule> {
        let start = self.codes.len();
        for category in cell.split('|').filter(|category| !category.is_empty()) {
            let category = cells::limited(category, cells::MAX_CATEGORY)?;
            let code = cells::encode(&mut self.vocabulary, category)?;
            if !self.codes[start..].contains(&code) {
                self.codes.push(code);
            }
        }
        self.offsets.push(self.codes.len() as u32);
        Ok(())
    }

    /// Replaces row `at` of `len` by the categories of a cell.
    fn set(&mut self, at: usize, len: usize, cell: &str) {
        let end = self.offsets.last().copied().unwrap_or_default();
        self.offsets.resize(len + 1, end);
        let mut codes: Vec<u32> = Vec::new();
        for category in cell.split('|').filter(|category| !category.is_empty()) {
            let code = self.vocabulary.insert(category);
            if !codes.contains(&code) {
                codes.push(code);
            }
        }
        let old = self.offsets[at]..self.offsets[at + 1];
        let (before, now) = (old.len() as u32, codes.len() as u32);
        self.codes.splice(old.start as usize..old.end as usize, codes);
        for offset in &mut self.offsets[at + 1..] {
            *offset = *offset - before + now;
        }
    }

    /// The sets of `ids`, over a vocabulary of the categories that are left, in the order they had.
    fn select(&self, ids: &[u32]) -> Self {
        let mut used = vec![false; self.vocabulary.len()];
        for &code in ids.iter().flat_map(|&id| self.of(id)) {
            used[code as usize] = true;
        }
        let mut next = Self { offsets: vec![0], ..Self::default() };
        let mut codes = vec![0; used.len()];
        for (code, name) in self.vocabulary.iter().enumerate().filter(|(code, _)| used[*code]) {
            codes[code] = next.vocabulary.insert(name);
        }
        for &id in ids {
            next.codes.extend(self.of(id).iter().map(|&code| codes[code as usize]));
            next.offsets.push(next.codes.len() as u32);
        }
        next
    }

    fn gather(self, rows: &[u32]) -> Self {
        let mut gathered = Self { offsets: vec![0], ..Self::default() };
        for &row in rows {
            gathered.codes.extend_from_slice(self.of(row));
            gathered.offsets.push(gathered.codes.len() as u32);
        }
        Self { vocabulary: self.vocabulary, ..gathered }
    }
}

/// The table of `n_ids` ids in which row `r` of the columns belongs to id `ids[r]`; a later row of an
/// id replaces an earlier one. Also gives how many rows were replaced.
pub(crate) fn table(
    columns: Vec<(String, ColumnBuilder)>,
    ids: &[u32],
    n_ids: usize,
) -> (MetadataTable, usize) {
    let mut rows = vec![NO_ROW; n_ids];
    let mut replaced = 0;
    for (row, &id) in ids.iter().enumerate() {
        let row = std::mem::replace(&mut rows[id as usize], row as u32);
        replaced += usize::from(row != NO_ROW);
    }
    let mut table = MetadataTable::default();
    for (name, column) in columns {
        if let Some(column) = column.gather(&rows) {
            table.names.push(name);
            table.columns.push(column);
        }
    }
    table.known = rows.iter().map(|&row| row != NO_ROW).collect();
    (table, replaced)
}

#[cfg(test)]
mod tests {
    use super::*;

    // Oracle: the rows of the table selected from, and the categories in them.
    #[test]
    fn selected_rows_are_the_rows_and_nothing_else() {
        let mut categories = Categories { offsets: vec![0], ..Categories::default() };
        for cell in ["a|b", "", "b|c"] {
            categories.push(cell).unwrap();
        }
        let columns = vec![
            ("NAME".to_owned(), ColumnBuilder::Categorical(categories)),
            ("SIZE".to_owned(), ColumnBuilder::Number(vec![1.0, 2.0, 3.0])),
        ];
        let (all, _) = table(columns, &[0, 1, 2], 3);
        let some = all.select(&[2, 7, 1]);
        assert_eq!([0, 1, 2].map(|id| some.row(id)), [2, 7, 1].map(|id| all.row(id)));
        assert_eq!([0, 1, 2].map(|id| some.has_row(id)), [true, false, true]);
        let Some(MetadataColumn::Categorical(names)) = some.column("NAME") else { panic!() };
        assert_eq!(names.vocabulary().iter().collect::<Vec<_>>(), ["b", "c"]);
    }

    // Oracle: worked out by hand; id 1 has no row, id 2 has two of which the later counts.
    #[test]
    fn rows_move_to_their_ids_and_later_ones_win() {
        let mut categories = Categories { offsets: vec![0], ..Categories::default() };
        for cell in ["a|b", "", "b|c|b|"] {
            categories.push(cell).unwrap();
        }
        let columns = vec![
            ("NAME".to_owned(), ColumnBuilder::Categorical(categories)),
            ("TEXT".to_owned(), ColumnBuilder::Unused),
            ("NEW".to_owned(), ColumnBuilder::Boolean(vec![Some(true), None, Some(false)])),
            ("SINCE".to_owned(), ColumnBuilder::Timestamp(vec![5, 6, 7])),
        ];
        let (table, replaced) = table(columns, &[2, 0, 2], 3);
        assert_eq!(replaced, 1);
        assert_eq!(
            table.columns().map(|(name, _)| name).collect::<Vec<_>>(),
            ["NAME", "NEW", "SINCE"]
        );
        let Some(MetadataColumn::Categorical(names)) = table.column("NAME") else { panic!() };
        assert_eq!(
            [names.of(0), names.of(1), names.of(2), names.of(9)],
            [&[][..], &[], &[1, 2], &[]]
        );
        let flags = MetadataColumn::Boolean(vec![None, None, Some(false)]);
        assert_eq!(table.column("NEW"), Some(&flags));
        let times = MetadataColumn::Timestamp(vec![6, MISSING_TIMESTAMP, 7]);
        assert_eq!(table.column("SINCE"), Some(&times));
        assert_eq!([0, 1, 2, 3].map(|id| table.has_row(id)), [true, false, true, false]);
    }
}
