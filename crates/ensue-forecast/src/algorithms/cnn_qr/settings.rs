//! What a caller can choose.

use std::{num::NonZeroUsize, ops::RangeInclusive};

use ensue_core::Frequency;
use ensue_nn::{
    optim::{Adam, Cosine, Optimizer, Schedule},
    train::TrainSettings,
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{SettingsError, TrainingData, algorithms::global::epochs_within, calendar::seasons};

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
/// | `context_length` | four horizons, at least two of the shortest season or 100 | not documented | 10 to 500; what lies outside is replaced by the default |
/// | `use_related_data` | `ALL` | `ALL` | `ALL`, `NONE`, `HISTORICAL`, `FORWARD_LOOKING` |
/// | `use_item_metadata` | `ALL` | `ALL` | `ALL`, `NONE` |
/// | `epochs` | 100 | 100 | 1 to 1,000,000 (Amazon: 10 to 1,000) |
/// | `max_passes` | 1,000 | - | 1 or more |
/// | `learning_rate` | 0.003 | - | above 0 |
/// | `num_averaged_models` | 1 | - | 1 to 5 |
/// | `num_channels` | 24 | - | 1 to 1,024 |
/// | `num_layers` | 3 | - | 1 to 6 |
/// | `kernel_size` | 3 | - | 1 to 16 |
/// | `num_hidden` | 32 | - | 1 to 1,024 |
/// | `num_forks` | 384 by the horizon, 1 to 16 | - | 1 to 512 |
/// | `batch_size` | 32 | - | 1 to 100,000 |
/// | `batches_per_epoch` | 5 | - | 1 to 100,000 |
/// | `dropout_rate` | 0 | - | 0 to below 1 |
/// | `embedding_dimension` | by cardinality | - | 1 to 1,000 |
/// | `scale_weighting` | 0.5 | - | 0 to 1 |
/// | `relative` | 0.5 | - | 0 to 1 |
/// | `validation` | false | - | |
/// | `holidays` | none | - | |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CnnQr {
    /// Steps that the network reads before it forecasts, 10 to 500 (Amazon: typically 2 to 12 horizons). `None`, and
    /// what lies outside as at Amazon: four horizons, at least two of the frequency's shortest season (at most 100 steps).
    /// Values of the same phase are looked up further back, so it may be shorter than a season.
    pub context_length: Option<NonZeroUsize>,
    /// Which related series are used.
    pub use_related_data: RelatedData,
    /// Whether static features are used.
    pub use_item_metadata: ItemMetadata,
    /// Epochs of training; each is `batches_per_epoch` batches.
    pub epochs: NonZeroUsize,
    /// How often each observed step may be seen, in the mean; epochs that would go beyond are left out,
    /// because few data are learnt by heart. `None` for no limit.
    pub max_passes: Option<NonZeroUsize>,
    /// Learning rate of Adam, at the start; it falls to nothing along half a cosine.
    pub learning_rate: f64,
    /// How many of the best epochs' weights are averaged.
    pub num_averaged_models: NonZeroUsize,
    /// Channels of each convolution.
    pub num_channels: NonZeroUsize,
    /// Convolutions on top of each other; the steps that one sees lie three times further apart than those that the one below
    /// sees.
    pub num_layers: NonZeroUsize,
    /// Steps that a convolution sees.
    pub kernel_size: NonZeroUsize,
    /// Hidden units of the decoder.
    pub num_hidden: NonZeroUsize,
    /// Forks of a window: places at which its past ends and the horizon is forecast. `None`: as many as give 384
    /// forecast steps, 1 to 16.
    pub num_forks: Option<NonZeroUsize>,
    /// Windows in a batch.
    pub batch_size: NonZeroUsize,
    /// Batches in an epoch.
    pub batches_per_epoch: NonZeroUsize,
    /// Share of a fork's context that the decoder does not see in training.
    pub dropout_rate: f64,
    /// Size of the vector of a category; `None`: half its number of categories, at most 50.
    pub embedding_dimension: Option<NonZeroUsize>,
    /// Share of the windows that are drawn in proportion to the square root of their series' mean size;
    /// the others are drawn from all series alike.
    pub scale_weighting: f64,
    /// What errors are divided by in the loss: the mean size of the series (0), the mean error of a copy of its past (1), or a
    /// geometric mean of both.
    pub relative: f64,
    /// Whether the last horizon of every series longer than two is kept from training to choose the best epochs by the mean weighted
    /// quantile loss of its forecast (quantiles 0.1, 0.5, 0.9; at most 500 series); without it they are chosen by the
    /// training loss where several are averaged, and the last one is taken where not.
    pub validation: bool,
    /// Days that are unlike others; a step that holds one says so to the network.
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
            batches_per_epoch: count(5),
            dropout_rate: 0.0,
            embedding_dimension: None,
            scale_weighting: 0.5,
            relative: 0.5,
            validation: false,
            holidays: Vec::new(),
        }
    }
}

/// Amazon's range of the context.
const CONTEXT: RangeInclusive<usize> = 10..=500;
/// Steps ahead that all forks of a window forecast together.
const STEPS: usize = 384;

impl CnnQr {
    /// Steps of the context for a horizon.
    pub(crate) fn context(&self, horizon: usize, frequency: Frequency) -> usize {
        let season = seasons(frequency).into_iter().find(|&season| season > 1).unwrap_or(1);
        let usual = (4 * horizon).max(2 * season.min(50)).clamp(*CONTEXT.start(), *CONTEXT.end());
        let own = self.context_length.map(NonZeroUsize::get);
        own.filter(|own| CONTEXT.contains(own)).unwrap_or(usual)
    }

    /// Forks of a window.
    pub(super) fn forks(&self, horizon: usize) -> usize {
        self.num_forks.map_or((STEPS / horizon).clamp(1, 16), NonZeroUsize::get)
    }

    pub(super) fn check_fields(&self) -> Result<(), SettingsError> {
        let field = |name, value: f64, holds: bool, rule: &str| {
            if holds { Ok(()) } else { Err(SettingsError::field(NAME, name, value, rule)) }
        };
        let rate = self.learning_rate;
        field("learning_rate", rate, rate.is_finite() && rate > 0.0, "must be above 0")?;
        let dropout = self.dropout_rate;
        let rule = "must be at least 0 and below 1";
        field("dropout_rate", dropout, (0.0..1.0).contains(&dropout), rule)?;
        for (name, share) in
            [("scale_weighting", self.scale_weighting), ("relative", self.relative)]
        {
            field(name, share, (0.0..=1.0).contains(&share), "must be between 0 and 1")?;
        }
        // A typing error must be refused here, not end in an allocation of terabytes.
        let or_one = |count: Option<NonZeroUsize>| count.map_or(1, NonZeroUsize::get);
        for (name, value, most) in [
            ("epochs", self.epochs.get(), 1_000_000),
            ("num_averaged_models", self.num_averaged_models.get(), 5),
            ("num_channels", self.num_channels.get(), 1_024),
            ("num_layers", self.num_layers.get(), 6),
            ("kernel_size", self.kernel_size.get(), 16),
            ("num_hidden", self.num_hidden.get(), 1_024),
            ("num_forks", or_one(self.num_forks), 512),
            ("batch_size", self.batch_size.get(), 100_000),
            ("batches_per_epoch", self.batches_per_epoch.get(), 100_000),
            ("embedding_dimension", or_one(self.embedding_dimension), 1_000),
        ] {
            field(name, value as f64, value <= most, &format!("must be at most {most}"))?;
        }
        let windows = self.batch_size.get() * self.batches_per_epoch.get();
        let rule = "batch_size times batches_per_epoch must be at most 10 million";
        field("batches_per_epoch", self.batches_per_epoch.get() as f64, windows <= 10_000_000, rule)
    }

    /// Epochs on these data: those of the settings, or as many as `max_passes` allows.
    pub(in crate::algorithms) fn epochs_on(&self, data: &TrainingData) -> NonZeroUsize {
        let span = data.horizon.max(self.forks(data.horizon));
        let time = self.context(data.horizon, data.panel.frequency()) + span - 1 + data.horizon;
        let an_epoch = self.batch_size.get() * self.batches_per_epoch.get() * time;
        epochs_within(self.epochs, self.max_passes, an_epoch, data)
    }

    /// The loop's settings, for so many epochs.
    pub(super) fn training(&self, epochs: NonZeroUsize) -> TrainSettings {
        TrainSettings {
            epochs,
            optimizer: Optimizer::Adam(Adam::default()),
            learning_rate: self.learning_rate,
            schedule: Schedule::Cosine(Cosine::default()),
            clip_norm: Some(10.0),
            patience: None,
            averaged: self.num_averaged_models,
            ..TrainSettings::default()
        }
    }
}
