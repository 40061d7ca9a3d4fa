//! Recurrent layers whose whole sweep over time is one differentiable operation.
//!
//! | file | what it holds |
//! |---|---|
//! | `cell.rs` | [`Cell`]: formulas, gate order, layout of the weights |
//! | `sequence.rs` | [`lstm_sequence`], [`gru_sequence`]: the operation on tensors |
//! | `layer.rs`, `stack.rs` | [`RecurrentLayer`], [`RecurrentStack`]: modules around it |
//! | `decode.rs` | [`Decoder`]: one step at a time on weights packed once, without autodiff |
//! | `paths/` | [`Decoder::paths`]: many sample paths at once, driven by a [`PathSource`] |
//! | `pytorch.rs` | weights in PyTorch's order |
//! | `sweep.rs` | the operation as burn's autodiff sees it |
//! | [`mod@reference`] | the same in plain tensor operations: the oracle of the tests |
//!
//! On `ndarray` a sweep runs in [`crate::kernels`], on wgpu in one launch per layer and direction;
//! elsewhere, and for [`Cell::GruResetBefore`] on wgpu, in [`mod@reference`].

mod cell;
mod decode;
mod layer;
mod paths;
mod pytorch;
pub mod reference;
mod sequence;
mod stack;
pub(crate) mod sweep;
#[cfg(test)]
mod tests;

pub use cell::Cell;
pub use decode::Decoder;
pub use layer::RecurrentLayer;
pub use paths::PathSource;
pub use sequence::{State, Weights, gru_sequence, lstm_sequence, sequence};
pub use stack::RecurrentStack;
