//! Young items: which they are, and in which order answers try them.

use std::sync::atomic::Ordering;

use ensue_core::Bitmap;
use rand::RngExt;

use super::{
    Campaign,
    catalogue::{Ages, Catalogue},
};
use crate::ScoredItem;

const DAY: f64 = 86_400.0;

impl Campaign {
    /// The items young enough to be explored, of those that `allowed` has.
    pub(super) fn young(&self, catalogue: &Catalogue, allowed: Option<&Bitmap>) -> Option<Bitmap> {
        let ages = catalogue.ages.as_ref()?;
        let newest = self.newest.load(Ordering::Relaxed);
        let seconds = self.config.exploration_item_age_cut_off * DAY;
        let mut young = Bitmap::zeros(catalogue.items.len());
        for (item, &created_at) in (0..).zip(&ages.created_at) {
            if newest as f64 - created_at as f64 <= seconds
                && allowed.is_none_or(|allowed| allowed.contains(item))
            {
                young.insert(item);
            }
        }
        Some(young)
    }

    /// Draws, place by place, whether it goes to a young item.
    pub(super) fn draws(&self, asked: &str, events: usize) -> impl FnMut() -> bool + use<> {
        let weight = self.config.exploration_weight;
        let purpose = format!("exploration/{events}/{asked}");
        let mut stream = self.config.exploration_seed.stream(&purpose);
        move || weight > 0.0 && stream.random::<f64>() < weight
    }
}

/// Young items in the order in which they are tried: that of the model, with a bonus for those with few events; see
/// [`super::CampaignConfig`].
pub(super) fn order(young: &[ScoredItem], ages: &Ages) -> Vec<ScoredItem> {
    let value = |place: usize, line: &ScoredItem| {
        1.0 / (place as f64 + 1.0) + 1.0 / (1.0 + f64::from(ages.events(line.item))).sqrt()
    };
    let mut valued: Vec<(f64, ScoredItem)> =
        young.iter().enumerate().map(|(place, line)| (value(place, line), *line)).collect();
    // Stable: equal values keep the model's order.
    valued.sort_by(|a, b| b.0.total_cmp(&a.0));
    valued.into_iter().map(|(_, line)| line).collect()
}
