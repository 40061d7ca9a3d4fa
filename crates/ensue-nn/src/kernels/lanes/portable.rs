//! Vectors as arrays, for machines without an implementation of their own.

use super::{EXP2, LIMIT, Lanes, MAGIC};

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
            // Eight elements are two registers of f32 and four of f64 with SSE2 or NEON.
            const TILE: usize = if cfg!(target_arch = "aarch64") { 12 } else { 6 };
            type Half = Self;
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
            unsafe fn at_least(a: [$E; 8], b: [$E; 8]) -> u64 {
                (0..8).fold(0, |bits, i| bits | (u64::from(a[i] >= b[i]) << i))
            }
            #[inline(always)]
            unsafe fn exp(x: [$E; 8]) -> [$E; 8] {
                x.map($exp)
            }
            #[inline(always)]
            unsafe fn lstm_gates<const V: usize>(gates: &mut [[$E; 8]; V]) {
                // SAFETY: needs no instruction set.
                unsafe {
                    for gate in [0, 1, 3] {
                        gates[gate] = Self::sigmoid(gates[gate]);
                    }
                    gates[2] = Self::tanh(gates[2]);
                }
            }
            #[inline(always)]
            unsafe fn blocks<const V: usize>(gates: &[[$E; 8]; V]) -> [[$E; 8]; 4] {
                [gates[0], gates[1], gates[2], gates[3]]
            }
            #[inline(always)]
            unsafe fn tanh_pair(a: [$E; 8], b: [$E; 8]) -> [[$E; 8]; 2] {
                // SAFETY: needs no instruction set.
                unsafe { [Self::tanh(a), Self::tanh(b)] }
            }
            #[inline(always)]
            unsafe fn prefetch(_: *const $E) {}
            #[inline(always)]
            unsafe fn sum(a: [$E; 8]) -> $E {
                ((a[0] + a[4]) + (a[2] + a[6])) + ((a[1] + a[5]) + (a[3] + a[7]))
            }
        }
    };
}
portable!(f32, exp_f32);
portable!(f64, |x: f64| x.clamp(-700.0, 700.0).exp());

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
