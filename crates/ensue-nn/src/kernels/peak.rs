//! How fast one thread multiplies and adds: the yardstick of the sweeps.

use std::time::Instant;

use super::isa::{Isa, with_isa};
use super::lanes::{Element, Kernel, Lanes};

/// Accumulators: more than any machine needs to hide the latency of its multiply-add units, and
/// few enough to stay in registers.
const CHAINS: usize = 12;

/// Multiply-adds per accumulator and measurement: a few milliseconds.
const ROUNDS: usize = 1 << 20;

/// Measured rate of `f32` multiply-adds in registers on one thread, in floating-point operations per
/// second (two for each multiply-add): the most any product can reach with these instructions. The
/// best of several runs of a few milliseconds.
pub fn peak_flops(isa: Isa) -> f64 {
    with_isa(isa, || (0..8).map(|_| f32::dispatch(Peak)).fold(0.0, f64::max))
}

struct Peak;

impl Kernel<f32> for Peak {
    type Output = f64;

    #[inline(always)]
    fn run<L: Lanes<E = f32>>(self) -> f64 {
        let start = Instant::now();
        // SAFETY: `dispatch` has chosen vectors that this machine has; nothing is loaded.
        let sum = unsafe {
            // Opaque, so that the loop cannot be computed in advance.
            let a = L::splat(std::hint::black_box(0.999));
            let b = L::splat(std::hint::black_box(1e-3));
            let mut acc = [b; CHAINS];
            for _ in 0..ROUNDS {
                for acc in &mut acc {
                    *acc = L::fma(a, *acc, b);
                }
            }
            acc.iter().map(|&acc| L::sum(acc)).sum::<f32>()
        };
        std::hint::black_box(sum);
        2.0 * (ROUNDS * CHAINS * L::N) as f64 / start.elapsed().as_secs_f64()
    }
}
