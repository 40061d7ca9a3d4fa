//! What can go wrong in a what-if analysis.

use ensue_core::Frequency;
use jiff::civil::DateTime;

use crate::ForecastError;

/// A what-if that is not acceptable, or does not fit the series.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum WhatIfError {
    /// A name is not acceptable.
    #[error("what-if forecast {name:?}: the name {rule}")]
    Name {
        /// The name.
        name: String,
        /// The rule it broke.
        rule: &'static str,
    },
    /// There are too many transformations, or conditions of one.
    #[error("there are {found} {what}, but may be at most {most}")]
    TooMany {
        /// What is counted.
        what: String,
        /// How many there are.
        found: usize,
        /// How many there may be.
        most: usize,
    },
    /// A field of a transformation broke a rule.
    #[error("transformation {number}: {field} is {value:?}, but {rule}")]
    Transformation {
        /// Number of the transformation, from 1.
        number: usize,
        /// The field, by Amazon's name.
        field: &'static str,
        /// Its value.
        value: String,
        /// The rule, as a sentence part.
        rule: String,
    },
    /// A related series that is to change does not cover the horizon.
    #[error(
        "series {key:?}: related series {name:?} has {found} values, needs {needed} to cover the horizon"
    )]
    Short {
        /// Key of the series.
        key: Vec<String>,
        /// The related series.
        name: String,
        /// Values it has, from the start of the series on.
        found: usize,
        /// Values it needs.
        needed: usize,
    },
    /// A changed value is no finite number any more.
    #[error("series {key:?}: related series {name:?} would be {value} at {time}")]
    NotFinite {
        /// Key of the series.
        key: Vec<String>,
        /// The related series.
        name: String,
        /// When.
        time: DateTime,
        /// What it would be.
        value: f64,
    },
    /// The replacement has another frequency.
    #[error("the replacement's series come every {found}, those of the panel every {expected}")]
    Frequency {
        /// Of the replacement.
        found: Frequency,
        /// Of the panel.
        expected: Frequency,
    },
    /// The replacement has other dimensions.
    #[error("the replacement's dimensions are {found}, those of the panel {expected}")]
    Dimensions {
        /// Of the replacement.
        found: String,
        /// Of the panel.
        expected: String,
    },
    /// The replacement has a series that is not in the panel.
    #[error("the replacement has series {key:?}, the panel has not")]
    UnknownSeries {
        /// Its key.
        key: Vec<String>,
    },
    /// The replacement has a related series that is not in the panel.
    #[error("the replacement has related series {name:?}; the panel has {known}")]
    UnknownRelated {
        /// Its name.
        name: String,
        /// Those of the panel.
        known: String,
    },
    /// The predictor could not forecast.
    #[error("forecast {name:?}")]
    Forecast {
        /// Name of the what-if forecast, or `baseline`.
        name: String,
        /// Why.
        source: ForecastError,
    },
}

/// Names for a message.
pub(super) fn listed<'a>(names: impl IntoIterator<Item = &'a String>) -> String {
    let names: Vec<&str> = names.into_iter().map(String::as_str).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
