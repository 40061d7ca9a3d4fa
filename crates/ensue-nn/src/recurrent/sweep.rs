//! The fused sweep of a cell over time as one differentiable operation.
//!
//! One operation serves every cell and every backend: [`SweepOps`] is what `Dispatch` routes,
//! [`SweepKernels`] what a backend brings. The backward pass is written by hand once, here.
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

use super::Cell;

/// What of a sweep's arguments is there. An absent one is passed as any tensor and never read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Form {
    pub(crate) cell: Cell,
    /// Whether `h0` and, for an LSTM, `c0` are given; otherwise both are zero.
    pub(crate) state: bool,
    /// Whether `keep` is given; otherwise it is 1 everywhere.
    pub(crate) keep: bool,
}

/// Operations that `Dispatch` routes to the backend of its arguments.
#[diagnostic::on_unimplemented(
    message = "ensue does not work with burn's `fusion` feature, which some crate of this build turns on",
    label = "needs burn without `fusion`",
    note = "burn's default features turn `fusion` on: depend on burn with `default-features = false` and \
            `features = [\"std\"]`; `cargo tree -e features -i burn-fusion` names who else does"
)]
#[backend_extension(Autodiff, NdArray: cfg(feature = "ndarray"), Cube: cfg(feature = "wgpu"))]
pub(crate) trait SweepOps: Backend {
    /// Shapes: `x` `[batch, time, input]`, `wx` `[input, gates * hidden]`, `wh`
    /// `[hidden, gates * hidden]`, `bias` `[biases * hidden]`, `h0` and `c0` `[batch, hidden]`,
    /// `keep` `[batch, time]` (no gradient). Gives the hidden states `[batch, time, hidden]` and,
    /// for an LSTM, the last cell state `[batch, hidden]`, which carries no gradient (for a GRU,
    /// any tensor).
    fn sweep(
        x: FloatTensor<Self>,
        wx: FloatTensor<Self>,
        wh: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        h0: FloatTensor<Self>,
        c0: FloatTensor<Self>,
        keep: FloatTensor<Self>,
        form: Form,
    ) -> (FloatTensor<Self>, FloatTensor<Self>);
}

/// Arguments of a sweep in the order x, wx, wh, bias, h0, c0; `keep` apart since it has no gradient.
#[derive(Debug, Clone)]
pub(crate) struct SweepInputs<B: Backend> {
    pub(crate) tensors: [FloatTensor<B>; 6],
    pub(crate) keep: FloatTensor<B>,
    pub(crate) form: Form,
}

/// The two halves of the operation on a concrete backend.
#[diagnostic::on_unimplemented(
    message = "ensue does not work with burn's `fusion` feature, which some crate of this build turns on",
    label = "needs burn without `fusion`",
    note = "burn's default features turn `fusion` on: depend on burn with `default-features = false` and \
            `features = [\"std\"]`; `cargo tree -e features -i burn-fusion` names who else does"
)]
pub(crate) trait SweepKernels: Backend {
    /// What the backward pass needs of the forward pass.
    type Saved: Clone + Send + std::fmt::Debug + 'static;
    /// Hidden states, last cell state and, if `save`, what the backward pass needs.
    fn forward(
        inputs: &SweepInputs<Self>,
        save: bool,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, Option<Self::Saved>);
    /// Gradients in the order of the inputs, at least those that are `needed`.
    fn backward(
        inputs: &SweepInputs<Self>,
        saved: Self::Saved,
        dh: FloatTensor<Self>,
        needed: [bool; 6],
    ) -> [Option<FloatTensor<Self>>; 6];
}

#[derive(Debug)]
struct SweepBackward;

impl<B: SweepKernels> Backward<B, 6> for SweepBackward {
    type State = (SweepInputs<B>, B::Saved);

    fn backward(self, ops: Ops<Self::State, 6>, grads: &mut Gradients, _: &mut Checkpointer) {
        let dh = grads.consume::<B>(&ops.node);
        let (inputs, saved) = ops.state;
        let form = inputs.form;
        let mut parents = ops.parents;
        if !form.state {
            parents[4] = None;
        }
        if !form.state || !form.cell.has_memory() {
            parents[5] = None;
        }
        let needed = std::array::from_fn(|i| parents[i].is_some());
        let results = B::backward(&inputs, saved, dh, needed);
        for (parent, grad) in parents.into_iter().zip(results) {
            if let (Some(node), Some(grad)) = (parent, grad) {
                grads.register::<B>(node.id, grad);
            }
        }
    }
}

impl<B: SweepKernels, C: CheckpointStrategy> SweepOps for Autodiff<B, C> {
    fn sweep(
        x: FloatTensor<Self>,
        wx: FloatTensor<Self>,
        wh: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        h0: FloatTensor<Self>,
        c0: FloatTensor<Self>,
        keep: FloatTensor<Self>,
        form: Form,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let (x, x_node) = x.into_parts();
        let (wx, wx_node) = wx.into_parts();
        let (wh, wh_node) = wh.into_parts();
        let (bias, bias_node) = bias.into_parts();
        let (h0, h0_node) = h0.into_parts();
        let (c0, c0_node) = c0.into_parts();
        let (keep, _) = keep.into_parts();
        let inputs = SweepInputs::<B> { tensors: [x, wx, wh, bias, h0, c0], keep, form };
        let parents = [x_node, wx_node, wh_node, bias_node, h0_node, c0_node];
        match SweepBackward.prepare::<C>(parents).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let (h, c, saved) = B::forward(&inputs, true);
                let saved = saved.expect("asked to save");
                (prep.finish((inputs, saved), h), Self::FloatTensorPrimitive::new(c))
            }
            OpsKind::UnTracked(prep) => {
                let (h, c, _) = B::forward(&inputs, false);
                (prep.finish(h), Self::FloatTensorPrimitive::new(c))
            }
        }
    }
}
