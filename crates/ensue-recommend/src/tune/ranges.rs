//! What each recipe may vary.

use ensue_nn::search::Ranges;
use ensue_tune::{Scale, Space, SpaceBuilder};

/// What the recipes on HRNN's network vary.
///
/// | name | Amazon | wide |
/// |---|---|---|
/// | `hidden_dimension` | 32 to 256 | 32 to 256, log |
/// | `bptt` | 2 to 32 | 8 to 128, log |
/// | `recency_mask` | true, false | the same |
/// | `learning_rate` | | 0.001 to 0.02, log |
/// | `dropout_input`, `dropout_output` | | 0 to 0.6 |
/// | `lookahead` | | 1 to 10, log |
/// | `lanes` | | 8 to 64, log |
/// | `hierarchy` | | `session-input`, `flat` |
pub(crate) fn network(ranges: Ranges) -> Space {
    let space = Space::builder();
    built(match ranges {
        Ranges::Amazon => space
            .integer("hidden_dimension", 32..=256, Scale::Linear)
            .integer("bptt", 2..=32, Scale::Linear)
            .flag("recency_mask"),
        Ranges::Wide => space
            .integer("hidden_dimension", 32..=256, Scale::Logarithmic)
            .integer("bptt", 8..=128, Scale::Logarithmic)
            .flag("recency_mask")
            .float("learning_rate", 1e-3..=2e-2, Scale::Logarithmic)
            .float("dropout_input", 0.0..=0.6, Scale::Linear)
            .float("dropout_output", 0.0..=0.6, Scale::Linear)
            .integer("lookahead", 1..=10, Scale::Logarithmic)
            .integer("lanes", 8..=64, Scale::Logarithmic)
            .categorical("hierarchy", ["session-input", "flat"]),
    })
}

/// What SIMS varies.
///
/// | name | Amazon | wide |
/// |---|---|---|
/// | `popularity_discount_factor` | 0 to 1 | the same |
/// | `min_cointeraction_count` | 0 to 10 | the same |
/// | `max_item_interaction_count_percentile` | | 0.8 to 1 |
pub(crate) fn pairs(ranges: Ranges) -> Space {
    let space = Space::builder()
        .float("popularity_discount_factor", 0.0..=1.0, Scale::Linear)
        .integer("min_cointeraction_count", 0..=10, Scale::Linear);
    built(match ranges {
        Ranges::Amazon => space,
        Ranges::Wide => {
            space.float("max_item_interaction_count_percentile", 0.8..=1.0, Scale::Linear)
        }
    })
}

fn built(space: SpaceBuilder) -> Space {
    space.build().expect("the ranges are written down here")
}
