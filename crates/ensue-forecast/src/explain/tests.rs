use ensue_core::{Frequency, Panel, Run, Seed, Series, series::StaticFeature};
use jiff::civil::date;

use super::{ExplainError, ExplainSettings, Explainability, ExplainabilityLimits};
use crate::{
    AnyAlgorithm, ForecastType, Limits, PredictorSettings,
    algorithms::prophet::Prophet,
    linear::{HORIZON, Linear, panel},
    predictor::SupplementaryFeature,
};

fn linear(slopes: [f64; 2]) -> Linear {
    Linear { slopes: slopes.to_vec(), covariates: None }
}

fn explain(model: &Linear, panel: &Panel, settings: &ExplainSettings) -> Explainability {
    Explainability::of(model, panel, settings, Seed(3)).unwrap()
}

#[track_caller]
fn near(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{found:?} {expected:?}");
    for (found_one, expected_one) in found.iter().zip(expected) {
        // Related series have single precision.
        assert!((found_one - expected_one).abs() < 1e-6, "{found:?} {expected:?}");
    }
}

fn sampled() -> ExplainSettings {
    ExplainSettings { exact_up_to: 0, ..ExplainSettings::default() }
}

#[test]
fn a_linear_forecast_has_shapley_values_in_closed_form() {
    // Oracle: of a linear forecast the value of x is slope * (x - reference): the price's mean is 5 (tea) and 2 (jam), the
    // promotion's 0 and 1/3; the brand is 0 or 1, times 10, the weight 2 or 6, times 3, and each series is compared with the
    // other one.
    for settings in [ExplainSettings::default(), sampled()] {
        let found = explain(&linear([-2.0, 6.0]), &panel(["price", "promotion"]), &settings);
        assert_eq!(found.attributes(), ["price", "promotion", "brand", "weight"]);
        near(found.raw(0, 0), &[-4.0, -6.0]);
        near(found.raw(0, 1), &[6.0, 0.0]);
        near(found.raw(0, 2), &[-10.0, -10.0]);
        near(found.raw(0, 3), &[-12.0, -12.0]);
        near(found.raw(1, 0), &[2.0, 0.0]);
        near(found.raw(1, 1), &[-2.0, 4.0]);
        near(found.raw(1, 2), &[10.0, 10.0]);
        near(found.raw(1, 3), &[12.0, 12.0]);
        for series in 0..2 {
            let sum = |step: usize| -> f64 { (0..4).map(|at| found.raw(series, at)[step]).sum() };
            let told: Vec<f64> =
                (0..HORIZON).map(|step| found.reference(series)[step] + sum(step)).collect();
            near(&told, found.forecast(series));
        }
        // Shares of 4 + 6 + 10 + 12 and of 10 + 6 + 20 + 24; over all of 12, 12, 40 and 48, where ups and downs cancel.
        near(&found.step_impact(0, 0), &[-4.0 / 32.0, 6.0 / 32.0, -10.0 / 32.0, -12.0 / 32.0]);
        near(&found.item_impact(0), &[-10.0 / 60.0, 6.0 / 60.0, -20.0 / 60.0, -24.0 / 60.0]);
        near(&found.impact().map_abs(), &[12.0 / 112.0, 12.0 / 112.0, 40.0 / 112.0, 48.0 / 112.0]);
        assert!(found.impact()[0] < 0.0 && found.impact()[1] > 0.0);
    }
}

trait MapAbs {
    fn map_abs(&self) -> Vec<f64>;
}

impl MapAbs for Vec<f64> {
    fn map_abs(&self) -> Vec<f64> {
        self.iter().map(|x| x.abs()).collect()
    }
}

#[test]
fn what_is_not_looked_at_has_no_impact_and_costs_nothing() {
    // Oracle: the slope of 0, and the names the model gives.
    let mut model = linear([-2.0, 0.0]);
    let found = explain(&model, &panel(["price", "noise"]), &ExplainSettings::default());
    assert_eq!(found.raw(0, 1), [0.0, 0.0]);
    assert_eq!(found.impact()[1], 0.0);
    model.covariates = Some(vec!["price".to_owned()]);
    let found = explain(&model, &panel(["price", "noise"]), &ExplainSettings::default());
    near(&found.impact(), &[-1.0, 0.0, 0.0, 0.0]);
    near(found.raw(0, 0), &[-4.0, -6.0]);
}

#[test]
fn holidays_of_a_country_are_one_attribute() {
    // Oracle: by hand; without a holiday a step is usual, whatever the history had.
    let names = ["holiday_DE: Karfreitag", "holiday_DE: Neujahr"];
    let model =
        Linear { slopes: vec![2.0, 3.0], covariates: Some(names.map(str::to_owned).into()) };
    let found = explain(&model, &panel(names), &ExplainSettings::default());
    assert_eq!(found.attributes(), ["Holiday_DE", "brand", "weight"]);
    near(found.raw(0, 0), &[2.0 * 7.0 + 3.0, 2.0 * 8.0]);
    near(found.raw(1, 0), &[2.0 * 1.0, 2.0 * 2.0 + 3.0]);
    // Two countries are two attributes, a name without a country is what it is.
    let found = explain(&model, &panel(["holiday_DE: Neujahr", "holiday_FR: Noël"]), &sampled());
    assert_eq!(found.attributes()[..2], ["Holiday_DE", "Holiday_FR"]);
    let model = linear([1.0, 1.0]);
    let found = explain(&model, &panel(["holiday_DE", "holiday"]), &sampled());
    assert_eq!(found.attributes()[..2], ["holiday_DE", "holiday"]);
}

#[test]
fn holidays_that_a_predictor_adds_are_explained() {
    // Oracle: the series is made with half as many sales on Christmas Day; the other days of the two weeks but New Year's Day are
    // like all others.
    let step = |day: i8, month: i8, year: i16| {
        Frequency::DAILY.step_of(date(year, month, day).at(0, 0, 0, 0))
    };
    let sales = |step: i64| {
        let day = Frequency::DAILY.start_of(step).date();
        if (day.month(), day.day()) == (12, 25) { 50.0 } else { 100.0 + (step * 37 % 11) as f64 }
    };
    let (first, end) = (step(2, 1, 2016), step(20, 12, 2019));
    let series = Series::new(["tea"], first, (first..end).map(sales).collect());
    let panel = Panel::new(Frequency::DAILY, vec![series]).unwrap();
    let predictor = PredictorSettings::new(Prophet::default(), 14)
        .with_limits(Limits::Relaxed)
        .with_windows(0)
        .with_supplementary_feature(SupplementaryFeature::holiday("US").unwrap())
        .train(&panel, &mut Run::new("ndarray"))
        .unwrap();
    let found = predictor.explain(&panel, &ExplainSettings::default(), Seed(1)).unwrap();
    assert_eq!(found.attributes(), ["Holiday_US"]);
    let raw = found.raw(0, 0);
    assert!((-70.0..-40.0).contains(&raw[5]), "{raw:?}");
    for ordinary in [0, 1, 2, 8, 9] {
        assert!(raw[ordinary].abs() < 1e-6, "{raw:?}");
    }
    assert!(found.impact()[0] < -0.999, "{:?}", found.impact());
}

#[test]
fn one_series_is_explained_against_all() {
    // Oracle: the same series among all: its metadata is compared with that of the panel, not of those chosen.
    let all = explain(&linear([-2.0, 6.0]), &panel(["price", "promotion"]), &sampled());
    let settings = sampled().with_series(["jam", "north"]);
    let one = explain(&linear([-2.0, 6.0]), &panel(["price", "promotion"]), &settings);
    assert_eq!(one.keys(), [["jam", "north"]]);
    for at in 0..4 {
        assert_eq!(one.raw(0, at), all.raw(1, at), "{at}");
    }
    // The median lies 5 above the mean, and has the same impacts.
    let mean = ExplainSettings { forecast_type: ForecastType::Mean, ..settings };
    let mean = explain(&linear([-2.0, 6.0]), &panel(["price", "promotion"]), &mean);
    near(mean.raw(0, 1), one.raw(0, 1));
    near(&[one.forecast(0)[0] - mean.forecast(0)[0]], &[5.0]);
}

#[test]
fn an_item_without_history_is_compared_with_the_others() {
    // Oracle: by hand: the others' price is 4, 5, 6 and 1, 1, 4 in the past, 3.5 in the mean.
    let old = panel(["price", "promotion"]);
    let mut series = old.series().to_vec();
    let new = Series::new(["new", "north"], 3, Vec::new())
        .with_related(vec![vec![4.0, 3.0], vec![f32::NAN, 0.0]])
        .with_categories(vec![0])
        .with_reals(vec![2.0]);
    series.push(new);
    let features: Vec<StaticFeature> = old.features().to_vec();
    let panel = Panel::with(
        Frequency::DAILY,
        old.dimensions().to_vec(),
        old.related().to_vec(),
        features,
        old.reals().to_vec(),
        series,
    )
    .unwrap();
    let model = Linear { slopes: vec![-2.0], covariates: Some(vec!["price".to_owned()]) };
    let settings = ExplainSettings::default().with_series(["new", "north"]);
    near(explain(&model, &panel, &settings).raw(0, 0), &[-1.0, 1.0]);
}

#[test]
fn refusals_name_what_is_wrong() {
    // Oracle: the text of each variant.
    let refused = |model: &Linear, panel: &Panel, settings: &ExplainSettings| {
        Explainability::of(model, panel, settings, Seed(3)).unwrap_err().to_string()
    };
    let both = panel(["price", "promotion"]);
    let mut model = linear([1.0, 1.0]);
    let settings = ExplainSettings::default();
    let unknown = settings.clone().with_series(["rye", "north"]);
    assert_eq!(refused(&model, &both, &unknown), r#"series ["rye", "north"] is not in the panel"#);
    model.covariates = Some(Vec::new());
    assert_eq!(
        refused(&model, &both, &settings),
        "Linear looks at none of the attributes there are (price, promotion, brand, weight): nothing moves its \
         forecast but the past"
    );
    let bare = |count: usize| {
        let series = (0..count).map(|n| Series::new([n.to_string()], 0, vec![1.0]));
        Panel::new(Frequency::DAILY, series.collect()).unwrap()
    };
    assert!(matches!(
        Explainability::of(&model, &bare(2), &settings, Seed(0)),
        Err(ExplainError::NoAttributes)
    ));
    assert!(refused(&model, &bare(0), &settings).contains("no series"));
    assert!(
        refused(&model, &bare(51), &settings)
            .contains("51 series to explain, but may be at most 50")
    );
    let relaxed = settings.with_limits(ExplainabilityLimits::Relaxed);
    assert!(!refused(&model, &bare(51), &relaxed).contains("51"));
    // Algorithms of the registry that look at the past alone say so.
    let naive = PredictorSettings::new(AnyAlgorithm::by_name("SeasonalNaive").unwrap(), 1);
    let predictor = naive.train(&both, &mut Run::new("ndarray")).unwrap();
    let error = predictor.explain(&both, &ExplainSettings::default(), Seed(1)).unwrap_err();
    assert!(error.to_string().starts_with("SeasonalNaive looks at none"), "{error}");
}

#[test]
fn tables_have_a_row_for_each_step_and_each_series() {
    // Oracle: the values that are asked for one by one; the header by hand.
    let model = Linear { slopes: vec![-2.0, 0.0], covariates: None };
    let found = explain(&model, &panel(["price", "promotion"]), &ExplainSettings::default());
    let dir = tempfile::tempdir().unwrap();
    found.export(dir.path().join("impact.csv")).unwrap();
    found.export_aggregated(dir.path().join("items.csv")).unwrap();
    let steps = std::fs::read_to_string(dir.path().join("impact.csv")).unwrap();
    let lines: Vec<&str> = steps.lines().collect();
    assert_eq!(
        lines[0],
        "item_id,shop,date,price,promotion,brand,weight,price_raw,promotion_raw,brand_raw,weight_raw"
    );
    assert_eq!(lines.len(), 1 + 2 * HORIZON);
    let cells: Vec<&str> = lines[2].split(',').collect();
    assert_eq!(cells[..3], ["tea", "north", "1970-01-05T00:00:00Z"]);
    let numbers: Vec<f64> = cells[3..].iter().map(|cell| cell.parse().unwrap()).collect();
    near(&numbers[..4], &found.step_impact(0, 1));
    near(&numbers[4..], &[-6.0, 0.0, -10.0, -12.0]);
    let items = std::fs::read_to_string(dir.path().join("items.csv")).unwrap();
    let last: Vec<&str> = items.lines().nth(3).unwrap().split(',').collect();
    let numbers: Vec<f64> = last[2..].iter().map(|cell| cell.parse().unwrap()).collect();
    near(&numbers, &found.impact());
    let text = found.to_string();
    assert!(text.starts_with("impact on p50 of Linear, 2 series\n"), "{text}");
    assert!(text.contains("jam north"), "{text}");
}

#[test]
fn names_that_are_there_twice_are_numbered() {
    // Oracle: the header by hand; a dimension, a date and raw impacts have their names already.
    let model = Linear { slopes: vec![1.0, 1.0], covariates: None };
    let panel = panel(["shop", "shop_raw"]);
    let found = explain(&model, &panel, &ExplainSettings::default());
    let dir = tempfile::tempdir().unwrap();
    found.export(dir.path().join("impact.csv")).unwrap();
    found.export(dir.path().join("impact.parquet")).unwrap();
    let steps = std::fs::read_to_string(dir.path().join("impact.csv")).unwrap();
    assert_eq!(
        steps.lines().next().unwrap(),
        "item_id,shop,date,shop_2,shop_raw,brand,weight,shop_raw_2,shop_raw_raw,brand_raw,weight_raw"
    );
}
