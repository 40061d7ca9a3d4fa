//! What an import refuses, and where it stood.

use std::io;
use std::path::{Path, PathBuf};

use crate::forecast;
use crate::schema::SchemaError;

/// What another library said.
pub(crate) type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Longest piece of a refused value that a message repeats, in characters.
const SHOWN: usize = 40;

/// Why an import was refused.
///
/// Rows are counted from 1: in a CSV file it is the physical line on which the record starts (the
/// header is line 1), in a Parquet file the number of the row.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// A file could not be opened or read.
    #[error("cannot read {}", file.display())]
    Io {
        /// The file as the caller named it.
        file: PathBuf,
        /// What the operating system or the decompressor said.
        source: io::Error,
    },
    /// A file as a whole breaks a rule.
    #[error("{}: {rule}", file.display())]
    File {
        /// The file as the caller named it.
        file: PathBuf,
        /// The rule it breaks.
        rule: Box<Rule>,
    },
    /// A row as a whole breaks a rule.
    #[error("{}: row {row}: {rule}", file.display())]
    Row {
        /// The file as the caller named it.
        file: PathBuf,
        /// Row, from 1.
        row: u64,
        /// The rule it breaks.
        rule: Box<Rule>,
    },
    /// One cell breaks a rule.
    #[error("{}: row {row}, column {column}, value {value:?}: {rule}", file.display())]
    Cell {
        /// The file as the caller named it.
        file: PathBuf,
        /// Row, from 1.
        row: u64,
        /// Name of the column.
        column: Box<str>,
        /// The value, shortened.
        value: Box<str>,
        /// The rule it breaks.
        rule: Box<Rule>,
    },
    /// A related series of a forecast breaks a rule at one step.
    #[error("{}: series {key:?}, feature {feature}, {time}: {rule}", file.display())]
    Related {
        /// The file as the caller named it.
        file: PathBuf,
        /// The item id, then the values of the forecast dimensions.
        key: Vec<String>,
        /// Name of the column.
        feature: Box<str>,
        /// When the step begins, `yyyy-MM-dd HH:mm:ss`.
        time: Box<str>,
        /// The rule it breaks.
        rule: Box<Rule>,
    },
    /// The file was read, but what it holds is too little to learn from.
    #[error("{}: {rule}", file.display())]
    TooSmall {
        /// The file of the interactions, or of the target series.
        file: PathBuf,
        /// The minimum it misses.
        rule: Box<Rule>,
    },
    /// A schema breaks a rule.
    #[error("the schema for {} is refused", file.display())]
    Schema {
        /// The data file which the schema describes.
        file: PathBuf,
        /// What is wrong with it.
        source: SchemaError,
    },
    /// The attribute list of a forecast dataset breaks a rule.
    #[error("the schema for {} is refused", file.display())]
    Attributes {
        /// The data file which the schema describes.
        file: PathBuf,
        /// What is wrong with it.
        source: forecast::SchemaError,
    },
    /// The import rules contradict themselves or the files.
    #[error("import rule {setting}: {rule}")]
    Setting {
        /// Name of the field of the rules, or of the forecast import.
        setting: &'static str,
        /// The rule it breaks.
        rule: Box<Rule>,
    },
    /// The table reader refused a file that passed the checks before it.
    #[error("{}: row {row} or after cannot be decoded", file.display())]
    Decode {
        /// The file as the caller named it.
        file: PathBuf,
        /// First row of the part that could not be decoded.
        row: u64,
        /// What the reader said.
        source: Cause,
    },
    /// The run was cancelled.
    #[error("the import was cancelled at row {row} of {}", file.display())]
    Cancelled {
        /// The file that was being read.
        file: PathBuf,
        /// The row reached.
        row: u64,
    },
}

impl DataError {
    pub(crate) fn io(file: &Path, source: io::Error) -> Self {
        Self::Io { file: file.to_path_buf(), source }
    }

    pub(crate) fn file(file: &Path, rule: Rule) -> Self {
        Self::File { file: file.to_path_buf(), rule: rule.into() }
    }

    pub(crate) fn row(file: &Path, row: u64, rule: Rule) -> Self {
        Self::Row { file: file.to_path_buf(), row, rule: rule.into() }
    }

    pub(crate) fn cell(file: &Path, row: u64, column: &str, value: &str, rule: Rule) -> Self {
        let (column, value) = (column.into(), shortened(value).into());
        Self::Cell { file: file.to_path_buf(), row, column, value, rule: rule.into() }
    }

    pub(crate) fn schema(file: &Path, source: SchemaError) -> Self {
        Self::Schema { file: file.to_path_buf(), source }
    }

    pub(crate) fn attributes(file: &Path, source: forecast::SchemaError) -> Self {
        Self::Attributes { file: file.to_path_buf(), source }
    }

    pub(crate) fn too_small(file: &Path, rule: Rule) -> Self {
        Self::TooSmall { file: file.to_path_buf(), rule: rule.into() }
    }

    pub(crate) fn setting(setting: &'static str, rule: Rule) -> Self {
        Self::Setting { setting, rule: rule.into() }
    }

    /// The row at which the import stopped, where there is one.
    pub fn at_row(&self) -> Option<u64> {
        match self {
            Self::Row { row, .. } | Self::Cell { row, .. } => Some(*row),
            _ => None,
        }
    }

    /// The rule that was broken, where it is one of the tables' own.
    pub fn rule(&self) -> Option<&Rule> {
        match self {
            Self::File { rule, .. }
            | Self::Row { rule, .. }
            | Self::Cell { rule, .. }
            | Self::Related { rule, .. }
            | Self::TooSmall { rule, .. }
            | Self::Setting { rule, .. } => Some(rule),
            _ => None,
        }
    }
}

/// A rule that a table has to keep; prints as the sentence that a person needs to repair it.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Rule {
    /// The file has no bytes, or none but blank lines.
    #[error("the file is empty")]
    EmptyFile,
    /// There is a header and nothing below it.
    #[error("the file has a header but no rows")]
    NoRows,
    /// Neither the caller nor the file name says how to read the file.
    #[error("the file name must end in .csv, .csv.gz or .parquet")]
    UnknownFormat,
    /// A gzip stream ends before its end mark.
    #[error("the gzip data end too early; the file is truncated")]
    TruncatedGzip,
    /// A gzip stream cannot be decompressed.
    #[error("the gzip data are corrupt")]
    CorruptGzip,
    /// A Parquet file whose footer cannot be read.
    #[error("not a complete Parquet file")]
    NotParquet,
    /// A Parquet file that contradicts itself.
    #[error("the counts or positions in the Parquet file contradict each other")]
    InconsistentParquet,
    /// Columns that the schema names are not in the file.
    #[error("the file is missing the following columns: [{}]", .0.join(", "))]
    MissingColumns(Vec<String>),
    /// Columns of the file that the schema does not name.
    #[error("column {0} is not in the schema")]
    UnknownColumn(String),
    /// A file without a schema has a column whose meaning is unknown.
    #[error("column {0} needs a schema that gives its type")]
    ColumnNeedsSchema(String),
    /// A column name stands in the header more than once.
    #[error("column {0} appears more than once")]
    DuplicateColumn(String),
    /// The header has all columns in another order than the schema.
    #[error("column {position} is {found} where the schema has {expected}")]
    ColumnOrder {
        /// Position from 1.
        position: usize,
        /// What the header says there.
        found: String,
        /// What the schema says there.
        expected: String,
    },
    /// A Parquet column is of another type than the schema says.
    #[error("column {column} is stored as {found} where the schema says {expected}")]
    ColumnType {
        /// Name of the column.
        column: String,
        /// The type in the file.
        found: String,
        /// The type in the schema.
        expected: &'static str,
    },
    /// A row has more or fewer cells than the header.
    #[error("the row has {found} cells where the header has {expected}")]
    Ragged {
        /// Cells in this row.
        found: usize,
        /// Cells in the header.
        expected: usize,
    },
    /// A row of a file without a header has more or fewer cells than the schema.
    #[error("the row has {found} cells where the schema has {expected} attributes")]
    SchemaWidth {
        /// Cells in this row.
        found: usize,
        /// Attributes of the schema.
        expected: usize,
    },
    /// A blank line stands between rows.
    #[error("the line is blank")]
    BlankLine,
    /// A NUL byte.
    #[error("the cell holds a NUL byte")]
    Nul,
    /// Bytes that are not UTF-8.
    #[error("the cell is not UTF-8")]
    NotUtf8,
    /// A cell that no dataset has a use for; mostly a quote that is never closed.
    #[error("the cell is longer than {0} bytes; is a quote left open?")]
    HugeCell(usize),
    /// The file ends inside a quoted cell.
    #[error("the file ends inside a quoted cell")]
    OpenQuote,
    /// A quote inside a cell that did not start with one.
    #[error("a cell with a quote in it must be quoted, and the quote written twice")]
    StrayQuote,
    /// Text between a closing quote and the next separator.
    #[error("text follows the closing quote; a quote inside a quoted cell is written twice")]
    TextAfterQuote,
    /// A carriage return that is not part of a line end.
    #[error("a carriage return ends an unquoted cell in the middle of a row")]
    StrayCarriageReturn,
    /// A required cell is empty or null.
    #[error("must not be empty")]
    Empty,
    /// Not a whole number.
    #[error("must be a whole number ({0})")]
    NotWhole(&'static str),
    /// Not a finite number.
    #[error("must be a finite number ({0})")]
    NotNumber(&'static str),
    /// Not a boolean.
    #[error("must be true or false, in lower case")]
    NotBoolean,
    /// A timestamp before 1970.
    #[error("must not be negative")]
    Negative,
    /// A text above its limit.
    #[error("is {found} characters long, at most {limit} are allowed")]
    TooLong {
        /// Characters found.
        found: usize,
        /// Characters allowed.
        limit: usize,
    },
    /// A reserved field name used as data.
    #[error("is a reserved name and may not be a value")]
    ReservedValue,
    /// More event types than a code of one byte can tell apart.
    #[error("more than {0} different event types")]
    TooManyEventTypes(usize),
    /// Too few interactions.
    #[error("dataset has fewer than {minimum} interactions{}: {found}", filtered(.event_type.as_deref()))]
    TooFewInteractions {
        /// Interactions left after filtering and dropping duplicates.
        found: usize,
        /// The minimum.
        minimum: usize,
        /// The event type filtered by.
        event_type: Option<String>,
    },
    /// Too few users with two interactions.
    #[error("dataset has fewer than {minimum} users with at least 2 interactions each: {found}")]
    TooFewUsers {
        /// Users with at least two interactions.
        found: usize,
        /// The minimum.
        minimum: usize,
    },
    /// A setting refers to a column that the interactions do not have.
    #[error("the interactions have no column {0}")]
    NoSuchColumn(String),
    /// A setting needs another one.
    #[error("needs {0} as well")]
    Needs(&'static str),
    /// A setting must be a finite number.
    #[error("must be a finite number")]
    NotFinite,
    /// A schema of one dataset type was given for another.
    #[error("the schema's record is named {found}, {expected} is needed here")]
    WrongDataset {
        /// The record name found.
        found: &'static str,
        /// The record name needed.
        expected: &'static str,
    },
    /// A time written in no form that a forecast dataset may have.
    #[error("must be a time written yyyy-MM-dd HH:mm:ss{}", if *.short { " or yyyy-MM-dd" } else { "" })]
    NotTime {
        /// Whether the form without a time of day is allowed as well.
        short: bool,
    },
    /// Data by the hour or minute with a date alone.
    #[error("data by the hour or minute need yyyy-MM-dd HH:mm:ss")]
    ShortTime,
    /// A date or a time of day that the calendar does not have.
    #[error("there is no such date or time of day")]
    NoSuchTime,
    /// A typed time with a part of a second.
    #[error("must fall on a whole second")]
    PartOfSecond,
    /// Infinity as a value.
    #[error("must be finite, or NaN where it is missing")]
    Infinite,
    /// The values of one step add up to more than a number can hold.
    #[error("the sum of its step, {0}, is not finite")]
    InfiniteSum(String),
    /// Times so far apart that the series between them would not fit into memory.
    #[error(
        "the series would take more than {limit} steps, from {from} to {to}; is a time mistyped? \
         (rule max_points)"
    )]
    TooManyPoints {
        /// The limit.
        limit: u64,
        /// The earliest time.
        from: String,
        /// The latest time.
        to: String,
    },
    /// More series without history than would fit into memory.
    #[error(
        "{items} items are not in the target series; with {combinations} combinations of the other \
         dimensions each they would make {} series without history, each of which counts as {steps} \
         steps, where {limit} are allowed in all (rule max_points)",
        .items.saturating_mul(*.combinations)
    )]
    TooManyWithoutHistory {
        /// Items that only the metadata have.
        items: u64,
        /// Combinations of the other dimensions.
        combinations: u64,
        /// Steps that a series without history counts as.
        steps: u64,
        /// The limit.
        limit: u64,
    },
    /// No series of a forecast dataset has a value.
    #[error("no records were ingested for this data: no series has a single target value")]
    NoUsableSeries,
    /// No series is left after the related series restricted them.
    #[error("the related series cover no item of the target series")]
    NothingCovered,
    /// A frequency that Amazon Forecast did not have in 2019.
    #[error("is {0}; in 2019 only Y, M, W, D, H, 30min, 15min, 10min, 5min and 1min are known")]
    FrequencyOf2019(String),
    /// The forecast frequency is finer than the data.
    #[error("{forecast} is finer than the data, which have {data}; it must be equal or coarser")]
    FrequencyTooFine {
        /// The forecast frequency.
        forecast: String,
        /// The data frequency.
        data: String,
    },
    /// Related series of another frequency than the forecast.
    #[error(
        "the related series have frequency {found}; they are not aggregated, so it must be the forecast \
         frequency {forecast}"
    )]
    RelatedFrequency {
        /// Their frequency.
        found: String,
        /// The forecast frequency.
        forecast: String,
    },
    /// Two related values in one step.
    #[error(
        "a second value in the step of {time}; related series are not aggregated, so there may be one \
         value a step of the forecast frequency {forecast}"
    )]
    SecondInStep {
        /// When the step begins.
        time: String,
        /// The forecast frequency.
        forecast: String,
    },
    /// An item of the target without related series (2019).
    #[error("the item has no related series; in 2019 every item of the target needs them")]
    NoRelated,
    /// A related series that starts after the target.
    #[error("the related series starts late: it must start on or before the target's first step")]
    RelatedStartsLate,
    /// A related series that ends before the target.
    #[error("the related series is too short: it must reach the last step of the target, {last}")]
    RelatedEndsEarly {
        /// When that step begins.
        last: String,
    },
    /// A forward-looking related series that does not cover the horizon.
    #[error(
        "the related series is too short for the horizon of {horizon}: a series with values in it must \
         reach its end, {last}"
    )]
    RelatedTooShort {
        /// Steps of the horizon.
        horizon: usize,
        /// When the last of them begins.
        last: String,
    },
    /// A missing value in a related series.
    #[error("the related series has a gap; it must be complete{}", or_filled(*.filling))]
    RelatedGap {
        /// What would fill it, where anything may.
        filling: Option<&'static str>,
    },
    /// A name that is no attribute where one is needed.
    #[error("{name} is no attribute of {of}")]
    NoSuchAttribute {
        /// The name.
        name: String,
        /// Where it was looked for.
        of: &'static str,
    },
    /// A forecast dimension that cannot be one.
    #[error("{name} cannot be a forecast dimension: {reason}")]
    NotDimension {
        /// The name.
        name: String,
        /// Why.
        reason: &'static str,
    },
    /// A name that is given twice.
    #[error("{0} is named twice")]
    NamedTwice(String),
    /// More forecast dimensions than Amazon allows.
    #[error("{found} forecast dimensions, at most {limit} are allowed")]
    TooManyDimensions {
        /// How many there are.
        found: usize,
        /// How many there may be.
        limit: usize,
    },
    /// A featurization that is not for this attribute.
    #[error("{parameter} of {attribute} is {found}; allowed: {allowed}")]
    Featurization {
        /// The attribute.
        attribute: Box<str>,
        /// The parameter, such as `middlefill`.
        parameter: Box<str>,
        /// What it is set to.
        found: Box<str>,
        /// What it may be set to.
        allowed: &'static str,
    },
    /// A setting must be positive.
    #[error("must be at least 1")]
    AtLeastOne,
}

fn filtered(event_type: Option<&str>) -> String {
    event_type.map_or_else(String::new, |name| format!(" after filtering by event type {name}"))
}

fn or_filled(filling: Option<&str>) -> String {
    filling.map_or_else(String::new, |name| format!(", or a {name} be set for the feature"))
}

/// A value cut to what a message can carry.
pub(crate) fn shortened(value: &str) -> String {
    let Some((cut, _)) = value.char_indices().nth(SHOWN) else { return value.to_owned() };
    let rest = value[cut..].chars().count();
    format!("{}... ({rest} more)", &value[..cut])
}

#[cfg(test)]
mod tests {
    use super::*;

    // Oracle: counted by hand; 40 characters are shown.
    #[test]
    fn long_values_are_cut_at_a_character_boundary() {
        assert_eq!(shortened("tea"), "tea");
        assert_eq!(shortened(&"é".repeat(40)), "é".repeat(40));
        assert_eq!(shortened(&"é".repeat(43)), format!("{}... (3 more)", "é".repeat(40)));
    }
}
