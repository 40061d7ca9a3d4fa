//! How fast one thread reads memory: the yardstick of whatever reads a table once.

use super::lanes::{Element, Kernel, Lanes};

/// Independent sums: enough to hide the latency of an addition.
const CHAINS: usize = 8;

/// Sum of all `values`, read once from front to back as fast as one thread can: the time of this
/// call is the least that anything can take which looks at every value.
///
/// The sum is taken in many partial sums, in an order that depends on the instruction set.
///
/// ```
/// assert_eq!(ensue_nn::kernels::stream(&[0.5; 1000]), 500.0);
/// ```
pub fn stream(values: &[f32]) -> f32 {
    f32::dispatch(Stream(values))
}

struct Stream<'a>(&'a [f32]);

impl Kernel<f32> for Stream<'_> {
    type Output = f32;

    #[inline(always)]
    fn run<L: Lanes<E = f32>>(self) -> f32 {
        let whole = self.0.chunks_exact(CHAINS * L::N);
        let rest: f32 = whole.remainder().iter().sum();
        // SAFETY: `dispatch` has chosen vectors that this machine has; a chunk has CHAINS of them.
        unsafe {
            let mut sums = [L::splat(0.0); CHAINS];
            for chunk in whole {
                for (i, sum) in sums.iter_mut().enumerate() {
                    *sum = L::add(*sum, L::load(chunk.as_ptr().add(i * L::N)));
                }
            }
            let mut total = rest;
            for sum in sums {
                total += L::sum(sum);
            }
            total
        }
    }
}
