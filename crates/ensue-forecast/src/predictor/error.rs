//! What can go wrong between series and a predictor on disk.

use ensue_core::artifact::ArtifactError;

use crate::{FitError, ForecastError, LoadError, SettingsError};

/// A predictor could not be trained, saved or loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PredictorError {
    /// A setting of the predictor or of its algorithm is not acceptable, or not for these series.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// There is nothing to learn from.
    #[error("no usable series: {reason}")]
    NoSeries {
        /// What is missing.
        reason: &'static str,
    },
    /// The search could not go on.
    #[error("search: {0}")]
    Study(#[from] ensue_tune::StudyError),
    /// The algorithm could not be fitted.
    #[error(transparent)]
    Fit(#[from] FitError),
    /// A backtest window could not be forecast.
    #[error("backtest window {window} of {algorithm}")]
    Backtest {
        /// Name of the algorithm.
        algorithm: &'static str,
        /// Number of the window, 1 is the newest.
        window: usize,
        /// Why.
        source: ForecastError,
    },
    /// The directory could not be written or read.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    /// The directory was read, but does not hold a usable predictor.
    #[error(transparent)]
    Load(#[from] LoadError),
}

impl From<ensue_nn::search::TunedError> for PredictorError {
    fn from(error: ensue_nn::search::TunedError) -> Self {
        Self::Settings(error.into())
    }
}

impl PredictorError {
    /// Whether the work ended because the run was cancelled.
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Self::Fit(error) if error.is_cancelled())
    }
}
