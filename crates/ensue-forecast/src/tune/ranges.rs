//! What each algorithm may vary.

use ensue_nn::search::{Ranges, Tunable};
use ensue_tune::{Assignment, Scale, Space, SpaceBuilder};

use crate::{AnyAlgorithm, SettingsError};

impl Tunable for AnyAlgorithm {
    const TAG: &'static str = "algorithm";
    const KEPT: &'static [&'static str] = &["validation"];

    fn name(&self) -> &'static str {
        Self::name(self)
    }
}

impl AnyAlgorithm {
    /// The same algorithm with other values of some settings, by their names in a settings file.
    ///
    /// # Errors
    /// [`SettingsError`] when the algorithm has no such setting, or a value is not acceptable.
    pub fn with(&self, assignment: &Assignment) -> Result<Self, SettingsError> {
        let changed = self.with_values(assignment)?;
        changed.check()?;
        Ok(changed)
    }

    /// What a search varies for a horizon; empty for an algorithm without settings that pay to tune.
    ///
    /// `Deep_AR_Plus`:
    ///
    /// | name | Amazon | wide |
    /// |---|---|---|
    /// | `context_length` | a tenth of the horizon to ten times the horizon, at most 200 or twice the horizon | half the horizon to ten times, at most 400 or twice the horizon, log |
    /// | `learning_rate` | 0.0001 to 0.1, log | 0.0005 to 0.02, log |
    /// | `num_cells` | | 20 to 120, log |
    /// | `num_layers` | | 1 to 3 |
    /// | `dropout_rate` | | 0 to 0.4 |
    /// | `batch_size` | | 16 to 128, log |
    /// | `scale_weighting` | | 0 to 1 |
    /// | `likelihood` | | `student-T`, `gaussian`, `piecewise-linear` |
    ///
    /// `CNN-QR`:
    ///
    /// | name | Amazon | wide |
    /// |---|---|---|
    /// | `context_length` | twice the horizon, within 10 to 100, to twelve times the horizon, within 100 to 500 | the same, log |
    /// | `use_related_data` | `ALL`, `NONE`, `HISTORICAL`, `FORWARD_LOOKING` | the same |
    /// | `use_item_metadata` | `ALL`, `NONE` | the same |
    /// | `learning_rate` | | 0.0005 to 0.02, log |
    /// | `num_channels` | | 12 to 64, log |
    /// | `num_layers` | | 2 to 4 |
    /// | `num_hidden` | | 16 to 96, log |
    /// | `dropout_rate` | | 0 to 0.4 |
    /// | `batch_size` | | 16 to 128, log |
    /// | `scale_weighting` | | 0 to 1 |
    /// | `relative` | | 0 to 1 |
    pub fn space(&self, ranges: Ranges, horizon: usize) -> Space {
        let h = horizon as i64;
        let space = Space::builder();
        match (self, ranges) {
            (Self::DeepAr(_), Ranges::Amazon) => built(
                space
                    .integer(
                        "context_length",
                        (h + 9) / 10..=(10 * h).min(200).max(2 * h),
                        Scale::Linear,
                    )
                    .float("learning_rate", 1e-4..=1e-1, Scale::Logarithmic),
            ),
            (Self::DeepAr(_), Ranges::Wide) => built(
                space
                    .integer(
                        "context_length",
                        (h + 1) / 2..=(10 * h).min(400).max(2 * h),
                        Scale::Logarithmic,
                    )
                    .float("learning_rate", 5e-4..=2e-2, Scale::Logarithmic)
                    .integer("num_cells", 20..=120, Scale::Logarithmic)
                    .integer("num_layers", 1..=3, Scale::Linear)
                    .float("dropout_rate", 0.0..=0.4, Scale::Linear)
                    .integer("batch_size", 16..=128, Scale::Logarithmic)
                    .float("scale_weighting", 0.0..=1.0, Scale::Linear)
                    .categorical("likelihood", ["student-T", "gaussian", "piecewise-linear"]),
            ),
            (Self::CnnQr(_), ranges) => {
                let wide = ranges == Ranges::Wide;
                let scale = if wide { Scale::Logarithmic } else { Scale::Linear };
                let context = (2 * h).clamp(10, 100)..=(12 * h).clamp(100, 500);
                let own = space
                    .integer("context_length", context, scale)
                    .categorical(
                        "use_related_data",
                        ["ALL", "NONE", "HISTORICAL", "FORWARD_LOOKING"],
                    )
                    .categorical("use_item_metadata", ["ALL", "NONE"]);
                if !wide {
                    return built(own);
                }
                built(
                    own.float("learning_rate", 5e-4..=2e-2, Scale::Logarithmic)
                        .integer("num_channels", 12..=64, Scale::Logarithmic)
                        .integer("num_layers", 2..=4, Scale::Linear)
                        .integer("num_hidden", 16..=96, Scale::Logarithmic)
                        .float("dropout_rate", 0.0..=0.4, Scale::Linear)
                        .integer("batch_size", 16..=128, Scale::Logarithmic)
                        .float("scale_weighting", 0.0..=1.0, Scale::Linear)
                        .float("relative", 0.0..=1.0, Scale::Linear),
                )
            }
            _ => Space::default(),
        }
    }
}

fn built(space: SpaceBuilder) -> Space {
    space.build().expect("the ranges are written down here, for a horizon above 0")
}
