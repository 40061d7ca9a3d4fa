//! AVX2 and AVX-512.

#[allow(clippy::wildcard_imports, reason = "forty intrinsics of one family")]
use std::arch::x86_64::*;
use std::f32::consts::LOG2_E;

use super::{EXP2, Kernel, LIMIT, Lanes, MAGIC, accumulate, fma512};

/// Coefficients of 2^r on [0, 1], highest power first: a minimax fit that is exact at both ends,
/// relative error below 1e-7.
const EXP2_UP: [f32; 6] =
    [1.879_318_7e-3, 8.990_995e-3, 5.581_867_6e-2, 2.401_592_7e-1, 6.931_517e-1, 1.0];

/// # Safety
/// The CPU must have AVX-512 F, DQ and VL, and FMA.
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx2,fma")]
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
    ($name:ident, $v:ty, $n:literal, $tile:literal, $load:ident, $store:ident, $splat:ident,
     $fma:ident, $fms:ident, $add:ident, $sub:ident, $mul:ident, $div:ident, $max:ident, $min:ident, $castsi:ident, $castps:ident, $addi:ident, $slli:ident, { $($extra:item)* }) => {
        // SAFETY: the intrinsics need what `run_avx512` / `run_avx2` have enabled, the only
        // places that name this type.
        unsafe impl Lanes for $name {
            type E = f32;
            type V = $v;
            const N: usize = $n;
            const TILE: usize = $tile;
            type Half = Avx2;
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
                    let log2e = $splat(LOG2_E);
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
            unsafe fn prefetch(p: *const f32) {
                unsafe { _mm_prefetch::<_MM_HINT_T1>(p.cast()) }
            }
            $($extra)*
        }
    };
}
/// 1 / (1 + 2^t); a NaN stays a NaN.
///
/// The error of 2^t grows with |t|, but the logistic function then hardly depends on it: the result
/// is good to 2e-7 everywhere.
///
/// # Safety
/// Needs AVX-512 F and DQ.
#[inline(always)]
unsafe fn logistic2(t: __m512) -> __m512 {
    // SAFETY: the caller's promise.
    unsafe {
        let one = _mm512_set1_ps(1.0);
        // Above, the reciprocal would leave the normal range. `min` returns its second operand when
        // either is NaN.
        let t = _mm512_min_ps(_mm512_set1_ps(126.0), t);
        // t - floor(t), in [0, 1)
        let r = _mm512_reduce_ps::<0x09>(t);
        let p = _mm512_fmadd_ps(_mm512_set1_ps(EXP2_UP[0]), r, _mm512_set1_ps(EXP2_UP[1]));
        let p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(EXP2_UP[2]));
        let p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(EXP2_UP[3]));
        let p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(EXP2_UP[4]));
        let p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(EXP2_UP[5]));
        // p * 2^floor(t)
        let d = _mm512_add_ps(one, _mm512_scalef_ps(p, t));
        // A division would take 16 cycles: 14 bits from the table and one Newton step.
        let y = _mm512_rcp14_ps(d);
        _mm512_fmadd_ps(y, _mm512_fnmadd_ps(d, y, one), y)
    }
}

/// Eight times `low`, eight times `high`.
///
/// # Safety
/// Needs AVX-512 F.
#[inline(always)]
unsafe fn halves(low: f32, high: f32) -> __m512 {
    // SAFETY: the caller's promise.
    unsafe { _mm512_mask_blend_ps(0xff00, _mm512_set1_ps(low), _mm512_set1_ps(high)) }
}

/// 2^t for t clamped to [-126, 126]; a NaN stays a NaN.
///
/// # Safety
/// Needs AVX2 and FMA.
#[inline(always)]
unsafe fn exp2(t: __m256) -> __m256 {
    // SAFETY: the caller's promise.
    unsafe {
        // `min` and `max` return their second operand when either is NaN.
        let t = _mm256_max_ps(_mm256_set1_ps(-126.0), t);
        let t = _mm256_min_ps(_mm256_set1_ps(126.0), t);
        let n = _mm256_add_ps(t, _mm256_set1_ps(MAGIC));
        let r = _mm256_sub_ps(t, _mm256_sub_ps(n, _mm256_set1_ps(MAGIC)));
        let p = _mm256_fmadd_ps(_mm256_set1_ps(EXP2[0]), r, _mm256_set1_ps(EXP2[1]));
        let p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(EXP2[2]));
        let p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(EXP2[3]));
        let p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(EXP2[4]));
        let p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(EXP2[5]));
        let n = _mm256_slli_epi32::<23>(_mm256_castps_si256(n));
        _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(p), n))
    }
}

x86_lanes!(
    Avx512,
    __m512,
    16,
    24,
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
    {
        #[inline(always)]
        unsafe fn at_least(a: __m512, b: __m512) -> u64 {
            u64::from(unsafe { _mm512_cmp_ps_mask::<_CMP_GE_OQ>(a, b) })
        }
        #[inline(always)]
        unsafe fn sum(a: __m512) -> f32 {
            unsafe { _mm512_reduce_add_ps(a) }
        }
        #[inline(always)]
        unsafe fn rows<const M: usize, const V: usize>(
            acc: &mut [[__m512; V]; M],
            k: usize,
            a: *const f32,
            row: usize,
            b: *const f32,
            width: usize,
        ) {
            unsafe {
                if V == 2 || V == 3 && M <= 8 {
                    fma512::rows::<M, V>(acc, k, a, row, b, width);
                } else {
                    accumulate::<Self, M, V>(acc, k, a, row, 1, b, width);
                }
            }
        }
        #[inline(always)]
        unsafe fn permute<const W: usize>(from: *const f32, to: *mut f32, order: &[i32; 48]) {
            unsafe {
                let (low, high) = (_mm512_loadu_ps(from), _mm512_loadu_ps(from.add(16)));
                for i in (0..W).step_by(16) {
                    let order = _mm512_loadu_si512(order.as_ptr().add(i).cast());
                    let mut v = _mm512_permutex2var_ps(low, order, high);
                    if W == 48 {
                        let third = _mm512_cmpge_epi32_mask(order, _mm512_set1_epi32(32));
                        let last = _mm512_loadu_ps(from.add(32));
                        v = _mm512_mask_permutexvar_ps(v, third, order, last);
                    }
                    _mm512_storeu_ps(to.add(i), v);
                }
            }
        }
        #[inline(always)]
        unsafe fn outer<const M: usize, const V: usize>(
            acc: &mut [[__m512; V]; M],
            k: usize,
            a: *const f32,
            step: usize,
            b: *const f32,
            width: usize,
        ) {
            unsafe {
                if V == 2 || V == 3 && M <= 8 {
                    fma512::outer::<M, V>(acc, k, a, step, b, width);
                } else {
                    accumulate::<Self, M, V>(acc, k, a, 1, step, b, width);
                }
            }
        }
        #[inline(always)]
        unsafe fn sigmoid(x: __m512) -> __m512 {
            unsafe { logistic2(_mm512_mul_ps(x, _mm512_set1_ps(-LOG2_E))) }
        }
        #[inline(always)]
        unsafe fn tanh(x: __m512) -> __m512 {
            unsafe {
                let y = logistic2(_mm512_mul_ps(x, _mm512_set1_ps(-2.0 * LOG2_E)));
                _mm512_fmadd_ps(y, _mm512_set1_ps(2.0), _mm512_set1_ps(-1.0))
            }
        }
        #[inline(always)]
        unsafe fn lstm_gates<const V: usize>(gates: &mut [__m512; V]) {
            unsafe {
                gates[0] = Self::sigmoid(gates[0]);
                // g | o: tanh(x) is 2 sigmoid(2x) - 1
                let y = logistic2(_mm512_mul_ps(gates[1], halves(-2.0 * LOG2_E, -LOG2_E)));
                gates[1] = _mm512_fmadd_ps(y, halves(2.0, 1.0), halves(-1.0, 0.0));
            }
        }
        #[inline(always)]
        unsafe fn blocks<const V: usize>(gates: &[__m512; V]) -> [__m256; 4] {
            unsafe {
                [
                    _mm512_castps512_ps256(gates[0]),
                    _mm512_extractf32x8_ps::<1>(gates[0]),
                    _mm512_castps512_ps256(gates[1]),
                    _mm512_extractf32x8_ps::<1>(gates[1]),
                ]
            }
        }
        #[inline(always)]
        unsafe fn tanh_pair(a: __m256, b: __m256) -> [__m256; 2] {
            unsafe {
                let both = _mm512_insertf32x8::<1>(_mm512_castps256_ps512(a), b);
                let both = Self::tanh(both);
                [_mm512_castps512_ps256(both), _mm512_extractf32x8_ps::<1>(both)]
            }
        }
    }
);
x86_lanes!(
    Avx2,
    __m256,
    8,
    12,
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
    {
        #[inline(always)]
        unsafe fn at_least(a: __m256, b: __m256) -> u64 {
            unsafe { _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_GE_OQ>(a, b)) as u64 }
        }
        #[inline(always)]
        unsafe fn sum(a: __m256) -> f32 {
            unsafe {
                let q = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps::<1>(a));
                let d = _mm_add_ps(q, _mm_movehl_ps(q, q));
                _mm_cvtss_f32(_mm_add_ss(d, _mm_shuffle_ps::<1>(d, d)))
            }
        }
        #[inline(always)]
        unsafe fn sigmoid(x: __m256) -> __m256 {
            unsafe {
                let one = _mm256_set1_ps(1.0);
                let e = exp2(_mm256_mul_ps(x, _mm256_set1_ps(-LOG2_E)));
                _mm256_div_ps(one, _mm256_add_ps(one, e))
            }
        }
        #[inline(always)]
        unsafe fn tanh(x: __m256) -> __m256 {
            unsafe {
                let one = _mm256_set1_ps(1.0);
                let e = exp2(_mm256_mul_ps(x, _mm256_set1_ps(-2.0 * LOG2_E)));
                _mm256_div_ps(_mm256_sub_ps(one, e), _mm256_add_ps(one, e))
            }
        }
        #[inline(always)]
        unsafe fn lstm_gates<const V: usize>(gates: &mut [__m256; V]) {
            unsafe {
                gates[0] = Self::sigmoid(gates[0]);
                gates[1] = Self::sigmoid(gates[1]);
                gates[2] = Self::tanh(gates[2]);
                gates[3] = Self::sigmoid(gates[3]);
            }
        }
        #[inline(always)]
        unsafe fn blocks<const V: usize>(gates: &[__m256; V]) -> [__m256; 4] {
            [gates[0], gates[1], gates[2], gates[3]]
        }
        #[inline(always)]
        unsafe fn tanh_pair(a: __m256, b: __m256) -> [__m256; 2] {
            unsafe { [Self::tanh(a), Self::tanh(b)] }
        }
    }
);
