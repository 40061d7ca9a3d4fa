//! Weights from columns `unit * gates + gate` to blocks, and gradients back.

use std::ops::Range;

use super::layout::Layout;
use super::tile::Shared;
use super::{Cell, GRAIN, SweepGrads, split};
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
fn slots(cell: Cell, input_side: bool) -> [usize; 4] {
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
        match self.layout.width {
            24 => self.pack::<L, 24>(),
            32 => self.pack::<L, 32>(),
            _ => self.pack::<L, 48>(),
        }
    }
}

impl<E: Element> Pack<'_, E> {
    #[inline(always)]
    fn pack<L: Lanes<E = E>, const W: usize>(self) {
        let Self { to, layout, wx, wh } = self;
        let gates = layout.cell.gates();
        let columns = gates * layout.hidden;
        assert_eq!(layout.width, W);
        let orders = [order(&layout, false), order(&layout, true)];
        let mut whole = [E::ZERO; 48];
        for (block, to) in to.chunks_exact_mut(layout.weight_rows() * W).enumerate() {
            let (states, inputs) = to.split_at_mut(layout.padded * W);
            let (states, padding) = states.split_at_mut(layout.hidden * W);
            padding.fill(E::ZERO);
            let some = layout.units(block) * gates;
            for ((to, from), order) in [(states, wh), (inputs, wx)].into_iter().zip(&orders) {
                for (to, row) in to.chunks_exact_mut(W).zip(from.chunks_exact(columns)) {
                    let mut from = &row[block * W..][..some];
                    if some < W {
                        whole[..some].copy_from_slice(from);
                        from = &whole[..W];
                    }
                    // SAFETY: both have W elements.
                    unsafe { L::permute::<W>(from.as_ptr(), to.as_mut_ptr(), order) };
                }
            }
        }
    }
}

/// Column `unit * gates + gate` of each place `slot * unit + unit` of a block's run.
fn order(layout: &Layout, input_side: bool) -> [i32; 48] {
    let gates = slots(layout.cell, input_side);
    let mut order = [0; 48];
    for (at, column) in order.iter_mut().enumerate().take(layout.width) {
        let (slot, unit) = (at / layout.unit, at % layout.unit);
        *column = (unit * layout.cell.gates() + gates[slot]) as i32;
    }
    order
}

/// The reverse of an order.
fn reverse(order: &[i32; 48], width: usize) -> [i32; 48] {
    let mut reverse = [0; 48];
    for (at, &column) in order.iter().enumerate().take(width) {
        reverse[column as usize] = at as i32;
    }
    reverse
}

/// The weight gradients `[block][row of Z][width]` of all threads, added up in order, in the layout
/// of the arguments.
pub(super) fn unpack<E: Element>(layout: Layout, parts: &[Buffer<E>], grads: &mut SweepGrads<E>) {
    let columns = layout.cell.gates() * layout.hidden;
    let (wh, wx) = (layout.hidden * columns, layout.input * columns);
    (grads.wh, grads.wx) = (Vec::with_capacity(wh), Vec::with_capacity(wx));
    grads.bias = vec![E::ZERO; layout.cell.biases() * layout.hidden];
    let (to_wh, to_wx) = (Shared::of(&mut grads.wh), Shared::of(&mut grads.wx));
    split(layout.blocks, GRAIN, |_, blocks| {
        E::dispatch(Unpack { layout, parts, blocks, wh: to_wh, wx: to_wx });
    });
    // SAFETY: the blocks cover all columns, and each has written its columns of all rows.
    unsafe {
        grads.wh.set_len(wh);
        grads.wx.set_len(wx);
    }
    let sum = |block: usize, row: usize, at: usize| {
        let at = (block * layout.row + row) * layout.width + at;
        parts[1..].iter().fold(parts[0][at], |sum, part| sum + part[at])
    };
    for (u, to) in grads.bias.chunks_exact_mut(4).enumerate() {
        let (block, unit) = (u / layout.unit, u % layout.unit);
        let last = |slot| sum(block, layout.row - 1, slot * layout.unit + unit);
        if layout.cell == Cell::Lstm {
            to.copy_from_slice(&[last(0), last(1), last(2), last(3)]);
        } else {
            // The ones beside h give r z m, those beside x give n r z.
            let state = |slot| sum(block, layout.padded, slot * layout.unit + unit);
            to.copy_from_slice(&[state(0), state(1), last(0), state(2)]);
        }
    }
}

struct Unpack<'a, E: Element> {
    layout: Layout,
    parts: &'a [Buffer<E>],
    blocks: Range<usize>,
    /// Room for `[hidden, columns]`.
    wh: Shared<E>,
    /// Room for `[input, columns]`.
    wx: Shared<E>,
}

impl<E: Element> Kernel<E> for Unpack<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<E = E>>(self) {
        match self.layout.width {
            24 => self.unpack::<L, 24>(),
            32 => self.unpack::<L, 32>(),
            _ => self.unpack::<L, 48>(),
        }
    }
}

impl<E: Element> Unpack<'_, E> {
    #[inline(always)]
    fn unpack<L: Lanes<E = E>, const W: usize>(self) {
        let Self { layout, parts, blocks, wh, wx } = self;
        let gates = layout.cell.gates();
        let columns = gates * layout.hidden;
        assert!(layout.width == W && blocks.end <= layout.blocks);
        let states = reverse(&order(&layout, false), W);
        let inputs = reverse(&order(&layout, true), W);
        for block in blocks {
            let some = layout.units(block) * gates;
            for row in 0..layout.hidden + layout.input {
                let (z, order, to) = match row.checked_sub(layout.hidden) {
                    None => (row, &states, wh.0.wrapping_add(row * columns)),
                    Some(x) => (layout.x_at + x, &inputs, wx.0.wrapping_add(x * columns)),
                };
                let at = (block * layout.row + z) * W;
                let first = &parts[0][at..at + W];
                let mut sum = [E::ZERO; W];
                let from = if parts.len() == 1 {
                    first
                } else {
                    sum.copy_from_slice(first);
                    for part in &parts[1..] {
                        sum.iter_mut().zip(&part[at..at + W]).for_each(|(a, &b)| *a += b);
                    }
                    &sum
                };
                // SAFETY: `from` has W elements; the row has `columns` of them, of which this block
                // owns `some` from `block * W` on.
                unsafe {
                    let to = to.add(block * W);
                    if some == W {
                        L::permute::<W>(from.as_ptr(), to, order);
                    } else {
                        let mut whole = [E::ZERO; W];
                        L::permute::<W>(from.as_ptr(), whole.as_mut_ptr(), order);
                        std::ptr::copy_nonoverlapping(whole.as_ptr(), to, some);
                    }
                }
            }
        }
    }
}
