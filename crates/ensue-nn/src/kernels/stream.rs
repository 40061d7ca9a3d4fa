//! How fast one thread reads memory: the yardstick of whatever reads a table once.

use super::lanes::{Element, Kernel, Lanes};

/// Places that are read at once: one thread gets a half more out of the memory so than from front to
/// back. The first cache has eight ways, which more places would fight for.
const PLACES: usize = 8;

/// Sum of all `values`, each read once, as fast as one thread can: the time of this call is the least
/// that anything can take which looks at every value.
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
        /// Elements of a cache line.
        const LINE: usize = 16;
        let apart = self.0.len() / PLACES / LINE * LINE;
        let (whole, rest) = self.0.split_at(apart * PLACES);
        // SAFETY: `dispatch` has chosen vectors that this machine has; `whole` has PLACES runs of
        // `apart` elements, which are whole lines and so whole vectors.
        unsafe {
            let mut sums = [L::splat(0.0); PLACES];
            for at in (0..apart).step_by(LINE) {
                for (place, sum) in sums.iter_mut().enumerate() {
                    let line = whole.as_ptr().add(place * apart + at);
                    for v in 0..LINE / L::N {
                        *sum = L::add(*sum, L::load(line.add(v * L::N)));
                    }
                }
            }
            let mut total: f32 = rest.iter().sum();
            for sum in sums {
                total += L::sum(sum);
            }
            total
        }
    }
}
