//! Tables in, dense numbers out: schemas, CSV and Parquet import, vocabularies.
//!
//! What follows is for recommendations; [`forecast`] has the time series.
//!
//! A [`DatasetGroup`] is what every recipe learns from: who did what when, and optionally what is known
//! about users and items. [`DatasetGroup::import`] reads it from CSV (plain or gzip) or Parquet files
//! described by Avro schemas, as Amazon Personalize had it, and refuses a broken file with file, row,
//! column, value and the rule it broke. Nothing partial is ever returned.
//!
//! ```
//! use ensue_core::Run;
//! use ensue_data::{DatasetGroup, ImportRequest, ImportRules, Source};
//!
//! let dir = tempfile::tempdir()?;
//! let path = dir.path().join("interactions.csv");
//! std::fs::write(&path, "USER_ID,ITEM_ID,TIMESTAMP\nada,tea,30\nbob,tea,20\nada,jam,10\n")?;
//!
//! let rules = ImportRules { min_interactions: 1, min_users_with_two: 1, ..ImportRules::default() };
//! let request = ImportRequest::new(Source::new(&path)).with_rules(rules);
//! let group = DatasetGroup::import(&request, &mut Run::new("ndarray"))?;
//!
//! let ada = group.users.encode("ada").expect("ada is in the file");
//! let items: Vec<_> =
//!     group.interactions.user(ada).items.iter().map(|&item| group.items.decode(item)).collect();
//! assert_eq!(items, [Some("jam"), Some("tea")]); // oldest first
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod fields;
pub mod forecast;
mod group;
mod import;
mod read;
pub mod schema;
mod table;
mod vocabulary;
mod without_users;
pub mod write;

pub use error::{DataError, Rule};
pub use fields::{FieldError, FieldValue, FieldValues};
pub use group::{DatasetGroup, creation_timestamps};
pub use import::{Format, ImportRequest, ImportRules, Source};
pub use schema::{Schema, SchemaError};
pub use table::{
    Categories, FieldKind, MISSING_TIMESTAMP, MetadataColumn, MetadataError, MetadataTable,
};
pub use vocabulary::{Vocabulary, VocabularyError};
pub use without_users::{Remaining, without_users};
