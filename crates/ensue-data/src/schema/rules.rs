//! What a schema may say, beyond its form.

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;

use super::{DatasetType, Field, FieldType, RESERVED, Schema};

/// What [`Schema::check`] allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaRules {
    /// Most metadata fields of a dataset; Amazon's first limit was 5, which is the default.
    pub max_metadata_fields: usize,
    /// A column of the interactions that says which session an event belongs to. It is not metadata and
    /// may be a string, an int or a long.
    pub session_column: Option<String>,
}

impl Default for SchemaRules {
    fn default() -> Self {
        Self { max_metadata_fields: 5, session_column: None }
    }
}

/// Why a schema is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SchemaError {
    /// The file could not be read.
    #[error("cannot read the schema {}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// It is not JSON.
    #[error("the schema is not JSON")]
    NotJson {
        /// Where it stops being JSON.
        source: serde_json::Error,
    },
    /// It is JSON of another form.
    #[error("the schema must be an object with \"type\": \"record\"")]
    NotRecord,
    /// The record's name is not that of a dataset.
    #[error("the record is named {name:?}, it must be Interactions, Users or Items")]
    UnknownDataset {
        /// The name found.
        name: String,
    },
    /// There is no list of fields.
    #[error("the record has no list of fields")]
    NoFields,
    /// A field is not an object with a name.
    #[error("field {position} has no name")]
    NamelessField {
        /// Position from 1.
        position: usize,
    },
    /// A type that tables cannot hold.
    #[error(
        "field {field} has type {found}; it must be string, int, long, float, double or boolean, \
         alone or in a union with null"
    )]
    FieldType {
        /// Name of the field.
        field: String,
        /// The type as written.
        found: String,
    },
    /// `categorical` or `textual` is not a boolean.
    #[error("{attribute} of field {field} must be true or false")]
    NotFlag {
        /// Name of the field.
        field: String,
        /// Name of the attribute.
        attribute: &'static str,
    },
    /// A name with characters other than letters, digits and underscores.
    #[error("field name {field:?} must consist of letters, digits and underscores")]
    FieldName {
        /// The name.
        field: String,
    },
    /// A name occurs twice.
    #[error("field {field} appears more than once")]
    DuplicateField {
        /// The name.
        field: String,
    },
    /// Two names are the same without their underscores.
    #[error("fields {first} and {second} differ only by underscores")]
    ClashingFields {
        /// The earlier name.
        first: String,
        /// The later name.
        second: String,
    },
    /// A required field is absent.
    #[error("{dataset} needs field {field} of type {expected}")]
    MissingField {
        /// Record name.
        dataset: &'static str,
        /// The field.
        field: &'static str,
        /// Its type.
        expected: &'static str,
    },
    /// A reserved field is not of its type.
    #[error("field {field} must be of type {expected}")]
    ReservedType {
        /// The field.
        field: String,
        /// What it must be.
        expected: String,
    },
    /// A reserved name of another dataset.
    #[error("{field} is a reserved name and means nothing in {dataset}")]
    ReservedName {
        /// The field.
        field: String,
        /// Record name.
        dataset: &'static str,
    },
    /// A reserved field marked categorical or textual.
    #[error("reserved field {field} must not be {attribute}")]
    ReservedAttribute {
        /// The field.
        field: String,
        /// `categorical` or `textual`.
        attribute: &'static str,
    },
    /// An attribute on a field that cannot have it.
    #[error("field {field} is a {found} and must not be {attribute}")]
    Attribute {
        /// The field.
        field: String,
        /// Its type.
        found: &'static str,
        /// `categorical` or `textual`.
        attribute: &'static str,
    },
    /// A string without a meaning.
    #[error("string field {field} must be \"categorical\": true to be of use")]
    NotCategorical {
        /// The field.
        field: String,
    },
    /// `textual` outside Items, twice, or together with `categorical`.
    #[error(
        "textual is for one field of Items that is not categorical, not for {field} of {dataset}"
    )]
    Textual {
        /// The field.
        field: String,
        /// Record name.
        dataset: &'static str,
    },
    /// Too much metadata.
    #[error("{dataset} has {found} metadata fields, at most {limit} are allowed")]
    TooManyFields {
        /// Record name.
        dataset: &'static str,
        /// Metadata fields found.
        found: usize,
        /// The limit.
        limit: usize,
    },
    /// The session column is of a type that cannot name sessions.
    #[error("session column {field} is a {found}, it must be a string, an int or a long")]
    SessionType {
        /// The field.
        field: String,
        /// Its type.
        found: &'static str,
    },
}

impl Schema {
    /// Holds the schema against Amazon's rules and returns what is allowed but worth a warning.
    ///
    /// # Errors
    /// For the first rule that is broken: names (letters, digits, underscores; unique, also without
    /// underscores), required and reserved fields with their types, strings that are neither categorical nor
    /// textual, and the number of metadata fields.
    pub fn check(&self, rules: &SchemaRules) -> Result<Vec<String>, SchemaError> {
        self.check_names()?;
        let dataset = self.dataset.name();
        for &(name, kind) in self.dataset.required() {
            if self.field(name).is_none() {
                let expected = kind.name();
                return Err(SchemaError::MissingField { dataset, field: name, expected });
            }
        }
        let session = rules.session_column.as_deref();
        let session = session.filter(|_| self.dataset == DatasetType::Interactions);
        let (mut metadata, mut textual) = (0, Vec::new());
        for field in &self.fields {
            if self.check_reserved(field)? {
                continue;
            }
            if session == Some(&field.name) {
                if matches!(field.kind, FieldType::Float | FieldType::Double | FieldType::Boolean) {
                    let (field, found) = (field.name.clone(), field.kind.name());
                    return Err(SchemaError::SessionType { field, found });
                }
                continue;
            }
            self.check_metadata(field)?;
            if field.textual {
                textual.push(&field.name);
            }
            metadata += 1;
        }
        if let [_, second, ..] = textual.as_slice() {
            return Err(SchemaError::Textual { field: (*second).clone(), dataset });
        }
        if metadata > rules.max_metadata_fields {
            let limit = rules.max_metadata_fields;
            return Err(SchemaError::TooManyFields { dataset, found: metadata, limit });
        }
        let mut warnings = Vec::new();
        if metadata == 0 && self.dataset != DatasetType::Interactions {
            warnings.push(format!("{dataset} has no metadata field, only ids"));
        }
        if let [field] = textual.as_slice() {
            warnings.push(format!("textual field {field} of {dataset} is not used"));
        }
        Ok(warnings)
    }

    fn check_names(&self) -> Result<(), SchemaError> {
        let mut seen: HashMap<String, &str> = HashMap::new();
        for Field { name, .. } in &self.fields {
            let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_';
            if name.is_empty() || !name.chars().all(allowed) {
                return Err(SchemaError::FieldName { field: name.clone() });
            }
            if let Some(first) = seen.insert(name.replace('_', ""), name) {
                return Err(if first == name {
                    SchemaError::DuplicateField { field: name.clone() }
                } else {
                    SchemaError::ClashingFields { first: first.to_owned(), second: name.clone() }
                });
            }
        }
        Ok(())
    }

    /// Whether the field is a reserved one of this dataset, which it then must be in all respects.
    fn check_reserved(&self, field: &Field) -> Result<bool, SchemaError> {
        let name = || field.name.clone();
        let Some(known) = self.dataset.known(&field.name) else {
            if RESERVED.contains(&field.name.as_str()) {
                let dataset = self.dataset.name();
                return Err(SchemaError::ReservedName { field: name(), dataset });
            }
            return Ok(false);
        };
        if field.kind != known.kind || (field.nullable && !known.nullable) {
            let null = if known.nullable { " or null" } else { "" };
            let expected = format!("{}{null}", known.kind.name());
            return Err(SchemaError::ReservedType { field: name(), expected });
        }
        if field.categorical || field.textual {
            let attribute = if field.categorical { "categorical" } else { "textual" };
            return Err(SchemaError::ReservedAttribute { field: name(), attribute });
        }
        Ok(true)
    }

    fn check_metadata(&self, field: &Field) -> Result<(), SchemaError> {
        let (name, dataset) = (|| field.name.clone(), self.dataset.name());
        if field.textual && (field.categorical || self.dataset != DatasetType::Items) {
            return Err(SchemaError::Textual { field: name(), dataset });
        }
        match (field.kind, field.categorical, field.textual) {
            (FieldType::String, false, false) => Err(SchemaError::NotCategorical { field: name() }),
            (FieldType::String, ..) | (_, false, false) => Ok(()),
            (kind, categorical, _) => {
                let attribute = if categorical { "categorical" } else { "textual" };
                Err(SchemaError::Attribute { field: name(), found: kind.name(), attribute })
            }
        }
    }
}
