//! LSTM and GRU over whole sequences, forward and backward.
//!
//! ```text
//! Lstm           i, f, o = sigmoid(x Wx + h Wh + b)     g = tanh(x Wxg + h Whg + bg)
//!                c' = f * c + i * g                     h' = o * tanh(c')
//! Gru            r, z = sigmoid(x Wx + h Wh + b)        m = h Whn + bm
//!                n = tanh(x Wxn + bn + r * m)           h' = (1 - z) * n + z * h
//! GruResetBefore r, z as above                          n = tanh(x Wxn + bn + (r * h) Whn)
//!                h' = (1 - z) * n + z * h
//! ```
//!
//! Hochreiter and Schmidhuber 1997 with the forget gate of Gers et al. 2000; Cho et al. 2014, once
//! with the reset after the recurrent product as `PyTorch` has it.
//!
//! How it is fast: rows of the batch are independent, so the batch is cut once and every thread
//! sweeps its rows through all steps. Inside, all is time-major. A row of the panel `Z[t]` holds
//! `h | x | 1`, so that one product gives all pre-activations and one gives all weight gradients,
//! biases included. Units go in blocks; the gates of a block lie side by side in the weights, are
//! accumulated in registers, and are activated there before anything is stored. The backward pass
//! overwrites the kept gates with their gradients, step by step, and takes the weight gradients of
//! a run of steps while it is still in the second cache.

mod backward;
mod forward;
mod gru;
mod layout;
mod lstm;
mod pack;
mod paths;
mod reset_before;
mod step;
pub(super) mod tile;
mod transpose;

use super::buffer::Buffer;
use super::lanes::Element;
use super::threads::split;
pub(crate) use crate::recurrent::Cell;
use layout::Layout;
use pack::Packed;

pub(crate) use paths::{Head, LayerState, PathNet, Rollout};
pub(crate) use step::StepWeights;

/// What a sweep reads. Column `unit * gates + gate` of the weights belongs to that gate of that
/// unit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SweepArgs<'a, E> {
    pub(crate) cell: Cell,
    /// `[batch, time, input]`
    pub(crate) x: &'a [E],
    /// `[input, gates * hidden]`
    pub(crate) wx: &'a [E],
    /// `[hidden, gates * hidden]`
    pub(crate) wh: &'a [E],
    /// `[biases * hidden]`, index `unit * biases + gate`; the fourth of a GRU is the one inside the
    /// reset product.
    pub(crate) bias: &'a [E],
    /// `[batch, hidden]`; empty for zeros.
    pub(crate) h0: &'a [E],
    /// `[batch, hidden]`, LSTM only; empty for zeros.
    pub(crate) c0: &'a [E],
    /// `[batch, time]`: factor on the states that enter a step; 0 forgets everything before it.
    /// Empty for ones.
    pub(crate) keep: &'a [E],
    pub(crate) batch: usize,
    pub(crate) time: usize,
    pub(crate) input: usize,
    pub(crate) hidden: usize,
}

/// What a sweep gives.
#[derive(Debug)]
pub(crate) struct SweepOutput<E: Element> {
    /// `[batch, time, hidden]`
    pub(crate) h: Vec<E>,
    /// `[batch, hidden]`: the last cell state of an LSTM; empty otherwise.
    pub(crate) c: Vec<E>,
    pub(crate) saved: Option<SweepSaved<E>>,
}

/// What the backward pass needs of a forward sweep.
#[derive(Debug, Clone)]
pub(crate) struct SweepSaved<E: Element>(Saved<E>);

#[derive(Debug, Clone)]
enum Saved<E: Element> {
    /// No rows or no steps.
    Nothing,
    Fused {
        weights: Packed<E>,
        parts: Vec<Part<E>>,
    },
    ResetBefore(Vec<reset_before::Part<E>>),
}

/// The rows of one thread.
#[derive(Debug, Clone)]
struct Part<E: Element> {
    rows: std::ops::Range<usize>,
    /// `[time, rows, stride]`: what enters each step.
    z: Buffer<E>,
    /// `[time, blocks, rows, gates of a block]`: the activated gates.
    gates: Buffer<E>,
    /// LSTM: `[time + 1, blocks, rows, units of a block]`: the cell states.
    cells: Buffer<E>,
}

/// Gradients of a sweep, shaped as the fields of [`SweepArgs`].
#[derive(Debug)]
pub(crate) struct SweepGrads<E> {
    /// Empty unless asked for.
    pub(crate) x: Vec<E>,
    pub(crate) wx: Vec<E>,
    pub(crate) wh: Vec<E>,
    pub(crate) bias: Vec<E>,
    pub(crate) h0: Vec<E>,
    /// Empty for GRUs.
    pub(crate) c0: Vec<E>,
}

/// Rows that are not worth another thread.
const GRAIN: usize = 4;

impl<E: Element> SweepArgs<'_, E> {
    fn check(&self) {
        let &Self { cell, batch, time, input, hidden, .. } = self;
        assert!(hidden > 0, "no hidden units");
        assert_eq!(self.x.len(), batch * time * input, "x is not [batch, time, input]");
        assert_eq!(self.wx.len(), input * cell.gates() * hidden, "wx is not [input, gates]");
        assert_eq!(self.wh.len(), hidden * cell.gates() * hidden, "wh is not [hidden, gates]");
        assert_eq!(self.bias.len(), cell.biases() * hidden, "biases");
        for state in [self.h0, self.c0] {
            assert!(state.is_empty() || state.len() == batch * hidden, "state: [batch, hidden]");
        }
        assert!(self.c0.is_empty() || cell == Cell::Lstm, "a GRU has no cell state");
        assert!(self.keep.is_empty() || self.keep.len() == batch * time, "keep: [batch, time]");
    }

    /// Length of a cell state.
    fn cells(&self) -> usize {
        if self.cell == Cell::Lstm { self.batch * self.hidden } else { 0 }
    }

    /// The sweep over no rows or no steps.
    fn nothing(&self, save: bool) -> SweepOutput<E> {
        let c = if self.c0.is_empty() { vec![E::ZERO; self.cells()] } else { self.c0.to_vec() };
        SweepOutput { h: Vec::new(), c, saved: save.then_some(SweepSaved(Saved::Nothing)) }
    }

    /// Its gradients.
    fn no_gradients(&self) -> SweepGrads<E> {
        let zeros = |n: usize| vec![E::ZERO; n];
        SweepGrads {
            x: Vec::new(),
            wx: zeros(self.wx.len()),
            wh: zeros(self.wh.len()),
            bias: zeros(self.bias.len()),
            h0: zeros(self.batch * self.hidden),
            c0: zeros(self.cells()),
        }
    }
}

/// Runs the sweep; keeps what [`sweep_backward`] needs if `save`.
pub(crate) fn sweep_forward<E: Element>(args: &SweepArgs<'_, E>, save: bool) -> SweepOutput<E> {
    args.check();
    if args.batch == 0 || args.time == 0 {
        return args.nothing(save);
    }
    if args.cell == Cell::GruResetBefore {
        let SweepArgs { wx, wh, bias, input, hidden, .. } = *args;
        let weights = reset_before::Weights::new(wx, wh, bias, input, hidden);
        let (h, parts) = reset_before::forward(args, &weights, save);
        let saved = save.then_some(SweepSaved(Saved::ResetBefore(parts)));
        return SweepOutput { h, c: Vec::new(), saved };
    }
    let layout = Layout::new::<E>(args.cell, args.input, args.hidden);
    let weights = Packed::new(layout, args.wx, args.wh, args.bias);
    let (h, c, parts) = forward::run(args, &weights, save);
    let saved = save.then_some(SweepSaved(Saved::Fused { weights, parts }));
    SweepOutput { h, c, saved }
}

/// Gradients from `dh` `[batch, time, hidden]`; the gradient of `x` only if `need_x`.
pub(crate) fn sweep_backward<E: Element>(
    args: &SweepArgs<'_, E>,
    saved: SweepSaved<E>,
    dh: &[E],
    need_x: bool,
) -> SweepGrads<E> {
    args.check();
    assert_eq!(dh.len(), args.batch * args.time * args.hidden, "dh is not [batch, time, hidden]");
    match saved.0 {
        Saved::Nothing => args.no_gradients(),
        Saved::Fused { weights, parts } => backward::run(args, &weights, parts, dh, need_x),
        Saved::ResetBefore(parts) => reset_before::backward(args, parts, dh, need_x),
    }
}

/// Floating-point operations of the matrix products in one forward and backward sweep: two for each
/// multiply-add, without padding, biases and activations. The gradient of the input counts only if
/// `need_x`.
pub fn sweep_flops(
    cell: Cell,
    batch: usize,
    time: usize,
    input: usize,
    hidden: usize,
    need_x: bool,
) -> f64 {
    let rows = (batch * time) as f64;
    let (i, h) = (input as f64, hidden as f64);
    // Forward and weight gradients see both sides; the state's gradient one, the input's the other.
    let per_gate = 2.0 * (i + h) + h + if need_x { i } else { 0.0 };
    2.0 * rows * cell.gates() as f64 * h * per_gate
}

#[cfg(test)]
mod tests;
