//! What an event's input says beside its item: whether it starts a session, and how long the user was away.

use ensue_core::History;

use super::Hierarchy;

/// Buckets of `log2(seconds + 1)`: the last begins after 34 years.
const BUCKETS: usize = 31;

/// Number of different codes: the first event of a user, one for each bucket inside a session, one for each at the start
/// of a later session.
pub(super) const CODES: usize = 1 + 2 * BUCKETS;

/// How events are coded, fixed when the recipe is fitted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Coder {
    /// Inactivity in seconds that starts a session where there is no session column.
    pub(super) gap: i64,
    pub(super) hierarchy: Hierarchy,
    /// Event types known in training.
    pub(super) types: usize,
}

impl Coder {
    /// Whether event `at` starts a session.
    pub(super) fn starts_session(&self, history: History<'_>, at: usize) -> bool {
        let Some(before) = at.checked_sub(1) else { return true };
        match history.sessions {
            Some(sessions) => sessions[before] != sessions[at],
            None => history.timestamps[at].saturating_sub(history.timestamps[before]) > self.gap,
        }
    }

    /// Type of event `at`; one that training did not know, or a missing one, counts as the first.
    pub(super) fn event_type(&self, history: History<'_>, at: usize) -> i32 {
        let code = history.event_types.map_or(0, |types| usize::from(types[at]));
        if code < self.types { code as i32 } else { 0 }
    }

    /// Code of event `at`, below [`CODES`]; always 0 when sessions are not an input.
    pub(super) fn code(&self, history: History<'_>, at: usize) -> i32 {
        let Some(before) = at.checked_sub(1) else { return 0 };
        if self.hierarchy != Hierarchy::SessionInput {
            return 0;
        }
        let away = history.timestamps[at].saturating_sub(history.timestamps[before]).max(0);
        let bucket = (away as u64 + 1).ilog2().min(BUCKETS as u32 - 1) as usize;
        let block = if self.starts_session(history, at) { BUCKETS } else { 0 };
        (1 + block + bucket) as i32
    }
}
