//! Why a filter cannot be used.

use super::syntax::FilterSyntaxError;
use super::{MAX_EXPRESSION, MAX_FILTER_VALUES};

/// A filter is not an expression, does not fit the data, or was given other values than it asks for.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FilterError {
    /// The text is not a filter expression.
    #[error(transparent)]
    Syntax(#[from] FilterSyntaxError),
    /// The text is too long.
    #[error("the filter expression has {characters} characters, {MAX_EXPRESSION} are allowed")]
    TooLong {
        /// Its length in characters.
        characters: usize,
    },
    /// There are more placeholders than a question can give values for.
    #[error("the filter expression has {found} placeholders, {MAX_FILTER_VALUES} are allowed")]
    TooManyPlaceholders {
        /// Distinct placeholders.
        found: usize,
    },
    /// The filter selects users.
    #[error(
        "the filter selects users (UserID), which is for user segments; recommendations of items take rules of ItemID"
    )]
    SelectsUsers,
    /// The data have no such field.
    #[error(
        "the filter names {field}, but the fields it can name there are {known} (texts that are not categorical cannot \
         be filtered on)"
    )]
    UnknownField {
        /// Dataset and field as the expression has them.
        field: String,
        /// Fields of that dataset, separated by commas.
        known: String,
    },
    /// A condition asks what the type of its field cannot answer.
    #[error("{field} holds {holds}: {rule}")]
    Type {
        /// Dataset and field as the expression has them.
        field: String,
        /// What is in the field.
        holds: &'static str,
        /// What was broken.
        rule: String,
    },
    /// A placeholder was given no value.
    #[error("the filter asks for a value of ${placeholder}, but none is given")]
    MissingValue {
        /// Name without its `$`.
        placeholder: String,
    },
    /// A value was given for what is no placeholder of the filter.
    #[error("a value of {name} is given, but the filter has {known}")]
    UnusedValue {
        /// The name given.
        name: String,
        /// The placeholders, separated by commas.
        known: String,
    },
    /// The value of a placeholder cannot be used.
    #[error("the value of ${placeholder} is {value:?}, but {rule}")]
    Value {
        /// Name without its `$`.
        placeholder: String,
        /// What was given.
        value: String,
        /// The rule it broke.
        rule: String,
    },
}
