//! What to say where an algorithm has no answer, or a wild one.

use ensue_core::{Frequency, Quantile};

use super::one::usual_season;
use crate::{
    SeriesForecast,
    algorithms::seasonal_naive::{Intervals, repeated},
};

/// How often the span of what was observed a forecast may lie beyond it. A trend that doubles with each step over a long
/// horizon goes beyond that; no series of the public collections does.
const WIDE: f64 = 100.0;

/// What was found, with quantiles that do not fall when the level rises; the last season once more where nothing was found, or
/// something that is not finite or wildly outside of what was observed.
pub(super) fn believable(
    found: Option<SeriesForecast>,
    target: &[f64],
    frequency: Frequency,
    horizon: usize,
    quantiles: &[Quantile],
) -> SeriesForecast {
    let (low, high) = span(target);
    let within = |y: &f64| (low..=high).contains(y);
    let sound = |forecast: &SeriesForecast| {
        let rows = || forecast.quantiles.iter().chain([&forecast.mean]);
        forecast.quantiles.len() == quantiles.len()
            && rows().all(|row| row.len() == horizon && row.iter().all(within))
    };
    let mut forecast = found.filter(sound).unwrap_or_else(|| {
        let season = usual_season(frequency);
        let season = if target.len() > season { season } else { 1 };
        repeated(target, season, horizon, Intervals::Residuals, quantiles)
    });
    uncrossed(&mut forecast, quantiles);
    forecast
}

/// The lowest and highest value that is believed of a series.
fn span(target: &[f64]) -> (f64, f64) {
    let observed = || target.iter().copied().filter(|y| !y.is_nan());
    let low = observed().fold(f64::INFINITY, f64::min);
    let high = observed().fold(f64::NEG_INFINITY, f64::max);
    let room = WIDE * (high - low).max(high.abs()).max(low.abs());
    (low - room, high + room)
}

/// Sorts the values of each step by level.
pub(crate) fn uncrossed(forecast: &mut SeriesForecast, quantiles: &[Quantile]) {
    let mut order: Vec<usize> = (0..quantiles.len()).collect();
    order.sort_by(|&a, &b| quantiles[a].level().total_cmp(&quantiles[b].level()));
    let crosses = order.windows(2).any(|pair| {
        let [low, high] = [pair[0], pair[1]].map(|at| &forecast.quantiles[at]);
        low.iter().zip(high).any(|(low, high)| low > high)
    });
    if !crosses {
        return;
    }
    let mut values = Vec::with_capacity(order.len());
    for step in 0..forecast.mean.len() {
        values.clear();
        values.extend(order.iter().map(|&at| forecast.quantiles[at][step]));
        values.sort_by(f64::total_cmp);
        for (&at, &value) in order.iter().zip(&values) {
            forecast.quantiles[at][step] = value;
        }
    }
}
