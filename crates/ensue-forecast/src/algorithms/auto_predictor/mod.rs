#![doc = include_str!("README.md")]

mod candidates;
mod clock;
mod ensemble;
mod finish;
mod fitted;
mod groups;
mod held_back;
mod race;
mod report;
mod settings;
#[cfg(test)]
mod tests;

use ensue_core::{Run, artifact::ArtifactReader};

pub use fitted::FittedAutoPredictor;
pub use groups::Group;
pub use report::{Contender, Selection};
pub use settings::{AutoPredictor, Combination, OptimizationMetric};

use race::Race;

use crate::{Algorithm, FitError, LoadError, SettingsError, TrainingData, checks::check_data};

/// Amazon's name.
const NAME: &str = "AutoPredictor";

impl Algorithm for AutoPredictor {
    const NAME: &'static str = NAME;
    type Fitted = FittedAutoPredictor;

    fn check(&self) -> Result<(), SettingsError> {
        self.check_fields()
    }

    /// Lets the candidates compete on what is held back, chooses, and trains what was chosen on everything.
    ///
    /// Where the run has a time limit, it is kept: a candidate that would take too long is left out, networks train as many
    /// epochs as fit in twice (to be measured, and for good), and time for one forecast is kept as well.
    fn fit(&self, data: &TrainingData, run: &mut Run) -> Result<Self::Fitted, FitError> {
        self.check()?;
        check_data(NAME, data, run)?;
        let mut race = Race::new(self, data, run);
        race.run(run)?;
        race.finish(run)
    }

    fn load(&self, reader: &ArtifactReader, device: &str) -> Result<Self::Fitted, LoadError> {
        FittedAutoPredictor::load(reader, device)
    }
}
