//! The sweep as an operation on tensors.

use burn::backend::Dispatch;
use burn::tensor::{Device, Tensor};

use super::sweep::{Form, SweepOps};
use super::{Cell, reference};

/// Weights of one recurrent layer as tensors; columns as [`Cell`] says.
///
/// # Shapes
/// `wx` `[input, gates * hidden]`, `wh` `[hidden, gates * hidden]`, `bias` `[biases * hidden]`.
#[derive(Debug, Clone)]
pub struct Weights {
    /// From input to gates.
    pub wx: Tensor<2>,
    /// From state to gates.
    pub wh: Tensor<2>,
    /// Added to the gates.
    pub bias: Tensor<1>,
}

/// What a layer remembers between two steps.
///
/// # Shapes
/// `h` and `c` `[batch, hidden]`.
#[derive(Debug, Clone)]
pub struct State {
    /// The hidden state.
    pub h: Tensor<2>,
    /// The memory of an LSTM; `None` for a GRU.
    pub c: Option<Tensor<2>>,
}

impl State {
    /// The state that forgets everything: zeros.
    pub fn zero(cell: Cell, batch: usize, hidden: usize, device: &Device) -> Self {
        let zeros = || Tensor::zeros([batch, hidden], device);
        Self { h: zeros(), c: cell.has_memory().then(zeros) }
    }

    /// The same numbers, cut off from the graph that made them.
    pub fn detach(self) -> Self {
        Self { h: self.h.detach(), c: self.c.map(Tensor::detach) }
    }
}

/// Hidden states of an LSTM over whole sequences, and its last state; see [`sequence`].
pub fn lstm_sequence(
    x: Tensor<3>,
    weights: &Weights,
    state: Option<State>,
    keep: Option<Tensor<2>>,
) -> (Tensor<3>, State) {
    sequence(Cell::Lstm, x, weights, state, keep)
}

/// Hidden states of a GRU (reset after the recurrent product) over whole sequences, and its last
/// state; see [`sequence`].
pub fn gru_sequence(
    x: Tensor<3>,
    weights: &Weights,
    state: Option<State>,
    keep: Option<Tensor<2>>,
) -> (Tensor<3>, State) {
    sequence(Cell::Gru, x, weights, state, keep)
}

/// Hidden states of `cell` over whole sequences, and its last state, detached.
///
/// `keep` is a factor on the state that enters a step: 0 forgets everything before it, 1 (the
/// default everywhere) keeps it. It has no gradient; `x`, all weights and the first state have.
/// Without `state` the sweep starts from zeros.
///
/// # Shapes
/// `x` `[batch, time, input]`, `state` `[batch, hidden]`, `keep` `[batch, time]` to
/// `[batch, time, hidden]`.
///
/// # Panics
/// If the shapes do not fit together.
///
/// # Example
/// ```
/// use burn::tensor::Tensor;
/// use ensue_nn::{device, recurrent::{Cell, RecurrentLayer, lstm_sequence}};
///
/// let device = device::open("ndarray")?.autodiff();
/// let layer = RecurrentLayer::new(Cell::Lstm, 8, 16, ensue_core::Seed(0), &device);
/// let x = Tensor::<3>::ones([4, 10, 8], &device);
/// let (h, last) = lstm_sequence(x, &layer.weights(), None, None);
/// assert_eq!(h.dims(), [4, 10, 16]);
/// assert_eq!(last.h.dims(), [4, 16]);
/// let gradients = h.sum().backward();
/// assert!(layer.wh.val().grad(&gradients).is_some());
/// # Ok::<(), ensue_nn::device::DeviceError>(())
/// ```
pub fn sequence(
    cell: Cell,
    x: Tensor<3>,
    weights: &Weights,
    state: Option<State>,
    keep: Option<Tensor<2>>,
) -> (Tensor<3>, State) {
    let [batch, time, input] = x.dims();
    let [hidden, _] = weights.wh.dims();
    let gates = cell.gates() * hidden;
    assert_eq!(weights.wx.dims(), [input, gates], "wx is not [input, gates * hidden]");
    assert_eq!(weights.wh.dims(), [hidden, gates], "wh is not [hidden, gates * hidden]");
    assert_eq!(weights.bias.dims(), [cell.biases() * hidden], "bias is not [biases * hidden]");
    if let Some(state) = &state {
        assert_eq!(state.h.dims(), [batch, hidden], "h is not [batch, hidden]");
        assert_eq!(state.c.is_some(), cell.has_memory(), "an LSTM has a memory, a GRU has none");
        if let Some(c) = &state.c {
            assert_eq!(c.dims(), [batch, hidden], "c is not [batch, hidden]");
        }
    }
    if let Some(keep) = &keep {
        assert_eq!(keep.dims(), [batch, time], "keep is not [batch, time]");
    }
    let device = x.device();
    if batch == 0 || time == 0 {
        let last = state.unwrap_or_else(|| State::zero(cell, batch, hidden, &device)).detach();
        return (Tensor::zeros([batch, time, hidden], &device), last);
    }
    if !fused(cell, &device) {
        return reference::sequence(cell, x, weights, state, keep);
    }
    let form = Form { cell, state: state.is_some(), keep: keep.is_some() };
    // Stands for what is absent: never read, and without a place in the graph.
    let nothing = || weights.wh.clone().without_autodiff().into_dispatch();
    let (h0, c0) = state.map_or((None, None), |state| (Some(state.h), state.c));
    let (h, c) = Dispatch::sweep(
        x.into_dispatch(),
        weights.wx.clone().into_dispatch(),
        weights.wh.clone().into_dispatch(),
        weights.bias.clone().into_dispatch(),
        h0.map_or_else(nothing, Tensor::into_dispatch),
        c0.map_or_else(nothing, Tensor::into_dispatch),
        keep.map_or_else(nothing, Tensor::into_dispatch),
        form,
    );
    let h = Tensor::<3>::from_dispatch(h);
    let last = last_step(&h).detach();
    let c = cell.has_memory().then(|| Tensor::<2>::from_dispatch(c));
    (h, State { h: last, c })
}

/// The last step of `[batch, time, width]` as `[batch, width]`.
pub(super) fn last_step(h: &Tensor<3>) -> Tensor<2> {
    let [batch, time, width] = h.dims();
    h.clone().slice([0..batch, time - 1..time, 0..width]).reshape([batch, width])
}

/// Whether `device` has a fused sweep for `cell`.
fn fused(cell: Cell, device: &Device) -> bool {
    crate::device::is_ndarray(device)
        || crate::device::is_wgpu(device) && cell != Cell::GruResetBefore
}
