//! Why training ended without a result.

use std::fmt;
use std::path::PathBuf;

use ensue_core::artifact::ArtifactError;

use crate::optim::{OptimizerError, SettingsError};
use crate::weights::WeightsError;

/// What is left of a run that was cancelled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Directory of the checkpoint, and the epoch it was taken after. `None` when the run keeps no
    /// checkpoints or had not finished an epoch.
    pub checkpoint: Option<(PathBuf, usize)>,
}

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.checkpoint {
            Some((dir, epoch)) => {
                write!(f, "the checkpoint of epoch {epoch} in {} is kept", dir.display())
            }
            None => f.write_str("nothing is kept"),
        }
    }
}

/// Why training ended without a result. Earlier checkpoints stay as they are.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// A setting is out of range.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The model has nothing to train.
    #[error("the model has no parameter to train")]
    NoParameters,
    /// An epoch had no batch.
    #[error("epoch {epoch} has no batch to train on")]
    NoBatches {
        /// The epoch, from 1.
        epoch: usize,
    },
    /// The loss became NaN or infinite.
    #[error("loss is {loss} in epoch {epoch}, step {step}, at learning rate {learning_rate}")]
    NonFiniteLoss {
        /// The loss.
        loss: f64,
        /// The epoch, from 1.
        epoch: usize,
        /// The step within the epoch, from 1.
        step: usize,
        /// The learning rate of that step.
        learning_rate: f64,
    },
    /// The loss was finite, but its gradient was not.
    #[error(
        "gradient is not finite in epoch {epoch}, step {step}, at learning rate {learning_rate}"
    )]
    NonFiniteGradient {
        /// The epoch, from 1.
        epoch: usize,
        /// The step within the epoch, from 1.
        step: usize,
        /// The learning rate of that step.
        learning_rate: f64,
    },
    /// A weight was NaN or infinite when the epoch ended.
    #[error(
        "weights of {tensor:?} are not finite after epoch {epoch}, at learning rate {learning_rate}"
    )]
    NonFiniteWeights {
        /// Path of the tensor.
        tensor: String,
        /// The epoch, from 1.
        epoch: usize,
        /// The learning rate of its last step.
        learning_rate: f64,
    },
    /// The optimiser could not use what the learner gave.
    #[error("the optimiser cannot take step {step} of epoch {epoch}")]
    Step {
        /// The epoch, from 1.
        epoch: usize,
        /// The step within the epoch, from 1.
        step: usize,
        /// What it found.
        source: OptimizerError,
    },
    /// The run's time was used up before anything was trained.
    #[error("the time was used up before the first training step")]
    OutOfTime,
    /// The validation metric was NaN or infinite.
    #[error("validation metric is {metric} after epoch {epoch}")]
    NonFiniteMetric {
        /// The metric.
        metric: f64,
        /// The epoch, from 1.
        epoch: usize,
    },
    /// Making a batch panicked.
    #[error("making a batch of epoch {epoch} failed: {message}")]
    Prefetch {
        /// The epoch, from 1.
        epoch: usize,
        /// What the panic said.
        message: String,
    },
    /// The run's cancel flag was set.
    #[error("training was cancelled in epoch {epoch} after {steps} steps; {kept}")]
    Cancelled {
        /// The epoch that was under way, from 1.
        epoch: usize,
        /// How many of its steps were done.
        steps: usize,
        /// What can be resumed.
        kept: Kept,
    },
    /// The checkpoint directory holds the checkpoint of another training.
    #[error(
        "{} holds a checkpoint of another training: its {what} differ; \
         resume with the same ones, or choose another directory",
        dir.display()
    )]
    ForeignCheckpoint {
        /// The checkpoint directory.
        dir: PathBuf,
        /// What differs: settings, data, seed or model.
        what: &'static str,
    },
    /// The checkpoint directory holds something that is not a checkpoint.
    #[error("{} is not a training checkpoint and will not be overwritten", dir.display())]
    NotACheckpoint {
        /// The directory.
        dir: PathBuf,
        /// What was found wrong with it.
        source: ArtifactError,
    },
    /// The checkpoint has gone further than this run would.
    #[error("{} was taken after epoch {found}, but training ends with epoch {epochs}", dir.display())]
    CheckpointAhead {
        /// The checkpoint directory.
        dir: PathBuf,
        /// The epoch of the checkpoint.
        found: usize,
        /// The epochs asked for.
        epochs: usize,
    },
    /// A checkpoint could not be written or read.
    #[error("checkpoint in {} failed", dir.display())]
    Checkpoint {
        /// The checkpoint directory.
        dir: PathBuf,
        /// What happened.
        source: ArtifactError,
    },
    /// The checkpoint's own record of the run is damaged.
    #[error("checkpoint in {} is damaged: {message}", dir.display())]
    DamagedCheckpoint {
        /// The checkpoint directory.
        dir: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// Weights could not be written or read.
    #[error("weights of the checkpoint failed")]
    Weights(#[from] WeightsError),
    /// The optimiser's state could not be written or read.
    #[error("optimiser state of the checkpoint failed")]
    Optimizer(#[from] OptimizerError),
    /// The device could not be read.
    #[error("cannot read from the device: {message}")]
    Device {
        /// The backend's own words.
        message: String,
    },
}
