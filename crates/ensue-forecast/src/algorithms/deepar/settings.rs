//! What a caller can choose.

use std::num::NonZeroUsize;

use ensue_nn::{
    likelihood::Likelihood,
    optim::{Adam, Cosine, Optimizer, Plateau, Schedule},
    train::TrainSettings,
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{SettingsError, TrainingData, algorithms::global::epochs_within};

use super::NAME;

/// Settings of `DeepAR+`: Amazon's by name and range, and ours.
///
/// | field | default | Amazon's default | range |
/// |---|---|---|---|
/// | `context_length` | twice the horizon | the same | 1 to 10,000 |
/// | `epochs` | 100 | 500 | 1 or more |
/// | `max_passes` | 1,000 | none | 1 or more |
/// | `learning_rate` | 0.003 | 0.001 | above 0 |
/// | `learning_rate_decay` | 0.5 | 0.5 | above 0, below 1 |
/// | `likelihood` | `student-T` | the same | see [`Likelihood`] |
/// | `max_learning_rate_decays` | 0: half a cosine instead | 0: constant | 0 to 10 |
/// | `num_averaged_models` | 1 | 1 | 1 to 5 |
/// | `num_cells` | 40 | 40 | 1 to 4,096 |
/// | `num_layers` | 2 | 2 | 1 to 16 |
/// | `cosine` | true | - | |
/// | `batch_size` | 32 | - | 1 to 100,000 |
/// | `batches_per_epoch` | 50 | - | 1 to 100,000 |
/// | `dropout_rate` | 0.1 | - | 0 to below 1 |
/// | `embedding_dimension` | by cardinality | - | 1 to 1,000 |
/// | `num_eval_samples` | 200 | - | 1 to 10,000 |
/// | `scale_weighting` | 0.5 | - | 0 to 1 |
/// | `validation` | false | - | |
/// | `anchors` | true | - | |
/// | `all_features` | false | - | |
/// | `holidays` | none | - | |
///
/// [`DeepAr::amazon`] gives Amazon's defaults.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "switches that are independent of each other")]
pub struct DeepAr {
    /// Steps that the network reads before it forecasts; `None`: twice the horizon. Lags reach
    /// further back, so it may be shorter than a season.
    pub context_length: Option<NonZeroUsize>,
    /// Epochs of training; each is `batches_per_epoch` batches.
    pub epochs: NonZeroUsize,
    /// How often each observed step may be seen, in the mean; epochs that would go beyond are left out,
    /// because few data are learnt by heart. `None` for no limit.
    pub max_passes: Option<NonZeroUsize>,
    /// Learning rate of Adam, at the start.
    pub learning_rate: f64,
    /// What the learning rate is multiplied by when training has stopped improving.
    pub learning_rate_decay: f64,
    /// The family of distributions that is forecast.
    pub likelihood: Likelihood,
    /// How often the learning rate may be cut, each time after ten epochs without improvement; 0
    /// for never, then `cosine` decides.
    pub max_learning_rate_decays: usize,
    /// How many of the best epochs' weights are averaged.
    pub num_averaged_models: NonZeroUsize,
    /// Hidden units of each recurrent layer.
    pub num_cells: NonZeroUsize,
    /// Recurrent layers.
    pub num_layers: NonZeroUsize,
    /// Whether the learning rate falls to nothing along half a cosine over all epochs, where it is
    /// not cut on plateaus.
    pub cosine: bool,
    /// Windows in a batch.
    pub batch_size: NonZeroUsize,
    /// Batches in an epoch.
    pub batches_per_epoch: NonZeroUsize,
    /// Share of a recurrent layer's outputs that the next one does not see in training.
    pub dropout_rate: f64,
    /// Size of the vector of a category; `None`: half its number of categories, at most 50.
    pub embedding_dimension: Option<NonZeroUsize>,
    /// Sample paths behind the quantiles of a forecast.
    pub num_eval_samples: NonZeroUsize,
    /// Share of the windows that are drawn in proportion to the square root of their series' mean size;
    /// the others are drawn from all series alike. The paper (section 3.3) draws in proportion to the
    /// size itself, which helps errors that are sums over all series and neglects the small ones.
    pub scale_weighting: f64,
    /// Whether the last horizon of every series longer than two is kept from training to choose the best epochs by the mean weighted
    /// quantile loss of its forecast (quantiles 0.1, 0.5, 0.9; at most 500 series, 50 paths);
    /// without it they are chosen by the training loss where several are averaged, and the last one is taken where
    /// not.
    pub validation: bool,
    /// Whether the location is a mean of the values one step and one season ago, with weights that the
    /// network gives for each step, and a correction in units of the spread. Without it the network
    /// gives the location itself, as in the paper, and cannot be more exact than its own noise. Not
    /// for negative-binomial and beta.
    pub anchors: bool,
    /// Whether the network sees all that GluonTS shows it: also the log of the scale, the age beyond
    /// the context, and lags and calendar features that the data are too short to show twice. By these
    /// it can tell series and moments apart that will not come again, and learn them by heart.
    pub all_features: bool,
    /// Days that are unlike others; a step that holds one says so to the network.
    pub holidays: Vec<Date>,
}

impl Default for DeepAr {
    fn default() -> Self {
        let count = |n| NonZeroUsize::new(n).expect("the defaults are not zero");
        Self {
            context_length: None,
            epochs: count(100),
            max_passes: Some(count(1000)),
            learning_rate: 3e-3,
            learning_rate_decay: 0.5,
            likelihood: Likelihood::StudentT,
            max_learning_rate_decays: 0,
            num_averaged_models: count(1),
            num_cells: count(40),
            num_layers: count(2),
            cosine: true,
            batch_size: count(32),
            batches_per_epoch: count(50),
            dropout_rate: 0.1,
            embedding_dimension: None,
            num_eval_samples: count(200),
            scale_weighting: 0.5,
            validation: false,
            anchors: true,
            all_features: false,
            holidays: Vec::new(),
        }
    }
}

impl DeepAr {
    /// Amazon's defaults, as `DescribePredictor` showed them.
    pub fn amazon() -> Self {
        Self {
            epochs: NonZeroUsize::new(500).expect("not zero"),
            max_passes: None,
            learning_rate: 1e-3,
            cosine: false,
            anchors: false,
            all_features: true,
            scale_weighting: 0.0,
            num_eval_samples: NonZeroUsize::new(100).expect("not zero"),
            ..Self::default()
        }
    }

    /// Steps that the network reads before it forecasts.
    pub(super) fn context(&self, horizon: usize) -> usize {
        self.context_length.map_or(2 * horizon, NonZeroUsize::get)
    }

    /// Checks every field; see the table above for the ranges.
    pub(super) fn check_fields(&self) -> Result<(), SettingsError> {
        let field = |name, value: f64, ok: bool, rule: &str| {
            if ok { Ok(()) } else { Err(SettingsError::field(NAME, name, value, rule)) }
        };
        let rate = self.learning_rate;
        field("learning_rate", rate, rate.is_finite() && rate > 0.0, "must be a number above 0")?;
        let decay = self.learning_rate_decay;
        let inside = decay > 0.0 && decay < 1.0;
        field("learning_rate_decay", decay, inside, "must be above 0 and below 1")?;
        let decays = self.max_learning_rate_decays;
        field("max_learning_rate_decays", decays as f64, decays <= 10, "must be at most 10")?;
        let averaged = self.num_averaged_models.get();
        field("num_averaged_models", averaged as f64, averaged <= 5, "must be at most 5")?;
        let dropout = self.dropout_rate;
        let rule = "must be at least 0 and below 1";
        field("dropout_rate", dropout, (0.0..1.0).contains(&dropout), rule)?;
        let weighting = self.scale_weighting;
        let rule = "must be between 0 and 1";
        field("scale_weighting", weighting, (0.0..=1.0).contains(&weighting), rule)?;
        // A typing error must be refused here, not end in an allocation of terabytes.
        let context = self.context_length.map_or(1, NonZeroUsize::get);
        let embedding = self.embedding_dimension.map_or(1, NonZeroUsize::get);
        for (name, value, most) in [
            ("context_length", context, 10_000),
            ("epochs", self.epochs.get(), 1_000_000),
            ("num_cells", self.num_cells.get(), 4_096),
            ("num_layers", self.num_layers.get(), 16),
            ("batch_size", self.batch_size.get(), 100_000),
            ("batches_per_epoch", self.batches_per_epoch.get(), 100_000),
            ("embedding_dimension", embedding, 1_000),
            ("num_eval_samples", self.num_eval_samples.get(), 10_000),
        ] {
            field(name, value as f64, value <= most, &format!("must be at most {most}"))?;
        }
        let windows = self.batch_size.get() * self.batches_per_epoch.get();
        let rule = "batch_size times batches_per_epoch must be at most 10 million";
        field("batches_per_epoch", self.batches_per_epoch.get() as f64, windows <= 10_000_000, rule)
    }

    /// Epochs on these data: those of the settings, or as many as `max_passes` allows.
    pub(in crate::algorithms) fn epochs_on(&self, data: &TrainingData) -> NonZeroUsize {
        let time = self.context(data.horizon) + data.horizon;
        let an_epoch = self.batch_size.get() * self.batches_per_epoch.get() * time;
        epochs_within(self.epochs, self.max_passes, an_epoch, data)
    }

    /// The loop's settings, for so many epochs.
    pub(super) fn training(&self, epochs: NonZeroUsize) -> TrainSettings {
        let schedule = if self.max_learning_rate_decays > 0 {
            Schedule::Plateau(Plateau {
                factor: self.learning_rate_decay,
                patience: NonZeroUsize::new(10).expect("not zero"),
                floor: self.learning_rate_decay.powi(self.max_learning_rate_decays as i32),
            })
        } else if self.cosine {
            Schedule::Cosine(Cosine::default())
        } else {
            Schedule::Constant
        };
        TrainSettings {
            epochs,
            optimizer: Optimizer::Adam(Adam::default()),
            learning_rate: self.learning_rate,
            schedule,
            clip_norm: Some(10.0),
            patience: None,
            averaged: self.num_averaged_models,
            ..TrainSettings::default()
        }
    }
}
