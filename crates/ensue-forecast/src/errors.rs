//! What can go wrong while settings are checked, algorithms fitted, loaded and asked.

use std::fmt::Display;

use ensue_core::{Frequency, artifact::ArtifactError};
use ensue_nn::{device::DeviceError, search::TunedError, train::TrainError, weights::WeightsError};

/// A setting has a value that its algorithm does not accept.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// One field is outside its range, or contradicts another.
    #[error("{algorithm}: {field} is {value}, but {rule}")]
    Field {
        /// Name of the algorithm.
        algorithm: &'static str,
        /// Name of the setting as it is written in a settings file.
        field: &'static str,
        /// The value given.
        value: String,
        /// The rule it broke, as a sentence part: "must be between 1 and 5".
        rule: String,
    },
    /// A setting that was proposed by name does not exist, or cannot have this value.
    #[error(transparent)]
    Tuned(#[from] TunedError),
    /// No algorithm has this name.
    #[error("no algorithm is called {name:?}; there are {known}")]
    UnknownAlgorithm {
        /// The name asked for.
        name: String,
        /// All names, separated by commas.
        known: String,
    },
}

impl SettingsError {
    /// A field that broke a rule.
    pub fn field(
        algorithm: &'static str,
        field: &'static str,
        value: impl Display,
        rule: impl Into<String>,
    ) -> Self {
        Self::Field { algorithm, field, value: value.to_string(), rule: rule.into() }
    }
}

/// An algorithm could not be fitted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FitError {
    /// A setting is not acceptable.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// No series has what the algorithm needs to learn.
    #[error("{algorithm}: no usable series ({reason})")]
    NoSeries {
        /// Name of the algorithm.
        algorithm: &'static str,
        /// What is missing.
        reason: String,
    },
    /// A series breaks a rule of the algorithm.
    #[error("{algorithm}: series {key:?}: {reason}")]
    Series {
        /// Name of the algorithm.
        algorithm: &'static str,
        /// Key of the series.
        key: Vec<String>,
        /// The rule, with the value that broke it.
        reason: String,
    },
    /// The device could not be opened.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// Training stopped with an error.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// The run was cancelled before the algorithm was fitted.
    #[error("cancelled")]
    Cancelled,
}

impl FitError {
    /// Whether the fit ended because the run was cancelled.
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Self::Cancelled | Self::Train(TrainError::Cancelled { .. }))
    }
}

/// A fitted algorithm could not be read back.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The directory or one of its files is missing, damaged or foreign.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    /// The weights do not fit the network that the settings describe.
    #[error("{file} does not fit the settings")]
    Weights {
        /// Name of the file inside the directory.
        file: String,
        /// What does not fit.
        source: WeightsError,
    },
    /// The device could not be opened.
    #[error(transparent)]
    Device(#[from] DeviceError),
}

/// A fitted algorithm could not forecast.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ForecastError {
    /// The panel has another frequency than the training data.
    #[error("the series come every {found}, the algorithm was fitted to every {expected}")]
    Frequency {
        /// Of the panel.
        found: Frequency,
        /// Of the training data.
        expected: Frequency,
    },
    /// A related series of the training data is not in the panel.
    #[error("related series {name:?} is missing")]
    MissingRelated {
        /// Its name.
        name: String,
    },
    /// A related series does not cover the horizon.
    #[error(
        "series {key:?}: related series {name:?} has {found} values, needs {needed} to cover the horizon"
    )]
    ShortRelated {
        /// Key of the series.
        key: Vec<String>,
        /// The related series.
        name: String,
        /// Values it has, from the start of the series on.
        found: usize,
        /// Values it needs.
        needed: usize,
    },
    /// A related series has no number where one is needed.
    #[error("series {key:?}: related series {name:?} is not finite at step {at}")]
    RelatedNotFinite {
        /// Key of the series.
        key: Vec<String>,
        /// The related series.
        name: String,
        /// Index from the start of the series.
        at: usize,
    },
    /// The model produced values that are not numbers.
    #[error("{algorithm}: the forecast of series {key:?} is not finite")]
    NotFinite {
        /// Name of the algorithm.
        algorithm: &'static str,
        /// Key of the series.
        key: Vec<String>,
    },
}
