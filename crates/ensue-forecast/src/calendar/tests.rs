//! Against GluonTS: `tests/golden/calendar.json`, made by `calendar.py` beside it.

use ensue_core::series::Frequency;
use jiff::civil::DateTime;
use serde_json::Value;

use super::{lags, moment, time_features};

fn golden() -> Value {
    serde_json::from_str(include_str!("../../tests/golden/calendar.json")).unwrap()
}

#[test]
fn lags_are_those_of_gluonts_for_every_frequency() {
    // Oracle: get_lags_for_frequency of GluonTS 0.17, in whole numbers.
    let golden = golden();
    let all = golden["lags"].as_object().unwrap();
    assert!(all.len() > 80);
    for (name, expected) in all {
        let frequency: Frequency = name.parse().unwrap();
        // Where GluonTS divides in binary fractions, some lags are one less than the exact quotient.
        let exact = expected.get("lags_exact").unwrap_or(&expected["lags"]);
        let expected: Vec<usize> = serde_json::from_value(exact.clone()).unwrap();
        assert_eq!(lags(frequency), expected, "{name}");
    }
}

#[test]
fn time_features_are_those_of_gluonts() {
    // Oracle: time_features_from_frequency_str of GluonTS 0.17. Its quarter is not ours: we have three months.
    let golden = golden();
    let mut dates = 0;
    for (name, expected) in golden["features"].as_object().unwrap() {
        let Ok(frequency) = name.parse::<Frequency>() else { continue };
        let features = time_features(frequency);
        for row in expected["rows"].as_array().unwrap() {
            let time: DateTime = row["time"].as_str().unwrap().parse().unwrap();
            let time = moment(frequency, frequency.step_of(time));
            let expected = row["values"].as_array().unwrap();
            assert_eq!(features.len(), expected.len(), "{name}");
            for (feature, expected) in features.iter().zip(expected) {
                let (found, expected) = (feature.at(time), expected.as_f64().unwrap() as f32);
                assert!(
                    (found - expected).abs() < 1e-6,
                    "{name} {time} {feature:?} {found} {expected}"
                );
            }
            dates += 1;
        }
    }
    assert!(dates > 300);
}
