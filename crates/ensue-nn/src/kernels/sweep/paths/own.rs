//! A first layer whose inputs differ between the rows of a run in a few columns only.
//!
//! `x Wx + b` is then one product for each run, over what its rows have in common, and takes the
//! place of the bias; a row multiplies only its state and its own columns. What is left of the
//! weights is copied together whenever the columns change.

use std::ops::Range;

use super::layer::{Place, Rows};
use crate::kernels::buffer::Buffer;
use crate::kernels::lanes::{Element, Kernel, Lanes};
use crate::kernels::sweep::Cell;
use crate::kernels::sweep::layout::Layout;
use crate::kernels::sweep::pack::Packed;

#[derive(Debug)]
pub(super) struct Own<'a> {
    all: &'a Packed<f32>,
    /// Of the states and own columns; its bias is that of the run at hand.
    some: Packed<f32>,
    pub(super) rows: Rows,
    most: usize,
    columns: Vec<usize>,
    /// `[run, input]`: inputs that a run has in common, then with 0 in the own columns.
    shared: Vec<f32>,
    /// `[run, block, kept]`: their products, biases included.
    base: Buffer<f32>,
}

impl<'a> Own<'a> {
    /// Room for `rows` rows of at most `most` own columns.
    pub(super) fn new(all: &'a Packed<f32>, rows: usize, most: usize) -> Self {
        let layout = Layout::new::<f32>(all.layout.cell, most, all.layout.hidden);
        let weights = Buffer::zeroed(layout.blocks * layout.weight_rows() * layout.width);
        let some = Packed { layout, weights, bias: all.bias.clone() };
        let rows = Rows::new(layout, rows);
        let base = Buffer::zeroed(0);
        let mut own =
            Self { all, some, rows, most, columns: vec![usize::MAX], shared: Vec::new(), base };
        own.columns(&[]);
        own
    }

    /// Makes room for so many runs.
    pub(super) fn runs(&mut self, runs: usize) {
        self.shared.clear();
        self.shared.resize(runs * self.all.layout.input, 0.0);
        if self.base.len() < runs * self.all.bias.len() {
            self.base = Buffer::zeroed(runs * self.all.bias.len());
        }
    }

    pub(super) fn shared(&mut self, run: usize) -> &mut [f32] {
        let input = self.all.layout.input;
        &mut self.shared[run * input..][..input]
    }

    /// Copies the weights of states and own columns together.
    pub(super) fn columns(&mut self, columns: &[usize]) {
        if self.columns == columns {
            return;
        }
        let Layout { padded, width, input, .. } = self.all.layout;
        assert!(columns.len() <= self.most, "more own columns than there is room for");
        self.columns.clear();
        self.columns.extend_from_slice(columns);
        self.some.layout.input = columns.len();
        self.rows.layout.input = columns.len();
        let from = self.all.weights.chunks_exact(self.all.layout.weight_rows() * width);
        let to = self.some.weights.chunks_exact_mut(self.some.layout.weight_rows() * width);
        for (from, to) in from.zip(to) {
            let (states, inputs) = to.split_at_mut(padded * width);
            states.copy_from_slice(&from[..padded * width]);
            for (to, &column) in inputs.chunks_exact_mut(width).zip(columns) {
                assert!(column < input, "no such column");
                to.copy_from_slice(&from[(padded + column) * width..][..width]);
            }
        }
    }

    /// One step of all rows.
    ///
    /// # Safety
    /// `to` must be writable for the hidden size at each row.
    pub(super) unsafe fn step(&mut self, runs: &[Range<usize>], to: Place) {
        let (input, length) = (self.all.layout.input, self.all.bias.len());
        assert!(self.shared.len() == runs.len() * input, "runs");
        for run in 0..runs.len() {
            for &column in &self.columns {
                self.shared[run * input + column] = 0.0;
            }
        }
        f32::dispatch(Project {
            weights: self.all,
            x: &self.shared,
            base: &mut self.base[..runs.len() * length],
        });
        for (run, rows) in runs.iter().enumerate() {
            self.some.bias.copy_from_slice(&self.base[run * length..][..length]);
            // SAFETY: the caller's promise.
            unsafe { self.rows.step(&self.some, rows.clone(), to) };
        }
        self.rows.next();
    }
}

/// `base = x Wx + b`
struct Project<'a> {
    weights: &'a Packed<f32>,
    /// `[run, input]`
    x: &'a [f32],
    /// `[run, block, kept]`
    base: &'a mut [f32],
}

impl Kernel<f32> for Project<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<E = f32>>(self) {
        match (self.weights.layout.cell, L::N) {
            (Cell::Lstm, 16) => self.go::<L, 2>(),
            (Cell::Lstm, _) => self.go::<L, 4>(),
            _ => self.go::<L, 3>(),
        }
    }
}

impl Project<'_> {
    #[inline(always)]
    fn go<L: Lanes<E = f32>, const V: usize>(self) {
        let Self { weights, x, base } = self;
        let Packed { layout, weights: w, bias } = weights;
        let &Layout { blocks, padded, input, kept, width, .. } = layout;
        let k = layout.weight_rows();
        assert_eq!(V * L::N, width, "packed for another instruction set");
        assert_eq!((bias.len(), w.len()), (blocks * kept, blocks * k * width));
        for (run, base) in base.chunks_exact_mut(blocks * kept).enumerate() {
            // What no input feeds stays as it is.
            base.copy_from_slice(bias);
            let x = &x[run * input..][..input];
            for block in 0..blocks {
                // SAFETY: a block has `kept >= width` biases and `k` rows of `width` weights, of
                // which the last `input` belong to x.
                unsafe {
                    let base = base.as_mut_ptr().add(block * kept);
                    let mut acc = [[L::splat(0.0); V]; 1];
                    for (v, acc) in acc[0].iter_mut().enumerate() {
                        *acc = L::load(base.add(v * L::N));
                    }
                    let w = w.as_ptr().add((block * k + padded) * width);
                    L::rows::<1, V>(&mut acc, input, x.as_ptr(), input, w, width);
                    for (v, &acc) in acc[0].iter().enumerate() {
                        L::store(base.add(v * L::N), acc);
                    }
                }
            }
        }
    }
}
