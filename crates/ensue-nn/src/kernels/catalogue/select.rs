//! What one query keeps of the scores.

use super::{BLOCK, PARTS, Table};
use crate::kernels::lanes::Lanes;
use crate::retrieval::{Ask, Best, Kept};

/// Independent chains of additions and comparisons.
const CHAINS: usize = 4;

/// One query on its way through the catalogue.
#[derive(Debug)]
pub(super) struct Selection<'a> {
    ask: Ask<'a>,
    kept: Kept,
    /// Which of `ask.added` is next in each part.
    added: [usize; PARTS],
    maximum: f32,
    /// Sum of `exp(score - maximum)` so far.
    sum: f64,
    finite: bool,
}

impl<'a> Selection<'a> {
    pub(super) fn new(ask: &Ask<'a>, k: usize, table: &Table) -> Self {
        let kept = Kept::new(k, table.items);
        let first = |part: usize| {
            ask.added.partition_point(|&(item, _)| (item as usize) < part * table.part)
        };
        let added = std::array::from_fn(first);
        Self { ask: *ask, kept, added, maximum: f32::NEG_INFINITY, sum: 0.0, finite: true }
    }

    pub(super) fn finish(self) -> Best {
        let Self { ask, kept, maximum, finite, .. } = self;
        let sum = match (ask.total, finite) {
            (false, _) => 0.0,
            (true, true) => self.sum,
            (true, false) => f64::NAN,
        };
        Best { items: kept.into_sorted(), maximum, sum, finite }
    }

    /// Takes the scores of the `len` items from `from` on, the next ones of part `part`.
    ///
    /// # Safety
    /// As for any method of `L`.
    #[inline(always)]
    pub(super) unsafe fn block<L: Lanes<E = f32>>(
        &mut self,
        part: usize,
        from: usize,
        len: usize,
        scores: &mut [f32; BLOCK],
    ) {
        assert!(len > 0 && len <= BLOCK && BLOCK.is_multiple_of(CHAINS * L::N), "a block");
        let next = &mut self.added[part];
        while let Some(&(item, term)) = self.ask.added.get(*next)
            && (item as usize) < from + len
        {
            scores[item as usize - from] += term;
            *next += 1;
        }
        // What fills the last vectors up changes neither the maximum nor whether all are finite.
        let padded = len.next_multiple_of(CHAINS * L::N);
        let last = scores[len - 1];
        scores[len..padded].fill(last);
        // SAFETY: the caller's promise; `padded <= BLOCK` elements are whole vectors.
        unsafe {
            let (top, finite) = extremes::<L>(&scores[..padded]);
            self.finite &= finite;
            match self.kept.threshold() {
                _ if self.kept.is_shut() => {}
                Some(worst) if top >= worst => {
                    let words = at_least::<L>(scores, worst);
                    self.collect(from, len, scores, words);
                }
                Some(_) => {}
                None => self.collect(from, len, scores, [u64::MAX; BLOCK / 64]),
            }
            if top > self.maximum {
                self.sum *= (f64::from(self.maximum) - f64::from(top)).exp();
                self.maximum = top;
            }
            if self.ask.total {
                scores[len..padded].fill(f32::NEG_INFINITY);
                self.sum += f64::from(exponentials::<L>(&scores[..padded], self.maximum));
            }
        }
    }

    /// Offers the items whose bits are set in `words` and that are allowed.
    #[inline(never)]
    fn collect(&mut self, from: usize, len: usize, scores: &[f32], mut words: [u64; BLOCK / 64]) {
        if let Some(allowed) = self.ask.allowed {
            let allowed = allowed.words().get(from / 64..).unwrap_or_default();
            let rest = words.len().min(allowed.len());
            words[rest..].fill(0);
            words.iter_mut().zip(allowed).for_each(|(word, allowed)| *word &= allowed);
        }
        let exclude = self.ask.exclude;
        let first = exclude.partition_point(|&item| (item as usize) < from);
        for &item in exclude[first..].iter().take_while(|&&item| (item as usize) < from + len) {
            let at = item as usize - from;
            words[at / 64] &= !(1 << (at % 64));
        }
        for (word, mut bits) in words.into_iter().enumerate() {
            while bits != 0 {
                let at = word * 64 + bits.trailing_zeros() as usize;
                bits &= bits - 1;
                if at >= len {
                    return;
                }
                self.kept.push((from + at) as u32, scores[at]);
            }
        }
    }
}

/// The greatest score, and whether all are finite. NaN is greater than none.
///
/// # Safety
/// The length must be a multiple of `CHAINS` vectors.
#[inline(always)]
unsafe fn extremes<L: Lanes<E = f32>>(scores: &[f32]) -> (f32, bool) {
    // SAFETY: the caller's promise.
    unsafe {
        let zero = L::splat(0.0);
        let mut top = [L::splat(f32::NEG_INFINITY); CHAINS];
        // Infinity times zero is no number, and stays none.
        let mut zeros = [zero; CHAINS];
        for from in (0..scores.len()).step_by(CHAINS * L::N) {
            for c in 0..CHAINS {
                let x = L::load(scores.as_ptr().add(from + c * L::N));
                // `max` gives its second operand when the first is a NaN.
                top[c] = L::max(x, top[c]);
                zeros[c] = L::fma(x, zero, zeros[c]);
            }
        }
        let top = L::max(L::max(top[0], top[1]), L::max(top[2], top[3]));
        let zeros = L::add(L::add(zeros[0], zeros[1]), L::add(zeros[2], zeros[3]));
        let mut lanes = [f32::NEG_INFINITY; 16];
        L::store(lanes.as_mut_ptr(), top);
        (lanes.into_iter().fold(f32::NEG_INFINITY, f32::max), L::sum(zeros) == 0.0)
    }
}

/// Bits of the scores that are at least `worst`.
///
/// # Safety
/// As for any method of `L`.
#[inline(always)]
unsafe fn at_least<L: Lanes<E = f32>>(scores: &[f32; BLOCK], worst: f32) -> [u64; BLOCK / 64] {
    // SAFETY: the caller's promise; 64 is a multiple of every vector's length.
    unsafe {
        let worst = L::splat(worst);
        let mut words = [0; BLOCK / 64];
        for (w, word) in words.iter_mut().enumerate() {
            for at in (0..64).step_by(L::N) {
                let x = L::load(scores.as_ptr().add(w * 64 + at));
                *word |= L::at_least(x, worst) << at;
            }
        }
        words
    }
}

/// Sum of `exp(score - maximum)`.
///
/// # Safety
/// The length must be a multiple of `CHAINS` vectors.
#[inline(always)]
unsafe fn exponentials<L: Lanes<E = f32>>(scores: &[f32], maximum: f32) -> f32 {
    // SAFETY: the caller's promise.
    unsafe {
        let shift = L::splat(maximum);
        let mut sums = [L::splat(0.0); CHAINS];
        for from in (0..scores.len()).step_by(CHAINS * L::N) {
            for (c, sum) in sums.iter_mut().enumerate() {
                let x = L::load(scores.as_ptr().add(from + c * L::N));
                *sum = L::add(*sum, L::exp(L::sub(x, shift)));
            }
        }
        L::sum(L::add(L::add(sums[0], sums[1]), L::add(sums[2], sums[3])))
    }
}
