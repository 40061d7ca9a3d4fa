//! How rows are cut into tiles, and small helpers of the register kernels.

use crate::kernels::lanes::{Element, Lanes};

/// Tallest tile of `vectors` vectors a row.
pub(in crate::kernels) const fn tallest<L: Lanes>(vectors: usize) -> usize {
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
pub(in crate::kernels) const fn fits<L: Lanes>(rows: usize, vectors: usize) -> bool {
    rows <= tallest::<L>(vectors)
}

/// Tiles that cover `rows` rows, none higher than `tallest`, all of nearly the same height.
///
/// Loops over them are written out where they are used: the body of a closure would not be compiled
/// for the instruction set of the function around it.
pub(in crate::kernels) const fn tiles(rows: usize, tallest: usize) -> usize {
    rows.div_ceil(tallest)
}

/// First row and height of tile `i` of `n`.
pub(in crate::kernels) const fn tile(rows: usize, n: usize, i: usize) -> (usize, usize) {
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
pub(in crate::kernels) use with_rows;

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

/// Memory that will be needed soon, asked for bit by bit while products run.
///
/// A sweep walks through tens of megabytes, each byte once in each direction; what the caches do
/// not foresee would be waited for.
#[derive(Debug)]
pub(super) struct Ahead<E> {
    /// Runs `[first, length]` in elements, with the distance to the next run and their number.
    runs: [(*const E, usize, usize, usize); 4],
    run: usize,
    row: usize,
    at: usize,
    /// Lines for each call of [`Self::some`].
    lines: usize,
}

/// More requests than this for each run of products would cost more than they save.
const MOST: usize = 16;

/// Elements that one request brings, at least.
const REQUEST: usize = 16;

impl<E: Element> Ahead<E> {
    /// Asks for all runs `(first, length, distance, number)` in `calls` calls.
    pub(super) fn new(runs: [(*const E, usize, usize, usize); 4], calls: usize) -> Self {
        let runs = runs.map(|r| if r.3 == 0 { (r.0, 0, 0, 0) } else { r });
        let lines: usize = runs.iter().map(|r| r.1.div_ceil(REQUEST) * r.3).sum();
        let lines = lines.div_ceil(calls.max(1));
        Self { runs, run: 0, row: 0, at: 0, lines: if lines > MOST { 0 } else { lines } }
    }

    /// Asks for the next lines.
    ///
    /// # Safety
    /// As for any method of `L`.
    #[inline(always)]
    pub(super) unsafe fn some<L: Lanes<E = E>>(&mut self) {
        let mut lines = self.lines;
        while lines > 0 {
            let Some(&(first, length, distance, number)) = self.runs.get(self.run) else { return };
            let from = first.wrapping_add(self.row * distance + self.at);
            let left = (length - self.at).div_ceil(REQUEST);
            let now = left.min(lines);
            for i in 0..now {
                // SAFETY: any address may be asked for.
                unsafe { L::prefetch(from.wrapping_add(i * REQUEST)) };
            }
            lines -= now;
            self.at += now * REQUEST;
            if now == left {
                self.at = 0;
                self.row += 1;
                if self.row >= number {
                    self.row = 0;
                    self.run += 1;
                }
            }
        }
    }
}
