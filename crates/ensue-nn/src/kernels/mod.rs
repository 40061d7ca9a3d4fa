//! CPU kernels: what the fused operations run on when the device is `ndarray`.
//!
//! Nothing here knows burn. Slices go in, slices come out, all sizes are checked at the door, and
//! every kernel is written once, generic over `Lanes`, and compiled for AVX-512, AVX2+FMA and a
//! portable fallback; `Element::dispatch` picks one at run time. `f64` always takes the portable
//! path: it exists for gradient checks.
//!
//! This folder is the only place of the workspace where `unsafe` is allowed (SIMD and raw-pointer
//! inner loops); each block says why it is sound.
#![allow(
    unsafe_code,
    clippy::inline_always,
    reason = "SIMD intrinsics and raw-pointer inner loops live here and nowhere else; a generic kernel \
              must be inlined into the function that enables its instruction set"
)]

mod buffer;
mod catalogue;
mod gemm;
mod isa;
mod lanes;
mod likelihood;
mod peak;
mod sampled;
mod softmax;
mod stream;
pub(crate) mod sweep;
mod threads;
mod update;

pub(crate) use catalogue::Table;
pub use isa::{Isa, available_isas, isa, with_isa};
pub(crate) use likelihood::{LikelihoodArgs, likelihood_loss};
pub use peak::{TwoLayers, peak_flops};
pub(crate) use sampled::{SampledArgs, sampled_loss};
pub(crate) use softmax::{SoftmaxArgs, Terms, softmax_cross_entropy};
pub use stream::stream;
pub use sweep::sweep_flops;
pub(crate) use sweep::{
    Head, LayerState, PathNet, Rollout, StepWeights, SweepArgs, SweepSaved, sweep_backward,
    sweep_forward,
};
pub(crate) use threads::split;
pub use threads::{set_threads, threads};
pub(crate) use update::{Buffers, Pace, Rule, squares, update, update_rows};

#[cfg(test)]
mod tests;
