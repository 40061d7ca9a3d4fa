//! Metrics of predicting the one item that came next.

use serde::{Deserialize, Serialize};

/// Recall and reciprocal rank of the items that came next, means over the predictions.
///
/// Every prediction has exactly one right item, so recall is the share of predictions whose rank is
/// small enough. Sources: Hidasi et al. 2016, Quadrana et al. 2017.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct NextItemReport {
    /// Share of predictions with rank 1 to 5.
    pub recall_at_5: f64,
    /// Share of predictions with rank 1 to 20.
    pub recall_at_20: f64,
    /// Mean of `1 / rank`, 0 from rank 21 on.
    pub mrr_at_20: f64,
    /// Number of predictions.
    pub predictions: usize,
}

/// Collects ranks and gives their [`NextItemReport`].
///
/// ```
/// use ensue_core::NextItemAccumulator;
/// let mut metrics = NextItemAccumulator::default();
/// for rank in [1, 4, 20, 21] {
///     metrics.add(rank);
/// }
/// let report = metrics.finish();
/// assert_eq!((report.recall_at_5, report.recall_at_20), (0.5, 0.75));
/// assert_eq!(report.mrr_at_20, (1.0 + 0.25 + 0.05) / 4.0);
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct NextItemAccumulator {
    within_5: usize,
    within_20: usize,
    reciprocal: f64,
    predictions: usize,
}

impl NextItemAccumulator {
    /// No predictions yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in one prediction: the rank of the item that came next, which is one more than the
    /// items with a strictly higher score. Where its score is not finite the caller gives
    /// [`u32::MAX`]; 0 is no rank and counts like it.
    pub fn add(&mut self, rank: u32) {
        self.predictions += 1;
        if (1..=20).contains(&rank) {
            self.within_5 += usize::from(rank <= 5);
            self.within_20 += 1;
            self.reciprocal += 1.0 / f64::from(rank);
        }
    }

    /// The means over the predictions taken in; all zero without one.
    pub fn finish(self) -> NextItemReport {
        let mean =
            |sum: f64| if self.predictions == 0 { 0.0 } else { sum / self.predictions as f64 };
        NextItemReport {
            recall_at_5: mean(self.within_5 as f64),
            recall_at_20: mean(self.within_20 as f64),
            mrr_at_20: mean(self.reciprocal),
            predictions: self.predictions,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_past_twenty_and_no_rank_count_as_misses() {
        // Oracle: by hand; one hit at rank 2 of four predictions.
        let mut metrics = NextItemAccumulator::new();
        for rank in [2, 21, u32::MAX, 0] {
            metrics.add(rank);
        }
        let expected = NextItemReport {
            recall_at_5: 0.25,
            recall_at_20: 0.25,
            mrr_at_20: 0.125,
            predictions: 4,
        };
        assert_eq!(metrics.finish(), expected);
        assert_eq!(NextItemAccumulator::new().finish(), NextItemReport::default());
    }
}
