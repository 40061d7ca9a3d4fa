//! Neural core of `ensue`: the only crate that names a burn backend.
//!
//! | module | what it holds |
//! |---|---|
//! | [`device`] | devices by name: `ndarray`, `wgpu` |
//! | [`search`] | trainings as trials of a hyperparameter search |
//! | [`train`] | the training loop: prefetch, early stopping, checkpoints, resuming |
//! | [`recurrent`] | recurrent layers whose whole sweep is one differentiable operation |
//! | [`likelihood`] | losses and draws of the distributions that forecasts have |
//! | [`loss`] | losses over a catalogue, fused with their product |
//! | [`retrieval`] | the best items of a catalogue, exactly |
//! | [`kernels`] | the CPU code under them |
//! | [`embedding`] | tables of which a step touches few rows |
//! | [`optim`] | Adam, Adagrad, clipping, learning-rate schedules |
//! | [`weights`] | modules to safetensors and back |

#[cfg(feature = "wgpu")]
mod cube;
pub mod device;
pub mod embedding;
pub mod init;
#[cfg(feature = "ndarray")]
pub mod kernels;
#[cfg(feature = "wgpu")]
pub mod launches;
pub mod likelihood;
pub mod loss;
#[cfg(feature = "ndarray")]
mod ndarray;
pub mod optim;
pub mod recurrent;
pub mod retrieval;
pub mod search;
pub mod train;
pub mod weights;
