//! Settings of SIMS, and their ranges.

use std::num::NonZeroUsize;

use serde::{Deserialize, Serialize};

use crate::SettingsError;

/// Settings of SIMS: items that the same people had.
///
/// | name | default | meaning | range |
/// |---|---|---|---|
/// | `popularity_discount_factor` | 0.5 | exponent of popularity under a pair's count | 0 to 1 |
/// | `min_cointeraction_count` | 3 | users that a pair needs; 0 and 1 are no limit | 0 to 10 |
/// | `min_user_history_length_percentile` | 0.005 | users with shorter histories are not counted | 0 to 1 |
/// | `max_user_history_length_percentile` | 0.995 | users with longer histories are not counted | 0 to 1 |
/// | `min_item_interaction_count_percentile` | 0.01 | rarer items are in no pair | 0 to 1 |
/// | `max_item_interaction_count_percentile` | 0.9 | more popular items are in no pair | 0 to 1 |
/// | `neighbors` | 100 | related items kept of each item | 1 to 10000 |
///
/// ```
/// use ensue_recommend::{Recipe, recipes::sims::Sims};
/// let cosine = Sims { min_cointeraction_count: 0, ..Sims::default() };
/// assert!(cosine.check().is_ok());
/// assert!(Sims { popularity_discount_factor: 1.5, ..cosine }.check().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sims {
    /// Exponent of popularity under a pair's count: 0 (popular pairs first) to 1 (lift). Default 0.5, the cosine.
    pub popularity_discount_factor: f64,
    /// Users who must have had both items of a pair, 0 to 10. Default 3.
    pub min_cointeraction_count: u32,
    /// Users with fewer distinct items than at this percentile are not counted. Default 0.005.
    pub min_user_history_length_percentile: f64,
    /// Users with more distinct items than at this percentile are not counted. Default 0.995.
    pub max_user_history_length_percentile: f64,
    /// Items with fewer distinct users than at this percentile are in no pair. Default 0.01.
    pub min_item_interaction_count_percentile: f64,
    /// Items with more distinct users than at this percentile are in no pair. Default 0.9.
    pub max_item_interaction_count_percentile: f64,
    /// Related items kept of each item, 1 to 10,000. Default 100: enough for a page after filters, and 800 bytes an item
    /// at most. Amazon answers with at most 500.
    pub neighbors: NonZeroUsize,
}

impl Default for Sims {
    fn default() -> Self {
        Self {
            popularity_discount_factor: 0.5,
            min_cointeraction_count: 3,
            min_user_history_length_percentile: 0.005,
            max_user_history_length_percentile: 0.995,
            min_item_interaction_count_percentile: 0.01,
            max_item_interaction_count_percentile: 0.9,
            neighbors: NonZeroUsize::new(100).expect("the default is not zero"),
        }
    }
}

impl Sims {
    /// Checks every field; see the table above for the ranges.
    pub(super) fn check_fields(&self) -> Result<(), SettingsError> {
        let field = |name, value: f64, ok: bool, rule: &str| {
            if ok { Ok(()) } else { Err(SettingsError::field(super::NAME, name, value, rule)) }
        };
        let unit = |name, value: f64| {
            field(name, value, (0.0..=1.0).contains(&value), "must be between 0 and 1")
        };
        unit("popularity_discount_factor", self.popularity_discount_factor)?;
        let count = self.min_cointeraction_count;
        let rule = "must be between 0 and 10";
        field("min_cointeraction_count", f64::from(count), count <= 10, rule)?;
        let (low, high) =
            (self.min_user_history_length_percentile, self.max_user_history_length_percentile);
        unit("min_user_history_length_percentile", low)?;
        unit("max_user_history_length_percentile", high)?;
        let rule = "must not be below min_user_history_length_percentile";
        field("max_user_history_length_percentile", high, low <= high, rule)?;
        let (low, high) = (
            self.min_item_interaction_count_percentile,
            self.max_item_interaction_count_percentile,
        );
        unit("min_item_interaction_count_percentile", low)?;
        unit("max_item_interaction_count_percentile", high)?;
        let rule = "must not be below min_item_interaction_count_percentile";
        field("max_item_interaction_count_percentile", high, low <= high, rule)?;
        let neighbors = self.neighbors.get();
        field("neighbors", neighbors as f64, neighbors <= 10_000, "must be at most 10000")
    }
}
