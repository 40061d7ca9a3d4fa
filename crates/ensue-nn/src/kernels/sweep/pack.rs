//! Weights from columns `unit * gates + gate` to blocks, and gradients back.

use super::layout::Layout;
use super::{Cell, SweepGrads};
use crate::kernels::buffer::Buffer;
use crate::kernels::lanes::{Element, Kernel, Lanes};

/// The weights of a sweep, block by block.
#[derive(Debug, Clone)]
pub(super) struct Packed<E: Element> {
    pub(super) layout: Layout,
    /// `[block][state, then input][width]`
    pub(super) weights: Buffer<E>,
    /// `[block][4 * unit]`
    pub(super) bias: Buffer<E>,
}

/// Gate that stands in each slot of a block's run.
fn order(cell: Cell, input_side: bool) -> [usize; 4] {
    match (cell, input_side) {
        (Cell::Lstm, _) => [0, 1, 2, 3],
        // n r z
        (_, true) => [2, 0, 1, 0],
        // r z m
        (_, false) => [0, 1, 2, 0],
    }
}

impl<E: Element> Packed<E> {
    pub(super) fn new(layout: Layout, wx: &[E], wh: &[E], bias: &[E]) -> Self {
        let weights = Buffer::scratch(layout.blocks * layout.weight_rows() * layout.width);
        let mut packed =
            Self { layout, weights, bias: Buffer::zeroed(layout.blocks * layout.kept) };
        E::dispatch(Pack { to: &mut packed.weights, layout, wx, wh });
        // LSTM: i f g o as they come; GRU: n r z m from r z n m.
        let slots = if layout.cell == Cell::Lstm { [0, 1, 2, 3] } else { [2, 0, 1, 3] };
        for (u, four) in bias.chunks_exact(4).enumerate() {
            let (block, unit) = (u / layout.unit, u % layout.unit);
            for (slot, gate) in slots.into_iter().enumerate() {
                packed.bias[block * layout.kept + slot * layout.unit + unit] = four[gate];
            }
        }
        packed
    }
}

struct Pack<'a, E> {
    to: &'a mut [E],
    layout: Layout,
    wx: &'a [E],
    wh: &'a [E],
}

impl<E: Element> Kernel<E> for Pack<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<E = E>>(self) {
        match (self.layout.cell, self.layout.unit) {
            (Cell::Lstm, _) => self.pack::<4, 8>(),
            (_, 16) => self.pack::<3, 16>(),
            _ => self.pack::<3, 8>(),
        }
    }
}

impl<E: Element> Pack<'_, E> {
    #[inline(always)]
    fn pack<const G: usize, const U: usize>(self) {
        let Self { to, layout, wx, wh } = self;
        let columns = G * layout.hidden;
        let (state_order, input_order) = (order(layout.cell, false), order(layout.cell, true));
        let rows = to.chunks_exact_mut(layout.weight_rows() * G * U).enumerate();
        for (block, to) in rows {
            let (states, inputs) = to.split_at_mut(layout.padded * G * U);
            let from = block * G * U;
            let some = layout.units(block) * G;
            let (states, padding) = states.split_at_mut(layout.hidden * G * U);
            padding.fill(E::ZERO);
            for (to, row) in states.chunks_exact_mut(G * U).zip(wh.chunks_exact(columns)) {
                gather::<E, G, U>(&row[from..from + some], to, state_order);
            }
            for (to, row) in inputs.chunks_exact_mut(G * U).zip(wx.chunks_exact(columns)) {
                gather::<E, G, U>(&row[from..from + some], to, input_order);
            }
        }
    }
}

/// `to[slot * U + unit] = from[unit * G + order[slot]]`, zeros for units that are not there.
#[inline(always)]
fn gather<E: Element, const G: usize, const U: usize>(from: &[E], to: &mut [E], order: [usize; 4]) {
    let mut whole = [E::ZERO; 64];
    let from = if from.len() == G * U {
        from
    } else {
        whole[..from.len()].copy_from_slice(from);
        &whole[..G * U]
    };
    for (slot, to) in to.chunks_exact_mut(U).enumerate() {
        for (unit, to) in to.iter_mut().enumerate() {
            *to = from[unit * G + order[slot]];
        }
    }
}

/// Adds up the threads' weight gradients `[block][row of Z][width]`, in order, into the layout of
/// the arguments.
pub(super) fn unpack<E: Element>(layout: Layout, parts: &[Buffer<E>], grads: &mut SweepGrads<E>) {
    E::dispatch(Unpack { layout, parts, grads });
}

struct Unpack<'a, E: Element> {
    layout: Layout,
    parts: &'a [Buffer<E>],
    grads: &'a mut SweepGrads<E>,
}

impl<E: Element> Kernel<E> for Unpack<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<E = E>>(self) {
        match (self.layout.cell, self.layout.unit) {
            (Cell::Lstm, _) => self.unpack::<4, 8>(),
            (_, 16) => self.unpack::<3, 16>(),
            _ => self.unpack::<3, 8>(),
        }
    }
}

impl<E: Element> Unpack<'_, E> {
    #[inline(always)]
    fn unpack<const G: usize, const U: usize>(self) {
        let Self { layout, parts, grads } = self;
        let columns = G * layout.hidden;
        let (state_order, input_order) = (order(layout.cell, false), order(layout.cell, true));
        for block in 0..layout.blocks {
            let (from, some) = (block * G * U, layout.units(block) * G);
            let sum = |row: usize| {
                let at = (block * layout.row + row) * G * U;
                let mut sum = [E::ZERO; 64];
                sum[..G * U].copy_from_slice(&parts[0][at..at + G * U]);
                for part in &parts[1..] {
                    let part = &part[at..at + G * U];
                    sum[..G * U].iter_mut().zip(part).for_each(|(a, &b)| *a += b);
                }
                sum
            };
            for (row, to) in grads.wh.chunks_exact_mut(columns).enumerate() {
                scatter::<E, G, U>(&sum(row), &mut to[from..from + some], state_order);
            }
            for (row, to) in grads.wx.chunks_exact_mut(columns).enumerate() {
                let row = layout.x_at + row;
                scatter::<E, G, U>(&sum(row), &mut to[from..from + some], input_order);
            }
            let last = sum(layout.row - 1);
            let units = layout.units(block);
            let bias = &mut grads.bias[block * 4 * U..][..4 * units];
            if layout.cell == Cell::Lstm {
                scatter::<E, G, U>(&last, bias, state_order);
            } else {
                // The ones beside h give r z m, those beside x give n r z.
                let state = sum(layout.padded);
                for (unit, to) in bias.chunks_exact_mut(4).enumerate() {
                    to[0] = state[unit];
                    to[1] = state[U + unit];
                    to[2] = last[unit];
                    to[3] = state[2 * U + unit];
                }
            }
        }
    }
}

/// The reverse of [`gather`].
#[inline(always)]
fn scatter<E: Element, const G: usize, const U: usize>(
    from: &[E; 64],
    to: &mut [E],
    order: [usize; 4],
) {
    let mut whole = [E::ZERO; 64];
    for slot in 0..G {
        for unit in 0..U {
            whole[unit * G + order[slot]] = from[slot * U + unit];
        }
    }
    to.copy_from_slice(&whole[..to.len()]);
}
