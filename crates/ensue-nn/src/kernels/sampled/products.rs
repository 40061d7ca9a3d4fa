//! The three matrix products of a block of rows, on operands that lie as the block leaves them.
//!
//! Unlike `gemm`, the right-hand side need not be packed (its rows may be any distance apart) and
//! the output may lie in panels too: logits that were just written are the right-hand side of the
//! next product, and the gradient of the shared rows is kept in the layout of the rows themselves.

use super::super::lanes::{Element, Kernel, Lanes};

/// Steps of `k` between two visits of the output: a panel of this height fills 32 KiB.
const K_BLOCK: usize = 256;

/// `c[m, panel] = a[m, k] b[k, panel]` for every panel of columns, or `+=`.
#[derive(Debug)]
pub(super) struct Product<'a, E> {
    pub(super) m: usize,
    pub(super) k: usize,
    pub(super) panels: usize,
    pub(super) a: &'a [E],
    /// Distance of rows and of columns of `a`.
    pub(super) a_strides: [usize; 2],
    pub(super) b: &'a [E],
    /// Distance of panels and of rows within a panel of `b`.
    pub(super) b_strides: [usize; 2],
    pub(super) c: &'a mut [E],
    /// Distance of panels and of rows within a panel of `c`.
    pub(super) c_strides: [usize; 2],
    /// Columns of a panel: two vectors, or one.
    pub(super) vectors: usize,
    pub(super) add: bool,
}

impl<E: Element> Kernel<E> for Product<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<E = E>>(self) {
        if self.m == 0 || self.panels == 0 || self.k == 0 {
            return;
        }
        let last =
            |strides: [usize; 2], n: [usize; 2]| (n[0] - 1) * strides[0] + (n[1] - 1) * strides[1];
        let (k, columns) = (self.k, self.vectors * L::N);
        assert!(last(self.a_strides, [self.m, k]) < self.a.len(), "a leaves its slice");
        let end = last(self.b_strides, [self.panels, k]) + columns;
        assert!(end <= self.b.len(), "b leaves its slice");
        let end = last(self.c_strides, [self.panels, self.m]) + columns;
        assert!(end <= self.c.len(), "c leaves its slice");
        // SAFETY: the three assertions are what `panels` asks for.
        match self.vectors {
            1 => unsafe { self.panels::<L, 1>() },
            2 => unsafe { self.panels::<L, 2>() },
            other => unreachable!("panels of {other} vectors"),
        }
    }
}

impl<E: Element> Product<'_, E> {
    /// # Safety
    /// `a` covers `m x k`, `b` and `c` cover `panels` panels of `k` and `m` rows of `V` vectors.
    #[inline(always)]
    unsafe fn panels<L: Lanes<E = E>, const V: usize>(self) {
        let ([a_row, a_col], [b_panel, b_row], [c_panel, c_row]) =
            (self.a_strides, self.b_strides, self.c_strides);
        let c = self.c.as_mut_ptr();
        // Tiles of nearly equal height: a lone last row would leave the multipliers idle.
        let tiles = self.m.div_ceil(L::TILE / 2);
        let mut from = 0;
        while from < self.k {
            let k = K_BLOCK.min(self.k - from);
            for p in 0..self.panels {
                for t in 0..tiles {
                    let (r0, r1) = (self.m * t / tiles, self.m * (t + 1) / tiles);
                    // SAFETY: rows r0..r1 and steps from..from + k of panel p lie within what the
                    // caller promises; a tile is at most `L::TILE / 2` high.
                    unsafe {
                        let tile = Tile {
                            k,
                            a: self.a.as_ptr().add(r0 * a_row + from * a_col),
                            a_row,
                            a_col,
                            b: self.b.as_ptr().add(p * b_panel + from * b_row),
                            b_row,
                            c: c.add(p * c_panel + r0 * c_row),
                            c_row,
                            add: self.add || from > 0,
                        };
                        match r1 - r0 {
                            1 => tile.run::<L, 1, V>(),
                            2 => tile.run::<L, 2, V>(),
                            3 => tile.run::<L, 3, V>(),
                            4 => tile.run::<L, 4, V>(),
                            5 => tile.run::<L, 5, V>(),
                            6 => tile.run::<L, 6, V>(),
                            7 => tile.run::<L, 7, V>(),
                            8 => tile.run::<L, 8, V>(),
                            9 => tile.run::<L, 9, V>(),
                            10 => tile.run::<L, 10, V>(),
                            11 => tile.run::<L, 11, V>(),
                            _ => tile.run::<L, 12, V>(),
                        }
                    }
                }
            }
            from += k;
        }
    }
}

/// One register tile of `M` rows and `V` vectors.
struct Tile<E> {
    k: usize,
    a: *const E,
    a_row: usize,
    a_col: usize,
    b: *const E,
    b_row: usize,
    c: *mut E,
    c_row: usize,
    add: bool,
}

impl<E: Element> Tile<E> {
    /// # Safety
    /// `a` must be readable at `M` rows and `k` columns, `b` at `k` rows of `V` vectors, `c`
    /// readable and writable at `M` rows of `V` vectors, by their strides.
    #[inline(always)]
    unsafe fn run<L: Lanes<E = E>, const M: usize, const V: usize>(&self) {
        // SAFETY: every address below is inside what the caller promises; the pointers' last step
        // is never read.
        unsafe {
            let mut acc = [[L::splat(E::ZERO); V]; M];
            let (mut a, mut b) = (self.a, self.b);
            for _ in 0..self.k {
                let mut right = [L::splat(E::ZERO); V];
                for (v, right) in right.iter_mut().enumerate() {
                    *right = L::load(b.add(v * L::N));
                }
                for (r, acc) in acc.iter_mut().enumerate() {
                    let x = L::splat(*a.add(r * self.a_row));
                    for (acc, &right) in acc.iter_mut().zip(&right) {
                        *acc = L::fma(x, right, *acc);
                    }
                }
                a = a.wrapping_add(self.a_col);
                b = b.wrapping_add(self.b_row);
            }
            for (r, acc) in acc.iter().enumerate() {
                for (v, &acc) in acc.iter().enumerate() {
                    let c = self.c.add(r * self.c_row + v * L::N);
                    let sum = if self.add { L::add(acc, L::load(c)) } else { acc };
                    L::store(c, sum);
                }
            }
        }
    }
}

/// `c[m, columns] = a[m, k] b[columns, k]^T` for the few columns that no full vector takes, as dot
/// products along `k`.
///
/// `a` is row-major, `b` lies in panels of two vectors of `k`: `[panel][column][k in panel]`.
#[derive(Debug)]
pub(super) struct Rest<'a, E> {
    pub(super) m: usize,
    pub(super) panels: usize,
    pub(super) columns: std::ops::Range<usize>,
    pub(super) a: &'a [E],
    pub(super) a_row: usize,
    pub(super) b: &'a [E],
    pub(super) b_panel: usize,
    pub(super) c: &'a mut [E],
    pub(super) c_row: usize,
}

impl<E: Element> Kernel<E> for Rest<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<E = E>>(self) {
        let width = 2 * L::N;
        if self.m == 0 || self.columns.is_empty() || self.panels == 0 {
            return;
        }
        let (m, panels) = (self.m, self.panels);
        assert!((m - 1) * self.a_row + panels * width <= self.a.len(), "a leaves its slice");
        let end = (panels - 1) * self.b_panel + self.columns.end * width;
        assert!(end <= self.b.len(), "b leaves its slice");
        let tiles = m.div_ceil(L::TILE / 4);
        for t in 0..tiles {
            let (r0, r1) = (m * t / tiles, m * (t + 1) / tiles);
            for from in self.columns.clone().step_by(4) {
                let (c, cols) = (r0 * self.c_row + from, 4.min(self.columns.end - from));
                // SAFETY: the assertions above cover every row and column; `m` columns of at most
                // 4 and at most `L::TILE / 4 <= 6` rows are asked for.
                let dots = unsafe {
                    let at = DotTile {
                        a: self.a.as_ptr().add(r0 * self.a_row),
                        a_row: self.a_row,
                        b: self.b.as_ptr().add(from * width),
                        b_panel: self.b_panel,
                        panels,
                    };
                    match cols {
                        1 => at.rows::<L, 1>(r1 - r0),
                        2 => at.rows::<L, 2>(r1 - r0),
                        3 => at.rows::<L, 3>(r1 - r0),
                        _ => at.rows::<L, 4>(r1 - r0),
                    }
                };
                for (r, dots) in dots[..r1 - r0].iter().enumerate() {
                    self.c[c + r * self.c_row..][..cols].copy_from_slice(&dots[..cols]);
                }
            }
        }
    }
}

/// Where a tile of dot products reads.
struct DotTile<E> {
    a: *const E,
    a_row: usize,
    b: *const E,
    b_panel: usize,
    panels: usize,
}

impl<E: Element> DotTile<E> {
    /// # Safety
    /// As [`Self::run`], for `rows` rows.
    #[inline(always)]
    unsafe fn rows<L: Lanes<E = E>, const C: usize>(&self, rows: usize) -> [[E; 4]; 6] {
        // SAFETY: the caller's promise.
        unsafe {
            match rows {
                1 => self.run::<L, 1, C>(),
                2 => self.run::<L, 2, C>(),
                3 => self.run::<L, 3, C>(),
                4 => self.run::<L, 4, C>(),
                5 => self.run::<L, 5, C>(),
                _ => self.run::<L, 6, C>(),
            }
        }
    }

    /// # Safety
    /// `a` must be readable at `M` rows of `panels` times two vectors, `b` at `C` times two vectors
    /// in every panel.
    #[inline(always)]
    unsafe fn run<L: Lanes<E = E>, const M: usize, const C: usize>(&self) -> [[E; 4]; 6] {
        let mut out = [[E::ZERO; 4]; 6];
        // SAFETY: every address below is inside what the caller promises.
        unsafe {
            let mut acc = [[L::splat(E::ZERO); C]; M];
            let (mut a, mut b) = (self.a, self.b);
            // From the first vector of a panel to its second, and on to the next panel. One vector
            // a turn: two unrolled ones would need more registers than there are.
            let mut steps = [L::N, self.b_panel - L::N];
            for _ in 0..2 * self.panels {
                let mut right = [L::splat(E::ZERO); C];
                for (c, right) in right.iter_mut().enumerate() {
                    *right = L::load(b.add(c * 2 * L::N));
                }
                for (r, acc) in acc.iter_mut().enumerate() {
                    let x = L::load(a.add(r * self.a_row));
                    for (acc, &right) in acc.iter_mut().zip(&right) {
                        *acc = L::fma(x, right, *acc);
                    }
                }
                a = a.wrapping_add(L::N);
                b = b.wrapping_add(steps[0]);
                steps.swap(0, 1);
            }
            for (out, acc) in out.iter_mut().zip(&acc) {
                for (out, &acc) in out.iter_mut().zip(acc) {
                    *out = L::sum(acc);
                }
            }
        }
        out
    }
}
