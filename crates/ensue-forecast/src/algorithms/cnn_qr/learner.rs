//! `CNN-QR` as the training loop sees it.

use ensue_core::{Run, Seed};
use ensue_nn::train::{Learner, Loss, StepContext};

use crate::algorithms::global::Validation;

use super::{
    forecast::Forecasting,
    network::{Network, loss},
    windows::{Batch, Windows},
};

/// Windows to train on, and those to measure on.
#[derive(Debug)]
pub(super) struct CnnQrLearner {
    pub(super) windows: Windows,
    /// Series that have their last horizon, which `windows` lacks.
    pub(super) validation: Option<Validation>,
    pub(super) batches: usize,
    pub(super) size: usize,
    pub(super) fingerprint: String,
    pub(super) settings: String,
}

impl Learner for CnnQrLearner {
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
        let raw = model.forward(batch, Some(step.seed), step.device);
        Loss::new(loss(&raw, batch, step.device), batch.events.max(1))
    }

    fn validate(&self, model: &Network, _: &Run) -> Option<f64> {
        let validation = self.validation.as_ref()?;
        let device = model.device();
        let inputs = &self.windows.inputs;
        let forecasting = Forecasting { network: model, inputs, device: &device };
        Some(validation.measure(|past, levels| forecasting.forecast(past, levels)))
    }
}
