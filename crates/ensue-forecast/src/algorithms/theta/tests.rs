use serde::Deserialize;

use super::*;
use crate::conformance::Conformance;

impl Conformance for Theta {}

/// What statsforecast says of a series.
#[derive(Deserialize)]
struct Known {
    season: usize,
    values: Vec<f64>,
    squares: f64,
    mean: Vec<f64>,
    deviation: Vec<f64>,
}

#[derive(Deserialize)]
struct Golden {
    series: Vec<Known>,
}

#[test]
fn forecasts_are_those_of_statsforecast() {
    // Oracle: tests/golden/theta.json, made by benches/peers/theta_golden.py: the sum of squares found, means, and deviations
    // of 20,000 paths. Theirs are of errors in which the season is left where it multiplies (a few percent), and added once
    // more where it is added: that series is left out.
    let golden: Golden =
        serde_json::from_str(include_str!("../../../tests/golden/theta.json")).unwrap();
    for (at, known) in golden.series.iter().enumerate() {
        let level = Quantile::new(0.9).unwrap();
        let found = theta(known.values.clone(), known.season, known.mean.len(), &[level]).unwrap();
        let mut values = known.values.clone();
        let season = Found::look(&values, known.season);
        let tolerance = match season.as_ref().map(|season| season.kind) {
            None => 0.025,
            Some(Kind::Multiplicative) => 0.05,
            Some(Kind::Additive) => f64::INFINITY,
        };
        for (step, (mean, theirs)) in known.mean.iter().zip(&known.deviation).enumerate() {
            let own = (found.quantiles[0][step] - found.mean[step]) / normal_quantile(0.9);
            assert!((found.mean[step] - mean).abs() < 0.05 * own, "{at}: {found:?}");
            assert!((own / theirs - 1.0).abs() < tolerance, "{at} {step}: {own}, not {theirs}");
        }
        if let Some(season) = season {
            season.remove(&mut values);
        }
        let size = values.iter().map(|y| y.abs()).sum::<f64>() / values.len() as f64;
        let squares = Dotm::fit(&values).squares / size;
        assert!(squares <= known.squares * (1.0 + 1e-6), "{at}: {squares}, not {}", known.squares);
    }
}

/// The forecast of the value after `values`, its level (1 before the first value) and its line computed from scratch.
fn by_definition(values: &[f64], alpha: f64, weight: f64) -> f64 {
    let n = values.len() as f64;
    let level = values.iter().fold(1.0, |level, y| alpha * y + (1.0 - alpha) * level);
    let (mean, middle) = (values.iter().sum::<f64>() / n, f64::midpoint(n, 1.0));
    let around = || (1..=values.len()).map(|t| t as f64 - middle);
    let slope = around().zip(values).map(|(t, y)| t * (y - mean)).sum::<f64>()
        / around().map(|t| t * t).sum::<f64>();
    let left = (1.0 - alpha).powf(n);
    let line = left * (mean - slope * middle) + (1.0 - left * (1.0 - alpha)) / alpha * slope;
    level + weight * line
}

#[test]
fn means_and_variances_follow_from_the_definition() {
    // Oracle: the paper's formula with levels and lines of the whole series at every step; a variance is the sum of squares of
    // what a small error of each earlier step does.
    let values: Vec<f64> = (0..12).map(|t| 1.0 + f64::from(t * t % 7) / 9.0).collect();
    let (alpha, weight) = (0.3, 0.8);
    let model = Dotm::after(&values, alpha, weight, 1.0, 0.0);
    let path = |hit: Option<usize>| {
        let mut path = values.clone();
        for step in 0..6 {
            let next = by_definition(&path, alpha, weight);
            path.push(next + f64::from(u8::from(hit == Some(step))));
        }
        path.split_off(values.len())
    };
    let (means, variances) = model.forecast(6);
    let expected = path(None);
    for step in 0..6 {
        assert!((means[step] - expected[step]).abs() < 1e-12, "{means:?}, not {expected:?}");
        let moved = |hit| path(Some(hit))[step] - expected[step];
        let times: f64 = (0..=step).map(|hit| moved(hit) * moved(hit)).sum();
        let own = variances[step] / model.variance;
        assert!((own - times).abs() < 1e-10, "{step}: {own}, not {times}");
    }
}

#[test]
fn values_that_are_all_higher_have_forecasts_that_are_as_much_higher() {
    // Oracle: the level before the first value is free, and takes the shift up; the shift itself is exact (a power of 2).
    let values: Vec<f64> =
        (0..90).map(|t| f64::from(t % 11 * (t % 7)) + f64::from(t) / 4.0).collect();
    let levels = [0.1, 0.9].map(|level| Quantile::new(level).unwrap());
    let found = theta(values.clone(), 1, 5, &levels).unwrap();
    let shift = 2.0_f64.powi(30);
    let higher = theta(values.iter().map(|y| y + shift).collect(), 1, 5, &levels).unwrap();
    for (own, expected) in higher.quantiles.iter().zip(&found.quantiles) {
        for (own, expected) in own.iter().zip(expected) {
            assert!((own - shift - expected).abs() < 1e-3, "{own}, not {expected} more");
        }
    }
}

#[test]
fn half_of_a_line_is_followed_and_a_constant_repeated() {
    // Oracle: a line is its own least squares line, so that its forecasts lie on it; a constant has no spread.
    let line: Vec<f64> = (0..40).map(|t| 10.0 + 2.0 * f64::from(t)).collect();
    let found = theta(line, 1, 3, &[]).unwrap();
    for (step, mean) in found.mean.iter().enumerate() {
        let expected = 90.0 + 2.0 * step as f64;
        assert!((mean - expected).abs() < 1.0, "{mean}, not {expected}");
    }
    let low = Quantile::new(0.1).unwrap();
    let found = theta(vec![7.0; 20], 1, 2, &[low]).unwrap();
    assert!(found.quantiles[0].iter().all(|y| (y - 7.0).abs() < 1e-6), "{found:?}");
    assert_eq!(theta(vec![1.0; 5], 1, 2, &[]), None);
}

#[test]
fn a_season_is_found_only_where_there_is_one() {
    // Oracle: how the series are made.
    let season = [1.5, 0.5, 0.8, 1.2];
    let values: Vec<f64> = (0..40).map(|t| (50.0 + t as f64) * season[t % 4]).collect();
    let found = Found::look(&values, 4).unwrap();
    assert_eq!(found.kind, Kind::Multiplicative);
    for (found, own) in found.figure.iter().zip(season) {
        assert!((found - own).abs() < 0.03, "{found}, not {own}");
    }
    let shifted: Vec<f64> = values.iter().map(|y| y - 60.0).collect();
    assert_eq!(Found::look(&shifted, 4).unwrap().kind, Kind::Additive);
    assert_eq!(Found::look(&values, 5), None);
    assert_eq!(Found::look(&values[..7], 4), None);
}
