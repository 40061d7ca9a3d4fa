//! What training needs to know about a model and its data.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use ensue_core::{Run, Seed};

use crate::embedding::Touched;

/// What is trained and on what: the model's type, its batches, its loss and its validation metric.
///
/// Everything a learner draws at random must come from the seeds it is handed; then a run repeats
/// and resumes exactly.
///
/// ```
/// use burn::module::{Module, Param};
/// use burn::tensor::{Device, Tensor};
/// use ensue_core::{Run, Seed};
/// use ensue_nn::train::{Learner, Loss, StepContext, TrainSettings, Trainer};
///
/// #[derive(Module, Debug)]
/// struct Line {
///     slope: Param<Tensor<1>>,
/// }
///
/// /// Learns y = 2 x.
/// struct Double;
///
/// impl Learner for Double {
///     type Model = Line;
///     type Batch = Vec<f32>;
///     type Carry = ();
///
///     fn fingerprint(&self) -> String {
///         "y = 2 x".to_owned()
///     }
///     fn steps_per_epoch(&self) -> usize {
///         4
///     }
///     fn batches(&self, _: usize, _: Seed) -> Box<dyn Iterator<Item = Vec<f32>> + Send + '_> {
///         Box::new((1..=4).map(|k| vec![k as f32, -(k as f32)]))
///     }
///     fn loss(&self, model: &Line, x: &Vec<f32>, _: &mut (), step: StepContext<'_>) -> Loss {
///         let x = Tensor::<1>::from_data(x.as_slice(), step.device);
///         let error = x.clone() * model.slope.val() - x * 2.0;
///         Loss::new(error.powi_scalar(2).mean(), 2)
///     }
///     fn validate(&self, _: &Line, _: &Run) -> Option<f64> {
///         None
///     }
/// }
///
/// let device = ensue_nn::device::open("ndarray")?;
/// let model = Line { slope: Param::from_data([0.0f32], &device) };
/// let settings = TrainSettings { learning_rate: 0.1, ..TrainSettings::default() };
/// let trained = Trainer::new(settings).fit(&Double, model, &mut Run::new("ndarray"))?;
/// assert!((trained.model.slope.val().into_scalar::<f32>() - 2.0).abs() < 0.01);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Learner: Sync {
    /// The network.
    type Model: Module;
    /// One mini-batch, as it comes from the prefetch thread.
    type Batch: Send + 'static;
    /// What one step hands to the next within an epoch, for truncated back-propagation: detached
    /// states. Starts every epoch at its default.
    type Carry: Default;

    /// Identifies the data, so that a checkpoint of other data is refused. What
    /// [`settings`](Self::settings) leaves out belongs here too.
    fn fingerprint(&self) -> String;

    /// Identifies the learner's own settings, so that a checkpoint of others is refused and told
    /// apart from one of other data. Default: none.
    fn settings(&self) -> String {
        String::new()
    }

    /// How many batches [`batches`](Self::batches) gives, for schedules and progress.
    fn steps_per_epoch(&self) -> usize;

    /// The batches of one epoch, in order. Runs on the prefetch thread.
    ///
    /// `seed` differs from epoch to epoch; the batches may depend on nothing else.
    fn batches(
        &self,
        epoch: usize,
        seed: Seed,
    ) -> Box<dyn Iterator<Item = Self::Batch> + Send + '_>;

    /// The loss of one batch.
    fn loss(
        &self,
        model: &Self::Model,
        batch: &Self::Batch,
        carry: &mut Self::Carry,
        step: StepContext<'_>,
    ) -> Loss;

    /// The validation metric of `model`, which is without autodiff: higher is better. `None` when
    /// there is nothing to validate on; then the last weights are kept and nothing stops early.
    fn validate(&self, model: &Self::Model, run: &Run) -> Option<f64>;
}

/// Where training stands when it asks for a loss.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct StepContext<'a> {
    /// The epoch, from 1.
    pub epoch: usize,
    /// The step within the epoch, from 1.
    pub step: usize,
    /// This step's own seed, for dropout and sampling.
    pub seed: Seed,
    /// The model's device, with autodiff.
    pub device: &'a Device,
}

/// The loss of one batch.
#[derive(Debug)]
#[non_exhaustive]
pub struct Loss {
    /// Mean over the batch, one element, tracked by autodiff.
    pub value: Tensor<1>,
    /// What the mean is over; weighs this batch in the epoch's mean and counts throughput.
    pub events: usize,
    /// Rows of tables that `value` was computed with; see [`embedding`](crate::embedding).
    pub rows: Vec<Touched>,
}

impl Loss {
    /// A loss that is the mean over `events` events.
    pub fn new(value: Tensor<1>, events: usize) -> Self {
        Self { value, events, rows: Vec::new() }
    }

    /// With the rows of tables that it was computed with, to be updated by this step.
    pub fn with_rows(self, rows: Vec<Touched>) -> Self {
        Self { rows, ..self }
    }
}
