//! What each column holds, in numbers: Amazon's field statistics.

use std::collections::HashSet;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher, Hash};
use std::path::PathBuf;

use jiff::civil::DateTime;
use serde::Serialize;

use super::numbers::Number;
use super::{DatasetType, Schema, time};

/// Most different values that are told apart.
const MAX_DISTINCT: usize = 1 << 16;

/// What one dataset holds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DatasetStatistics {
    /// Which dataset.
    pub dataset: DatasetType,
    /// Its file.
    pub file: PathBuf,
    /// Rows.
    pub rows: u64,
    /// Its columns, in the order of the schema.
    pub fields: Vec<FieldStatistics>,
}

/// What one column holds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FieldStatistics {
    /// Name of the attribute.
    pub name: String,
    /// Values, with those missing.
    pub count: u64,
    /// Different values; `None` where there are more than 65,536 and the column is not part of the
    /// series' keys.
    pub count_distinct: Option<u64>,
    /// Empty cells.
    pub count_null: u64,
    /// Cells with not-a-number.
    pub count_nan: u64,
    /// The smallest number or the earliest time.
    pub min: Option<String>,
    /// The largest number or the latest time.
    pub max: Option<String>,
    /// The mean of the numbers.
    pub avg: Option<f64>,
    /// Their standard deviation, by one less than their number.
    pub stddev: Option<f64>,
}

/// Counts a column.
#[derive(Debug)]
pub(super) struct Tally {
    count: u64,
    nulls: u64,
    nans: u64,
    /// Hashes of the values; none after the limit is passed.
    distinct: Option<HashSet<u64>>,
    hasher: BuildHasherDefault<DefaultHasher>,
    numbers: Option<(f64, f64)>,
    times: Option<(DateTime, DateTime)>,
    mean: f64,
    /// Sum of squared deviations from the mean.
    squares: f64,
}

impl Tally {
    fn new() -> Self {
        Self {
            count: 0,
            nulls: 0,
            nans: 0,
            distinct: Some(HashSet::new()),
            hasher: BuildHasherDefault::new(),
            numbers: None,
            times: None,
            mean: 0.0,
            squares: 0.0,
        }
    }

    /// One for each column.
    pub(super) fn of(schema: &Schema) -> Vec<Self> {
        schema.attributes.iter().map(|_| Self::new()).collect()
    }

    /// Leaves the different values to someone who knows them.
    pub(super) fn skip_distinct(&mut self) {
        self.distinct = None;
    }

    /// So many values that are only counted.
    pub(super) fn rows(&mut self, rows: usize) {
        self.count += rows as u64;
    }

    pub(super) fn null(&mut self) {
        self.count += 1;
        self.nulls += 1;
    }

    pub(super) fn text(&mut self, text: &str) {
        self.count += 1;
        self.differ(text);
    }

    pub(super) fn time(&mut self, time: DateTime) {
        self.count += 1;
        let (first, last) = self.times.unwrap_or((time, time));
        self.times = Some((first.min(time), last.max(time)));
        self.differ(time);
    }

    pub(super) fn number(&mut self, number: Number) {
        let value = match number {
            Number::Null => return self.null(),
            Number::Nan => {
                self.count += 1;
                self.nans += 1;
                return;
            }
            Number::Known(value) => value,
        };
        self.count += 1;
        let (least, most) = self.numbers.unwrap_or((value, value));
        self.numbers = Some((least.min(value), most.max(value)));
        // Welford's recurrence.
        let known = self.count - self.nulls - self.nans;
        let deviation = value - self.mean;
        self.mean += deviation / known as f64;
        self.squares += deviation * (value - self.mean);
        self.differ(value.to_bits());
    }

    fn differ(&mut self, value: impl Hash) {
        let Some(distinct) = &mut self.distinct else { return };
        distinct.insert(self.hasher.hash_one(value));
        if distinct.len() > MAX_DISTINCT {
            self.distinct = None;
        }
    }

    /// With the number of different values where the caller knows it.
    pub(super) fn finish(self, name: &str, known: Option<u64>) -> FieldStatistics {
        let numbers = self.count - self.nulls - self.nans;
        let has_numbers = self.numbers.is_some();
        let (least, most) = match (self.numbers, self.times) {
            (Some((least, most)), _) => (Some(least.to_string()), Some(most.to_string())),
            (None, Some((first, last))) => (Some(time::written(first)), Some(time::written(last))),
            (None, None) => (None, None),
        };
        let stddev = || (self.squares / (numbers - 1) as f64).sqrt();
        FieldStatistics {
            name: name.to_owned(),
            count: self.count,
            count_distinct: known.or_else(|| self.distinct.map(|distinct| distinct.len() as u64)),
            count_null: self.nulls,
            count_nan: self.nans,
            min: least,
            max: most,
            avg: has_numbers.then_some(self.mean),
            stddev: (has_numbers && numbers > 1).then(stddev),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Oracle: worked out by hand; the deviations of 2, 4, 9 from their mean 5 are squared to 9 + 1 + 16.
    #[test]
    fn columns_are_counted_as_they_are() {
        let mut tally = Tally::new();
        for number in [Number::Known(4.0), Number::Null, Number::Nan, Number::Known(2.0)] {
            tally.number(number);
        }
        tally.number(Number::Known(9.0));
        tally.number(Number::Nan);
        let found = tally.finish("demand", None);
        assert_eq!((found.count, found.count_null, found.count_nan), (6, 1, 2));
        assert_eq!(found.count_distinct, Some(3));
        assert_eq!((found.min.as_deref(), found.max.as_deref()), (Some("2"), Some("9")));
        assert_eq!((found.avg, found.stddev), (Some(5.0), Some(13.0_f64.sqrt())));

        let mut tally = Tally::new();
        for text in ["a", "b", "a"] {
            tally.text(text);
        }
        let found = tally.finish("item_id", None);
        assert_eq!((found.count, found.count_distinct, found.min), (3, Some(2), None));
    }

    // Oracle: the limit itself.
    #[test]
    fn many_different_values_are_not_told_apart() {
        let mut tally = Tally::new();
        for number in 0..MAX_DISTINCT {
            tally.number(Number::Known(number as f64));
        }
        assert_eq!(tally.distinct.as_ref().map(HashSet::len), Some(MAX_DISTINCT));
        tally.number(Number::Known(-1.0));
        assert_eq!(tally.finish("x", None).count_distinct, None);
    }
}
