//! The fused operations on burn's `ndarray` backend: everything that touches its tensors.
#![expect(
    deprecated,
    reason = "burn-ndarray is deprecated upstream, and the CPU backend of this project"
)]

mod host;
mod likelihood;
mod sampled;
mod softmax;
mod sweep;
