//! One function per metric, on flags that say which places of a list hold a relevant item.
//!
//! Places count from 1 in the formulas; `hits[0]` is place 1. Where a list is shorter than `k`, the
//! places after its end hold no hit.

use serde::{Deserialize, Serialize};

/// Which normalised discounted cumulative gain Amazon's fields hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NdcgForm {
    /// As the service documents it: place `p` weighs `1 / log2(1 + p)`, and the ideal list has the
    /// hits of the first `k` places at the top.
    #[default]
    Amazon,
    /// As the service's published notebooks compute it: place 1 weighs 1, place `p` from 2 on
    /// `1 / log2(p)`, and the ideal list has the hits of the whole list (not only of the first `k`
    /// places) at the top.
    AmazonSample,
}

impl NdcgForm {
    /// What a hit at a place (from 1) is worth.
    fn weight(self, place: usize) -> f64 {
        match self {
            Self::Amazon => 1.0 / (1.0 + place as f64).log2(),
            Self::AmazonSample => 1.0 / (place.max(2) as f64).log2(),
        }
    }
}

/// One over the place of the first hit; 0 without a hit.
///
/// ```
/// use ensue_core::metrics::ranking::reciprocal_rank;
/// assert_eq!(reciprocal_rank(&[false, true, false, false, true]), 0.5);
/// ```
pub fn reciprocal_rank(hits: &[bool]) -> f64 {
    hits.iter().position(|&hit| hit).map_or(0.0, |at| 1.0 / (at + 1) as f64)
}

/// Hits in the first `k` places over `k`, also where the list is shorter; 0 for `k` = 0.
pub fn precision_at(hits: &[bool], k: usize) -> f64 {
    if k == 0 { 0.0 } else { count(hits, k) as f64 / k as f64 }
}

/// 1 where the first `k` places hold a hit, else 0.
pub fn hit_rate_at(hits: &[bool], k: usize) -> f64 {
    f64::from(count(hits, k) > 0)
}

/// Normalised discounted cumulative gain of the first `k` places, normalised by the hits found: the
/// form of Amazon's reports. 0 without a hit.
///
/// ```text
/// sum over hits at p <= k of weight(p)  /  sum over p = 1 ..= min(found, k) of weight(p)
/// ```
///
/// `weight` and `found` (hits within `k`, or within the whole list) are those of the [`NdcgForm`].
/// Because the ideal only knows what was found, a list with one hit at the top scores 1 whatever
/// else was relevant; [`ndcg_all_relevant_at`] does not have this trait.
///
/// ```
/// use ensue_core::metrics::ranking::{NdcgForm, ndcg_at};
/// let ndcg = ndcg_at(&[false, true, false, false, true], 5, NdcgForm::Amazon);
/// assert!((ndcg - 0.6241).abs() < 5e-5); // the worked example of Amazon's guide
/// ```
pub fn ndcg_at(hits: &[bool], k: usize, form: NdcgForm) -> f64 {
    let found = match form {
        NdcgForm::Amazon => count(hits, k),
        NdcgForm::AmazonSample => count(hits, hits.len()).min(k),
    };
    normalised(hits, k, found, form)
}

/// Normalised discounted cumulative gain of the first `k` places, normalised by all `relevant`
/// items: the form of the papers. 0 without a relevant item.
///
/// ```text
/// sum over hits at p <= k of 1 / log2(1 + p)  /  sum over p = 1 ..= min(relevant, k) of the same
/// ```
pub fn ndcg_all_relevant_at(hits: &[bool], k: usize, relevant: usize) -> f64 {
    normalised(hits, k, relevant.min(k), NdcgForm::Amazon)
}

fn normalised(hits: &[bool], k: usize, ideal_hits: usize, form: NdcgForm) -> f64 {
    let gain: f64 = hits
        .iter()
        .take(k)
        .enumerate()
        .filter(|&(_, &hit)| hit)
        .map(|(at, _)| form.weight(at + 1))
        .sum();
    let ideal: f64 = (1..=ideal_hits).map(|place| form.weight(place)).sum();
    if ideal > 0.0 { gain / ideal } else { 0.0 }
}

fn count(hits: &[bool], k: usize) -> usize {
    hits.iter().take(k).filter(|&&hit| hit).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-12, "{found} is not {expected}");
    }

    const GUIDE: [bool; 5] = [false, true, false, false, true];

    #[test]
    fn the_worked_example_of_amazons_guide_comes_out() {
        // Oracle: Amazon Personalize developer guide, "working with training metrics": K = 5, hits
        // at 2 and 5. RR 0.5, NDCG (1/log 3 + 1/log 6) / (1/log 2 + 1/log 3) = 0.6241, P@5 0.4.
        close(reciprocal_rank(&GUIDE), 0.5);
        close(precision_at(&GUIDE, 5), 0.4);
        let (ln2, ln3, ln6) = (2_f64.ln(), 3_f64.ln(), 6_f64.ln());
        let expected = (1.0 / ln3 + 1.0 / ln6) / (1.0 / ln2 + 1.0 / ln3);
        close(ndcg_at(&GUIDE, 5, NdcgForm::Amazon), expected);
        assert_eq!(format!("{expected:.4}"), "0.6241");
    }

    #[test]
    fn with_exactly_the_relevant_items_found_both_readings_agree() {
        // Oracle: the guide's example has two relevant items, both found.
        close(ndcg_all_relevant_at(&GUIDE, 5, 2), ndcg_at(&GUIDE, 5, NdcgForm::Amazon));
    }

    #[test]
    fn the_papers_ideal_counts_items_that_were_not_found() {
        // Oracle: by hand. One hit at place 1 of 3, two relevant:
        // 1 / (1 + 1 / log2 3) = 1 / 1.6309297535714573 = 0.6131471927654584.
        let hits = [true, false, false];
        close(ndcg_all_relevant_at(&hits, 3, 2), 0.613_147_192_765_458_4);
        close(ndcg_at(&hits, 3, NdcgForm::Amazon), 1.0);
        // Eight relevant, but only three places: the ideal fills the places.
        close(ndcg_all_relevant_at(&[true; 3], 3, 8), 1.0);
    }

    #[test]
    fn the_sample_form_weighs_places_one_and_two_alike() {
        // Oracle: by hand from r0 + sum r_i / log2(i + 1). Hits at places 2 and 5:
        // (1 + 1 / log2 5) / (1 + 1) = (1 + 0.43067655807339306) / 2.
        close(ndcg_at(&GUIDE, 5, NdcgForm::AmazonSample), 0.715_338_279_036_696_5);
        close(ndcg_at(&[false, true], 2, NdcgForm::AmazonSample), 1.0);
    }

    #[test]
    fn the_sample_forms_ideal_sorts_the_whole_list() {
        // Oracle: by hand. Hits at places 2 and 5, k = 3: gain 1; the ideal of k = 3 still has both
        // hits: 1 + 1. The service's own form only sees the one within k: (1/log2 3) / 1.
        close(ndcg_at(&GUIDE, 3, NdcgForm::AmazonSample), 0.5);
        close(ndcg_at(&GUIDE, 3, NdcgForm::Amazon), 1.0 / 3_f64.log2());
        // Four hits, k = 2: the ideal has no more than k of them.
        close(ndcg_at(&[true; 4], 2, NdcgForm::AmazonSample), 1.0);
    }

    #[test]
    fn hit_rate_is_one_as_soon_as_a_hit_is_within_k() {
        // Oracle: by hand.
        assert_eq!([1, 2, 5].map(|k| hit_rate_at(&GUIDE, k)), [0.0, 1.0, 1.0]);
    }

    #[test]
    fn precision_of_a_short_list_is_over_k() {
        // Oracle: by hand, 1 hit of k = 10.
        close(precision_at(&[true], 10), 0.1);
    }

    #[test]
    fn nothing_found_and_nothing_asked_are_zero() {
        // Oracle: the definitions; no division by zero leaks out.
        for hits in [&[][..], &[false, false]] {
            assert_eq!(reciprocal_rank(hits), 0.0);
            for k in [0, 1, 5] {
                assert_eq!(precision_at(hits, k), 0.0);
                assert_eq!(hit_rate_at(hits, k), 0.0);
                assert_eq!(ndcg_at(hits, k, NdcgForm::Amazon), 0.0);
                assert_eq!(ndcg_at(hits, k, NdcgForm::AmazonSample), 0.0);
                assert_eq!(ndcg_all_relevant_at(hits, k, 0), 0.0);
                assert_eq!(ndcg_all_relevant_at(hits, k, 3), 0.0);
            }
        }
    }
}
