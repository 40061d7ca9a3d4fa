//! The fused GRU sweep as one differentiable operation.
#![allow(clippy::too_many_arguments, reason = "the macro routes tensors, not structs of them")]
#![cfg_attr(
    feature = "ndarray",
    expect(deprecated, reason = "the macro names burn's ndarray backend, deprecated upstream")
)]

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, backend_extension};

/// Operations that `Dispatch` routes to the backend of its arguments.
#[backend_extension(Autodiff, NdArray: cfg(feature = "ndarray"))]
pub(crate) trait GruOps: Backend {
    /// Shapes: `x` `[batch, time, input]`, `wx` `[input, 3 * hidden]`, `bx` `[3 * hidden]`, `wh`
    /// `[hidden, 3 * hidden]`, `bh` `[3 * hidden]`, `h0` `[batch, hidden]`, `keep`
    /// `[batch, time]` (no gradient); result `[batch, time, hidden]`.
    fn gru_sweep(
        x: FloatTensor<Self>,
        wx: FloatTensor<Self>,
        bx: FloatTensor<Self>,
        wh: FloatTensor<Self>,
        bh: FloatTensor<Self>,
        h0: FloatTensor<Self>,
        keep: FloatTensor<Self>,
    ) -> FloatTensor<Self>;
}

/// Arguments of a sweep in the order x, wx, bx, wh, bh, h0; `keep` apart since it has no gradient.
#[derive(Debug, Clone)]
pub(crate) struct GruInputs<B: Backend> {
    pub(crate) tensors: [FloatTensor<B>; 6],
    pub(crate) keep: FloatTensor<B>,
}

/// The two halves of the operation on a concrete backend.
pub(crate) trait GruKernels: Backend {
    /// What the backward pass needs of the forward pass.
    type Saved: Clone + Send + std::fmt::Debug + 'static;
    fn gru_forward(inputs: &GruInputs<Self>) -> (FloatTensor<Self>, Self::Saved);
    /// Gradients in the order of the inputs; those of `x` only if asked for.
    fn gru_backward(
        inputs: &GruInputs<Self>,
        saved: Self::Saved,
        dh: FloatTensor<Self>,
        need_x: bool,
    ) -> [Option<FloatTensor<Self>>; 6];
    /// Forward pass that keeps nothing.
    fn gru_infer(inputs: &GruInputs<Self>) -> FloatTensor<Self>;
}

#[derive(Debug)]
struct GruBackward;

impl<B: GruKernels> Backward<B, 6> for GruBackward {
    type State = (GruInputs<B>, B::Saved);

    fn backward(self, ops: Ops<Self::State, 6>, grads: &mut Gradients, _: &mut Checkpointer) {
        let dh = grads.consume::<B>(&ops.node);
        let (inputs, saved) = ops.state;
        let results = B::gru_backward(&inputs, saved, dh, ops.parents[0].is_some());
        for (parent, grad) in ops.parents.into_iter().zip(results) {
            if let (Some(node), Some(grad)) = (parent, grad) {
                grads.register::<B>(node.id, grad);
            }
        }
    }
}

impl<B: GruKernels, C: CheckpointStrategy> GruOps for Autodiff<B, C> {
    fn gru_sweep(
        x: FloatTensor<Self>,
        wx: FloatTensor<Self>,
        bx: FloatTensor<Self>,
        wh: FloatTensor<Self>,
        bh: FloatTensor<Self>,
        h0: FloatTensor<Self>,
        keep: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let (x, x_node) = x.into_parts();
        let (wx, wx_node) = wx.into_parts();
        let (bx, bx_node) = bx.into_parts();
        let (wh, wh_node) = wh.into_parts();
        let (bh, bh_node) = bh.into_parts();
        let (h0, h0_node) = h0.into_parts();
        let (keep, _) = keep.into_parts();
        let inputs = GruInputs::<B> { tensors: [x, wx, bx, wh, bh, h0], keep };
        let parents = [x_node, wx_node, bx_node, wh_node, bh_node, h0_node];
        match GruBackward.prepare::<C>(parents).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let (h, saved) = B::gru_forward(&inputs);
                prep.finish((inputs, saved), h)
            }
            OpsKind::UnTracked(prep) => prep.finish(B::gru_infer(&inputs)),
        }
    }
}
