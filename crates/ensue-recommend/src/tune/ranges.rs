//! What each recipe may vary.

use ensue_tune::{Assignment, Scale, Space, SpaceBuilder};
use serde::{Deserialize, Serialize};

use crate::{AnyRecipe, SettingsError};

/// How far settings may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ranges {
    /// The settings that Amazon tuned, in its ranges.
    #[default]
    Amazon,
    /// Settings of our own, too, in the ranges that pay by experience.
    Wide,
}

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

impl AnyRecipe {
    /// The same recipe with other values of some settings, by their names in a settings file.
    ///
    /// ```
    /// use ensue_recommend::AnyRecipe;
    /// use ensue_recommend::tune::Assignment;
    /// let mut wanted = Assignment::default();
    /// wanted.set("hidden_dimension", 64);
    /// let recipe = AnyRecipe::by_name("aws-hrnn")?.with(&wanted)?;
    /// wanted.set("hidden_dimensions", 64);
    /// assert!(recipe.with(&wanted).is_err());
    /// # Ok::<(), ensue_recommend::SettingsError>(())
    /// ```
    ///
    /// # Errors
    /// [`SettingsError`] when the recipe has no such setting, or a value is not acceptable.
    pub fn with(&self, assignment: &Assignment) -> Result<Self, SettingsError> {
        let mut settings = self.to_json();
        for (name, value) in &assignment.0 {
            let value = serde_json::to_value(value).expect("plain data");
            let refused = |rule: String| SettingsError::Tuned {
                recipe: self.name(),
                field: name.clone(),
                value: value.to_string(),
                rule,
            };
            let Some(place) = settings.get_mut(name).filter(|_| name != "recipe") else {
                return Err(refused("the recipe has no such setting".to_owned()));
            };
            let before = std::mem::replace(place, value.clone());
            // One after the other, so that the error names the right one.
            if let Err(error) = serde_json::from_value::<Self>(settings.clone()) {
                let rule = format!("that is not acceptable ({error}); it was {before}");
                return Err(refused(rule));
            }
        }
        let changed: Self = serde_json::from_value(settings).expect("read a moment ago");
        changed.check()?;
        Ok(changed)
    }

    /// The values that the settings of a space have now.
    pub(super) fn assignment(&self, space: &Space) -> Assignment {
        let settings = self.to_json();
        let names = space.parameters().iter().map(|parameter| parameter.name.as_str());
        let values = names.filter_map(|name| {
            let value = serde_json::from_value(settings.get(name)?.clone()).ok()?;
            Some((name.to_owned(), value))
        });
        Assignment(values.collect())
    }

    /// Epochs of a training; none for a recipe without.
    pub(super) fn epochs(&self) -> Option<u64> {
        self.to_json().get("epochs").and_then(serde_json::Value::as_u64)
    }

    /// Whether it can measure itself after each epoch.
    pub(super) fn measures_itself(&self) -> bool {
        self.to_json().get("validation_share").is_some()
    }

    fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(self).expect("settings are plain data")
    }
}
