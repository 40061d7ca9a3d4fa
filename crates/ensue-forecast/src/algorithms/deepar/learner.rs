//! `DeepAR` as the training loop sees it.

use std::cell::Cell;

use burn::tensor::{Device, Tensor, TensorData};
use ensue_core::{AccuracyAccumulator, Outcome, Panel, Quantile, Run, Seed};
use ensue_nn::train::{Learner, Loss, StepContext};

use super::{
    forecast::Forecasting,
    network::{Network, inputs_of, located},
    windows::{Batch, Windows},
};

/// Series that are measured on at most.
const SERIES: usize = 500;

/// Sample paths of a measure: few, because it is one of many.
const PATHS: usize = 50;

/// Quantiles that are measured.
const LEVELS: [f64; 3] = [0.1, 0.5, 0.9];

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

/// What each epoch is measured on.
#[derive(Debug)]
pub(super) struct Validation {
    past: Panel,
    whole: Panel,
    horizon: usize,
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
        Some(validation.measure(&Forecasting {
            network: model,
            inputs,
            device: &device,
            paths: PATHS,
        }))
    }
}

impl Validation {
    /// The last `horizon` steps of these series, or of some of them that are spread over all.
    pub(super) fn new(panel: &Panel, horizon: usize) -> Self {
        let every = panel.series().len().div_ceil(SERIES).max(1);
        let at = Cell::new(0usize);
        let some = panel.filtered(|_| at.replace(at.get() + 1).is_multiple_of(every));
        Self { past: some.cut(horizon), whole: some, horizon }
    }

    /// The negative mean weighted quantile loss of a forecast, or of a network that cannot forecast a very low number.
    fn measure(&self, forecasting: &Forecasting<'_>) -> f64 {
        /// Worse than any forecast, and still a number.
        const WORST: f64 = -1e9;
        let levels: Vec<Quantile> =
            LEVELS.iter().map(|&level| Quantile::new(level).expect("a level")).collect();
        // The same draws after each epoch, so that epochs differ by their weights alone.
        let Ok(forecasts) = forecasting.forecast(&self.past, &levels, Seed(0)) else {
            return WORST;
        };
        let mut metrics = AccuracyAccumulator::new(&levels, 1);
        let series = self.whole.series().iter().zip(self.past.series()).zip(&forecasts);
        for ((whole, past), forecast) in series {
            metrics.add(&Outcome {
                past: past.target(),
                actual: &whole.target()[past.len()..][..self.horizon],
                mean: &forecast.mean,
                levels: &levels,
                quantiles: &forecast.quantiles,
            });
        }
        let loss = metrics.finish().and_then(|metrics| metrics.average_weighted_quantile_loss);
        loss.filter(|loss| loss.is_finite()).map_or(WORST, |loss| (-loss).max(WORST))
    }
}
