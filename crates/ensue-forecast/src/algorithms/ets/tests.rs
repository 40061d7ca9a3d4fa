use ensue_core::{Frequency, Panel, Series};
use rand::RngExt;
use serde::Deserialize;

use super::*;
use crate::{Forecaster, conformance::Conformance};

impl Conformance for Ets {}

#[derive(Deserialize)]
struct Golden {
    rows: Vec<Row>,
}

/// What statsforecast made of a series.
#[derive(Deserialize)]
struct Row {
    season: usize,
    values: Vec<f64>,
    model: String,
    aicc: f64,
    mean: Vec<f64>,
    p90: Vec<f64>,
}

#[test]
fn models_and_forecasts_are_those_of_statsforecast_or_likelier() {
    // Oracle: AutoETS of statsforecast 2.1.1 (benches/peers/ets_golden.py). Its search is another, so an AICc may be lower
    // here, never higher by more than .1 %.
    let golden: Golden =
        serde_json::from_str(include_str!("../../../tests/golden/ets.json")).unwrap();
    let mut same = 0;
    for row in &golden.rows {
        let n = row.values.len() as f64;
        let scale = row.values.iter().map(|y| y.abs()).sum::<f64>() / n;
        let values: Vec<f64> = row.values.iter().map(|y| y / scale).collect();
        let fit = fit::best(&values, row.season, true).unwrap();
        // The likelihood of the values as they are.
        let aicc = fit.aicc + 2.0 * n * scale.ln();
        assert!(aicc <= row.aicc * 1.001, "{}: {aicc} against {}", row.model, row.aicc);
        // It writes the damping last: A, Ad, M, A, N, D.
        let damped = row.model.ends_with('D');
        let parts: Vec<char> = row.model.chars().collect();
        let name = format!("{}{}{}{}", parts[0], parts[1], if damped { "d" } else { "" }, parts[2]);
        if fit.model.name() != name {
            continue;
        }
        same += 1;
        let (mean, variance) = forecast::forecast(&fit, row.mean.len());
        let spread = (row.p90[5] - row.mean[5]).abs();
        for step in 0..row.mean.len() {
            let own = scale * mean[step];
            let p90 = own + scale * 1.281_551_565_544_600_4 * variance[step].sqrt();
            let (a, b) = ((own - row.mean[step]).abs(), (p90 - row.p90[step]).abs());
            assert!(
                a < 0.25 * spread && b < 0.35 * spread,
                "{name} step {step}: {a} {b} of {spread}"
            );
        }
    }
    assert!(same >= 6, "{same} of {} models are the same", golden.rows.len());
}

#[test]
fn a_level_is_followed_by_simple_smoothing() {
    // Oracle: l = l + alpha (y - l) by hand, from the states and alpha that were found.
    let values = [1.0, 1.2, 0.9, 1.4, 1.1, 1.0, 1.3, 1.2, 0.8, 1.1, 1.05, 1.2];
    let fit = fit::best(&values, 1, false).unwrap();
    assert_eq!(fit.model.name(), "ANN");
    let (mean, variance) = forecast::forecast(&fit, 3);
    assert_eq!(mean, [fit.end.level; 3]);
    let step = fit.by.alpha * fit.by.alpha * fit.variance;
    for (h, found) in variance.iter().enumerate() {
        assert!((found - fit.variance - h as f64 * step).abs() < 1e-12);
    }
}

#[test]
fn intervals_hold_what_they_promise() {
    // Oracle: 400 random walks with noise; the 80 % interval of the next step holds 80 %, within three binomial deviations
    // and a little for what is estimated.
    let mut draw = Seed(5).stream("walks");
    let mut normal = || (0..12).map(|_| draw.random::<f64>()).sum::<f64>() - 6.0;
    let mut series = Vec::new();
    let mut next = Vec::new();
    for n in 0..400 {
        let mut level = 100.0;
        let mut walk: Vec<f64> = (0..61)
            .map(|_| {
                level += 0.5 * normal();
                level + normal()
            })
            .collect();
        next.extend(walk.pop());
        series.push(Series::new([n.to_string()], 0, walk));
    }
    let panel = Panel::new(Frequency::WEEKLY, series).unwrap();
    let data = TrainingData { panel, horizon: 1 };
    let model = Ets::default().fit(&data, &mut Run::new("ndarray")).unwrap();
    let levels = [0.1, 0.9].map(|level| Quantile::new(level).unwrap());
    let forecasts = model.forecast(&data.panel, &levels, Seed(0)).unwrap();
    let held = forecasts
        .iter()
        .zip(&next)
        .filter(|(forecast, y)| (forecast.quantiles[0][0]..=forecast.quantiles[1][0]).contains(*y));
    let share = held.count() as f64 / 400.0;
    assert!((share - 0.8).abs() < 0.08, "{share}");
}

#[test]
fn nothing_multiplies_where_a_value_is_not_positive() {
    // Oracle: the rule; a series that grows with its seasons wants to multiply until one value is zero.
    let growing = |t: usize| (1.0 + t as f64 / 30.0) * (1.0 + 0.5 * (t as f64 * 1.571).sin());
    let mut values: Vec<f64> = (0..60).map(growing).collect();
    let free = fit::best(&values, 4, true).unwrap().model;
    assert!(free.name().contains('M'), "{}", free.name());
    values[7] = 0.0;
    assert!(!fit::best(&values, 4, true).unwrap().model.name().contains('M'));
}
