//! Files to a [`DatasetGroup`].
//!
//! Each dataset type has its file; columns are converted block by block, the first broken rule in
//! reading order ends the import.

mod interactions;
mod metadata;

use std::path::{Path, PathBuf};

use ensue_core::{Progress, Run};
use serde::{Deserialize, Serialize};

use interactions::Draft;

use crate::error::{DataError, Rule};
use crate::group::{DatasetGroup, Minimum};
use crate::read::cells::Faults;
use crate::read::{Block, Kind, Rows, Wanted};
use crate::schema::{DatasetType, EVENT_TYPE, EVENT_VALUE, Field, Schema, SchemaRules};

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// Comma-separated UTF-8 text with a header (RFC 4180), plain or gzip.
    Csv,
    /// Apache Parquet.
    Parquet,
}

impl Format {
    /// The format that a file name tells: `.csv`, `.csv.gz`, `.parquet`, in any case.
    pub fn of(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?.to_ascii_lowercase();
        let has = |ending| name.ends_with(ending);
        if has(".csv") || has(".csv.gz") {
            Some(Self::Csv)
        } else if has(".parquet") {
            Some(Self::Parquet)
        } else {
            None
        }
    }
}

/// A file and what it should hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Where it is.
    pub path: PathBuf,
    /// What it should hold. Without one, columns that Amazon knows by name are taken as such and
    /// any other column is refused.
    pub schema: Option<Schema>,
    /// How it is written; `None` goes by the file name.
    pub format: Option<Format>,
}

impl Source {
    /// A file whose name tells its format.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), schema: None, format: None }
    }

    /// A CSV file, plain or gzip.
    pub fn csv(path: impl Into<PathBuf>) -> Self {
        Self { format: Some(Format::Csv), ..Self::new(path) }
    }

    /// A Parquet file.
    pub fn parquet(path: impl Into<PathBuf>) -> Self {
        Self { format: Some(Format::Parquet), ..Self::new(path) }
    }

    /// The same file with a schema.
    pub fn with_schema(self, schema: Schema) -> Self {
        Self { schema: Some(schema), ..self }
    }
}

/// What an import accepts and keeps.
///
/// | name | default | meaning |
/// |---|---|---|
/// | `min_interactions` | 1000 | fewest interactions after filtering (Amazon's minimum) |
/// | `min_users_with_two` | 25 | fewest users with two or more of them (Amazon's minimum) |
/// | `max_metadata_fields` | 5 | most metadata fields of a dataset (Amazon's in 2019) |
/// | `event_type` | none | keep only events of this type |
/// | `event_value_threshold` | none | keep only events of at least this value; needs `event_type` |
/// | `session_column` | none | the column of the interactions that tells sessions apart |
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ImportRules {
    /// Fewest interactions after filtering and dropping duplicates.
    pub min_interactions: usize,
    /// Fewest users with at least two interactions.
    pub min_users_with_two: usize,
    /// Most metadata fields of each dataset.
    pub max_metadata_fields: usize,
    /// Keep only events whose `EVENT_TYPE` is this.
    pub event_type: Option<String>,
    /// Keep only events whose `EVENT_VALUE` is this or more; events without a value are dropped.
    pub event_value_threshold: Option<f32>,
    /// Column of the interactions that tells sessions apart.
    pub session_column: Option<String>,
}

impl Default for ImportRules {
    fn default() -> Self {
        Self {
            min_interactions: 1000,
            min_users_with_two: 25,
            max_metadata_fields: 5,
            event_type: None,
            event_value_threshold: None,
            session_column: None,
        }
    }
}

impl ImportRules {
    /// Holds the rules against each other.
    ///
    /// # Errors
    /// When there is a value threshold without an event type, or it is not finite.
    pub fn check(&self) -> Result<(), DataError> {
        let setting = "event_value_threshold";
        match self.event_value_threshold {
            Some(value) if !value.is_finite() => Err(DataError::setting(setting, Rule::NotFinite)),
            Some(_) if self.event_type.is_none() => {
                Err(DataError::setting(setting, Rule::Needs("event_type")))
            }
            _ => Ok(()),
        }
    }

    /// Holds the rules against the columns that the interactions have.
    fn check_columns(&self, schema: &Schema) -> Result<(), DataError> {
        let needs = [
            ("event_type", self.event_type.as_ref().map(|_| EVENT_TYPE)),
            ("event_value_threshold", self.event_value_threshold.map(|_| EVENT_VALUE)),
            ("session_column", self.session_column.as_deref()),
        ];
        for (setting, column) in needs {
            if let Some(column) = column.filter(|column| schema.field(column).is_none()) {
                let rule = Rule::NoSuchColumn(column.to_owned());
                return Err(DataError::setting(setting, rule));
            }
        }
        Ok(())
    }
}

/// Which files make a dataset group, and under which rules.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportRequest {
    /// Who did what when.
    pub interactions: Source,
    /// What is known about users.
    pub users: Option<Source>,
    /// What is known about items.
    pub items: Option<Source>,
    /// What is accepted and kept.
    pub rules: ImportRules,
}

impl ImportRequest {
    /// Interactions alone, under the default rules.
    pub fn new(interactions: Source) -> Self {
        Self { interactions, users: None, items: None, rules: ImportRules::default() }
    }

    /// The same with a Users dataset.
    pub fn with_users(self, users: Source) -> Self {
        Self { users: Some(users), ..self }
    }

    /// The same with an Items dataset.
    pub fn with_items(self, items: Source) -> Self {
        Self { items: Some(items), ..self }
    }

    /// The same under other rules.
    pub fn with_rules(self, rules: ImportRules) -> Self {
        Self { rules, ..self }
    }
}

impl DatasetGroup {
    /// Reads a dataset group from its files.
    ///
    /// Rows are read in blocks, so that memory grows with the result and not with the files. Progress
    /// and warnings go to the run; its cancel flag ends the import.
    ///
    /// # Errors
    /// For the first rule that a file, a schema or the import rules break, with its place; see
    /// [`DataError`]. Nothing is returned then.
    pub fn import(request: &ImportRequest, run: &mut Run) -> Result<Self, DataError> {
        request.rules.check()?;
        let rules = &request.rules;
        let draft = interactions::import(&request.interactions, rules, run)?;
        let Draft { mut users, mut items, builder, contexts: context_table, mut warnings } = draft;
        let mut metadata = |source: &Option<Source>, dataset, vocabulary| {
            let source = source.as_ref();
            source
                .map(|source| {
                    metadata::import(source, dataset, rules, run, vocabulary, &mut warnings)
                })
                .transpose()
        };
        let user_table = metadata(&request.users, DatasetType::Users, &mut users)?;
        let item_table = metadata(&request.items, DatasetType::Items, &mut items)?;
        let interactions = builder.build(users.len(), items.len());
        let group = Self {
            user_table,
            item_table,
            context_table,
            warnings,
            ..Self::new(interactions, users, items)
        };
        let group = group
            .finished(&Minimum::of(rules))
            .map_err(|rule| DataError::too_small(&request.interactions.path, rule))?;
        for message in &group.warnings {
            run.emit(Progress::Warning { message: message.clone() });
        }
        Ok(group)
    }
}

/// A file that is open, with its schema; both fit each other and the rules.
struct Table {
    rows: Rows,
    schema: Schema,
    warnings: Vec<String>,
}

impl Table {
    fn open(source: &Source, dataset: DatasetType, rules: &ImportRules) -> Result<Self, DataError> {
        let path = &source.path;
        let mut rows = Rows::open(path, source.format)?;
        let schema = match &source.schema {
            Some(schema) => schema.clone(),
            None => infer(&rows, dataset, rules).map_err(|rule| DataError::file(path, rule))?,
        };
        if schema.dataset != dataset {
            let (found, expected) = (schema.dataset.name(), dataset.name());
            return Err(DataError::file(path, Rule::WrongDataset { found, expected }));
        }
        let schema_rules = SchemaRules {
            max_metadata_fields: rules.max_metadata_fields,
            session_column: rules.session_column.clone(),
        };
        let checked = schema.check(&schema_rules);
        let warnings = checked.map_err(|source| DataError::schema(path, source))?;
        if dataset == DatasetType::Interactions {
            rules.check_columns(&schema)?;
        }
        let wanted = schema.fields.iter().map(|field| {
            let (name, kind) = (field.name.as_str(), Kind::Field(field.kind));
            Wanted { name, kind, kind_name: field.kind.name() }
        });
        rows.check(&wanted.collect::<Vec<_>>())?;
        Ok(Self { rows, schema, warnings })
    }

    /// Hands each block to `take`, which converts it; the first fault that it finds ends the reading.
    fn each_block(
        &mut self,
        run: &Run,
        mut take: impl FnMut(&Schema, &Block, &mut Faults),
    ) -> Result<(), DataError> {
        let Self { rows, schema, .. } = self;
        let name = |column: usize| schema.fields[column].name.as_str();
        rows.each_block(run, name, |block, faults| take(schema, block, faults))?;
        Ok(())
    }
}

/// The schema of a file whose columns all have a name that Amazon knows.
fn infer(rows: &Rows, dataset: DatasetType, rules: &ImportRules) -> Result<Schema, Rule> {
    let names = rows.names();
    let required = dataset.required().iter().map(|&(name, _)| name.to_owned());
    let missing: Vec<String> = required.filter(|name| !names.contains(name)).collect();
    if !missing.is_empty() {
        return Err(Rule::MissingColumns(missing));
    }
    let session = rules.session_column.as_ref();
    let session = session.filter(|_| dataset == DatasetType::Interactions);
    let field = |name: &String| match dataset.known(name) {
        Some(field) => Ok(field),
        None if session == Some(name) => Ok(Field::new(name, rows.kind(name))),
        None => Err(Rule::ColumnNeedsSchema(name.clone())),
    };
    Ok(Schema { dataset, fields: names.iter().map(field).collect::<Result<_, _>>()? })
}
