//! What is searched, by what, for how long.

use std::{num::NonZeroUsize, path::PathBuf};

use ensue_core::RankingReport;
use ensue_nn::search::Jobs;
use ensue_tune::{AnyScheduler, Space, sampler::AnySampler};
use serde::{Deserialize, Serialize};

use super::Ranges;
use crate::{
    AnyRecipe, SolutionError,
    recipes::{hrnn::Hrnn, hrnn_coldstart::HrnnColdstart, hrnn_metadata::HrnnMetadata},
};

/// The metric that recipes measure themselves by after each epoch.
pub(super) const EACH_EPOCH: &str = "normalized_discounted_cumulative_gain_at_10";

/// A search for settings (Amazon's `performHPO` and `hpoConfig`), or for recipe and settings together (`performAutoML`).
///
/// | name | default | meaning | range |
/// |---|---|---|---|
/// | `metric_name` | `normalized_discounted_cumulative_gain_at_10` | what is maximised, on the validation part | a name of [`RankingReport::metrics`] |
/// | `ranges` | `amazon` | what is varied, and how far | `amazon`, `wide` |
/// | `space` | by `ranges` | a space of your own | settings of the recipe |
/// | `max_number_of_training_jobs` | 40; no limit where the run has a time limit and `ranges` is `wide` | trials | 1 to 40 by Amazon's ranges |
/// | `max_parallel_training_jobs` | on the CPU one a thread, at most 10; else one a device | trials at the same time | 1 to 10 by Amazon's ranges |
/// | `devices` | the run's | devices that the trials are spread over | names as a run takes them |
/// | `sampler` | TPE | who proposes settings | [`AnySampler`] |
/// | `scheduler` | ASHA where trials are measured each epoch | who ends trials early | [`AnyScheduler`] |
/// | `recipes` | none: the solution's own | recipes that compete | [`AnyRecipe`] |
/// | `journal` | none: in memory | file of the trials: a search that was killed goes on, several processes share one | |
///
/// The first trials are those with the settings as given: the search begins from what is known.
///
/// ```
/// use ensue_recommend::tune::{Hpo, Ranges};
/// let hpo: Hpo = serde_json::from_str(r#"{"ranges": "wide", "max_number_of_training_jobs": 100}"#)?;
/// assert_eq!(hpo.ranges, Ranges::Wide);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Hpo {
    /// What is maximised, on the validation part.
    pub metric_name: String,
    /// What is varied, and how far. Default Amazon's settings and ranges.
    pub ranges: Ranges,
    /// A space of your own in place of `ranges`, for one recipe.
    pub space: Option<Space>,
    /// Trials at most. Default 40; no limit where the run has a time limit and `ranges` is `wide`.
    pub max_number_of_training_jobs: Option<u64>,
    /// Trials at the same time. Default: on the CPU one a thread, at most 10; else one a device.
    pub max_parallel_training_jobs: Option<NonZeroUsize>,
    /// Devices that the trials are spread over. Default: the run's.
    pub devices: Vec<String>,
    /// Who proposes settings. Default TPE.
    pub sampler: AnySampler,
    /// Who ends trials early. Default: ASHA where trials are measured each epoch, else nobody.
    pub scheduler: Option<AnyScheduler>,
    /// Recipes that compete. Default: only the solution's own.
    pub recipes: Vec<AnyRecipe>,
    /// File of the trials. Default: none is kept.
    pub journal: Option<PathBuf>,
}

impl Default for Hpo {
    fn default() -> Self {
        Self {
            metric_name: EACH_EPOCH.to_owned(),
            ranges: Ranges::default(),
            space: None,
            max_number_of_training_jobs: None,
            max_parallel_training_jobs: None,
            devices: Vec::new(),
            sampler: AnySampler::default(),
            scheduler: None,
            recipes: Vec::new(),
            journal: None,
        }
    }
}

impl Hpo {
    /// Amazon's `AutoML`: HRNN, HRNN-Metadata and HRNN-Coldstart compete, each with its settings. The cold items of the last
    /// stand beside all others here (`candidates: all-items`), as it could not be compared otherwise.
    pub fn auto_ml() -> Self {
        let coldstart = HrnnColdstart { whole_history: false, ..HrnnColdstart::default() };
        let coldstart = HrnnColdstart {
            candidates: crate::recipes::hrnn_coldstart::Candidates::AllItems,
            ..coldstart
        };
        let recipes =
            vec![Hrnn::default().into(), HrnnMetadata::default().into(), coldstart.into()];
        Self { recipes, ..Self::default() }
    }

    /// The same over wider ranges.
    pub fn wide(self) -> Self {
        Self { ranges: Ranges::Wide, ..self }
    }

    /// Whether trials are measured after each epoch.
    pub(super) fn by_epoch(&self) -> bool {
        self.metric_name == EACH_EPOCH
    }

    pub(crate) fn check(&self) -> Result<(), SolutionError> {
        let refused =
            |field, value: String, rule: String| Err(SolutionError::Hpo { field, value, rule });
        let known = RankingReport::default().metrics().map(|(name, _)| name);
        if !known.contains(&self.metric_name.as_str()) {
            let rule = format!("must be one of {}", known.join(", "));
            return refused("metric_name", self.metric_name.clone(), rule);
        }
        if let Some((field, value, rule)) = self.limits().refused() {
            return refused(field, value, rule);
        }
        if self.space.is_some() && self.recipes.len() > 1 {
            let rule = "is for one recipe: leave it out where several compete".to_owned();
            return refused("space", "given".to_owned(), rule);
        }
        if let Err(error) = self.sampler.check() {
            return refused("sampler", error.to_string(), "must be within its range".to_owned());
        }
        Ok(())
    }

    pub(super) fn limits(&self) -> Jobs {
        Jobs {
            most: self.max_number_of_training_jobs,
            parallel: self.max_parallel_training_jobs,
            amazon: self.ranges == Ranges::Amazon && self.space.is_none(),
        }
    }
}
