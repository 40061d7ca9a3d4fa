use ensue_core::Series;

use super::*;
use crate::conformance::Conformance;

impl Conformance for Naive {}

fn forecast(target: &[f64], settings: &Naive, levels: &[Quantile]) -> SeriesForecast {
    let panel =
        Panel::new(Frequency::HOURLY, vec![Series::new(["a"], 0, target.to_vec())]).unwrap();
    let data = TrainingData { panel, horizon: 4 };
    let model = settings.fit(&data, &mut Run::new("ndarray")).unwrap();
    model.forecast(&data.panel, levels, Seed(0)).unwrap().remove(0)
}

#[test]
fn the_last_observed_value_is_repeated() {
    // Oracle: by hand.
    let found = forecast(&[3.0, 8.0, f64::NAN], &Naive::default(), &[]);
    assert_eq!(found, SeriesForecast { mean: vec![8.0; 4], quantiles: Vec::new() });
}

#[test]
fn quantiles_widen_with_the_root_of_the_steps_or_not_at_all() {
    // Oracle: by hand; the one difference is 5, and 4 steps ahead it is twice as wide.
    let p90 = Quantile::new(0.9).unwrap();
    let target = [3.0, 8.0];
    let wide = forecast(&target, &Naive::default(), &[p90]).quantiles.remove(0);
    let z = 1.281_551_565_544_600_4;
    assert!((wide[0] - (8.0 + 5.0 * z)).abs() < 1e-12);
    assert!((wide[3] - (8.0 + 10.0 * z)).abs() < 1e-12);
    let settings = Naive { intervals: Intervals::Point };
    assert_eq!(forecast(&target, &settings, &[p90]).quantiles, [vec![8.0; 4]]);
}
