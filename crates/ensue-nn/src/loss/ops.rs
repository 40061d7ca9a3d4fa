//! The fused soft-max loss as one differentiable operation.
//!
//! Gradients are computed together with the loss (the logits are at hand only then) and scaled in
//! the backward pass.
#![allow(clippy::too_many_arguments, reason = "the macro routes tensors, not structs of them")]
#![cfg_attr(
    feature = "ndarray",
    expect(deprecated, reason = "the macro names burn's ndarray backend, deprecated upstream")
)]

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::{FloatTensor, IntTensor};
use burn::backend::{Autodiff, Backend, backend_extension};

/// Operations that `Dispatch` routes to the backend of its arguments.
#[backend_extension(Autodiff, NdArray: cfg(feature = "ndarray"))]
pub(crate) trait SoftmaxOps: Backend {
    /// See [`super::softmax_cross_entropy`].
    fn softmax_cross_entropy(
        hidden: FloatTensor<Self>,
        table: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        targets: IntTensor<Self>,
        weights: FloatTensor<Self>,
        term_values: FloatTensor<Self>,
        term_offsets: IntTensor<Self>,
        term_classes: IntTensor<Self>,
        term_codes: IntTensor<Self>,
    ) -> FloatTensor<Self>;
}

/// Loss and, if asked for, gradients of hidden, table, bias and terms.
pub(crate) type LossAndGrads<B> = (FloatTensor<B>, Option<[FloatTensor<B>; 4]>);

/// The operation on a concrete backend.
pub(crate) trait SoftmaxKernels: Backend {
    fn softmax_loss(
        inputs: [FloatTensor<Self>; 4],
        targets: IntTensor<Self>,
        weights: FloatTensor<Self>,
        terms: [IntTensor<Self>; 3],
        gradients: bool,
    ) -> LossAndGrads<Self>;
    /// `tensor` times the only element of `factor`.
    fn scale(tensor: FloatTensor<Self>, factor: &FloatTensor<Self>) -> FloatTensor<Self>;
}

/// The backward pass of a loss whose gradients are its state.
#[derive(Debug)]
pub(super) struct KeptGradients;

impl<B: SoftmaxKernels> Backward<B, 4> for KeptGradients {
    type State = [FloatTensor<B>; 4];

    fn backward(self, ops: Ops<Self::State, 4>, grads: &mut Gradients, _: &mut Checkpointer) {
        let factor = grads.consume::<B>(&ops.node);
        for (parent, grad) in ops.parents.into_iter().zip(ops.state) {
            if let Some(node) = parent {
                grads.register::<B>(node.id, B::scale(grad, &factor));
            }
        }
    }
}

impl<B: SoftmaxKernels, C: CheckpointStrategy> SoftmaxOps for Autodiff<B, C> {
    fn softmax_cross_entropy(
        hidden: FloatTensor<Self>,
        table: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        targets: IntTensor<Self>,
        weights: FloatTensor<Self>,
        term_values: FloatTensor<Self>,
        term_offsets: IntTensor<Self>,
        term_classes: IntTensor<Self>,
        term_codes: IntTensor<Self>,
    ) -> FloatTensor<Self> {
        let (hidden, hidden_node) = hidden.into_parts();
        let (table, table_node) = table.into_parts();
        let (bias, bias_node) = bias.into_parts();
        let (weights, _) = weights.into_parts();
        let (values, values_node) = term_values.into_parts();
        let parents = [hidden_node, table_node, bias_node, values_node];
        let inputs = [hidden, table, bias, values];
        let terms = [term_offsets, term_classes, term_codes];
        match KeptGradients.prepare::<C>(parents).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let (loss, grads) = B::softmax_loss(inputs, targets, weights, terms, true);
                prep.finish(grads.expect("asked for"), loss)
            }
            OpsKind::UnTracked(prep) => {
                prep.finish(B::softmax_loss(inputs, targets, weights, terms, false).0)
            }
        }
    }
}
