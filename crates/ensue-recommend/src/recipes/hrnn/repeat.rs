//! What a user has had before: how often, and how many sessions ago.
//!
//! A state of a few dozen numbers cannot remember every item of a long history, yet whether an item was had before is
//! decisive: films are seen once, groceries bought again. So each item of the history gets one learned number added to
//! its score, chosen by how often and how long ago the user had it. (Repeat consumption as a term of its own: Anderson
//! et al., *The Dynamics of Repeat Consumption*, WWW 2014; RepeatNet, AAAI 2019.)

use std::collections::{BTreeMap, HashMap};

use ensue_core::History;

use super::context::Coder;

/// Times an item was had that are told apart: 1, 2, 3, more.
const TIMES: usize = 4;
/// Sessions since the last time that are told apart: 0, 1, 2, more.
const SESSIONS: usize = 4;
/// Number of different codes.
pub(super) const CODES: usize = TIMES * SESSIONS;

/// Distinct items that are remembered, the newest: bounds what a very long history costs at every step.
pub(super) const CAPACITY: usize = 1_000;

/// The items of a history as it grows.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    /// Item, times, session of the last time.
    items: Vec<(u32, usize, usize)>,
    /// Place in `items` and event of the last time, by item.
    places: HashMap<u32, (usize, usize)>,
    /// Item by event of its last time, oldest first.
    order: BTreeMap<usize, u32>,
    session: usize,
}

impl Seen {
    /// Adds event `at` of a history; the events before it must have been added.
    pub(super) fn push(&mut self, history: History<'_>, at: usize, coder: &Coder) {
        self.session += usize::from(coder.starts_session(history, at));
        let item = history.items[at];
        let place = if let Some((place, last)) = self.places.remove(&item) {
            self.order.remove(&last);
            place
        } else if self.items.len() < CAPACITY {
            self.items.push((item, 0, 0));
            self.items.len() - 1
        } else {
            let (_, oldest) = self.order.pop_first().expect("as many as items");
            let (place, _) = self.places.remove(&oldest).expect("every item has a place");
            self.items[place] = (item, 0, 0);
            place
        };
        self.places.insert(item, (place, at));
        self.order.insert(at, item);
        let (_, times, session) = &mut self.items[place];
        (*times, *session) = (*times + 1, self.session);
    }

    /// Everything had so far, as (item, code).
    pub(super) fn codes(&self) -> impl Iterator<Item = (u32, usize)> + '_ {
        self.items.iter().map(|&(item, times, session)| {
            let ago = (self.session - session).min(SESSIONS - 1);
            (item, (times.min(TIMES) - 1) * SESSIONS + ago)
        })
    }

    /// A whole history.
    pub(super) fn of(history: History<'_>, coder: &Coder) -> Self {
        let mut seen = Self::default();
        for at in 0..history.len() {
            seen.push(history, at, coder);
        }
        seen
    }
}
