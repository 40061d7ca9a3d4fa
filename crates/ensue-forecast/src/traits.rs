//! The two traits of this crate: an algorithm's settings can be fitted, a fitted algorithm forecasts.

use std::fmt::Debug;

use ensue_core::{
    Panel, Quantile, Run, Seed,
    artifact::{ArtifactError, ArtifactReader, ArtifactWriter},
};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    FitError, ForecastError, LoadError, SettingsError, algorithms::auto_predictor::Selection,
};

/// What an algorithm learns from.
#[derive(Debug, Clone)]
pub struct TrainingData {
    /// The series.
    pub panel: Panel,
    /// Steps to forecast after the end of each series; at least 1.
    pub horizon: usize,
}

/// Settings of a forecasting algorithm; fitting them to data gives something that forecasts.
///
/// Settings are plain data: public fields, a `Default`, serde with unknown fields refused. One folder
/// of [`algorithms`](crate::algorithms) holds one algorithm, and one line of its registry names it.
pub trait Algorithm: Serialize + DeserializeOwned + Default + Clone + Debug + PartialEq {
    /// Name in settings files and on the command line; Amazon's where it has one, such as
    /// `Deep_AR_Plus`.
    const NAME: &'static str;

    /// The fitted form: the only type that forecasts.
    type Fitted: Forecaster + 'static;

    /// Checks what the types of the fields cannot; [`Algorithm::fit`] calls it first.
    ///
    /// # Errors
    /// [`SettingsError`] names the field, its value and the rule it broke.
    fn check(&self) -> Result<(), SettingsError>;

    /// Learns from `data`. The same settings, data, seed, device and thread count give the same bytes
    /// (ndarray).
    ///
    /// # Errors
    /// [`FitError`] when settings, data or device are not usable, when the loss stops being a number,
    /// or when the run is cancelled.
    fn fit(&self, data: &TrainingData, run: &mut Run) -> Result<Self::Fitted, FitError>;

    /// Reads back what [`Forecaster::save`] wrote.
    ///
    /// # Errors
    /// [`LoadError`] when a file is missing, damaged or does not fit these settings, or the device
    /// cannot be opened.
    fn load(&self, reader: &ArtifactReader, device: &str) -> Result<Self::Fitted, LoadError>;
}

/// A fitted algorithm: forecasts the steps after the end of series.
pub trait Forecaster: Send + Sync + Debug {
    /// Name of the algorithm ([`Algorithm::NAME`]).
    fn algorithm(&self) -> &'static str;

    /// Steps that it forecasts.
    fn horizon(&self) -> usize;

    /// Forecasts the horizon after the end of every series of `panel`, in its order.
    ///
    /// The panel may hold other series than those of the training, longer ones, or items without any
    /// history. All randomness comes from `seed`; a series' forecast does not depend on the other
    /// series. Quantiles never cross: they do not fall when the level rises.
    ///
    /// # Errors
    /// [`ForecastError`] when the panel does not fit what was trained: another frequency, a related
    /// series that is missing or does not cover the horizon.
    fn forecast(
        &self,
        panel: &Panel,
        quantiles: &[Quantile],
        seed: Seed,
    ) -> Result<Vec<SeriesForecast>, ForecastError>;

    /// What competed and what was chosen, where several algorithms did.
    fn selection(&self) -> Option<&Selection> {
        None
    }

    /// Names of the related series and metadata fields that its forecasts may depend on; `None` where it cannot tell.
    /// Explanations ([`explain`](crate::explain)) ask about these alone. Default: it cannot tell.
    fn covariates(&self) -> Option<Vec<String>> {
        None
    }

    /// Writes what [`Algorithm::load`] needs.
    ///
    /// # Errors
    /// [`ArtifactError`] when a file cannot be written.
    fn save(&self, out: &mut ArtifactWriter) -> Result<(), ArtifactError>;
}

/// The forecast of one series.
#[derive(Debug, Clone, PartialEq)]
pub struct SeriesForecast {
    /// The mean of each step.
    pub mean: Vec<f64>,
    /// For each quantile asked for, in that order, its value at each step.
    pub quantiles: Vec<Vec<f64>>,
}
