//! Passes over one row of logits, a vector at a time. Rows are whole multiples of 16 long.

use super::super::lanes::{Element, Kernel, Lanes};

/// Length of rows that a pass reads together; they must agree.
fn length<E>(rows: &[&[E]]) -> usize {
    let n = rows[0].len();
    assert!(n.is_multiple_of(16) && rows.iter().all(|row| row.len() == n), "padded rows");
    n
}

/// The largest lane; NaN does not count.
///
/// # Safety
/// As for any method of `L`.
#[inline(always)]
unsafe fn largest<L: Lanes>(lanes: L::V) -> L::E {
    let mut all = [L::E::NEG_INFINITY; 16];
    // SAFETY: `N` is at most 16.
    unsafe { L::store(all.as_mut_ptr(), lanes) };
    all.into_iter().fold(L::E::NEG_INFINITY, |a, b| if b > a { b } else { a })
}

/// The largest element.
pub(super) struct Max<'a, E> {
    pub(super) row: &'a [E],
}

impl<E: Element> Kernel<E> for Max<'_, E> {
    type Output = E;

    #[inline(always)]
    fn run<L: Lanes<E = E>>(self) -> E {
        let (n, row) = (length(&[self.row]), self.row.as_ptr());
        // SAFETY: n elements, a multiple of every vector length.
        unsafe {
            // Two chains: the latency of `max` is four times its throughput.
            let mut top = [L::splat(E::NEG_INFINITY); 2];
            for j in (0..n).step_by(16) {
                for half in (0..16).step_by(L::N) {
                    let chain = (j + half) / L::N % 2;
                    // A NaN must not end up here: `max` keeps its second operand then.
                    top[chain] = L::max(L::load(row.add(j + half)), top[chain]);
                }
            }
            largest::<L>(L::max(top[0], top[1]))
        }
    }
}

/// `row = exp(row - max)`; returns the sum.
pub(super) struct Exponentials<'a, E> {
    pub(super) row: &'a mut [E],
    pub(super) max: E,
}

impl<E: Element> Kernel<E> for Exponentials<'_, E> {
    type Output = E;

    #[inline(always)]
    fn run<L: Lanes<E = E>>(self) -> E {
        let (n, row) = (length(&[self.row]), self.row.as_mut_ptr());
        // SAFETY: n elements, a multiple of every vector length.
        unsafe {
            let shift = L::splat(self.max);
            let mut sum = L::splat(E::ZERO);
            for j in (0..n).step_by(L::N) {
                let e = L::exp(L::sub(L::load(row.add(j)), shift));
                L::store(row.add(j), e);
                sum = L::add(sum, e);
            }
            L::sum(sum)
        }
    }
}

/// `x = e = elu(row)`, or just `row` where `elu` is 0; returns the largest.
pub(super) struct Activate<'a, E> {
    pub(super) row: &'a [E],
    pub(super) x: &'a mut [E],
    pub(super) e: &'a mut [E],
    pub(super) elu: E,
}

impl<E: Element> Kernel<E> for Activate<'_, E> {
    type Output = E;

    #[inline(always)]
    fn run<L: Lanes<E = E>>(self) -> E {
        let n = length(&[self.row, self.x, self.e]);
        let (row, x, e) = (self.row.as_ptr(), self.x.as_mut_ptr(), self.e.as_mut_ptr());
        // SAFETY: n elements each, a multiple of every vector length.
        unsafe {
            let (zero, one, elu) = (L::splat(E::ZERO), L::splat(E::ONE), L::splat(self.elu));
            let mut top = L::splat(E::NEG_INFINITY);
            for j in (0..n).step_by(L::N) {
                let mut o = L::load(row.add(j));
                if self.elu != E::ZERO {
                    // The constant stands first in `max`, so that a NaN survives.
                    let below = L::sub(zero, L::max(zero, L::sub(zero, o)));
                    let bend = L::mul(elu, L::sub(L::exp(below), one));
                    o = L::add(L::max(zero, o), bend);
                }
                L::store(x.add(j), o);
                L::store(e.add(j), o);
                top = L::max(o, top);
            }
            largest::<L>(top)
        }
    }
}

/// What BPR-max needs of a row, with `y = sigmoid(target - x)`:
/// sums of `e y`, `e (1 - y)`, `e y (1 - y)` and `e (x^2 - max^2)`.
pub(super) struct Bpr<'a, E> {
    pub(super) x: &'a [E],
    pub(super) e: &'a [E],
    pub(super) y: &'a mut [E],
    pub(super) max: E,
    /// exp(max - target), so that `e far` is exp(x - target)
    pub(super) far: E,
}

impl<E: Element> Kernel<E> for Bpr<'_, E> {
    type Output = [E; 4];

    #[inline(always)]
    fn run<L: Lanes<E = E>>(self) -> [E; 4] {
        let n = length(&[self.x, self.e, self.y]);
        let (x, e, y) = (self.x.as_ptr(), self.e.as_ptr(), self.y.as_mut_ptr());
        // SAFETY: n elements each, a multiple of every vector length.
        unsafe {
            let (one, max, far) = (L::splat(E::ONE), L::splat(self.max), L::splat(self.far));
            let mut sums = [L::splat(E::ZERO); 4];
            for j in (0..n).step_by(L::N) {
                let (x, e) = (L::load(x.add(j)), L::load(e.add(j)));
                let ef = L::mul(e, far);
                let s = L::div(one, L::add(one, ef));
                L::store(y.add(j), s);
                let es = L::mul(e, s);
                let miss = L::mul(es, ef);
                sums[0] = L::add(sums[0], es);
                sums[1] = L::add(sums[1], miss);
                sums[2] = L::fma(miss, s, sums[2]);
                // The difference of squares as a product: exact where x is the maximum.
                let square = L::mul(L::sub(x, max), L::add(x, max));
                sums[3] = L::fma(e, square, sums[3]);
            }
            [L::sum(sums[0]), L::sum(sums[1]), L::sum(sums[2]), L::sum(sums[3])]
        }
    }
}

/// Gradient of BPR-max in the negatives, into `out` or added to it.
///
/// ```text
/// z   = y (own + other e)
/// out = scale e slope(x) (constant + z by (turn - z)
///       + regularization ((x - max)(x + max) + 2 x - mean))
/// ```
pub(super) struct BprGradient<'a, E> {
    pub(super) x: &'a [E],
    pub(super) e: &'a [E],
    pub(super) y: &'a [E],
    pub(super) out: &'a mut [E],
    pub(super) add: bool,
    pub(super) max: E,
    pub(super) scale: E,
    pub(super) own: E,
    pub(super) other: E,
    pub(super) constant: E,
    pub(super) by: E,
    pub(super) turn: E,
    pub(super) regularization: E,
    pub(super) mean: E,
    pub(super) elu: E,
}

impl<E: Element> Kernel<E> for BprGradient<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<E = E>>(self) {
        let n = length(&[self.x, self.e, self.y, self.out]);
        let (x, e, y) = (self.x.as_ptr(), self.e.as_ptr(), self.y.as_ptr());
        let out = self.out.as_mut_ptr();
        // SAFETY: n elements each, a multiple of every vector length.
        unsafe {
            let (max, scale, mean) =
                (L::splat(self.max), L::splat(self.scale), L::splat(self.mean));
            let (own, other) = (L::splat(self.own), L::splat(self.other));
            let (constant, by, turn) =
                (L::splat(self.constant), L::splat(self.by), L::splat(self.turn));
            let regularization = L::splat(self.regularization);
            for j in (0..n).step_by(L::N) {
                let (x, e, y) = (L::load(x.add(j)), L::load(e.add(j)), L::load(y.add(j)));
                let z = L::mul(y, L::fma(other, e, own));
                let rank = L::fma(L::mul(z, by), L::sub(turn, z), constant);
                let square = L::mul(L::sub(x, max), L::add(x, max));
                let weight = L::sub(L::add(L::add(x, x), square), mean);
                let slope = L::fma(regularization, weight, rank);
                let mut g = L::mul(L::mul(scale, e), slope);
                if self.elu != E::ZERO {
                    g = L::mul(g, bend::<L>(x, self.elu));
                }
                if self.add {
                    g = L::add(g, L::load(out.add(j)));
                }
                L::store(out.add(j), g);
            }
        }
    }
}

/// Slope of the ELU where its value is `x`: 1 above zero, `x + elu` below.
///
/// # Safety
/// As for any method of `L`.
#[inline(always)]
unsafe fn bend<L: Lanes>(x: L::V, elu: L::E) -> L::V {
    // SAFETY: the caller's promise.
    unsafe {
        let (zero, one) = (L::splat(L::E::ZERO), L::splat(L::E::ONE));
        // 1 above zero and 0 below, without a comparison: x times a huge number, clamped.
        let steep = L::max(zero, L::mul(x, L::splat(L::E::from_f64(1e30))));
        let above = L::sub(zero, L::max(L::sub(zero, one), L::sub(zero, steep)));
        L::fma(L::sub(one, above), L::add(x, L::splat(elu)), above)
    }
}

/// What TOP1-max needs of a row, with `t = sigmoid(x - target)` and `q = sigmoid(x^2)`:
/// sums of `e (t + q)` and `e t (1 - t)`; `y = t + q + t (1 - t) + 2 x q (1 - q)`.
pub(super) struct Top1<'a, E> {
    pub(super) x: &'a [E],
    pub(super) e: &'a [E],
    pub(super) y: &'a mut [E],
    /// exp(max - target), so that `e far` is exp(x - target)
    pub(super) far: E,
}

impl<E: Element> Kernel<E> for Top1<'_, E> {
    type Output = [E; 2];

    #[inline(always)]
    fn run<L: Lanes<E = E>>(self) -> [E; 2] {
        let n = length(&[self.x, self.e, self.y]);
        let (x, e, y) = (self.x.as_ptr(), self.e.as_ptr(), self.y.as_mut_ptr());
        // SAFETY: n elements each, a multiple of every vector length.
        unsafe {
            let (zero, one, far) = (L::splat(E::ZERO), L::splat(E::ONE), L::splat(self.far));
            let mut sums = [zero; 2];
            for j in (0..n).step_by(L::N) {
                let (x, e) = (L::load(x.add(j)), L::load(e.add(j)));
                let ef = L::mul(e, far);
                let r = L::exp(L::sub(zero, L::mul(x, x)));
                // Both quotients from one division: neither factor exceeds e^87 + 1, the other 2.
                let (a, b) = (L::add(one, ef), L::add(one, r));
                let both = L::div(one, L::mul(a, b));
                let (s, q) = (L::mul(both, b), L::mul(both, a));
                let t = L::mul(ef, s);
                let rise = L::mul(t, s);
                let value = L::add(t, q);
                sums[0] = L::fma(e, value, sums[0]);
                sums[1] = L::fma(e, rise, sums[1]);
                let pull = L::mul(L::mul(L::add(x, x), r), L::mul(q, q));
                L::store(y.add(j), L::add(L::add(value, rise), pull));
            }
            [L::sum(sums[0]), L::sum(sums[1])]
        }
    }
}

/// `out = scale e (y - mean)`, or added to it: the gradient of TOP1-max in the negatives.
pub(super) struct Top1Gradient<'a, E> {
    pub(super) e: &'a [E],
    pub(super) y: &'a [E],
    pub(super) out: &'a mut [E],
    pub(super) add: bool,
    pub(super) scale: E,
    pub(super) mean: E,
}

impl<E: Element> Kernel<E> for Top1Gradient<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<E = E>>(self) {
        let n = length(&[self.e, self.y, self.out]);
        let (e, y, out) = (self.e.as_ptr(), self.y.as_ptr(), self.out.as_mut_ptr());
        // SAFETY: n elements each, a multiple of every vector length.
        unsafe {
            let (scale, mean) = (L::splat(self.scale), L::splat(self.mean));
            for j in (0..n).step_by(L::N) {
                let lift = L::sub(L::load(y.add(j)), mean);
                let mut g = L::mul(L::mul(scale, L::load(e.add(j))), lift);
                if self.add {
                    g = L::add(g, L::load(out.add(j)));
                }
                L::store(out.add(j), g);
            }
        }
    }
}

/// `sum a b`, for rows of any length.
pub(super) struct Dot<'a, E> {
    pub(super) a: &'a [E],
    pub(super) b: &'a [E],
}

impl<E: Element> Kernel<E> for Dot<'_, E> {
    type Output = E;

    #[inline(always)]
    fn run<L: Lanes<E = E>>(self) -> E {
        let mut rest = E::ZERO;
        let (a, b) = (self.a.chunks_exact(L::N), self.b.chunks_exact(L::N));
        for (&x, &y) in a.remainder().iter().zip(b.remainder()) {
            rest += x * y;
        }
        // SAFETY: every chunk has N elements.
        unsafe {
            let mut sum = L::splat(E::ZERO);
            for (a, b) in a.zip(b) {
                sum = L::fma(L::load(a.as_ptr()), L::load(b.as_ptr()), sum);
            }
            L::sum(sum) + rest
        }
    }
}

/// `to = keep to + by from`, for rows of any length.
pub(super) struct Blend<'a, E> {
    pub(super) to: &'a mut [E],
    pub(super) keep: E,
    pub(super) from: &'a [E],
    pub(super) by: E,
}

impl<E: Element> Kernel<E> for Blend<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<E = E>>(self) {
        let mut to = self.to.chunks_exact_mut(L::N);
        let from = self.from.chunks_exact(L::N);
        let rest = from.remainder();
        // SAFETY: every chunk has N elements.
        unsafe {
            let (keep, by) = (L::splat(self.keep), L::splat(self.by));
            for (to, from) in to.by_ref().zip(from) {
                let kept = L::mul(keep, L::load(to.as_ptr()));
                L::store(to.as_mut_ptr(), L::fma(by, L::load(from.as_ptr()), kept));
            }
        }
        for (to, &from) in to.into_remainder().iter_mut().zip(rest) {
            *to = self.keep * *to + self.by * from;
        }
    }
}
