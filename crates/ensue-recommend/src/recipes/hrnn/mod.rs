#![doc = include_str!("README.md")]
//!
//! The network serves four recipes: this one, [`super::hrnn_metadata`],
//! [`hrnn_coldstart`](super::hrnn_coldstart) and [`personalized_ranking`](super::personalized_ranking), which say by a plan
//! what they train it with.

mod context;
mod fields;
mod fit;
mod fitted;
mod infer;
mod learner;
mod memory;
mod network;
#[cfg(all(test, feature = "wgpu"))]
mod parity;
mod regress;
mod repeat;
mod sampling;
mod settings;
mod stream;
#[cfg(test)]
mod tests;

use ensue_core::{Run, artifact::ArtifactReader};

pub(crate) use fit::{Plan, load};
pub use fitted::FittedHrnn;
pub use settings::{Hierarchy, Hrnn};

use crate::{FitError, LoadError, Recipe, SettingsError, TrainingData};

/// Amazon's name of the recipe.
const NAME: &str = "aws-hrnn";
const WEIGHTS: &str = "hrnn.safetensors";
const SHAPE: &str = "hrnn.json";

impl Recipe for Hrnn {
    const NAME: &'static str = NAME;
    type Fitted = FittedHrnn;

    fn check(&self) -> Result<(), SettingsError> {
        self.check_fields(NAME)
    }

    fn fit(&self, data: &TrainingData, run: &mut Run) -> Result<FittedHrnn, FitError> {
        self.check()?;
        Plan::new(NAME, self).fit(data, run)
    }

    fn load(&self, reader: &ArtifactReader, device: &str) -> Result<FittedHrnn, LoadError> {
        load(NAME, self, reader, device)
    }
}
