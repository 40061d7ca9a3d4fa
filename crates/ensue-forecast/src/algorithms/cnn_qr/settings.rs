//! What a caller can choose.

use std::num::NonZeroUsize;

use ensue_core::Frequency;
use ensue_nn::{
    optim::{Adam, Cosine, Optimizer, Schedule},
    train::TrainSettings,
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{SettingsError, calendar::seasons};

use super::{NAME, RelatedData};

/// Whether static features are used: Amazon's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ItemMetadata {
    /// All of them.
    #[default]
    All,
    /// None.
    None,
}

/// Settings of `CNN-QR`: Amazon's by name and range, and ours.
///
/// | field | default | Amazon's default | range |
/// |---|---|---|---|
/// | `context_length` | four horizons, and two of the shortest season | not documented | 10 to 500; what lies outside is replaced by the default |
/// | `use_related_data` | `ALL` | `ALL` | `ALL`, `NONE`, `HISTORICAL`, `FORWARD_LOOKING` |
/// | `use_item_metadata` | `ALL` | `ALL` | `ALL`, `NONE` |
/// | `epochs` | 100 | 100 | 10 to 1,000 |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CnnQr {
    /// Steps that the network reads before it forecasts.
    pub context_length: Option<NonZeroUsize>,
    /// Which related series are used.
    pub use_related_data: RelatedData,
    /// Whether static features are used.
    pub use_item_metadata: ItemMetadata,
    /// Epochs of training; each is `batches_per_epoch` batches.
    pub epochs: NonZeroUsize,
    /// How often each observed step may be seen, in the mean.
    pub max_passes: Option<NonZeroUsize>,
    /// Learning rate of Adam, at the start.
    pub learning_rate: f64,
    /// How many of the best epochs' weights are averaged.
    pub num_averaged_models: NonZeroUsize,
    /// Channels of each convolution.
    pub num_channels: NonZeroUsize,
    /// Convolutions on top of each other.
    pub num_layers: NonZeroUsize,
    /// Steps that a convolution sees.
    pub kernel_size: NonZeroUsize,
    /// Hidden units of the decoder.
    pub num_hidden: NonZeroUsize,
    /// Forks in a window.
    pub num_forks: Option<NonZeroUsize>,
    /// Windows in a batch.
    pub batch_size: NonZeroUsize,
    /// Batches in an epoch.
    pub batches_per_epoch: NonZeroUsize,
    /// Share of a fork's context that is not seen in training.
    pub dropout_rate: f64,
    /// Size of the vector of a category.
    pub embedding_dimension: Option<NonZeroUsize>,
    /// Share of the windows drawn in proportion to the root of their series' size.
    pub scale_weighting: f64,
    /// Share of the unit in what errors are divided by.
    pub relative: f64,
    /// Weight decay.
    pub weight_decay: f64,
    /// Whether the last horizon of every series is kept from training to choose the best epochs by.
    pub validation: bool,
    /// Days that are unlike others.
    pub holidays: Vec<Date>,
}

impl Default for CnnQr {
    fn default() -> Self {
        let count = |n| NonZeroUsize::new(n).expect("the defaults are not zero");
        Self {
            context_length: None,
            use_related_data: RelatedData::All,
            use_item_metadata: ItemMetadata::All,
            epochs: count(100),
            max_passes: Some(count(1000)),
            learning_rate: 3e-3,
            num_averaged_models: count(1),
            num_channels: count(24),
            num_layers: count(3),
            kernel_size: count(3),
            num_hidden: count(32),
            num_forks: None,
            batch_size: count(32),
            batches_per_epoch: count(25),
            dropout_rate: 0.0,
            embedding_dimension: None,
            scale_weighting: 0.5,
            relative: 0.5,
            weight_decay: 0.0,
            validation: false,
            holidays: Vec::new(),
        }
    }
}

/// Amazon's range of the context.
const CONTEXT: std::ops::RangeInclusive<usize> = 10..=500;

impl CnnQr {
    /// Steps of the context for a horizon.
    pub(super) fn context(&self, horizon: usize, frequency: Frequency) -> usize {
        let season = seasons(frequency).into_iter().find(|&season| season > 1).unwrap_or(1);
        let usual = (4 * horizon).max(2 * season).clamp(*CONTEXT.start(), *CONTEXT.end());
        let own = self.context_length.map(NonZeroUsize::get);
        own.filter(|own| CONTEXT.contains(own)).unwrap_or(usual)
    }

    /// Forks of a window.
    pub(super) fn forks(&self, horizon: usize) -> usize {
        self.num_forks.map_or((384 / horizon).clamp(1, 16), NonZeroUsize::get)
    }

    pub(super) fn check_fields(&self) -> Result<(), SettingsError> {
        let field = |name, value: f64, holds: bool, rule: &str| {
            if holds { Ok(()) } else { Err(SettingsError::field(NAME, name, value, rule)) }
        };
        let rate = self.learning_rate;
        field("learning_rate", rate, rate.is_finite() && rate > 0.0, "must be above 0")
    }

    /// Epochs on data of `observed` steps, in windows of `time` steps.
    pub(super) fn epochs_for(&self, observed: usize, time: usize) -> NonZeroUsize {
        let an_epoch = (self.batch_size.get() * self.batches_per_epoch.get() * time) as f64;
        let most = self.max_passes.map_or(f64::INFINITY, |passes| passes.get() as f64);
        let epochs = (most * observed as f64 / an_epoch).ceil();
        NonZeroUsize::new(epochs as usize).map_or(NonZeroUsize::MIN, |most| most.min(self.epochs))
    }

    /// The loop's settings, for so many epochs.
    pub(super) fn training(&self, epochs: NonZeroUsize) -> TrainSettings {
        TrainSettings {
            epochs,
            optimizer: Optimizer::Adam(Adam { weight_decay: self.weight_decay, ..Adam::default() }),
            learning_rate: self.learning_rate,
            schedule: Schedule::Cosine(Cosine::default()),
            clip_norm: Some(10.0),
            patience: None,
            averaged: self.num_averaged_models,
            ..TrainSettings::default()
        }
    }
}
