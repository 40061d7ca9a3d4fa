//! What a campaign is told: events, items and users, in the terms of Amazon's `PutEvents`, `PutItems` and `PutUsers`.

use ensue_data::FieldValues;
use serde::{Deserialize, Serialize};

use super::{CampaignError, requests::check_user_id};

/// Most events of one [`PutEvents`]: Amazon's limit.
pub const MAX_EVENTS: usize = 10;

/// Something that just happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PutEvent {
    /// Who; may be somebody new.
    pub user_id: String,
    /// With what. An item the model does not know is counted, but cannot change an answer.
    pub item_id: String,
    /// When, seconds since 1970. An event that arrives late takes its place in time.
    pub timestamp: i64,
    /// Its type, for versions trained with types.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_type: Option<String>,
    /// Its value, for versions trained with values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_value: Option<f32>,
    /// Its session, for versions trained with a session column, and to join what happened in the session before its user
    /// was known. Without one, an event within 30 minutes of the user's last belongs to the same session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
}

impl PutEvent {
    /// An event without type, value or session.
    pub fn new(user_id: impl Into<String>, item_id: impl Into<String>, timestamp: i64) -> Self {
        Self {
            user_id: user_id.into(),
            item_id: item_id.into(),
            timestamp,
            event_type: None,
            event_value: None,
            session_id: None,
        }
    }
}

/// Up to ten events of one session (Amazon's `PutEvents`); either all are taken in or none.
///
/// Without a user the events belong to the session: its id stands for a user's in questions, until an event names both.
/// Then the session's events move into the history of that user, once, and later events of the session without a user are
/// that user's too. Names are also read as Amazon writes them (`sessionId`).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PutEvents {
    /// The visit they belong to.
    #[serde(alias = "sessionId")]
    pub session_id: String,
    /// Who; nobody while they have not logged in.
    #[serde(default, alias = "userId", skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// What happened, 1 to 10 events.
    #[serde(alias = "eventList")]
    pub event_list: Vec<SessionEvent>,
}

/// One event of [`PutEvents`].
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionEvent {
    /// Its type.
    #[serde(alias = "eventType")]
    pub event_type: String,
    /// When, seconds since 1970.
    #[serde(alias = "sentAt")]
    pub sent_at: i64,
    /// The caller's own name for it; kept in the log only.
    #[serde(default, alias = "eventId", skip_serializing_if = "Option::is_none")]
    pub event_id: Option<String>,
    /// With what.
    #[serde(alias = "itemId")]
    pub item_id: String,
    /// Its value.
    #[serde(default, alias = "eventValue", skip_serializing_if = "Option::is_none")]
    pub event_value: Option<f32>,
    /// What is known of the moment, by name of a field of the interactions or in Amazon's camel case (`deviceType` for
    /// `DEVICE_TYPE`).
    #[serde(default, skip_serializing_if = "FieldValues::is_empty")]
    pub properties: FieldValues,
    /// Items that were shown; kept in the log only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impression: Option<Vec<String>>,
    /// The answer that led here; kept in the log only.
    #[serde(default, alias = "recommendationId", skip_serializing_if = "Option::is_none")]
    pub recommendation_id: Option<String>,
}

impl SessionEvent {
    /// An event without value and properties.
    pub fn new(event_type: impl Into<String>, item_id: impl Into<String>, sent_at: i64) -> Self {
        Self { event_type: event_type.into(), item_id: item_id.into(), sent_at, ..Self::default() }
    }
}

/// An item and what is known of it (Amazon's `PutItems`): a new one, or all that is known of an old one from now on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PutItem {
    /// The item.
    #[serde(alias = "itemId")]
    pub item_id: String,
    /// Its fields, by name in the schema or in Amazon's camel case (`numRatings` for `NUM_RATINGS`).
    #[serde(default)]
    pub properties: FieldValues,
}

/// A user and what is known of them (Amazon's `PutUsers`): somebody new, or all that is known of an old one from now on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PutUser {
    /// The user.
    #[serde(alias = "userId")]
    pub user_id: String,
    /// Their fields, by name in the schema or in Amazon's camel case.
    #[serde(default)]
    pub properties: FieldValues,
}

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventOutcome {
    /// It is part of the user's history: the next answer knows it.
    Learned,
    /// The model does not know its item: counted, and seen by filters where the item is in the catalogue.
    UnknownItem,
    /// The solution trains on other event types or higher values: counted, and seen by filters.
    NotSelected,
    /// The user has the same event at the same time already: counted only.
    Duplicate,
}

/// How many events a campaign has taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EventCounts {
    /// All of them.
    pub received: u64,
    /// Those on items that the model does not know.
    pub unknown_item: u64,
    /// Those that the solution's event type or value threshold leaves out.
    pub not_selected: u64,
    /// Those that repeat an earlier one.
    pub duplicates: u64,
}

impl EventCounts {
    pub(super) fn add(&mut self, outcome: EventOutcome) {
        self.received += 1;
        match outcome {
            EventOutcome::Learned => {}
            EventOutcome::UnknownItem => self.unknown_item += 1,
            EventOutcome::NotSelected => self.not_selected += 1,
            EventOutcome::Duplicate => self.duplicates += 1,
        }
    }
}

/// An event as the campaign takes it in, however it came.
#[derive(Debug, Clone)]
pub(super) struct Incoming<'a> {
    pub(super) user_id: Option<&'a str>,
    pub(super) session_id: Option<&'a str>,
    pub(super) item_id: &'a str,
    pub(super) timestamp: i64,
    pub(super) event_type: Option<&'a str>,
    pub(super) event_value: Option<f32>,
    pub(super) properties: Option<&'a FieldValues>,
}

impl<'a> Incoming<'a> {
    pub(super) fn one(put: &'a PutEvent) -> Self {
        Self {
            user_id: Some(&put.user_id),
            session_id: put.session_id.as_deref(),
            item_id: &put.item_id,
            timestamp: put.timestamp,
            event_type: put.event_type.as_deref(),
            event_value: put.event_value,
            properties: None,
        }
    }

    pub(super) fn all(put: &'a PutEvents) -> Result<Vec<Self>, CampaignError> {
        let found = put.event_list.len();
        if !(1..=MAX_EVENTS).contains(&found) {
            return Err(CampaignError::EventCount { found });
        }
        let events = put.event_list.iter().map(|event| Self {
            user_id: put.user_id.as_deref(),
            session_id: Some(&put.session_id),
            item_id: &event.item_id,
            timestamp: event.sent_at,
            event_type: Some(&event.event_type),
            event_value: event.event_value,
            properties: Some(&event.properties),
        });
        Ok(events.collect())
    }

    pub(super) fn check(&self) -> Result<(), CampaignError> {
        self.user_id.map_or(Ok(()), check_user_id)?;
        if self.session_id.is_some_and(str::is_empty) {
            return Err(CampaignError::EmptySessionId);
        }
        if let (None, Some(session_id)) = (self.user_id, self.session_id) {
            check_user_id(session_id)?;
        }
        if self.item_id.is_empty() {
            return Err(CampaignError::EmptyItemId);
        }
        if self.timestamp < 0 {
            return Err(CampaignError::NegativeTimestamp { timestamp: self.timestamp });
        }
        Ok(())
    }
}
