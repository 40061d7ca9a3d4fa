//! `[explainability]`: whether the impacts find the one attribute that matters.

use ensue::core::{
    Panel, Seed,
    series::{Frequency, Series, StaticFeature},
};
use ensue::forecast::{ExplainSettings, Explainability, TrainingData};
use rand::RngExt;

use crate::{
    Context,
    forecasts::{deepar, note_settings},
    recipes,
    report::{Bar, Failure, Report},
};

const SERIES: usize = 40;
const STEPS: usize = 200;
const HORIZON: usize = 14;
/// A small network that is trained for a short time.
const SMALL: &str = r#"{"epochs": 30, "num_cells": 24, "num_layers": 1, "learning_rate": 0.01, "num_eval_samples": 200}"#;
/// Demand falls by this power of the price.
const ELASTICITY: f64 = 1.5;

pub(crate) fn measure(context: &Context) -> Result<Report, Failure> {
    let mut report = Report::new(&context.seeds, context.threads.get());
    let algorithm = deepar(context.settings.as_deref().unwrap_or(SMALL))?;
    note_settings(&mut report, "DeepAR", &algorithm)?;
    report.note(format!(
        "{SERIES} series of {STEPS} days: level * price^-{ELASTICITY} * noise of 5 %; related series price, noise and \
         weather, metadata colour, of which only the price matters"
    ));
    let (mut all, mut sizes) = (Vec::new(), Vec::new());
    for &seed in &context.seeds {
        let panel = panel(Seed(seed))?;
        let data = TrainingData { panel: panel.clone(), horizon: HORIZON };
        let fitted = algorithm.fit(&data, &mut recipes::run(context, seed))?;
        let settings = ExplainSettings::default();
        let found = Explainability::of(&*fitted, &panel, &settings, Seed(seed))?;
        sizes.push(size(&found, &panel));
        all.push(found);
    }
    let names = all.first().map_or(&[][..], Explainability::attributes).to_vec();
    for (at, name) in names.iter().enumerate() {
        let shares: Vec<f64> = all.iter().map(|found| found.impact()[at].abs()).collect();
        let bar = if name == "price" { Bar::AtLeast(0.8) } else { Bar::None };
        report.seeds_row(format!("share of the impact: {name}"), &shares, bar, "");
    }
    let what = "size of the price's raw impact by its true size";
    report.seeds_row(what, &sizes, Bar::None, "");
    if let Some(found) = all.first() {
        let text = found.to_string();
        let head: Vec<&str> = text.lines().take(names.len() + 1).collect();
        report.note(head.join("\n"));
    }
    Ok(report)
}

/// Each series has a level and prices that hold for some days; two more related series of the same kind, and a colour, say
/// nothing.
fn panel(seed: Seed) -> Result<Panel, Failure> {
    let mut rng = seed.stream("panel");
    let mut series = Vec::with_capacity(SERIES);
    for number in 0..SERIES {
        let level = 10.0 * rng.random_range(0.0..3.0_f64).exp();
        let rows: [Vec<f32>; 3] = std::array::from_fn(|_| {
            let mut value: f32 = rng.random_range(0.6..1.4);
            let mut days = Vec::with_capacity(STEPS + HORIZON);
            for _ in 0..STEPS + HORIZON {
                if rng.random_bool(0.2) {
                    value = rng.random_range(0.6..1.4);
                }
                days.push(value);
            }
            days
        });
        let sold = |price: f32, luck: f64| level * effect(f64::from(price)) * luck;
        let target =
            rows[0][..STEPS].iter().map(|&price| sold(price, rng.random_range(0.95..1.05)));
        let target = target.collect();
        let one = Series::new([format!("item {number}")], 18_000, target);
        series.push(one.with_related(rows.to_vec()).with_categories(vec![rng.random_range(0..4)]));
    }
    let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
    let colours = texts(&["red", "green", "blue", "white"]);
    let feature = StaticFeature { name: "colour".to_owned(), categories: colours };
    let (dimensions, related) = (texts(&["item_id"]), texts(&["price", "noise", "weather"]));
    Ok(Panel::with(Frequency::DAILY, dimensions, related, vec![feature], Vec::new(), series)?)
}

fn effect(price: f64) -> f64 {
    price.powf(-ELASTICITY)
}

/// Sum of the sizes of the price's raw impacts, by that of the true ones: from the mean price of the past to the price of
/// the day, at the level of the series.
fn size(found: &Explainability, panel: &Panel) -> f64 {
    let (mut ours, mut truth) = (0.0, 0.0);
    for (at, series) in panel.series().iter().enumerate() {
        let price: Vec<f64> = series.related()[0].iter().map(|&x| f64::from(x)).collect();
        let past = price[..STEPS].iter().zip(series.target());
        let level = past.map(|(&x, y)| y / effect(x)).sum::<f64>() / STEPS as f64;
        let usual = price[..STEPS].iter().sum::<f64>() / STEPS as f64;
        ours += found.raw(at, 0).iter().map(|x| x.abs()).sum::<f64>();
        let day = |&x: &f64| (level * (effect(x) - effect(usual))).abs();
        truth += price[STEPS..].iter().map(day).sum::<f64>();
    }
    ours / truth
}
