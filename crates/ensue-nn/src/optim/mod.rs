//! Optimisers: Adam and Adagrad over the parameters of a module, clipping, learning-rate schedules.
//!
//! One step is `collect` (gradients by parameter path, global norm), `scale` (clipping) and `update`
//! (a pass over every parameter). On ndarray a parameter, its gradient and its state are plain host
//! slices and one fused pass updates them in place; on wgpu each parameter is one launch, in place and
//! without waiting for the device; on other devices the same formulas are tensor operations. Of a
//! table whose rows were gathered ([`embedding`](crate::embedding)) only those rows are updated.

mod clock;
mod error;
#[cfg(feature = "wgpu")]
mod fused;
mod gradients;
mod host;
mod mapper;
#[cfg(test)]
#[cfg(feature = "ndarray")]
mod row_tests;
mod rule;
mod saved;
mod schedule;
mod settings;
mod state;
#[cfg(test)]
#[cfg(feature = "ndarray")]
mod tests;

pub use error::OptimizerError;
pub use schedule::{Cosine, Plateau, Schedule, Warmup};
pub use settings::{Adagrad, Adam, Optimizer, SettingsError};
pub use state::OptimizerState;

pub(crate) use schedule::PlateauState;
pub(crate) use settings::require;
