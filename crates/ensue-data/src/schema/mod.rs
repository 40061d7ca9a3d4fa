//! Avro schemas (`.avsc` JSON): which columns a file has, in which order, of which types.
//!
//! The record's name decides the dataset type; the order of the fields is the order of the CSV header.

mod parse;
mod rules;

use std::path::Path;

pub use rules::{SchemaError, SchemaRules};

/// Names which Amazon reserves, over all dataset types.
pub(crate) const RESERVED: [&str; 9] = [
    USER_ID,
    ITEM_ID,
    TIMESTAMP,
    EVENT_TYPE,
    EVENT_VALUE,
    "IMPRESSION",
    "RECOMMENDATION_ID",
    "EVENT_ATTRIBUTION_SOURCE",
    CREATION_TIMESTAMP,
];
pub(crate) const USER_ID: &str = "USER_ID";
pub(crate) const ITEM_ID: &str = "ITEM_ID";
pub(crate) const TIMESTAMP: &str = "TIMESTAMP";
pub(crate) const EVENT_TYPE: &str = "EVENT_TYPE";
pub(crate) const EVENT_VALUE: &str = "EVENT_VALUE";
pub(crate) const CREATION_TIMESTAMP: &str = "CREATION_TIMESTAMP";

/// What kind of table a schema describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DatasetType {
    /// Who did what when.
    Interactions,
    /// What is known about each user.
    Users,
    /// What is known about each item.
    Items,
}

impl DatasetType {
    /// The record name that stands for it in a schema.
    pub fn name(self) -> &'static str {
        match self {
            Self::Interactions => "Interactions",
            Self::Users => "Users",
            Self::Items => "Items",
        }
    }

    /// Fields that must be there and may not be nullable.
    pub fn required(self) -> &'static [(&'static str, FieldType)] {
        use FieldType::{Long, String};
        match self {
            Self::Interactions => &[(USER_ID, String), (ITEM_ID, String), (TIMESTAMP, Long)],
            Self::Users => &[(USER_ID, String)],
            Self::Items => &[(ITEM_ID, String)],
        }
    }

    /// Reserved fields that may be there: name, type, whether null is allowed beside it.
    pub fn optional(self) -> &'static [(&'static str, FieldType, bool)] {
        use FieldType::{Float, Long, String};
        match self {
            Self::Interactions => &[
                (EVENT_TYPE, String, false),
                (EVENT_VALUE, Float, true),
                ("IMPRESSION", String, true),
                ("RECOMMENDATION_ID", String, true),
                ("EVENT_ATTRIBUTION_SOURCE", String, true),
            ],
            Self::Users => &[],
            Self::Items => &[(CREATION_TIMESTAMP, Long, true)],
        }
    }

    /// The field of this name which Amazon knows in this dataset, as a schema would write it.
    pub(crate) fn known(self, name: &str) -> Option<Field> {
        let required = self.required().iter().map(|&(known, kind)| (known, kind, false));
        let mut all = required.chain(self.optional().iter().copied());
        all.find(|(known, ..)| *known == name)
            .map(|(known, kind, nullable)| Field { nullable, ..Field::new(known, kind) })
    }
}

/// The type of a field, without its nullability.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FieldType {
    /// Text.
    String,
    /// Whole number of 32 bits.
    Int,
    /// Whole number of 64 bits.
    Long,
    /// Number of 32 bits.
    Float,
    /// Number of 64 bits; kept with 32.
    Double,
    /// `true` or `false`.
    Boolean,
}

impl FieldType {
    /// Avro's name of the type.
    pub fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Int => "int",
            Self::Long => "long",
            Self::Float => "float",
            Self::Double => "double",
            Self::Boolean => "boolean",
        }
    }
}

/// One column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Name of the column.
    pub name: String,
    /// Type of its values.
    pub kind: FieldType,
    /// Whether a value may be missing.
    pub nullable: bool,
    /// Whether a text is one or several (`A|B`) of a set of categories.
    pub categorical: bool,
    /// Whether a text is prose.
    pub textual: bool,
}

impl Field {
    /// A field that is neither nullable nor categorical nor textual.
    pub fn new(name: &str, kind: FieldType) -> Self {
        let name = name.to_owned();
        Self { name, kind, nullable: false, categorical: false, textual: false }
    }
}

/// What one table holds.
///
/// ```
/// use ensue_data::schema::{DatasetType, Schema};
///
/// let schema = Schema::parse(r#"{
///     "type": "record", "name": "Items", "namespace": "com.amazonaws.personalize.schema",
///     "fields": [
///         {"name": "ITEM_ID", "type": "string"},
///         {"name": "GENRE", "type": ["null", "string"], "categorical": true}
///     ],
///     "version": "1.0"
/// }"#)?;
/// assert_eq!(schema.dataset, DatasetType::Items);
/// assert!(schema.fields[1].nullable && schema.fields[1].categorical);
/// # Ok::<(), ensue_data::SchemaError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schema {
    /// Which dataset it describes.
    pub dataset: DatasetType,
    /// Columns in the order of the file.
    pub fields: Vec<Field>,
}

impl Schema {
    /// Reads the JSON of an `.avsc` file. Rules beyond the form are [`Schema::check`]'s.
    ///
    /// # Errors
    /// When it is not JSON, not a flat record named Interactions, Users or Items, or a type is not one of
    /// string, int, long, float, double, boolean, alone or in a union with null.
    pub fn parse(json: &str) -> Result<Self, SchemaError> {
        parse::schema(json)
    }

    /// Reads an `.avsc` file.
    ///
    /// # Errors
    /// As [`Schema::parse`], or when the file cannot be read.
    pub fn from_path(path: impl AsRef<Path>) -> Result<Self, SchemaError> {
        let path = path.as_ref();
        let json = std::fs::read_to_string(path)
            .map_err(|source| SchemaError::Read { file: path.to_path_buf(), source })?;
        Self::parse(&json)
    }

    /// The field of this name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// Fields that Amazon does not know by name: metadata of users and items, context of interactions.
    pub fn metadata(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|field| self.dataset.known(&field.name).is_none())
    }
}
