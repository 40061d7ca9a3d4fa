//! One row of the interactions table.

use serde::{Deserialize, Serialize};

/// The event type code that stands for "this event has none" where other events have one.
pub const NO_EVENT_TYPE: u8 = u8::MAX;

/// The session number that stands for "this event has none" where other events have one.
pub const NO_SESSION: u32 = u32::MAX;

/// The context number that stands for "this event has none" where other events have one.
pub const NO_CONTEXT: u32 = u32::MAX;

/// One interaction of a user with an item; the user is known from where the event stands.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Dense item id.
    pub item: u32,
    /// Seconds since 1970-01-01 00:00 UTC.
    pub timestamp: i64,
    /// Code of the event's type, below [`NO_EVENT_TYPE`], where it has one.
    #[serde(default)]
    pub event_type: Option<u8>,
    /// The event's value (a rating, a price), where it has one. Not-a-number counts as none.
    #[serde(default)]
    pub value: Option<f32>,
    /// Number of the session that the event belongs to, below [`NO_SESSION`], where it is given.
    /// Only equality within one user means something.
    #[serde(default)]
    pub session: Option<u32>,
    /// Row of the table of contexts (device, place, ..) that describes the event, below [`NO_CONTEXT`], where there is
    /// one.
    #[serde(default)]
    pub context: Option<u32>,
}

impl Event {
    /// An event with only an item and a time in seconds.
    pub fn new(item: u32, timestamp: i64) -> Self {
        Self { item, timestamp, event_type: None, value: None, session: None, context: None }
    }
}
