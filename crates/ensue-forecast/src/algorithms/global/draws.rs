//! Which series an epoch sees, and how often.

use std::num::NonZeroUsize;

use ensue_core::Series;
use rand::{RngExt, seq::SliceRandom};

use super::Ready;
use crate::TrainingData;

/// `epochs` that show `an_epoch` steps each, or fewer, so that no observed step is seen more than `max_passes` times.
pub(in crate::algorithms) fn epochs_within(
    epochs: NonZeroUsize,
    max_passes: Option<NonZeroUsize>,
    an_epoch: usize,
    data: &TrainingData,
) -> NonZeroUsize {
    let observed: usize = data.panel.series().iter().map(Series::observed).sum();
    let most = max_passes.map_or(f64::INFINITY, |passes| passes.get() as f64);
    let most = (most * observed as f64 / an_epoch as f64).ceil();
    NonZeroUsize::new(most as usize).map_or(NonZeroUsize::MIN, |most| most.min(epochs))
}

/// Chance of each series to be drawn.
#[derive(Debug)]
pub(in crate::algorithms) struct Draws {
    /// Summed up: the last is 1.
    cumulative: Vec<f64>,
}

impl Draws {
    /// `weighting`: share of the draws that are in proportion to the root of a series' scale, which
    /// `scale` gives for its mean size.
    pub(in crate::algorithms) fn new<'a>(
        series: impl Iterator<Item = &'a Ready>,
        weighting: f64,
        scale: impl Fn(f64) -> f64,
    ) -> Self {
        // There is nothing to learn from a series that nothing was observed of.
        let root = |ready: &Ready| ready.past.map(|size| scale(size).sqrt());
        let roots: Vec<Option<f64>> = series.map(root).collect();
        let total: f64 = roots.iter().flatten().sum();
        let count = roots.iter().flatten().count() as f64;
        let chance = |root: f64| (1.0 - weighting) / count + weighting * root / total;
        let mut sum = 0.0;
        let cumulative = roots.into_iter().map(|root| {
            sum += root.map_or(0.0, chance);
            sum
        });
        let cumulative = cumulative.collect();
        Self { cumulative }
    }

    /// `count` series, by their places. Each comes as often as its chance says, up to one time more or
    /// less, in an order of chance.
    pub(in crate::algorithms) fn draw(&self, count: usize, rng: &mut impl RngExt) -> Vec<usize> {
        let shift: f64 = rng.random();
        let mut drawn: Vec<usize> = (0..count)
            .map(|n| {
                let at = (n as f64 + shift) / count as f64;
                let place = self.cumulative.partition_point(|&sum| sum <= at);
                place.min(self.cumulative.len() - 1)
            })
            .collect();
        drawn.shuffle(rng);
        drawn
    }
}
