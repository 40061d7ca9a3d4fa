//! Which series are explained, and how exactly.

use std::num::NonZeroUsize;

use ensue_core::Quantile;
use serde::{Deserialize, Serialize};

use super::ExplainError;
use crate::ForecastType;

/// Which series are explained, and how exactly.
///
/// | name | default | meaning | range |
/// |---|---|---|---|
/// | `series` | all of the panel | keys of the series to explain: item id, then the dimensions | keys of the panel |
/// | `forecast_type` | `0.5`, the median | what is explained | `mean`, or a quantile |
/// | `exact_up_to` | 5 | attributes up to which all their sets are asked about | 0 to 16; more counts as 16 |
/// | `permutations` | 32 | orders that are drawn where there are more, every second the reverse of the one before | 1 or more |
/// | `references` | 4 | other series that lend their metadata to those that do without | 1 or more |
/// | `limits` | `amazon` | most series and time points | `amazon`, `relaxed` |
///
/// Orders in pairs (antithetic: Mitchell, Cooper, Frank & Holmes, *Sampling permutations for Shapley value estimation*,
/// JMLR 2022) are exact wherever no more than two attributes work together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ExplainSettings {
    /// Keys of the series to explain; none stands for all.
    pub series: Vec<Vec<String>>,
    /// What is explained.
    pub forecast_type: ForecastType,
    /// Attributes up to which Shapley values are exact.
    pub exact_up_to: usize,
    /// Orders that are drawn where there are more attributes.
    pub permutations: NonZeroUsize,
    /// Other series that lend their metadata, drawn once; all others of the panel where it has fewer.
    pub references: NonZeroUsize,
    /// Which limits hold.
    pub limits: ExplainabilityLimits,
}

impl Default for ExplainSettings {
    fn default() -> Self {
        let count = |n| NonZeroUsize::new(n).expect("the defaults are not zero");
        Self {
            series: Vec::new(),
            forecast_type: ForecastType::Quantile(Quantile::MEDIAN),
            exact_up_to: 5,
            permutations: count(32),
            references: count(4),
            limits: ExplainabilityLimits::default(),
        }
    }
}

impl ExplainSettings {
    /// Also this series.
    pub fn with_series(mut self, key: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.series.push(key.into_iter().map(Into::into).collect());
        self
    }

    /// With these limits.
    pub fn with_limits(mut self, limits: ExplainabilityLimits) -> Self {
        self.limits = limits;
        self
    }
}

/// How much may be explained at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExplainabilityLimits {
    /// At most 50 series and 500 time points.
    #[default]
    Amazon,
    /// Any number.
    Relaxed,
}

impl ExplainabilityLimits {
    pub(super) fn check(self, series: usize, steps: usize) -> Result<(), ExplainError> {
        if self == Self::Relaxed {
            return Ok(());
        }
        for (what, found, most) in [("series", series, 50), ("time points", steps, 500)] {
            if found > most {
                return Err(ExplainError::TooMany { what, found, most });
            }
        }
        Ok(())
    }
}
