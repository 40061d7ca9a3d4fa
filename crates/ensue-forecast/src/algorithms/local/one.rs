//! What a local algorithm sees of a series.

use std::num::NonZeroUsize;

use ensue_core::{Frequency, Series, series::FrequencyUnit};

/// One series in which something was observed: its history from the first observed value on, and what is known beside it.
#[derive(Debug, Clone)]
pub struct OneSeries<'a> {
    target: &'a [f64],
    start: i64,
    frequency: Frequency,
    horizon: usize,
    related: Vec<&'a [f32]>,
    names: &'a [String],
}

impl<'a> OneSeries<'a> {
    /// `places` of the related series called `names`, which reach over the horizon; none where nothing was observed.
    pub(super) fn new(
        series: &'a Series,
        frequency: Frequency,
        horizon: usize,
        places: &[usize],
        names: &'a [String],
    ) -> Option<Self> {
        let skipped = series.target().iter().position(|y| !y.is_nan())?;
        let reach = skipped..series.len() + horizon;
        Some(Self {
            target: &series.target()[skipped..],
            start: series.start() + skipped as i64,
            frequency,
            horizon,
            related: places.iter().map(|&at| &series.related()[at][reach.clone()]).collect(),
            names,
        })
    }

    /// The target; not-a-number where nothing was observed, which the first value is not.
    pub fn target(&self) -> &'a [f64] {
        self.target
    }

    /// Step of the first value.
    pub fn start(&self) -> i64 {
        self.start
    }

    /// Step of the first value that is forecast.
    pub fn end(&self) -> i64 {
        self.start + self.target.len() as i64
    }

    /// Frequency of the steps.
    pub fn frequency(&self) -> Frequency {
        self.frequency
    }

    /// Steps to forecast.
    pub fn horizon(&self) -> usize {
        self.horizon
    }

    /// Related series, each as long as the target and the horizon together; all finite.
    pub fn related(&self) -> &[&'a [f32]] {
        &self.related
    }

    /// Names of the related series.
    pub fn names(&self) -> &'a [String] {
        self.names
    }

    /// Steps of a season: `own`, or what is usual for the frequency: 7 days (Amazon's), and else
    /// [`Frequency::seasonality`].
    pub fn season(&self, own: Option<NonZeroUsize>) -> usize {
        own.map_or_else(|| usual_season(self.frequency), NonZeroUsize::get)
    }

    /// The target with straight lines through the gaps; after the last observed value, that value.
    pub fn filled(&self) -> Vec<f64> {
        let mut values = self.target.to_vec();
        let mut last = 0;
        for at in 1..values.len() {
            if values[at].is_nan() {
                continue;
            }
            let (from, to) = (values[last], values[at]);
            let steps = (at - last) as f64;
            for (gap, value) in values[last..at].iter_mut().enumerate().skip(1) {
                *value = from + (to - from) * (gap as f64 / steps);
            }
            last = at;
        }
        let end = values[last];
        values[last + 1..].fill(end);
        values
    }
}

/// Steps of a season of local algorithms.
pub(super) fn usual_season(frequency: Frequency) -> usize {
    match (frequency.unit(), frequency.every()) {
        (FrequencyUnit::Day, 1) => 7,
        _ => frequency.seasonality(),
    }
}
