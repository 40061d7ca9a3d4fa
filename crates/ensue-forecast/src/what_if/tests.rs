use ensue_core::{Frequency, Panel, Run, Seed, Series};

use super::{
    Condition::{self, Equals, GreaterThan, LessThan, NotEquals},
    Operation::{Add, Divide, Multiply, Subtract},
    TimeSeriesTransformation, WhatIf, WhatIfAnalysis, WhatIfForecast,
};
use crate::{
    AnyAlgorithm, Forecast, ForecastType, PredictorSettings,
    linear::{HORIZON, Linear, panel},
};

fn prices(panel: &Panel) -> [Vec<f32>; 2] {
    [0, 1].map(|series| panel.series()[series].related()[0].clone())
}

fn apply(transformations: Vec<TimeSeriesTransformation>) -> [Vec<f32>; 2] {
    let what_if = WhatIf::new(transformations);
    prices(&what_if.apply(&panel(["price", "promotion"]), HORIZON).unwrap())
}

fn refused(transformation: TimeSeriesTransformation) -> String {
    let what_if = WhatIf::new(vec![transformation]);
    what_if.apply(&panel(["price", "promotion"]), HORIZON).unwrap_err().to_string()
}

const TEA: [f32; 3] = [4.0, 5.0, 6.0];
const JAM: [f32; 3] = [1.0, 1.0, 4.0];

fn after(past: [f32; 3], ahead: [f32; 2]) -> Vec<f32> {
    [&past[..], &ahead].concat()
}

#[test]
fn only_the_horizon_changes_in_the_order_of_the_list() {
    // Oracle: by hand from the prices 7, 8 and 1, 2 ahead.
    let doubled = TimeSeriesTransformation::new("price", Multiply, 2.0);
    let more = TimeSeriesTransformation::new("price", Add, 1.0);
    assert_eq!(
        apply(vec![doubled.clone(), more.clone()]),
        [after(TEA, [15.0, 17.0]), after(JAM, [3.0, 5.0])]
    );
    assert_eq!(apply(vec![more, doubled]), [after(TEA, [16.0, 18.0]), after(JAM, [4.0, 6.0])]);
    let less = TimeSeriesTransformation::new("price", Subtract, 1.0);
    let half = TimeSeriesTransformation::new("price", Divide, 2.0);
    assert_eq!(apply(vec![less, half]), [after(TEA, [3.0, 3.5]), after(JAM, [0.0, 0.5])]);
}

#[test]
fn conditions_choose_series_and_steps_and_all_must_hold() {
    // Oracle: by hand; the horizon is 1970-01-04 and -05, tea has a promotion on the first, jam on the second, and brands x
    // and y, weights 2 and 6.
    let with = |conditions: &[(&str, Condition, &str)]| {
        let mut one = TimeSeriesTransformation::new("price", Multiply, 10.0);
        for &(name, condition, value) in conditions {
            one = one.when(name, condition, value);
        }
        apply(vec![one]).map(|row| row[3..].to_vec())
    };
    let (tea, jam) = ([70.0, 80.0], [10.0, 20.0]);
    let (no_tea, no_jam) = ([7.0, 8.0], [1.0, 2.0]);
    assert_eq!(with(&[("item_id", Equals, "tea")]), [tea, no_jam]);
    assert_eq!(with(&[("item_id", NotEquals, "tea")]), [no_tea, jam]);
    assert_eq!(with(&[("shop", Equals, "north")]), [tea, jam]);
    assert_eq!(with(&[("brand", Equals, "y")]), [no_tea, jam]);
    assert_eq!(with(&[("weight", LessThan, "6")]), [tea, no_jam]);
    assert_eq!(with(&[("promotion", Equals, "1")]), [[70.0, 8.0], [1.0, 20.0]]);
    assert_eq!(with(&[("price", GreaterThan, "1.5")]), [tea, [1.0, 20.0]]);
    assert_eq!(with(&[("timestamp", GreaterThan, "1970-01-04")]), [[7.0, 80.0], [1.0, 20.0]]);
    assert_eq!(with(&[("date", LessThan, "1970-01-04 12:00:00")]), [[70.0, 8.0], [10.0, 2.0]]);
    let both = [("item_id", Equals, "tea"), ("promotion", Equals, "0")];
    assert_eq!(with(&both), [[7.0, 80.0], no_jam]);
}

#[test]
fn refusals_name_the_field_its_value_and_the_rule() {
    // Oracle: the text, by hand.
    let new = TimeSeriesTransformation::new;
    for (transformation, expected) in [
        (
            new("prise", Add, 1.0),
            r#"transformation 1: Action.AttributeName is "prise", but only related series can change, and there are: price, promotion"#,
        ),
        (
            new("brand", Add, 1.0),
            r#"transformation 1: Action.AttributeName is "brand", but only related series can change, and there are: price, promotion"#,
        ),
        (
            new("price", Divide, 0.0),
            r#"transformation 1: Action.Value is "0", but nothing can be divided by it"#,
        ),
        (
            new("price", Add, f64::NAN),
            r#"transformation 1: Action.Value is "NaN", but it must be a finite number"#,
        ),
        (
            new("price", Add, 1.0).when("colour", Equals, "red"),
            r#"transformation 1: AttributeName is "colour", but conditions are about the timestamp or one of these: price, promotion, item_id, shop, brand, weight"#,
        ),
        (
            new("price", Add, 1.0).when("item_id", Equals, "coffee"),
            r#"transformation 1: AttributeValue is "coffee", but no series has it as its item_id"#,
        ),
        (
            new("price", Add, 1.0).when("brand", Equals, "z"),
            r#"transformation 1: AttributeValue is "z", but no item has it as its brand"#,
        ),
        (
            new("price", Add, 1.0).when("brand", LessThan, "y"),
            r#"transformation 1: Condition is "LESS_THAN", but brand is a text, which can be EQUALS or NOT_EQUALS only"#,
        ),
        (
            new("price", Add, 1.0).when("promotion", Equals, "yes"),
            r#"transformation 1: AttributeValue is "yes", but promotion is compared with a number"#,
        ),
        (
            new("price", Add, 1.0).when("date", Equals, "soon"),
            r#"transformation 1: AttributeValue is "soon", but a time is written 2025-02-04 or 2025-02-04T18:00:00"#,
        ),
        (
            new("price", Add, 1.0).when("date", Equals, "1970-01-04 12:00:00"),
            r#"transformation 1: AttributeValue is "1970-01-04 12:00:00", but no step begins then; one begins at 1970-01-04T00:00:00"#,
        ),
        (
            new("price", Multiply, 1e38),
            r#"series ["tea", "north"]: related series "price" would be inf at 1970-01-04T00:00:00"#,
        ),
    ] {
        assert_eq!(refused(transformation), expected);
    }
    // A related series that ends with the target says nothing of the horizon.
    let what_if = WhatIf::new(vec![new("price", Add, 1.0)]);
    let error = what_if.apply(&panel(["price", "promotion"]), 3).unwrap_err().to_string();
    assert!(error.contains("has 5 values, needs 6"), "{error}");
}

#[test]
fn amazons_limits_hold() {
    // Oracle: the developer guide: 30 transformations, 10 conditions.
    let one = TimeSeriesTransformation::new("price", Add, 1.0);
    let panel = panel(["price", "promotion"]);
    let error = |transformations| WhatIf::new(transformations).apply(&panel, HORIZON).err();
    assert_eq!(error(vec![one.clone(); 30]), None);
    let text = error(vec![one.clone(); 31]).unwrap().to_string();
    assert_eq!(text, "there are 31 transformations, but may be at most 30");
    let many = |count| (0..count).fold(one.clone(), |one, _| one.when("price", GreaterThan, "0"));
    assert_eq!(error(vec![many(10)]), None);
    let text = error(vec![one.clone(), many(11)]).unwrap().to_string();
    assert_eq!(text, "there are 11 conditions of transformation 2, but may be at most 10");
}

#[test]
fn the_json_is_amazons() {
    // Oracle: the request syntax of CreateWhatIfForecast.
    let written = r#"{"WhatIfForecastName": "half", "TimeSeriesTransformations": [
        {"Action": {"AttributeName": "price", "Operation": "MULTIPLY", "Value": 0.5},
         "TimeSeriesConditions": [{"AttributeName": "item_id", "AttributeValue": "tea", "Condition": "NOT_EQUALS"}]}]}"#;
    let one: WhatIfForecast = serde_json::from_str(written).unwrap();
    let changed = one.what_if.apply(&panel(["price", "promotion"]), HORIZON).unwrap();
    assert_eq!(prices(&changed), [after(TEA, [7.0, 8.0]), after(JAM, [0.5, 1.0])]);
    let transformation =
        TimeSeriesTransformation::new("price", Multiply, 0.5).when("item_id", NotEquals, "tea");
    assert_eq!(
        serde_json::to_string(&transformation).unwrap(),
        r#"{"Action":{"AttributeName":"price","Operation":"MULTIPLY","Value":0.5},"TimeSeriesConditions":[{"AttributeName":"item_id","AttributeValue":"tea","Condition":"NOT_EQUALS"}]}"#
    );
    let wrong = written.replace("Value\"", "Worth\"");
    assert!(serde_json::from_str::<WhatIfForecast>(&wrong).is_err());
}

#[test]
fn a_replacement_brings_the_values_it_has() {
    // Oracle: by hand: tea from step 2 on, whose past is not touched and whose last value is not said; jam stays.
    let base = panel(["price", "promotion"]);
    let other = |key: [&str; 2], name: &str, values: Vec<f32>| {
        let series = Series::new(key, 2, Vec::new()).with_related(vec![values]);
        let names = [name.to_owned()].to_vec();
        let dimensions = base.dimensions().to_vec();
        Panel::with(Frequency::DAILY, dimensions, names, Vec::new(), Vec::new(), vec![series])
            .unwrap()
    };
    let replaced = |panel: Panel| WhatIf::replacement(panel).apply(&base, HORIZON);
    let changed =
        replaced(other(["tea", "north"], "price", vec![90.0, 3.0, f32::NAN, 91.0])).unwrap();
    assert_eq!(prices(&changed), [after(TEA, [3.0, 8.0]), after(JAM, [1.0, 2.0])]);
    assert_eq!(changed.series()[0].related()[1], base.series()[0].related()[1]);
    let error = |panel| replaced(panel).unwrap_err().to_string();
    assert_eq!(
        error(other(["rye", "north"], "price", vec![1.0])),
        r#"the replacement has series ["rye", "north"], the panel has not"#
    );
    assert_eq!(
        error(other(["tea", "north"], "prise", vec![1.0])),
        r#"the replacement has related series "prise"; the panel has price, promotion"#
    );
    let infinite = other(["tea", "north"], "price", vec![1.0, f32::INFINITY]);
    assert!(error(infinite).contains("would be inf at 1970-01-04"));
    let hourly = Panel::new(Frequency::HOURLY, Vec::new()).unwrap();
    assert!(error(hourly).contains("every H"));
}

/// Forecasts of a model that takes off two for each unit of the price.
fn analysis() -> WhatIfAnalysis {
    let model = Linear { slopes: vec![-2.0, 0.0], covariates: None };
    let base = panel(["price", "promotion"]);
    let types: Vec<ForecastType> = ["0.1", "mean"].map(|one| one.parse().unwrap()).to_vec();
    let ask = |panel: &Panel| Forecast::ask(&model, panel, &types, Seed(4)).unwrap();
    let changed =
        |transformation| ask(&WhatIf::new(vec![transformation]).apply(&base, HORIZON).unwrap());
    let half = TimeSeriesTransformation::new("price", Multiply, 0.5);
    let dear = TimeSeriesTransformation::new("price", Add, 3.0).when("item_id", Equals, "tea");
    let forecasts = vec![("half".to_owned(), changed(half)), ("dear".to_owned(), changed(dear))];
    WhatIfAnalysis::new(ask(&base), forecasts)
}

#[test]
fn the_comparison_has_totals_and_percents() {
    // Oracle: by hand: half of 7 + 8 and of 1 + 2 is 7.5 and 1.5, at -2 each a rise of 15 and 3; three more on two days are
    // 12 less; luck is the same in all forecasts and cancels.
    let comparison = analysis().comparison();
    let rows = comparison.rows();
    assert_eq!(rows.len(), 2 * 2 * 2);
    assert_eq!(
        (&rows[0].key[0][..], &rows[0].what_if[..], &rows[0].forecast_type[..]),
        ("tea", "half", "p10")
    );
    let changes: Vec<f64> = rows.iter().map(|row| row.changed - row.baseline).collect();
    for (found, expected) in changes.iter().zip([15.0, 15.0, -12.0, -12.0, 3.0, 3.0, 0.0, 0.0]) {
        assert!((found - expected).abs() < 1e-9, "{changes:?}");
    }
    let percent = rows[0].percent().unwrap();
    assert!((percent - 1500.0 / rows[0].baseline).abs() < 1e-9);
    let total = &comparison.totals()[0];
    assert!((total.changed - total.baseline - 18.0).abs() < 1e-9);
    assert!((total.baseline - rows[0].baseline - rows[4].baseline).abs() < 1e-9);
    let text = comparison.to_string();
    assert!(text.lines().nth(1).unwrap().starts_with("all 2 series  half     p10 "), "{text}");
    assert_eq!(text.lines().count(), 1 + 4 + 8, "{text}");
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("what-if.csv");
    comparison.export(&path).unwrap();
    let csv = std::fs::read_to_string(path).unwrap();
    let mut lines = csv.lines();
    assert_eq!(
        lines.next().unwrap(),
        "item_id,shop,what_if_forecast,forecast_type,baseline,what_if,change_percent"
    );
    assert!(lines.next().unwrap().starts_with("tea,north,half,p10,"), "{csv}");
    assert_eq!(lines.count(), 7);
}

#[test]
fn the_chart_has_a_line_for_each_forecast() {
    // Oracle: counted by hand; the last step of the line lies at the right end, 736.
    let analysis = analysis();
    let base = panel(["price", "promotion"]);
    let svg = analysis.chart(&base, &["tea", "north"]).unwrap();
    assert!(svg.starts_with("<svg") && svg.ends_with("</svg>\n"));
    for name in ["baseline mean", "half", "dear"] {
        assert!(svg.contains(&format!("<title>{name}</title>")), "{svg}");
    }
    assert_eq!(svg.matches("<path class=\"what-if\"").count(), 4, "{svg}");
    let path = |class: &str| {
        let path = svg.split(&format!("<path class=\"{class}\" d=\"")).nth(1).unwrap();
        path.split('"').next().unwrap().to_owned()
    };
    // The gap in the history leaves a value alone on either side.
    let past = path("past");
    assert_eq!((past.matches('M').count(), past.matches("h.01").count()), (2, 2), "{past}");
    let line = path("base");
    assert!(line.contains("L736.00 "), "{line}");
    assert!(!svg.contains("NaN"), "{svg}");
    assert!(svg.contains(">1970-01-04<") && svg.contains(">1970-01-05<"), "{svg}");
    assert_eq!(analysis.chart(&base, &["rye", "north"]), None);
}

#[test]
fn a_predictor_that_looks_at_no_price_says_the_same() {
    // Oracle: the seasonal naive has no covariates; the rules of names by hand.
    let base = panel(["price", "promotion"]);
    let settings = PredictorSettings::new(AnyAlgorithm::by_name("SeasonalNaive").unwrap(), 1);
    let predictor = settings.train(&base, &mut Run::new("ndarray")).unwrap();
    let half = || WhatIf::new(vec![TimeSeriesTransformation::new("price", Multiply, 0.5)]);
    let named = |name: &str| WhatIfForecast::new(name, half());
    let analysis = predictor.what_if(&base, &[named("half")], Seed(1)).unwrap();
    assert_eq!(analysis.forecast("half"), Some(analysis.baseline()));
    assert!(analysis.comparison().rows().iter().all(|row| row.percent() == Some(0.0)));
    let long = "a".repeat(64);
    for wrong in ["", "1st", "half price", "half-price", long.as_str()] {
        let error = predictor.what_if(&base, &[named(wrong)], Seed(1)).unwrap_err().to_string();
        assert!(error.contains("must be 1 to 63 letters"), "{error}");
    }
    let twice = [named("half"), named("half")];
    let error = predictor.what_if(&base, &twice, Seed(1)).unwrap_err().to_string();
    assert_eq!(error, r#"what-if forecast "half": the name is there twice"#);
}
