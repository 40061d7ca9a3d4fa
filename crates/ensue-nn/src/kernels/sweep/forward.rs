//! The forward sweep of one thread's rows.

use std::ops::Range;

use super::gru::Gru;
use super::lstm::Lstm;
use super::pack::Packed;
use super::tile::{Shared, tallest, tile, tiles, with_rows};
use super::{Cell, GRAIN, Part, SweepArgs, split};
use crate::kernels::buffer::Buffer;
use crate::kernels::lanes::{Element, Kernel, Lanes};

/// What the cells differ in.
pub(super) trait CellOps {
    /// Vectors that a row of the forward tile accumulates in.
    fn vectors<L: Lanes>() -> usize;
    /// Product, activation and new state of `M` rows of one block.
    ///
    /// # Safety
    /// The pointers must cover `M` rows by their strides.
    unsafe fn forward<L: Lanes, const M: usize>(tile: &ForwardTile<'_, L::E>);
    /// Gradients of a step's gates, from that of its output, for all rows of one block.
    ///
    /// # Safety
    /// The pointers must cover the block's rows by their strides.
    unsafe fn backward<L: Lanes>(block: &super::backward::GateBlock<L::E>);
    /// `dw (+)= z^T gates` of one block over some steps.
    ///
    /// # Safety
    /// The pointers must cover the steps, rows and weights that the layout says.
    unsafe fn outer<L: Lanes>(outer: &super::backward::Outer<'_, L::E>);
}

/// Some rows of one block at one step.
pub(super) struct ForwardTile<'a, E: Element> {
    pub(super) weights: &'a Packed<E>,
    pub(super) block: usize,
    /// Rows of Z, `stride` apart.
    pub(super) z: *const E,
    /// Gates to keep `[row][kept]`, or null.
    pub(super) gates: *mut E,
    /// LSTM: cell states before and after, `[row][unit]`; may be the same place.
    pub(super) cell_in: *const E,
    pub(super) cell_out: *mut E,
    /// Factor on the states that enter this step and the next, `keep_stride` apart.
    pub(super) keep: *const E,
    pub(super) keep_next: *const E,
    pub(super) keep_stride: usize,
    /// The block's place in the next step's rows of Z, `stride` apart, or null.
    pub(super) h_next: *mut E,
    /// The block's place in the output, `out_stride` apart.
    pub(super) out: *mut E,
    pub(super) out_stride: usize,
}

/// `[batch, time]` factors, or ones.
#[derive(Clone, Copy)]
pub(super) struct Keep<'a, E> {
    data: &'a [E],
    time: usize,
}

impl<'a, E: Element> Keep<'a, E> {
    pub(super) fn new(data: &'a [E], time: usize, one: &'a [E; 1]) -> Self {
        if data.is_empty() { Self { data: one, time: 0 } } else { Self { data, time } }
    }

    /// The factor of the first of some rows at a step; the next row's stands [`Self::stride`] on.
    pub(super) fn at(&self, row: usize, t: usize) -> *const E {
        &raw const self.data[if self.time == 0 { 0 } else { row * self.time + t }]
    }

    pub(super) fn stride(&self) -> usize {
        self.time
    }

    pub(super) fn get(&self, row: usize, t: usize) -> E {
        self.data[if self.time == 0 { 0 } else { row * self.time + t }]
    }
}

/// The whole batch: hidden states, last cell states, and what was kept.
pub(super) fn run<E: Element>(
    args: &SweepArgs<'_, E>,
    weights: &Packed<E>,
    save: bool,
) -> (Vec<E>, Vec<E>, Vec<Part<E>>) {
    let &SweepArgs { batch, time, hidden, .. } = args;
    let len = batch * time * hidden;
    let cells = args.cells();
    let (mut h, mut c) = (Vec::with_capacity(len), Vec::with_capacity(cells));
    let (h_out, c_out) = (Shared::of(&mut h), Shared::of(&mut c));
    let parts = split(batch, GRAIN, |_, rows| {
        E::dispatch(ForwardRows { args, weights, rows, save, h: h_out, c: c_out })
    });
    // SAFETY: the parts cover the batch, and each has written all steps of its rows of `h` and, for
    // an LSTM, its rows of `c`.
    unsafe {
        h.set_len(len);
        c.set_len(cells);
    }
    (h, c, parts)
}

struct ForwardRows<'a, E: Element> {
    args: &'a SweepArgs<'a, E>,
    weights: &'a Packed<E>,
    rows: Range<usize>,
    save: bool,
    /// Room for `[batch, time, hidden]`.
    h: Shared<E>,
    /// Room for `[batch, hidden]` of an LSTM.
    c: Shared<E>,
}

impl<E: Element> Kernel<E> for ForwardRows<'_, E> {
    type Output = Part<E>;

    #[inline(always)]
    fn run<L: Lanes<E = E>>(self) -> Part<E> {
        match self.args.cell {
            Cell::Lstm => self.sweep::<L, Lstm>(),
            _ => self.sweep::<L, Gru>(),
        }
    }
}

impl<E: Element> ForwardRows<'_, E> {
    #[inline(always)]
    fn sweep<L: Lanes<E = E>, C: CellOps>(self) -> Part<E> {
        let (args, weights, save, rows) = (self.args, self.weights, self.save, self.rows.clone());
        let layout = &weights.layout;
        let &SweepArgs { time, hidden, .. } = args;
        let (n, stride, lstm) = (rows.len(), layout.stride, args.cell == Cell::Lstm);
        let one = [E::ONE];
        let keep = Keep::new(args.keep, time, &one);
        // Without a backward pass two steps of Z take turns and the cell states stay in place.
        let slots = if save { time } else { time.min(2) };
        let mut z = Buffer::<E>::scratch(slots * n * stride);
        let step = n * layout.padded;
        let mut cells =
            Buffer::<E>::scratch(if lstm { (if save { time } else { 0 } + 1) * step } else { 0 });
        let kept = layout.blocks * n * layout.kept;
        let mut gates = Buffer::<E>::scratch(if save { time * kept } else { 0 });
        if lstm {
            self.first_cells(&mut cells[..step]);
        }
        for (b, row) in rows.clone().enumerate() {
            let to = &mut z[b * stride..][..layout.padded];
            if args.h0.is_empty() {
                to.fill(E::ZERO);
            } else {
                let k = keep.get(row, 0);
                let from = &args.h0[row * hidden..][..hidden];
                to.iter_mut().zip(from).for_each(|(to, &from)| *to = from * k);
                to[hidden..].fill(E::ZERO);
            }
        }
        let count = tiles(n, tallest::<L>(C::vectors::<L>()));
        for t in 0..time {
            let (now, next) = (t % slots, (t + 1) % slots);
            self.inputs(t, &mut z[now * n * stride..][..n * stride]);
            let last = t + 1 == time;
            for block in 0..layout.blocks {
                for i in 0..count {
                    let (r, m) = tile(n, count, i);
                    let row = rows.start + r;
                    let cell = (block * n + r) * layout.unit;
                    // SAFETY: rows r..r + m of the part: Z has `slots` steps of n rows of `stride`,
                    // the cells `time + 1` (or one) steps of `[block][n][unit]`, the gates `time`
                    // steps of `[block][n][kept]`; `h` has room for the whole output, whose rows
                    // `rows` are this thread's; the factors of rows row..row + m exist.
                    unsafe {
                        let z = z.as_mut_ptr();
                        let (cell_in, cell_out, gates) = (
                            cells.as_mut_ptr().wrapping_add(if save { t * step } else { 0 } + cell),
                            cells
                                .as_mut_ptr()
                                .wrapping_add(if save { (t + 1) * step } else { 0 } + cell),
                            if save {
                                gates.as_mut_ptr().add(t * kept + (block * n + r) * layout.kept)
                            } else {
                                std::ptr::null_mut()
                            },
                        );
                        let rows = ForwardTile {
                            weights,
                            block,
                            z: z.add((now * n + r) * stride),
                            gates,
                            cell_in,
                            cell_out,
                            keep: keep.at(row, t),
                            keep_next: if last { keep.at(row, t) } else { keep.at(row, t + 1) },
                            keep_stride: keep.stride(),
                            h_next: if last {
                                std::ptr::null_mut()
                            } else {
                                z.add((next * n + r) * stride + block * layout.unit)
                            },
                            out: self.h.0.add((row * time + t) * hidden + block * layout.unit),
                            out_stride: time * hidden,
                        };
                        with_rows!(m, M, C::forward::<L, M>(&rows));
                    }
                }
            }
        }
        if lstm {
            let last = &cells[if save { time * step } else { 0 }..][..step];
            for (b, row) in rows.clone().enumerate() {
                for j in 0..hidden {
                    let from = last[(j / layout.unit * n + b) * layout.unit + j % layout.unit];
                    // SAFETY: `c` has room for `[batch, hidden]`; the row is this thread's.
                    unsafe { self.c.0.add(row * hidden + j).write(from) };
                }
            }
        }
        Part { rows, z, gates, cells }
    }

    /// c0 as `[block][row][unit]`, padding zero.
    #[inline(always)]
    fn first_cells(&self, to: &mut [E]) {
        let (unit, hidden, n) = (self.weights.layout.unit, self.args.hidden, self.rows.len());
        to.fill(E::ZERO);
        if !self.args.c0.is_empty() {
            for (b, row) in self.rows.clone().enumerate() {
                for (j, &c) in self.args.c0[row * hidden..][..hidden].iter().enumerate() {
                    to[(j / unit * n + b) * unit + j % unit] = c;
                }
            }
        }
    }

    /// Copies a step's inputs beside its states, and sets the ones.
    #[inline(always)]
    fn inputs(&self, t: usize, z: &mut [E]) {
        let layout = &self.weights.layout;
        let &SweepArgs { x, time, input, .. } = self.args;
        for (z, row) in z.chunks_exact_mut(layout.stride).zip(self.rows.clone()) {
            let from = &x[(row * time + t) * input..][..input];
            z[layout.x_at..][..input].copy_from_slice(from);
            z[layout.x_at + input] = E::ONE;
            if layout.x_at > layout.padded {
                z[layout.padded] = E::ONE;
            }
        }
    }
}
