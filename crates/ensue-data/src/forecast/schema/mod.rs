//! Attribute lists: which columns a file has, in which order, of which types.

mod check;
mod error;
mod parse;

use std::path::Path;

use serde::Serialize;

pub(super) use check::MAX_DIMENSIONS;
pub use error::SchemaError;

use crate::read::{Kind, Wanted};
use crate::schema::FieldType;

/// The type of an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AttributeType {
    /// Text.
    String,
    /// A whole number of 64 bits.
    Integer,
    /// A number of 64 bits.
    Float,
    /// A time, `yyyy-MM-dd HH:mm:ss` or `yyyy-MM-dd`.
    Timestamp,
    /// A place, kept as text (later than 2019).
    Geolocation,
}

impl AttributeType {
    /// Amazon's name of the type.
    pub fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Integer => "integer",
            Self::Float => "float",
            Self::Timestamp => "timestamp",
            Self::Geolocation => "geolocation",
        }
    }

    pub(super) fn is_number(self) -> bool {
        matches!(self, Self::Integer | Self::Float)
    }

    pub(super) fn is_text(self) -> bool {
        matches!(self, Self::String | Self::Geolocation)
    }
}

/// One column of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attribute {
    /// Name of the column.
    #[serde(rename = "AttributeName")]
    pub name: String,
    /// Type of its values; each of them may be missing but for items, dimensions and times.
    #[serde(rename = "AttributeType")]
    pub kind: AttributeType,
}

/// What one table holds: its columns in their order.
///
/// ```
/// use ensue_data::forecast::{AttributeType, Schema};
///
/// let schema = Schema::parse(r#"{"Attributes": [
///     {"AttributeName": "timestamp", "AttributeType": "timestamp"},
///     {"AttributeName": "target_value", "AttributeType": "float"},
///     {"AttributeName": "item_id", "AttributeType": "string"}
/// ]}"#)?;
/// assert_eq!(schema.attributes[1].kind, AttributeType::Float);
/// # Ok::<(), ensue_data::forecast::SchemaError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Schema {
    /// Columns in the order of the file.
    #[serde(rename = "Attributes")]
    pub attributes: Vec<Attribute>,
}

impl Schema {
    /// A schema of these columns.
    pub fn new<N: Into<String>>(attributes: impl IntoIterator<Item = (N, AttributeType)>) -> Self {
        let attribute = |(name, kind): (N, _)| Attribute { name: name.into(), kind };
        Self { attributes: attributes.into_iter().map(attribute).collect() }
    }

    /// Reads Amazon's JSON; its keys may be in lower case. Rules beyond the form are those of the
    /// dataset and are held when it is imported.
    ///
    /// # Errors
    /// When it is not JSON, not a list of attributes, or a type is not known.
    pub fn parse(json: &str) -> Result<Self, SchemaError> {
        parse::schema(json)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// As [`parse`](Self::parse), or when the file cannot be read.
    pub fn from_path(path: impl AsRef<Path>) -> Result<Self, SchemaError> {
        let path = path.as_ref();
        let json = std::fs::read_to_string(path)
            .map_err(|source| SchemaError::Read { file: path.to_path_buf(), source })?;
        Self::parse(&json)
    }

    /// The attribute of this name.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }

    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.attributes.iter().position(|attribute| attribute.name == name)
    }

    /// The columns as a reader is asked for them.
    pub(super) fn wanted(&self) -> Vec<Wanted<'_>> {
        let wanted = self.attributes.iter().map(|Attribute { name, kind }| {
            let kind_name = kind.name();
            let kind = match kind {
                AttributeType::String | AttributeType::Geolocation => {
                    Kind::Field(FieldType::String)
                }
                AttributeType::Integer => Kind::Field(FieldType::Long),
                AttributeType::Float => Kind::Field(FieldType::Double),
                AttributeType::Timestamp => Kind::Time,
            };
            Wanted { name, kind, kind_name }
        });
        wanted.collect()
    }
}

#[cfg(test)]
mod tests;
