//! How often a series is differenced.

use super::problem::differenced;
use crate::numeric::{
    kpss::{WANDERS, kpss},
    stl::{Windows, stl},
};

/// Strength of the season from which it is differenced, and seasons that smooth it (R's `nsdiffs`).
const STRONG: f64 = 0.64;
const SEASON_WINDOW: usize = 11;
/// Most differences from step to step.
const MOST: usize = 2;

/// Whether a series has one value only, but for rounding.
pub(super) fn is_constant(y: &[f64]) -> bool {
    const ROUNDING: f64 = 1e-12;
    let (low, high) = y
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &y| (low.min(y), high.max(y)));
    high - low <= ROUNDING * high.abs().max(low.abs())
}

/// Differences from season to season, 0 or 1: where the season is strong.
pub(super) fn seasonal(y: &[f64], season: usize) -> usize {
    let enough = season > 1 && y.len() > 2 * season && !is_constant(y);
    usize::from(enough && strength(y, season) > STRONG)
}

/// `1 - var(rest) / var(season + rest)`, within 0 and 1: Wang, Smith & Hyndman 2006, "Characteristic-based clustering for time
/// series data", Data Mining and Knowledge Discovery 13.
fn strength(y: &[f64], season: usize) -> f64 {
    let parts = stl(y, season, Windows::usual(season, SEASON_WINDOW));
    let flat: Vec<f64> = parts.season.iter().zip(&parts.rest).map(|(s, r)| s + r).collect();
    let share = 1.0 - variance(&parts.rest) / variance(&flat);
    if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) }
}

fn variance(y: &[f64]) -> f64 {
    let n = y.len() as f64;
    let mean = y.iter().sum::<f64>() / n;
    y.iter().map(|y| (y - mean).powi(2)).sum::<f64>() / n
}

/// Differences from step to step: until the series no longer wanders, by the test at 5 of 100 with R's number of lags.
pub(super) fn stepwise(y: &[f64]) -> usize {
    let mut y = y.to_vec();
    let mut times = 0;
    while times < MOST && !is_constant(&y) && y.len() > 1 {
        let lags = (3.0 * (y.len() as f64).sqrt() / 13.0) as usize;
        if kpss(&y, lags) <= WANDERS {
            break;
        }
        y = differenced(&y, 1, 1);
        times += 1;
    }
    times
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_taken_where_they_are_needed() {
        // Oracle: how the series were made: noise; its sum; the sum of that; a season with noise, and none.
        let noise =
            |t: u32| f64::from(t.wrapping_mul(2_654_435_761) >> 8) / f64::from(1 << 24) - 0.5;
        let level: Vec<f64> = (0..200).map(noise).collect();
        let sum = |y: &[f64], drift: f64| -> Vec<f64> {
            y.iter()
                .scan(0.0, |at, y| {
                    *at += y + drift;
                    Some(*at)
                })
                .collect()
        };
        let walk = sum(&level, 0.2);
        assert_eq!([stepwise(&level), stepwise(&walk), stepwise(&sum(&walk, 1.0))], [0, 1, 2]);
        assert_eq!(stepwise(&[4.0; 30]), 0);
        let seasons: Vec<f64> = level.iter().enumerate().map(|(t, y)| y + (t % 4) as f64).collect();
        assert_eq!([seasonal(&seasons, 4), seasonal(&level, 4), seasonal(&seasons, 1)], [1, 0, 0]);
        assert_eq!(seasonal(&seasons[..8], 4), 0);
    }
}
