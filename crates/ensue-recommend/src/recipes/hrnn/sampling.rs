//! Negatives of the sampled soft-max: items drawn by popularity, with the correction that makes them stand for the whole.

use rand::{Rng, RngExt};

/// Draws about `negatives` distinct items a step, popular ones more often.
///
/// Stratified sampling with probability proportional to size (Cochran, *Sampling Techniques*, ch. 9A): an item of weight
/// `w = count^exponent` gets a piece of length `negatives w / sum w` of a line, and one point is drawn in every unit of
/// that line. Items whose piece would be longer than a unit are always in; the others share the rest.
#[derive(Debug)]
pub(super) struct Sampler {
    /// Items that are always in, ascending.
    certain: Vec<u32>,
    /// The other items, ascending, and the end of each one's piece.
    others: Vec<u32>,
    ends: Vec<f64>,
    /// Place in `others` of the piece that each unit of the line begins in, and that the last one ends in.
    starts: Vec<usize>,
}

/// What one step draws.
#[derive(Debug, PartialEq)]
pub(super) struct Drawn {
    /// Distinct items, ascending.
    pub(super) items: Vec<u32>,
    /// `-ln` of the probability that the item is drawn at least once, to be added to its score.
    pub(super) corrections: Vec<f32>,
}

impl Sampler {
    /// A sampler over a catalogue with these counts; items without events are drawn as if they had one.
    pub(super) fn new(counts: &[u32], negatives: usize, exponent: f64) -> Self {
        let weight = |item: u32| f64::from(counts[item as usize].max(1)).powf(exponent);
        let mut order: Vec<u32> = (0..counts.len() as u32).collect();
        order.sort_by(|&a, &b| weight(b).total_cmp(&weight(a)).then(a.cmp(&b)));
        let mut left: f64 = order.iter().map(|&item| weight(item)).sum();
        let mut certain = 0;
        while certain < order.len().min(negatives) {
            let heaviest = weight(order[certain]);
            let share = heaviest * (negatives - certain) as f64 / left;
            if share < 1.0 && negatives < order.len() {
                break;
            }
            left -= heaviest;
            certain += 1;
        }
        let (mut certain, mut others) = (order[..certain].to_vec(), order[certain..].to_vec());
        certain.sort_unstable();
        others.sort_unstable();
        let units = negatives.saturating_sub(certain.len()).min(others.len());
        let total: f64 = others.iter().map(|&item| weight(item)).sum();
        let mut end = 0.0;
        let ends: Vec<f64> = (others.iter())
            .map(|&item| {
                end += weight(item) / total * units as f64;
                end
            })
            .collect();
        let starts = (0..=units).map(|unit| Self::piece(&ends, unit as f64)).collect();
        Self { certain, others, ends, starts }
    }

    /// The piece that a point lies in.
    fn piece(ends: &[f64], point: f64) -> usize {
        ends.partition_point(|&end| end <= point).min(ends.len().saturating_sub(1))
    }

    /// Probability that an item of `others` is drawn at least once.
    fn probability(&self, place: usize) -> f64 {
        let from = place.checked_sub(1).map_or(0.0, |before| self.ends[before]);
        let to = self.ends[place];
        // A piece is shorter than a unit, so it lies in one unit or across one border.
        let border = from.floor() + 1.0;
        if to <= border { to - from } else { 1.0 - (1.0 - (border - from)) * (1.0 - (to - border)) }
    }

    /// The negatives of one step (logQ correction: Bengio & Senecal 2008).
    pub(super) fn draw(&self, rng: &mut impl Rng) -> Drawn {
        let units = self.starts.len() - 1;
        let mut places: Vec<usize> = (0..units)
            .map(|unit| {
                let point = unit as f64 + rng.random::<f64>();
                let (first, last) = (self.starts[unit], self.starts[unit + 1]);
                first + Self::piece(&self.ends[first..=last], point)
            })
            .collect();
        places.dedup();
        let mut drawn: Vec<(u32, f32)> = places
            .into_iter()
            .map(|p| (self.others[p], -self.probability(p).max(1e-12).ln() as f32))
            .chain(self.certain.iter().map(|&item| (item, 0.0)))
            .collect();
        drawn.sort_unstable_by_key(|&(item, _)| item);
        let (items, corrections) = drawn.into_iter().unzip();
        Drawn { items, corrections }
    }
}

#[cfg(test)]
mod tests {
    use ensue_core::Seed;

    use super::*;

    // Oracle: the full sum; averaged over many draws the corrected sum of exponentials must come out as that.
    #[test]
    fn the_corrected_sum_is_unbiased() {
        let counts: Vec<u32> = (0..500).map(|i| 1 + i * i / 50).collect();
        let scores: Vec<f64> = (0..500).map(|i| f64::from(i % 17) * 0.1).collect();
        let full: f64 = scores.iter().map(|s| s.exp()).sum();
        for (negatives, exponent) in [(100, 0.5), (300, 1.0), (1, 0.0)] {
            let sampler = Sampler::new(&counts, negatives, exponent);
            let mut rng = Seed(1).stream("draws");
            let draws = if negatives == 1 { 100_000 } else { 2000 };
            let mut total = 0.0;
            for _ in 0..draws {
                let Drawn { items, corrections } = sampler.draw(&mut rng);
                assert!(items.is_sorted_by(|a, b| a < b) && items.len() <= negatives);
                total += items
                    .iter()
                    .zip(corrections)
                    .map(|(&i, c)| (scores[i as usize] + f64::from(c)).exp())
                    .sum::<f64>();
            }
            let mean = total / f64::from(draws);
            assert!((mean / full - 1.0).abs() < 0.01, "{negatives}: {mean} against {full}");
        }
    }

    // Oracle: by hand; a draw that asks for the whole catalogue gets it, uncorrected.
    #[test]
    fn asking_for_everything_gives_everything() {
        for negatives in [4, 9] {
            let Drawn { items, corrections } =
                Sampler::new(&[5, 0, 7, 1], negatives, 0.5).draw(&mut Seed(2).stream("draws"));
            assert_eq!((items, corrections), (vec![0, 1, 2, 3], vec![0.0; 4]));
        }
    }

    // Oracle: the weights; three items carry nearly everything, so they are in every draw, and almost all draws differ.
    #[test]
    fn heavy_items_are_always_in_and_few_places_are_lost() {
        let mut counts = vec![1; 1000];
        counts[..3].fill(1_000_000);
        let sampler = Sampler::new(&counts, 100, 1.0);
        let mut rng = Seed(3).stream("draws");
        for _ in 0..100 {
            let drawn = sampler.draw(&mut rng);
            assert_eq!(drawn.items[..3], [0, 1, 2]);
            assert_eq!(drawn.corrections[..3], [0.0; 3]);
            assert!(drawn.items.len() >= 90, "{}", drawn.items.len());
        }
    }
}
