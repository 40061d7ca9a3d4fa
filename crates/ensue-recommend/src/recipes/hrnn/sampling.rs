//! Candidates of the sampled soft-max: items drawn by popularity, with the correction that makes it stand for the whole.

use rand::{Rng, RngExt};

/// Draws items with probability proportional to `count^exponent`.
#[derive(Debug)]
pub(super) struct Sampler {
    /// Cumulative weights.
    cumulative: Vec<f64>,
    negatives: usize,
}

impl Sampler {
    /// A sampler over a catalogue with these counts; items without events are drawn as if they had one.
    pub(super) fn new(counts: &[u32], negatives: usize, exponent: f64) -> Self {
        let mut sum = 0.0;
        let weight = |&n: &u32| f64::from(n.max(1)).powf(exponent);
        let cumulative = counts.iter().map(|n| {
            sum += weight(n);
            sum
        });
        Self { cumulative: cumulative.collect(), negatives }
    }

    /// Natural logarithm of how often `item` is expected among the drawn.
    fn log_expected(&self, item: usize) -> f64 {
        let before = item.checked_sub(1).map_or(0.0, |i| self.cumulative[i]);
        let total = self.cumulative.last().copied().unwrap_or(1.0);
        let p = (self.cumulative[item] - before) / total;
        // Probability to be drawn at least once.
        (-(self.negatives as f64 * (-p).ln_1p()).exp_m1()).max(1e-12).ln()
    }

    /// The candidates of one step, ascending: drawn items and all answers of weight above 0. `targets` (item ids) become
    /// places among them. Drawn candidates get `-ln(expected count)` added to their scores (logQ, Bengio & Senecal 2008);
    /// answers, which are always there, are treated as drawn too.
    pub(super) fn candidates(
        &self,
        targets: &mut [i32],
        weights: &[f32],
        rng: &mut impl Rng,
    ) -> (Vec<i32>, Vec<f32>) {
        let total = self.cumulative.last().copied().unwrap_or(0.0);
        let draw = |_| {
            let at = rng.random::<f64>() * total;
            self.cumulative.partition_point(|&c| c <= at).min(self.cumulative.len() - 1) as i32
        };
        let mut items: Vec<i32> = (0..self.negatives).map(draw).collect();
        let answers = targets.iter().zip(weights).filter(|(_, w)| **w > 0.0);
        items.extend(answers.map(|(&t, _)| t));
        items.sort_unstable();
        items.dedup();
        for target in targets {
            *target = items.binary_search(target).unwrap_or(0) as i32;
        }
        let corrections = items.iter().map(|&i| -self.log_expected(i as usize) as f32).collect();
        (items, corrections)
    }
}

#[cfg(test)]
mod tests {
    use ensue_core::Seed;

    use super::*;

    // Oracle: the soft-max gradient is p - onehot; averaged over many draws the sampled sum of exponentials must
    // come out as the full one.
    #[test]
    fn the_corrected_sum_is_unbiased() {
        let counts: Vec<u32> = (0..500).map(|i| 1 + i * i / 50).collect();
        let scores: Vec<f64> = (0..500).map(|i| f64::from(i % 17) * 0.1).collect();
        let full: f64 = scores.iter().map(|s| s.exp()).sum();
        let sampler = Sampler::new(&counts, 100, 0.5);
        let mut rng = Seed(1).stream("draws");
        let mut total = 0.0;
        for _ in 0..2000 {
            let (items, corrections) = sampler.candidates(&mut [], &[], &mut rng);
            total += items
                .iter()
                .zip(corrections)
                .map(|(&i, c)| (scores[i as usize] + f64::from(c)).exp())
                .sum::<f64>();
        }
        let mean = total / 2000.0;
        assert!((mean / full - 1.0).abs() < 0.01, "{mean} against {full}");
    }

    #[test]
    fn answers_are_always_candidates_and_targets_point_at_them() {
        let sampler = Sampler::new(&[1; 1000], 10, 0.5);
        let mut targets = [999, 0, 5, 700];
        let before = targets;
        let weights = [0.5, 0.2, 0.0, 0.3];
        let (items, _) = sampler.candidates(&mut targets, &weights, &mut Seed(2).stream("draws"));
        for i in [0, 1, 3] {
            assert_eq!(items[targets[i] as usize], before[i]);
        }
    }
}
