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
    theta_mean: Vec<f64>,
    theta_high: Vec<f64>,
}

#[derive(Deserialize)]
struct Golden {
    series: Vec<Known>,
}

#[test]
fn forecasts_are_those_of_statsforecast() {
    // Oracle: ../ets/golden.json, made by benches/peers/ets_golden.py: the sum of squares found, means, and quantiles of 200
    // paths, which differ by chance; those of the series with an additive season (the last) are left out, because they count
    // it twice.
    let golden: Golden = serde_json::from_str(include_str!("../ets/golden.json")).unwrap();
    for (at, known) in golden.series.iter().enumerate() {
        let high = Quantile::new(0.9).unwrap();
        let found = theta(known.values.clone(), known.season, known.theta_mean.len(), &[high]);
        let found = found.unwrap();
        let positive = known.values.iter().all(|&y| y > 0.0);
        for (step, mean) in known.theta_mean.iter().enumerate() {
            let width = found.quantiles[0][step] - found.mean[step];
            assert!((found.mean[step] - mean).abs() < 0.1 * width, "{at}: {found:?}");
            if positive || known.season == 1 {
                let theirs = known.theta_high[step] - mean;
                assert!((theirs / width - 1.0).abs() < 0.35, "{at} {step}: {width}, not {theirs}");
            }
        }
        let mut values = known.values.clone();
        if let Some(season) = Found::look(&values, known.season) {
            season.remove(&mut values);
        }
        let size = values.iter().map(|y| y.abs()).sum::<f64>() / values.len() as f64;
        let squares = Dotm::fit(&values).squares / size;
        assert!(squares <= known.squares * (1.0 + 1e-6), "{at}: {squares}, not {}", known.squares);
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
