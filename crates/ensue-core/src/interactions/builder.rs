//! Rows in any order to columns ordered by user and time.

use std::sync::Arc;

use super::columns::Columns;
use super::event::Event;
use super::{Interactions, Table};

/// Collects rows in the order of the file and sorts them once, at [`Self::build`].
///
/// A row takes 16 bytes (user, item, timestamp) and the optional columns. Building counts the
/// events of each user and moves one column after the other, so that at its peak it holds about
/// twice the result; rows that come user by user are not copied at all.
#[derive(Debug, Clone, Default)]
pub struct InteractionsBuilder {
    users: Vec<u32>,
    columns: Columns,
    event_type_names: Vec<String>,
}

impl InteractionsBuilder {
    /// No rows yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// No rows yet, with room for some.
    pub fn with_capacity(events: usize) -> Self {
        Self {
            users: Vec::with_capacity(events),
            columns: Columns::with_capacity(events),
            event_type_names: Vec::new(),
        }
    }

    /// Number of rows so far.
    pub fn len(&self) -> usize {
        self.users.len()
    }

    /// Whether there is no row yet.
    pub fn is_empty(&self) -> bool {
        self.users.is_empty()
    }

    /// Adds a row.
    pub fn push(&mut self, user: u32, event: Event) {
        self.users.push(user);
        self.columns.push(event);
    }

    /// Names the event type codes, in code order.
    pub fn event_type_names(mut self, names: Vec<String>) -> Self {
        self.event_type_names = names;
        self
    }

    /// Orders the rows by user and, within a user, by time; rows of the same time keep the order
    /// they were pushed in.
    ///
    /// `n_users` and `n_items` are the sizes of the id spaces, which may hold ids without a row.
    ///
    /// # Panics
    /// Where a pushed user or item is not below `n_users` or `n_items`: ids come from a vocabulary
    /// whose size is given here.
    pub fn build(self, n_users: usize, n_items: usize) -> Interactions {
        let Self { users, mut columns, event_type_names } = self;
        let mut offsets = vec![0; n_users + 1];
        for &user in &users {
            assert!((user as usize) < n_users, "user {user} of {n_users}");
            offsets[user as usize + 1] += 1;
        }
        if let Some(&item) = columns.items.iter().max() {
            assert!((item as usize) < n_items, "item {item} of {n_items}");
        }
        for user in 0..n_users {
            offsets[user + 1] += offsets[user];
        }
        if !users.is_sorted() {
            // Each call frees its source before the next column is allocated.
            columns.timestamps = by_user(&users, &offsets, columns.timestamps);
            columns.items = by_user(&users, &offsets, columns.items);
            columns.event_types = columns.event_types.map(|c| by_user(&users, &offsets, c));
            columns.values = columns.values.map(|c| by_user(&users, &offsets, c));
            columns.sessions = columns.sessions.map(|c| by_user(&users, &offsets, c));
            columns.contexts = columns.contexts.map(|c| by_user(&users, &offsets, c));
        }
        drop(users);
        order_by_time(&mut columns, &offsets);
        columns.shrink_to_fit();
        Interactions(Arc::new(Table { n_items, offsets, columns, event_type_names }))
    }
}

/// One column in user order, stable.
fn by_user<T: Copy + Default>(users: &[u32], offsets: &[usize], source: Vec<T>) -> Vec<T> {
    let mut next = offsets.to_vec();
    let mut sorted = vec![T::default(); source.len()];
    for (&user, value) in users.iter().zip(source) {
        let at = &mut next[user as usize];
        sorted[*at] = value;
        *at += 1;
    }
    sorted
}

fn order_by_time(columns: &mut Columns, offsets: &[usize]) {
    let mut order = Vec::new();
    for bounds in offsets.windows(2) {
        let range = bounds[0]..bounds[1];
        let timestamps = &columns.timestamps[range.clone()];
        if timestamps.is_sorted() {
            continue;
        }
        order.clear();
        order.extend(0..timestamps.len());
        order.sort_by_key(|&at| timestamps[at]); // stable
        permute(&mut columns.timestamps[range.clone()], &order);
        permute(&mut columns.items[range.clone()], &order);
        columns.event_types.iter_mut().for_each(|c| permute(&mut c[range.clone()], &order));
        columns.values.iter_mut().for_each(|c| permute(&mut c[range.clone()], &order));
        columns.sessions.iter_mut().for_each(|c| permute(&mut c[range.clone()], &order));
        columns.contexts.iter_mut().for_each(|c| permute(&mut c[range.clone()], &order));
    }
}

fn permute<T: Copy>(column: &mut [T], order: &[usize]) {
    let moved: Vec<T> = order.iter().map(|&at| column[at]).collect();
    column.copy_from_slice(&moved);
}
