//! A block of rows: the product that makes its logits, the row passes, the gradient products.

use super::super::buffer::Buffer;
use super::super::lanes::Element;
use super::SampledArgs;
use super::passes::Blend;
use super::products::{Product, Rest};
use super::rows::Row;
use super::shared::Shared;

/// Loss and gradients of one thread's rows.
#[derive(Debug)]
pub(super) struct Part<E: Element> {
    pub(super) loss: f64,
    pub(super) rows: usize,
    /// `[rows, width]`
    pub(super) h: Vec<E>,
    /// Gradient of the shared rows, laid out as [`Shared::columns`].
    pub(super) columns: Buffer<E>,
    /// `[rows, choices]`: gradients of the logits of the right answers
    pub(super) own: Vec<E>,
    pub(super) terms: Vec<E>,
}

/// What a thread keeps from block to block.
#[derive(Debug)]
pub(super) struct Block<'a, E: Element> {
    args: &'a SampledArgs<'a, E>,
    shared: &'a Shared<E>,
    logits: Buffer<E>,
    /// `[block rows, width + 1]`: rows of `h` and a one that takes the bias
    hidden: Buffer<E>,
    row: Row<'a, E>,
    part: Part<E>,
}

impl<'a, E: Element> Block<'a, E> {
    pub(super) fn new(args: &'a SampledArgs<'a, E>, shared: &'a Shared<E>, rows: usize) -> Self {
        let gradients = shared.gradients;
        let block = shared.block_rows().min(rows);
        Self {
            args,
            shared,
            logits: Buffer::scratch(block * shared.stride()),
            hidden: Buffer::scratch(block * (shared.width + 1)),
            row: Row::new(args, shared),
            part: Part {
                loss: 0.0,
                rows: 0,
                h: Vec::with_capacity(if gradients { rows * shared.width } else { 0 }),
                columns: Buffer::zeroed(if gradients { shared.columns.len() } else { 0 }),
                own: vec![E::ZERO; rows * args.choices],
                terms: vec![E::ZERO; args.terms.values.len()],
            },
        }
    }

    /// Adds the loss and the gradients of some rows.
    pub(super) fn run(&mut self, rows: &[u32]) {
        let Self { args, shared, logits, hidden, row, part, .. } = self;
        let (width, stride, choices) = (shared.width, shared.stride(), args.choices);
        for (to, &i) in hidden.chunks_exact_mut(width + 1).zip(rows) {
            to[..width].copy_from_slice(&args.h[i as usize * width..][..width]);
            to[width] = E::ONE;
        }
        E::dispatch(Product {
            m: rows.len(),
            k: width + 1,
            panels: shared.panels,
            a: hidden,
            a_strides: [width + 1, 1],
            b: &shared.columns,
            b_strides: [(width + 1) * shared.panel, shared.panel],
            c: logits,
            c_strides: [shared.panel, stride],
            vectors: 2,
            add: false,
        });
        let own = &mut part.own[part.rows * choices..][..rows.len() * choices];
        let mut factors = Vec::with_capacity(rows.len());
        for (n, &i) in rows.iter().enumerate() {
            let logits = &mut logits[n * stride..][..shared.padded()];
            let own = &mut own[n * choices..][..choices];
            let (loss, factor) = row.run(i as usize, logits, own, &mut part.terms);
            part.loss += loss;
            factors.push(factor);
        }
        if self.shared.gradients {
            self.gradients(rows, &factors);
        }
        self.part.rows += rows.len();
    }

    /// The two products behind the gradients; row `i` of the logits' gradient has still to be
    /// multiplied by its factor.
    fn gradients(&mut self, rows: &[u32], factors: &[E]) {
        let Self { args, shared, logits, hidden, part, .. } = self;
        let (width, stride, panel) = (shared.width, shared.stride(), shared.panel);
        for (row, &factor) in hidden.chunks_exact_mut(width + 1).zip(factors) {
            for x in row {
                *x = *x * factor;
            }
        }
        E::dispatch(Product {
            m: width + 1,
            k: rows.len(),
            panels: shared.panels,
            a: hidden,
            a_strides: [1, width + 1],
            b: logits,
            b_strides: [panel, stride],
            c: &mut part.columns,
            c_strides: [(width + 1) * panel, panel],
            vectors: 2,
            add: true,
        });
        let from = part.h.len();
        part.h.resize(from + rows.len() * width, E::ZERO);
        let dh = &mut part.h[from..];
        let (pairs, single) = (width / panel, width % panel >= panel / 2);
        for (first, panels, vectors) in [(0, pairs, 2), (pairs, usize::from(single), 1)] {
            if panels == 0 {
                continue;
            }
            E::dispatch(Product {
                m: rows.len(),
                k: shared.n,
                panels,
                a: logits,
                a_strides: [stride, 1],
                b: &shared.rows[first * shared.n * panel..],
                b_strides: [shared.n * panel, vectors * panel / 2],
                c: &mut dh[first * panel..],
                c_strides: [panel, width],
                vectors,
                add: false,
            });
        }
        E::dispatch(Rest {
            m: rows.len(),
            panels: shared.panels,
            columns: width / (panel / 2) * (panel / 2)..width,
            a: logits,
            a_row: stride,
            b: &shared.columns,
            b_panel: (width + 1) * panel,
            c: dh,
            c_row: width,
        });
        let own = &part.own[part.rows * args.choices..];
        for ((to, &i), (&factor, n)) in
            dh.chunks_exact_mut(width.max(1)).zip(rows).zip(factors.iter().zip(0..))
        {
            let (i, mut keep) = (i as usize, factor);
            for (choice, place) in args.right(i) {
                let by = own[n * args.choices + choice - i * args.choices];
                let from = &args.table[place * width..][..width];
                E::dispatch(Blend { to, keep, from, by });
                keep = E::ONE;
            }
        }
    }

    pub(super) fn finish(self) -> Part<E> {
        self.part
    }
}
