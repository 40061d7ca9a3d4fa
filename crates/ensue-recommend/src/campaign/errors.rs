//! Why a campaign refuses.

use ensue_data::FieldError;

use super::{
    LogError, MAX_EVENTS, MAX_USER_ID,
    requests::{MAX_CONTEXT, MAX_INPUT_LIST, MAX_RESULTS},
};
use crate::{QueryError, filter::FilterError};

/// A campaign refused a question, an event or an item; nothing is changed then.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CampaignError {
    /// A setting of the campaign has a value that is not acceptable.
    #[error("{field} is {value}, but {rule}")]
    Config {
        /// Name of the setting.
        field: &'static str,
        /// The value given.
        value: String,
        /// The rule it broke.
        rule: &'static str,
    },
    /// The user id is empty.
    #[error("the user id is empty")]
    EmptyUserId,
    /// The user id is too long.
    #[error("the user id has {length} characters, {MAX_USER_ID} are allowed")]
    LongUserId {
        /// Its length in characters.
        length: usize,
    },
    /// Neither a user nor an item is asked about.
    #[error("{recipe} is asked about {needed}, but none is given")]
    NobodyAsked {
        /// Name of the recipe.
        recipe: &'static str,
        /// What it needs.
        needed: &'static str,
    },
    /// An item is asked about, but the recipe answers for users.
    #[error("{recipe} answers for users: item_id {item_id:?} would be ignored, leave it out")]
    ItemAsked {
        /// Name of the recipe.
        recipe: &'static str,
        /// The item asked about.
        item_id: String,
    },
    /// A ranking is asked for, but the recipe answers for items.
    #[error("{recipe} answers for items: it cannot rank a list for a user")]
    NoRanking {
        /// Name of the recipe.
        recipe: &'static str,
    },
    /// The session id is empty.
    #[error("the session id is empty")]
    EmptySessionId,
    /// The item id is empty.
    #[error("the item id is empty")]
    EmptyItemId,
    /// Too many results are asked for.
    #[error("{num_results} results are asked for, 0 to {MAX_RESULTS} are allowed")]
    NumResults {
        /// The number asked for.
        num_results: usize,
    },
    /// A list to be ranked is too long.
    #[error("the list to be ranked has {found} items, {MAX_INPUT_LIST} are allowed")]
    InputList {
        /// Its length.
        found: usize,
    },
    /// A context has too many entries.
    #[error("the context has {found} entries, {MAX_CONTEXT} are allowed")]
    Context {
        /// Their number.
        found: usize,
    },
    /// There is more than one promotion.
    #[error("{found} promotions are asked for, 1 is allowed")]
    Promotions {
        /// Their number.
        found: usize,
    },
    /// The share of a promotion is not a percentage.
    #[error("promotion {name:?} asks for {percent} percent, 1 to 100 are allowed")]
    PromotedPercent {
        /// Name of the promotion.
        name: String,
        /// The percentage given.
        percent: u8,
    },
    /// The time of an event lies before 1970.
    #[error("the timestamp {timestamp} is negative")]
    NegativeTimestamp {
        /// The time given.
        timestamp: i64,
    },
    /// A call has no event, or too many.
    #[error("{found} events are put at once, 1 to {MAX_EVENTS} are allowed")]
    EventCount {
        /// Their number.
        found: usize,
    },
    /// A field of an item, a user, an event or a question cannot be used.
    #[error("{of}: {source}")]
    Field {
        /// Whose field it is.
        of: String,
        /// What is wrong with it.
        source: FieldError,
    },
    /// No filter has this name.
    #[error("no filter is called {name:?}; there are {known}")]
    UnknownFilter {
        /// The name asked for.
        name: String,
        /// All names, separated by commas.
        known: String,
    },
    /// A filter of this name exists already.
    #[error("there is a filter called {name:?} already")]
    FilterExists {
        /// The name.
        name: String,
    },
    /// A filter cannot be used.
    #[error(transparent)]
    Filter(#[from] FilterError),
    /// The event log cannot be used.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The model could not answer.
    #[error(transparent)]
    Query(#[from] QueryError),
}
