//! The fused operations on wgpu, as kernels of CubeCL's: the only room that names it.
//!
//! | file | what it holds |
//! |---|---|
//! | [`mod@recurrent`] | sweeps of an LSTM or GRU: which kernels run, on what |
//! | [`plan`] | whether a sweep is one launch or goes step by step, from the device's limits |
//! | [`sweep`] | the time loop in one launch |
//! | [`steps`] | one time step per launch |
//! | [`cells`] | the arithmetic of one step |
//! | [`product`] | tiled products around the time loop |
//! | [`optim`] | Adam and Adagrad, dense and by row, one launch each |
//!
//! Kernels are launched without bounds checks: every index is below a length that the host code
//! beside the launch has established. A kernel binds at most 12 buffers (its scalars included), more
//! than a browser promises and fewer than native adapters have.
#![allow(
    clippy::used_underscore_binding,
    reason = "types of a kernel are arguments that only its launch uses"
)]
#![allow(unsafe_code, reason = "kernels without bounds checks; each launch says why that holds")]

mod cells;
pub(crate) mod optim;
mod plan;
mod product;
pub(crate) mod recurrent;
mod steps;
mod sweep;
#[cfg(test)]
mod tests;

use burn::tensor::Shape;
use burn_cubecl::ops::numeric::empty_device_contiguous_dtype;
use burn_cubecl::tensor::CubeTensor;

/// A tensor beside `like` whose numbers are yet to be written.
fn empty<const D: usize>(like: &CubeTensor, shape: [usize; D]) -> CubeTensor {
    empty_device_contiguous_dtype(
        like.client.clone(),
        like.device.clone(),
        Shape::new(shape),
        like.dtype,
    )
}
