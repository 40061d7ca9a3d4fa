//! Forecast dataset groups: tables in, a [`Panel`](ensue_core::Panel) of series out.
//!
//! A group has a [`Domain`], which gives names to its fields, a target series, and optionally related
//! series and metadata of the items; each is a file (CSV, plain or gzip, with or without a header, or
//! Parquet) with an attribute-list [`Schema`]. [`ForecastGroup::import`] reads them as Amazon Forecast
//! did: it aggregates the target to the forecast frequency, fills what is missing, holds the related
//! series against the target and the horizon, and refuses a broken file with its place and the rule
//! that it broke.
//!
//! ```
//! use ensue_core::{Frequency, Run};
//! use ensue_data::forecast::{
//!     AttributeType::{Float, String, Timestamp},
//!     Domain, ForecastGroup, ForecastImport, Schema, Source,
//! };
//!
//! let dir = tempfile::tempdir()?;
//! let path = dir.path().join("sales.csv");
//! std::fs::write(&path, "2019-01-01,tea,3\n2019-01-01,tea,1\n2019-01-03,tea,2\n")?;
//!
//! let schema =
//!     Schema::new([("timestamp", Timestamp), ("item_id", String), ("demand", Float)]);
//! let import =
//!     ForecastImport::new(Domain::Retail, Frequency::DAILY, Source::new(&path, schema));
//! let group = ForecastGroup::import(&import, &mut Run::new("ndarray"))?;
//! assert_eq!(group.panel.series()[0].target(), [4.0, 0.0, 2.0]); // summed, and the gap is zero
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | file | what it holds |
//! |---|---|
//! | `domain.rs` | the seven domains and their fields |
//! | `schema/` | attribute lists and what they may say |
//! | `rules.rs` | what an import accepts: era, aggregation, filling |
//! | `import.rs` | the request, and the import from end to end |
//! | `table.rs`, `time.rs`, `numbers.rs` | an open file, its times and numbers |
//! | `keys.rs`, `steps.rs` | item and dimensions to one number; growing rows of steps |
//! | `target.rs`, `metadata.rs`, `related.rs` | the three datasets |
//! | `fill.rs` | what stands where nothing was observed |
//! | `statistics.rs` | what each column holds, in numbers |
//!
//! Where Amazon's rules of 2019 and later ones differ, [`Era`] chooses. Decided here, because Amazon
//! does not say:
//! - A row without a number (empty or NaN) is as good as no row: an item starts and ends with its first
//!   and last number, and one without any is an item without history.
//! - Fillings by statistics look at the 64 latest values observed before the gap; there always is one,
//!   because nothing before the first value is ever filled.
//! - An item that only the metadata know becomes a series without history for each combination of the
//!   other dimensions that the target series have.
//! - Which series and categories there are does not depend on the order of rows: both are sorted.
//! - Without a `data frequency`, times of a forecast by the hour or minute need the long form; otherwise
//!   both forms pass.

mod domain;
mod fill;
mod import;
mod keys;
mod metadata;
mod numbers;
mod related;
mod rules;
mod schema;
mod statistics;
mod steps;
mod table;
mod target;
mod time;

pub use domain::{DatasetType, Domain, KnownField, UnknownDomain};
pub use import::{ForecastGroup, ForecastImport, Source};
pub use rules::{Aggregation, Era, Featurization, Filling, Rules};
pub use schema::{Attribute, AttributeType, Schema, SchemaError};
pub use statistics::{DatasetStatistics, FieldStatistics};
