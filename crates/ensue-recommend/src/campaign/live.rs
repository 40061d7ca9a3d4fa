//! Users of whom a campaign knows more than its version: immutable snapshots, one replaced by the next.

use std::sync::{Arc, OnceLock};

use ensue_core::{Event, History, OwnedHistory, interactions::NO_SESSION};
use ensue_data::FieldValues;

use crate::{Memory, Query, Recommend};

/// Seconds without an event after which the next one begins a session: Amazon's and ours elsewhere.
const SESSION_GAP: u64 = 30 * 60;

/// Events that wait before they are sorted in, at least; for long histories the square root of their length.
const FEW: usize = 64;

/// A history that grows: a sorted part, and the events since. Adding to one of `n` events costs about `sqrt(n)`, the first
/// look at it afterwards `n`.
#[derive(Debug, Clone, Default)]
pub(super) struct Timeline {
    sorted: Arc<OwnedHistory>,
    since: Vec<Event>,
    whole: OnceLock<Arc<OwnedHistory>>,
}

impl From<OwnedHistory> for Timeline {
    fn from(history: OwnedHistory) -> Self {
        Self { sorted: Arc::new(history), ..Self::default() }
    }
}

impl Timeline {
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.sorted.len() + self.since.len()
    }

    /// All events, oldest first.
    pub(super) fn history(&self) -> History<'_> {
        if self.since.is_empty() {
            return self.sorted.as_history();
        }
        self.whole.get_or_init(|| Arc::new(self.sort_in())).as_history()
    }

    fn sort_in(&self) -> OwnedHistory {
        let mut all = OwnedHistory::clone(&self.sorted);
        self.since.iter().for_each(|&event| all.push(event));
        all
    }

    /// The same with one more event.
    pub(super) fn with(&self, event: Event) -> Self {
        let mut next = if let Some(whole) = self.whole.get() {
            Self { sorted: Arc::clone(whole), ..Self::default() }
        } else {
            let sorted = Arc::clone(&self.sorted);
            Self { sorted, since: self.since.clone(), ..Self::default() }
        };
        next.since.push(event);
        if next.since.len() >= FEW.max(next.sorted.len().isqrt()) {
            next = next.sort_in().into();
        }
        next
    }

    /// The last event in time.
    pub(super) fn last(&self) -> Option<Event> {
        let sorted = self.sorted.as_history();
        let sorted = sorted.len().checked_sub(1).map(|last| sorted.event(last));
        // Of equal times the later one is last, as the sorted part has it.
        self.since.iter().copied().fold(sorted, |last, event| match last {
            Some(last) if last.timestamp > event.timestamp => Some(last),
            _ => Some(event),
        })
    }

    /// Whether an event of this time has the same item, type, value and context.
    pub(super) fn contains(&self, event: &Event) -> bool {
        let same = |other: Event| {
            other.timestamp == event.timestamp
                && other.item == event.item
                && other.event_type == event.event_type
                && other.value.map(f32::to_bits) == event.value.map(f32::to_bits)
                && other.context == event.context
        };
        let sorted = self.sorted.as_history();
        let from = sorted.timestamps.partition_point(|&time| time < event.timestamp);
        let now = sorted.timestamps[from..].iter().take_while(|&&time| time == event.timestamp);
        (from..from + now.count()).any(|at| same(sorted.event(at)))
            || self.since.iter().any(|&event| same(event))
    }
}

/// One user as of one moment.
#[derive(Debug, Clone, Default)]
pub(super) struct LiveUser {
    /// Dense id in the version; `None` for new users and for those who were deleted.
    pub(super) known: Option<u32>,
    /// What the model sees.
    pub(super) events: Timeline,
    /// What filters see, where that is more: events of other types, on items the model does not know, and with columns
    /// that the model was not trained with.
    pub(super) all: Option<Timeline>,
    /// What is known of them since the version.
    pub(super) fields: Option<Arc<FieldValues>>,
    /// Contexts of their events that the version does not have; row `r` of an event is entry `r - rows of the version`.
    pub(super) contexts: Arc<Vec<FieldValues>>,
    /// Whether this is a session of somebody who has not logged in yet.
    pub(super) anonymous: bool,
    sessions: Arc<Vec<(Box<str>, u32)>>,
    next_session: u32,
    /// Made by the first reader that needs it.
    memory: OnceLock<Option<Memory>>,
    /// A memory of the beginning of the history.
    before: Option<Memory>,
}

impl LiveUser {
    /// A user of the version, or somebody new.
    pub(super) fn new(known: Option<u32>, history: OwnedHistory) -> Self {
        let sessions = history.as_history().sessions.unwrap_or(&[]);
        let last = sessions.iter().filter(|&&session| session != NO_SESSION).max();
        let next_session = last.map_or(0, |last| last + 1);
        Self { known, next_session, events: history.into(), ..Self::default() }
    }

    /// The same with what a model kept of the history.
    pub(super) fn remembering(self, memory: Option<Memory>) -> Self {
        Self { before: memory, ..self }
    }

    /// What filters see.
    pub(super) fn seen_by_filters(&self) -> &Timeline {
        self.all.as_ref().unwrap_or(&self.events)
    }

    /// Adds an event in the form for the model, where it is for the model, and in that for filters.
    pub(super) fn push(&mut self, for_model: Option<Event>, for_filters: Event) {
        if self.all.is_some() || for_model != Some(for_filters) {
            let all = self.all.take().unwrap_or_else(|| self.events.clone());
            self.all = Some(all.with(for_filters));
        }
        let Some(event) = for_model else { return };
        let in_order = self.events.last().is_none_or(|last| last.timestamp <= event.timestamp);
        let remembered = self.memory.take().flatten().or_else(|| self.before.take());
        self.before = remembered.filter(|_| in_order);
        self.events = self.events.with(event);
        if let Some(session) = event.session {
            self.next_session = self.next_session.max(session.saturating_add(1));
        }
    }

    /// Adds events of somebody else who turned out to be this user; `all` are those that filters see, where those are more.
    pub(super) fn push_all(&mut self, events: &[Event], all: Option<&[Event]>) {
        if self.all.is_some() || all.is_some() {
            let mut own = self.all.take().unwrap_or_else(|| self.events.clone());
            for &event in all.unwrap_or(events) {
                own = own.with(event);
            }
            self.all = Some(own);
        }
        for &event in events {
            let all = self.all.take();
            self.push(Some(event), event);
            self.all = all;
        }
    }

    /// Forgets what the model made of the history.
    pub(super) fn drop_memory(&mut self) {
        self.memory = OnceLock::new();
        self.before = None;
    }

    /// What the model keeps of the history, made at the first call.
    pub(super) fn memory(&self, model: &dyn Recommend, query: Query<'_>) -> Option<&Memory> {
        let make = || {
            let query = Query { memory: self.before.as_ref(), ..query };
            // Whatever is wrong with the question is told where the answer is made.
            model.remember(&query).ok().flatten()
        };
        self.memory.get_or_init(make).as_ref()
    }

    /// The memory there is already, of the whole history or of its beginning.
    pub(super) fn ready_memory(&self) -> Option<&Memory> {
        self.memory.get().and_then(Option::as_ref).or(self.before.as_ref())
    }

    /// Number of the session that an event belongs to: that of its name, or that of the event just before it in time when
    /// the gap is short, or a new one.
    pub(super) fn session(&mut self, name: Option<&str>, timestamp: i64) -> u32 {
        let next = self.next_session;
        if let Some(name) = name {
            let known = self.sessions.iter().find(|(known, _)| **known == *name);
            if let Some(&(_, number)) = known {
                return number;
            }
            Arc::make_mut(&mut self.sessions).push((name.into(), next));
            return next;
        }
        let last = self.events.last().filter(|last| last.timestamp <= timestamp);
        // A late event stands among the older ones, not after the newest.
        let before = last.or_else(|| {
            let history = self.events.history();
            let place = history.timestamps.partition_point(|&known| known <= timestamp);
            place.checked_sub(1).map(|place| history.event(place))
        });
        let near = before.filter(|event| timestamp.abs_diff(event.timestamp) <= SESSION_GAP);
        near.and_then(|event| event.session).unwrap_or(next)
    }

    /// Row of a context that the version does not have.
    pub(super) fn own_context(&mut self, version_rows: usize, context: &FieldValues) -> u32 {
        let at = self.contexts.iter().position(|known| known == context).unwrap_or_else(|| {
            Arc::make_mut(&mut self.contexts).push(context.clone());
            self.contexts.len() - 1
        });
        (version_rows + at) as u32
    }
}
