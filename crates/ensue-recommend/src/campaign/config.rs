//! Settings of a campaign.

use ensue_core::Seed;
use serde::{Deserialize, Serialize};

use super::CampaignError;

/// Settings of a campaign.
///
/// | name | default | meaning | range |
/// |---|---|---|---|
/// | `exploration_weight` | 0 (off) | probability that a place of an answer goes to a young item; Amazon's default is 0.3 where exploration is on | 0 to 1 |
/// | `exploration_item_age_cut_off` | 30 | days before the newest event up to which an item is young | more than 0 |
/// | `exploration_seed` | 0 | what the draws come from | |
/// | `sync_every` | none | bring the log to the disk after so many changes; without it, when [`super::Campaign::sync`] asks | at least 1 |
/// | `remembered_users` | 100,000 | users of the version whose network state is kept between answers; at one more all are forgotten, which costs time and changes no answer | |
///
/// Exploration: each place of an answer that is not promoted goes, with probability `exploration_weight`, to one of the
/// items that came to be at most `exploration_item_age_cut_off` days before the newest event of data and campaign. Of
/// the young items that the model likes best (as many as results are asked for), that with the largest `1 / rank +
/// 1 / sqrt(1 + events)` comes first: `rank` is its place in the model's order among the young, `events` how many events
/// it has. Draws depend on the seed, the id asked for and the number of events of that user, so that a campaign opened
/// again answers the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CampaignConfig {
    /// Probability that a place goes to a young item, 0 to 1. Default 0: off.
    pub exploration_weight: f64,
    /// Age up to which an item is young, days. Default 30.
    pub exploration_item_age_cut_off: f64,
    /// What the draws come from. Default 0.
    pub exploration_seed: Seed,
    /// Bring the log to the disk after so many changes. Default `None`: the operating system decides.
    pub sync_every: Option<usize>,
    /// Users of the version whose network state is kept between answers. Default 100,000.
    pub remembered_users: usize,
}

impl Default for CampaignConfig {
    fn default() -> Self {
        Self {
            exploration_weight: 0.0,
            exploration_item_age_cut_off: 30.0,
            exploration_seed: Seed(0),
            sync_every: None,
            remembered_users: 100_000,
        }
    }
}

impl CampaignConfig {
    /// Whether places go to young items.
    pub(super) fn explores(&self) -> bool {
        self.exploration_weight > 0.0
    }

    pub(super) fn check(&self) -> Result<(), CampaignError> {
        let refused = |field, value: &dyn ToString, rule| {
            Err(CampaignError::Config { field, value: value.to_string(), rule })
        };
        if !(0.0..=1.0).contains(&self.exploration_weight) {
            return refused("exploration_weight", &self.exploration_weight, "must be 0 to 1");
        }
        let days = self.exploration_item_age_cut_off;
        if !(days > 0.0 && days.is_finite()) {
            return refused("exploration_item_age_cut_off", &days, "must be more than 0 days");
        }
        if self.sync_every == Some(0) {
            return refused("sync_every", &0, "must be at least 1");
        }
        Ok(())
    }
}
