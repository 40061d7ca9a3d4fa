//! Levels of quantiles.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The level of a quantile: the probability that the value stays at or below it. Above 0, below 1.
///
/// ```
/// use ensue_core::Quantile;
/// let p90: Quantile = "0.9".parse()?;
/// assert_eq!((p90.level(), p90.name().as_str()), (0.9, "p90"));
/// assert!(Quantile::new(1.0).is_err());
/// # Ok::<(), ensue_core::QuantileError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Quantile(f64);

/// A number that is no level of a quantile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text} is no quantile: it must be above 0 and below 1")]
pub struct QuantileError {
    text: String,
}

impl Quantile {
    /// The median.
    pub const MEDIAN: Self = Self(0.5);

    /// A level.
    ///
    /// # Errors
    /// [`QuantileError`] unless it is above 0 and below 1.
    pub fn new(level: f64) -> Result<Self, QuantileError> {
        if level > 0.0 && level < 1.0 {
            Ok(Self(level))
        } else {
            Err(QuantileError { text: level.to_string() })
        }
    }

    /// The level, above 0 and below 1.
    pub fn level(self) -> f64 {
        self.0
    }

    /// Amazon's column name: `p90` for 0.9; `p2.5` for 0.025.
    pub fn name(self) -> String {
        let percent = self.0 * 100.0;
        // 0.07 * 100 is not 7 in binary.
        format!("p{}", (percent * 1e9).round() / 1e9)
    }

    /// The levels 0.1, 0.2, ..., 0.9 of the usual accuracy figures.
    pub fn deciles() -> Vec<Self> {
        (1..10).map(|tenth| Self(f64::from(tenth) / 10.0)).collect()
    }
}

impl fmt::Display for Quantile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Quantile {
    type Err = QuantileError;

    fn from_str(text: &str) -> Result<Self, QuantileError> {
        let level = text.parse().map_err(|_| QuantileError { text: format!("{text:?}") })?;
        Self::new(level)
    }
}

impl TryFrom<f64> for Quantile {
    type Error = QuantileError;

    fn try_from(level: f64) -> Result<Self, QuantileError> {
        Self::new(level)
    }
}

impl From<Quantile> for f64 {
    fn from(quantile: Quantile) -> Self {
        quantile.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_whole_percents_where_levels_are() {
        // Oracle: Amazon's export header, for every level it accepts.
        for percent in 1..100 {
            let level = Quantile::new(f64::from(percent) / 100.0).unwrap();
            assert_eq!(level.name(), format!("p{percent}"));
        }
        assert_eq!(Quantile::new(0.025).unwrap().name(), "p2.5");
    }

    #[test]
    fn levels_outside_are_refused_with_their_text() {
        // Oracle: the open interval.
        for text in ["0", "1", "1.0", "-0.1", "nan", "inf", "p10", ""] {
            let error = text.parse::<Quantile>().unwrap_err().to_string();
            assert!(error.contains("must be above 0"), "{error}");
        }
        assert!(serde_json::from_str::<Quantile>("1.0").is_err());
        assert_eq!(serde_json::to_string(&Quantile::MEDIAN).unwrap(), "0.5");
    }
}
