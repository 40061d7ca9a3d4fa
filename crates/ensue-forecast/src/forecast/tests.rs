use std::fs;

use ensue_core::{Run, Series};
use jiff::civil::date;

use super::*;
use crate::{
    Predictor, PredictorSettings,
    algorithms::{naive::Naive, seasonal_naive::Intervals},
};

/// Hourly sales of tea and jam in two shops, until 2019-09-30 22:00.
fn panel() -> Panel {
    let start = Frequency::HOURLY.step_of(date(2019, 9, 30).at(20, 0, 0, 0));
    let series = [("tea", "south", 1.0), ("tea", "north", 2.0), ("jam", "north", 3.0)];
    let series = series
        .map(|(item, shop, level)| Series::new([item, shop], start, vec![9.0, level, level + 0.5]));
    let dimensions = vec!["item_id".to_owned(), "shop".to_owned()];
    let (none, no_features, no_reals) = (Vec::new(), Vec::new(), Vec::new());
    Panel::with(Frequency::HOURLY, dimensions, none, no_features, no_reals, series.into()).unwrap()
}

fn predictor() -> Predictor {
    PredictorSettings::new(Naive { intervals: Intervals::Point }, 2)
        .with_limits(crate::Limits::Relaxed)
        .with_forecast_types(vec!["0.9".parse().unwrap(), ForecastType::Mean])
        .train(&panel(), &mut Run::new("ndarray"))
        .unwrap()
}

fn forecast() -> Forecast {
    predictor().create_forecast(&panel(), Seed(4)).unwrap()
}

fn tea() -> ForecastQuery {
    ForecastQuery::item("tea").with("shop", "north")
}

#[test]
fn an_item_is_answered_in_the_shape_of_query_forecast() {
    // Oracle: the JSON by hand, in the shape of Amazon's response; the forecast starts after the last hour.
    let forecast = forecast();
    let json = serde_json::to_string(&forecast.query(&tea()).unwrap()).unwrap();
    let steps = r#"[{"Timestamp":"2019-09-30T23:00:00","Value":2.5},{"Timestamp":"2019-10-01T00:00:00","Value":2.5}]"#;
    let expected = format!(r#"{{"Forecast":{{"Predictions":{{"mean":{steps},"p90":{steps}}}}}}}"#);
    assert_eq!(json, expected);
    let request = r#"{"Filters": {"item_id": "tea", "shop": "north"}}"#;
    assert_eq!(serde_json::from_str::<ForecastQuery>(request).unwrap(), tea());
    assert!(serde_json::from_str::<ForecastQuery>(r#"{"Filters": {}, "NextToken": "x"}"#).is_err());
    assert_eq!(forecast.position(&["jam", "north"]), Some(2));
    assert_eq!(forecast.position(&["jam", "south"]), None);
}

#[test]
fn dates_are_inclusive_and_may_be_left_out() {
    // Oracle: by hand; two steps, at 23:00 and at midnight.
    let forecast = forecast();
    let (late, midnight) = (date(2019, 9, 30).at(23, 0, 0, 0), date(2019, 10, 1).at(0, 0, 0, 0));
    let steps = |query: ForecastQuery| {
        let answer = forecast.query(&query).unwrap().forecast.predictions;
        answer["mean"].iter().map(|point| point.timestamp).collect::<Vec<_>>()
    };
    assert_eq!(steps(tea().between(late, midnight)), [late, midnight]);
    assert_eq!(steps(tea().between(midnight, midnight)), [midnight]);
    assert_eq!(steps(ForecastQuery { start_date: Some(midnight), ..tea() }), [midnight]);
    assert_eq!(steps(ForecastQuery { end_date: Some(late), ..tea() }), [late]);
    let day = date(2019, 10, 2).at(0, 0, 0, 0);
    for query in [tea().between(day, day), tea().between(midnight, late)] {
        let message = forecast.query(&query).unwrap_err().to_string();
        assert_eq!(
            message,
            "no step lies between the dates; the forecast of the item is from 2019-09-30T23:00:00 to 2019-10-01T00:00:00"
        );
    }
}

#[test]
fn a_query_for_what_is_not_there_is_refused() {
    // Oracle: the messages.
    let forecast = forecast();
    for (query, expected) in [
        (
            ForecastQuery::item("tea"),
            r#"the filters have no "shop"; all dimensions must be given: item_id, shop"#,
        ),
        (
            tea().with("colour", "red"),
            r#""colour" is no dimension of the forecast; there are item_id, shop"#,
        ),
        (
            ForecastQuery::item("jam").with("shop", "south"),
            r#"nothing was forecast for item_id = "jam", shop = "south""#,
        ),
        (
            ForecastQuery::item("rye").with("shop", "north"),
            r#"nothing was forecast for item_id = "rye", shop = "north""#,
        ),
    ] {
        assert_eq!(forecast.query(&query).unwrap_err().to_string(), expected);
    }
}

#[test]
fn a_forecast_is_exported_in_amazons_layout() {
    // Oracle: by hand: item_id, the dimensions, date, the forecast types in their order.
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("forecast.csv");
    forecast().export(&path).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 1 + 3 * 2);
    assert_eq!(
        lines[..4],
        [
            "item_id,shop,date,p90,mean",
            "tea,south,2019-09-30T23:00:00Z,1.5,1.5",
            "tea,south,2019-10-01T00:00:00Z,1.5,1.5",
            "tea,north,2019-09-30T23:00:00Z,2.5,2.5",
        ]
    );
    forecast().export(dir.path().join("forecast.parquet")).unwrap();
    let error = forecast().export(dir.path().join("forecast.txt")).unwrap_err().to_string();
    assert!(error.contains("must end in .csv or .parquet"), "{error}");
}

#[test]
fn a_saved_forecast_comes_back_and_a_damaged_one_does_not() {
    // Oracle: the forecast before it was saved; every file cut in half in turn.
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("forecast");
    forecast().save(&path).unwrap();
    let back = Forecast::load(&path).unwrap();
    assert_eq!(back, forecast());
    assert_eq!(back.query(&tea()), forecast().query(&tea()));
    assert_eq!((back.algorithm(), back.seed(), back.len()), ("Naive", Seed(4), 3));
    for entry in fs::read_dir(&path).unwrap() {
        let file = entry.unwrap().path();
        let whole = fs::read(&file).unwrap();
        fs::write(&file, &whole[..whole.len() / 2]).unwrap();
        assert!(Forecast::load(&path).is_err(), "{} cut short was accepted", file.display());
        fs::write(&file, &whole).unwrap();
    }
    assert!(matches!(Forecast::load(dir.path()), Err(ArtifactError::NoManifest { .. })));
}

#[test]
fn a_panel_of_another_frequency_is_refused() {
    // Oracle: the variant of the error.
    let daily = Panel::new(Frequency::DAILY, vec![Series::new(["tea"], 0, vec![1.0])]).unwrap();
    let error = predictor().create_forecast(&daily, Seed(0)).unwrap_err();
    assert!(matches!(error, ForecastError::Frequency { .. }));
}
