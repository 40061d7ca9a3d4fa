//! Scores of a whole catalogue, and the best of them, in one pass over the item table.
//!
//! The table lies in panels of `2 * N` items, `[panel][unit][item]`, so that one query reads it
//! front to back. Blocks of [`BLOCK`] items are scored for all queries of a [`ROWS`]-high block at
//! once (`product`), and a query's block of scores goes through `select` while it is in the cache.
//! Each score is the same chain of multiply-adds whatever the height of the tile, and each block of
//! scores is summed by itself: the bytes of an answer do not depend on the queries beside it.

mod product;
mod select;

use super::buffer::Buffer;
use super::gemm::{MatRef, Packed};
use super::lanes::{Element, Kernel, Lanes};
use super::threads::split;
use crate::retrieval::{Ask, Best};
use select::Selection;

/// Items scored before their scores are looked at: for a block of queries they take 120 KiB, a part of
/// the second cache. Whole words of a bitmap, and whole panels.
const BLOCK: usize = 512;

/// Queries that share a pass: whole tiles for all instruction sets.
const ROWS: usize = 60;

/// Fewest queries that are worth a thread: below, reading the table takes longer than the products.
const GRAIN: usize = 12;

/// Item vectors and biases, packed.
#[derive(Debug)]
pub(crate) struct Table {
    items: usize,
    width: usize,
    /// The transpose of the vectors: `[width, items]`.
    vectors: Packed<f32>,
    /// `[items]`, zeros to the end of the last panel.
    bias: Buffer<f32>,
}

impl Table {
    /// From `vectors` `[items, width]` and `bias` `[items]`.
    pub(crate) fn new(vectors: &[f32], bias: &[f32], items: usize, width: usize) -> Self {
        assert_eq!(vectors.len(), items * width, "vectors are not [items, width]");
        assert_eq!(bias.len(), items, "bias is not [items]");
        let packed = Packed::new(MatRef::transposed(vectors, width), width, items);
        let mut padded = Buffer::zeroed(items.next_multiple_of(packed.width()));
        padded[..items].copy_from_slice(bias);
        Self { items, width, vectors: packed, bias: padded }
    }

    /// The packed vectors: what one query reads.
    pub(crate) fn numbers(&self) -> &[f32] {
        self.vectors.panels()
    }

    /// The vector of an item.
    pub(crate) fn vector(&self, item: usize, out: &mut [f32]) {
        self.vectors.column(item, out);
    }

    /// Scores `[queries, items]` of `hidden` `[queries, width]`.
    pub(crate) fn scores(&self, hidden: &[f32], queries: usize) -> Vec<f32> {
        assert_eq!(hidden.len(), queries * self.width, "hidden is not [queries, width]");
        let parts = split(queries, GRAIN, |_, range| {
            let mut scores = vec![0.0; range.len() * self.items];
            for from in range.clone().step_by(ROWS) {
                let to = range.end.min(from + ROWS);
                let scores = &mut scores[(from - range.start) * self.items..];
                self.pass(
                    &hidden[from * self.width..to * self.width],
                    to - from,
                    Copy { items: self.items, scores },
                );
            }
            scores
        });
        parts.concat()
    }

    /// The `k` best items for each of `hidden` `[asks, width]`.
    pub(crate) fn best(&self, hidden: &[f32], k: usize, asks: &[Ask<'_>]) -> Vec<Best> {
        assert_eq!(hidden.len(), asks.len() * self.width, "hidden is not [asks, width]");
        let parts = split(asks.len(), GRAIN, |_, range| {
            let mut answers = Vec::with_capacity(range.len());
            for from in range.clone().step_by(ROWS) {
                let asks = &asks[from..range.end.min(from + ROWS)];
                let mut rows: Vec<_> =
                    asks.iter().map(|ask| Selection::new(ask, k, self.items)).collect();
                let hidden = &hidden[from * self.width..][..asks.len() * self.width];
                self.pass(hidden, asks.len(), &mut rows[..]);
                answers.extend(rows.into_iter().map(Selection::finish));
            }
            answers
        });
        let mut parts = parts.into_iter();
        let mut answers = parts.next().unwrap_or_default();
        parts.for_each(|part| answers.extend(part));
        answers
    }

    /// Scores all items for `queries` queries, block by block.
    fn pass(&self, hidden: &[f32], queries: usize, sink: impl Sink) {
        assert_eq!(hidden.len(), queries * self.width, "hidden is not [queries, width]");
        if queries > 0 && self.items > 0 {
            f32::dispatch(Pass { table: self, hidden, queries, sink });
        }
    }
}

/// What becomes of the scores.
trait Sink {
    /// Takes the scores of items `from..from + len` for query `row`; they lie at the start of `scores`,
    /// which is [`BLOCK`] long and may be written to.
    ///
    /// # Safety
    /// As for any method of `L`.
    unsafe fn take<L: Lanes<E = f32>>(
        &mut self,
        row: usize,
        from: usize,
        len: usize,
        scores: &mut [f32; BLOCK],
    );
}

/// One pass over the table.
struct Pass<'a, S> {
    table: &'a Table,
    hidden: &'a [f32],
    queries: usize,
    sink: S,
}

impl<S: Sink> Kernel<f32> for Pass<'_, S> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<E = f32>>(self) {
        let Self { table, hidden, queries, mut sink } = self;
        let mut scores = Buffer::scratch(queries * BLOCK);
        for from in (0..table.items).step_by(BLOCK) {
            let len = BLOCK.min(table.items - from);
            // SAFETY: `dispatch` has chosen vectors that this machine has.
            unsafe {
                product::block::<L>(table, hidden, queries, from, len, &mut scores);
                for (row, scores) in scores.as_chunks_mut().0.iter_mut().enumerate() {
                    sink.take::<L>(row, from, len, scores);
                }
            }
        }
    }
}

/// Keeps all scores, `[queries, items]`.
struct Copy<'a> {
    items: usize,
    scores: &'a mut [f32],
}

impl Sink for Copy<'_> {
    #[inline(always)]
    unsafe fn take<L: Lanes<E = f32>>(
        &mut self,
        row: usize,
        from: usize,
        len: usize,
        scores: &mut [f32; BLOCK],
    ) {
        self.scores[row * self.items + from..][..len].copy_from_slice(&scores[..len]);
    }
}

impl Sink for &mut [Selection<'_>] {
    #[inline(always)]
    unsafe fn take<L: Lanes<E = f32>>(
        &mut self,
        row: usize,
        from: usize,
        len: usize,
        scores: &mut [f32; BLOCK],
    ) {
        // SAFETY: the caller's promise.
        unsafe { self[row].block::<L>(from, len, scores) }
    }
}
