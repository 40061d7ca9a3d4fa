//! Matrix product `C = A B` or `C += A B` with `B` packed once and used many times.
//!
//! `B` lies in panels of `2 * N` columns (two vectors): `[panel][k][column]`. A tile of `TILE / 2 x 2N`
//! of `C` stays in registers while `k` runs; `A` is read element by element with any strides, so a
//! transposed `A` costs nothing extra. `k` is cut in blocks that keep a panel in the first cache.

use super::buffer::Buffer;
use super::lanes::{Element, Kernel, Lanes};

/// Rows of `k` handled before `C` is written back: a panel of this height fills half a 32 KiB cache
/// at 16 columns, two thirds of a 48 KiB one at 32.
const K_BLOCK: usize = 256;

/// A strided view of a matrix.
#[derive(Debug, Clone, Copy)]
pub(super) struct MatRef<'a, E> {
    pub(super) data: &'a [E],
    pub(super) row_stride: usize,
    pub(super) col_stride: usize,
}

impl<'a, E> MatRef<'a, E> {
    /// Row-major with `stride` elements from row to row.
    pub(super) fn rows(data: &'a [E], stride: usize) -> Self {
        Self { data, row_stride: stride, col_stride: 1 }
    }

    /// The transpose of a row-major matrix.
    pub(super) fn transposed(data: &'a [E], stride: usize) -> Self {
        Self { data, row_stride: 1, col_stride: stride }
    }

    fn check(&self, rows: usize, cols: usize) {
        if rows > 0 && cols > 0 {
            let last = (rows - 1) * self.row_stride + (cols - 1) * self.col_stride;
            assert!(last < self.data.len(), "matrix view of {rows} x {cols} leaves its slice");
        }
    }
}

/// Columns of a panel for the instruction set in use.
pub(super) fn panel_width<E: Element>() -> usize {
    struct Width;
    impl<E: Element> Kernel<E> for Width {
        type Output = usize;
        #[inline(always)]
        fn run<L: Lanes<E = E>>(self) -> usize {
            2 * L::N
        }
    }
    E::dispatch(Width)
}

/// The right-hand matrix `[k, n]` of a product, packed.
#[derive(Debug, Clone)]
pub(super) struct Packed<E: Element> {
    data: Buffer<E>,
    width: usize,
    k: usize,
    n: usize,
}

impl<E: Element> Packed<E> {
    /// Packs `b` of `k` rows and `n` columns; columns beyond `n` in the last panel are zero.
    pub(super) fn new(b: MatRef<'_, E>, k: usize, n: usize) -> Self {
        b.check(k, n);
        let width = panel_width::<E>();
        let panels = n.div_ceil(width);
        let mut data = Buffer::scratch(panels * k * width);
        for (p, panel) in data.chunks_exact_mut((k * width).max(1)).enumerate() {
            let from = p * width;
            let cols = width.min(n - from);
            if b.col_stride == 1 {
                for (row, out) in panel.chunks_exact_mut(width).enumerate() {
                    let at = row * b.row_stride + from;
                    out[..cols].copy_from_slice(&b.data[at..at + cols]);
                    out[cols..].fill(E::ZERO);
                }
            } else {
                panel.fill(E::ZERO);
                for c in 0..cols {
                    let at = (from + c) * b.col_stride;
                    for row in 0..k {
                        panel[row * width + c] = b.data[at + row * b.row_stride];
                    }
                }
            }
        }
        Self { data, width, k, n }
    }

    /// All panels, one after the other.
    pub(super) fn panels(&self) -> &[E] {
        &self.data
    }

    /// Columns of a panel.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Column `column` of the matrix, which is `k` long.
    ///
    /// # Panics
    /// If there is no such column.
    pub(super) fn column(&self, column: usize, out: &mut [E]) {
        assert!(column < self.n, "column {column} of {}", self.n);
        assert_eq!(out.len(), self.k, "a column's length");
        let (panel, at) = (column / self.width, column % self.width);
        let panel = &self.data[panel * self.k * self.width..];
        for (out, row) in out.iter_mut().zip(panel.chunks_exact(self.width)) {
            *out = row[at];
        }
    }
}

/// `c[m, n] = a[m, k] b[k, n]`, or `+=` when `accumulate`; rows of `c` are `c_stride` apart.
pub(super) fn gemm<E: Element>(
    m: usize,
    a: MatRef<'_, E>,
    b: &Packed<E>,
    c: &mut [E],
    c_stride: usize,
    accumulate: bool,
) {
    if m == 0 || b.n == 0 {
        return;
    }
    a.check(m, b.k);
    assert!(c_stride >= b.n && (m - 1) * c_stride + b.n <= c.len(), "product leaves its output");
    if b.k == 0 {
        if !accumulate {
            c.chunks_mut(c_stride).take(m).for_each(|row| row[..b.n].fill(E::ZERO));
        }
        return;
    }
    E::dispatch(Gemm { m, a, b, c, c_stride, accumulate });
}

struct Gemm<'a, E: Element> {
    m: usize,
    a: MatRef<'a, E>,
    b: &'a Packed<E>,
    c: &'a mut [E],
    c_stride: usize,
    accumulate: bool,
}

impl<E: Element> Kernel<E> for Gemm<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<E = E>>(self) {
        let Gemm { m, a, b, c, c_stride, accumulate } = self;
        let width = 2 * L::N;
        assert_eq!(b.width, width, "packed for another instruction set");
        // Tiles of nearly equal height: a lone last row would leave the multipliers idle.
        let tiles = m.div_ceil(L::TILE / 2);
        let mut from = 0;
        while from < b.k {
            let k = K_BLOCK.min(b.k - from);
            let add = accumulate || from > 0;
            for p in 0..b.n.div_ceil(width) {
                let cols = width.min(b.n - p * width);
                let panel = &b.data[(p * b.k + from) * width..][..k * width];
                for t in 0..tiles {
                    let (r0, r1) = (m * t / tiles, m * (t + 1) / tiles);
                    // SAFETY: `gemm` has checked that `a` covers `m x b.k` and `c` covers `m` rows
                    // of `b.n` columns; `panel` holds `k` rows of `width`. The tile reads rows
                    // r0..r1 of `a` at columns from..from + k, and writes rows r0..r1 of `c` at
                    // `cols` columns from p * width on, all inside those bounds.
                    unsafe {
                        let a_at = a.data.as_ptr().add(r0 * a.row_stride + from * a.col_stride);
                        let c_at = c.as_mut_ptr().add(r0 * c_stride + p * width);
                        let t = Tile {
                            k,
                            a: a_at,
                            row_stride: a.row_stride,
                            col_stride: a.col_stride,
                            b: panel.as_ptr(),
                            c: c_at,
                            c_stride,
                            cols,
                            add,
                        };
                        match r1 - r0 {
                            1 => t.run::<L, 1>(),
                            2 => t.run::<L, 2>(),
                            3 => t.run::<L, 3>(),
                            4 => t.run::<L, 4>(),
                            5 => t.run::<L, 5>(),
                            6 => t.run::<L, 6>(),
                            7 => t.run::<L, 7>(),
                            8 => t.run::<L, 8>(),
                            9 => t.run::<L, 9>(),
                            10 => t.run::<L, 10>(),
                            11 => t.run::<L, 11>(),
                            _ => t.run::<L, 12>(),
                        }
                    }
                }
            }
            from += k;
        }
    }
}

/// One register tile of the product.
struct Tile<E> {
    k: usize,
    a: *const E,
    row_stride: usize,
    col_stride: usize,
    b: *const E,
    c: *mut E,
    c_stride: usize,
    cols: usize,
    add: bool,
}

impl<E: Element> Tile<E> {
    /// # Safety
    /// `a` must be readable at `M` rows and `k` columns by its strides, `b` at `k * 2N` elements,
    /// `c` writable at `M` rows of `cols <= 2N` columns; `M <= L::TILE / 2`.
    #[inline(always)]
    unsafe fn run<L: Lanes<E = E>, const M: usize>(&self) {
        // SAFETY: every address below is inside what the caller promises.
        unsafe {
            let zero = L::splat(E::ZERO);
            let mut acc = [[zero; 2]; M];
            let (mut a, mut b) = (self.a, self.b);
            for _ in 0..self.k {
                let b0 = L::load(b);
                let b1 = L::load(b.add(L::N));
                for (r, acc) in acc.iter_mut().enumerate() {
                    let x = L::splat(*a.add(r * self.row_stride));
                    acc[0] = L::fma(x, b0, acc[0]);
                    acc[1] = L::fma(x, b1, acc[1]);
                }
                a = a.wrapping_add(self.col_stride);
                b = b.add(2 * L::N);
            }
            if self.cols == 2 * L::N {
                for (r, acc) in acc.iter().enumerate() {
                    let c = self.c.add(r * self.c_stride);
                    let (mut v0, mut v1) = (acc[0], acc[1]);
                    if self.add {
                        v0 = L::add(v0, L::load(c));
                        v1 = L::add(v1, L::load(c.add(L::N)));
                    }
                    L::store(c, v0);
                    L::store(c.add(L::N), v1);
                }
            } else {
                // The last panel may be cut short: go through a full-width row.
                let mut row = [E::ZERO; 32];
                for (r, acc) in acc.iter().enumerate() {
                    L::store(row.as_mut_ptr(), acc[0]);
                    L::store(row.as_mut_ptr().add(L::N), acc[1]);
                    for (j, &v) in row.iter().enumerate().take(self.cols) {
                        let c = self.c.add(r * self.c_stride + j);
                        *c = if self.add { *c + v } else { v };
                    }
                }
            }
        }
    }
}
