//! What every algorithm must do, whatever it is: `registry!` runs this suite on each of them.
//!
//! An algorithm implements [`Conformance`] beside its own tests: settings that fit the [`seasons`] in a
//! second or two, and what it makes of related series.

use std::path::Path;

use ensue_core::{
    Frequency, Panel, Quantile, Run, Seed, Series,
    artifact::{ArtifactReader, ArtifactWriter},
    series::{StaticFeature, UNKNOWN_CATEGORY},
};

use crate::{
    Algorithm, AnyAlgorithm, FitError, ForecastError, Forecaster, SeriesForecast, TrainingData,
};

/// What the suite needs to know of an algorithm.
pub(crate) trait Conformance: Algorithm {
    /// Whether it looks at related series beyond the end of the target.
    const USES_RELATED: bool = false;

    /// How far apart, relative to their size, two forecasts of one series may lie when it is forecast
    /// alone and among others.
    const ROUNDING: f64 = 0.0;

    /// How far, relative to the level, the mean forecast of [`seasons`] may lie from their level.
    const NEAR: f64 = 0.25;

    /// Settings that fit [`seasons`] quickly.
    fn small() -> Self {
        Self::default()
    }
}

pub(crate) const HORIZON: usize = 5;
const STEPS: usize = 60;

/// Six monthly series of 60 steps: a level from 8 to 256 with a season of a fifth of it and a little
/// noise.
pub(crate) fn seasons() -> Vec<Series> {
    (0..6)
        .map(|at| Series::new([format!("season {at}")], 300, season(8.0 * 2_f64.powi(at))))
        .collect()
}

fn season(level: f64) -> Vec<f64> {
    let noise = |t: usize| ((t * 7919 + 13) % 101) as f64 / 101.0 - 0.5;
    let angle = |t: usize| t as f64 * std::f64::consts::TAU / 12.0;
    (0..STEPS).map(|t| level * (1.0 + 0.2 * angle(t).sin() + 0.05 * noise(t))).collect()
}

/// A cold start, one point, all zero, constant, all missing, one observed value among missing ones,
/// shorter than the horizon, gaps, negative, tiny and huge numbers.
pub(crate) fn degenerate() -> Vec<Series> {
    let nan = f64::NAN;
    let gaps = season(20.0).into_iter().enumerate().map(|(t, y)| if t % 3 == 1 { nan } else { y });
    [
        ("cold start", Vec::new()),
        ("one point", vec![3.0]),
        ("all zero", vec![0.0; STEPS]),
        ("constant", vec![7.0; STEPS]),
        ("all missing", vec![nan; STEPS]),
        ("one observed", (0..STEPS).map(|t| if t == 40 { 5.0 } else { nan }).collect()),
        ("short", vec![2.0, 4.0]),
        ("gaps", gaps.collect()),
        (
            "late zeros",
            season(9.0).iter().enumerate().map(|(t, y)| if t < 30 { *y } else { 0.0 }).collect(),
        ),
        ("negative", season(-30.0)),
        ("tiny", season(1e-9)),
        ("huge", season(1e12)),
    ]
    .into_iter()
    .map(|(key, target)| {
        let start = 300 + (STEPS - target.len()) as i64;
        Series::new([key], start, target)
    })
    .collect()
}

pub(crate) fn panel(series: Vec<Series>) -> Panel {
    Panel::new(Frequency::MONTHLY, series).unwrap()
}

/// [`seasons`] with a price that reaches `ahead` steps beyond the target, and a brand.
fn rich(ahead: usize) -> Panel {
    let series = seasons().into_iter().enumerate().map(|(at, series)| {
        let price = (0..STEPS + ahead).map(|t| 1.0 + (t % 4) as f32 / 4.0).collect();
        let brand = if at == 5 { UNKNOWN_CATEGORY } else { at as u32 % 2 };
        series.with_related(vec![price]).with_categories(vec![brand])
    });
    Panel::with(
        Frequency::MONTHLY,
        vec!["item_id".to_owned()],
        vec!["price".to_owned()],
        vec![StaticFeature { name: "brand".to_owned(), categories: vec!["x".into(), "y".into()] }],
        Vec::new(),
        series.collect(),
    )
    .unwrap()
}

fn run() -> Run {
    Run::new("ndarray").with_seed(Seed(7))
}

fn fit<A: Conformance>(panel: &Panel) -> A::Fitted {
    let data = TrainingData { panel: panel.clone(), horizon: HORIZON };
    A::small().fit(&data, &mut run()).expect("the series are good data")
}

fn levels() -> Vec<Quantile> {
    let percents = [1, 5, 10, 25, 50, 51, 75, 90, 95, 99];
    percents.map(|percent| Quantile::new(f64::from(percent) / 100.0).unwrap()).to_vec()
}

fn ask(model: &dyn Forecaster, panel: &Panel) -> Vec<SeriesForecast> {
    model.forecast(panel, &levels(), Seed(3)).unwrap()
}

fn save(model: &impl Forecaster, dir: &Path) {
    let mut out = ArtifactWriter::create(dir).unwrap();
    model.save(&mut out).unwrap();
    out.commit().unwrap();
}

/// Names of all files of a saved model, its manifest among them.
fn files_of(path: &Path) -> Vec<String> {
    let reader = ArtifactReader::open(path).unwrap();
    reader.names().map(str::to_owned).chain(["manifest.json".to_owned()]).collect()
}

/// Every number of a forecast.
fn numbers(forecast: &SeriesForecast) -> impl Iterator<Item = f64> {
    forecast.mean.iter().chain(forecast.quantiles.iter().flatten()).copied()
}

/// Asserts the shape, that all is finite and that quantiles do not fall when the level rises.
#[track_caller]
fn assert_sound(forecasts: &[SeriesForecast], panel: &Panel) {
    assert_eq!(forecasts.len(), panel.len());
    for (forecast, series) in forecasts.iter().zip(panel.series()) {
        let key = series.key();
        assert_eq!(forecast.mean.len(), HORIZON, "{key:?}");
        assert_eq!(forecast.quantiles.len(), levels().len(), "{key:?}");
        assert!(forecast.quantiles.iter().all(|values| values.len() == HORIZON), "{key:?}");
        assert!(numbers(forecast).all(f64::is_finite), "{key:?}: {forecast:?}");
        for (low, high) in forecast.quantiles.iter().zip(&forecast.quantiles[1..]) {
            let crossed = low.iter().zip(high).any(|(low, high)| low > high);
            assert!(!crossed, "{key:?}: quantiles cross: {forecast:?}");
        }
    }
}

pub(crate) fn answers_have_the_shape_asked_for<A: Conformance>() {
    // Oracle: the trait: series in the panel's order, quantiles in the order asked for, any number of them.
    let panel = panel(seasons());
    let model = fit::<A>(&panel);
    assert_eq!((model.algorithm(), model.horizon()), (A::NAME, HORIZON));
    let forecasts = ask(&model, &panel);
    assert_sound(&forecasts, &panel);
    let [p10, p90] = [0.1, 0.9].map(|level| Quantile::new(level).unwrap());
    let reversed = model.forecast(&panel, &[p90, p10], Seed(3)).unwrap();
    for (forecast, reversed) in forecasts.iter().zip(&reversed) {
        assert_eq!(reversed.quantiles, [&forecast.quantiles[7][..], &forecast.quantiles[2][..]]);
        assert_eq!(reversed.mean, forecast.mean);
    }
    let none = model.forecast(&panel, &[], Seed(3)).unwrap();
    assert!(none.iter().all(|forecast| forecast.quantiles.is_empty()));
    let nothing = model.forecast(&self::panel(Vec::new()), &levels(), Seed(3)).unwrap();
    assert!(nothing.is_empty());
}

pub(crate) fn forecasts_lie_near_the_level<A: Conformance>() {
    // Oracle: how the series are made: seasons of a fifth of the level around it.
    for unit in [1.0, 1e-12] {
        let scaled = seasons().into_iter().map(|series| {
            let target = series.target().iter().map(|y| unit * y).collect();
            Series::new(series.key().to_vec(), series.start(), target)
        });
        let panel = panel(scaled.collect());
        let forecasts = ask(&fit::<A>(&panel), &panel);
        for (at, forecast) in forecasts.iter().enumerate() {
            let level = unit * 8.0 * 2_f64.powi(at as i32);
            for mean in &forecast.mean {
                let near = (mean / level - 1.0).abs() <= 0.2 + A::NEAR;
                assert!(near, "series {at}: {mean} of {level}");
            }
        }
    }
}

pub(crate) fn degenerate_series_are_forecast<A: Conformance>() {
    // Oracle: finite numbers and no crossing, by a model that never saw such series.
    let model = fit::<A>(&panel(seasons()));
    let panel = panel(degenerate());
    assert_sound(&ask(&model, &panel), &panel);
}

pub(crate) fn degenerate_series_are_trained_on<A: Conformance>() {
    // Oracle: finite numbers and no crossing, by a model trained on nothing but such series and one good one.
    let panel = panel(degenerate().into_iter().chain(seasons().pop()).collect());
    let model = fit::<A>(&panel);
    assert_sound(&ask(&model, &panel), &panel);
}

pub(crate) fn nasty_series_are_forecast<A: Conformance>() {
    // Oracle: finite numbers and no crossing, on 500 series of all kinds that break algorithms; trained on them too.
    let panel = panel(ensue_testkit::nasty_series(Seed(1), 500));
    let model = fit::<A>(&panel);
    assert_sound(&ask(&model, &panel), &panel);
}

pub(crate) fn a_forecast_does_not_depend_on_the_other_series<A: Conformance>() {
    // Oracle: the same model, asked for each series alone, and for all in another order.
    let all: Vec<Series> = seasons().into_iter().chain(degenerate()).collect();
    let model = fit::<A>(&panel(seasons()));
    let together = ask(&model, &panel(all.clone()));
    let mut reversed = ask(&model, &panel(all.iter().rev().cloned().collect()));
    reversed.reverse();
    for (at, series) in all.iter().enumerate() {
        let alone = ask(&model, &panel(vec![series.clone()])).remove(0);
        for other in [&alone, &reversed[at]] {
            for (a, b) in numbers(&together[at]).zip(numbers(other)) {
                let near = (a - b).abs() <= A::ROUNDING * a.abs().max(b.abs());
                assert!(near, "{:?}: {a} and {b}", series.key());
            }
        }
    }
}

pub(crate) fn the_same_seed_gives_the_same_bytes<A: Conformance>() {
    // Oracle: a second fit with the same seed, file by file; and its forecast.
    let panel = panel(seasons());
    let dir = tempfile::tempdir().unwrap();
    let forecasts = ["one", "two"].map(|name| {
        let model = fit::<A>(&panel);
        save(&model, &dir.path().join(name));
        ask(&model, &panel)
    });
    let files = |name: &str| -> Vec<(String, Vec<u8>)> {
        let path = dir.path().join(name);
        let read = |file: String| {
            let bytes = std::fs::read(path.join(&file)).unwrap();
            (file, bytes)
        };
        files_of(&path).into_iter().map(read).collect()
    };
    let (one, two) = (files("one"), files("two"));
    assert!(one.len() >= 2, "a manifest and at least one file");
    assert!(one == two, "two fits with one seed differ");
    assert_eq!(forecasts[0], forecasts[1]);
}

pub(crate) fn a_saved_model_forecasts_the_same<A: Conformance>(name: &str) {
    // Oracle: the model before it was saved, bit for bit; through the registry too.
    let panel = panel(seasons().into_iter().chain(degenerate()).collect());
    let model = fit::<A>(&panel);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("model");
    save(&model, &path);
    let reader = ArtifactReader::open(&path).unwrap();
    let settings = serde_json::to_value(A::small()).unwrap();
    let mut tagged = settings.as_object().unwrap().clone();
    tagged.insert("algorithm".into(), name.into());
    let registered: AnyAlgorithm = serde_json::from_value(tagged.into()).unwrap();
    assert_eq!(registered.name(), A::NAME);

    let typed = A::small().load(&reader, "ndarray").unwrap();
    let boxed = registered.load(&reader, "ndarray").unwrap();
    assert_eq!((boxed.algorithm(), boxed.horizon()), (A::NAME, HORIZON));
    let before = ask(&model, &panel);
    assert_eq!(ask(&typed, &panel), before);
    assert_eq!(ask(&*boxed, &panel), before);
}

pub(crate) fn a_damaged_model_is_refused<A: Conformance>() {
    // Oracle: every file of the directory cut in half, or removed, in turn.
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("model");
    save(&fit::<A>(&panel(seasons())), &path);
    let load = || {
        ArtifactReader::open(&path)
            .map_err(crate::LoadError::from)
            .and_then(|reader| A::small().load(&reader, "ndarray").map(drop))
    };
    assert!(load().is_ok());
    for file in files_of(&path) {
        let file = path.join(file);
        let whole = std::fs::read(&file).unwrap();
        std::fs::write(&file, &whole[..whole.len() / 2]).unwrap();
        assert!(load().is_err(), "{} cut short was accepted", file.display());
        std::fs::remove_file(&file).unwrap();
        assert!(load().is_err(), "{} missing was accepted", file.display());
        std::fs::write(&file, &whole).unwrap();
    }
    assert!(load().is_ok());
}

pub(crate) fn settings_are_strict_and_round_trip<A: Conformance>() {
    // Oracle: serde's own round trip; an unknown field is refused, through the registry too.
    A::default().check().unwrap();
    for settings in [A::default(), A::small()] {
        let json = serde_json::to_string(&settings).unwrap();
        assert_eq!(serde_json::from_str::<A>(&json).unwrap(), settings);
    }
    assert!(serde_json::from_str::<A>(r#"{"no_such_setting": 1}"#).is_err());
    let tagged = serde_json::json!({"algorithm": A::NAME, "no_such_setting": 1});
    assert!(serde_json::from_value::<AnyAlgorithm>(tagged).is_err());
    assert_eq!(serde_json::from_str::<A>("{}").unwrap(), A::default());
    assert_eq!(AnyAlgorithm::by_name(A::NAME).unwrap().name(), A::NAME);
}

pub(crate) fn data_without_observations_are_refused<A: Conformance>() {
    // Oracle: the variant of the error, for no series, for series without values, and for no steps.
    let fit = |series: Vec<Series>, horizon| {
        A::small().fit(&TrainingData { panel: panel(series), horizon }, &mut run()).unwrap_err()
    };
    let missing = Series::new(["all missing"], 0, vec![f64::NAN; 50]);
    let cold = Series::new(["cold start"], 0, Vec::new());
    for series in [Vec::new(), vec![missing, cold]] {
        let error = fit(series, HORIZON);
        assert!(matches!(error, FitError::NoSeries { algorithm, .. } if algorithm == A::NAME));
    }
    assert!(matches!(fit(seasons(), 0), FitError::Settings(_)));
}

pub(crate) fn another_frequency_is_refused<A: Conformance>() {
    // Oracle: the variant of the error with both frequencies.
    let model = fit::<A>(&panel(seasons()));
    let weekly = Panel::new(Frequency::WEEKLY, seasons()).unwrap();
    let expected =
        ForecastError::Frequency { found: Frequency::WEEKLY, expected: Frequency::MONTHLY };
    assert_eq!(model.forecast(&weekly, &levels(), Seed(3)).unwrap_err(), expected);
}

pub(crate) fn related_series_must_cover_the_horizon_where_they_are_used<A: Conformance>() {
    // Oracle: the variants of the error; an algorithm that does not use them does not ask for them.
    let model = fit::<A>(&rich(HORIZON));
    assert_sound(&ask(&model, &rich(HORIZON)), &rich(HORIZON));
    let short = model.forecast(&rich(HORIZON - 1), &levels(), Seed(3));
    let without = model.forecast(&panel(seasons()), &levels(), Seed(3));
    if A::USES_RELATED {
        let expected = ForecastError::ShortRelated {
            key: vec!["season 0".to_owned()],
            name: "price".to_owned(),
            found: STEPS + HORIZON - 1,
            needed: STEPS + HORIZON,
        };
        assert_eq!(short.unwrap_err(), expected);
        let expected = ForecastError::MissingRelated { name: "price".to_owned() };
        assert_eq!(without.unwrap_err(), expected);
    } else {
        assert_eq!(short.unwrap(), ask(&model, &rich(HORIZON)));
        assert_eq!(without.unwrap(), ask(&model, &rich(HORIZON)));
    }
}

pub(crate) fn a_related_series_of_the_past_is_no_obstacle<A: Conformance>() {
    // Oracle: a price that ends with the target, or a little later, is known of no step to come: it is left out, or looked at in
    // the past alone.
    for ahead in [0, HORIZON - 1] {
        let rich = rich(ahead);
        assert_sound(&ask(&fit::<A>(&rich), &rich), &rich);
    }
}

pub(crate) fn a_cancelled_run_fits_nothing<A: Conformance>() {
    // Oracle: the cancel flag, raised before the fit.
    let mut run = run();
    run.cancel.cancel();
    let data = TrainingData { panel: panel(seasons()), horizon: HORIZON };
    assert!(A::small().fit(&data, &mut run).unwrap_err().is_cancelled());
}

pub(crate) fn threads_share_a_model<A: Conformance>() {
    // Oracle: the forecast of one thread.
    let panel = panel(seasons());
    let model = fit::<A>(&panel);
    let expected = ask(&model, &panel);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| assert_eq!(ask(&model, &panel), expected));
        }
    });
}

/// One test for each rule above.
macro_rules! conformance_suite {
    ($algorithm:ty, $name:literal) => {
        crate::conformance::conformance_suite!(
            @tests $algorithm:
            answers_have_the_shape_asked_for, forecasts_lie_near_the_level,
            degenerate_series_are_forecast, degenerate_series_are_trained_on,
            nasty_series_are_forecast,
            a_forecast_does_not_depend_on_the_other_series, the_same_seed_gives_the_same_bytes,
            a_damaged_model_is_refused, settings_are_strict_and_round_trip,
            data_without_observations_are_refused, another_frequency_is_refused,
            related_series_must_cover_the_horizon_where_they_are_used,
            a_related_series_of_the_past_is_no_obstacle, a_cancelled_run_fits_nothing,
            threads_share_a_model,
        );

        #[test]
        fn a_saved_model_forecasts_the_same() {
            crate::conformance::a_saved_model_forecasts_the_same::<$algorithm>($name);
        }

        #[test]
        fn the_registered_name_is_the_algorithms_own() {
            // Oracle: the constant of the trait.
            assert_eq!(<$algorithm as crate::Algorithm>::NAME, $name);
        }
    };
    (@tests $algorithm:ty: $($test:ident,)+) => {
        $(#[test] fn $test() { crate::conformance::$test::<$algorithm>(); })+
    };
}
pub(crate) use conformance_suite;
