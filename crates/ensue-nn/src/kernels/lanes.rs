//! One vocabulary for vectors of every width, and the run-time choice between them.

use std::sync::Mutex;

use super::buffer::Pool;
use super::isa::{Isa, isa};

/// A vector type with the handful of operations that the kernels need.
///
/// # Safety
/// Every method may only run where the instruction set behind it exists; [`Element::dispatch`]
/// guarantees that. Pointers passed to `load` and `store` must be valid for `N` elements (no
/// alignment is asked for).
pub(crate) unsafe trait Lanes: Copy {
    /// Scalar type.
    type E: Element;
    /// Vector register.
    type V: Copy;
    /// Elements in a vector.
    const N: usize;
    /// Rows of a matrix-product tile: `ROWS * 2 + 2` vectors fit the register file.
    const ROWS: usize;
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
    /// e^x for x clamped to [-87, 87]; a NaN stays a NaN.
    unsafe fn exp(x: Self::V) -> Self::V;
    /// Sum of all lanes, lowest first in pairs.
    unsafe fn sum(a: Self::V) -> Self::E;

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

/// Eight elements in an array; LLVM turns the loops into whatever vectors the target has.
#[derive(Clone, Copy)]
pub(super) struct Portable<E>(std::marker::PhantomData<E>);

macro_rules! portable {
    ($E:ty, $exp:expr) => {
        // SAFETY: plain Rust, needs no instruction set.
        unsafe impl Lanes for Portable<$E> {
            type E = $E;
            type V = [$E; 8];
            const N: usize = 8;
            const ROWS: usize = 4;
            #[inline(always)]
            unsafe fn load(p: *const $E) -> [$E; 8] {
                // SAFETY: the caller guarantees eight readable elements.
                unsafe { p.cast::<[$E; 8]>().read_unaligned() }
            }
            #[inline(always)]
            unsafe fn store(p: *mut $E, v: [$E; 8]) {
                // SAFETY: the caller guarantees eight writable elements.
                unsafe { p.cast::<[$E; 8]>().write_unaligned(v) }
            }
            #[inline(always)]
            unsafe fn splat(x: $E) -> [$E; 8] {
                [x; 8]
            }
            #[inline(always)]
            unsafe fn fma(a: [$E; 8], b: [$E; 8], c: [$E; 8]) -> [$E; 8] {
                // Where the target has no fused form, `mul_add` is a call into libm.
                if cfg!(any(target_feature = "fma", target_arch = "aarch64")) {
                    std::array::from_fn(|i| a[i].mul_add(b[i], c[i]))
                } else {
                    std::array::from_fn(|i| a[i] * b[i] + c[i])
                }
            }
            #[inline(always)]
            unsafe fn add(a: [$E; 8], b: [$E; 8]) -> [$E; 8] {
                std::array::from_fn(|i| a[i] + b[i])
            }
            #[inline(always)]
            unsafe fn sub(a: [$E; 8], b: [$E; 8]) -> [$E; 8] {
                std::array::from_fn(|i| a[i] - b[i])
            }
            #[inline(always)]
            unsafe fn mul(a: [$E; 8], b: [$E; 8]) -> [$E; 8] {
                std::array::from_fn(|i| a[i] * b[i])
            }
            #[inline(always)]
            unsafe fn div(a: [$E; 8], b: [$E; 8]) -> [$E; 8] {
                std::array::from_fn(|i| a[i] / b[i])
            }
            #[inline(always)]
            unsafe fn max(a: [$E; 8], b: [$E; 8]) -> [$E; 8] {
                std::array::from_fn(|i| if a[i] > b[i] { a[i] } else { b[i] })
            }
            #[inline(always)]
            unsafe fn exp(x: [$E; 8]) -> [$E; 8] {
                x.map($exp)
            }
            #[inline(always)]
            unsafe fn sum(a: [$E; 8]) -> $E {
                ((a[0] + a[4]) + (a[2] + a[6])) + ((a[1] + a[5]) + (a[3] + a[7]))
            }
        }
    };
}
portable!(f32, exp_f32);
portable!(f64, |x: f64| x.clamp(-700.0, 700.0).exp());

/// Coefficients of 2^r on [-0.5, 0.5], highest power first: a minimax fit, relative error below
/// 8e-8.
const EXP2: [f32; 6] =
    [1.327_647_2e-3, 9.675_542e-3, 5.550_713_3e-2, 2.402_212e-1, 6.931_469_7e-1, 1.000_000_1];
/// 1.5 * 2^23: adding it rounds to an integer in the low bits.
const MAGIC: f32 = 12_582_912.0;
/// Beyond this e^x leaves the normal range.
const LIMIT: f32 = 87.0;

#[inline(always)]
fn exp_f32(x: f32) -> f32 {
    let x = if x < -LIMIT { -LIMIT } else { x };
    let x = if x > LIMIT { LIMIT } else { x };
    let t = x * std::f32::consts::LOG2_E + MAGIC;
    let n = t - MAGIC;
    // ln 2 in two parts, the first short enough that its product with n is exact (Cody and Waite).
    let r = ((x - n * 0.693_359_4) + n * 2.121_944_4e-4) * std::f32::consts::LOG2_E;
    let p = EXP2.iter().skip(1).fold(EXP2[0], |p, &c| p * r + c);
    f32::from_bits(p.to_bits().wrapping_add(t.to_bits() << 23))
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    #[allow(clippy::wildcard_imports, reason = "forty intrinsics of one family")]
    use std::arch::x86_64::*;

    use super::{EXP2, Kernel, LIMIT, Lanes, MAGIC};

    /// # Safety
    /// The CPU must have AVX-512F and FMA.
    #[target_feature(enable = "avx512f,avx2,fma")]
    pub(super) unsafe fn run_avx512<K: Kernel<f32>>(kernel: K) -> K::Output {
        kernel.run::<Avx512>()
    }

    /// # Safety
    /// The CPU must have AVX2 and FMA.
    #[target_feature(enable = "avx2,fma")]
    pub(super) unsafe fn run_avx2<K: Kernel<f32>>(kernel: K) -> K::Output {
        kernel.run::<Avx2>()
    }

    #[derive(Clone, Copy)]
    pub(super) struct Avx512;
    #[derive(Clone, Copy)]
    pub(super) struct Avx2;

    macro_rules! x86_lanes {
        ($name:ident, $v:ty, $n:literal, $rows:literal, $load:ident, $store:ident, $splat:ident,
         $fma:ident, $fms:ident, $add:ident, $sub:ident, $mul:ident, $div:ident, $max:ident, $min:ident, $castsi:ident, $castps:ident, $addi:ident, $slli:ident, $sum:item) => {
            // SAFETY: the intrinsics need what `run_avx512` / `run_avx2` have enabled, the only
            // places that name this type.
            unsafe impl Lanes for $name {
                type E = f32;
                type V = $v;
                const N: usize = $n;
                const ROWS: usize = $rows;
                #[inline(always)]
                unsafe fn load(p: *const f32) -> $v {
                    unsafe { $load(p) }
                }
                #[inline(always)]
                unsafe fn store(p: *mut f32, v: $v) {
                    unsafe { $store(p, v) }
                }
                #[inline(always)]
                unsafe fn splat(x: f32) -> $v {
                    unsafe { $splat(x) }
                }
                #[inline(always)]
                unsafe fn fma(a: $v, b: $v, c: $v) -> $v {
                    unsafe { $fma(a, b, c) }
                }
                #[inline(always)]
                unsafe fn add(a: $v, b: $v) -> $v {
                    unsafe { $add(a, b) }
                }
                #[inline(always)]
                unsafe fn sub(a: $v, b: $v) -> $v {
                    unsafe { $sub(a, b) }
                }
                #[inline(always)]
                unsafe fn mul(a: $v, b: $v) -> $v {
                    unsafe { $mul(a, b) }
                }
                #[inline(always)]
                unsafe fn div(a: $v, b: $v) -> $v {
                    unsafe { $div(a, b) }
                }
                #[inline(always)]
                unsafe fn max(a: $v, b: $v) -> $v {
                    unsafe { $max(a, b) }
                }
                #[inline(always)]
                unsafe fn exp(x: $v) -> $v {
                    unsafe {
                        // `min`/`max` return their second operand when either is NaN: the
                        // constant stands first so that a NaN in `x` survives.
                        let x = $min($splat(LIMIT), $max($splat(-LIMIT), x));
                        let log2e = $splat(std::f32::consts::LOG2_E);
                        let magic = $splat(MAGIC);
                        let t = $fma(x, log2e, magic);
                        let n = $sub(t, magic);
                        // Exact product minus n, then the part of log2(e) that f32 cuts off.
                        let r = $fma(x, $splat(1.925_963e-8), $fms(x, log2e, n));
                        let p = $fma($splat(EXP2[0]), r, $splat(EXP2[1]));
                        let p = $fma(p, r, $splat(EXP2[2]));
                        let p = $fma(p, r, $splat(EXP2[3]));
                        let p = $fma(p, r, $splat(EXP2[4]));
                        let p = $fma(p, r, $splat(EXP2[5]));
                        $castsi($addi($castps(p), $slli::<23>($castps(t))))
                    }
                }
                #[inline(always)]
                $sum
            }
        };
    }
    x86_lanes!(
        Avx512,
        __m512,
        16,
        12,
        _mm512_loadu_ps,
        _mm512_storeu_ps,
        _mm512_set1_ps,
        _mm512_fmadd_ps,
        _mm512_fmsub_ps,
        _mm512_add_ps,
        _mm512_sub_ps,
        _mm512_mul_ps,
        _mm512_div_ps,
        _mm512_max_ps,
        _mm512_min_ps,
        _mm512_castsi512_ps,
        _mm512_castps_si512,
        _mm512_add_epi32,
        _mm512_slli_epi32,
        unsafe fn sum(a: __m512) -> f32 {
            unsafe { _mm512_reduce_add_ps(a) }
        }
    );
    x86_lanes!(
        Avx2,
        __m256,
        8,
        6,
        _mm256_loadu_ps,
        _mm256_storeu_ps,
        _mm256_set1_ps,
        _mm256_fmadd_ps,
        _mm256_fmsub_ps,
        _mm256_add_ps,
        _mm256_sub_ps,
        _mm256_mul_ps,
        _mm256_div_ps,
        _mm256_max_ps,
        _mm256_min_ps,
        _mm256_castsi256_ps,
        _mm256_castps_si256,
        _mm256_add_epi32,
        _mm256_slli_epi32,
        unsafe fn sum(a: __m256) -> f32 {
            unsafe {
                let q = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps::<1>(a));
                let d = _mm_add_ps(q, _mm_movehl_ps(q, q));
                _mm_cvtss_f32(_mm_add_ss(d, _mm_shuffle_ps::<1>(d, d)))
            }
        }
    );
}
