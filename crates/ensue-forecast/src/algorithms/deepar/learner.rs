//! `DeepAR` as the training loop sees it.

use burn::tensor::{Device, Tensor, TensorData};
use ensue_core::{Run, Seed};
use ensue_nn::train::{Learner, Loss, StepContext};

use crate::algorithms::global::Validation;

use super::{
    forecast::Forecasting,
    network::{Network, inputs_of, located},
    windows::{Batch, Windows},
};

/// Sample paths of a measure: few, because it is one of many.
const PATHS: usize = 50;

/// Windows to train on, and those to measure on.
#[derive(Debug)]
pub(super) struct DeepArLearner {
    pub(super) windows: Windows,
    /// Series that have their last horizon, which `windows` lacks.
    pub(super) validation: Option<Validation>,
    pub(super) batches: usize,
    pub(super) size: usize,
    pub(super) fingerprint: String,
    pub(super) settings: String,
}

/// Negative log-likelihood of a batch, weighted.
pub(super) fn loss(
    windows: &Windows,
    model: &Network,
    batch: &Batch,
    seed: Option<Seed>,
    device: &Device,
) -> Tensor<1> {
    let inputs = &windows.inputs;
    let x = inputs_of(batch, inputs.columns(), device);
    let (raw, _) = model.forward(x, &batch.rows, seed);
    let shape = [batch.windows, windows.time()];
    let matrix =
        |values: &[f32]| Tensor::<2>::from_data(TensorData::new(values.to_vec(), shape), device);
    let scales = Tensor::<1>::from_data(batch.scales.as_slice(), device);
    let anchors = [batch.windows, windows.time(), inputs.anchors.len()];
    let anchors = Tensor::from_data(TensorData::new(batch.anchors.clone(), anchors), device);
    let raw = located(inputs, raw, anchors);
    inputs.likelihood.loss(raw, matrix(&batch.targets), scales, matrix(&batch.weights))
}

impl Learner for DeepArLearner {
    type Model = Network;
    type Batch = Batch;
    type Carry = ();

    fn fingerprint(&self) -> String {
        self.fingerprint.clone()
    }

    fn settings(&self) -> String {
        self.settings.clone()
    }

    fn steps_per_epoch(&self) -> usize {
        self.batches
    }

    fn batches(&self, _: usize, seed: Seed) -> Box<dyn Iterator<Item = Batch> + Send + '_> {
        Box::new(self.windows.epoch(self.batches, self.size, seed))
    }

    fn loss(&self, model: &Network, batch: &Batch, (): &mut (), step: StepContext<'_>) -> Loss {
        let value = loss(&self.windows, model, batch, Some(step.seed), step.device);
        Loss::new(value, batch.events.max(1))
    }

    fn validate(&self, model: &Network, _: &Run) -> Option<f64> {
        let validation = self.validation.as_ref()?;
        let device = model.head.val().device();
        let inputs = &self.windows.inputs;
        let forecasting = Forecasting { network: model, inputs, device: &device, paths: PATHS };
        // The same draws after each epoch, so that epochs differ by their weights alone.
        Some(validation.measure(|past, levels| forecasting.forecast(past, levels, Seed(0))))
    }
}
