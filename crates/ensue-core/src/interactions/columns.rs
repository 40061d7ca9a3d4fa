//! Event columns: two that are always there and four that appear with the first event that needs
//! them.

use std::ops::Range;

use super::event::{Event, NO_CONTEXT, NO_EVENT_TYPE, NO_SESSION};
use super::history::{History, same_values};

#[derive(Debug, Clone, Default)]
pub(super) struct Columns {
    pub(super) items: Vec<u32>,
    pub(super) timestamps: Vec<i64>,
    pub(super) event_types: Option<Vec<u8>>,
    pub(super) values: Option<Vec<f32>>,
    pub(super) sessions: Option<Vec<u32>>,
    pub(super) contexts: Option<Vec<u32>>,
}

impl Columns {
    pub(super) fn with_capacity(events: usize) -> Self {
        Self {
            items: Vec::with_capacity(events),
            timestamps: Vec::with_capacity(events),
            ..Self::default()
        }
    }

    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    /// No events, but the same optional columns.
    pub(super) fn emptied(&self) -> Self {
        Self {
            items: Vec::new(),
            timestamps: Vec::new(),
            event_types: self.event_types.as_ref().map(|_| Vec::new()),
            values: self.values.as_ref().map(|_| Vec::new()),
            sessions: self.sessions.as_ref().map(|_| Vec::new()),
            contexts: self.contexts.as_ref().map(|_| Vec::new()),
        }
    }

    pub(super) fn push(&mut self, event: Event) {
        self.insert(self.len(), event);
    }

    pub(super) fn insert(&mut self, at: usize, event: Event) {
        let len = self.len();
        let event_type = event.event_type.filter(|&code| code != NO_EVENT_TYPE);
        let value = event.value.filter(|value| !value.is_nan());
        let session = event.session.filter(|&session| session != NO_SESSION);
        let context = event.context.filter(|&context| context != NO_CONTEXT);
        insert_optional(&mut self.event_types, at, len, event_type, NO_EVENT_TYPE);
        insert_optional(&mut self.values, at, len, value, f32::NAN);
        insert_optional(&mut self.sessions, at, len, session, NO_SESSION);
        insert_optional(&mut self.contexts, at, len, context, NO_CONTEXT);
        self.items.insert(at, event.item);
        self.timestamps.insert(at, event.timestamp);
    }

    pub(super) fn extend(&mut self, more: History<'_>) {
        let len = self.len();
        extend_optional(&mut self.event_types, len, more.len(), more.event_types, NO_EVENT_TYPE);
        extend_optional(&mut self.values, len, more.len(), more.values, f32::NAN);
        extend_optional(&mut self.sessions, len, more.len(), more.sessions, NO_SESSION);
        extend_optional(&mut self.contexts, len, more.len(), more.contexts, NO_CONTEXT);
        self.items.extend_from_slice(more.items);
        self.timestamps.extend_from_slice(more.timestamps);
    }

    pub(super) fn slice(&self, range: Range<usize>) -> History<'_> {
        History {
            items: &self.items[range.clone()],
            timestamps: &self.timestamps[range.clone()],
            event_types: self.event_types.as_ref().map(|column| &column[range.clone()]),
            values: self.values.as_ref().map(|column| &column[range.clone()]),
            sessions: self.sessions.as_ref().map(|column| &column[range.clone()]),
            contexts: self.contexts.as_ref().map(|column| &column[range]),
        }
    }

    pub(super) fn shrink_to_fit(&mut self) {
        self.items.shrink_to_fit();
        self.timestamps.shrink_to_fit();
        self.event_types.iter_mut().for_each(Vec::shrink_to_fit);
        self.values.iter_mut().for_each(Vec::shrink_to_fit);
        self.sessions.iter_mut().for_each(Vec::shrink_to_fit);
        self.contexts.iter_mut().for_each(Vec::shrink_to_fit);
    }

    pub(super) fn heap_bytes(&self) -> usize {
        fn bytes<T>(column: &Vec<T>) -> usize {
            column.capacity() * size_of::<T>()
        }
        bytes(&self.items)
            + bytes(&self.timestamps)
            + self.event_types.as_ref().map_or(0, bytes)
            + self.values.as_ref().map_or(0, bytes)
            + self.sessions.as_ref().map_or(0, bytes)
            + self.contexts.as_ref().map_or(0, bytes)
    }
}

/// Missing values are equal to each other here, unlike not-a-numbers elsewhere.
impl PartialEq for Columns {
    fn eq(&self, other: &Self) -> bool {
        self.items == other.items
            && self.timestamps == other.timestamps
            && self.event_types == other.event_types
            && same_values(self.values.as_deref(), other.values.as_deref())
            && self.sessions == other.sessions
            && self.contexts == other.contexts
    }
}

fn insert_optional<T: Copy>(
    column: &mut Option<Vec<T>>,
    at: usize,
    len: usize,
    value: Option<T>,
    missing: T,
) {
    match (column.as_mut(), value) {
        (None, None) => {}
        (None, Some(value)) => {
            let mut fresh = vec![missing; len];
            fresh.insert(at, value);
            *column = Some(fresh);
        }
        (Some(column), value) => column.insert(at, value.unwrap_or(missing)),
    }
}

fn extend_optional<T: Copy>(
    column: &mut Option<Vec<T>>,
    len: usize,
    more_len: usize,
    more: Option<&[T]>,
    missing: T,
) {
    match (column.as_mut(), more) {
        (None, None) => {}
        (None, Some(more)) => {
            let mut fresh = vec![missing; len];
            fresh.extend_from_slice(more);
            *column = Some(fresh);
        }
        (Some(column), Some(more)) => column.extend_from_slice(more),
        (Some(column), None) => column.resize(len + more_len, missing),
    }
}
