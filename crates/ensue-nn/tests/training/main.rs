//! The training loop as its callers see it, on toy problems with known answers.
#![cfg(feature = "ndarray")]
#![expect(clippy::unwrap_used, reason = "helpers of tests; clippy only knows test functions")]

mod checkpoints;
mod endings;
mod failures;
mod killed;
mod rows;
mod toy;
#[cfg(feature = "wgpu")]
mod wgpu;
