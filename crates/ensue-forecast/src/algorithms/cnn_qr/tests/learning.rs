//! What the network can learn, on data that were made to be learned.

use ensue_core::{Frequency, Panel, Quantile, Seed, Series, series::StaticFeature};
use rand::RngExt;
use rand_distr::{Distribution, StudentT};

use super::super::ItemMetadata;
use super::{CnnQr, RelatedData, count, fit, quick};
use crate::{ForecastError, Forecaster};

fn median(panel: &Panel, fitted: &impl Forecaster) -> Vec<Vec<f64>> {
    let forecasts = fitted.forecast(panel, &[Quantile::MEDIAN], Seed(5)).unwrap();
    forecasts.into_iter().map(|mut forecast| forecast.quantiles.remove(0)).collect()
}

/// Series with one related series.
fn related(series: Vec<Series>) -> Panel {
    let names = ["item_id", "price"].map(|name| vec![name.to_owned()]);
    let [dimensions, related] = names;
    Panel::with(Frequency::DAILY, dimensions, related, Vec::new(), Vec::new(), series).unwrap()
}

/// Mean error of the median of these panels' hidden steps.
fn error(panel: &Panel, expected: &[Vec<f64>], settings: &CnnQr) -> f64 {
    let fitted = fit(settings, panel, expected[0].len());
    let found = median(panel, &fitted);
    let steps = expected.iter().flatten().zip(found.iter().flatten());
    steps.map(|(y, found)| (y - found).abs()).sum::<f64>()
        / expected.iter().flatten().count() as f64
}

#[test]
fn a_related_series_that_is_known_ahead_is_used_as_told() {
    // Oracle: demand is 10 where the price is low and 2 where it is high, at random; only the price
    // of the horizon tells which. Without it the best median is off by 4 in the mean.
    let mut rng = Seed(1).stream("price");
    let horizon = 6;
    let (mut series, mut expected) = (Vec::new(), Vec::new());
    for n in 0..20 {
        let price: Vec<f32> =
            (0..80 + horizon).map(|_| if rng.random_bool(0.5) { 1.0 } else { 3.0 }).collect();
        let demand: Vec<f64> = price.iter().map(|&p| if p < 2.0 { 10.0 } else { 2.0 }).collect();
        series.push(
            Series::new([format!("s{n}")], 0, demand[..80].to_vec()).with_related(vec![price]),
        );
        expected.push(demand[80..].to_vec());
    }
    let panel = related(series);
    let with = |use_related_data| {
        let settings = CnnQr { use_related_data, epochs: count(40), ..quick() };
        error(&panel, &expected, &settings)
    };
    let (all, ahead) = (with(RelatedData::All), with(RelatedData::ForwardLooking));
    assert!(all < 0.8 && ahead < 0.8, "{all} {ahead}");
    assert!(with(RelatedData::Historical) > 2.5, "the horizon of the price is not to be seen");
}

#[test]
fn a_related_series_of_the_past_is_used_as_told() {
    // Oracle: demand follows the signal of five days before; the signal ends with the target.
    let mut rng = Seed(2).stream("signal");
    let horizon = 5;
    let (mut series, mut expected) = (Vec::new(), Vec::new());
    for n in 0..20 {
        let signal: Vec<f32> = (0..80).map(|_| f32::from(rng.random_bool(0.5))).collect();
        let demand = |t: usize| if t >= 5 && signal[t - 5] > 0.5 { 10.0 } else { 2.0 };
        expected.push((80..80 + horizon).map(demand).collect::<Vec<f64>>());
        let target = (0..80).map(demand).collect();
        series.push(Series::new([format!("s{n}")], 0, target).with_related(vec![signal]));
    }
    let panel = related(series);
    let with = |use_related_data| {
        let settings = CnnQr { use_related_data, epochs: count(60), ..quick() };
        error(&panel, &expected, &settings)
    };
    let (all, historical) = (with(RelatedData::All), with(RelatedData::Historical));
    assert!(all < 1.2 && historical < 1.2, "{all} {historical}");
    assert!(with(RelatedData::None) > 2.5, "the signal is not to be seen");
}

#[test]
fn what_is_not_used_is_not_asked_for() {
    // Oracle: the error of a model that uses the price, and none of one that does not.
    let series = |ahead: usize| {
        let price = (0..40 + ahead).map(|t| (t % 3) as f32).collect();
        let target = (0..40).map(|t| f64::from(t % 7)).collect();
        related(vec![Series::new(["a"], 0, target).with_related(vec![price])])
    };
    let short = |use_related_data| {
        let settings = CnnQr { use_related_data, epochs: count(1), ..quick() };
        fit(&settings, &series(4), 4).forecast(&series(3), &[], Seed(0)).map(drop)
    };
    assert!(matches!(short(RelatedData::All), Err(ForecastError::ShortRelated { .. })));
    assert_eq!(short(RelatedData::None), Ok(()));
    assert_eq!(short(RelatedData::Historical), Ok(()));
}

#[test]
fn an_item_without_past_is_forecast_from_its_metadata() {
    // Oracle: series of brand x are about 100, those of brand y about 10; of brand z no series was seen, so it lies between them;
    // without metadata the new are alike.
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
    let levels = |use_item_metadata| {
        let settings = CnnQr { use_item_metadata, epochs: count(60), ..quick() };
        let forecasts = median(&panel, &fit(&settings, &panel, 5));
        [30, 31, 32].map(|n: usize| forecasts[n].iter().sum::<f64>() / 5.0)
    };
    let [x, y, z] = levels(ItemMetadata::All);
    assert!((60.0..160.0).contains(&x), "{x}");
    assert!((4.0..25.0).contains(&y), "{y}");
    assert!((4.0..160.0).contains(&z), "{z}");
    let [x, y, _] = levels(ItemMetadata::None);
    assert!((x - y).abs() < 1e-3 * x.abs(), "{x} {y}");
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
    let fitted = fit(&CnnQr { epochs: count(2), ..quick() }, &panel, 8);
    let low = [Quantile::new(0.05).unwrap()];
    let found = fitted.forecast(&panel, &low, Seed(1)).unwrap();
    assert!(found[0].quantiles[0].iter().all(|&y| y >= 0.0), "{:?}", found[0]);
    assert!(found[1].quantiles[0].iter().any(|&y| y < 0.0), "{:?}", found[1]);
    assert!(found.iter().all(|f| f.mean.iter().all(|y| y.is_finite())));
}

#[test]
fn quantiles_cover_what_they_say() {
    // Oracle: binomial bounds around the levels; a weekly season and noise of a t distribution of 4 degrees.
    const SERIES: usize = 100;
    const LENGTH: usize = 140;
    const HORIZON: usize = 14;
    let t = StudentT::new(4.0).unwrap();
    let mut rng = Seed(1).stream("t");
    let series = (0..SERIES).map(|n| {
        let level = 5.0 + 20.0 * (n as f64 / SERIES as f64);
        let usual = |day: usize| level * (1.0 + 0.5 * f64::from(u8::from(day % 7 == 2)));
        (0..LENGTH).map(|day| usual(day) + 0.1 * level * t.sample(&mut rng)).collect()
    });
    let panel = super::daily(series.collect());
    let fitted = fit(&CnnQr { epochs: count(40), ..quick() }, &panel.cut(HORIZON), HORIZON);
    // Levels that are learned, and one between them.
    let levels = [0.1, 0.25, 0.5, 0.7, 0.9];
    let quantiles = levels.map(|level| Quantile::new(level).unwrap());
    let forecasts = fitted.forecast(&panel.cut(HORIZON), &quantiles, Seed(9)).unwrap();
    let points = (SERIES * HORIZON) as f64;
    for (n, level) in levels.into_iter().enumerate() {
        let mut below = 0.0;
        for (series, forecast) in panel.series().iter().zip(&forecasts) {
            let actual = &series.target()[LENGTH - HORIZON..];
            let steps = actual.iter().zip(&forecast.quantiles[n]);
            below += steps.filter(|(y, q)| y < q).count() as f64;
        }
        // Four standard errors of 1,400 points, and three percent for what was not learned.
        let slack = 4.0 * (level * (1.0 - level) / points).sqrt() + 0.03;
        assert!((below / points - level).abs() <= slack, "{level}: {}", below / points);
    }
}
