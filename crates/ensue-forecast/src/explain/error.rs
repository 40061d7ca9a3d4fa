//! What can go wrong in an explanation.

use crate::ForecastError;

/// A forecast could not be explained.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ExplainError {
    /// The panel is empty.
    #[error("there is no series to explain")]
    NoSeries,
    /// A series is not in the panel.
    #[error("series {key:?} is not in the panel")]
    UnknownSeries {
        /// Its key.
        key: Vec<String>,
    },
    /// The panel has nothing beside the target.
    #[error("the series have no related series, metadata or holidays that could move a forecast")]
    NoAttributes,
    /// The algorithm looks at none of the attributes.
    #[error(
        "{algorithm} looks at none of the attributes there are ({known}): nothing moves its forecast but the past"
    )]
    NotUsed {
        /// Name of the algorithm.
        algorithm: &'static str,
        /// All attributes, separated by commas.
        known: String,
    },
    /// There are more series or time points than the limits allow.
    #[error(
        "there are {found} {what} to explain, but may be at most {most} (Amazon's limit): name some in `series`, \
         or set `limits` to \"relaxed\""
    )]
    TooMany {
        /// What is counted.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many there may be.
        most: usize,
    },
    /// The algorithm could not forecast.
    #[error(transparent)]
    Forecast(#[from] ForecastError),
}
