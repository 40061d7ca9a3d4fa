//! Points that keep away from each other.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::Sampler;
use crate::{Assignment, History};

/// Spreads the trials evenly over the space: trial `i` is point `i` of a scrambled Halton sequence, whatever came of
/// the others.
///
/// Each hyperparameter has a prime base b, in order; among the first b^k trials every one of the b^k equal parts of its
/// range has exactly one. Each digit of each base is permuted at random, which keeps this and undoes the stripes that
/// the plain sequence has in large bases.
///
/// Source: Halton, "On the efficiency of certain quasi-random sequences of points", Numerische Mathematik 2, 1960; the
/// permutations: Owen, "A randomized Halton algorithm in R", arXiv:1706.02808.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct QuasiRandom {
    /// Where the permutations come from, one for all trials of a search. Default 0.
    pub seed: u64,
}

impl Sampler for QuasiRandom {
    fn sample(&self, history: &History<'_>, _: &mut ChaCha8Rng) -> Assignment {
        let axes = history.space.parameters().len();
        history.space.from_unit(&self.point(history.trials.len() as u64, axes))
    }
}

impl QuasiRandom {
    /// Point `index` of the sequence in the unit cube of so many axes.
    pub(crate) fn point(self, index: u64, axes: usize) -> Vec<f64> {
        let bases = primes().take(axes).enumerate();
        bases.map(|(axis, base)| self.coordinate(index, axis as u64, base)).collect()
    }

    /// The digits of `index` in `base`, permuted, mirrored at the point.
    fn coordinate(self, mut index: u64, axis: u64, base: u64) -> f64 {
        let mut random = ChaCha8Rng::seed_from_u64(self.seed);
        random.set_stream(axis);
        let mut permutation: Vec<u64> = (0..base).collect();
        let (mut sum, mut digit) = (0.0, 1.0);
        // Beyond the digits of the index there are zeros, which are permuted, too, as far as a real number tells.
        while digit > f64::EPSILON {
            for i in (1..permutation.len()).rev() {
                permutation.swap(i, random.random_range(0..=i));
            }
            digit /= base as f64;
            sum += digit * permutation[(index % base) as usize] as f64;
            index /= base;
        }
        sum.min(1.0 - f64::EPSILON / 2.0)
    }
}

/// 2, 3, 5 and so on.
fn primes() -> impl Iterator<Item = u64> {
    (2..).filter(|n: &u64| (2..=n.isqrt()).all(|d| !n.is_multiple_of(d)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bases_are_primes() {
        // Oracle: the first primes, and the 54th (OEIS A000040).
        assert_eq!(primes().take(6).collect::<Vec<_>>(), [2, 3, 5, 7, 11, 13]);
        assert_eq!(primes().nth(53), Some(251));
    }

    #[test]
    fn each_part_of_an_axis_has_one_point() {
        // Oracle: the definition of the sequence, which permutations keep.
        for (axis, base) in
            primes().take(54).enumerate().filter(|(axis, _)| *axis < 8 || axis % 9 == 0)
        {
            for seed in 0..2 {
                let cells = if base < 16 { base.pow(2) } else { base };
                let mut seen = vec![0; cells as usize];
                for index in 0..cells {
                    let place = QuasiRandom { seed }.coordinate(index, axis as u64, base);
                    seen[(place * cells as f64) as usize] += 1;
                }
                assert!(seen.iter().all(|&n| n == 1), "base {base}");
            }
        }
    }

    #[test]
    fn pairs_of_axes_are_spread_better_than_at_random() {
        // Oracle: the centred L2 discrepancy (Hickernell, "A generalized discrepancy and quadrature error bound",
        // Mathematics of Computation 67, 1998) against that of independent points, averaged over neighbouring
        // pairs among 54 axes, where the plain sequence fails.
        let n = 128;
        let scrambled: Vec<Vec<f64>> =
            (0..n).map(|i| QuasiRandom { seed: 1 }.point(i, 54)).collect();
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let drawn: Vec<Vec<f64>> =
            (0..n).map(|_| (0..54).map(|_| random.random()).collect()).collect();
        let mean = |points: &[Vec<f64>], axes: std::ops::Range<usize>| {
            let n = axes.len() as f64;
            axes.map(|axis| discrepancy(points, axis)).sum::<f64>() / n
        };
        assert!(mean(&scrambled, 0..8) < 0.5 * mean(&drawn, 0..8));
        assert!(mean(&scrambled, 40..53) < 0.8 * mean(&drawn, 40..53));
    }

    /// Of axes `first` and the next one.
    fn discrepancy(points: &[Vec<f64>], first: usize) -> f64 {
        let n = points.len() as f64;
        let axes = [first, first + 1];
        let single: f64 = points
            .iter()
            .map(|x| axes.map(|j| 1.0 + 0.5 * (x[j] - 0.5).abs() - 0.5 * (x[j] - 0.5).powi(2)))
            .map(|[a, b]| a * b)
            .sum();
        let pair = |x: &[f64], y: &[f64]| {
            let term = |j: usize| {
                1.0 + 0.5 * (x[j] - 0.5).abs() + 0.5 * (y[j] - 0.5).abs()
                    - 0.5 * (x[j] - y[j]).abs()
            };
            term(axes[0]) * term(axes[1])
        };
        let double: f64 = points.iter().flat_map(|x| points.iter().map(|y| pair(x, y))).sum();
        (13.0f64 / 12.0).powi(2) - 2.0 / n * single + double / (n * n)
    }
}
