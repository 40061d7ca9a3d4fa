//! Means over all queries.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::formulas::{
    NdcgForm, hit_rate_at, ndcg_all_relevant_at, ndcg_at, precision_at, reciprocal_rank,
};

/// How many recommendations of a query are looked at: Amazon's 25.
pub const LIST_LENGTH: usize = 25;

/// Ranking metrics of a model, means over the queries, under Amazon's names.
///
/// All lie in 0 to 1 and higher is better. Formulas: the functions of [`super`].
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RankingReport {
    /// Distinct items within the first 25 of any query, over the items of the catalogue.
    pub coverage: f64,
    /// Mean of one over the place of the first relevant item within 25.
    pub mean_reciprocal_rank_at_25: f64,
    /// Mean NDCG of 5 places, in the [`NdcgForm`] of the evaluation.
    pub normalized_discounted_cumulative_gain_at_5: f64,
    /// Mean NDCG of 10 places, in the [`NdcgForm`] of the evaluation.
    pub normalized_discounted_cumulative_gain_at_10: f64,
    /// Mean NDCG of 25 places, in the [`NdcgForm`] of the evaluation.
    pub normalized_discounted_cumulative_gain_at_25: f64,
    /// Mean share of relevant items in 5 places.
    pub precision_at_5: f64,
    /// Mean share of relevant items in 10 places.
    pub precision_at_10: f64,
    /// Mean share of relevant items in 25 places.
    pub precision_at_25: f64,
    /// Share of queries with a relevant item in 5 places.
    pub hit_rate_at_5: f64,
    /// Share of queries with a relevant item in 10 places.
    pub hit_rate_at_10: f64,
    /// Share of queries with a relevant item in 25 places.
    pub hit_rate_at_25: f64,
    /// Mean NDCG of 5 places whose ideal counts all relevant items, as papers have it.
    pub ndcg_all_relevant_at_5: f64,
    /// Mean NDCG of 10 places whose ideal counts all relevant items, as papers have it.
    pub ndcg_all_relevant_at_10: f64,
    /// Mean NDCG of 25 places whose ideal counts all relevant items, as papers have it.
    pub ndcg_all_relevant_at_25: f64,
    /// Number of queries.
    pub queries: usize,
}

impl RankingReport {
    /// Name and value of every metric, in the order of the fields; the number of queries left out.
    pub fn metrics(&self) -> [(&'static str, f64); 14] {
        [
            ("coverage", self.coverage),
            ("mean_reciprocal_rank_at_25", self.mean_reciprocal_rank_at_25),
            (
                "normalized_discounted_cumulative_gain_at_5",
                self.normalized_discounted_cumulative_gain_at_5,
            ),
            (
                "normalized_discounted_cumulative_gain_at_10",
                self.normalized_discounted_cumulative_gain_at_10,
            ),
            (
                "normalized_discounted_cumulative_gain_at_25",
                self.normalized_discounted_cumulative_gain_at_25,
            ),
            ("precision_at_5", self.precision_at_5),
            ("precision_at_10", self.precision_at_10),
            ("precision_at_25", self.precision_at_25),
            ("hit_rate_at_5", self.hit_rate_at_5),
            ("hit_rate_at_10", self.hit_rate_at_10),
            ("hit_rate_at_25", self.hit_rate_at_25),
            ("ndcg_all_relevant_at_5", self.ndcg_all_relevant_at_5),
            ("ndcg_all_relevant_at_10", self.ndcg_all_relevant_at_10),
            ("ndcg_all_relevant_at_25", self.ndcg_all_relevant_at_25),
        ]
    }

    /// The metric of a name of [`Self::metrics`].
    pub fn get(&self, name: &str) -> Option<f64> {
        self.metrics().into_iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// The metrics as a map, as [`crate::Progress::Evaluated`] carries them.
    pub fn to_map(&self) -> BTreeMap<String, f64> {
        self.metrics().into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

/// Collects the answers to queries and gives their [`RankingReport`].
///
/// ```
/// use ensue_core::{NdcgForm, RankingAccumulator};
///
/// let mut metrics = RankingAccumulator::new(NdcgForm::Amazon);
/// metrics.add(&[7, 3, 8, 9, 4], &[3, 4]); // relevant items at places 2 and 5
/// metrics.add(&[1, 2, 7, 8, 9], &[0]);
/// let report = metrics.finish(10);
/// assert_eq!(report.mean_reciprocal_rank_at_25, 0.25);
/// assert_eq!(report.precision_at_5, 0.2);
/// assert_eq!(report.coverage, 0.7);
/// ```
#[derive(Debug, Clone)]
pub struct RankingAccumulator {
    form: NdcgForm,
    /// Sums of everything but coverage.
    sums: RankingReport,
    recommended: Vec<bool>,
    hits: Vec<bool>,
    relevant: Vec<u32>,
}

impl RankingAccumulator {
    /// No queries yet. The form concerns the three `normalized_discounted_cumulative_gain_at_*`.
    pub fn new(form: NdcgForm) -> Self {
        Self {
            form,
            sums: RankingReport::default(),
            recommended: Vec::new(),
            hits: Vec::with_capacity(LIST_LENGTH),
            relevant: Vec::new(),
        }
    }

    /// Takes in the answer to one query: the items recommended, best first, and those that would
    /// have been right, in any order.
    ///
    /// Only the first [`LIST_LENGTH`] recommendations count, a repeated one only once, and `relevant`
    /// is a set. A query to which nothing is relevant counts as one without a hit.
    pub fn add(&mut self, recommended: &[u32], relevant: &[u32]) {
        self.relevant.clear();
        self.relevant.extend_from_slice(relevant);
        self.relevant.sort_unstable();
        self.relevant.dedup();

        let recommended = &recommended[..recommended.len().min(LIST_LENGTH)];
        self.hits.clear();
        for (at, item) in recommended.iter().enumerate() {
            let repeated = recommended[..at].contains(item);
            self.hits.push(!repeated && self.relevant.binary_search(item).is_ok());
            let item = *item as usize;
            if item >= self.recommended.len() {
                self.recommended.resize(item + 1, false);
            }
            self.recommended[item] = true;
        }

        let (hits, relevant, form) = (&self.hits[..], self.relevant.len(), self.form);
        let sums = &mut self.sums;
        sums.queries += 1;
        sums.mean_reciprocal_rank_at_25 += reciprocal_rank(hits);
        sums.normalized_discounted_cumulative_gain_at_5 += ndcg_at(hits, 5, form);
        sums.normalized_discounted_cumulative_gain_at_10 += ndcg_at(hits, 10, form);
        sums.normalized_discounted_cumulative_gain_at_25 += ndcg_at(hits, 25, form);
        sums.precision_at_5 += precision_at(hits, 5);
        sums.precision_at_10 += precision_at(hits, 10);
        sums.precision_at_25 += precision_at(hits, 25);
        sums.hit_rate_at_5 += hit_rate_at(hits, 5);
        sums.hit_rate_at_10 += hit_rate_at(hits, 10);
        sums.hit_rate_at_25 += hit_rate_at(hits, 25);
        sums.ndcg_all_relevant_at_5 += ndcg_all_relevant_at(hits, 5, relevant);
        sums.ndcg_all_relevant_at_10 += ndcg_all_relevant_at(hits, 10, relevant);
        sums.ndcg_all_relevant_at_25 += ndcg_all_relevant_at(hits, 25, relevant);
    }

    /// The means over the queries taken in, coverage over a catalogue of that many items; all zero
    /// without a query.
    pub fn finish(self, catalogue: usize) -> RankingReport {
        let sums = self.sums;
        if sums.queries == 0 {
            return sums;
        }
        let mean = |sum: f64| sum / sums.queries as f64;
        let recommended = self.recommended.iter().filter(|&&seen| seen).count();
        RankingReport {
            coverage: if catalogue == 0 { 0.0 } else { recommended as f64 / catalogue as f64 },
            mean_reciprocal_rank_at_25: mean(sums.mean_reciprocal_rank_at_25),
            normalized_discounted_cumulative_gain_at_5: mean(
                sums.normalized_discounted_cumulative_gain_at_5,
            ),
            normalized_discounted_cumulative_gain_at_10: mean(
                sums.normalized_discounted_cumulative_gain_at_10,
            ),
            normalized_discounted_cumulative_gain_at_25: mean(
                sums.normalized_discounted_cumulative_gain_at_25,
            ),
            precision_at_5: mean(sums.precision_at_5),
            precision_at_10: mean(sums.precision_at_10),
            precision_at_25: mean(sums.precision_at_25),
            hit_rate_at_5: mean(sums.hit_rate_at_5),
            hit_rate_at_10: mean(sums.hit_rate_at_10),
            hit_rate_at_25: mean(sums.hit_rate_at_25),
            ndcg_all_relevant_at_5: mean(sums.ndcg_all_relevant_at_5),
            ndcg_all_relevant_at_10: mean(sums.ndcg_all_relevant_at_10),
            ndcg_all_relevant_at_25: mean(sums.ndcg_all_relevant_at_25),
            queries: sums.queries,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-12, "{found} is not {expected}");
    }

    #[test]
    fn means_are_over_queries_and_coverage_over_the_catalogue() {
        // Oracle: by hand. Query 1 is the example of Amazon's guide (RR 0.5, P@5 0.4), query 2 has
        // one hit at place 1 of two relevant, query 3 has none.
        let mut metrics = RankingAccumulator::new(NdcgForm::Amazon);
        metrics.add(&[10, 11, 12, 13, 14], &[11, 14]);
        metrics.add(&[1, 2], &[1, 19]);
        metrics.add(&[1, 2], &[5]);
        let report = metrics.finish(20);
        let guide = (1.0 / 3_f64.log2() + 1.0 / 6_f64.log2()) / (1.0 + 1.0 / 3_f64.log2());
        let half_found = 1.0 / (1.0 + 1.0 / 3_f64.log2());
        assert_eq!(report.queries, 3);
        close(report.coverage, 7.0 / 20.0);
        close(report.mean_reciprocal_rank_at_25, 1.5 / 3.0);
        close(report.precision_at_5, (0.4 + 0.2) / 3.0);
        close(report.precision_at_10, (0.2 + 0.1) / 3.0);
        close(report.precision_at_25, (0.08 + 0.04) / 3.0);
        for k in [5, 10, 25] {
            let get = |name: &str| report.get(&format!("{name}_at_{k}")).unwrap();
            close(get("normalized_discounted_cumulative_gain"), (guide + 1.0) / 3.0);
            close(get("ndcg_all_relevant"), (guide + half_found) / 3.0);
            close(get("hit_rate"), 2.0 / 3.0);
        }
    }

    #[test]
    fn only_the_first_25_recommendations_count() {
        // Oracle: the metric names; the relevant item stands at place 26.
        let list: Vec<u32> = (0..40).collect();
        let mut metrics = RankingAccumulator::new(NdcgForm::AmazonSample);
        metrics.add(&list, &[25]);
        let report = metrics.finish(40);
        assert_eq!(report.mean_reciprocal_rank_at_25, 0.0);
        assert_eq!(report.hit_rate_at_25, 0.0);
        close(report.coverage, 25.0 / 40.0);
    }

    #[test]
    fn repeats_among_answers_and_recommendations_count_once() {
        // Oracle: the same query without repeats.
        let report = |recommended: &[u32], relevant: &[u32]| {
            let mut metrics = RankingAccumulator::new(NdcgForm::Amazon);
            metrics.add(recommended, relevant);
            metrics.finish(10)
        };
        assert_eq!(report(&[3, 3, 4], &[4, 3, 3]), report(&[3, 9, 4], &[3, 4]).with_coverage(0.2));
    }

    impl RankingReport {
        fn with_coverage(self, coverage: f64) -> Self {
            Self { coverage, ..self }
        }
    }

    #[test]
    fn no_query_and_an_empty_catalogue_are_zeros() {
        // Oracle: the definition; no division by zero leaks out.
        assert_eq!(RankingAccumulator::new(NdcgForm::Amazon).finish(0), RankingReport::default());
        let mut metrics = RankingAccumulator::new(NdcgForm::Amazon);
        metrics.add(&[], &[]);
        assert_eq!(metrics.finish(0), RankingReport { queries: 1, ..RankingReport::default() });
    }

    #[test]
    fn a_report_comes_back_from_json_and_lists_every_field() {
        // Oracle: serde's own view of the fields.
        let mut metrics = RankingAccumulator::new(NdcgForm::Amazon);
        metrics.add(&[1, 2, 3], &[2]);
        let report = metrics.finish(7);
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(serde_json::from_value::<RankingReport>(json.clone()).unwrap(), report);
        let fields = json.as_object().unwrap();
        assert_eq!(fields.len(), report.metrics().len() + 1);
        for (name, value) in report.metrics() {
            assert_eq!(fields[name].as_f64(), Some(value), "{name}");
        }
    }
}
