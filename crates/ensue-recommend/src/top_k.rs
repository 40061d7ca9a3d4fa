//! Exact top-k of a row of scores.

use std::cmp::Ordering;

use crate::Query;

/// The `k` best items of `scores`, best first: equal scores in ascending item id, items that the query does not allow left
/// out, scores that are not numbers last. Fewer than `k` come back when the catalogue has no more.
///
/// One pass in ascending id over a buffer of `2k` candidates that is cut to the best `k` whenever it fills: `O(n)`
/// comparisons, no allocation that grows with the catalogue.
///
/// ```
/// use ensue_recommend::{Query, top_k};
/// let query = Query::from_history(Default::default());
/// assert_eq!(top_k(&[0.1, 0.9, 0.9, 0.5], 3, &query.excluding(&[1])), [2, 3, 0]);
/// ```
pub fn top_k(scores: &[f32], k: usize, query: &Query<'_>) -> Vec<u32> {
    let k = k.min(scores.len());
    if k == 0 {
        return Vec::new();
    }
    let capacity = (2 * k).max(64);
    let mut kept: Vec<(f32, u32)> = Vec::with_capacity(capacity);
    // Worst score that still matters. An equal score seen later has a higher id and loses, so only a strictly better
    // one enters once `k` candidates are known.
    let mut threshold: Option<f32> = None;
    let mut exclude = query.exclude.iter().copied().peekable();
    for (item, &score) in (0u32..).zip(scores) {
        while exclude.next_if(|&skipped| skipped < item).is_some() {}
        if exclude.peek() == Some(&item) {
            continue;
        }
        let score = comparable(score);
        if threshold.is_some_and(|worst| score <= worst)
            || query.allowed.is_some_and(|allowed| !allowed.contains(item))
        {
            continue;
        }
        kept.push((score, item));
        if kept.len() == capacity {
            threshold = Some(cut(&mut kept, k));
        }
    }
    if kept.len() > k {
        cut(&mut kept, k);
    }
    kept.sort_unstable_by(|&a, &b| best_first(a, b));
    kept.into_iter().map(|(_, item)| item).collect()
}

/// A number that compares: NaN is worse than every score, and the two zeros are one.
fn comparable(score: f32) -> f32 {
    if score.is_nan() { f32::NEG_INFINITY } else { score + 0.0 }
}

fn best_first(a: (f32, u32), b: (f32, u32)) -> Ordering {
    b.0.total_cmp(&a.0).then(a.1.cmp(&b.1))
}

/// Keeps the best `k` candidates, in no order, and returns the worst kept score.
fn cut(kept: &mut Vec<(f32, u32)>, k: usize) -> f32 {
    let (_, &mut (worst, _), _) = kept.select_nth_unstable_by(k - 1, |&a, &b| best_first(a, b));
    kept.truncate(k);
    worst
}

/// Softmax over a whole row: what turns scores into probabilities that sum to 1 over the catalogue.
///
/// Returns `(maximum, sum of exp(score - maximum))`, so that a probability is `exp(score - maximum) / sum`.
pub(crate) fn softmax_terms(scores: &[f32]) -> (f64, f64) {
    let maximum = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max) as f64;
    let sum = scores.iter().map(|&score| (score as f64 - maximum).exp()).sum();
    (maximum, sum)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use ensue_core::{Bitmap, History};

    use super::*;

    fn best(scores: &[f32], k: usize, exclude: &[u32]) -> Vec<u32> {
        top_k(scores, k, &Query::from_history(History::default()).excluding(exclude))
    }

    /// Oracle: sort everything.
    fn sorted(scores: &[f32], k: usize, exclude: &[u32]) -> Vec<u32> {
        let mut all: Vec<u32> =
            (0..scores.len() as u32).filter(|item| !exclude.contains(item)).collect();
        all.sort_by(|&a, &b| {
            comparable(scores[b as usize])
                .partial_cmp(&comparable(scores[a as usize]))
                .unwrap()
                .then(a.cmp(&b))
        });
        all.truncate(k);
        all
    }

    #[test]
    fn ties_keep_catalogue_order() {
        // Oracle: the rule itself; 200 equal scores overflow the buffer of 64 twice.
        assert_eq!(best(&[1.0; 200], 5, &[]), [0, 1, 2, 3, 4]);
        assert_eq!(best(&[-0.0, 0.0, 0.0, -0.0], 4, &[]), [0, 1, 2, 3]);
    }

    #[test]
    fn k_beyond_the_catalogue_gives_the_catalogue() {
        // Oracle: by hand.
        assert_eq!(best(&[1.0, 3.0, 2.0], 10, &[]), [1, 2, 0]);
        assert_eq!(best(&[1.0, 3.0, 2.0], usize::MAX, &[0, 1, 2]), [0u32; 0]);
        assert_eq!(best(&[], 10, &[]), [0u32; 0]);
        assert_eq!(best(&[1.0], 0, &[]), [0u32; 0]);
    }

    #[test]
    fn scores_that_are_not_numbers_come_last() {
        // Oracle: by hand.
        assert_eq!(best(&[f32::NAN, -1.0, f32::INFINITY], 3, &[]), [2, 1, 0]);
    }

    proptest! {
        #[test]
        fn equals_a_full_sort(
            levels in proptest::collection::vec(0u8..12, 0..400),
            k in 0usize..120,
            mut exclude in proptest::collection::vec(0u32..450, 0..60),
        ) {
            exclude.sort_unstable();
            let scores: Vec<f32> = levels.iter().map(|&level| f32::from(level) / 3.0).collect();
            prop_assert_eq!(best(&scores, k, &exclude), sorted(&scores, k, &exclude));
            // A bitmap of the rest is another way to say the same.
            let mut allowed = Bitmap::ones(scores.len());
            for &item in &exclude {
                allowed.remove(item);
            }
            let query = Query::from_history(History::default());
            let query = Query { allowed: Some(&allowed), ..query };
            prop_assert_eq!(top_k(&scores, k, &query), sorted(&scores, k, &exclude));
        }
    }
}
