//! One vocabulary for vectors of every width, and the run-time choice between them.

use std::sync::Mutex;

use super::buffer::Pool;
use super::isa::{Isa, isa};

#[cfg(target_arch = "x86_64")]
mod fma512;
mod portable;
#[cfg(target_arch = "x86_64")]
mod x86;

use portable::Portable;

/// A vector type with the handful of operations that the kernels need.
///
/// # Safety
/// Every method may only run where the instruction set behind it exists; [`Element::dispatch`]
/// guarantees that. Pointers passed to `load` and `store` must be valid for `N` elements (no
/// alignment is asked for).
pub(crate) unsafe trait Lanes: Copy + Sized {
    /// Scalar type.
    type E: Element;
    /// Vector register.
    type V: Copy;
    /// Elements in a vector.
    const N: usize;
    /// Vectors that a matrix-product tile may accumulate in: with the operands, they fit the
    /// register file.
    const TILE: usize;
    /// The vector of eight elements that goes with this one.
    type Half: Lanes<E = Self::E>;
    unsafe fn load(p: *const Self::E) -> Self::V;
    unsafe fn store(p: *mut Self::E, v: Self::V);
    unsafe fn splat(x: Self::E) -> Self::V;
    /// `a * b + c`
    unsafe fn fma(a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    unsafe fn add(a: Self::V, b: Self::V) -> Self::V;
    unsafe fn sub(a: Self::V, b: Self::V) -> Self::V;
    unsafe fn mul(a: Self::V, b: Self::V) -> Self::V;
    unsafe fn div(a: Self::V, b: Self::V) -> Self::V;
    unsafe fn max(a: Self::V, b: Self::V) -> Self::V;
    /// Bit `i` says whether lane `i` of `a` is at least that of `b`; a NaN is not.
    unsafe fn at_least(a: Self::V, b: Self::V) -> u64;
    /// e^x for x clamped to [-87, 87]; a NaN stays a NaN.
    unsafe fn exp(x: Self::V) -> Self::V;
    /// Sum of all lanes, lowest first in pairs.
    unsafe fn sum(a: Self::V) -> Self::E;

    /// Activates the four gates of eight LSTM units in place: i, f and o by the logistic function,
    /// g by tanh. The 32 elements lie in `V` vectors, gate by gate.
    unsafe fn lstm_gates<const V: usize>(gates: &mut [Self::V; V]);
    /// The four blocks of eight elements in `V` vectors.
    unsafe fn blocks<const V: usize>(gates: &[Self::V; V]) -> [Half<Self>; 4];
    /// tanh of two vectors of eight.
    unsafe fn tanh_pair(a: Half<Self>, b: Half<Self>) -> [Half<Self>; 2];
    /// Asks for the cache line at `p`; any address is allowed.
    unsafe fn prefetch(p: *const Self::E);

    /// `acc[r][v] += sum_k a[r * row + k] * b[k * width + v * N..]`, `k` in ascending order.
    ///
    /// # Safety
    /// `a` must be readable at all those places, `b` at `V` vectors for each `k`.
    #[inline(always)]
    unsafe fn rows<const M: usize, const V: usize>(
        acc: &mut [[Self::V; V]; M],
        k: usize,
        a: *const Self::E,
        row: usize,
        b: *const Self::E,
        width: usize,
    ) {
        // SAFETY: the caller's promise.
        unsafe { accumulate::<Self, M, V>(acc, k, a, row, 1, b, width) }
    }

    /// `acc[r][v] += sum_k a[r + k * step] * b[k * width + v * N..]`, `k` in ascending order.
    ///
    /// # Safety
    /// As for [`Self::rows`].
    #[inline(always)]
    unsafe fn outer<const M: usize, const V: usize>(
        acc: &mut [[Self::V; V]; M],
        k: usize,
        a: *const Self::E,
        step: usize,
        b: *const Self::E,
        width: usize,
    ) {
        // SAFETY: the caller's promise.
        unsafe { accumulate::<Self, M, V>(acc, k, a, 1, step, b, width) }
    }

    /// `to[i] = from[order[i]]` for `i < W`, where `W` is 32 or 48 and the order below it.
    ///
    /// # Safety
    /// `from` must be readable and `to` writable for `W` elements.
    #[inline(always)]
    unsafe fn permute<const W: usize>(from: *const Self::E, to: *mut Self::E, order: &[i32; 48]) {
        // SAFETY: the caller's promise.
        unsafe {
            for (i, &from_at) in order.iter().enumerate().take(W) {
                *to.add(i) = *from.add(from_at as usize);
            }
        }
    }

    /// 1 / (1 + e^-x)
    #[inline(always)]
    unsafe fn sigmoid(x: Self::V) -> Self::V {
        // SAFETY: same contract as the caller's.
        unsafe {
            let one = Self::splat(Self::E::ONE);
            Self::div(one, Self::add(one, Self::exp(Self::sub(Self::splat(Self::E::ZERO), x))))
        }
    }

    /// (1 - e^-2x) / (1 + e^-2x)
    #[inline(always)]
    unsafe fn tanh(x: Self::V) -> Self::V {
        // SAFETY: same contract as the caller's.
        unsafe {
            let one = Self::splat(Self::E::ONE);
            let e = Self::exp(Self::mul(Self::splat(Self::E::from_f64(-2.0)), x));
            Self::div(Self::sub(one, e), Self::add(one, e))
        }
    }
}

/// Eight elements, beside the vectors of `L`.
pub(crate) type Half<L> = <<L as Lanes>::Half as Lanes>::V;

/// `acc[r][v] += sum_k a[r * row + k * step] * b[k * width + v * N..]`
///
/// # Safety
/// `a` must be readable at all those places, `b` at `V` vectors for each `k`.
#[inline(always)]
unsafe fn accumulate<L: Lanes, const M: usize, const V: usize>(
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
            // The shorter side waits in registers, the longer one comes by.
            if M < V {
                let mut x = [zero; M];
                for (r, x) in x.iter_mut().enumerate() {
                    *x = L::splat(*a.add(r * row));
                }
                for v in 0..V {
                    let w = L::load(b.add(v * L::N));
                    for (sum, &x) in sum.iter_mut().zip(&x) {
                        sum[v] = L::fma(x, w, sum[v]);
                    }
                }
            } else {
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
            }
            a = a.wrapping_add(step);
            b = b.wrapping_add(width);
        }
        *acc = sum;
    }
}

/// Work that runs on whatever vectors the machine has.
pub(crate) trait Kernel<E: Element> {
    type Output;
    /// Must be `#[inline(always)]`, so that the body is compiled for the instruction set of the
    /// function it lands in.
    fn run<L: Lanes<E = E>>(self) -> Self::Output;
}

/// Element type of tensors that the kernels accept: `f32`, and `f64` for gradient checks.
pub(crate) trait Element:
    Copy
    + Default
    + PartialOrd
    + Send
    + Sync
    + std::fmt::Debug
    + std::ops::Add<Output = Self>
    + std::ops::Sub<Output = Self>
    + std::ops::Mul<Output = Self>
    + std::ops::Div<Output = Self>
    + std::ops::AddAssign
    + 'static
{
    const ZERO: Self;
    const ONE: Self;
    const NEG_INFINITY: Self;
    fn from_f64(x: f64) -> Self;
    fn to_f64(self) -> f64;
    /// Scratch memory of this element type.
    fn pool() -> &'static Pool<Self>;
    /// Runs `kernel` compiled for the widest instruction set at hand.
    fn dispatch<K: Kernel<Self>>(kernel: K) -> K::Output;
}

impl Element for f32 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;
    const NEG_INFINITY: Self = Self::NEG_INFINITY;
    fn from_f64(x: f64) -> Self {
        x as Self
    }
    fn to_f64(self) -> f64 {
        f64::from(self)
    }
    fn pool() -> &'static Pool<Self> {
        static POOL: Pool<f32> = Mutex::new(Vec::new());
        &POOL
    }
    fn dispatch<K: Kernel<Self>>(kernel: K) -> K::Output {
        match isa() {
            // SAFETY: `isa` returns a set only where the CPU reports it.
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => unsafe { x86::run_avx512(kernel) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => unsafe { x86::run_avx2(kernel) },
            _ => kernel.run::<Portable<Self>>(),
        }
    }
}

impl Element for f64 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;
    const NEG_INFINITY: Self = Self::NEG_INFINITY;
    fn from_f64(x: f64) -> Self {
        x
    }
    fn to_f64(self) -> f64 {
        self
    }
    fn pool() -> &'static Pool<Self> {
        static POOL: Pool<f64> = Mutex::new(Vec::new());
        &POOL
    }
    fn dispatch<K: Kernel<Self>>(kernel: K) -> K::Output {
        kernel.run::<Portable<Self>>()
    }
}

/// Coefficients of 2^r on [-0.5, 0.5], highest power first: a minimax fit made exact at
/// 0, relative error below 2e-7.
const EXP2: [f32; 6] =
    [1.327_647_2e-3, 9.675_542e-3, 5.550_713_3e-2, 2.402_212e-1, 6.931_469_7e-1, 1.0];
/// 1.5 * 2^23: adding it rounds to an integer in the low bits.
const MAGIC: f32 = 12_582_912.0;
/// Beyond this e^x leaves the normal range.
const LIMIT: f32 = 87.0;
