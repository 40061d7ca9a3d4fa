//! A served solution version: answers for user ids, and learns of new events, items and users without retraining.
//!
//! | file | what it holds |
//! |---|---|
//! | `requests.rs`, `answers.rs`, `errors.rs`, `config.rs` | what goes in and comes out |
//! | `events.rs`, `writer.rs` | events, items and users that come in, and the one writer that takes them in |
//! | `live.rs`, `catalogue.rs` | the state: snapshots of users, and of what is recommended from |
//! | `asked.rs`, `recommend.rs`, `rank.rs` | from a request to the model and back |
//! | `compose.rs`, `explore.rs`, `filters.rs`, `fields.rs` | promotions, exploration, filters, fields |
//! | `log/`, `delete.rs` | what survives a restart, and what must not |
//! | `batch/` | many questions from a file |
//!
//! Readers take no lock: users are immutable snapshots in a concurrent map, the catalogue is one behind an atomic pointer.
//! A writer makes the next snapshot and swaps it in; writers wait for each other alone.

mod answers;
mod asked;
mod batch;
mod catalogue;
mod compose;
mod config;
mod delete;
mod errors;
mod events;
mod explore;
mod fields;
mod filters;
mod live;
mod log;
mod rank;
mod recommend;
mod requests;
#[cfg(test)]
mod tests;
mod writer;

use std::{
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
};

use arc_swap::ArcSwap;

use self::{catalogue::Catalogue, live::LiveUser, log::EventLog, writer::Writer};
use crate::{Memory, Query, Recommend, SolutionVersion};

pub use answers::{PersonalizedRanking, Recommendations, RecommendedItem};
pub use batch::{BatchError, BatchOptions, BatchReport, MAX_LINE};
pub use config::CampaignConfig;
pub use errors::CampaignError;
pub use events::{
    EventCounts, EventOutcome, MAX_EVENTS, PutEvent, PutEvents, PutItem, PutUser, SessionEvent,
};
pub use log::LogError;
pub use requests::{
    MAX_CONTEXT, MAX_INPUT_LIST, MAX_RESULTS, MAX_USER_ID, Promotion, RankRequest, RecommendRequest,
};

/// Serves a [`SolutionVersion`] to any number of threads.
///
/// Answers take `&self`; so do new events, which change that user's next answer at once. Answering takes no lock that a
/// change holds, and copies no history but once after it has grown.
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
///
/// campaign.create_filter("not here", r#"EXCLUDE ItemID WHERE Items.ITEM_ID IN ($HERE)"#)?;
/// let mut request = RecommendRequest::new("somebody new").with_num_results(1).with_filter("not here");
/// request.filter_values.insert("HERE".to_owned(), r#""i4""#.to_owned());
/// assert_ne!(campaign.recommend(&request)?.items[0].item_id, "i4");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Campaign {
    version: Arc<SolutionVersion>,
    config: CampaignConfig,
    /// Users of whom more is known than the version knows.
    users: papaya::HashMap<Box<str>, Arc<LiveUser>>,
    /// What the model keeps of the histories of other users who were asked about.
    remembered: papaya::HashMap<u32, Memory>,
    catalogue: ArcSwap<Catalogue>,
    /// Time of the newest event.
    newest: AtomicI64,
    newest_of_version: i64,
    writer: Mutex<Writer>,
    warnings: Vec<String>,
}

impl Campaign {
    /// Serves a version with default settings and no log: what comes in is forgotten at the end. An `Arc` of a version may be
    /// shared by several campaigns.
    pub fn new(version: impl Into<Arc<SolutionVersion>>) -> Self {
        Self::unchecked(version.into(), CampaignConfig::default())
    }

    /// Serves a version with other settings and no log.
    ///
    /// # Errors
    /// [`CampaignError::Config`] when a setting is outside its range.
    pub fn with_config(
        version: impl Into<Arc<SolutionVersion>>,
        config: CampaignConfig,
    ) -> Result<Self, CampaignError> {
        config.check()?;
        Ok(Self::unchecked(version.into(), config))
    }

    /// Serves a version and keeps what comes in in a log: a campaign opened again on both answers as before.
    ///
    /// The log is begun where there is none. A last line that was torn off by the end of an earlier process is dropped and
    /// told in [`Campaign::warnings`]; it is one change that its caller was never told to be done.
    ///
    /// # Errors
    /// [`CampaignError::Log`] when the log cannot be read or written, is damaged (naming the line), in use by another
    /// campaign, or of a version trained on other data.
    pub fn open(
        version: impl Into<Arc<SolutionVersion>>,
        log: impl AsRef<Path>,
    ) -> Result<Self, CampaignError> {
        Self::open_with(version, log, CampaignConfig::default())
    }

    /// As [`Campaign::open`], with other settings.
    ///
    /// # Errors
    /// As [`Campaign::open`] and [`Campaign::with_config`].
    pub fn open_with(
        version: impl Into<Arc<SolutionVersion>>,
        log: impl AsRef<Path>,
        config: CampaignConfig,
    ) -> Result<Self, CampaignError> {
        let sync_every = config.sync_every;
        let mut campaign = Self::with_config(version, config)?;
        let fingerprint = campaign.version.data_fingerprint().to_owned();
        let redo = |operation| campaign.redo(operation).map_err(|error| error.to_string());
        let (log, warnings) = EventLog::open(log.as_ref(), &fingerprint, sync_every, redo)?;
        campaign.writer().log = Some(log);
        campaign.warnings = warnings;
        Ok(campaign)
    }

    fn unchecked(version: Arc<SolutionVersion>, config: CampaignConfig) -> Self {
        let newest = version.histories().all_events().timestamps.iter().copied().max().unwrap_or(0);
        Self {
            catalogue: ArcSwap::from_pointee(Catalogue::of(&version, config.explores())),
            version,
            config,
            users: papaya::HashMap::new(),
            remembered: papaya::HashMap::new(),
            newest: AtomicI64::new(newest),
            newest_of_version: newest,
            writer: Mutex::default(),
            warnings: Vec::new(),
        }
    }

    /// The version served.
    pub fn version(&self) -> &SolutionVersion {
        &self.version
    }

    /// Its settings.
    pub fn config(&self) -> &CampaignConfig {
        &self.config
    }

    /// What was found and put right when the log was opened.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// How many events came in: since the campaign began, or since its log did.
    pub fn event_counts(&self) -> EventCounts {
        self.writer().counts
    }

    /// Seconds since 1970 of the newest event of data and campaign.
    pub fn newest_event(&self) -> i64 {
        self.newest.load(Ordering::Relaxed)
    }

    /// Brings what the log has taken in to the disk; nothing to do without a log.
    ///
    /// # Errors
    /// [`CampaignError::Log`] when the system refuses.
    pub fn sync(&self) -> Result<(), CampaignError> {
        match &mut self.writer().log {
            Some(log) => Ok(log.sync()?),
            None => Ok(()),
        }
    }

    /// What the model keeps of the history of a user who is known to the version alone.
    fn remembered(&self, model: &dyn Recommend, user: u32, query: &Query<'_>) -> Option<Memory> {
        let remembered = self.remembered.pin();
        if let Some(memory) = remembered.get(&user) {
            return Some(memory.clone());
        }
        // Whatever is wrong with the question is told where the answer is made.
        let memory = model.remember(query).ok().flatten()?;
        if remembered.len() >= self.config.remembered_users {
            remembered.clear();
        }
        remembered.insert(user, memory.clone());
        // Whoever came, or was deleted, meanwhile is not to be remembered here.
        let user_id = self.version.users().decode(user)?;
        if self.users.pin().get(user_id).is_some() {
            remembered.remove(&user);
        }
        Some(memory)
    }
}
