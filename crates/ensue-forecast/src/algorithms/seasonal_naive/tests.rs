use super::*;
use crate::conformance::Conformance;

impl Conformance for SeasonalNaive {}

const NAN: f64 = f64::NAN;

fn point(target: &[f64], season: usize, horizon: usize) -> Vec<f64> {
    repeated(target, season, horizon, Intervals::Point, &[]).mean
}

#[test]
fn the_last_season_is_repeated_as_in_gluonts() {
    // Oracle: gluonts.model.seasonal_naive.SeasonalNaivePredictor of 0.17 on the same numbers.
    assert_eq!(point(&[1.0, 2.0, 3.0, 4.0, 5.0], 3, 7), [3.0, 4.0, 5.0, 3.0, 4.0, 5.0, 3.0]);
    assert_eq!(point(&[1.0, 2.0, 3.0], 3, 2), [1.0, 2.0]);
    assert_eq!(point(&[1.0, 2.0, 6.0], 4, 2), [3.0, 3.0]);
    assert_eq!(point(&[1.0, 2.0, 6.0], 1, 2), [6.0, 6.0]);
    assert_eq!(point(&[NAN, NAN], 4, 2), [0.0, 0.0]);
}

#[test]
fn a_missing_value_is_that_of_the_season_before() {
    // Oracle: by hand; the second phase was never observed, so it gets the mean of 1, 3, 6.
    assert_eq!(point(&[1.0, NAN, 3.0, NAN, NAN, 6.0], 3, 3), [1.0, 10.0 / 3.0, 6.0]);
}

#[test]
fn residual_quantiles_widen_with_every_season() {
    // Oracle: by hand; season 2, differences 3 and 4: deviation sqrt(12.5), and sqrt(2) as wide in the
    // second season ahead; 1.2815... from scipy.
    let target = [1.0, 2.0, 4.0, 6.0];
    let levels = [0.1, 0.5, 0.9].map(|level| Quantile::new(level).unwrap());
    let forecast = repeated(&target, 2, 3, Intervals::Residuals, &levels);
    assert_eq!(forecast.mean, [4.0, 6.0, 4.0]);
    assert_eq!(forecast.quantiles[1], forecast.mean);
    let z = 1.281_551_565_544_600_4;
    for (step, width) in [12.5_f64.sqrt(), 12.5_f64.sqrt(), 5.0].into_iter().enumerate() {
        for (at, sign) in [(0, -1.0), (2, 1.0)] {
            let expected = forecast.mean[step] + sign * z * width;
            assert!((forecast.quantiles[at][step] - expected).abs() < 1e-12);
        }
    }
    // Too short for a difference: values 2 and 6 lie 2 from their mean.
    let short = repeated(&[2.0, NAN, 6.0], 4, 1, Intervals::Residuals, &levels);
    assert!((short.quantiles[2][0] - (4.0 + 2.0 * z)).abs() < 1e-12);
}

#[test]
fn settings_say_the_season_or_the_frequency_does() {
    // Oracle: the documented default and spelling.
    let panel =
        Panel::new(Frequency::HOURLY, vec![ensue_core::Series::new(["a"], 0, vec![1.0])]).unwrap();
    let data = TrainingData { panel, horizon: 2 };
    let season = |json: &str| {
        let settings: SeasonalNaive = serde_json::from_str(json).unwrap();
        settings.fit(&data, &mut Run::new("ndarray")).unwrap().season()
    };
    assert_eq!(season("{}"), 24);
    assert_eq!(season(r#"{"season": 168, "intervals": "point"}"#), 168);
    assert!(serde_json::from_str::<SeasonalNaive>(r#"{"season": 0}"#).is_err());
}
