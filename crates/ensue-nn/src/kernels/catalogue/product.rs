//! The product of a block.

use super::{BLOCK, Table};
use crate::kernels::lanes::Lanes;
use crate::kernels::sweep::tile::{fits, tallest, tile, tiles, with_rows};

/// How far one query asks ahead of what it reads, in elements.
const AHEAD: usize = 2048;

/// `scores[row, item - from] = hidden[row] . vector[item] + bias[item]` for `len` items; rows of
/// `scores` are [`BLOCK`] apart, and are written to the end of the last panel.
///
/// # Safety
/// As for any method of `L`.
#[inline(always)]
pub(super) unsafe fn block<L: Lanes<E = f32>>(
    table: &Table,
    hidden: &[f32],
    queries: usize,
    from: usize,
    len: usize,
    scores: &mut [f32],
) {
    let (panel, width) = (2 * L::N, table.width);
    let all = table.vectors.panels();
    assert_eq!(table.vectors.width(), panel, "packed for another instruction set");
    assert!(from % panel == 0 && len <= BLOCK && BLOCK % panel == 0, "whole panels");
    assert_eq!(hidden.len(), queries * width, "hidden is not [queries, width]");
    assert!(scores.len() >= queries * BLOCK, "room for the scores");
    let last = (from + len).next_multiple_of(panel);
    assert!(last * width <= all.len() && last <= table.bias.len(), "a block beyond the table");
    let count = tiles(queries, tallest::<L>(2));
    for at in (0..len).step_by(panel) {
        // SAFETY: the table and the bias reach to the end of the last panel of the block, `hidden`
        // and `scores` to the end of their last row; `at + panel <= BLOCK`.
        unsafe {
            let vectors = all.as_ptr().add((from + at) * width);
            let bias = table.bias.as_ptr().add(from + at);
            let bias = [L::load(bias), L::load(bias.add(L::N))];
            if queries == 1 {
                let to = scores.as_mut_ptr().add(at);
                let [v0, v1] = alone::<L>(bias, hidden.as_ptr(), vectors, width);
                L::store(to, v0);
                L::store(to.add(L::N), v1);
                continue;
            }
            for i in 0..count {
                let (r, m) = tile(queries, count, i);
                let h = hidden.as_ptr().add(r * width);
                let to = scores.as_mut_ptr().add(r * BLOCK + at);
                with_rows!(m, M, {
                    if fits::<L>(M, 2) {
                        let mut acc = [bias; M];
                        L::rows::<M, 2>(&mut acc, width, h, width, vectors, panel);
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

/// One query against one panel: nothing is used twice, so what counts is that the memory never
/// waits.
///
/// # Safety
/// `hidden` must be readable for `width` elements, `vectors` for `width` rows of two vectors.
#[inline(always)]
unsafe fn alone<L: Lanes<E = f32>>(
    mut sums: [L::V; 2],
    hidden: *const f32,
    vectors: *const f32,
    width: usize,
) -> [L::V; 2] {
    // SAFETY: the caller's promise; any address may be asked for ahead.
    unsafe {
        for k in 0..width {
            let at = vectors.add(k * 2 * L::N);
            L::prefetch(at.wrapping_add(AHEAD));
            if L::N == 16 {
                L::prefetch(at.wrapping_add(AHEAD + 16));
            }
            let h = L::splat(*hidden.add(k));
            sums[0] = L::fma(h, L::load(at), sums[0]);
            sums[1] = L::fma(h, L::load(at.add(L::N)), sums[1]);
        }
        sums
    }
}
