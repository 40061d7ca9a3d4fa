//! How well a fitted model would have forecast as far ahead as it is asked to.
//!
//! The likelihood looks one step ahead. Of a series whose next value is nearly its last, such as an hourly one, it likes models
//! that follow every turn: their forecasts of the next two days are those of the last hour's slope. `AICc` cannot tell, so the
//! models are also looked at over whole horizons.

use super::{
    forecast::path,
    model::{Model, Smoothing, States},
    recursion::pass,
};

/// Origins that are looked at, at most; they lie in the later half of the series.
const ORIGINS: usize = 20;

/// Where whole horizons of a series begin and end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Horizons {
    first: usize,
    stride: usize,
    horizon: usize,
}

impl Horizons {
    /// Of `n` values with a season of `m` steps (1 for none): each begins with a season. A horizon is cut to a third of
    /// the series.
    pub(super) fn new(n: usize, m: usize, horizon: usize) -> Self {
        let seasons = |steps: usize| steps.max(1).div_ceil(m) * m;
        let horizon = horizon.min(n / 3).max(1);
        Self { first: seasons(n / 2), stride: seasons(n / (2 * ORIGINS)), horizon }
    }

    /// How many times the smallest error of all models another one may have in `n` values: the fewer horizons there are, the
    /// less their errors tell.
    pub(super) fn margin(self, n: usize) -> f64 {
        let origins = n.saturating_sub(self.first + self.horizon) / self.stride + 1;
        1.0 + 1.0 / (origins as f64).sqrt()
    }

    /// The mean absolute error of what a model forecasts over them, with its parameters and the states before the first
    /// value; none where there are too few values, or where it is not a number.
    pub(super) fn error(
        self,
        model: Model,
        values: &[f64],
        by: &Smoothing,
        states: &mut States,
    ) -> Option<f64> {
        let (mut sum, mut count, mut seen) = (0.0, 0, 0);
        let mut origin = self.first;
        while origin + self.horizon <= values.len() {
            pass(model, &values[seen..origin], by, states);
            let actual = &values[origin..origin + self.horizon];
            for (y, (base, phase)) in actual.iter().zip(path(model, by, states, 0)) {
                sum += (y - base * phase).abs();
                count += 1;
            }
            seen = origin;
            origin += self.stride;
        }
        Some(sum / f64::from(count)).filter(|error| error.is_finite())
    }
}
