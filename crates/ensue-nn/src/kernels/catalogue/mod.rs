//! Scores of a whole catalogue, and the best of them, in one pass over the item table.
//!
//! The table lies in panels of `2 * N` items, `[panel][unit][item]`, and the catalogue is cut into
//! [`PARTS`] parts. The pass goes through all parts at once, a block of [`BLOCK`] items of each in
//! turn: one thread that reads in several places gets a half more out of the memory than one that
//! reads from front to back. A block is scored for up to [`ROWS`] queries together (`product`), and
//! each query's block of scores goes through `select` while it is in the cache.
//!
//! Each score is the same chain of multiply-adds whatever the height of the tile, and the blocks of
//! a query are summed by themselves and in the same order: the bytes of an answer do not depend on
//! the queries beside it.

mod product;
mod select;

use super::buffer::Buffer;
use super::gemm::{MatRef, Packed};
use super::lanes::{Element, Kernel, Lanes};
use super::threads::split;
use crate::retrieval::{Ask, Best};
use select::Selection;

/// Items of a part that are scored before the scores are looked at: whole words of a bitmap, and
/// whole panels. Few, because the memory stands still meanwhile.
const BLOCK: usize = 128;

/// Places of the table that are read at once. The first cache has eight ways: more places could
/// push each other out.
const PARTS: usize = 6;

/// Queries that share a pass: whole tiles for all instruction sets.
const ROWS: usize = 60;

/// Up to so many queries, the rate of the memory counts more than that of the products.
const FEW: usize = 24;

/// Fewest queries that are worth a thread: below, reading the table takes longer than the products.
const GRAIN: usize = 12;

/// Elements of a cache line.
const LINE: usize = 16;

/// Item vectors and biases, packed.
#[derive(Debug)]
pub(crate) struct Table {
    items: usize,
    width: usize,
    /// Items of a part: whole panels and whole words of a bitmap. The last ones may not exist.
    part: usize,
    /// The transpose of the vectors, `[width, items]`, zeros to the end of the last part.
    vectors: Packed<f32>,
    /// `[items]`, zeros to the end of the last part.
    bias: Buffer<f32>,
}

impl Table {
    /// From `vectors` `[items, width]` and `bias` `[items]`.
    pub(crate) fn new(mut vectors: Vec<f32>, bias: &[f32], width: usize) -> Self {
        let items = bias.len();
        assert_eq!(vectors.len(), items * width, "vectors are not [items, width]");
        let part = items.div_ceil(PARTS).next_multiple_of(64);
        vectors.resize(PARTS * part * width, 0.0);
        let vectors = Packed::new(MatRef::transposed(&vectors, width), width, PARTS * part);
        let mut padded = Buffer::zeroed(PARTS * part);
        padded[..items].copy_from_slice(bias);
        Self { items, width, part, vectors, bias: padded }
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
        joined(parts)
    }

    /// The `k` best items for each of `hidden` `[asks, width]`.
    pub(crate) fn best(&self, hidden: &[f32], k: usize, asks: &[Ask<'_>]) -> Vec<Best> {
        assert_eq!(hidden.len(), asks.len() * self.width, "hidden is not [asks, width]");
        let parts = split(asks.len(), GRAIN, |_, range| {
            let mut answers = Vec::with_capacity(range.len());
            for from in range.clone().step_by(ROWS) {
                let asks = &asks[from..range.end.min(from + ROWS)];
                let mut rows: Vec<_> =
                    asks.iter().map(|ask| Selection::new(ask, k, self)).collect();
                let hidden = &hidden[from * self.width..][..asks.len() * self.width];
                self.pass(hidden, asks.len(), &mut rows[..]);
                answers.extend(rows.into_iter().map(Selection::finish));
            }
            answers
        });
        joined(parts)
    }

    /// First item of block `block` of part `part`.
    fn first(&self, part: usize, block: usize) -> usize {
        part * self.part + block * BLOCK
    }

    /// First item and number of items of a block.
    fn block(&self, part: usize, block: usize) -> (usize, usize) {
        let from = self.first(part, block);
        let end = self.items.min((part + 1) * self.part);
        (from, BLOCK.min(end.saturating_sub(from)))
    }

    /// Scores all items for `queries` queries, block by block.
    fn pass(&self, hidden: &[f32], queries: usize, sink: impl Sink) {
        assert_eq!(hidden.len(), queries * self.width, "hidden is not [queries, width]");
        if queries > 0 && self.items > 0 {
            f32::dispatch(Pass { table: self, hidden, queries, sink });
        }
    }
}

/// The parts one after the other.
fn joined<T>(parts: Vec<Vec<T>>) -> Vec<T> {
    let mut parts = parts.into_iter();
    let mut all = parts.next().unwrap_or_default();
    parts.for_each(|part| all.extend(part));
    all
}

/// What becomes of the scores.
trait Sink {
    /// Takes the scores of `items`, first and number, for query `row`. They belong to part
    /// `part`, and lie at the start of `scores`, which may be written to.
    ///
    /// # Safety
    /// As for any method of `L`.
    unsafe fn take<L: Lanes<E = f32>>(
        &mut self,
        row: usize,
        part: usize,
        items: (usize, usize),
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
        let places = if queries <= FEW { product::places(queries) } else { 1 };
        let mut scores = Buffer::scratch(places * queries * BLOCK);
        for block in 0..table.part.div_ceil(BLOCK) {
            for first in (0..PARTS).step_by(places) {
                // SAFETY: `dispatch` has chosen vectors that this machine has.
                unsafe {
                    if queries <= FEW {
                        product::few::<L>(table, hidden, queries, (first, block), &mut scores);
                    } else {
                        product::many::<L>(table, hidden, queries, (first, block), &mut scores);
                    }
                    let mut rows = scores.as_chunks_mut().0.iter_mut();
                    for part in first..first + places {
                        let items = table.block(part, block);
                        for (row, scores) in (0..queries).zip(&mut rows) {
                            if items.1 > 0 {
                                sink.take::<L>(row, part, items, scores);
                            }
                        }
                    }
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
        _: usize,
        (from, len): (usize, usize),
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
        part: usize,
        (from, len): (usize, usize),
        scores: &mut [f32; BLOCK],
    ) {
        // SAFETY: the caller's promise.
        unsafe { self[row].block::<L>(part, from, len, scores) }
    }
}
