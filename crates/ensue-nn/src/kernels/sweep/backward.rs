//! The backward sweep of one thread's rows.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use super::forward::{CellOps, Keep};
use super::gru::Gru;
use super::layout::Layout;
use super::lstm::Lstm;
use super::pack::{Packed, unpack};
use super::tile::{Ahead, Shared, fits, tallest, tile, tiles, with_rows};
use super::transpose::{Panel, Transposed};
use super::{Cell, Part, SweepArgs, SweepGrads, split};
use crate::kernels::buffer::Buffer;
use crate::kernels::lanes::{Element, Kernel, Lanes};

/// Rows of Z whose weight gradients are taken together: more would leave the second cache, fewer
/// would load and store the gradients too often.
const ROWS: usize = 128;

/// Elements from row to row of a panel's product: three vectors of the widest kind.
const PRODUCT: usize = 48;

/// One block of units at one step, all rows.
pub(super) struct GateBlock<E> {
    pub(super) rows: usize,
    /// Units that are not padding.
    pub(super) units: usize,
    /// Activated gates `[row][kept]`, to be overwritten with their gradients.
    pub(super) gates: *mut E,
    /// LSTM: cell states before and after the step, `[row][unit]`.
    pub(super) cell_in: *const E,
    pub(super) cell_out: *const E,
    /// GRU: the state that entered the step.
    pub(super) h_in: *const E,
    pub(super) h_stride: usize,
    /// What passes the step without a product, `[row][unit]`: an LSTM's gradient of the cell state,
    /// a GRU's of the state through z. Comes from the next step, leaves for the one before.
    pub(super) carry: *mut E,
    /// The next step's gates times the transposed weights.
    pub(super) product: *const E,
    pub(super) product_stride: usize,
    /// Gradient of the step's output.
    pub(super) dh: *const E,
    pub(super) dh_stride: usize,
    /// Factors on what enters this step and the next.
    pub(super) keep: *const E,
    pub(super) keep_stride: usize,
    pub(super) keep_next: *const E,
    pub(super) keep_next_stride: usize,
}

/// One block's weight gradient over some steps.
pub(super) struct Outer<'a, E> {
    pub(super) layout: &'a Layout,
    pub(super) rows: usize,
    pub(super) steps: usize,
    /// First step's rows.
    pub(super) z: *const E,
    /// First step's gate gradients of the block; the next step's stand `gate_step` on.
    pub(super) gates: *const E,
    pub(super) gate_step: usize,
    /// `[row of Z][width]`
    pub(super) to: *mut E,
    /// Whether to overwrite it.
    pub(super) first: bool,
}

/// `to[m] (+)= sum over steps and rows of z[m] * gates[from..]` for the rows `range` of Z.
///
/// # Safety
/// As [`CellOps::outer`]; `V` vectors are one row of the gradient.
#[inline(always)]
pub(super) unsafe fn outer<L: Lanes, const V: usize>(
    o: &Outer<'_, L::E>,
    range: Range<usize>,
    from: usize,
) {
    let count = tiles(range.len(), tallest::<L>(V));
    for i in 0..count {
        let (m0, m) = tile(range.len(), count, i);
        let m0 = range.start + m0;
        with_rows!(m, M, {
            if fits::<L>(M, V) {
                // SAFETY: rows m0..m0 + M of Z and of the gradient, by the caller's promise.
                unsafe { outer_tile::<L, M, V>(o, m0, from) }
            }
        });
    }
}

#[inline(always)]
unsafe fn outer_tile<L: Lanes, const M: usize, const V: usize>(
    o: &Outer<'_, L::E>,
    m0: usize,
    from: usize,
) {
    // SAFETY: the caller's promise.
    unsafe {
        let zero = L::splat(L::E::ZERO);
        let mut acc = [[zero; V]; M];
        let stride = o.layout.stride;
        if !o.first {
            // Added to at the end of the loop, which hides their way up the caches.
            for i in 0..M * V {
                L::prefetch(o.to.wrapping_add(m0 * o.layout.width + i * L::N));
            }
        }
        for step in 0..o.steps {
            let z = o.z.add(step * o.rows * stride + m0);
            let gates = o.gates.add(step * o.gate_step + from);
            L::outer::<M, V>(&mut acc, o.rows, z, stride, gates, o.layout.kept);
        }
        for (r, acc) in acc.iter().enumerate() {
            for (v, &acc) in acc.iter().enumerate() {
                let to = o.to.add((m0 + r) * o.layout.width + v * L::N);
                let sum = if o.first { acc } else { L::add(acc, L::load(to)) };
                L::store(to, sum);
            }
        }
    }
}

/// The whole batch.
pub(super) fn run<E: Element>(
    args: &SweepArgs<'_, E>,
    weights: &Packed<E>,
    parts: Vec<Part<E>>,
    dh: &[E],
    need_x: bool,
) -> SweepGrads<E> {
    let &SweepArgs { cell, batch, time, input, hidden, .. } = args;
    let layout = weights.layout;
    assert_eq!(layout, Layout::new::<E>(cell, input, hidden), "kept by another sweep");
    let transposed = Transposed::new(weights, need_x);
    let cells = args.cells();
    let xs = if need_x { batch * time * input } else { 0 };
    let mut grads = SweepGrads {
        x: Vec::with_capacity(xs),
        wx: Vec::new(),
        wh: Vec::new(),
        bias: Vec::new(),
        h0: Vec::with_capacity(batch * hidden),
        c0: Vec::with_capacity(cells),
    };
    let (x, h0, c0) =
        (Shared::of(&mut grads.x), Shared::of(&mut grads.h0), Shared::of(&mut grads.c0));
    let parts: Vec<_> = parts.into_iter().map(Mutex::new).collect();
    let done: Vec<_> = split(parts.len(), 1, |_, which| {
        which
            .map(|p| {
                let mut part = parts[p].lock().unwrap_or_else(PoisonError::into_inner);
                let transposed = &transposed;
                let rows = BackwardRows {
                    args,
                    layout,
                    transposed,
                    part: &mut part,
                    dh,
                    need_x,
                    x,
                    h0,
                    c0,
                };
                E::dispatch(rows)
            })
            .collect::<Vec<_>>()
    });
    // SAFETY: the parts cover the batch, and each has written its rows.
    unsafe {
        grads.x.set_len(xs);
        grads.h0.set_len(batch * hidden);
        grads.c0.set_len(cells);
    }
    let done: Vec<_> = done.into_iter().flatten().collect();
    unpack(layout, &done, &mut grads);
    grads
}

struct BackwardRows<'a, E: Element> {
    args: &'a SweepArgs<'a, E>,
    layout: Layout,
    transposed: &'a Transposed<E>,
    part: &'a mut Part<E>,
    dh: &'a [E],
    need_x: bool,
    x: Shared<E>,
    h0: Shared<E>,
    c0: Shared<E>,
}

impl<E: Element> Kernel<E> for BackwardRows<'_, E> {
    type Output = Buffer<E>;

    #[inline(always)]
    fn run<L: Lanes<E = E>>(self) -> Buffer<E> {
        match self.args.cell {
            Cell::Lstm => self.sweep::<L, Lstm>(),
            _ => self.sweep::<L, Gru>(),
        }
    }
}

impl<E: Element> BackwardRows<'_, E> {
    #[inline(always)]
    fn sweep<L: Lanes<E = E>, C: CellOps>(mut self) -> Buffer<E> {
        let layout = self.layout;
        let (n, time) = (self.part.rows.len(), self.args.time);
        let mut weights = Buffer::scratch(layout.blocks * layout.row * layout.width);
        let mut carry = Buffer::zeroed(layout.padded * n);
        let mut product = Buffer::scratch(n * PRODUCT);
        for block in 0..layout.blocks {
            let zeros = [E::ZERO; 16];
            self.gates::<L, C>(time - 1, block, &mut carry, &zeros, 0);
        }
        let steps = (ROWS / n).max(1);
        let mut end = time;
        for t in (0..time).rev() {
            // The gates of step t hold their gradients.
            if end - t >= steps || t == 0 {
                self.outer::<L, C>(t..end, &mut weights);
                end = t;
            }
            let mut ahead = self.ahead::<L>(t);
            for p in 0..self.transposed.panels.len() {
                let panel = self.transposed.panels[p];
                self.product::<L>(t, &panel, &mut product, &mut ahead);
                let states = layout.padded.saturating_sub(panel.column).min(panel.columns);
                for j in (0..states).step_by(layout.unit) {
                    let block = (panel.column + j) / layout.unit;
                    if t > 0 {
                        self.gates::<L, C>(t - 1, block, &mut carry, &product[j..], PRODUCT);
                    } else {
                        self.first_states(block, &carry, &product[j..]);
                    }
                }
                if states < panel.columns {
                    self.inputs::<L>(t, &panel, states, &product);
                }
            }
        }
        weights
    }

    /// The gates of one block at one step.
    #[inline(always)]
    fn gates<L: Lanes<E = E>, C: CellOps>(
        &mut self,
        t: usize,
        block: usize,
        carry: &mut [E],
        product: &[E],
        product_stride: usize,
    ) {
        let (layout, part) = (&self.layout, &mut *self.part);
        let &SweepArgs { time, hidden, .. } = self.args;
        let (n, row) = (part.rows.len(), part.rows.start);
        let one = [E::ONE];
        let keep = Keep::new(self.args.keep, time, &one);
        let last = t + 1 == time;
        let cell = block * n * layout.unit;
        let step = n * layout.padded;
        // SAFETY: the part holds `time` steps of gates `[block][n][kept]` and of Z, and for an LSTM
        // `time + 1` of cells `[block][n][unit]`; `carry` is one such step, `product` has n rows of
        // at least a block's units (or one, stride 0); `dh` was checked against the arguments.
        unsafe {
            let cells = part.cells.as_ptr();
            C::backward::<L>(&GateBlock {
                rows: n,
                units: layout.units(block),
                gates: part.gates.as_mut_ptr().add((t * layout.blocks + block) * n * layout.kept),
                cell_in: cells.wrapping_add(t * step + cell),
                cell_out: cells.wrapping_add((t + 1) * step + cell),
                h_in: part.z.as_ptr().add(t * n * layout.stride + block * layout.unit),
                h_stride: layout.stride,
                carry: carry.as_mut_ptr().add(cell),
                product: product.as_ptr(),
                product_stride,
                dh: self.dh.as_ptr().add((row * time + t) * hidden + block * layout.unit),
                dh_stride: time * hidden,
                keep: keep.at(row, t),
                keep_stride: keep.stride(),
                keep_next: if last { &raw const one[0] } else { keep.at(row, t + 1) },
                keep_next_stride: if last { 0 } else { keep.stride() },
            });
        }
    }

    /// What the next step but one of the way back will read.
    #[inline(always)]
    fn ahead<L: Lanes<E = E>>(&self, t: usize) -> Ahead<E> {
        let (layout, part) = (&self.layout, &*self.part);
        let &SweepArgs { time, hidden, .. } = self.args;
        let n = part.rows.len();
        let calls: usize =
            self.transposed.panels.iter().map(|p| tiles(n, tallest::<L>(p.vectors))).sum();
        let Some(t) = t.checked_sub(2) else {
            return Ahead::new([(self.dh.as_ptr(), 0, 0, 0); 4], 1);
        };
        let kept = layout.blocks * n * layout.kept;
        let cells = if part.cells.is_empty() { 0 } else { n * layout.padded };
        Ahead::new(
            [
                (part.gates.as_ptr().wrapping_add(t * kept), kept, 0, 1),
                (part.cells.as_ptr().wrapping_add(t * cells), cells, 0, usize::from(cells > 0)),
                (part.z.as_ptr().wrapping_add(t * n * layout.stride), n * layout.stride, 0, 1),
                (
                    self.dh.as_ptr().wrapping_add((part.rows.start * time + t) * hidden),
                    hidden,
                    time * hidden,
                    n,
                ),
            ],
            calls * layout.blocks,
        )
    }

    /// The gradients of step t's gates times one panel of the transposed weights.
    #[inline(always)]
    fn product<L: Lanes<E = E>>(
        &self,
        t: usize,
        panel: &Panel,
        to: &mut [E],
        ahead: &mut Ahead<E>,
    ) {
        let n = self.part.rows.len();
        assert!(to.len() >= n * PRODUCT, "room for the product");
        let count = tiles(n, tallest::<L>(panel.vectors));
        for i in 0..count {
            let (r, m) = tile(n, count, i);
            with_rows!(m, M, {
                // SAFETY: rows r..r + M of the n rows of gates and of `to`.
                unsafe {
                    let to = to.as_mut_ptr().add(r * PRODUCT);
                    match panel.vectors {
                        1 if fits::<L>(M, 1) => {
                            self.product_tile::<L, M, 1>(t, panel, r, to, ahead);
                        }
                        2 if fits::<L>(M, 2) => {
                            self.product_tile::<L, M, 2>(t, panel, r, to, ahead);
                        }
                        3 if fits::<L>(M, 3) => {
                            self.product_tile::<L, M, 3>(t, panel, r, to, ahead);
                        }
                        _ => unreachable!("panels are one to three vectors wide"),
                    }
                }
            });
        }
    }

    /// # Safety
    /// `r + M` may not exceed the part's rows; `to` must have room for M rows.
    #[inline(always)]
    unsafe fn product_tile<L: Lanes<E = E>, const M: usize, const V: usize>(
        &self,
        t: usize,
        panel: &Panel,
        r: usize,
        to: *mut E,
        ahead: &mut Ahead<E>,
    ) {
        let layout = &self.layout;
        let n = self.part.rows.len();
        // SAFETY: the gates of step t are `[block][n][kept]`, a panel is `[block][width][V * N]`.
        unsafe {
            let gates = self.part.gates.as_ptr().add(t * layout.blocks * n * layout.kept);
            let w = self.transposed.data.as_ptr().add(panel.at);
            let mut acc = [[L::splat(E::ZERO); V]; M];
            for block in 0..layout.blocks {
                let gates = gates.add((block * n + r) * layout.kept + panel.gates);
                let w = w.add(block * layout.width * V * L::N);
                ahead.some::<L>();
                L::rows::<M, V>(&mut acc, layout.width, gates, layout.kept, w, V * L::N);
            }
            for (r, acc) in acc.iter().enumerate() {
                for (v, &acc) in acc.iter().enumerate() {
                    L::store(to.add(r * PRODUCT + v * L::N), acc);
                }
            }
        }
    }

    /// The part of a product that is the gradient of step t's input.
    #[inline(always)]
    fn inputs<L: Lanes<E = E>>(&self, t: usize, panel: &Panel, from: usize, product: &[E]) {
        let &SweepArgs { time, input, .. } = self.args;
        debug_assert!(self.need_x, "no panels of inputs otherwise");
        let column = panel.column + from - self.layout.padded;
        let some = panel.columns - from;
        for (b, row) in self.part.rows.clone().enumerate() {
            let product = &product[b * PRODUCT + from..][..some];
            // SAFETY: x has room for `[batch, time, input]`, the row is this thread's, and
            // `column + some` is at most `input`.
            unsafe {
                let to = self.x.0.add((row * time + t) * input + column);
                let mut j = 0;
                while j + L::N <= some {
                    L::store(to.add(j), L::load(product.as_ptr().add(j)));
                    j += L::N;
                }
                while j < some {
                    to.add(j).write(product[j]);
                    j += 1;
                }
            }
        }
    }

    /// Adds the weight gradients of some steps.
    #[inline(always)]
    fn outer<L: Lanes<E = E>, C: CellOps>(&self, steps: Range<usize>, weights: &mut [E]) {
        let (layout, n) = (&self.layout, self.part.rows.len());
        for block in 0..layout.blocks {
            // SAFETY: the part holds all steps of Z `[n][stride]` and of gates `[block][n][kept]`;
            // `weights` is `[block][row][width]`.
            unsafe {
                let gates = (steps.start * layout.blocks + block) * n * layout.kept;
                C::outer::<L>(&Outer {
                    layout,
                    rows: n,
                    steps: steps.len(),
                    z: self.part.z.as_ptr().add(steps.start * n * layout.stride),
                    gates: self.part.gates.as_ptr().add(gates),
                    gate_step: layout.blocks * n * layout.kept,
                    to: weights.as_mut_ptr().add(block * layout.row * layout.width),
                    first: steps.end == self.args.time,
                });
            }
        }
    }

    /// Gradients of the initial states: one block of the first step.
    #[inline(always)]
    fn first_states(&self, block: usize, carry: &[E], product: &[E]) {
        let (layout, args) = (&self.layout, self.args);
        let n = self.part.rows.len();
        let one = [E::ONE];
        let keep = Keep::new(args.keep, args.time, &one);
        for (b, row) in self.part.rows.clone().enumerate() {
            let keep = keep.get(row, 0);
            for u in 0..layout.units(block) {
                let carry = carry[(block * n + b) * layout.unit + u];
                let product = product[b * PRODUCT + u];
                let at = row * args.hidden + block * layout.unit + u;
                // SAFETY: both have room for `[batch, hidden]`, and the row is this thread's.
                unsafe {
                    if args.cell == Cell::Lstm {
                        self.h0.0.add(at).write(product * keep);
                        self.c0.0.add(at).write(carry * keep);
                    } else {
                        self.h0.0.add(at).write((product + carry) * keep);
                    }
                }
            }
        }
    }
}
