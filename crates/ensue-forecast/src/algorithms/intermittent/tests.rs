use ensue_core::{Frequency, Panel, Series};
use serde_json::Value;

use super::*;
use crate::{Forecaster, conformance::Conformance};

impl Conformance for Intermittent {}

fn forecast(settings: &Intermittent, target: &[f64], levels: &[f64]) -> SeriesForecast {
    let panel = Panel::new(Frequency::MONTHLY, vec![Series::new(["a"], 0, target.to_vec())]);
    let data = TrainingData { panel: panel.unwrap(), horizon: 2 };
    let model = settings.fit(&data, &mut Run::new("ndarray")).unwrap();
    let levels: Vec<Quantile> = levels.iter().map(|&level| Quantile::new(level).unwrap()).collect();
    model.forecast(&data.panel, &levels, Seed(0)).unwrap().remove(0)
}

#[test]
fn rates_are_those_of_statsforecast() {
    // Oracle: CrostonClassic, CrostonSBA, CrostonOptimized, TSB and ADIDA of statsforecast 2.1, by
    // benches/peers/intermittent_golden.py. Where a constant is looked for, both stop within 1e-4 of the best.
    let golden = include_str!("../../../tests/golden/intermittent.json");
    let golden: Value = serde_json::from_str(golden).unwrap();
    let methods = [
        ("CrostonClassic", Rule::Croston, Some(0.1), 1e-12),
        ("CrostonSBA", Rule::Sba, Some(0.1), 1e-12),
        ("CrostonOptimized", Rule::Croston, None, 1e-3),
        ("TSB", Rule::Tsb, Some(0.1), 1e-12),
        ("ADIDA", Rule::Adida, None, 1e-3),
    ];
    let rows = golden["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 8);
    for row in rows {
        let values: Vec<f64> = serde_json::from_value(row["values"].clone()).unwrap();
        for (name, rule, smoothing, near) in methods {
            let expected = row[name].as_f64().unwrap();
            let found = rate(&values, rule, smoothing, &mut Room::default());
            assert!((found / expected - 1.0).abs() < near, "{name} {values:?}: {found} {expected}");
        }
    }
}

#[test]
fn the_best_constant_has_the_least_squares() {
    // Oracle: every constant in a grid of the range, on a series whose best one lies inside it, at 0.245.
    let values = [4.0, 6.0, 3.0, 5.0, 4.0, 6.0, 7.0, 5.0, 8.0, 6.0, 4.0, 7.0, 6.0, 5.0, 8.0, 5.0];
    let squares = |constant: f64| {
        let errors = (1..values.len())
            .map(|end| (values[end] - smooth::smoothed(&values[..end], Some(constant)).0).powi(2));
        errors.sum::<f64>()
    };
    let (level, constant) = smooth::smoothed(&values, None);
    assert_eq!(level, smooth::smoothed(&values, Some(constant)).0);
    assert!((constant - 0.245).abs() < 1e-3, "{constant}");
    for hundredth in 10..=30 {
        let other = f64::from(hundredth) / 100.0;
        assert!(squares(constant) <= squares(other) * (1.0 + 1e-6), "{constant} and {other}");
    }
    // One value is its own level, and a constant series too.
    assert_eq!(smooth::smoothed(&[4.0], None).0, 4.0);
    assert_eq!(smooth::smoothed(&[4.0; 9], None).0, 4.0);
}

#[test]
fn counts_are_negative_binomial() {
    // Oracle: scipy.stats.nbinom(n, n / (n + mean)).ppf and poisson(mean).ppf.
    let levels = [0.1, 0.5, 0.9, 0.99];
    for (mean, size, expected) in [
        (0.5, 0.4, [0.0, 0.0, 2.0, 5.0]),
        (3.0, 1.5, [0.0, 2.0, 7.0, 13.0]),
        (40.0, 8.0, [22.0, 38.0, 61.0, 84.0]),
        (2.5, f64::INFINITY, [1.0, 2.0, 5.0, 7.0]),
    ] {
        let spread = Spread::Count { mean, size, most: 1e6 };
        assert_eq!(levels.map(|level| spread.quantile(level)), expected, "{mean} {size}");
    }
    // As wide as the history relative to its mean: mean 1, variance 4, so r = 1 / 3.
    let history = [0.0, 0.0, 0.0, 0.0, 5.0, 1.0];
    let Spread::Count { mean, size, most } = Spread::around(2.0, &history) else {
        panic!("not counted")
    };
    assert_eq!((mean, most), (2.0, 50.0));
    assert!((size - 1.0 / 3.0).abs() < 1e-12, "{size}");
}

#[test]
fn other_demands_come_with_a_probability() {
    // Oracle: by hand; demands of 0.5, 1, 1.5 with probability 0.6 have mean 0.6, each a fifth.
    let history = [0.0, 1.5, 0.0, 0.5, 1.0, 0.0];
    let spread = Spread::around(0.6, &history);
    assert!((spread.mean() - 0.6).abs() < 1e-12);
    let levels = [0.1, 0.4, 0.41, 0.6, 0.61, 0.8, 0.81, 0.99];
    let expected = [0.0, 0.0, 0.5, 0.5, 1.0, 1.0, 1.5, 1.5];
    assert_eq!(levels.map(|level| spread.quantile(level)), expected);
    // Returns: the same with the other sign, and the zeros above them.
    let returns: Vec<f64> = history.iter().map(|y| -y).collect();
    let spread = Spread::around(-0.6, &returns);
    assert_eq!([0.2, 0.3, 0.5, 0.7].map(|level| spread.quantile(level)), [-1.5, -1.0, -0.5, 0.0]);
    // More than ever before: scaled to the rate. And of both signs: as often as in the past.
    let spread = Spread::around(2.0, &history);
    assert_eq!((spread.mean(), spread.quantile(0.99)), (2.0, 3.0));
    let both = Spread::around(7.0, &[-1.0, 0.0, 2.0, 0.0]);
    assert_eq!(
        (both.mean(), both.quantile(0.2), both.quantile(0.5), both.quantile(0.9)),
        (0.25, -1.0, 0.0, 2.0)
    );
}

#[test]
fn the_method_is_the_one_that_would_have_been_right() {
    // Oracle: by hand. Demand ends: TSB is the only one of Croston's kind that forgets. Demand comes in every step at the same
    // size: SBA is the only one that is wrong, so that Croston, the first of those without error, is taken.
    let ends: Vec<f64> = [[0.0, 3.0, 0.0, 2.0]; 10].concat().into_iter().chain([0.0; 24]).collect();
    let chosen = best(&ends, 12, None, &mut Room::default());
    assert!(matches!(chosen, Rule::Tsb | Rule::Adida), "{chosen:?}");
    assert_eq!(best(&[2.0; 30], 12, None, &mut Room::default()), Rule::Croston);
    assert_eq!(best(&[2.0], 12, None, &mut Room::default()), Rule::Sba);
    let found = forecast(&Intermittent::default(), &ends, &[0.5]);
    assert!(found.mean[0] < 0.3, "{:?}", found.mean);
}

#[test]
fn steps_without_observation_say_nothing() {
    // Oracle: the series without them.
    let (nan, croston) = (f64::NAN, Intermittent { method: Method::Croston, smoothing: Some(0.1) });
    let with = forecast(&croston, &[0.0, nan, 3.0, 0.0, nan, nan, 1.0, nan], &[0.1, 0.9]);
    assert_eq!(with, forecast(&croston, &[0.0, 3.0, 0.0, 1.0], &[0.1, 0.9]));
    assert!(with.mean[0] > 0.0);
}

#[test]
fn a_constant_lies_between_0_and_1() {
    // Oracle: the documented range.
    for smoothing in [0.0, 1.1, -0.1, f64::NAN] {
        let settings = Intermittent { smoothing: Some(smoothing), ..Intermittent::default() };
        assert!(settings.check().is_err(), "{smoothing}");
    }
}
