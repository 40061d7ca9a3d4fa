#![doc = include_str!("README.md")]

mod forecast;
mod inputs;
mod learner;
mod network;
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

use forecast::Forecasting;
use inputs::Inputs;
use learner::DeepArLearner;
use network::{Network, Shape};
pub use settings::DeepAr;
use windows::Windows;

use crate::{
    Algorithm, FitError, ForecastError, Forecaster, LoadError, SeriesForecast, SettingsError,
    TrainingData,
    algorithms::global::{RelatedData, Validation, check_related, check_targets, embeddings},
    checks::check_data,
};

/// Amazon's name of the algorithm.
const NAME: &str = "Deep_AR_Plus";
const WEIGHTS: &str = "deepar.safetensors";
const MODEL: &str = "deepar.json";

/// A trained `DeepAR`.
#[derive(Debug)]
pub struct FittedDeepAr {
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
    paths: usize,
}

impl DeepAr {
    fn learner(&self, data: &TrainingData) -> DeepArLearner {
        // The last horizon of a series that is long enough is measured on, not trained on.
        let (validation, train) = Validation::split(&data.panel, data.horizon, self.validation);
        let inputs = Inputs::new(self, &TrainingData { panel: train.clone(), ..data.clone() });
        let windows = |panel: &Panel| {
            let ready = inputs.ready(panel, false).expect("the inputs were made from this panel");
            Windows::new(inputs.clone(), ready, self.scale_weighting)
        };
        DeepArLearner {
            windows: windows(&train),
            validation,
            batches: self.batches_per_epoch.get(),
            size: self.batch_size.get(),
            fingerprint: data.panel.fingerprint(),
            settings: serde_json::to_string(&(self, data.horizon)).expect("plain data"),
        }
    }
}

impl Algorithm for DeepAr {
    const NAME: &'static str = NAME;
    type Fitted = FittedDeepAr;

    fn check(&self) -> Result<(), SettingsError> {
        self.check_fields()
    }

    fn fit(&self, data: &TrainingData, run: &mut Run) -> Result<FittedDeepAr, FitError> {
        self.check()?;
        check_data(NAME, data, run)?;
        let likelihood = self.likelihood;
        let what = format!("cannot be under likelihood {likelihood}, or ");
        check_targets(NAME, data, |y| likelihood.supports(y), &what)?;
        check_related(NAME, data, RelatedData::ForwardLooking, run)?;
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
        let series = learner.windows.series.iter();
        network.embeddings = embeddings::usual_where_unseen(network.embeddings, &series);
        let model = Model { inputs, shape, paths: self.num_eval_samples.get() };
        Ok(FittedDeepAr { network, model, device })
    }

    fn load(&self, reader: &ArtifactReader, device: &str) -> Result<FittedDeepAr, LoadError> {
        let device = device::open(device)?;
        let model: Model = reader.read_json(MODEL)?;
        let bytes = reader.read(WEIGHTS)?;
        let blank = Network::new(&model.shape, self.dropout_rate, Seed(0), &device);
        let network = weights::from_bytes(blank, &bytes, &device)
            .map_err(|source| LoadError::Weights { file: WEIGHTS.to_owned(), source })?;
        Ok(FittedDeepAr { network, model, device })
    }
}

impl FittedDeepAr {
    /// The same model with another number of sample paths behind its quantiles.
    pub fn with_samples(mut self, paths: std::num::NonZeroUsize) -> Self {
        self.model.paths = paths.get();
        self
    }
}

impl Forecaster for FittedDeepAr {
    fn algorithm(&self) -> &'static str {
        NAME
    }

    fn horizon(&self) -> usize {
        self.model.inputs.horizon()
    }

    fn forecast(
        &self,
        panel: &Panel,
        quantiles: &[Quantile],
        seed: Seed,
    ) -> Result<Vec<SeriesForecast>, ForecastError> {
        let forecasting = Forecasting {
            network: &self.network,
            inputs: &self.model.inputs,
            device: &self.device,
            paths: self.model.paths,
        };
        forecasting.forecast(panel, quantiles, seed)
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
