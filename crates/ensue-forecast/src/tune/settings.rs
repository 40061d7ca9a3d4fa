//! What is searched, by what, for how long.

use std::{num::NonZeroUsize, path::PathBuf};

use ensue_nn::search::{Jobs, Ranges};
use ensue_tune::{AnyScheduler, Space, sampler::AnySampler};
use serde::{Deserialize, Serialize};

use crate::SettingsError;

/// Owner of these fields in messages.
const NAME: &str = "search";

/// A search for settings (Amazon's `PerformHPO` and `HPOConfig`); the objective is the mean weighted quantile loss.
///
/// | name | default | meaning | range |
/// |---|---|---|---|
/// | `ranges` | `amazon` | what is varied, and how far | `amazon`, `wide` |
/// | `space` | by `ranges` | a space of your own | settings of the algorithm |
/// | `max_number_of_training_jobs` | 40; no limit where the run has a time limit and `ranges` is `wide` | trials | 1 to 40 by Amazon's ranges |
/// | `max_parallel_training_jobs` | on the CPU one a thread, at most 10; else one a device | trials at the same time | 1 to 10 by Amazon's ranges |
/// | `devices` | the run's | devices that the trials are spread over | names as a run takes them |
/// | `sampler` | TPE | who proposes settings | [`AnySampler`] |
/// | `scheduler` | ASHA | who ends trials early | [`AnyScheduler`] |
/// | `journal` | none: in memory | file of the trials: a search that was killed goes on, several processes share one | |
///
/// The first trials are those with the settings as given: the search begins from what is known.
///
/// ```
/// use ensue_forecast::tune::{Hpo, Ranges};
/// let hpo: Hpo = serde_json::from_str(r#"{"ranges": "wide", "max_number_of_training_jobs": 100}"#)?;
/// assert_eq!(hpo.ranges, Ranges::Wide);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Hpo {
    /// What is varied, and how far. Default Amazon's settings and ranges.
    pub ranges: Ranges,
    /// A space of your own in place of `ranges`.
    pub space: Option<Space>,
    /// Trials at most. Default 40; no limit where the run has a time limit and `ranges` is `wide`.
    pub max_number_of_training_jobs: Option<u64>,
    /// Trials at the same time. Default: on the CPU one a thread, at most 10; else one a device.
    pub max_parallel_training_jobs: Option<NonZeroUsize>,
    /// Devices that the trials are spread over. Default: the run's.
    pub devices: Vec<String>,
    /// Who proposes settings. Default TPE.
    pub sampler: AnySampler,
    /// Who ends trials early. Default ASHA.
    pub scheduler: Option<AnyScheduler>,
    /// File of the trials. Default: none is kept.
    pub journal: Option<PathBuf>,
}

impl Hpo {
    /// The same over wider ranges.
    pub fn wide(self) -> Self {
        Self { ranges: Ranges::Wide, ..self }
    }

    pub(crate) fn check(&self) -> Result<(), SettingsError> {
        let refused = |field, value: String, rule: String| {
            Err(SettingsError::field(NAME, field, value, rule))
        };
        if let Some((field, value, rule)) = self.limits().refused() {
            return refused(field, value, rule);
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
