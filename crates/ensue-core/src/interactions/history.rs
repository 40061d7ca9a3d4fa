//! One user's events.

use std::ops::{Bound, RangeBounds};

use serde::{Deserialize, Serialize};

use super::columns::Columns;
use super::event::{Event, NO_CONTEXT, NO_EVENT_TYPE, NO_SESSION};

/// One user's events in time order, borrowed as columns of equal length.
///
/// A column is `None` where no event of the data set has one. In a column that is there,
/// [`NO_EVENT_TYPE`], not-a-number, [`NO_SESSION`] and [`NO_CONTEXT`] mark the events without.
#[derive(Debug, Clone, Copy, Default)]
pub struct History<'a> {
    /// Dense item ids.
    pub items: &'a [u32],
    /// Seconds since 1970-01-01 00:00 UTC, never descending.
    pub timestamps: &'a [i64],
    /// Event type codes.
    pub event_types: Option<&'a [u8]>,
    /// Event values.
    pub values: Option<&'a [f32]>,
    /// Session numbers.
    pub sessions: Option<&'a [u32]>,
    /// Rows of the table of contexts.
    pub contexts: Option<&'a [u32]>,
}

impl<'a> History<'a> {
    /// Number of events.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there is no event.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The oldest `n` events, or all where there are fewer.
    pub fn first(self, n: usize) -> Self {
        self.range(..n.min(self.len()))
    }

    /// The newest `n` events, or all where there are fewer.
    pub fn last(self, n: usize) -> Self {
        self.range(self.len().saturating_sub(n)..)
    }

    /// The events of a range of positions.
    ///
    /// # Panics
    /// Where the range does not lie within the history, as a slice would.
    pub fn range(self, range: impl RangeBounds<usize>) -> Self {
        let start = match range.start_bound() {
            Bound::Included(&start) => start,
            Bound::Excluded(&start) => start + 1,
            Bound::Unbounded => 0,
        };
        let end = match range.end_bound() {
            Bound::Included(&end) => end + 1,
            Bound::Excluded(&end) => end,
            Bound::Unbounded => self.len(),
        };
        Self {
            items: &self.items[start..end],
            timestamps: &self.timestamps[start..end],
            event_types: self.event_types.map(|column| &column[start..end]),
            values: self.values.map(|column| &column[start..end]),
            sessions: self.sessions.map(|column| &column[start..end]),
            contexts: self.contexts.map(|column| &column[start..end]),
        }
    }

    /// The event at one position.
    ///
    /// # Panics
    /// Where the position is not below [`Self::len`], as a slice would.
    pub fn event(&self, at: usize) -> Event {
        Event {
            item: self.items[at],
            timestamp: self.timestamps[at],
            event_type: self.event_types.map(|c| c[at]).filter(|&code| code != NO_EVENT_TYPE),
            value: self.values.map(|c| c[at]).filter(|value| !value.is_nan()),
            session: self.sessions.map(|c| c[at]).filter(|&session| session != NO_SESSION),
            context: self.contexts.map(|c| c[at]).filter(|&context| context != NO_CONTEXT),
        }
    }

    /// The events, oldest first.
    pub fn events(self) -> impl DoubleEndedIterator<Item = Event> + ExactSizeIterator + 'a {
        (0..self.len()).map(move |at| self.event(at))
    }

    /// A copy that owns its columns.
    pub fn to_owned(self) -> OwnedHistory {
        let mut columns = Columns::default();
        columns.extend(self);
        OwnedHistory(columns)
    }
}

/// Missing values are equal to each other here, unlike not-a-numbers elsewhere.
impl PartialEq for History<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.items == other.items
            && self.timestamps == other.timestamps
            && self.event_types == other.event_types
            && same_values(self.values, other.values)
            && self.sessions == other.sessions
            && self.contexts == other.contexts
    }
}

pub(super) fn same_values(left: Option<&[f32]>, right: Option<&[f32]>) -> bool {
    let bits = |value: &f32| value.to_bits();
    match (left, right) {
        (None, None) => true,
        (Some(left), Some(right)) => left.iter().map(bits).eq(right.iter().map(bits)),
        _ => false,
    }
}

/// One user's events in time order, owned: what grows when new events arrive.
///
/// ```
/// use ensue_core::{Event, OwnedHistory};
///
/// let mut history = OwnedHistory::default();
/// history.push(Event::new(4, 200));
/// history.push(Event::new(9, 100)); // late, but sorted in
/// assert_eq!(history.as_history().items, [9, 4]);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct OwnedHistory(Columns);

impl OwnedHistory {
    /// Adds an event at its place in time, after those of the same timestamp.
    pub fn push(&mut self, event: Event) {
        let timestamps = &self.0.timestamps;
        // Events mostly arrive in order: look at the end before searching.
        let at = if timestamps.last().is_none_or(|&last| last <= event.timestamp) {
            timestamps.len()
        } else {
            timestamps.partition_point(|&timestamp| timestamp <= event.timestamp)
        };
        self.0.insert(at, event);
    }

    /// The events, borrowed.
    pub fn as_history(&self) -> History<'_> {
        self.0.slice(0..self.0.len())
    }

    /// Number of events.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no event.
    pub fn is_empty(&self) -> bool {
        self.0.len() == 0
    }
}

impl From<History<'_>> for OwnedHistory {
    fn from(history: History<'_>) -> Self {
        history.to_owned()
    }
}

impl FromIterator<Event> for OwnedHistory {
    fn from_iter<I: IntoIterator<Item = Event>>(events: I) -> Self {
        let mut history = Self::default();
        events.into_iter().for_each(|event| history.push(event));
        history
    }
}

/// A stored history whose columns do not fit together or are not in time order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InconsistentHistory {
    /// A column is longer or shorter than the item column.
    #[error("history column `{column}` has {found} entries, expected {expected}")]
    Length {
        /// The column.
        column: &'static str,
        /// Its entries.
        found: usize,
        /// Entries of the item column.
        expected: usize,
    },
    /// Timestamps descend somewhere.
    #[error("history timestamps are not in ascending order")]
    Order,
}

/// The form of [`OwnedHistory`] in files: missing values are `null`, as JSON has no not-a-number.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    items: Vec<u32>,
    timestamps: Vec<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    event_types: Option<Vec<u8>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    values: Option<Vec<Option<f32>>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sessions: Option<Vec<u32>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    contexts: Option<Vec<u32>>,
}

impl From<OwnedHistory> for Written {
    fn from(OwnedHistory(columns): OwnedHistory) -> Self {
        let present = |value: f32| (!value.is_nan()).then_some(value);
        Self {
            items: columns.items,
            timestamps: columns.timestamps,
            event_types: columns.event_types,
            values: columns.values.map(|values| values.into_iter().map(present).collect()),
            sessions: columns.sessions,
            contexts: columns.contexts,
        }
    }
}

impl TryFrom<Written> for OwnedHistory {
    type Error = InconsistentHistory;

    fn try_from(written: Written) -> Result<Self, InconsistentHistory> {
        let expected = written.items.len();
        let lengths = [
            ("timestamps", Some(written.timestamps.len())),
            ("event_types", written.event_types.as_ref().map(Vec::len)),
            ("values", written.values.as_ref().map(Vec::len)),
            ("sessions", written.sessions.as_ref().map(Vec::len)),
            ("contexts", written.contexts.as_ref().map(Vec::len)),
        ];
        for (column, found) in lengths {
            if let Some(found) = found.filter(|&found| found != expected) {
                return Err(InconsistentHistory::Length { column, found, expected });
            }
        }
        if !written.timestamps.is_sorted() {
            return Err(InconsistentHistory::Order);
        }
        let value = |value: Option<f32>| value.unwrap_or(f32::NAN);
        Ok(Self(Columns {
            items: written.items,
            timestamps: written.timestamps,
            event_types: written.event_types,
            values: written.values.map(|values| values.into_iter().map(value).collect()),
            sessions: written.sessions,
            contexts: written.contexts,
        }))
    }
}
