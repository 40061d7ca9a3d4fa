//! The last season of one series, repeated.

use ensue_core::Quantile;

use super::Intervals;
use crate::{SeriesForecast, normal::normal_quantile};

/// The most recent observed value of each phase, repeated for `horizon` steps; see the
/// [module](super).
pub(crate) fn repeated(
    target: &[f64],
    season: usize,
    horizon: usize,
    intervals: Intervals,
    quantiles: &[Quantile],
) -> SeriesForecast {
    let average = mean(target.iter().copied()).unwrap_or(0.0);
    let mean: Vec<f64> = (0..horizon)
        .map(|step| match target.len().checked_sub(season) {
            Some(last) => latest(&target[..=last + step % season], season).unwrap_or(average),
            None => average,
        })
        .collect();
    let deviation = match intervals {
        Intervals::Point => 0.0,
        Intervals::Residuals => deviation(target, season, average),
    };
    let quantile = |level: &Quantile| {
        let width = normal_quantile(level.level()) * deviation;
        let at = |(step, mean): (usize, &f64)| mean + width * ((step / season + 1) as f64).sqrt();
        mean.iter().enumerate().map(at).collect()
    };
    SeriesForecast { quantiles: quantiles.iter().map(quantile).collect(), mean }
}

/// The last observed value that is a whole number of seasons before the end of `target`.
fn latest(target: &[f64], season: usize) -> Option<f64> {
    target.iter().rev().step_by(season).copied().find(|y| !y.is_nan())
}

/// Root mean square difference of observed values one season apart; where there are none, of observed
/// values and their average.
fn deviation(target: &[f64], season: usize, average: f64) -> f64 {
    let later = target.get(season..).unwrap_or_default();
    let square = mean(later.iter().zip(target).map(|(y, before)| (y - before).powi(2)))
        .or_else(|| mean(target.iter().map(|y| (y - average).powi(2))));
    square.unwrap_or(0.0).sqrt()
}

/// Mean of what is observed.
fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let observed = values.filter(|y| !y.is_nan());
    let (sum, count) = observed.fold((0.0, 0), |(sum, count), y| (sum + y, count + 1));
    (count > 0).then(|| sum / f64::from(count))
}
