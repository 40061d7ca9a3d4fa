//! Who did what when: the one table that every recipe learns from.
//!
//! | file | what it holds |
//! |---|---|
//! | `event.rs` | [`Event`], one row |
//! | `history.rs` | [`History`], one user's rows borrowed, and [`OwnedHistory`], the same owned |
//! | `columns.rs` | the columns behind both and behind [`Interactions`] |
//! | `builder.rs` | [`InteractionsBuilder`], rows in any order to columns by user and time |
//! | `codec.rs` | [`Interactions`] to bytes and back, and the fingerprint |

mod builder;
mod codec;
mod columns;
mod event;
mod history;
#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use builder::InteractionsBuilder;
pub use codec::DecodeError;
pub use event::{Event, NO_CONTEXT, NO_EVENT_TYPE, NO_SESSION};
pub use history::{History, InconsistentHistory, OwnedHistory};

use columns::Columns;

/// Events of all users, ordered by user and then by time, in compact columns.
///
/// Users and items are dense numbers from 0. A user's events are contiguous and ordered by
/// timestamp; events of the same timestamp keep the order they were given in. An event takes 12
/// bytes (item and timestamp) and 1, 4, 4 and 4 more where the data have event types, values,
/// sessions and contexts; a user takes 8 bytes. Cloning shares the columns.
///
/// ```
/// use ensue_core::{Event, InteractionsBuilder};
///
/// let mut rows = InteractionsBuilder::new();
/// rows.push(1, Event::new(0, 200));
/// rows.push(0, Event::new(2, 50));
/// rows.push(1, Event::new(1, 100));
/// let interactions = rows.build(2, 3);
///
/// assert_eq!(interactions.len(), 3);
/// assert_eq!(interactions.user(1).items, [1, 0]);
/// assert_eq!(interactions.item_counts(), [1, 1, 1]);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Interactions(Arc<Table>);

#[derive(Debug, PartialEq)]
struct Table {
    n_items: usize,
    /// User `u` owns the events `offsets[u]..offsets[u + 1]`; one entry more than users.
    offsets: Vec<usize>,
    columns: Columns,
    event_type_names: Vec<String>,
}

impl Interactions {
    /// Size of the user id space, users without events included.
    pub fn n_users(&self) -> usize {
        self.0.offsets.len() - 1
    }

    /// Size of the item id space (the catalogue), items without events included.
    pub fn n_items(&self) -> usize {
        self.0.n_items
    }

    /// Number of events.
    pub fn len(&self) -> usize {
        self.0.columns.len()
    }

    /// Whether there is no event at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The events of one user in time order; empty for a user without events or out of range.
    pub fn user(&self, user: u32) -> History<'_> {
        let user = user as usize;
        if user < self.n_users() {
            self.0.columns.slice(self.0.offsets[user]..self.0.offsets[user + 1])
        } else {
            self.0.columns.slice(0..0)
        }
    }

    /// Every user and their events, ascending by user, users without events included.
    pub fn users(&self) -> impl Iterator<Item = (u32, History<'_>)> {
        self.0
            .offsets
            .windows(2)
            .enumerate()
            .map(|(user, bounds)| (user as u32, self.0.columns.slice(bounds[0]..bounds[1])))
    }

    /// All events in one slice, user after user; with [`Self::offsets`] the raw columns.
    ///
    /// Only within one user's range are the timestamps ascending.
    pub fn all_events(&self) -> History<'_> {
        self.0.columns.slice(0..self.len())
    }

    /// Where each user's events start in [`Self::all_events`]; one entry more than users.
    pub fn offsets(&self) -> &[usize] {
        &self.0.offsets
    }

    /// Whether events carry a type.
    pub fn has_event_types(&self) -> bool {
        self.0.columns.event_types.is_some()
    }

    /// Whether events carry a value.
    pub fn has_values(&self) -> bool {
        self.0.columns.values.is_some()
    }

    /// Whether events carry a session number.
    pub fn has_sessions(&self) -> bool {
        self.0.columns.sessions.is_some()
    }

    /// Whether events carry a context.
    pub fn has_contexts(&self) -> bool {
        self.0.columns.contexts.is_some()
    }

    /// The name of each event type code, in code order.
    pub fn event_type_names(&self) -> &[String] {
        &self.0.event_type_names
    }

    /// Events of each item, by item id.
    pub fn item_counts(&self) -> Vec<u32> {
        let mut counts = vec![0; self.n_items()];
        for &item in &self.0.columns.items {
            counts[item as usize] += 1;
        }
        counts
    }

    /// Distinct users of each item, by item id.
    pub fn item_user_counts(&self) -> Vec<u32> {
        let mut counts = vec![0; self.n_items()];
        // One more than the last user counted, so that 0 means none.
        let mut counted = vec![0_u64; self.n_items()];
        for (user, history) in self.users() {
            let mark = u64::from(user) + 1;
            for &item in history.items {
                if counted[item as usize] != mark {
                    counted[item as usize] = mark;
                    counts[item as usize] += 1;
                }
            }
        }
        counts
    }

    /// The events that `keep` says yes to, in the same id spaces and with the same columns.
    ///
    /// ```
    /// use ensue_core::{Event, InteractionsBuilder};
    /// let mut rows = InteractionsBuilder::new();
    /// rows.push(0, Event { value: Some(2.0), ..Event::new(0, 1) });
    /// rows.push(0, Event { value: Some(5.0), ..Event::new(1, 2) });
    /// let liked = rows.build(1, 2).filter(|_, event| event.value >= Some(4.0));
    /// assert_eq!(liked.user(0).items, [1]);
    /// assert_eq!(liked.n_items(), 2);
    /// ```
    pub fn filter(&self, mut keep: impl FnMut(u32, &Event) -> bool) -> Self {
        self.rebuilt(|user, history, columns| {
            for event in history.events().filter(|event| keep(user, event)) {
                columns.push(event);
            }
        })
    }

    /// The oldest events of each user, as many as `keep` says (no more than there are), in the same
    /// id spaces.
    pub fn truncated(&self, mut keep: impl FnMut(u32, History<'_>) -> usize) -> Self {
        self.rebuilt(|user, history, columns| columns.extend(history.first(keep(user, history))))
    }

    fn rebuilt(&self, mut add: impl FnMut(u32, History<'_>, &mut Columns)) -> Self {
        let mut columns = self.0.columns.emptied();
        let mut offsets = Vec::with_capacity(self.0.offsets.len());
        offsets.push(0);
        for (user, history) in self.users() {
            add(user, history, &mut columns);
            offsets.push(columns.len());
        }
        columns.shrink_to_fit();
        let event_type_names = self.0.event_type_names.clone();
        Self(Arc::new(Table { n_items: self.0.n_items, offsets, columns, event_type_names }))
    }

    /// Bytes that the columns take on the heap.
    pub fn heap_bytes(&self) -> usize {
        let names =
            self.0.event_type_names.iter().map(|name| name.capacity() + size_of::<String>());
        self.0.columns.heap_bytes()
            + self.0.offsets.capacity() * size_of::<usize>()
            + names.sum::<usize>()
    }
}
