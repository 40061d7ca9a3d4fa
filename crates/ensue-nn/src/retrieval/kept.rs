//! The best so far.

use std::cmp::Reverse;

/// The `k` best of the scores seen so far, with some more: a buffer that is cut to the best `k`
/// whenever it is full. Cutting costs time linear in `k`, and happens once for `k` entries at most.
#[derive(Debug)]
pub(crate) struct Kept {
    k: usize,
    /// Score and item as one number that is the greater the better; see [`key`].
    keys: Vec<u64>,
    /// Key that an entry must exceed: 0, which all do, before `k` are known.
    threshold: u64,
}

/// Fewest entries of a buffer: a tiny one would be cut all the time.
const LEAST: usize = 64;

impl Kept {
    /// For the best `k` of `items`.
    pub(crate) fn new(k: usize, items: usize) -> Self {
        let k = k.min(items);
        let keys = if k == 0 { Vec::new() } else { Vec::with_capacity((2 * k).max(LEAST)) };
        Self { k, keys, threshold: 0 }
    }

    /// A score below which no item can enter. `None` as long as any item may.
    pub(crate) fn threshold(&self) -> Option<f32> {
        let (_, worst) = entry(self.threshold);
        (self.threshold > 0 && worst > f32::NEG_INFINITY).then_some(worst)
    }

    /// Whether nothing can enter.
    pub(crate) fn is_shut(&self) -> bool {
        self.k == 0
    }

    /// Takes an item in if it is good enough; items may come in any order.
    #[inline]
    pub(crate) fn push(&mut self, item: u32, score: f32) {
        let key = key(comparable(score), item);
        if key > self.threshold && self.k > 0 {
            self.keys.push(key);
            if self.keys.len() == (2 * self.k).max(LEAST) {
                self.cut();
            }
        }
    }

    fn cut(&mut self) {
        let (_, &mut worst, _) =
            self.keys.select_nth_unstable_by_key(self.k - 1, |&key| Reverse(key));
        self.keys.truncate(self.k);
        self.threshold = worst;
    }

    /// Items and scores, best first.
    pub(crate) fn into_sorted(mut self) -> Vec<(u32, f32)> {
        if self.keys.len() > self.k {
            self.cut();
        }
        self.keys.sort_unstable_by_key(|&key| Reverse(key));
        self.keys.into_iter().map(entry).collect()
    }
}

/// A number that compares: NaN is worse than every score, and the two zeros are one.
fn comparable(score: f32) -> f32 {
    if score.is_nan() { f32::NEG_INFINITY } else { score + 0.0 }
}

/// One number for both: greater for a greater score, and for a smaller id among equal scores.
fn key(score: f32, item: u32) -> u64 {
    let bits = score.to_bits();
    // Floats of one sign are ordered as their bits are; those below zero the other way round.
    let ordered = if bits >> 31 == 0 { bits | 1 << 31 } else { !bits };
    u64::from(ordered) << 32 | u64::from(!item)
}

fn entry(key: u64) -> (u32, f32) {
    let ordered = (key >> 32) as u32;
    let bits = if ordered >> 31 == 1 { ordered ^ 1 << 31 } else { !ordered };
    (!(key as u32), f32::from_bits(bits))
}
