//! The fused loss of a likelihood as one differentiable operation.
//!
//! The gradient is computed together with the loss and scaled in the backward pass.
#![cfg_attr(
    feature = "ndarray",
    expect(deprecated, reason = "the macro names burn's ndarray backend, deprecated upstream")
)]

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, backend_extension};

use super::Likelihood;
use crate::loss::ops::SoftmaxKernels;

/// Operations that `Dispatch` routes to the backend of its arguments.
#[backend_extension(Autodiff, NdArray: cfg(feature = "ndarray"))]
pub(crate) trait LikelihoodOps: Backend {
    /// See [`Likelihood::loss`].
    fn likelihood_loss(
        raw: FloatTensor<Self>,
        target: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        likelihood: Likelihood,
    ) -> FloatTensor<Self>;
}

/// The operation on a concrete backend.
pub(crate) trait LikelihoodKernels: SoftmaxKernels {
    /// Loss and, if asked for, the gradient of `raw`; `inputs` are target, scale and weights.
    fn likelihood_loss_and_grad(
        raw: FloatTensor<Self>,
        inputs: [FloatTensor<Self>; 3],
        likelihood: Likelihood,
        gradient: bool,
    ) -> (FloatTensor<Self>, Option<FloatTensor<Self>>);
}

/// The backward pass of a loss whose gradient is its state.
#[derive(Debug)]
struct KeptGradient;

impl<B: LikelihoodKernels> Backward<B, 1> for KeptGradient {
    type State = FloatTensor<B>;

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let factor = grads.consume::<B>(&ops.node);
        let [parent] = ops.parents;
        if let Some(node) = parent {
            grads.register::<B>(node.id, B::scale(ops.state, &factor));
        }
    }
}

impl<B: LikelihoodKernels, C: CheckpointStrategy> LikelihoodOps for Autodiff<B, C> {
    fn likelihood_loss(
        raw: FloatTensor<Self>,
        target: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        likelihood: Likelihood,
    ) -> FloatTensor<Self> {
        let (raw, node) = raw.into_parts();
        let inputs = [target, scale, weights].map(|input| input.into_parts().0);
        match KeptGradient.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let (loss, grad) = B::likelihood_loss_and_grad(raw, inputs, likelihood, true);
                prep.finish(grad.expect("asked for"), loss)
            }
            OpsKind::UnTracked(prep) => {
                prep.finish(B::likelihood_loss_and_grad(raw, inputs, likelihood, false).0)
            }
        }
    }
}
