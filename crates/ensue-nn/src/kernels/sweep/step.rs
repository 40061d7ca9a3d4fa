//! One step at a time, on weights packed once.

use super::layout::Layout;
use super::pack::Packed;
use super::{Cell, SweepArgs, forward, reset_before};
use crate::kernels::lanes::Element;

/// Weights of one layer, packed for decoding step by step.
#[derive(Debug, Clone)]
pub(crate) struct StepWeights<E: Element> {
    cell: Cell,
    pub(super) input: usize,
    pub(super) hidden: usize,
    weights: Weights<E>,
}

#[derive(Debug, Clone)]
enum Weights<E: Element> {
    Fused(Packed<E>),
    ResetBefore(reset_before::Weights<E>),
}

impl<E: Element> StepWeights<E> {
    /// Packs weights in the layout of [`SweepArgs`].
    pub(crate) fn new(
        cell: Cell,
        wx: &[E],
        wh: &[E],
        bias: &[E],
        input: usize,
        hidden: usize,
    ) -> Self {
        assert!(hidden > 0, "no hidden units");
        assert_eq!(wx.len(), input * cell.gates() * hidden, "wx is not [input, gates]");
        assert_eq!(wh.len(), hidden * cell.gates() * hidden, "wh is not [hidden, gates]");
        assert_eq!(bias.len(), cell.biases() * hidden, "biases");
        let weights = if cell == Cell::GruResetBefore {
            Weights::ResetBefore(reset_before::Weights::new(wx, wh, bias, input, hidden))
        } else {
            let layout = Layout::new::<E>(cell, input, hidden);
            Weights::Fused(Packed::new(layout, wx, wh, bias))
        };
        Self { cell, input, hidden, weights }
    }

    /// The weights of cells that run in register tiles: all but [`Cell::GruResetBefore`].
    pub(super) fn packed(&self) -> Option<&Packed<E>> {
        match &self.weights {
            Weights::Fused(weights) => Some(weights),
            Weights::ResetBefore(_) => None,
        }
    }

    /// One step from `x` `[batch, input]`; replaces the states `h` and, for an LSTM, `c`
    /// `[batch, hidden]` (empty for GRUs). The same numbers as a sweep gives.
    pub(crate) fn step(&self, x: &[E], h: &mut [E], c: &mut [E]) {
        let &Self { cell, input, hidden, .. } = self;
        let batch = h.len() / hidden;
        assert_eq!((h.len(), x.len()), (batch * hidden, batch * input), "x and h: [batch, ..]");
        assert_eq!(
            c.len(),
            if cell == Cell::Lstm { h.len() } else { 0 },
            "c is not [batch, hidden]"
        );
        if batch == 0 {
            return;
        }
        // The kernels take weights packed, so that these are never looked at.
        let (wx, wh, bias, keep): (&[E], &[E], &[E], &[E]) = (&[], &[], &[], &[]);
        let time = 1;
        let args =
            SweepArgs { cell, x, wx, wh, bias, h0: h, c0: c, keep, batch, time, input, hidden };
        let (new_h, new_c) = match &self.weights {
            Weights::Fused(weights) => {
                let (h, c, _) = forward::run(&args, weights, false);
                (h, c)
            }
            Weights::ResetBefore(weights) => {
                (reset_before::forward(&args, weights, false).0, Vec::new())
            }
        };
        h.copy_from_slice(&new_h);
        c.copy_from_slice(&new_c);
    }
}
