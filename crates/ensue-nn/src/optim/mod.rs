//! Optimisers: Adam and Adagrad over the parameters of a module, clipping, learning-rate schedules.
//!
//! One step is `collect` (gradients by parameter path, global norm), `scale` (clipping) and `update`
//! (a pass over every parameter). On ndarray a parameter, its gradient and its state are plain host
//! slices and one fused loop updates them in place; on other devices the same formulas are tensor
//! operations that never wait for the device.

mod gradients;
mod rule;
mod schedule;
mod settings;
mod state;
#[cfg(test)]
#[cfg(feature = "ndarray")]
mod tests;

pub use schedule::{Cosine, Plateau, Schedule, Warmup};
pub use settings::{Adagrad, Adam, Optimizer, SettingsError};
pub use state::{OptimizerError, OptimizerState};

pub(crate) use schedule::PlateauState;
pub(crate) use settings::require;
