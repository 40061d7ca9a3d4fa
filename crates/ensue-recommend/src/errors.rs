//! What can go wrong while settings are checked, recipes fitted, loaded and queried.

use std::fmt::Display;

use ensue_core::artifact::ArtifactError;
use ensue_nn::{device::DeviceError, search::TunedError, train::TrainError, weights::WeightsError};

/// A setting has a value that its recipe does not accept.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// One field is outside its range, or contradicts another.
    #[error("{recipe}: {field} is {value}, but {rule}")]
    Field {
        /// Name of the recipe.
        recipe: &'static str,
        /// Name of the setting as it is written in a settings file.
        field: &'static str,
        /// The value given.
        value: String,
        /// The rule it broke, as a sentence part: "must be between 32 and 256".
        rule: String,
    },
    /// A setting that was proposed by name does not exist, or cannot have this value.
    #[error(transparent)]
    Tuned(#[from] TunedError),
    /// No recipe has this name.
    #[error("no recipe is called {name:?}; there are {known}")]
    UnknownRecipe {
        /// The name asked for.
        name: String,
        /// All names, separated by commas.
        known: String,
    },
}

impl SettingsError {
    /// A field that broke a rule.
    pub fn field(
        recipe: &'static str,
        field: &'static str,
        value: impl Display,
        rule: impl Into<String>,
    ) -> Self {
        Self::Field { recipe, field, value: value.to_string(), rule: rule.into() }
    }
}

/// A recipe could not be fitted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FitError {
    /// A setting is not acceptable.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The training data has no event, or none that the recipe's settings leave.
    #[error("{recipe}: no events to train on ({reason})")]
    NoEvents {
        /// Name of the recipe.
        recipe: &'static str,
        /// What removed them.
        reason: String,
    },
    /// The recipe learns from metadata that the data do not have.
    #[error("{recipe}: needs metadata of the {dataset}, and the data have none")]
    NoMetadata {
        /// Name of the recipe.
        recipe: &'static str,
        /// What the metadata would describe.
        dataset: &'static str,
    },
    /// There are too few or too many cold items.
    #[error(
        "{recipe}: {found} items are cold (fewer than {max_interactions} interactions, younger than {max_days} days), \
         but {least} to {most} must be: change cold_start_max_interactions, cold_start_max_duration, or the bounds \
         min_cold_items and max_cold_items"
    )]
    ColdItems {
        /// Name of the recipe.
        recipe: &'static str,
        /// Cold items there are.
        found: usize,
        /// The setting `cold_start_max_interactions`.
        max_interactions: u32,
        /// The setting `cold_start_max_duration`.
        max_days: f64,
        /// Fewest that are accepted.
        least: usize,
        /// Most that are accepted.
        most: usize,
    },
    /// The device could not be opened.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// Training stopped with an error.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// The run was cancelled before the recipe was fitted.
    #[error("cancelled")]
    Cancelled,
}

impl FitError {
    /// Whether the fit ended because the run was cancelled.
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Self::Cancelled | Self::Train(TrainError::Cancelled { .. }))
    }
}

/// A fitted recipe could not be read back.
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

/// A fitted recipe could not answer.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// A dense item id is not in the catalogue of the recipe.
    #[error("item {item} is outside the catalogue of {n_items} items")]
    ItemOutOfRange {
        /// The item asked about.
        item: u32,
        /// Size of the catalogue.
        n_items: usize,
    },
    /// The model produced scores that are not numbers.
    #[error("{recipe}: the scores of query {row} are not finite")]
    NotFinite {
        /// Name of the recipe.
        recipe: &'static str,
        /// Index of the query in its batch.
        row: usize,
    },
}
