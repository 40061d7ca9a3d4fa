//! A regression on synthetic data whose every part can be made to misbehave.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, TensorData};
use ensue_core::{Run, Seed};
use ensue_nn::train::{EpochRecord, Learner, Loss, StepContext, TrainSettings, Trained};
use ensue_nn::{device, weights};
use rand::seq::SliceRandom;
use rand::{Rng, RngExt};

pub(crate) const STEPS: usize = 8;
pub(crate) const BATCH: usize = 16;

/// A perceptron with one hidden layer beside a straight line.
#[derive(Module, Debug)]
pub(crate) struct Net {
    pub(crate) slope: Param<Tensor<2>>,
    pub(crate) offset: Param<Tensor<1>>,
    pub(crate) hidden: Param<Tensor<2>>,
    pub(crate) out: Param<Tensor<2>>,
}

impl Net {
    fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let bend = x.clone().matmul(self.hidden.val()).tanh().matmul(self.out.val());
        x.matmul(self.slope.val()) + self.offset.val().unsqueeze() + bend
    }
}

pub(crate) fn cpu() -> Device {
    device::open("ndarray").unwrap()
}

/// Weights from a seed of their own; `hidden` units.
pub(crate) fn net(hidden: usize) -> Net {
    let mut rng = Seed(99).stream("weights");
    let mut matrix = |rows: usize, columns: usize| {
        let values: Vec<f32> = (0..rows * columns).map(|_| rng.random_range(-0.5..0.5)).collect();
        Param::from_data(TensorData::new(values, [rows, columns]), &cpu())
    };
    Net {
        slope: matrix(1, 1),
        offset: Param::from_data([0.0f32], &cpu()),
        hidden: matrix(1, hidden),
        out: matrix(hidden, 1),
    }
}

pub(crate) type Batch = (Vec<f32>, Vec<f32>);

/// `y = 3 x - 2`, plus noise that differs from step to step.
pub(crate) struct Toy {
    pub(crate) rows: Vec<(f32, f32)>,
    /// Size of the noise on the inputs, drawn from the step's seed.
    pub(crate) noise: f32,
    /// Metrics to give, one per epoch; empty: the negative loss on the rows.
    pub(crate) script: Mutex<Vec<f64>>,
    pub(crate) validates: bool,
    /// Epoch and step from 1 at which something is done to the loss.
    pub(crate) spoil: Option<(usize, usize, Spoil)>,
    /// The batch of this epoch and step panics while it is made.
    pub(crate) broken_batch: Option<(usize, usize)>,
    /// How long the loss of an epoch's step takes.
    pub(crate) pause: fn(usize, usize) -> Duration,
    pub(crate) name: &'static str,
    pub(crate) recipe: &'static str,
    pub(crate) losses: AtomicUsize,
    pub(crate) steps: usize,
}

#[derive(Clone, Copy)]
pub(crate) enum Spoil {
    /// The loss is NaN.
    Loss,
    /// The loss is 0, its gradient infinite.
    Gradient,
}

impl Toy {
    pub(crate) fn new() -> Self {
        let mut rng = Seed(5).stream("rows");
        let rows = (0..STEPS * BATCH).map(|_| {
            let x: f32 = rng.random_range(-1.0..1.0);
            (x, 3.0 * x - 2.0 + rng.random_range(-0.3..0.3))
        });
        Self {
            rows: rows.collect(),
            noise: 0.0,
            script: Mutex::new(Vec::new()),
            validates: true,
            spoil: None,
            broken_batch: None,
            pause: |_, _| Duration::ZERO,
            name: "toy",
            recipe: "plain",
            losses: AtomicUsize::new(0),
            steps: STEPS,
        }
    }

    /// Random inputs, so that only exact seeds give the same weights.
    pub(crate) fn noisy() -> Self {
        Self { noise: 0.2, ..Self::new() }
    }

    pub(crate) fn scripted(metrics: &[f64]) -> Self {
        Self { script: Mutex::new(metrics.to_vec()), ..Self::noisy() }
    }
}

impl Learner for Toy {
    type Model = Net;
    type Batch = Batch;
    /// Counts the steps of the epoch.
    type Carry = usize;

    fn fingerprint(&self) -> String {
        self.name.to_owned()
    }

    fn settings(&self) -> String {
        self.recipe.to_owned()
    }

    fn steps_per_epoch(&self) -> usize {
        self.steps
    }

    fn batches(&self, epoch: usize, seed: Seed) -> Box<dyn Iterator<Item = Batch> + Send + '_> {
        let mut rows = self.rows.clone();
        rows.shuffle(&mut seed.stream("shuffle"));
        Box::new((0..self.steps).map(move |step| {
            assert!(self.broken_batch != Some((epoch, step + 1)), "no such row");
            rows[step * BATCH..(step + 1) * BATCH].iter().copied().unzip()
        }))
    }

    fn loss(&self, model: &Net, (x, y): &Batch, carry: &mut usize, step: StepContext<'_>) -> Loss {
        std::thread::sleep((self.pause)(step.epoch, step.step));
        self.losses.fetch_add(1, Ordering::SeqCst);
        *carry += 1;
        assert_eq!(*carry, step.step, "the carry starts every epoch afresh and is handed on");
        assert!(step.device.is_autodiff(), "the device of a step is with autodiff");
        let mut rng = step.seed.stream("noise");
        let x: Vec<f32> = x.iter().map(|x| x + self.noise * noise(&mut rng)).collect();
        let column = |values: &[f32]| Tensor::<1>::from_data(values, step.device).reshape([-1, 1]);
        let error = model.forward(column(&x)) - column(y);
        let mut value = error.powi_scalar(2).mean();
        match self.spoil {
            Some((epoch, at, spoil)) if (epoch, at) == (step.epoch, step.step) => {
                value = match spoil {
                    Spoil::Loss => value * f32::NAN,
                    Spoil::Gradient => (value.clone() - value.detach()).sqrt(),
                };
            }
            _ => {}
        }
        Loss::new(value, y.len())
    }

    fn validate(&self, model: &Net, _: &Run) -> Option<f64> {
        assert!(!model.slope.val().is_autodiff(), "validation is without autodiff");
        let mut script = self.script.lock().unwrap();
        if !script.is_empty() {
            return Some(script.remove(0));
        }
        self.validates.then(|| {
            let device = model.slope.val().device();
            let column = |values: Vec<f32>| {
                Tensor::<1>::from_data(values.as_slice(), &device).reshape([-1, 1])
            };
            let (x, y): Batch = self.rows.iter().copied().unzip();
            let error = model.forward(column(x)) - column(y);
            -f64::from(error.powi_scalar(2).mean().into_scalar::<f32>())
        })
    }
}

fn noise(rng: &mut impl Rng) -> f32 {
    rng.random_range(-1.0..1.0)
}

/// A budget that [`outlast`] uses up in the third step of the second epoch.
pub(crate) const WALL: Duration = Duration::from_millis(1500);

pub(crate) fn outlast(epoch: usize, step: usize) -> Duration {
    if (epoch, step) == (2, 3) { WALL } else { Duration::ZERO }
}

pub(crate) fn settings(epochs: usize) -> TrainSettings {
    TrainSettings {
        epochs: epochs.try_into().unwrap(),
        learning_rate: 0.02,
        patience: None,
        ..TrainSettings::default()
    }
}

pub(crate) fn bytes(model: &Net) -> Vec<u8> {
    weights::to_bytes(model).unwrap()
}

/// The history without its clock readings.
pub(crate) fn timeless(trained: &Trained<Net>) -> Vec<EpochRecord> {
    let records = trained.history.iter().cloned();
    records.map(|record| EpochRecord { seconds: 0.0, ..record }).collect()
}

pub(crate) fn assert_same(left: &Trained<Net>, right: &Trained<Net>) {
    assert_eq!(bytes(&left.model), bytes(&right.model), "weights");
    assert_eq!(timeless(left), timeless(right), "history");
    assert_eq!((left.epoch, left.metric), (right.epoch, right.metric), "best epoch");
}
