//! The products.

use super::{BLOCK, LINE, PARTS, Table};
use crate::kernels::lanes::Lanes;
use crate::kernels::sweep::tile::{fits, tallest, tile, tiles, with_rows};

/// Tallest tile of [`few`].
const HIGH: usize = 2;

/// In how many parts [`few`] is at once: with the rows of its tiles, they use the registers of AVX2
/// up.
pub(super) const fn places(queries: usize) -> usize {
    if queries == 1 { 6 } else { 3 }
}

/// `scores[row, item] = bias[item] + hidden[row] . vector[item]` for block `block` of part `part`;
/// rows of `scores` are [`BLOCK`] apart, and written to the end of the part.
///
/// # Safety
/// As for any method of `L`.
#[inline(always)]
pub(super) unsafe fn many<L: Lanes<E = f32>>(
    table: &Table,
    hidden: &[f32],
    queries: usize,
    (part, block): (usize, usize),
    scores: &mut [f32],
) {
    let width = table.width;
    assert_eq!(hidden.len(), queries * width, "hidden is not [queries, width]");
    assert!(scores.len() >= queries * BLOCK, "room for the scores");
    let len = block_len::<L>(table, part, block);
    let count = tiles(queries, tallest::<L>(2));
    for at in (0..len).step_by(2 * L::N) {
        // SAFETY: `block_len` says that the block is in the table; `hidden` and `scores` reach to the
        // end of their last row. Any address may be asked for.
        unsafe {
            let (vectors, bias) = panel::<L>(table, table.first(part, block) + at);
            let next = vectors.wrapping_add(2 * L::N * width);
            for i in 0..count {
                let (r, m) = tile(queries, count, i);
                let (line, lines) = tile(2 * L::N * width / LINE, count, i);
                for line in line..line + lines {
                    L::prefetch(next.wrapping_add(line * LINE));
                }
                let h = hidden.as_ptr().add(r * width);
                let to = scores.as_mut_ptr().add(r * BLOCK + at);
                with_rows!(m, M, {
                    if fits::<L>(M, 2) {
                        let mut acc = [bias; M];
                        L::rows::<M, 2>(&mut acc, width, h, width, vectors, 2 * L::N);
                        for (r, acc) in acc.iter().enumerate() {
                            L::store(to.add(r * BLOCK), acc[0]);
                            L::store(to.add(r * BLOCK + L::N), acc[1]);
                        }
                    }
                });
            }
        }
    }
}

/// The same for few queries and [`places`] parts from `part` on: `scores` `[part, row, BLOCK]`.
/// Little of the table is used twice, so what counts is that the memory never waits.
///
/// # Safety
/// As for any method of `L`.
#[inline(always)]
pub(super) unsafe fn few<L: Lanes<E = f32>>(
    table: &Table,
    hidden: &[f32],
    queries: usize,
    (part, block): (usize, usize),
    scores: &mut [f32],
) {
    let width = table.width;
    let places = places(queries);
    assert_eq!(hidden.len(), queries * width, "hidden is not [queries, width]");
    assert!(scores.len() >= places * queries * BLOCK, "room for the scores");
    let len = block_len::<L>(table, part + places - 1, block);
    let count = tiles(queries, HIGH);
    for at in (0..len).step_by(2 * L::N) {
        for i in 0..count {
            let (r, m) = tile(queries, count, i);
            // SAFETY: `block_len` says that the block is in the table for all parts; `hidden` and
            // `scores` reach to the end of their last row.
            unsafe {
                let from = table.first(part, block) + at;
                let h = hidden.as_ptr().add(r * width);
                let to = scores.as_mut_ptr().add(r * BLOCK + at);
                match (m, queries) {
                    (1, 1) => side_by_side::<L, 1, 6>(table, from, h, to, queries),
                    (1, _) => side_by_side::<L, 1, 3>(table, from, h, to, queries),
                    _ => side_by_side::<L, HIGH, 3>(table, from, h, to, queries),
                }
            }
        }
    }
}

/// `M` queries against a panel of each of `P` parts, the first of which starts with item `from`.
///
/// # Safety
/// There must be such panels; `hidden` must be readable for `M` rows, `to` writable for two vectors
/// every [`BLOCK`] elements for `M` rows of `P` times `queries` of them.
#[inline(always)]
unsafe fn side_by_side<L: Lanes<E = f32>, const M: usize, const P: usize>(
    table: &Table,
    from: usize,
    hidden: *const f32,
    to: *mut f32,
    queries: usize,
) {
    // SAFETY: the caller's promise.
    unsafe {
        let zero = L::splat(0.0);
        let mut acc = [[[zero; 2]; M]; P];
        for (p, acc) in acc.iter_mut().enumerate() {
            *acc = [panel::<L>(table, from + p * table.part).1; M];
        }
        let (mut vectors, _) = panel::<L>(table, from);
        let apart = table.part * table.width;
        for k in 0..table.width {
            let mut h = [zero; M];
            for (r, h) in h.iter_mut().enumerate() {
                *h = L::splat(*hidden.add(r * table.width + k));
            }
            for (p, acc) in acc.iter_mut().enumerate() {
                let v = vectors.add(p * apart);
                let v = [L::load(v), L::load(v.add(L::N))];
                for (acc, &h) in acc.iter_mut().zip(&h) {
                    acc[0] = L::fma(h, v[0], acc[0]);
                    acc[1] = L::fma(h, v[1], acc[1]);
                }
            }
            vectors = vectors.wrapping_add(2 * L::N);
        }
        for (p, acc) in acc.iter().enumerate() {
            for (r, acc) in acc.iter().enumerate() {
                let to = to.add((p * queries + r) * BLOCK);
                L::store(to, acc[0]);
                L::store(to.add(L::N), acc[1]);
            }
        }
    }
}

/// Items of this block in every part, whole panels; checks that the table has it for all parts to
/// `part`.
fn block_len<L: Lanes<E = f32>>(table: &Table, part: usize, block: usize) -> usize {
    let width = 2 * L::N;
    assert_eq!(table.vectors.width(), width, "packed for another instruction set");
    let len = BLOCK.min(table.part - block * BLOCK);
    assert!(table.part.is_multiple_of(width) && BLOCK.is_multiple_of(width), "whole panels");
    assert!(part < PARTS, "part {part} of {PARTS}");
    assert!(table.numbers().len() == PARTS * table.part * table.width, "parts of one length");
    assert!(table.bias.len() == PARTS * table.part, "parts of one length");
    len
}

/// Where the panel that starts with item `from` lies, and its biases.
///
/// # Safety
/// There must be such a panel.
#[inline(always)]
unsafe fn panel<L: Lanes<E = f32>>(table: &Table, from: usize) -> (*const f32, [L::V; 2]) {
    // SAFETY: the caller's promise.
    unsafe {
        let vectors = table.numbers().as_ptr().add(from * table.width);
        let bias = table.bias.as_ptr().add(from);
        (vectors, [L::load(bias), L::load(bias.add(L::N))])
    }
}
