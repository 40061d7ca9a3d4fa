//! Histories of the users who did something since the version was trained.

use std::{
    collections::{HashMap, hash_map::RandomState},
    hash::BuildHasher,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use ensue_core::{Event, OwnedHistory, interactions::NO_SESSION};

use super::{EventCounts, EventOutcome};

const SHARDS: usize = 64;

/// Seconds without an event after which the next one begins a session: Amazon's and ours elsewhere.
const SESSION_GAP: u64 = 30 * 60;

/// One user's whole history, old and new, as of the last event.
#[derive(Debug)]
pub(super) struct LiveUser {
    /// Readers take a clone of the pointer; a writer copies the history only while one of them still reads it.
    history: Arc<OwnedHistory>,
    /// Names and numbers of the sessions that events named.
    sessions: Vec<(Box<str>, u32)>,
}

impl LiveUser {
    pub(super) fn push(&mut self, event: Event) {
        Arc::make_mut(&mut self.history).push(event);
    }

    /// Number of the session that an event belongs to: that of its name, or that of the event just before it in time when
    /// the gap is short, or a new one.
    pub(super) fn session(&mut self, name: Option<&str>, timestamp: i64) -> u32 {
        let history = self.history.as_history();
        let sessions = history.sessions.unwrap_or(&[]);
        let next = sessions.iter().filter(|&&s| s != NO_SESSION).max().map_or(0, |max| max + 1);
        if let Some(name) = name {
            let known = self.sessions.iter().find(|(known, _)| **known == *name);
            if let Some(&(_, number)) = known {
                return number;
            }
            self.sessions.push((name.into(), next));
            return next;
        }
        // A late event stands among the older ones, not after the newest.
        let place = history.timestamps.partition_point(|&known| known <= timestamp);
        let before =
            place.checked_sub(1).and_then(|i| Some((history.timestamps[i], *sessions.get(i)?)));
        match before {
            Some((time, session))
                if session != NO_SESSION && timestamp.abs_diff(time) <= SESSION_GAP =>
            {
                session
            }
            _ => next,
        }
    }
}

/// Users by id in 64 shards, each behind a lock of its own.
#[derive(Debug)]
pub(super) struct LiveHistories {
    hasher: RandomState,
    shards: Vec<RwLock<HashMap<Box<str>, LiveUser>>>,
    received: AtomicU64,
    unknown_item: AtomicU64,
    not_selected: AtomicU64,
}

impl Default for LiveHistories {
    fn default() -> Self {
        Self {
            hasher: RandomState::new(),
            shards: (0..SHARDS).map(|_| RwLock::default()).collect(),
            received: AtomicU64::new(0),
            unknown_item: AtomicU64::new(0),
            not_selected: AtomicU64::new(0),
        }
    }
}

impl LiveHistories {
    fn shard(&self, user: &str) -> &RwLock<HashMap<Box<str>, LiveUser>> {
        &self.shards[self.hasher.hash_one(user) as usize % SHARDS]
    }

    /// The history of a user with new events.
    pub(super) fn get(&self, user: &str) -> Option<Arc<OwnedHistory>> {
        // A poisoned lock means that another thread panicked between two whole states: the map is usable.
        let shard = self.shard(user).read().unwrap_or_else(PoisonError::into_inner);
        shard.get(user).map(|live| Arc::clone(&live.history))
    }

    /// Changes a user, who starts from `known` at the first change.
    pub(super) fn update(
        &self,
        user: &str,
        known: impl FnOnce() -> OwnedHistory,
        change: impl FnOnce(&mut LiveUser),
    ) {
        let mut shard = self.shard(user).write().unwrap_or_else(PoisonError::into_inner);
        if let Some(live) = shard.get_mut(user) {
            change(live);
        } else {
            let mut live = LiveUser { history: Arc::new(known()), sessions: Vec::new() };
            change(&mut live);
            shard.insert(user.into(), live);
        }
    }

    pub(super) fn count(&self, outcome: EventOutcome) {
        self.received.fetch_add(1, Ordering::Relaxed);
        match outcome {
            EventOutcome::Learned => 0,
            EventOutcome::UnknownItem => self.unknown_item.fetch_add(1, Ordering::Relaxed),
            EventOutcome::NotSelected => self.not_selected.fetch_add(1, Ordering::Relaxed),
        };
    }

    pub(super) fn counts(&self) -> EventCounts {
        EventCounts {
            received: self.received.load(Ordering::Relaxed),
            unknown_item: self.unknown_item.load(Ordering::Relaxed),
            not_selected: self.not_selected.load(Ordering::Relaxed),
        }
    }
}

#[cfg(test)]
impl LiveUser {
    /// A user with these events.
    pub(super) fn of(events: impl IntoIterator<Item = Event>) -> Self {
        Self { history: Arc::new(events.into_iter().collect()), sessions: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(timestamp: i64, session: u32) -> Event {
        Event { session: Some(session), ..Event::new(1, timestamp) }
    }

    // Oracle: a reading of the rule.
    #[test]
    fn a_session_is_found_by_name_or_by_the_event_just_before() {
        let mut history = OwnedHistory::default();
        history.push(event(100, 4));
        history.push(event(1_000_000, 5));
        let mut user = LiveUser { history: Arc::new(history), sessions: Vec::new() };
        assert_eq!(user.session(None, 1_000_060), 5, "goes on");
        assert_eq!(user.session(None, 1_010_000), 6, "after a pause");
        assert_eq!(user.session(None, 160), 4, "late, but beside an older one");
        assert_eq!(user.session(None, 50_000), 6, "late and beside none");
        assert_eq!(user.session(None, 10), 6, "before everything");
        assert_eq!(user.session(Some("a"), 1_020_000), 6);
        user.push(event(1_020_000, 6));
        assert_eq!(user.session(Some("b"), 1_020_001), 7);
        user.push(event(1_020_001, 7));
        assert_eq!(user.session(Some("a"), 1_020_002), 6, "a name keeps its number");
    }
}
