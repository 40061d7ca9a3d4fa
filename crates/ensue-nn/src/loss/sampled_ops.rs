//! The sampled losses as one differentiable operation, as in `ops.rs`.
#![cfg_attr(
    feature = "ndarray",
    expect(deprecated, reason = "the macro names burn's ndarray backend, deprecated upstream")
)]

use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::ops::{Backward, OpsKind};
use burn::backend::tensor::{FloatTensor, IntTensor};
use burn::backend::{Autodiff, Backend, backend_extension};

use super::ops::{KeptGradients, LossAndGrads, SoftmaxKernels};
use super::sampled::{Candidates, SampledLoss};

/// What the loss reads besides tensors; see [`super::SparseTerms`] for the last three.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    pub(crate) kind: SampledLoss,
    pub(crate) candidates: Candidates,
    pub(crate) offsets: Vec<i32>,
    pub(crate) classes: Vec<i32>,
    pub(crate) codes: Vec<i32>,
}

/// Operations that `Dispatch` routes to the backend of its arguments.
#[backend_extension(Autodiff, NdArray: cfg(feature = "ndarray"))]
pub(crate) trait SampledOps: Backend {
    /// See [`super::sampled_loss`].
    fn sampled_loss(
        hidden: FloatTensor<Self>,
        table: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        targets: IntTensor<Self>,
        weights: FloatTensor<Self>,
        term_values: FloatTensor<Self>,
        problem: Problem,
    ) -> FloatTensor<Self>;
}

/// The operation on a concrete backend.
pub(crate) trait SampledKernels: SoftmaxKernels {
    /// `inputs` are hidden, table, bias and the values of the terms.
    fn sampled_loss_and_grads(
        inputs: [FloatTensor<Self>; 4],
        targets: IntTensor<Self>,
        weights: FloatTensor<Self>,
        problem: &Problem,
        gradients: bool,
    ) -> LossAndGrads<Self>;
}

impl<B: SampledKernels, C: CheckpointStrategy> SampledOps for Autodiff<B, C> {
    fn sampled_loss(
        hidden: FloatTensor<Self>,
        table: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        targets: IntTensor<Self>,
        weights: FloatTensor<Self>,
        term_values: FloatTensor<Self>,
        problem: Problem,
    ) -> FloatTensor<Self> {
        let (hidden, hidden_node) = hidden.into_parts();
        let (table, table_node) = table.into_parts();
        let (bias, bias_node) = bias.into_parts();
        let (weights, _) = weights.into_parts();
        let (values, values_node) = term_values.into_parts();
        let parents = [hidden_node, table_node, bias_node, values_node];
        let inputs = [hidden, table, bias, values];
        match KeptGradients.prepare::<C>(parents).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let (loss, grads) =
                    B::sampled_loss_and_grads(inputs, targets, weights, &problem, true);
                prep.finish(grads.expect("asked for"), loss)
            }
            OpsKind::UnTracked(prep) => {
                prep.finish(B::sampled_loss_and_grads(inputs, targets, weights, &problem, false).0)
            }
        }
    }
}
