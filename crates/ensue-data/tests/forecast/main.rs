//! Forecast imports of whole files: what comes out of sound ones, and what is said about broken ones.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod accepted;
mod aggregation;
mod filling;
mod metadata;
mod order;
mod parquet;
mod real_data;
mod refused;
mod related;

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use ensue_core::Run;
use ensue_data::DataError;
use ensue_data::forecast::{
    AttributeType, Domain, Featurization, Filling, ForecastGroup, ForecastImport, Rules, Schema,
    Source,
};

/// A folder that is removed at the end of a test.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    /// A CSV file of these rows, which are separated by blanks; commas in a row, `~` for a blank.
    pub(crate) fn rows(&self, name: &str, fields: &str, rows: &str) -> Source {
        let text: String =
            rows.split_whitespace().map(|row| row.replace('~', " ") + "\n").collect();
        Source::new(self.write(name, text), schema(fields))
    }

    /// An error with its causes, in which files go by their names alone.
    pub(crate) fn message(&self, error: &DataError) -> String {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            text = format!("{text}: {error}");
            cause = error.source();
        }
        text.replace(&format!("{}/", self.0.path().display()), "")
    }
}

/// Item, time and target of the CUSTOM domain.
pub(crate) const TARGET: &str = "item_id string, timestamp timestamp, target_value float";
/// Item, time and one feature.
pub(crate) const RELATED: &str = "item_id string, timestamp timestamp, price float";

/// A schema from `name type, name type`.
pub(crate) fn schema(fields: &str) -> Schema {
    Schema::new(fields.split(", ").map(|field| {
        let (name, kind) = field.split_once(' ').unwrap();
        let kind = match kind {
            "string" => AttributeType::String,
            "integer" => AttributeType::Integer,
            "float" => AttributeType::Float,
            "timestamp" => AttributeType::Timestamp,
            _ => panic!("no type {kind}"),
        };
        (name, kind)
    }))
}

/// A request of the CUSTOM domain for these rows of the target.
pub(crate) fn request(folder: &Folder, frequency: &str, rows: &str) -> ForecastImport {
    let target = folder.rows("target.csv", TARGET, rows);
    ForecastImport::new(Domain::Custom, frequency.parse().unwrap(), target)
}

/// Middle and back filling of the target.
pub(crate) fn filled(middle: Filling, back: Filling) -> Rules {
    let target = Featurization {
        middlefill: Some(middle),
        backfill: Some(back),
        ..Featurization::new("target_value")
    };
    Rules { featurizations: vec![target], ..Rules::default() }
}

pub(crate) fn import(request: &ForecastImport) -> Result<ForecastGroup, DataError> {
    ForecastGroup::import(request, &mut Run::new("ndarray"))
}

/// Numbers, separated by blanks.
pub(crate) fn numbers<T: ToString>(values: &[T]) -> String {
    values.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

/// Each series as `key from start: target`.
pub(crate) fn series(group: &ForecastGroup) -> Vec<String> {
    let one = |series: &ensue_core::Series| {
        let start = group.panel.frequency().start_of(series.start());
        let key = series.key().join("/");
        format!("{key} from {start}: {}", numbers(series.target()))
    };
    group.panel.series().iter().map(one).collect()
}

/// The only related feature of each series, as `key: values`.
pub(crate) fn prices(group: &ForecastGroup) -> Vec<String> {
    assert_eq!(group.panel.related(), ["price"]);
    let one = |series: &ensue_core::Series| {
        format!("{}: {}", series.key().join("/"), numbers(&series.related()[0]))
    };
    group.panel.series().iter().map(one).collect()
}
