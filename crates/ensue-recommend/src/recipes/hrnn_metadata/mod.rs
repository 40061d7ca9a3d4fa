#![doc = include_str!("README.md")]

#[cfg(test)]
pub(crate) mod tests;

use ensue_core::{Run, artifact::ArtifactReader};
use serde::{Deserialize, Serialize};

use super::{
    hrnn::{self, FittedHrnn, Hrnn, Plan},
    overlay::flat_settings,
};
use crate::{FitError, LoadError, Recipe, SettingsError, TrainingData};

const NAME: &str = "aws-hrnn-metadata";

/// Settings of HRNN-Metadata: HRNN's and one more, side by side in a file.
///
/// ```
/// use ensue_recommend::{AnyRecipe, recipes::hrnn_metadata::HrnnMetadata};
/// let json = r#"{"recipe": "aws-hrnn-metadata", "bptt": 16, "id_dropout": 0.1}"#;
/// let AnyRecipe::HrnnMetadata(settings) = serde_json::from_str(json)? else { panic!() };
/// assert_eq!((settings.network.bptt.get(), settings.id_dropout), (16, 0.1));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub struct HrnnMetadata {
    /// Settings of the network and its training, under the same names and with the same defaults as [`Hrnn`]'s.
    #[serde(flatten)]
    pub network: Hrnn,
    /// Share of items whose own vector is left out of a training step. Default 0, range 0 to 1.
    pub id_dropout: f64,
}

flat_settings!(HrnnMetadata);

/// Checks the share of items whose vector is left out.
pub(super) fn check_id_dropout(recipe: &'static str, share: f64) -> Result<(), SettingsError> {
    if (0.0..=1.0).contains(&share) {
        return Ok(());
    }
    Err(SettingsError::field(recipe, "id_dropout", share, "must be between 0 and 1"))
}

impl Recipe for HrnnMetadata {
    const NAME: &'static str = NAME;
    type Fitted = FittedHrnn;

    fn check(&self) -> Result<(), SettingsError> {
        check_id_dropout(NAME, self.id_dropout)?;
        self.network.check_fields(NAME)
    }

    fn fit(&self, data: &TrainingData, run: &mut Run) -> Result<FittedHrnn, FitError> {
        self.check()?;
        let id_dropout = self.id_dropout;
        Plan { fields: true, id_dropout, ..Plan::new(NAME, &self.network) }.fit(data, run)
    }

    fn load(&self, reader: &ArtifactReader, device: &str) -> Result<FittedHrnn, LoadError> {
        hrnn::load(NAME, &self.network, reader, device)
    }
}
