use serde::Deserialize;

use super::{
    ahead::Horizons,
    fit::{Fit, best},
    forecast::forecast,
    model::{Model, Season, Smoothing, States, Trend},
    recursion::pass,
    *,
};
use crate::conformance::Conformance;

impl Conformance for Ets {}

/// What statsforecast says of a series.
#[derive(Deserialize)]
struct Known {
    season: usize,
    values: Vec<f64>,
    model: String,
    aicc: f64,
    mean: Vec<f64>,
    high: Vec<f64>,
}

#[derive(Deserialize)]
struct Golden {
    series: Vec<Known>,
}

fn golden() -> Vec<Known> {
    serde_json::from_str::<Golden>(include_str!("golden.json")).unwrap().series
}

#[test]
fn a_pass_is_what_one_does_by_hand() {
    // Oracle: by hand: alpha 1/2, level 2, values 4 and 1: errors 2 and -2, levels 3 and 2; relative: 1 and -2/3.
    let by = Smoothing { alpha: 0.5, beta: 0.0, gamma: 0.0, phi: 1.0 };
    let mut model = Model { relative: false, trend: Trend::None, season: Season::None };
    let mut states = States { level: 2.0, ..States::default() };
    let sums = pass(model, &[4.0, 1.0], &by, &mut states);
    assert_eq!((sums.squares, states.level), (8.0, 2.0));
    model.relative = true;
    let sums = pass(model, &[4.0, 1.0], &by, &mut states);
    assert!((sums.squares - (1.0 + 4.0 / 9.0)).abs() < 1e-12);
    assert!((sums.logs - 6.0_f64.ln()).abs() < 1e-12);
    // Damped trend and season: level 1, trend 2, phi 1/2, phases 1 and -1. Forecast 3, value 5, error 2: level 2 + 1,
    // trend 1 + 1/2, phase 1 + 1/2; the next forecast is 3 + 3/4 - 1.
    model = Model { relative: false, trend: Trend::Damped, season: Season::Additive };
    let by = Smoothing { alpha: 0.5, beta: 0.25, gamma: 0.25, phi: 0.5 };
    let mut states = States { level: 1.0, trend: 2.0, season: vec![1.0, -1.0] };
    let sums = pass(model, &[5.0, 2.75], &by, &mut states);
    assert_eq!(sums.squares, 4.0);
    assert_eq!(states, States { level: 3.75, trend: 0.75, season: vec![1.5, -1.0] });
}

#[test]
fn both_ways_to_write_a_trend_agree() {
    // Oracle: the seasonal recursion with phases that are 0 and stay so.
    let values: Vec<f64> = (0..50).map(|t| 1.0 + f64::from(t * t % 17) / 9.0).collect();
    for relative in [false, true] {
        let mut model = Model { relative, trend: Trend::Damped, season: Season::None };
        let by = Smoothing { alpha: 0.4, beta: 0.2, gamma: 0.0, phi: 0.9 };
        let mut one = States { level: 1.5, trend: 0.1, season: Vec::new() };
        let mut other = States { season: vec![0.0; 5], ..one.clone() };
        let sums = pass(model, &values, &by, &mut one);
        model.season = Season::Additive;
        let others = pass(model, &values, &by, &mut other);
        assert!((sums.squares - others.squares).abs() < 1e-10);
        assert!((sums.logs - others.logs).abs() < 1e-10);
        assert!((one.level - other.level).abs() < 1e-12 && (one.trend - other.trend).abs() < 1e-12);
    }
}

#[test]
fn fits_are_as_good_as_those_of_statsforecast() {
    // Oracle: golden.json, made by benches/peers/ets_golden.py: AICc, and where the model is the same, means and 90 %
    // quantiles.
    let z = normal_quantile(0.9);
    for (at, known) in golden().iter().enumerate() {
        let n = known.values.len() as f64;
        let scale = known.values.iter().map(|y| y.abs()).sum::<f64>() / n;
        let values: Vec<f64> = known.values.iter().map(|y| y / scale).collect();
        let fit = best(&values, known.season, true, known.mean.len()).unwrap();
        let aicc = fit.aicc + 2.0 * n * scale.ln();
        // Theirs lets beta exceed alpha.
        assert!(aicc <= known.aicc * 1.002, "{at}: {aicc}, not {}", known.aicc);
        let theirs = known.model.replace('D', "d");
        let theirs = match theirs.as_bytes() {
            [e, t, s, b'd'] => format!("{}{}d{}", *e as char, *t as char, *s as char),
            _ => theirs[..3].to_owned(),
        };
        assert_eq!(fit.model.name(), theirs, "{at}");
        let (means, variances) = forecast(&fit, known.mean.len());
        for step in 0..means.len() {
            let width = known.high[step] - known.mean[step];
            let mean = scale * means[step];
            assert!((mean - known.mean[step]).abs() < 0.15 * width, "{at}: {mean}");
            // Their class 3 does not move the mean along the horizon: only its first step is comparable.
            if fit.model.season != Season::Multiplicative || step == 0 {
                let own = scale * z * variances[step].sqrt();
                assert!((own / width - 1.0).abs() < 0.05, "{at}: {own}, not {width}");
            }
        }
    }
}

/// Steps of a linear congruence as nearly normal errors: sums of 12 uniform numbers less 6.
fn errors(state: &mut u64) -> f64 {
    let uniform = |state: &mut u64| {
        *state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*state >> 11) as f64 / (1_u64 << 53) as f64
    };
    (0..12).map(|_| uniform(state)).sum::<f64>() - 6.0
}

#[test]
fn variances_are_those_of_simulated_paths() {
    // Oracle: 20,000 paths of the model itself: mean and standard deviation of each step.
    let mut state = 1;
    for (relative, season, sd) in [
        (false, Season::Additive, 0.1),
        (true, Season::None, 0.1),
        (true, Season::Additive, 0.1),
        (true, Season::Multiplicative, 0.05),
    ] {
        let phases = match season {
            Season::None => Vec::new(),
            Season::Additive => vec![0.2, -0.3, 0.1],
            Season::Multiplicative => vec![1.2, 0.7, 1.1],
        };
        let gamma = if phases.is_empty() { 0.0 } else { 0.3 };
        let fit = Fit {
            model: Model { relative, trend: Trend::Damped, season },
            by: Smoothing { alpha: 0.5, beta: 0.2, gamma, phi: 0.9 },
            phase: usize::from(!phases.is_empty()),
            end: States { level: 2.0, trend: 0.1, season: phases },
            variance: sd * sd,
            aicc: 0.0,
            ahead: None,
        };
        let (means, variances) = forecast(&fit, 8);
        let (mut sums, mut squares) = ([0.0; 8], [0.0; 8]);
        let paths = 20_000;
        for _ in 0..paths {
            let mut at = fit.end.clone();
            let turn = fit.phase.min(at.season.len());
            at.season.rotate_left(turn);
            for step in 0..8 {
                let base = at.level + fit.by.phi * at.trend;
                let first = at.season.first().copied();
                let forecast = match season {
                    Season::None => base,
                    Season::Additive => base + first.unwrap(),
                    Season::Multiplicative => base * first.unwrap(),
                };
                let error = sd * errors(&mut state);
                let y = if relative { forecast * (1.0 + error) } else { forecast + error };
                sums[step] += y;
                squares[step] += y * y;
                // A pass over one value; the season turns by hand.
                pass(fit.model, &[y], &fit.by, &mut at);
                let turn = at.season.len().min(1);
                at.season.rotate_left(turn);
            }
        }
        for step in 0..8 {
            let mean = sums[step] / f64::from(paths);
            let deviation = (squares[step] / f64::from(paths) - mean * mean).sqrt();
            let own = variances[step].sqrt();
            assert!((means[step] - mean).abs() < 0.05 * own, "{season:?} {step}: {mean}");
            assert!((own / deviation - 1.0).abs() < 0.04, "{season:?} {step}: {own}, {deviation}");
        }
    }
}

#[test]
fn what_is_not_positive_has_no_model_that_multiplies() {
    // Oracle: the rule; with a single 0 in it a series that multiplies gets an additive model.
    let mut state = 5;
    let mut values: Vec<f64> = (0..60)
        .map(|t| {
            let season = [1.6, 0.8, 0.4, 1.2][t % 4];
            (1.0 + t as f64 / 30.0) * season * (1.0 + 0.05 * errors(&mut state))
        })
        .collect();
    assert_eq!(best(&values, 4, true, 1).unwrap().model.season, Season::Multiplicative);
    let additive = best(&values, 4, false, 1).unwrap().model;
    assert!(!additive.relative && additive.season != Season::Multiplicative);
    values[30] = 0.0;
    assert!(!best(&values, 4, true, 1).unwrap().model.relative);
    // Seasons longer than 24 steps, and longer than the series, are none.
    assert_eq!(best(&values, 25, true, 1).unwrap().model.season, Season::None);
    assert_eq!(best(&values[..4], 4, true, 1).map(|fit| fit.model), None);
    assert_eq!(best(&values[..6], 4, true, 1).unwrap().model.season, Season::None);
}

#[test]
fn errors_over_horizons_are_those_by_hand() {
    // Oracle: by hand: level 0 and alpha 1 forecast the last value. 8 values, a horizon of 2: origins 4, 5 and 6.
    let model = Model { relative: false, trend: Trend::None, season: Season::None };
    let by = Smoothing { alpha: 1.0, beta: 0.0, gamma: 0.0, phi: 1.0 };
    let values = [0.0, 0.0, 0.0, 1.0, 3.0, 2.0, 2.0, 6.0];
    let mut states = States::default();
    let error = Horizons::new(8, 1, 2).error(model, &values, &by, &mut states).unwrap();
    assert!((error - (2.0 + 1.0 + 1.0 + 1.0 + 0.0 + 4.0) / 6.0).abs() < 1e-12, "{error}");
    // With a season of 2, which stays: origins 4 and 6, levels 1 and 2.
    let model = Model { season: Season::Additive, ..model };
    let mut states = States { season: vec![1.0, 0.0], ..States::default() };
    let error = Horizons::new(8, 2, 2).error(model, &values, &by, &mut states).unwrap();
    assert!((error - (1.0 + 1.0 + 1.0 + 4.0) / 4.0).abs() < 1e-12, "{error}");
    // A season of 6 leaves no whole horizon of 7 values.
    let mut states = States { season: vec![0.0; 6], ..States::default() };
    assert_eq!(Horizons::new(7, 6, 3).error(model, &values[..7], &by, &mut states), None);
    // Two origins, and four of them.
    assert!((Horizons::new(8, 2, 2).margin(8) - (1.0 + 0.5_f64.sqrt())).abs() < 1e-12);
    assert!((Horizons::new(8, 1, 1).margin(8) - 1.5).abs() < 1e-12);
}

#[test]
fn a_model_that_only_follows_the_last_turn_is_left_out() {
    // Oracle: the series' own future: days whose height changes slowly. One step ahead the last slope is best, two days
    // ahead it leads away.
    let mut state = 9;
    let mut height = 1.0;
    let values: Vec<f64> = (0..600)
        .map(|t| {
            height += 0.01 * errors(&mut state);
            let hour = (t % 24) as f64 / 24.0;
            10.0 + height * (std::f64::consts::TAU * hour).sin() + 0.001 * errors(&mut state)
        })
        .collect();
    let (past, future) = values.split_at(552);
    let found = |horizon| {
        let fit = best(past, 24, true, horizon).unwrap();
        let (means, _) = forecast(&fit, 48);
        (fit.model, means.iter().zip(future).map(|(mean, y)| (mean - y).abs()).sum::<f64>())
    };
    let ((near, at_once), (far, after)) = (found(1), found(48));
    assert!(near.trending() && !far.trending(), "{} {}", near.name(), far.name());
    assert!(after < 0.6 * at_once, "{after}, not {at_once}");
}
