use serde_json::Value;

use super::*;
use crate::{Frequency, Quantile};

const NAN: f64 = f64::NAN;

#[track_caller]
fn close(found: f64, expected: f64, what: &str) {
    let same = found == expected || (found.is_nan() && expected.is_nan());
    let near = (found - expected).abs() <= 1e-12 * expected.abs().max(1.0);
    assert!(same || near, "{what}: {found} is not {expected}");
}

/// Two quantiles: 0.5 and 0.9.
fn levels() -> [Quantile; 2] {
    [Quantile::MEDIAN, Quantile::new(0.9).unwrap()]
}

fn measured(items: &[Outcome<'_>], season: usize) -> Option<AccuracyMetrics> {
    let mut metrics = AccuracyAccumulator::new(&levels(), season);
    for item in items {
        metrics.add(item);
    }
    metrics.finish()
}

#[test]
fn amazons_metrics_of_two_items_are_those_by_hand() {
    // Oracle: by hand. Item one: y 10, 0, 30; f 12, 1, 24; so |e| 2, 1, 6, sum |y| 40.
    //   p50 9, 1, 33: 2 * 0.5 * (1 + 1 + 3) = 5.  p90 15, 2, 29: 2 * (.1 * 5 + .1 * 2 + .9 * 1) = 3.2.
    //   past 1, 3, 4, 8, season 2: (3 + 5) / 2 = 4, so MASE (9 / 3) / 4 = 0.75.
    // Item two: y -5; f -4; |e| 1; p50 -5: 0; p90 0: 2 * .1 * 5 = 1; past without change: no MASE.
    let levels = levels();
    let one = Outcome {
        past: &[1.0, 3.0, 4.0, 8.0],
        actual: &[10.0, 0.0, 30.0],
        mean: &[12.0, 1.0, 24.0],
        levels: &levels,
        quantiles: &[vec![9.0, 1.0, 33.0], vec![15.0, 2.0, 29.0]],
    };
    let two = Outcome {
        past: &[5.0, 5.0, 5.0],
        actual: &[-5.0],
        mean: &[-4.0],
        levels: &levels,
        quantiles: &[vec![-5.0], vec![0.0]],
    };
    let item = measured(&[one], 2).unwrap();
    close(item.weighted_quantile_loss(0.5).unwrap(), 5.0 / 40.0, "wQL[0.5]");
    close(item.weighted_quantile_loss(0.9).unwrap(), 3.2 / 40.0, "wQL[0.9]");
    close(item.average_weighted_quantile_loss.unwrap(), 8.2 / 80.0, "average");
    close(item.wape, 9.0 / 40.0, "WAPE");
    close(item.rmse, (41.0_f64 / 3.0).sqrt(), "RMSE");
    close(item.mape, (0.2 + 0.2) / 3.0, "MAPE");
    close(item.mase.unwrap(), 0.75, "MASE");

    let both = measured(&[one, two], 2).unwrap();
    close(both.weighted_quantile_loss(0.5).unwrap(), 5.0 / 45.0, "wQL[0.5]");
    close(both.weighted_quantile_loss(0.9).unwrap(), 4.2 / 45.0, "wQL[0.9]");
    close(both.wape, 10.0 / 45.0, "WAPE");
    close(both.rmse, (42.0_f64 / 4.0).sqrt(), "RMSE");
    close(both.mape, (0.2 + 0.2 + 0.2) / 4.0, "MAPE");
    close(both.mase.unwrap(), 0.75, "MASE");
    assert_eq!(measured(&[two], 2).unwrap().mase, None);
}

#[test]
fn an_item_with_a_missing_actual_value_is_in_gluonts_numbers_alone() {
    // Oracle: the developer guide, "handling missing values": under `nan` only items with complete data in
    // the window are evaluated. By hand for GluonTS: |e| 1, 1, 2; |y| 4, 5, 6; the gap is masked.
    let levels = levels();
    let quantiles = [vec![3.0, 4.0], vec![3.0, 4.0]];
    let outcome = |actual| Outcome {
        past: &[1.0, 2.0],
        actual,
        mean: &[3.0, 4.0],
        levels: &levels,
        quantiles: &quantiles,
    };
    let (whole, gap) = (outcome(&[4.0, 5.0]), outcome(&[NAN, 6.0]));
    assert_eq!(measured(&[gap], 1), None);
    assert_eq!(measured(&[whole, gap], 1), measured(&[whole], 1));
    let mut evaluator = EvaluatorAccumulator::new(1);
    evaluator.add(&whole);
    evaluator.add(&gap);
    let report = evaluator.finish();
    close(report.nd, 4.0 / 15.0, "ND");
    assert_eq!((report.series, report.num_masked_target_values), (2, 1));
}

#[test]
fn actual_values_of_zero_leave_the_numerators() {
    // Oracle: the developer guide's rule; |e| 2 and 1, p50 loss 3, p90 loss 2 * .1 * (4 + 4).
    let levels = levels();
    let zero = Outcome {
        past: &[1.0, 2.0],
        actual: &[0.0, 0.0],
        mean: &[2.0, -1.0],
        levels: &levels,
        quantiles: &[vec![2.0, 1.0], vec![4.0, 4.0]],
    };
    let metrics = measured(&[zero], 1).unwrap();
    close(metrics.wape, 3.0, "WAPE");
    close(metrics.weighted_quantile_loss(0.5).unwrap(), 3.0, "wQL[0.5]");
    close(metrics.weighted_quantile_loss(0.9).unwrap(), 1.6, "wQL[0.9]");
    close(metrics.mape, 0.0, "MAPE");
}

#[test]
fn windows_without_actual_values_are_not_defined_and_left_out_of_the_summary() {
    // Oracle: by hand, the mean of two windows; a missing MASE is left out of its mean alone.
    let levels = levels();
    let window = |actual: &[f64], past: &[f64]| {
        measured(
            &[Outcome {
                past,
                actual,
                mean: &[2.0],
                levels: &levels,
                quantiles: &[vec![2.0], vec![3.0]],
            }],
            1,
        )
    };
    assert_eq!(window(&[NAN], &[1.0, 2.0]), None);
    let windows = [window(&[4.0], &[1.0, 2.0]).unwrap(), window(&[1.0], &[1.0, 1.0]).unwrap()];
    let summary = AccuracyMetrics::summary(&windows).unwrap();
    close(summary.wape, 0.75, "WAPE");
    close(summary.rmse, 1.5, "RMSE");
    close(summary.mape, 0.75, "MAPE");
    close(summary.mase.unwrap(), 2.0, "MASE");
    // p90: 2 * .9 * 1 / 4 and 2 * .1 * 2 / 1.
    close(summary.weighted_quantile_loss(0.9).unwrap(), 0.425, "wQL[0.9]");
    assert_eq!(AccuracyMetrics::summary(&[]), None);
}

#[test]
fn json_has_amazons_names() {
    // Oracle: the members of `Metrics` in the response of GetAccuracyMetrics.
    let levels = [Quantile::MEDIAN];
    let mut metrics = AccuracyAccumulator::new(&levels, 1);
    metrics.add(&Outcome {
        past: &[],
        actual: &[2.0],
        mean: &[1.0],
        levels: &levels,
        quantiles: &[vec![1.0]],
    });
    let metrics = metrics.finish().unwrap();
    let json = serde_json::to_string(&metrics).unwrap();
    let expected = r#"{"WeightedQuantileLosses":[{"Quantile":0.5,"LossValue":0.5}],"AverageWeightedQuantileLoss":0.5,"WAPE":0.5,"RMSE":1.0,"MAPE":0.5,"MASE":null}"#;
    assert_eq!(json, expected);
    assert_eq!(serde_json::from_str::<AccuracyMetrics>(&json).unwrap(), metrics);
    let names: Vec<String> = metrics.to_map().into_keys().collect();
    assert_eq!(names, ["Average wQL", "MAPE", "RMSE", "WAPE", "wQL[0.5]"]);
}

/// A number of the golden file: null is not-a-number.
fn number(value: &Value) -> f64 {
    match value {
        Value::Null => NAN,
        Value::String(text) => text.parse().unwrap(),
        number => number.as_f64().unwrap(),
    }
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(number).collect()
}

fn season(case: &Value) -> usize {
    let given = case["seasonality"].as_u64().map(|season| season as usize);
    let frequency: Frequency = case["frequency"].as_str().unwrap().to_uppercase().parse().unwrap();
    given.unwrap_or_else(|| frequency.seasonality())
}

#[test]
fn the_evaluators_numbers_are_those_of_gluonts() {
    // Oracle: gluonts.evaluation.Evaluator of 0.17, run by tests/golden/forecast_metrics.py on hourly
    // series, series with gaps, without actual values, all zero, constant, of one point.
    let golden = include_str!("../../../tests/golden/forecast_metrics.json");
    let golden: Value = serde_json::from_str(golden).unwrap();
    let levels = evaluator_quantiles();
    let given: Vec<f64> = levels.iter().map(|level| level.level()).collect();
    assert_eq!(given, numbers(&golden["levels"]));
    let cases = golden["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 6);
    for case in cases {
        let name = case["name"].as_str().unwrap();
        let mut evaluator = EvaluatorAccumulator::new(season(case));
        for row in case["series"].as_array().unwrap() {
            let quantiles = row["quantiles"].as_array().unwrap().iter().map(numbers);
            evaluator.add(&Outcome {
                past: &numbers(&row["past"]),
                actual: &numbers(&row["actual"]),
                mean: &numbers(&row["mean"]),
                levels: &levels,
                quantiles: &quantiles.collect::<Vec<_>>(),
            });
        }
        let report = evaluator.finish();
        let expected = &case["expected"];
        for (key, value) in report.numbers().into_iter().chain([
            ("abs_target_sum", report.abs_target_sum),
            ("seasonal_error", report.seasonal_error),
            ("num_masked_target_values", report.num_masked_target_values as f64),
        ]) {
            close(value, number(&expected[key]), &format!("{name}: {key}"));
        }
        for (key, values) in
            [("wQuantileLoss", report.weighted_quantile_losses), ("Coverage", report.coverage)]
        {
            let expected = numbers(&expected[key]);
            for (value, expected) in values.iter().zip(expected) {
                close(*value, expected, &format!("{name}: {key}"));
            }
        }
    }
}

#[test]
fn infinite_metrics_come_back() {
    // Oracle: the round trip, and the form that the evaluator's numbers have.
    let metrics = AccuracyMetrics {
        weighted_quantile_losses: vec![WeightedQuantileLoss {
            quantile: Quantile::MEDIAN,
            loss_value: f64::INFINITY,
        }],
        average_weighted_quantile_loss: Some(f64::INFINITY),
        wape: f64::NEG_INFINITY,
        rmse: f64::INFINITY,
        mape: 2.0,
        mase: Some(f64::INFINITY),
    };
    let json = serde_json::to_string(&metrics).unwrap();
    assert!(json.ends_with(r#""WAPE":"-inf","RMSE":"inf","MAPE":2.0,"MASE":"inf"}"#), "{json}");
    assert_eq!(serde_json::from_str::<AccuracyMetrics>(&json).unwrap(), metrics);
}

#[test]
fn numbers_that_json_cannot_write_come_back() {
    // Oracle: the round trip; an empty report holds nothing but not-a-numbers and zeros.
    let mut report = EvaluatorAccumulator::new(1).finish();
    report.mase = f64::INFINITY;
    report.nd = 0.25;
    let json = serde_json::to_string(&report).unwrap();
    assert!(json.contains(r#""MASE":"inf","MSIS":"NaN""#), "{json}");
    let back: EvaluatorReport = serde_json::from_str(&json).unwrap();
    assert_eq!((back.mase, back.nd, back.series), (f64::INFINITY, 0.25, 0));
    assert!(back.msis.is_nan() && back.coverage[0].is_nan());
}

#[test]
fn a_level_that_was_not_forecast_leaves_its_numbers_out() {
    // Oracle: only the median is there, so ND is by hand and the mean over the deciles is none.
    let mut evaluator = EvaluatorAccumulator::new(1);
    evaluator.add(&Outcome {
        past: &[1.0, 2.0],
        actual: &[4.0],
        mean: &[5.0],
        levels: &[Quantile::MEDIAN],
        quantiles: &[vec![3.0]],
    });
    let report = evaluator.finish();
    assert_eq!((report.nd, report.mase, report.rmse), (0.25, 1.0, 1.0));
    assert!(report.mean_weighted_quantile_loss.is_nan());
    assert!(report.msis.is_nan());
}
