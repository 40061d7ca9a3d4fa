use ensue_core::{Frequency, Quantile, Series};

use super::{OneSeries, guard::believable};
use crate::SeriesForecast;

const NAN: f64 = f64::NAN;

fn series(target: Vec<f64>) -> Series {
    let rows = vec![(0..target.len() as u16 + 2).map(f32::from).collect()];
    Series::new(["a"], 10, target).with_related(rows)
}

#[test]
fn a_history_begins_with_its_first_value() {
    // Oracle: by hand.
    let whole = series(vec![NAN, NAN, 4.0, NAN, NAN, 1.0, NAN]);
    let names = ["price".to_owned()];
    let one = OneSeries::new(&whole, Frequency::DAILY, 2, &[0], &names).unwrap();
    assert_eq!((one.start(), one.end(), one.season(None)), (12, 17, 7));
    assert_eq!(one.filled(), [4.0, 3.0, 2.0, 1.0, 1.0]);
    assert_eq!(one.related()[0], [2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
    assert!(OneSeries::new(&series(vec![NAN]), Frequency::DAILY, 2, &[0], &names).is_none());
}

#[test]
fn wild_answers_are_not_believed_and_quantiles_are_put_in_order() {
    // Oracle: by hand; the last value of a weekly series is its last season.
    let levels = [0.9, 0.1].map(|level| Quantile::new(level).unwrap());
    let answer = |mean: f64, high: f64, low: f64| {
        let found = SeriesForecast { mean: vec![mean], quantiles: vec![vec![high], vec![low]] };
        believable(Some(found), &[1.0, 1.0, NAN], Frequency::WEEKLY, 1, &levels)
    };
    assert_eq!(answer(2.0, 3.0, 1.0).mean, [2.0]);
    assert_eq!(answer(2.0, 1.0, 3.0).quantiles, [[3.0], [1.0]]);
    for wild in [NAN, f64::INFINITY, 102.0, -100.0] {
        assert_eq!(answer(wild, 3.0, 1.0).mean, [1.0], "{wild}");
    }
    let none = believable(None, &[5.0], Frequency::WEEKLY, 3, &[]);
    assert_eq!(none.mean, [5.0; 3]);
}
