//! Answers of a campaign, in the caller's ids.

use ensue_data::{FieldError, FieldValues};
use serde::{Deserialize, Serialize};

use super::{CampaignError, catalogue::Catalogue, fields};
use crate::ScoredItem;

/// An answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recommendations {
    /// Items, best first; fewer than asked for when the catalogue or the filter has no more.
    pub items: Vec<RecommendedItem>,
    /// Whether the answer is made from what is known of the user, or of the item asked about; `false` when nothing is
    /// known of them and these are the popular items.
    pub known_user: bool,
}

/// A list in the order of a user's liking.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PersonalizedRanking {
    /// Items of the list, best first. Scores, where the recipe gives some, sum to 1 over the known items. Items that the
    /// model does not know are last, without a score, in the order of the list.
    pub personalized_ranking: Vec<RecommendedItem>,
    /// Whether anything is known of the user; `false` when the order is that of popularity.
    pub known_user: bool,
}

/// One line of an answer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RecommendedItem {
    /// The item.
    pub item_id: String,
    /// Its probability to be next, over the whole catalogue (in a ranking over the list), where the recipe gives one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<f32>,
    /// Name of the promotion that put it here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promotion_name: Option<String>,
    /// The fields that were asked for; those that are missing are left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<FieldValues>,
}

/// Turns dense ids into lines of an answer.
#[derive(Debug)]
pub(super) struct Namer<'a> {
    catalogue: &'a Catalogue,
    columns: Vec<&'a str>,
}

impl<'a> Namer<'a> {
    /// For answers that carry these fields.
    pub(super) fn new(
        catalogue: &'a Catalogue,
        metadata_columns: &[String],
    ) -> Result<Self, CampaignError> {
        let table = catalogue.table.as_deref();
        let column = |field: &String| {
            let found = table.and_then(|table| fields::column_name(table, field));
            found.ok_or_else(|| {
                let known = table.into_iter().flat_map(ensue_data::MetadataTable::columns);
                let known = known.map(|(name, _)| name).collect::<Vec<_>>().join(", ");
                fields::of("metadata columns", "")(FieldError::Unknown {
                    field: field.clone(),
                    known: if known.is_empty() { "none".to_owned() } else { known },
                })
            })
        };
        let columns = metadata_columns.iter().map(column).collect::<Result<_, _>>()?;
        Ok(Self { catalogue, columns })
    }

    pub(super) fn line(&self, line: ScoredItem, promotion: Option<&str>) -> RecommendedItem {
        let item_id = self.catalogue.items.decode(line.item);
        let item_id = item_id.expect("a model answers within the vocabulary of its catalogue");
        RecommendedItem {
            item_id: item_id.to_owned(),
            score: line.score,
            promotion_name: promotion.map(str::to_owned),
            metadata: self.metadata(line.item),
        }
    }

    fn metadata(&self, item: u32) -> Option<FieldValues> {
        if self.columns.is_empty() {
            return None;
        }
        let mut row = self.catalogue.table.as_ref()?.row(item);
        row.retain(|name, _| self.columns.contains(&name.as_str()));
        Some(row)
    }

    /// A line for an item that is not in the catalogue.
    pub(super) fn unknown(&self, item_id: &str) -> RecommendedItem {
        let metadata = (!self.columns.is_empty()).then(FieldValues::new);
        RecommendedItem { item_id: item_id.to_owned(), metadata, ..RecommendedItem::default() }
    }
}
