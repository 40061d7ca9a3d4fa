//! The rows of one layer, from step to step.

use std::ops::Range;

use super::LayerState;
use super::own::Own;
use crate::kernels::buffer::Buffer;
use crate::kernels::lanes::{Element, Kernel, Lanes};
use crate::kernels::sweep::Cell;
use crate::kernels::sweep::forward::{CellOps, ForwardTile};
use crate::kernels::sweep::gru::Gru;
use crate::kernels::sweep::layout::Layout;
use crate::kernels::sweep::lstm::Lstm;
use crate::kernels::sweep::pack::Packed;
use crate::kernels::sweep::step::StepWeights;
use crate::kernels::sweep::tile::{tallest, tile, tiles, with_rows};

/// Rows of something, `stride` apart.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) at: *mut f32,
    pub(super) stride: usize,
}

/// One layer of a block of rows.
#[derive(Debug)]
pub(super) enum Layer<'a> {
    /// Register tiles.
    Fused { weights: &'a Packed<f32>, rows: Rows },
    /// Register tiles over the columns that differ between rows.
    Own(Box<Own<'a>>),
    /// [`Cell::GruResetBefore`], which has no register tiles.
    Plain(Plain<'a>),
}

impl<'a> Layer<'a> {
    /// Room for `rows` rows; with `own`, of that many columns of input.
    pub(super) fn new(weights: &'a StepWeights<f32>, rows: usize, own: Option<usize>) -> Self {
        match (weights.packed(), own) {
            (Some(weights), Some(most)) => Self::Own(Box::new(Own::new(weights, rows, most))),
            (Some(weights), None) => Self::Fused { weights, rows: Rows::new(weights.layout, rows) },
            (None, Some(_)) => panic!("this cell cannot share inputs"),
            (None, None) => Self::Plain(Plain {
                weights,
                rows: 0,
                x: vec![0.0; rows * weights.input],
                h: vec![0.0; rows * weights.hidden],
            }),
        }
    }

    /// Takes up `rows` rows from the states of some runs.
    pub(super) fn start(&mut self, rows: usize, runs: &[(usize, usize)], state: &LayerState) {
        match self {
            Self::Fused { rows: place, .. } => place.start(rows, runs, state),
            Self::Own(own) => own.rows.start(rows, runs, state),
            Self::Plain(plain) => {
                plain.rows = rows;
                let hidden = plain.weights.hidden;
                let from = runs.iter().flat_map(|&(row, times)| std::iter::repeat_n(row, times));
                for (to, row) in plain.h.chunks_exact_mut(hidden).zip(from) {
                    to.copy_from_slice(&state.h[row * hidden..][..hidden]);
                }
            }
        }
    }

    /// Where one row's input of this step belongs.
    pub(super) fn input(&mut self, row: usize) -> &mut [f32] {
        match self {
            Self::Fused { rows, .. } => rows.input(row),
            Self::Own(own) => own.rows.input(row),
            Self::Plain(plain) => {
                let input = plain.weights.input;
                &mut plain.x[row * input..][..input]
            }
        }
    }

    /// Where the inputs of all rows belong.
    pub(super) fn inputs(&mut self) -> Place {
        match self {
            Self::Fused { rows, .. } => rows.inputs(),
            Self::Own(own) => own.rows.inputs(),
            Self::Plain(plain) => Place { at: plain.x.as_mut_ptr(), stride: plain.weights.input },
        }
    }

    /// One step; the hidden states also go `to` somewhere.
    ///
    /// # Safety
    /// `to` must be writable for the hidden size at each row.
    pub(super) unsafe fn step(&mut self, runs: &[Range<usize>], to: Place) {
        // SAFETY: the caller's promise; all rows are rows of the layer.
        unsafe {
            match self {
                Self::Fused { weights, rows } => {
                    rows.step(weights, 0..rows.n, to);
                    rows.next();
                }
                Self::Own(own) => own.step(runs, to),
                Self::Plain(plain) => plain.step(to),
            }
        }
    }
}

/// Inputs and states of rows, as the register tiles want them.
#[derive(Debug)]
pub(super) struct Rows {
    pub(super) layout: Layout,
    most: usize,
    pub(super) n: usize,
    /// Which of the two steps of `z` is the one to come.
    now: usize,
    /// `[2, n, stride]`: `h | x`; steps take turns, since a row's state is read by all blocks.
    z: Buffer<f32>,
    /// LSTM: `[block, n, unit]`
    cells: Buffer<f32>,
}

impl Rows {
    pub(super) fn new(layout: Layout, rows: usize) -> Self {
        let cells = if layout.cell == Cell::Lstm { rows * layout.padded } else { 0 };
        Self {
            layout,
            most: rows,
            n: 0,
            now: 0,
            // Nothing is read that was not written, but rows are handed out as slices.
            z: Buffer::zeroed(2 * rows * layout.stride),
            cells: Buffer::zeroed(cells),
        }
    }

    fn start(&mut self, n: usize, runs: &[(usize, usize)], state: &LayerState) {
        assert!(n <= self.most, "more rows than there is room for");
        (self.n, self.now) = (n, 0);
        let Layout { hidden, padded, unit, stride, .. } = self.layout;
        let from = runs.iter().flat_map(|&(row, times)| std::iter::repeat_n(row, times));
        for (r, row) in from.enumerate() {
            let z = &mut self.z[r * stride..][..padded];
            z[..hidden].copy_from_slice(&state.h[row * hidden..][..hidden]);
            z[hidden..].fill(0.0);
            if !self.cells.is_empty() {
                let c = &state.c[row * hidden..][..hidden];
                for (block, c) in c.chunks(unit).enumerate() {
                    let cells = &mut self.cells[(block * n + r) * unit..][..unit];
                    cells[..c.len()].copy_from_slice(c);
                    cells[c.len()..].fill(0.0);
                }
            }
        }
    }

    fn input(&mut self, row: usize) -> &mut [f32] {
        let Layout { input, x_at, stride, .. } = self.layout;
        &mut self.z[(self.now * self.n + row) * stride + x_at..][..input]
    }

    fn inputs(&mut self) -> Place {
        let Layout { x_at, stride, .. } = self.layout;
        Place { at: self.z[self.now * self.n * stride + x_at..].as_mut_ptr(), stride }
    }

    /// Products, gates and new states of some rows.
    ///
    /// # Safety
    /// `to` must be writable for the hidden size at each of the `n` rows.
    pub(super) unsafe fn step(&mut self, weights: &Packed<f32>, rows: Range<usize>, to: Place) {
        assert!(rows.start <= rows.end && rows.end <= self.n, "no such rows");
        let (now, next) = (self.now * self.n, (1 - self.now) * self.n);
        let z = self.z.as_mut_ptr();
        let stride = self.layout.stride;
        assert_eq!(weights.layout, self.layout, "weights of another layer");
        f32::dispatch(Tiles {
            weights,
            rows,
            n: self.n,
            now: z.wrapping_add(now * stride),
            next: z.wrapping_add(next * stride),
            cells: self.cells.as_mut_ptr(),
            to,
        });
    }

    /// What was the next step is the one to come.
    pub(super) fn next(&mut self) {
        self.now = 1 - self.now;
    }
}

/// A step of some rows of a layer.
struct Tiles<'a> {
    weights: &'a Packed<f32>,
    rows: Range<usize>,
    n: usize,
    /// `[n, stride]`: what enters the step.
    now: *const f32,
    /// `[n, stride]`: what enters the next one.
    next: *mut f32,
    /// LSTM: `[block, n, unit]`
    cells: *mut f32,
    to: Place,
}

impl Kernel<f32> for Tiles<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<E = f32>>(self) {
        match self.weights.layout.cell {
            Cell::Lstm => self.go::<L, Lstm>(),
            _ => self.go::<L, Gru>(),
        }
    }
}

impl Tiles<'_> {
    #[inline(always)]
    fn go<L: Lanes<E = f32>, C: CellOps>(self) {
        let Self { weights, rows, n, now, next, cells, to } = self;
        let Layout { blocks, unit, stride, .. } = weights.layout;
        let one = [1.0f32];
        let count = tiles(rows.len(), tallest::<L>(C::vectors::<L>()));
        for block in 0..blocks {
            for i in 0..count {
                let (r, m) = tile(rows.len(), count, i);
                let r = rows.start + r;
                // SAFETY: r..r + m are rows of the layer: `now` and `next` have n rows of `stride`,
                // an LSTM's cells n of `unit` for each block (a GRU's are never looked at), and
                // `to` is writable at each row, all by the promise of `Rows::step`. The one factor
                // serves all rows.
                unsafe {
                    let cell = cells.wrapping_add((block * n + r) * unit);
                    let rows = ForwardTile {
                        weights,
                        block,
                        z: now.add(r * stride),
                        gates: std::ptr::null_mut(),
                        cell_in: cell,
                        cell_out: cell,
                        keep: one.as_ptr(),
                        keep_next: one.as_ptr(),
                        keep_stride: 0,
                        h_next: next.add(r * stride + block * unit),
                        out: to.at.add(r * to.stride + block * unit),
                        out_stride: to.stride,
                    };
                    with_rows!(m, M, C::forward::<L, M>(&rows));
                }
            }
        }
    }
}

/// Rows of a layer that steps as a whole.
#[derive(Debug)]
pub(super) struct Plain<'a> {
    weights: &'a StepWeights<f32>,
    rows: usize,
    x: Vec<f32>,
    h: Vec<f32>,
}

impl Plain<'_> {
    /// # Safety
    /// As for [`Layer::step`].
    unsafe fn step(&mut self, to: Place) {
        let (input, hidden) = (self.weights.input, self.weights.hidden);
        let h = &mut self.h[..self.rows * hidden];
        self.weights.step(&self.x[..self.rows * input], h, &mut []);
        for (r, h) in h.chunks_exact(hidden).enumerate() {
            // SAFETY: the caller's promise.
            unsafe {
                std::ptr::copy_nonoverlapping(h.as_ptr(), to.at.add(r * to.stride), hidden);
            }
        }
    }
}
