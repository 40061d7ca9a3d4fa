//! What a fitted recipe is asked and what it answers, in dense ids.

use std::{any::Any, fmt, sync::Arc};

use ensue_core::{Bitmap, History};
use ensue_data::FieldValues;

use crate::QueryError;

/// One question to a fitted recipe: what comes next after this history?
///
/// Everything is in dense ids, as [`ensue_core::Interactions`] has them; a [`crate::Campaign`] speaks in the caller's
/// own ids. A query is a view: it borrows what it names and costs nothing to copy.
#[derive(Debug, Clone, Copy)]
pub struct Query<'a> {
    /// Dense id of the user, or `None` for somebody the training data did not hold.
    pub user: Option<u32>,
    /// What the user did so far, oldest first; may be empty. For a recipe that answers for items
    /// ([`crate::Recommend::subject`]) the last event is on the item asked about.
    pub history: History<'a>,
    /// Items that must not be recommended: sorted ascending (duplicates are harmless).
    pub exclude: &'a [u32],
    /// Items that may be recommended, all when `None`; ids beyond its length may not.
    pub allowed: Option<&'a Bitmap>,
    /// What is known of the user, where it is not what training knew of `user`.
    pub user_fields: Option<&'a FieldValues>,
    /// What is known of the moment asked about.
    pub context: Option<Context<'a>>,
    /// What [`crate::Recommend::remember`] gave for this history, or for its beginning.
    pub memory: Option<&'a Memory>,
}

/// What is known of a moment: device, place, weather.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Context<'a> {
    /// A row of the contexts that training knew.
    Known(u32),
    /// Values by field name; fields that training did not know are ignored, fields that are not given are missing.
    Given(&'a FieldValues),
}

/// What a recipe keeps of a history, so that the next answer need not read it again.
#[derive(Clone)]
pub struct Memory {
    /// How many of the history's oldest events are in it.
    pub events: usize,
    /// The recipe's own.
    pub state: Arc<dyn Any + Send + Sync>,
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").field("events", &self.events).finish_non_exhaustive()
    }
}

impl<'a> Query<'a> {
    /// A question about a history alone: no user id, nothing excluded.
    pub fn from_history(history: History<'a>) -> Self {
        Self {
            user: None,
            history,
            exclude: &[],
            allowed: None,
            user_fields: None,
            context: None,
            memory: None,
        }
    }

    /// The same question with `items` (sorted ascending) left out of the answer.
    pub fn excluding(self, items: &'a [u32]) -> Self {
        Self { exclude: items, ..self }
    }

    /// Whether an item may be in the answer.
    pub fn allows(&self, item: u32) -> bool {
        self.exclude.binary_search(&item).is_err()
            && self.allowed.is_none_or(|allowed| allowed.contains(item))
    }
}

/// One line of an answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScoredItem {
    /// Dense id of the item.
    pub item: u32,
    /// Probability over the whole catalogue where the recipe gives one (see [`crate::Recommend::probabilities`]), else
    /// `None`.
    pub score: Option<f32>,
}

/// Scores of every catalogue item for a batch of queries; higher is better.
///
/// Row-major `[queries, items]`. Scores order the items of one row; they compare across rows only if the recipe says
/// so.
#[derive(Debug, Clone, PartialEq)]
pub struct Scores {
    rows: usize,
    items: usize,
    values: Vec<f32>,
}

impl Scores {
    /// Wraps `values`, row-major `[rows, items]`.
    ///
    /// # Panics
    /// When `values` does not hold `rows * items` numbers: a mistake of the recipe, not of its caller.
    pub fn new(rows: usize, items: usize, values: Vec<f32>) -> Self {
        assert_eq!(values.len(), rows * items, "scores must have the shape [queries, items]");
        Self { rows, items, values }
    }

    /// Number of queries.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of items in the catalogue.
    pub fn n_items(&self) -> usize {
        self.items
    }

    /// Scores of query `row`, one for each item in ascending id.
    ///
    /// # Panics
    /// When `row` is not below [`Scores::rows`].
    pub fn row(&self, row: usize) -> &[f32] {
        assert!(row < self.rows, "row {row} of {} rows", self.rows);
        &self.values[row * self.items..(row + 1) * self.items]
    }

    /// All values, row-major.
    pub fn into_values(self) -> Vec<f32> {
        self.values
    }
}

/// Checks that every item a query names is inside a catalogue of `n_items`; recipes call it first.
///
/// # Errors
/// [`QueryError::ItemOutOfRange`] for the first item that is not.
pub fn check_queries(queries: &[Query<'_>], n_items: usize) -> Result<(), QueryError> {
    for query in queries {
        check_history(query.history, n_items)?;
    }
    Ok(())
}

/// Checks that every item of a history is inside a catalogue of `n_items`.
///
/// # Errors
/// [`QueryError::ItemOutOfRange`] for the first item that is not.
pub fn check_history(history: History<'_>, n_items: usize) -> Result<(), QueryError> {
    match history.items.iter().find(|&&item| item as usize >= n_items) {
        Some(&item) => Err(QueryError::ItemOutOfRange { item, n_items }),
        None => Ok(()),
    }
}
