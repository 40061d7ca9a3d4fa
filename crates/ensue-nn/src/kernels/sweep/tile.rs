//! The inner loop of every product, and how rows are cut into tiles.

use crate::kernels::lanes::{Element, Lanes};

/// `acc[r][v] += sum_k a[r * row + k * step] * b[k * width + v * N..]`
///
/// # Safety
/// `a` must be readable at all those places, `b` at `V` vectors for each `k`.
#[inline(always)]
pub(super) unsafe fn accumulate<L: Lanes, const M: usize, const V: usize>(
    acc: &mut [[L::V; V]; M],
    k: usize,
    mut a: *const L::E,
    row: usize,
    step: usize,
    mut b: *const L::E,
    width: usize,
) {
    // SAFETY: the caller's promise; the last increments leave the data but are not followed.
    unsafe {
        let mut sum = *acc;
        let zero = L::splat(L::E::ZERO);
        for _ in 0..k {
            let mut w = [zero; V];
            for (v, w) in w.iter_mut().enumerate() {
                *w = L::load(b.add(v * L::N));
            }
            for (r, sum) in sum.iter_mut().enumerate() {
                let x = L::splat(*a.add(r * row));
                for (sum, &w) in sum.iter_mut().zip(&w) {
                    *sum = L::fma(x, w, *sum);
                }
            }
            a = a.wrapping_add(step);
            b = b.wrapping_add(width);
        }
        *acc = sum;
    }
}

/// Tallest tile of `vectors` vectors a row.
pub(super) const fn tallest<L: Lanes>(vectors: usize) -> usize {
    let rows = L::TILE / vectors;
    if rows == 0 {
        1
    } else if rows > 12 {
        12
    } else {
        rows
    }
}

/// Whether a tile of that size is ever asked for; keeps the compiler from making the others.
pub(super) const fn fits<L: Lanes>(rows: usize, vectors: usize) -> bool {
    rows <= tallest::<L>(vectors)
}

/// Tiles that cover `rows` rows, none higher than `tallest`, all of nearly the same height.
///
/// Loops over them are written out where they are used: the body of a closure would not be compiled
/// for the instruction set of the function around it.
pub(super) const fn tiles(rows: usize, tallest: usize) -> usize {
    rows.div_ceil(tallest)
}

/// First row and height of tile `i` of `n`.
pub(super) const fn tile(rows: usize, n: usize, i: usize) -> (usize, usize) {
    let from = rows * i / n;
    (from, rows * (i + 1) / n - from)
}

/// Evaluates an expression with a constant in place of a number of rows from 1 to 12.
macro_rules! with_rows {
    ($rows:expr, $M:ident, $run:expr) => {
        match $rows {
            1 => with_rows!(@ 1, $M, $run),
            2 => with_rows!(@ 2, $M, $run),
            3 => with_rows!(@ 3, $M, $run),
            4 => with_rows!(@ 4, $M, $run),
            5 => with_rows!(@ 5, $M, $run),
            6 => with_rows!(@ 6, $M, $run),
            7 => with_rows!(@ 7, $M, $run),
            8 => with_rows!(@ 8, $M, $run),
            9 => with_rows!(@ 9, $M, $run),
            10 => with_rows!(@ 10, $M, $run),
            11 => with_rows!(@ 11, $M, $run),
            _ => with_rows!(@ 12, $M, $run),
        }
    };
    (@ $n:literal, $M:ident, $run:expr) => {{
        const $M: usize = $n;
        $run
    }};
}
pub(super) use with_rows;

/// Loads the first `n` of `N` elements, zeros beyond.
///
/// # Safety
/// `p` must be readable for `n` elements; `n <= N <= 16`.
#[inline(always)]
pub(super) unsafe fn load_part<L: Lanes>(p: *const L::E, n: usize) -> L::V {
    // SAFETY: the caller's promise; the copy in between is wide enough for any vector.
    unsafe {
        if n == L::N {
            return L::load(p);
        }
        let mut whole = [L::E::ZERO; 16];
        std::ptr::copy_nonoverlapping(p, whole.as_mut_ptr(), n);
        L::load(whole.as_ptr())
    }
}

/// Stores the first `n` of `N` elements.
///
/// # Safety
/// `p` must be writable for `n` elements; `n <= N <= 16`.
#[inline(always)]
pub(super) unsafe fn store_part<L: Lanes>(p: *mut L::E, v: L::V, n: usize) {
    // SAFETY: as in `load_part`.
    unsafe {
        if n == L::N {
            return L::store(p, v);
        }
        let mut whole = [L::E::ZERO; 16];
        L::store(whole.as_mut_ptr(), v);
        std::ptr::copy_nonoverlapping(whole.as_ptr(), p, n);
    }
}

/// A pointer into an output that threads fill in disjoint parts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shared<E>(pub(super) *mut E);

// SAFETY: whoever writes through it keeps to rows of its own.
unsafe impl<E: Send> Send for Shared<E> {}
// SAFETY: as above.
unsafe impl<E: Send> Sync for Shared<E> {}

impl<E: Element> Shared<E> {
    /// The spare room of a vector that was made with this capacity.
    pub(super) fn of(v: &mut Vec<E>) -> Self {
        Self(v.as_mut_ptr())
    }
}
