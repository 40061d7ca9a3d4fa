//! The training loop: a [`Learner`] says what a batch and its loss are, the [`Trainer`] does the rest.
//!
//! Batches are made on another thread and wait in a bounded queue. Each epoch ends with a
//! validation, a checkpoint that replaces the last one in a single rename, a progress event and a
//! question to the run's report hook. The best weights by the validation metric, or the mean of several
//! of the best, are what training returns.
//!
//! # Counting
//! Epochs and steps count from 1 everywhere: in settings, events, errors and checkpoints.
//!
//! # Randomness and resuming
//! Nothing carries a random state from one step to the next: what an epoch's batches and a step's
//! dropout draw depends on the run's seed, the epoch and the step alone. A run that was killed
//! therefore repeats its unfinished epoch from the checkpoint of the epoch before and ends, on
//! ndarray, with the same bytes as a run that was never killed.
//!
//! # When a loss is looked at
//! A NaN or infinite loss ends training with [`TrainError::NonFiniteLoss`]. On ndarray every loss
//! is looked at before it is used. On other devices reading a loss waits for the device, so losses
//! are read 16 at a time and 16 steps late, and all of them at the end of an epoch: before anything
//! of that epoch is validated, saved or returned.

mod average;
mod checkpoint;
mod error;
mod exact;
mod learner;
mod losses;
mod prefetch;
mod settings;
mod trainer;

pub use crate::optim::{
    Adagrad, Adam, Cosine, Optimizer, Plateau, Schedule, SettingsError, Warmup,
};
pub use error::{Kept, TrainError};
pub use learner::{Learner, Loss, StepContext};
pub use settings::TrainSettings;
pub use trainer::{EpochRecord, Stopped, Trained, Trainer};
