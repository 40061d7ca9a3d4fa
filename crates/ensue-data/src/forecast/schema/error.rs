//! Why an attribute list is refused.

use std::io;
use std::path::PathBuf;

/// Why the schema of a forecast dataset is refused.
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
        /// What the JSON reader said.
        source: serde_json::Error,
    },
    /// It has no list of attributes.
    #[error("the schema must be an object with a list \"Attributes\"")]
    NoList,
    /// An attribute without a name.
    #[error("attribute {position} must be an object with an \"AttributeName\"")]
    Nameless {
        /// Position from 1.
        position: usize,
    },
    /// A type that is none of the five.
    #[error(
        "attribute {attribute} has type {found:?}; types are string, integer, float, timestamp and \
         geolocation"
    )]
    UnknownType {
        /// The attribute.
        attribute: String,
        /// Its type.
        found: String,
    },
    /// A name with other characters, or too long.
    #[error(
        "attribute name {attribute:?} must begin with a letter and have letters, digits and underscores \
         only, at most 63"
    )]
    Name {
        /// The attribute.
        attribute: String,
    },
    /// A name that Amazon reserves.
    #[error("attribute name {attribute} is reserved")]
    Reserved {
        /// The attribute.
        attribute: String,
    },
    /// Two attributes of one name.
    #[error("attribute {attribute} appears more than once")]
    Duplicate {
        /// The attribute.
        attribute: String,
    },
    /// A required field of the domain is not there.
    #[error("{dataset} of the {domain} domain needs the attribute {attribute} of type {expected}")]
    Missing {
        /// The dataset.
        dataset: &'static str,
        /// The domain.
        domain: &'static str,
        /// The attribute.
        attribute: &'static str,
        /// Its type.
        expected: &'static str,
    },
    /// An attribute is of a type that it cannot have here.
    #[error("attribute {attribute} is of type {found} and must be {expected}")]
    WrongType {
        /// The attribute.
        attribute: String,
        /// Its type.
        found: &'static str,
        /// The type needed.
        expected: &'static str,
    },
    /// A column of the target series that is neither required nor a dimension.
    #[error(
        "attribute {attribute} of TARGET_TIME_SERIES is of type {found}: beside {target} there may be \
         dimensions only, which are strings; numbers belong in RELATED_TIME_SERIES"
    )]
    NotDimension {
        /// The attribute.
        attribute: String,
        /// Its type.
        found: &'static str,
        /// The domain's target.
        target: &'static str,
    },
    /// Text in related series that is no forecast dimension; the words are Amazon's.
    #[error(
        "the attribute(s) [{}] present in the RELATED_TIME_SERIES schema should be of numeric type such \
         as `integer` or `float`, or be added as a forecast dimension", attributes.join(", ")
    )]
    TextFeature {
        /// The attributes.
        attributes: Vec<String>,
    },
    /// The target among the related series.
    #[error("RELATED_TIME_SERIES must not contain the target, {target}")]
    TargetInRelated {
        /// The domain's target.
        target: &'static str,
    },
    /// Related series without any value.
    #[error("RELATED_TIME_SERIES needs at least one feature of type integer or float")]
    NoFeature,
    /// Metadata that is not text.
    #[error(
        "attribute {attribute} of ITEM_METADATA is of type {found}: metadata are categories and must be \
         string"
    )]
    MetadataType {
        /// The attribute.
        attribute: String,
        /// Its type.
        found: &'static str,
    },
    /// A type that Amazon Forecast did not have in 2019.
    #[error("attribute {attribute} is of type geolocation, which the rules of 2019 do not know")]
    TypeOf2019 {
        /// The attribute.
        attribute: String,
    },
    /// Too many of something.
    #[error("{dataset} has {found} {what}, at most {limit} are allowed")]
    TooMany {
        /// The dataset.
        dataset: &'static str,
        /// Of what: attributes, dimensions, features.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many there may be.
        limit: usize,
    },
}
