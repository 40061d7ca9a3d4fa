#![doc = include_str!("README.md")]

mod anchors;
mod forecast;
mod inputs;
mod learner;
mod network;
mod past;
mod quantiles;
mod settings;
#[cfg(test)]
mod tests;
mod windows;

use burn::tensor::Device;
use ensue_core::{
    Panel, Quantile, Run, Seed,
    artifact::{ArtifactError, ArtifactReader, ArtifactWriter},
};
use ensue_nn::{device, kernels, train::Trainer, weights};
use serde::{Deserialize, Serialize};

pub use super::global::RelatedData;
use super::global::{Validation, check_related, check_targets, embeddings};
use forecast::Forecasting;
use inputs::Inputs;
use learner::CnnQrLearner;
use network::{Network, Shape};
pub use settings::{CnnQr, ItemMetadata};
use windows::Windows;

use crate::{
    Algorithm, FitError, ForecastError, Forecaster, LoadError, SeriesForecast, SettingsError,
    TrainingData, checks::check_data,
};

/// Amazon's name of the algorithm.
const NAME: &str = "CNN-QR";
const WEIGHTS: &str = "cnn-qr.safetensors";
const MODEL: &str = "cnn-qr.json";

/// A trained `CNN-QR`.
#[derive(Debug)]
pub struct FittedCnnQr {
    network: Network,
    model: Model,
    device: Device,
}

/// All of a fitted model but its weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Model {
    inputs: Inputs,
    shape: Shape,
}

impl CnnQr {
    fn learner(&self, data: &TrainingData) -> CnnQrLearner {
        let (validation, train) = Validation::split(&data.panel, data.horizon, self.validation);
        let inputs = Inputs::new(self, &TrainingData { panel: train.clone(), ..data.clone() });
        let past = inputs.past(&train, false).expect("the inputs were made from this panel");
        CnnQrLearner {
            windows: Windows::new(inputs, past, self),
            validation,
            batches: self.batches_per_epoch.get(),
            size: self.batch_size.get(),
            fingerprint: data.panel.fingerprint(),
            settings: serde_json::to_string(&(self, data.horizon)).expect("plain data"),
        }
    }
}

impl Algorithm for CnnQr {
    const NAME: &'static str = NAME;
    type Fitted = FittedCnnQr;

    fn check(&self) -> Result<(), SettingsError> {
        self.check_fields()
    }

    fn fit(&self, data: &TrainingData, run: &mut Run) -> Result<FittedCnnQr, FitError> {
        self.check()?;
        check_data(NAME, data, run)?;
        check_targets(NAME, data, |_| true, "")?;
        check_related(NAME, data, self.use_related_data, run)?;
        let device = device::open(&run.device)?;
        kernels::set_threads(run.thread_count().get());
        let learner = self.learner(data);
        if self.validation && learner.validation.is_none() {
            Validation::say_that_there_is_none(NAME, run);
        }
        let inputs = learner.windows.inputs.clone();
        let shape = Shape::new(self, &inputs);
        let network = Network::new(&shape, self.dropout_rate, run.seed.child("weights"), &device);
        let epochs = self.epochs_on(data);
        let mut network = Trainer::new(self.training(epochs)).fit(&learner, network, run)?.model;
        let series = learner.windows.series.iter().map(|past| &past.ready);
        network.embeddings = embeddings::usual_where_unseen(network.embeddings, &series);
        Ok(FittedCnnQr { network, model: Model { inputs, shape }, device })
    }

    fn load(&self, reader: &ArtifactReader, device: &str) -> Result<FittedCnnQr, LoadError> {
        let device = device::open(device)?;
        let model: Model = reader.read_json(MODEL)?;
        let bytes = reader.read(WEIGHTS)?;
        let blank = Network::new(&model.shape, self.dropout_rate, Seed(0), &device);
        let network = weights::from_bytes(blank, &bytes, &device)
            .map_err(|source| LoadError::Weights { file: WEIGHTS.to_owned(), source })?;
        Ok(FittedCnnQr { network, model, device })
    }
}

impl Forecaster for FittedCnnQr {
    fn algorithm(&self) -> &'static str {
        NAME
    }

    fn horizon(&self) -> usize {
        self.model.inputs.known.horizon
    }

    fn forecast(
        &self,
        panel: &Panel,
        quantiles: &[Quantile],
        _: Seed,
    ) -> Result<Vec<SeriesForecast>, ForecastError> {
        let forecasting = Forecasting {
            network: &self.network,
            inputs: &self.model.inputs,
            device: &self.device,
        };
        forecasting.forecast(panel, quantiles)
    }

    fn covariates(&self) -> Option<Vec<String>> {
        Some(self.model.inputs.known.covariates())
    }

    fn save(&self, out: &mut ArtifactWriter) -> Result<(), ArtifactError> {
        out.write_json(MODEL, &self.model)?;
        let bytes = weights::to_bytes(&self.network).expect("the network's names are unique");
        out.write(WEIGHTS, &bytes)
    }
}
