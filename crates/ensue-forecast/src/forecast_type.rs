//! What a forecast says of each step: the mean, or a quantile.

use std::fmt;
use std::str::FromStr;

use ensue_core::{Quantile, QuantileError};
use serde::{Deserialize, Serialize};

/// What a forecast says of each step: the mean, or a quantile.
///
/// As text it is Amazon Forecast's: `mean`, or the level, such as `0.1`.
///
/// ```
/// use ensue_forecast::ForecastType;
/// let types: Vec<ForecastType> = serde_json::from_str(r#"["0.1", "mean"]"#)?;
/// assert_eq!((types[0].name().as_str(), types[1].name().as_str()), ("p10", "mean"));
/// assert!("1.0".parse::<ForecastType>().is_err());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "String")]
pub enum ForecastType {
    /// The mean.
    Mean,
    /// A quantile.
    Quantile(Quantile),
}

/// A text that is no forecast type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no forecast type: use \"mean\", or a level from 0.01 to 0.99")]
pub struct ForecastTypeError {
    text: String,
    source: QuantileError,
}

impl ForecastType {
    /// Amazon's default: the quantiles 0.1, 0.5 and 0.9.
    pub fn defaults() -> Vec<Self> {
        let levels = [0.1, 0.5, 0.9].map(Quantile::new);
        levels.into_iter().flatten().map(Self::Quantile).collect()
    }

    /// Amazon's name in answers and exports: `mean`, or `p10` for 0.1.
    pub fn name(self) -> String {
        match self {
            Self::Mean => "mean".to_owned(),
            Self::Quantile(quantile) => quantile.name(),
        }
    }

    /// The quantile, if it is one.
    pub fn quantile(self) -> Option<Quantile> {
        match self {
            Self::Mean => None,
            Self::Quantile(quantile) => Some(quantile),
        }
    }
}

impl From<Quantile> for ForecastType {
    fn from(quantile: Quantile) -> Self {
        Self::Quantile(quantile)
    }
}

impl fmt::Display for ForecastType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mean => f.write_str("mean"),
            Self::Quantile(quantile) => quantile.fmt(f),
        }
    }
}

impl FromStr for ForecastType {
    type Err = ForecastTypeError;

    fn from_str(text: &str) -> Result<Self, ForecastTypeError> {
        if text == "mean" {
            return Ok(Self::Mean);
        }
        match text.parse() {
            Ok(quantile) => Ok(Self::Quantile(quantile)),
            Err(source) => Err(ForecastTypeError { text: text.to_owned(), source }),
        }
    }
}

impl From<ForecastType> for String {
    fn from(forecast_type: ForecastType) -> Self {
        forecast_type.to_string()
    }
}

/// A level may be written as a number, too.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Text(String),
    Number(f64),
}

impl TryFrom<Written> for ForecastType {
    type Error = ForecastTypeError;

    fn try_from(written: Written) -> Result<Self, ForecastTypeError> {
        match written {
            Written::Text(text) => text.parse(),
            Written::Number(level) => level.to_string().parse(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_numbers_are_read_and_texts_written() {
        // Oracle: the pattern of CreatePredictor, `(^0?\.\d\d?$|^mean$)`; what lies outside is refused with
        // its text.
        let types: Vec<ForecastType> =
            serde_json::from_str(r#"["0.1", ".25", 0.9, "mean"]"#).unwrap();
        let json = serde_json::to_string(&types).unwrap();
        assert_eq!(json, r#"["0.1","0.25","0.9","mean"]"#);
        let names: Vec<String> = types.iter().map(|one| one.name()).collect();
        assert_eq!(names, ["p10", "p25", "p90", "mean"]);
        for wrong in ["1.0", "0", "-0.1", "p10", "Mean", ""] {
            let error = wrong.parse::<ForecastType>().unwrap_err().to_string();
            assert_eq!(
                error,
                format!(
                    "{wrong:?} is no forecast type: use \"mean\", or a level from 0.01 to 0.99"
                )
            );
        }
        assert!(serde_json::from_str::<ForecastType>("1.0").is_err());
    }

    #[test]
    fn the_default_is_amazons() {
        // Oracle: the developer guide.
        assert_eq!(
            serde_json::to_string(&ForecastType::defaults()).unwrap(),
            r#"["0.1","0.5","0.9"]"#
        );
    }
}
