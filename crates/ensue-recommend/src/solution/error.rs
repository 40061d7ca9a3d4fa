//! What can go wrong between data and a version on disk.

use ensue_core::artifact::ArtifactError;

use crate::{EvaluationError, FitError, LoadError, SettingsError};

/// A solution could not be trained, saved or loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SolutionError {
    /// A recipe setting is not acceptable.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// An event type is asked for, but the data has no `EVENT_TYPE` column.
    #[error(
        "event type {event_type:?} is asked for, but the interactions have no EVENT_TYPE column"
    )]
    NoEventTypes {
        /// The event type asked for.
        event_type: String,
    },
    /// No event has this type.
    #[error("no event has the type {event_type:?}; there are {known}")]
    UnknownEventType {
        /// The event type asked for.
        event_type: String,
        /// All event types of the data, separated by commas.
        known: String,
    },
    /// A threshold is given, but the data has no `EVENT_VALUE` column.
    #[error("an event value threshold is given, but the interactions have no EVENT_VALUE column")]
    NoEventValues,
    /// The threshold is not a number.
    #[error("the event value threshold must be a finite number")]
    ThresholdNotFinite,
    /// No event is left to learn from.
    #[error(
        "no event is left to train on (event type {event_type:?}, event value threshold {event_value_threshold:?})"
    )]
    NoEvents {
        /// The event type asked for, if any.
        event_type: Option<String>,
        /// The threshold asked for, if any.
        event_value_threshold: Option<f32>,
    },
    /// A setting of the search is not acceptable.
    #[error("search: {field} is {value}, but {rule}")]
    Hpo {
        /// Name of the setting.
        field: &'static str,
        /// Its value.
        value: String,
        /// The rule it broke.
        rule: String,
    },
    /// The search could not go on.
    #[error("search: {0}")]
    Study(#[from] ensue_tune::StudyError),
    /// The recipe could not be fitted.
    #[error(transparent)]
    Fit(#[from] FitError),
    /// The version could not be measured.
    #[error(transparent)]
    Evaluation(#[from] EvaluationError),
    /// The directory could not be written or read.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    /// The directory was read, but does not hold a usable version.
    #[error(transparent)]
    Load(#[from] LoadError),
}

impl From<ensue_nn::search::TunedError> for SolutionError {
    fn from(error: ensue_nn::search::TunedError) -> Self {
        Self::Settings(error.into())
    }
}

impl SolutionError {
    /// Whether the work ended because the run was cancelled.
    pub fn is_cancelled(&self) -> bool {
        match self {
            Self::Fit(error) => error.is_cancelled(),
            Self::Evaluation(EvaluationError::Cancelled) => true,
            _ => false,
        }
    }
}
