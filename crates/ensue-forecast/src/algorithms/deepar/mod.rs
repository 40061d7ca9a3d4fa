#![doc = include_str!("README.md")]

mod forecast;
mod inputs;
mod learner;
mod network;
mod ready;
mod settings;
#[cfg(test)]
mod tests;
mod windows;

use burn::tensor::Device;
use ensue_core::{
    Panel, Progress, Quantile, Run, Seed, Series,
    artifact::{ArtifactError, ArtifactReader, ArtifactWriter},
};
use ensue_nn::{device, kernels, train::Trainer, weights};
use serde::{Deserialize, Serialize};

use forecast::Forecasting;
use inputs::{Inputs, known_ahead};
use learner::{DeepArLearner, Validation};
use network::{Network, Shape};
pub use settings::DeepAr;
use windows::Windows;

use crate::{
    Algorithm, FitError, ForecastError, Forecaster, LoadError, SeriesForecast, SettingsError,
    TrainingData, checks::check_data,
};

/// Amazon's name of the algorithm.
const NAME: &str = "Deep_AR_Plus";
const WEIGHTS: &str = "deepar.safetensors";
const MODEL: &str = "deepar.json";
/// Targets and their sums have to fit into `f32`.
const LARGEST: f64 = 1e30;

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
    /// Refuses targets that the likelihood cannot have made, or that do not fit into `f32`.
    fn check_targets(&self, data: &TrainingData) -> Result<(), FitError> {
        for series in data.panel.series() {
            let wrong =
                |&y: &f64| !(y.is_nan() || self.likelihood.supports(y) && y.abs() <= LARGEST);
            if let Some(at) = series.target().iter().position(wrong) {
                let (y, likelihood) = (series.target()[at], self.likelihood);
                let time = data.panel.frequency().start_of(series.start() + at as i64);
                let reason = format!(
                    "its target {y} at {time} (in the data, or filled in) cannot be under likelihood \
                     {likelihood}, or is beyond {LARGEST:e}"
                );
                return Err(FitError::Series {
                    algorithm: NAME,
                    key: series.key().to_vec(),
                    reason,
                });
            }
        }
        Ok(())
    }

    /// Refuses related series that are known ahead for some series only, before any time is spent on
    /// training; tells of those that are not used because none is.
    fn check_related(data: &TrainingData, run: &Run) -> Result<(), FitError> {
        for (n, name) in data.panel.related().iter().enumerate() {
            if !known_ahead(data, n) {
                let message = format!(
                    "{NAME}: related series {name:?} does not reach over the horizon and is not used"
                );
                run.emit(Progress::Warning { message });
                continue;
            }
            let needed = |s: &Series| s.len() + data.horizon;
            let short = data.panel.series().iter().find(|s| s.related()[n].len() < needed(s));
            if let Some(series) = short {
                let (found, needed) = (series.related()[n].len(), needed(series));
                let reason = format!(
                    "its related series {name:?} has {found} values, needs {needed} to cover the horizon"
                );
                return Err(FitError::Series {
                    algorithm: NAME,
                    key: series.key().to_vec(),
                    reason,
                });
            }
        }
        Ok(())
    }

    fn learner(&self, data: &TrainingData) -> DeepArLearner {
        // The last horizon of a series that is long enough is measured on, not trained on.
        let measured = self.validation.then(|| data.panel.filtered(|s| s.len() > 2 * data.horizon));
        let held_out = measured.as_ref().is_some_and(|panel| !panel.is_empty());
        let train =
            if held_out { without_last(&data.panel, data.horizon) } else { data.panel.clone() };
        let inputs = Inputs::new(self, &TrainingData { panel: train.clone(), ..data.clone() });
        let windows = |panel: &Panel| {
            let ready = inputs.ready(panel, false).expect("the inputs were made from this panel");
            Windows::new(inputs.clone(), ready, self.scale_weighting)
        };
        DeepArLearner {
            windows: windows(&train),
            validation: (measured.filter(|_| held_out))
                .map(|panel| Validation::new(&panel, data.horizon)),
            batches: self.batches_per_epoch.get(),
            size: self.batch_size.get(),
            fingerprint: data.panel.fingerprint(),
            settings: serde_json::to_string(&(self, data.horizon)).expect("plain data"),
        }
    }
}

/// The panel without the last `steps` of every series that has more than twice as many.
fn without_last(panel: &Panel, steps: usize) -> Panel {
    panel.map(|series| if series.len() > 2 * steps { series.cut(steps) } else { series.clone() })
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
        self.check_targets(data)?;
        Self::check_related(data, run)?;
        let device = device::open(&run.device)?;
        kernels::set_threads(run.thread_count().get());
        let learner = self.learner(data);
        let inputs = learner.windows.inputs.clone();
        let shape = Shape::new(self, &inputs);
        let network = Network::new(&shape, self.dropout_rate, run.seed.child("weights"), &device);
        let observed = data.panel.series().iter().map(Series::observed).sum();
        let epochs = self.epochs_for(observed, learner.windows.time());
        let trained = Trainer::new(self.training(epochs)).fit(&learner, network, run)?;
        let model = Model { inputs, shape, paths: self.num_eval_samples.get() };
        Ok(FittedDeepAr { network: trained.model, model, device })
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
        self.model.inputs.horizon
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
        Some(self.model.inputs.covariates().map(str::to_owned).collect())
    }

    fn save(&self, out: &mut ArtifactWriter) -> Result<(), ArtifactError> {
        out.write_json(MODEL, &self.model)?;
        let bytes = weights::to_bytes(&self.network).expect("the network's names are unique");
        out.write(WEIGHTS, &bytes)
    }
}
