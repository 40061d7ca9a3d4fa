//! Filters: which items may be recommended, in Amazon Personalize's language of filter expressions.
//!
//! ```text
//! text -> Filter (parsed) -> CompiledFilter (for one state of the data) -> Bitmap of allowed items (for one user)
//! ```
//!
//! | file | what it holds |
//! |---|---|
//! | `syntax/` | the language: text to [`syntax::Expression`] and back |
//! | `fields.rs` | the fields that data have, and what may be asked of each type |
//! | `compiled.rs` | [`Filter::compile`], [`CompiledFilter`] |
//! | `items.rs`, `events.rs` | conditions on items and on a user's events |
//! | `operands.rs` | lists of texts and comparisons of numbers |
//! | `values.rs` | what placeholders stand for |
//! | `errors.rs` | [`FilterError`] |

mod compiled;
mod errors;
mod events;
mod fields;
mod items;
mod operands;
pub mod syntax;
#[cfg(test)]
mod tests;
mod values;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use syntax::Expression;

pub use compiled::{CompiledFilter, FilterTables, FilterUser};
pub use errors::FilterError;

/// Most characters of a filter expression: Amazon's limit.
pub const MAX_EXPRESSION: usize = 2500;

/// Most placeholders of a filter: Amazon's limit to the values of one question.
pub const MAX_FILTER_VALUES: usize = 25;

/// Events that filters see of one user: the newest of each event type, Amazon's limit.
pub const MAX_INTERACTIONS: usize = 100;

/// Gives the dense id of an item id.
pub type ItemIds<'a> = dyn Fn(&str) -> Option<u32> + 'a;

/// A filter expression: which items may be recommended.
///
/// Rules that `INCLUDE` unite, rules that `EXCLUDE` unite, and what may be recommended is the first less the second, in
/// whatever order they stand. Without a rule that includes, everything but the second. A rule whose `IF` does not hold for
/// the user is as if it were not there: where that leaves no rule that includes, nothing is left out by inclusion.
///
/// | asked of | holds for |
/// |---|---|
/// | `Items.FIELD` | the item; `IN` where one of its categories is in the list, `NOT IN` where none is |
/// | `Interactions.FIELD` | items with which the user has an event that meets all conditions joined by `AND`; the newest 100 events of each event type are seen |
/// | `CurrentUser.FIELD` | the user, after `IF` |
///
/// What is missing is in no list and compares with nothing: `NOT IN` holds for it, everything else does not. Values are
/// compared exactly, event types without regard to case. Names of fields are taken in any case where that leaves no doubt.
/// Numbers of metadata and event values are kept with 32 bits, and compared so.
///
/// Serde writes and reads the text of the expression; `Display` gives it too. Two filters are equal when their expressions
/// are.
///
/// ```
/// use std::collections::BTreeMap;
///
/// use ensue_core::{Event, InteractionsBuilder};
/// use ensue_data::Vocabulary;
/// use ensue_recommend::filter::{Filter, FilterTables, FilterUser};
///
/// let items: Vocabulary = ["tea", "jam", "rye"].into_iter().collect();
/// let mut events = InteractionsBuilder::new();
/// events.push(0, Event { event_type: Some(0), ..Event::new(1, 1_700_000_000) });
/// let events = events.event_type_names(vec!["Purchase".to_owned()]).build(1, items.len());
///
/// let filter = Filter::parse(r#"EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("purchase")"#)?;
/// let item_ids = |id: &str| items.encode(id);
/// let tables = FilterTables {
///     event_type_names: events.event_type_names(),
///     ..FilterTables::new(items.len(), &item_ids)
/// };
/// let filter = filter.compile(&tables)?;
///
/// let user = FilterUser { history: events.user(0), ..FilterUser::default() };
/// let allowed = filter.allowed(&user, &BTreeMap::new(), &item_ids)?;
/// let allowed = allowed.expect("there is a rule");
/// assert_eq!(allowed.iter().collect::<Vec<_>>(), [0, 2]); // tea and rye
/// # Ok::<(), ensue_recommend::filter::FilterError>(())
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Filter {
    text: String,
    expression: Expression,
}

impl Filter {
    /// Reads an expression.
    ///
    /// # Errors
    /// [`FilterError::Syntax`] with the place of the first fault, [`FilterError::TooLong`] beyond 2500 characters,
    /// [`FilterError::TooManyPlaceholders`] beyond 25.
    ///
    /// ```
    /// use ensue_recommend::filter::Filter;
    ///
    /// let filter = Filter::parse("EXCLUDE ItemID WHERE Items.GENRE IN ($GENRE) IF CurrentUser.AGE < $AGE")?;
    /// assert_eq!(filter.placeholders().collect::<Vec<_>>(), ["GENRE", "AGE"]);
    ///
    /// let mixed = r#"INCLUDE ItemID WHERE Items.GENRE IN ("a") OR Interactions.EVENT_TYPE IN ("b")"#;
    /// assert_eq!(
    ///     Filter::parse(mixed).unwrap_err().to_string(),
    ///     "filter expression, column 46: found `Interactions`, but expected a field of Items, as before in this rule \
    ///      (rules are joined by |)"
    /// );
    /// # Ok::<(), ensue_recommend::filter::FilterError>(())
    /// ```
    pub fn parse(expression: &str) -> Result<Self, FilterError> {
        let characters = expression.chars().count();
        if characters > MAX_EXPRESSION {
            return Err(FilterError::TooLong { characters });
        }
        let text = expression.to_owned();
        let expression = Expression::parse(expression)?;
        let found = expression.placeholders().len();
        if found > MAX_FILTER_VALUES {
            return Err(FilterError::TooManyPlaceholders { found });
        }
        Ok(Self { text, expression })
    }

    /// Its rules; their `Display` is the canonical text.
    pub fn expression(&self) -> &Expression {
        &self.expression
    }

    /// Names of the placeholders without their `$`, each once, in the order of the text.
    pub fn placeholders(&self) -> impl Iterator<Item = &str> {
        self.expression.placeholders().into_iter()
    }
}

impl PartialEq for Filter {
    fn eq(&self, other: &Self) -> bool {
        self.expression == other.expression
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Filter {
    type Err = FilterError;

    fn from_str(expression: &str) -> Result<Self, FilterError> {
        Self::parse(expression)
    }
}

impl TryFrom<String> for Filter {
    type Error = FilterError;

    fn try_from(expression: String) -> Result<Self, FilterError> {
        Self::parse(&expression)
    }
}

impl From<Filter> for String {
    fn from(filter: Filter) -> Self {
        filter.text
    }
}
