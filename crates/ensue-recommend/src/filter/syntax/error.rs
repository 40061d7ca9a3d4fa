//! Where and why a text is not a filter expression.

/// A text is not a filter expression: the first fault from the left.
///
/// ```
/// use ensue_recommend::filter::syntax::Expression;
///
/// let error = Expression::parse("INCLUDE ItemID WHERE Items.GENRE IN (drama)").unwrap_err();
/// assert_eq!((error.column, error.offset), (38, 37));
/// assert_eq!(
///     error.to_string(),
///     "filter expression, column 38: found `drama`, but expected a \"text\" in double quotes, a number or a $placeholder"
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("filter expression, column {column}: found {found}, but expected {expected}")]
#[non_exhaustive]
pub struct FilterSyntaxError {
    /// Where the fault is, in characters from 1; a line break counts as one character.
    pub column: usize,
    /// Where the fault is, in bytes from 0; the length of the text where it ends too early.
    pub offset: usize,
    /// What stands there.
    pub found: String,
    /// What would be right there.
    pub expected: String,
}
