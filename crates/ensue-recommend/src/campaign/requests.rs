//! Questions to a campaign, in the terms of Amazon's `GetRecommendations` and `GetPersonalizedRanking`.

use std::collections::BTreeMap;

use ensue_data::FieldValues;
use serde::{Deserialize, Serialize};

use super::CampaignError;

/// Most results one answer may have: Amazon's limit.
pub const MAX_RESULTS: usize = 500;

/// Most items of a list to be ranked: Amazon's limit.
pub const MAX_INPUT_LIST: usize = 500;

/// Longest user id, in characters: Amazon's limit.
pub const MAX_USER_ID: usize = 256;

/// Most entries of a context: Amazon's limit.
pub const MAX_CONTEXT: usize = 150;

/// A question to a campaign (Amazon's `GetRecommendations`).
///
/// | name | default | meaning | range |
/// |---|---|---|---|
/// | `user_id` | none | whom the answer is for | 1 to 256 characters |
/// | `item_id` | none | what the answer goes with; only for recipes that answer for items, such as SIMS | |
/// | `num_results` | 25 | items wanted | 0 to 500 |
/// | `exclude_seen` | `false` | leave out items of the user's own history | |
/// | `context` | empty | what is known of the moment, by name of a field of the interactions | 150 entries |
/// | `filter` | none | name of a filter that [`super::Campaign::create_filter`] made | |
/// | `filter_values` | empty | what the filter's placeholders stand for | |
/// | `promotions` | none | a share of the answer for items of another filter | 1 |
/// | `metadata_columns` | none | fields of the items that the answer carries | |
///
/// A recipe that answers for users needs `user_id` and refuses `item_id`. One that answers for items takes `item_id`, or
/// `user_id` alone, which asks for the item of the user's last event; with both, the user is the one that filters and
/// `exclude_seen` look at. Names are also read as Amazon writes them (`userId`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RecommendRequest {
    /// Whom the answer is for; somebody never seen is answered with popular items.
    #[serde(alias = "userId", skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// The item that the answer goes with, for recipes that answer for items.
    #[serde(alias = "itemId", skip_serializing_if = "Option::is_none")]
    pub item_id: Option<String>,
    /// Items wanted, 0 to 500. Default 25.
    #[serde(alias = "numResults")]
    pub num_results: usize,
    /// Whether items of the user's own history, new events included, are left out. Default `false`.
    pub exclude_seen: bool,
    /// What is known of the moment. Fields that training did not know are ignored.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub context: FieldValues,
    /// Name of a filter that says what may be recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// Values of the filter's placeholders.
    #[serde(alias = "filterValues", skip_serializing_if = "BTreeMap::is_empty")]
    pub filter_values: BTreeMap<String, String>,
    /// What is promoted; one at most.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub promotions: Vec<Promotion>,
    /// Fields of the items that the answer carries.
    #[serde(alias = "metadataColumns", skip_serializing_if = "Vec::is_empty")]
    pub metadata_columns: Vec<String>,
}

/// A share of an answer for items that a filter allows.
///
/// `percent_promoted_items` of the items asked for, rounded to whole ones (halves up), are the best that the promotion's
/// filter allows, in the order of their scores, spread evenly over the answer, and carry its name. The filter and
/// `exclude_seen` of the request hold for them too. Where there are fewer, ordinary items fill the rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Promotion {
    /// What promoted items are marked with.
    pub name: String,
    /// Share of the answer, percent, 1 to 100.
    #[serde(alias = "percentPromotedItems")]
    pub percent_promoted_items: u8,
    /// Name of the filter that says what is promoted.
    pub filter: String,
    /// Values of that filter's placeholders.
    #[serde(default, alias = "filterValues", skip_serializing_if = "BTreeMap::is_empty")]
    pub filter_values: BTreeMap<String, String>,
}

impl Default for RecommendRequest {
    /// 25 results, for nobody yet.
    fn default() -> Self {
        Self {
            user_id: None,
            item_id: None,
            num_results: 25,
            exclude_seen: false,
            context: FieldValues::new(),
            filter: None,
            filter_values: BTreeMap::new(),
            promotions: Vec::new(),
            metadata_columns: Vec::new(),
        }
    }
}

impl RecommendRequest {
    /// 25 results for a user, seen items kept.
    pub fn new(user_id: impl Into<String>) -> Self {
        Self { user_id: Some(user_id.into()), ..Self::default() }
    }

    /// 25 results that go with an item, for recipes that answer for items.
    pub fn for_item(item_id: impl Into<String>) -> Self {
        Self { item_id: Some(item_id.into()), ..Self::default() }
    }

    /// The same for another number of results.
    pub fn with_num_results(self, num_results: usize) -> Self {
        Self { num_results, ..self }
    }

    /// The same with seen items left out, or not.
    pub fn with_exclude_seen(self, exclude_seen: bool) -> Self {
        Self { exclude_seen, ..self }
    }

    /// The same through a filter.
    pub fn with_filter(self, filter: impl Into<String>) -> Self {
        Self { filter: Some(filter.into()), ..self }
    }

    /// The same with a promotion.
    pub fn with_promotion(mut self, promotion: Promotion) -> Self {
        self.promotions.push(promotion);
        self
    }

    pub(super) fn check(&self) -> Result<(), CampaignError> {
        self.user_id.as_deref().map_or(Ok(()), check_user_id)?;
        if self.item_id.as_ref().is_some_and(String::is_empty) {
            return Err(CampaignError::EmptyItemId);
        }
        if self.num_results > MAX_RESULTS {
            return Err(CampaignError::NumResults { num_results: self.num_results });
        }
        check_context(&self.context)?;
        if self.promotions.len() > 1 {
            return Err(CampaignError::Promotions { found: self.promotions.len() });
        }
        for promotion in &self.promotions {
            if !(1..=100).contains(&promotion.percent_promoted_items) {
                return Err(CampaignError::PromotedPercent {
                    name: promotion.name.clone(),
                    percent: promotion.percent_promoted_items,
                });
            }
        }
        Ok(())
    }
}

/// A list to be ranked for a user (Amazon's `GetPersonalizedRanking`).
///
/// | name | default | meaning | range |
/// |---|---|---|---|
/// | `user_id` | required | whom the ranking is for | 1 to 256 characters |
/// | `input_list` | required | items to be ranked; one named twice counts once, at its first place | 0 to 500 |
/// | `context` | empty | what is known of the moment | 150 entries |
/// | `filter`, `filter_values` | none | items that the filter does not allow, unknown ones among them, are left out | |
/// | `metadata_columns` | none | fields of the items that the answer carries | |
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RankRequest {
    /// Whom the ranking is for; for somebody never seen the popular items come first.
    #[serde(alias = "userId")]
    pub user_id: String,
    /// Items to be ranked, 500 at most.
    #[serde(alias = "inputList", alias = "itemList")]
    pub input_list: Vec<String>,
    /// What is known of the moment. Fields that training did not know are ignored.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub context: FieldValues,
    /// Name of a filter that says what may be in the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// Values of the filter's placeholders.
    #[serde(default, alias = "filterValues", skip_serializing_if = "BTreeMap::is_empty")]
    pub filter_values: BTreeMap<String, String>,
    /// Fields of the items that the answer carries.
    #[serde(default, alias = "metadataColumns", skip_serializing_if = "Vec::is_empty")]
    pub metadata_columns: Vec<String>,
}

impl RankRequest {
    /// A list to be ranked for a user.
    pub fn new(
        user_id: impl Into<String>,
        input_list: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        let input_list = input_list.into_iter().map(Into::into).collect();
        Self { user_id: user_id.into(), input_list, ..Self::default() }
    }

    pub(super) fn check(&self) -> Result<(), CampaignError> {
        check_user_id(&self.user_id)?;
        if self.input_list.len() > MAX_INPUT_LIST {
            return Err(CampaignError::InputList { found: self.input_list.len() });
        }
        check_context(&self.context)
    }
}

pub(super) fn check_user_id(user_id: &str) -> Result<(), CampaignError> {
    if user_id.is_empty() {
        return Err(CampaignError::EmptyUserId);
    }
    // A string has at most as many characters as bytes: counting is only needed past the limit.
    if user_id.len() > MAX_USER_ID && user_id.chars().count() > MAX_USER_ID {
        return Err(CampaignError::LongUserId { length: user_id.chars().count() });
    }
    Ok(())
}

fn check_context(context: &FieldValues) -> Result<(), CampaignError> {
    if context.len() > MAX_CONTEXT {
        return Err(CampaignError::Context { found: context.len() });
    }
    Ok(())
}
