//! What the network can learn, on data that were made to be learned.

use ensue_core::{Frequency, Panel, Quantile, Seed, Series, series::StaticFeature};
use rand::RngExt;

use super::{DeepAr, count, fit, quick};
use crate::Forecaster;

fn median(panel: &Panel, fitted: &impl Forecaster) -> Vec<Vec<f64>> {
    let forecasts = fitted.forecast(panel, &[Quantile::MEDIAN], Seed(5)).unwrap();
    forecasts.into_iter().map(|mut forecast| forecast.quantiles.remove(0)).collect()
}

#[test]
fn a_related_series_that_drives_the_target_is_used() {
    // Oracle: demand is 10 where the price is low and 2 where it is high, at random; only the price
    // of the horizon tells which.
    let mut rng = Seed(1).stream("price");
    let horizon = 6;
    let series = (0..20).map(|n| {
        let price: Vec<f32> =
            (0..60 + horizon).map(|_| if rng.random_bool(0.5) { 1.0 } else { 3.0 }).collect();
        let target = price[..60].iter().map(|&p| if p < 2.0 { 10.0 } else { 2.0 }).collect();
        Series::new([format!("s{n}")], 0, target).with_related(vec![price])
    });
    let panel = Panel::with(
        Frequency::DAILY,
        vec!["item_id".to_owned()],
        vec!["price".to_owned()],
        Vec::new(),
        Vec::new(),
        series.collect(),
    )
    .unwrap();
    let fitted = fit(&DeepAr { epochs: count(20), ..quick() }, &panel, horizon);
    let mut error = 0.0;
    for (series, forecast) in panel.series().iter().zip(median(&panel, &fitted)) {
        for (&price, found) in series.related()[0][60..].iter().zip(forecast) {
            error += (found - if price < 2.0 { 10.0 } else { 2.0 }).abs() / (20 * horizon) as f64;
        }
    }
    // Without the price the best median is off by 4 in the mean.
    assert!(error < 0.8, "{error}");
}

#[test]
fn an_item_without_past_is_forecast_from_its_metadata() {
    // Oracle: series of brand x are about 100, those of brand y about 10; no series that was seen is of brand z, and the vector
    // of z and of unknown brands is the mean of both, by hand.
    let mut rng = Seed(1).stream("brand");
    let mut series: Vec<Series> = (0..30)
        .map(|n| {
            let level = if n % 2 == 0 { 100.0 } else { 10.0 };
            let target = (0..80).map(|_| level * rng.random_range(0.8..1.2)).collect();
            Series::new([format!("s{n}")], 0, target).with_categories(vec![n % 2])
        })
        .collect();
    series.push(Series::new(["new-x"], 80, Vec::new()).with_categories(vec![0]));
    series.push(Series::new(["new-y"], 80, Vec::new()).with_categories(vec![1]));
    series.push(Series::new(["new-z"], 80, Vec::new()).with_categories(vec![2]));
    let brand = StaticFeature {
        name: "brand".to_owned(),
        categories: ["x", "y", "z"].map(str::to_owned).to_vec(),
    };
    let panel = Panel::with(
        Frequency::DAILY,
        vec!["item_id".to_owned()],
        Vec::new(),
        vec![brand],
        Vec::new(),
        series,
    )
    .unwrap();
    let fitted = fit(&DeepAr { epochs: count(30), ..quick() }, &panel, 5);
    let forecasts = median(&panel, &fitted);
    let level = |n: usize| forecasts[n].iter().sum::<f64>() / 5.0;
    assert!((60.0..160.0).contains(&level(30)), "{}", level(30));
    assert!((5.0..20.0).contains(&level(31)), "{}", level(31));
    assert!((5.0..160.0).contains(&level(32)), "{}", level(32));
    let table = fitted.network.embeddings[0].val().into_data();
    let [x, y, z, unknown] = table.as_slice::<f32>().unwrap().as_chunks::<2>().0 else { panic!() };
    assert_eq!(z, unknown);
    assert!((0..2).all(|n| (z[n] - 0.5 * (x[n] + y[n])).abs() < 1e-6), "{table:?}");
}

#[test]
fn what_was_never_negative_is_never_forecast_negative() {
    // Oracle: the rule; the same model may go below zero for a series that has been there.
    let mut rng = Seed(3).stream("zeros");
    let mut noise = |shift: f64| -> Vec<f64> {
        (0..60).map(|_| (rng.random_range(-1.0..1.0) + shift) * 5.0).collect()
    };
    let counts: Vec<f64> = noise(0.0).into_iter().map(|y| y.max(0.0)).collect();
    let panel = super::daily(vec![counts, noise(0.0)]);
    let fitted = fit(&DeepAr { epochs: count(2), ..quick() }, &panel, 8);
    let low = [Quantile::new(0.05).unwrap()];
    let found = fitted.forecast(&panel, &low, Seed(1)).unwrap();
    assert!(found[0].quantiles[0].iter().all(|&y| y >= 0.0), "{:?}", found[0]);
    assert!(found[1].quantiles[0].iter().any(|&y| y < 0.0), "{:?}", found[1]);
}
