use std::f64::consts::TAU;

use ensue_core::{Frequency, Panel, Series};
use rand::RngExt;
use serde_json::Value;

use super::{
    lasso::Lasso,
    map::Priors,
    spread::{Spread, Waves},
    *,
};
use crate::{Forecaster, conformance::Conformance, normal::normal_quantile};

impl Conformance for Prophet {
    const USES_RELATED: bool = true;
}

const NAN: f64 = f64::NAN;

/// Days from 2020-03-01 on, the made-up series of `benches/peers/prophet_golden.py`, its promotion and its price.
fn made() -> (Vec<f64>, Vec<f64>, [Vec<f32>; 2]) {
    let days = 450;
    let promotion = |at: u32| f64::from(u32::from(at % 17 == 3));
    let price = |at: u32| 2.0 + f64::from(at * 31 % 7) / 4.0;
    let y = |at: u32| {
        let noise = f64::from((at * 7919 + 13) % 101) / 101.0 - 0.5;
        let trend = 50.0 + 0.1 * f64::from(at) - 0.15 * f64::from(at.saturating_sub(200));
        let week = 5.0 * f64::from(u32::from(at % 7 == 6));
        trend + week + 8.0 * promotion(at) - 3.0 * price(at) + 6.0 * noise
    };
    let target = (0..420).map(|at| if at % 10 == 9 { NAN } else { y(at) }).collect();
    let times = (0..days).map(|at| 18_322.0 + f64::from(at)).collect();
    let rows = [
        (0..days).map(|at| promotion(at) as f32).collect(),
        (0..days).map(|at| price(at) as f32).collect(),
    ];
    (times, target, rows)
}

fn numbers(json: &Value) -> Vec<f64> {
    json.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

fn fit<'a>(settings: &Prophet, data: Data<'a>) -> Fitted<'a> {
    Fitted::new(data, &settings.shape(), |span, spacing| settings.seasons(span, spacing)).unwrap()
}

/// Largest difference.
fn apart(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

#[test]
fn the_fit_is_the_most_probable_one_and_near_prophets() {
    // Oracle: `prophet` 1.5 from PyPI, and scipy on the same problem: tests/golden/prophet.json, made by
    // benches/peers/prophet_golden.py.
    let golden: Value =
        serde_json::from_str(include_str!("../../../tests/golden/prophet.json")).unwrap();
    let (exact, prophet) = (&golden["exact"], &golden["prophet"]);
    let (days, target, rows) = made();
    let regressors = [&rows[0][..], &rows[1][..]];
    let mut fitted =
        fit(&Prophet::default(), Data { days: &days, target: &target, regressors: &regressors });
    let (mean, quantiles) = fitted.forecast(30, &[0.1, 0.9]);

    let scale = prophet["y_scale"].as_f64().unwrap();
    assert!(apart(&mean, &numbers(&exact["yhat"])) < 1e-4 * scale);
    assert!((fitted.estimate.noise / exact["noise"].as_f64().unwrap() - 1.0).abs() < 1e-5);
    let changes = fitted.estimate.changes();
    assert_eq!(changes.len(), 25);
    let mean_change = changes.iter().map(|x| x.abs()).sum::<f64>() / 25.0;
    assert!((mean_change / exact["mean_change"].as_f64().unwrap() - 1.0).abs() < 1e-3);

    // The most probable noise says what the squared errors are.
    let (rows, variance) = (378, fitted.estimate.noise.powi(2));
    let mut columns = vec![10.0; fitted.estimate.columns.len()];
    columns[..2].fill(5.0);
    let priors = Priors { columns, change: 0.05, noise: 0.5 };
    let density =
        fitted.estimate.density(4.0 * variance * variance + rows as f64 * variance, rows, &priors);
    assert!((density - exact["log_density"].as_f64().unwrap()).abs() < 1e-3, "{density}");
    assert!(density > prophet["log_density"].as_f64().unwrap(), "{density}");

    for (found, name) in
        [(&mean, "yhat"), (&quantiles[0], "yhat_lower"), (&quantiles[1], "yhat_upper")]
    {
        let apart = apart(found, &numbers(&prophet[name]));
        assert!(apart < 0.005 * scale, "{name}: {apart} of {scale}");
    }
}

#[test]
fn seasons_that_are_shares_of_the_trend_are_found() {
    // Oracle: the formula that the series is made by.
    let y = |day: f64| (100.0 + 0.5 * day) * (1.0 + 0.3 * (TAU * day / 7.0).sin());
    let days: Vec<f64> = (0..214).map(f64::from).collect();
    let target: Vec<f64> = days[..200].iter().map(|&day| y(day)).collect();
    let settings: Prophet =
        serde_json::from_str(r#"{"seasonality_mode": "multiplicative"}"#).unwrap();
    let data = Data { days: &days, target: &target, regressors: &[] };
    let ahead = |settings: &Prophet| fit(settings, data).forecast(14, &[0.1]).0;
    let expected: Vec<f64> = days[200..].iter().map(|&day| y(day)).collect();
    assert!(apart(&ahead(&settings), &expected) < 0.1);
    // Added, they are as large at the end as at the begin: 50 * 0.3 too small.
    assert!(apart(&ahead(&Prophet::default()), &expected) > 10.0);
}

#[test]
fn a_flat_trend_stays_where_it_is() {
    // Oracle: the mean of the series, which the prior pulls down by less than a thousandth; no change is to come, so the
    // spread does not grow.
    let days: Vec<f64> = (0..60).map(f64::from).collect();
    let target: Vec<f64> =
        (0..50).map(|at| 10.0 + f64::from(at % 2) + f64::from(at) / 50.0).collect();
    let settings: Prophet =
        serde_json::from_str(r#"{"growth": "flat", "weekly_seasonality": false}"#).unwrap();
    let fitted = fit(&settings, Data { days: &days, target: &target, regressors: &[] });
    let (mean, quantiles) = fitted.forecast(10, &[0.9]);
    let average = target.iter().sum::<f64>() / 50.0;
    assert!(mean.iter().all(|x| (x / average - 1.0).abs() < 1e-3));
    assert!((quantiles[0][9] - quantiles[0][0]).abs() < 1e-6);
    assert!(quantiles[0][0] > average + 0.1);
}

#[test]
fn auto_seasons_follow_the_packages_rules() {
    // Oracle: Prophet.set_auto_seasonalities of 1.5: two years; two weeks and nearer than a week; two days and nearer than a day.
    let auto = Prophet::default();
    let periods = |span, spacing| {
        auto.seasons(span, spacing).iter().map(|season| season.0).collect::<Vec<_>>()
    };
    assert_eq!(auto.seasons(730.0, 0.5), [(365.25, 10), (7.0, 3), (1.0, 4)]);
    assert_eq!(periods(729.0, 1.0), [7.0]);
    assert_eq!(periods(13.9, 1.0 / 24.0), [1.0]);
    assert!(periods(1.9, 1.0 / 24.0).is_empty());
    assert_eq!(periods(3000.0, 7.0), [365.25]);
    let own: Prophet = serde_json::from_str(
        r#"{"yearly_seasonality": 2, "weekly_seasonality": false, "daily_seasonality": true}"#,
    )
    .unwrap();
    assert_eq!(own.seasons(1.0, 7.0), [(365.25, 2), (1.0, 4)]);
    assert_eq!(serde_json::to_value(&auto).unwrap()["weekly_seasonality"], "auto");
}

#[test]
fn settings_out_of_range_are_refused() {
    // Oracle: the table of the settings.
    for (field, value) in [
        ("changepoint_prior_scale", "0"),
        ("seasonality_prior_scale", "-1"),
        ("holidays_prior_scale", "1e999"),
        ("changepoint_range", "1.5"),
        ("n_changepoints", "1001"),
        ("yearly_seasonality", "201"),
    ] {
        let json = format!(r#"{{"{field}": {value}}}"#);
        let refused = match serde_json::from_str::<Prophet>(&json) {
            Ok(settings) => settings.check().is_err_and(|error| error.to_string().contains(field)),
            Err(_) => true,
        };
        assert!(refused, "{json}");
    }
}

#[test]
fn a_related_series_that_explains_the_target_is_used() {
    // Oracle: the series is made of the related one; without it, the last days cannot be known.
    let event = |day: u32| u32::from((day * 37).is_multiple_of(19));
    let target: Vec<f64> = (0..200).map(|day| 30.0 + 20.0 * f64::from(event(day))).collect();
    let row: Vec<f32> = (0..230).map(|day| event(day) as f32).collect();
    let series = vec![Series::new(["a"], 18_000, target).with_related(vec![row])];
    let names = vec!["item_id".to_owned()];
    let panel = Panel::with(
        Frequency::DAILY,
        names,
        vec!["event".to_owned()],
        Vec::new(),
        Vec::new(),
        series,
    )
    .unwrap();
    let data = TrainingData { panel, horizon: 30 };
    let model = Prophet::default().fit(&data, &mut Run::new("ndarray")).unwrap();
    let mean = &model.forecast(&data.panel, &[], Seed(0)).unwrap()[0].mean;
    assert!((200..230).any(|day| event(day) == 1));
    for (day, mean) in (200..230).zip(mean) {
        assert!((mean - 30.0 - 20.0 * f64::from(event(day))).abs() < 0.1, "{day}: {mean}");
    }
}

#[test]
fn the_penalised_quadratic_is_lowest_where_its_conditions_hold() {
    // Oracle: the subgradient: `Q x - q` is `-penalty sign(x)` where x is not 0, and within the penalty elsewhere.
    let size = 12;
    let mut random = Seed(5).stream("lasso");
    for round in 0..50 {
        // Rows that are sums of few random ones: singular, as neighbouring ramps nearly are.
        let rows: Vec<Vec<f64>> = (0..9 + round % 9)
            .map(|_| (0..size).map(|_| random.random_range(-1.0..1.0)).collect())
            .collect();
        let mut quadratic = vec![0.0; size * size];
        for row in &rows {
            for i in 0..size {
                for j in 0..size {
                    quadratic[i * size + j] += row[i] * row[j];
                }
            }
        }
        let linear: Vec<f64> = (0..size)
            .map(|i| rows.iter().enumerate().map(|(at, row)| row[i] * (at % 3) as f64).sum())
            .collect();
        let mut lasso = Lasso::new(size);
        for penalty in [3.0, 0.3, 0.03] {
            lasso.solve(&quadratic, &linear, penalty);
            for (i, linear) in linear.iter().enumerate() {
                let slope: f64 =
                    (0..size).map(|j| quadratic[i * size + j] * lasso.x[j]).sum::<f64>() - linear;
                let broken = if lasso.x[i] == 0.0 {
                    slope.abs() - penalty
                } else {
                    (slope + penalty * lasso.x[i].signum()).abs()
                };
                assert!(broken < 1e-6, "round {round}, penalty {penalty}, {i}: {broken}");
            }
        }
    }
}

#[test]
fn quantiles_are_those_of_the_process() {
    // Oracle: noise alone is normal; with changes, 200,000 sample paths of the process.
    let mut waves = Waves::default();
    waves.prepare(&Spread { noise: 0.3, change: 0.0, rate: 25.0, span: 0.2 });
    for level in [0.001, 0.1, 0.4, 0.5, 0.75, 0.99] {
        assert!((waves.quantile(level) - 0.3 * normal_quantile(level)).abs() < 1e-9);
    }
    let spread = Spread { noise: 0.05, change: 0.4, rate: 25.0, span: 0.15 };
    waves.prepare(&spread);
    let mut random = Seed(1).stream("process");
    let mut samples: Vec<f64> = (0..200_000)
        .map(|_| {
            let mut end = spread.noise * normal_quantile(random.random_range(1e-12..1.0));
            // Exponential times between changes.
            let mut left = spread.span;
            loop {
                left += random.random_range(f64::MIN_POSITIVE..1.0).ln() / spread.rate;
                if left <= 0.0 {
                    return end;
                }
                let size = -random.random_range(f64::MIN_POSITIVE..1.0).ln() * spread.change;
                end += left * if random.random_bool(0.5) { size } else { -size };
            }
        })
        .collect();
    samples.sort_by(f64::total_cmp);
    for level in [0.01, 0.1, 0.3, 0.7, 0.9, 0.99] {
        let below = samples.partition_point(|&x| x <= waves.quantile(level)) as f64 / 200_000.0;
        // Four standard deviations of a share of 200,000.
        let error = 4.0 * (level * (1.0 - level) / 200_000.0_f64).sqrt();
        assert!((below - level).abs() < error, "{level}: {below}");
    }
    waves.prepare(&Spread { noise: 0.0, change: 0.0, rate: 0.0, span: 1.0 });
    assert_eq!(waves.quantile(0.9), 0.0);
}
