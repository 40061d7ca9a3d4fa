//! What a caller can choose.

use std::num::NonZeroUsize;

use serde::{Deserialize, Serialize};

use super::NAME;
use crate::{AnyAlgorithm, SettingsError, tune::Hpo};

/// Settings of `AutoPredictor`: algorithms compete, the best or a weighted mean of the best forecasts.
///
/// | name | default | meaning | range |
/// |---|---|---|---|
/// | `candidates` | all that suit the data | who competes | any algorithms but this one |
/// | `combination` | `ensemble` | what forecasts in the end | `ensemble` (Amazon's `AutoPredictor`), `best` (Amazon's `PerformAutoML`) |
/// | `optimization_metric` | `AverageWeightedQuantileLoss` | what decides | `WAPE`, `RMSE`, `AverageWeightedQuantileLoss`, `MASE`, `MAPE` |
/// | `windows` | 1 to 3 by the length of the series | horizons held back to decide on | 1 to 20 |
/// | `trainings` | 3 | trainings of each algorithm that draws at random, each with a seed of its own and a member of its own | 1 to 20 |
/// | `final_trainings` | 5 | trainings on everything of each such algorithm that was chosen, as far as time allows: they share its weight | 1 to 20 |
/// | `by_group` | true | weights of their own for smooth, erratic, intermittent and lumpy series | |
/// | `keep_sign` | true | no forecast below zero of a series that never was | |
/// | `hpo` | none | search for the settings of those that have some to tune, first | [`Hpo`] |
///
/// [`AutoPredictor::auto_ml`] gives Amazon's `PerformAutoML`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AutoPredictor {
    /// Who competes. Default: all that suit the data.
    pub candidates: Option<Vec<AnyAlgorithm>>,
    /// What forecasts in the end. Default: an ensemble.
    pub combination: Combination,
    /// What decides. Default: the mean of the weighted quantile losses, over nine levels from 0.1 to 0.9.
    pub optimization_metric: OptimizationMetric,
    /// Horizons held back, one before the other, to decide on. Default: 1 to 3, by the length of the series.
    pub windows: Option<NonZeroUsize>,
    /// Trainings of each algorithm that learns across series. Default: 3.
    pub trainings: NonZeroUsize,
    /// Trainings on everything of each such algorithm that was chosen, as far as time allows. Default: 5.
    pub final_trainings: NonZeroUsize,
    /// Whether kinds of demand have weights of their own. Default: true.
    pub by_group: bool,
    /// Whether what never was negative is never forecast to be. Default: true.
    pub keep_sign: bool,
    /// A search for settings of those that have some to tune. Default: none.
    pub hpo: Option<Hpo>,
}

/// What forecasts in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Combination {
    /// A weighted mean of the quantiles of several members.
    #[default]
    Ensemble,
    /// The best candidate alone.
    Best,
}

/// What decides, under Amazon's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum OptimizationMetric {
    /// Absolute errors of the mean, over the sum of the sizes.
    #[serde(rename = "WAPE")]
    Wape,
    /// Root mean square error of the mean.
    #[serde(rename = "RMSE")]
    Rmse,
    /// The mean of the weighted quantile losses at 0.1, 0.2, ..., 0.9.
    #[default]
    AverageWeightedQuantileLoss,
    /// Absolute errors of the mean, over those of the seasonal naive in the past.
    #[serde(rename = "MASE")]
    Mase,
    /// Relative absolute errors of the mean.
    #[serde(rename = "MAPE")]
    Mape,
}

impl OptimizationMetric {
    /// Amazon's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Wape => "WAPE",
            Self::Rmse => "RMSE",
            Self::AverageWeightedQuantileLoss => "AverageWeightedQuantileLoss",
            Self::Mase => "MASE",
            Self::Mape => "MAPE",
        }
    }
}

impl Default for AutoPredictor {
    fn default() -> Self {
        Self {
            candidates: None,
            combination: Combination::default(),
            optimization_metric: OptimizationMetric::default(),
            windows: None,
            trainings: NonZeroUsize::new(3).expect("not zero"),
            final_trainings: NonZeroUsize::new(5).expect("not zero"),
            by_group: true,
            keep_sign: true,
            hpo: None,
        }
    }
}

impl AutoPredictor {
    /// Amazon's `PerformAutoML`: every suitable algorithm, those with settings to tune after a search; the best one forecasts.
    pub fn auto_ml() -> Self {
        Self {
            combination: Combination::Best,
            trainings: NonZeroUsize::MIN,
            final_trainings: NonZeroUsize::MIN,
            hpo: Some(Hpo::default()),
            ..Self::default()
        }
    }

    pub(super) fn check_fields(&self) -> Result<(), SettingsError> {
        let refused =
            |field, value: String, rule: &str| Err(SettingsError::field(NAME, field, value, rule));
        for (field, value) in [
            ("windows", self.windows.map_or(1, NonZeroUsize::get)),
            ("trainings", self.trainings.get()),
            ("final_trainings", self.final_trainings.get()),
        ] {
            if value > 20 {
                return refused(field, value.to_string(), "must be at most 20");
            }
        }
        if let Some(candidates) = &self.candidates {
            if candidates.is_empty() {
                return refused("candidates", "[]".to_owned(), "there must be at least one");
            }
            for candidate in candidates {
                if candidate.name() == NAME {
                    return refused("candidates", NAME.to_owned(), "it cannot compete with itself");
                }
                candidate.check()?;
            }
        }
        let Some(hpo) = &self.hpo else { return Ok(()) };
        if let Some(journal) = &hpo.journal {
            let rule = "must not be set: it keeps one search, and each candidate has its own";
            return refused("hpo.journal", journal.display().to_string(), rule);
        }
        if hpo.space.is_some() {
            let rule = "must not be set: each candidate has a space of its own";
            return refused("hpo.space", "a space".to_owned(), rule);
        }
        hpo.check()
    }
}
