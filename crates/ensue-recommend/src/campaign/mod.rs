//! A served solution version: answers for user ids, and learns of new events without retraining.

mod live;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use ensue_core::{Event, History};
use serde::{Deserialize, Serialize};

use self::live::{LiveHistories, LiveUser};
use crate::{Query, QueryError, Recommend, ScoredItem, SolutionVersion, evaluation::seen_items};

/// Most results one answer may have: Amazon's limit.
pub const MAX_RESULTS: usize = 500;

/// Longest user id, in characters: Amazon's limit.
pub const MAX_USER_ID: usize = 256;

/// Serves a [`SolutionVersion`] to any number of threads.
///
/// Answers take `&self`; so do new events, which change that user's next answer at once. Answering holds a lock only while
/// it copies a pointer, one of 64 that share the users, and none at all for users without new events.
///
/// ```
/// use ensue_core::Run;
/// use ensue_data::{DatasetGroup, ImportRules};
/// use ensue_recommend::{AnyRecipe, Campaign, PutEvent, RecommendRequest, Solution};
///
/// # let events: Vec<(String, String, i64)> = (0..40)
/// #     .flat_map(|user| (0..8).map(move |step| (format!("u{user}"), format!("i{}", (user + step) % 10), step)))
/// #     .collect();
/// # let rules = ImportRules { min_interactions: 100, ..ImportRules::default() };
/// # let group = DatasetGroup::from_events(events.iter().map(|(u, i, t)| (u.as_str(), i.as_str(), *t)), &rules)?;
/// // Forty people walk around a ring: i0, i1, .. i9, i0, ..
/// let version = Solution::new(AnyRecipe::by_name("markov")?).train(&group, &mut Run::new("ndarray"))?;
/// let campaign = Campaign::new(version);
///
/// campaign.put_event(&PutEvent::new("somebody new", "i3", 1_700_000_000))?;
/// let answer = campaign.recommend(&RecommendRequest::new("somebody new").with_num_results(1))?;
/// assert_eq!(answer.items[0].item_id, "i4");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Campaign {
    version: Arc<SolutionVersion>,
    live: LiveHistories,
}

/// A question to a campaign.
///
/// | name | default | meaning | range |
/// |---|---|---|---|
/// | `user_id` | required | whom the answer is for | 1 to 256 characters |
/// | `num_results` | 25 | items wanted | 0 to 500 |
/// | `exclude_seen` | `false` | leave out items of the user's own history | |
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecommendRequest {
    /// Whom the answer is for; somebody never seen is answered with popular items.
    pub user_id: String,
    /// Items wanted, 0 to 500. Default 25.
    #[serde(default = "default_num_results")]
    pub num_results: usize,
    /// Whether items of the user's own history, new events included, are left out. Default `false`.
    #[serde(default)]
    pub exclude_seen: bool,
}

fn default_num_results() -> usize {
    25
}

impl RecommendRequest {
    /// 25 results for a user, seen items kept.
    pub fn new(user_id: impl Into<String>) -> Self {
        Self { user_id: user_id.into(), num_results: default_num_results(), exclude_seen: false }
    }

    /// The same for another number of results.
    pub fn with_num_results(self, num_results: usize) -> Self {
        Self { num_results, ..self }
    }

    /// The same with seen items left out, or not.
    pub fn with_exclude_seen(self, exclude_seen: bool) -> Self {
        Self { exclude_seen, ..self }
    }
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recommendations {
    /// Items, best first; fewer than asked for when the catalogue has no more.
    pub items: Vec<RecommendedItem>,
    /// Whether the answer is the user's own; `false` when nothing of them is known and these are the popular items.
    pub known_user: bool,
}

/// One line of an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecommendedItem {
    /// The item.
    pub item_id: String,
    /// Its probability to be next, over the whole catalogue, where the recipe gives one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<f32>,
}

/// Something that just happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PutEvent {
    /// Who; may be somebody new.
    pub user_id: String,
    /// With what. An item the version was not trained with is counted, but cannot change an answer.
    pub item_id: String,
    /// When, seconds since 1970. An event that arrives late takes its place in time.
    pub timestamp: i64,
    /// Its type, for versions trained with types.
    #[serde(default)]
    pub event_type: Option<String>,
    /// Its value, for versions trained with values.
    #[serde(default)]
    pub event_value: Option<f32>,
    /// Its session, for versions trained with a session column. Without one, an event within 30 minutes of the user's last
    /// belongs to the same session.
    #[serde(default)]
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

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventOutcome {
    /// It is part of the user's history: the next answer knows it.
    Learned,
    /// Its item is not in the catalogue: counted only.
    UnknownItem,
    /// The solution trains on other event types or higher values: counted only.
    NotSelected,
}

/// How many events a campaign has taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EventCounts {
    /// All of them.
    pub received: u64,
    /// Those on items outside the catalogue.
    pub unknown_item: u64,
    /// Those that the solution's event type or value threshold leaves out.
    pub not_selected: u64,
}

/// A campaign refused a question or an event.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CampaignError {
    /// The user id is empty.
    #[error("the user id is empty")]
    EmptyUserId,
    /// The user id is too long.
    #[error("the user id has {length} characters, {MAX_USER_ID} are allowed")]
    LongUserId {
        /// Its length in characters.
        length: usize,
    },
    /// The item id is empty.
    #[error("the item id is empty")]
    EmptyItemId,
    /// Too many results are asked for.
    #[error("{num_results} results are asked for, 0 to {MAX_RESULTS} are allowed")]
    NumResults {
        /// The number asked for.
        num_results: usize,
    },
    /// The time of an event lies before 1970.
    #[error("the timestamp {timestamp} is negative")]
    NegativeTimestamp {
        /// The time given.
        timestamp: i64,
    },
    /// The model could not answer.
    #[error(transparent)]
    Query(#[from] QueryError),
}

impl Campaign {
    /// Serves a version; an `Arc` of one may be shared by several campaigns.
    pub fn new(version: impl Into<Arc<SolutionVersion>>) -> Self {
        Self { version: version.into(), live: LiveHistories::default() }
    }

    /// The version served.
    pub fn version(&self) -> &SolutionVersion {
        &self.version
    }

    /// How many events came in since the campaign began.
    pub fn event_counts(&self) -> EventCounts {
        self.live.counts()
    }

    /// The items most likely to be next for a user, best first; popular items for somebody without a history.
    ///
    /// # Errors
    /// [`CampaignError`] when the user id is empty or too long, or more than 500 results are asked for.
    pub fn recommend(&self, request: &RecommendRequest) -> Result<Recommendations, CampaignError> {
        check_user_id(&request.user_id)?;
        if request.num_results > MAX_RESULTS {
            return Err(CampaignError::NumResults { num_results: request.num_results });
        }
        let parts = self.version.parts();
        let user = parts.users.encode(&request.user_id);
        let live = self.live.get(&request.user_id);
        let history = match (&live, user) {
            (Some(live), _) => Some(live.as_history()),
            (None, Some(user)) => Some(parts.histories.user(user)),
            (None, None) => None,
        }
        .filter(|history| !history.is_empty());

        let seen = match history {
            Some(history) if request.exclude_seen => seen_items(history),
            _ => Vec::new(),
        };
        let model: &dyn Recommend = if history.is_some() { &*parts.model } else { &parts.popular };
        let history = history.unwrap_or(NO_EVENTS);
        let query = Query { user, ..Query::from_history(history) }.excluding(&seen);
        let mut answers = model.recommend(&[query], request.num_results)?;
        let items = answers.pop().unwrap_or_default();
        Ok(Recommendations {
            items: items.into_iter().map(|line| self.named(line)).collect(),
            known_user: !history.is_empty(),
        })
    }

    fn named(&self, line: ScoredItem) -> RecommendedItem {
        let item_id = self.version.items().decode(line.item);
        let item_id = item_id.expect("a model answers within the vocabulary it was loaded with");
        RecommendedItem { item_id: item_id.to_owned(), score: line.score }
    }

    /// Takes in an event; the user's next answer knows it. Users may be new. An event on an item that the version was not
    /// trained with, or that the solution's event type or threshold leaves out, is counted and changes nothing else.
    ///
    /// # Errors
    /// [`CampaignError`] when an id is empty or too long, or the timestamp is negative.
    pub fn put_event(&self, put: &PutEvent) -> Result<EventOutcome, CampaignError> {
        check_user_id(&put.user_id)?;
        if put.item_id.is_empty() {
            return Err(CampaignError::EmptyItemId);
        }
        if put.timestamp < 0 {
            return Err(CampaignError::NegativeTimestamp { timestamp: put.timestamp });
        }
        let parts = self.version.parts();
        let outcome = if !self.selects(put) {
            EventOutcome::NotSelected
        } else if let Some(item) = parts.items.encode(&put.item_id) {
            self.append(put, item);
            EventOutcome::Learned
        } else {
            EventOutcome::UnknownItem
        };
        self.live.count(outcome);
        Ok(outcome)
    }

    /// Whether the solution would have trained on such an event.
    fn selects(&self, put: &PutEvent) -> bool {
        let solution = self.version.solution();
        let typed = match (&solution.event_type, &put.event_type) {
            (Some(wanted), given) => Some(wanted) == given.as_ref(),
            // A type that training never saw, or that the import left out, must not pass for another.
            (None, Some(given)) => {
                let known = self.version.parts().histories.event_type_names();
                known.is_empty() || known.contains(given)
            }
            (None, None) => true,
        };
        let valued = solution
            .event_value_threshold
            .is_none_or(|threshold| put.event_value.is_some_and(|value| value >= threshold));
        typed && valued
    }

    fn append(&self, put: &PutEvent, item: u32) {
        let parts = self.version.parts();
        let histories = &parts.histories;
        let code = |name: &String| {
            let place = histories.event_type_names().iter().position(|known| known == name);
            place.map(|place| place as u8)
        };
        // Columns the model was not trained with are left out, so that a history looks as in training.
        let event_type =
            put.event_type.as_ref().filter(|_| histories.has_event_types()).and_then(code);
        let value = put.event_value.filter(|_| histories.has_values());
        let known = || {
            let user = parts.users.encode(&put.user_id);
            user.map_or(NO_EVENTS, |user| histories.user(user)).to_owned()
        };
        self.live.update(&put.user_id, known, |user: &mut LiveUser| {
            let session = histories
                .has_sessions()
                .then(|| user.session(put.session_id.as_deref(), put.timestamp));
            let context = None;
            user.push(Event {
                item,
                timestamp: put.timestamp,
                event_type,
                value,
                session,
                context,
            });
        });
    }
}

const NO_EVENTS: History<'static> = History {
    items: &[],
    timestamps: &[],
    event_types: None,
    values: None,
    sessions: None,
    contexts: None,
};

fn check_user_id(user_id: &str) -> Result<(), CampaignError> {
    if user_id.is_empty() {
        return Err(CampaignError::EmptyUserId);
    }
    // A string has at most as many characters as bytes: counting is only needed past the limit.
    if user_id.len() > MAX_USER_ID && user_id.chars().count() > MAX_USER_ID {
        return Err(CampaignError::LongUserId { length: user_id.chars().count() });
    }
    Ok(())
}
