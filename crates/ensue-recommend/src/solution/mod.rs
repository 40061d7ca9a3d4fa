//! From data to a trained and measured version: what a user trains, keeps on disk and answers from.
//!
//! [`Solution`] is the plan (recipe, settings, which events count, how to measure), [`SolutionVersion`] what came out of
//! carrying it out on a dataset group.

mod error;
mod measure;
mod store;
#[cfg(test)]
mod tests;
mod train;
mod version;
mod without_users;

use ensue_core::{EvaluationMode, Interactions, Run};
use ensue_data::DatasetGroup;
use serde::{Deserialize, Serialize};

pub use error::SolutionError;
pub use measure::{Evaluation, EvaluationRow};
pub use version::SolutionVersion;

use crate::{AnyRecipe, tune::Hpo};

/// A plan: which recipe learns from which events, and how it is measured.
///
/// | name | default | meaning |
/// |---|---|---|
/// | `recipe` | required | name and settings of the recipe |
/// | `event_type` | all | train only on events of this `EVENT_TYPE` |
/// | `event_value_threshold` | none | train only on events whose `EVENT_VALUE` is at least this; an event without a value is left out |
/// | `evaluation` | `newest-tenth` | what is held back to measure |
/// | `refit` | `false` | after measuring, train once more on everything and serve that |
/// | `hpo` | none | search for settings, or for recipe and settings, on the training part first; see [`Hpo`] |
///
/// With `refit: false`, what was measured is what is served: the version never learned from what was held back (though a
/// campaign shows it every user's whole history). With `refit: true` the served weights have seen all data, take a second
/// training, and the metrics are those of the first.
///
/// ```
/// use ensue_core::Run;
/// use ensue_data::{DatasetGroup, ImportRules};
/// use ensue_recommend::{AnyRecipe, Solution};
///
/// // Forty people walk around a ring of ten things.
/// let events: Vec<(String, String, i64)> = (0..40)
///     .flat_map(|user| (0..8).map(move |step| (format!("u{user}"), format!("i{}", (user + step) % 10), step)))
///     .collect();
/// let rules = ImportRules { min_interactions: 100, ..ImportRules::default() };
/// let group = DatasetGroup::from_events(events.iter().map(|(u, i, t)| (u.as_str(), i.as_str(), *t)), &rules)?;
///
/// let solution = Solution::new(AnyRecipe::by_name("markov")?);
/// let version = solution.train(&group, &mut Run::new("ndarray"))?;
/// println!("{}", version.evaluation());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Solution {
    /// Name and settings of the recipe.
    pub recipe: AnyRecipe,
    /// Train only on events of this `EVENT_TYPE`. Default: all events, equal weight.
    #[serde(default)]
    pub event_type: Option<String>,
    /// Train only on events whose `EVENT_VALUE` is at least this. Default: all events.
    #[serde(default)]
    pub event_value_threshold: Option<f32>,
    /// What is held back to measure. Default: Amazon's documented split.
    #[serde(default)]
    pub evaluation: EvaluationMode,
    /// Whether the served model is trained once more on everything. Default: no.
    #[serde(default)]
    pub refit: bool,
    /// A search for settings, or for the recipe too, before anything else. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hpo: Option<Hpo>,
}

impl Solution {
    /// A plan with defaults for everything but the recipe.
    pub fn new(recipe: impl Into<AnyRecipe>) -> Self {
        Self {
            recipe: recipe.into(),
            event_type: None,
            event_value_threshold: None,
            evaluation: EvaluationMode::default(),
            refit: false,
            hpo: None,
        }
    }

    /// The recipe is chosen among those that the data permit, with its settings (Amazon's `performAutoML`).
    pub fn auto(hpo: Hpo) -> Self {
        let recipe = hpo.recipes.first().cloned();
        let recipe = recipe.unwrap_or_else(|| crate::recipes::hrnn::Hrnn::default().into());
        Self::new(recipe).with_hpo(hpo)
    }

    /// The same plan with a search for settings first.
    pub fn with_hpo(self, hpo: Hpo) -> Self {
        Self { hpo: Some(hpo), ..self }
    }

    /// Trains on the part of the data that the evaluation leaves, measures the recipe and the baselines
    /// (Popularity-Count and Markov, which every evaluation prints) on the rest, and refits on everything if asked.
    ///
    /// # Errors
    /// [`SolutionError`] when the settings contradict the data, no event is left, training fails or is cancelled.
    pub fn train(
        &self,
        group: &DatasetGroup,
        run: &mut Run,
    ) -> Result<SolutionVersion, SolutionError> {
        train::train(self, group, run)
    }

    /// The events of a dataset group that count: those of the event type, with at least the threshold.
    ///
    /// # Errors
    /// [`SolutionError`] when the data has no such column or event type, or no event is left.
    pub fn select(&self, group: &DatasetGroup) -> Result<Interactions, SolutionError> {
        let all = &group.interactions;
        let code = match &self.event_type {
            None => None,
            Some(event_type) => Some(event_code(all, event_type)?),
        };
        if self.event_value_threshold.is_some_and(|threshold| !threshold.is_finite()) {
            return Err(SolutionError::ThresholdNotFinite);
        }
        if self.event_value_threshold.is_some() && !all.has_values() {
            return Err(SolutionError::NoEventValues);
        }
        let selected = if code.is_none() && self.event_value_threshold.is_none() {
            all.clone()
        } else {
            all.filter(|_, event| {
                let typed = code.is_none_or(|code| event.event_type == Some(code));
                let valued = self
                    .event_value_threshold
                    .is_none_or(|threshold| event.value.is_some_and(|value| value >= threshold));
                typed && valued
            })
        };
        if selected.is_empty() {
            return Err(SolutionError::NoEvents {
                event_type: self.event_type.clone(),
                event_value_threshold: self.event_value_threshold,
            });
        }
        Ok(selected)
    }
}

/// Code of an event type by name.
fn event_code(interactions: &Interactions, event_type: &str) -> Result<u8, SolutionError> {
    if !interactions.has_event_types() {
        return Err(SolutionError::NoEventTypes { event_type: event_type.to_owned() });
    }
    let names = interactions.event_type_names();
    match names.iter().position(|name| name == event_type) {
        Some(code) => Ok(code as u8),
        None => Err(SolutionError::UnknownEventType {
            event_type: event_type.to_owned(),
            known: names.join(", "),
        }),
    }
}
