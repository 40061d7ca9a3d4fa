use std::{
    cell::RefCell,
    fs,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use ensue_core::{
    Budget, CheckpointPolicy, Frequency, Panel, Progress, Quantile, Run, Seed, Series,
    artifact::{ArtifactError, ArtifactWriter},
};
use ensue_data::write::TableFormat;
use jiff::civil::date;

use super::{backtest::measure, train::Fits, *};
use crate::{
    AnyAlgorithm, FitError, ForecastType, SeriesForecast, TrainingData,
    algorithms::{
        naive::Naive,
        seasonal_naive::{Intervals, SeasonalNaive},
    },
};

const NAN: f64 = f64::NAN;

/// Daily series from 1970-01-01 on.
fn panel(series: &[(&str, &[f64])]) -> Panel {
    let series = series.iter().map(|(key, target)| Series::new([*key], 0, target.to_vec()));
    Panel::new(Frequency::DAILY, series.collect()).unwrap()
}

/// "up" rises by 1 a day for 12 days; "short" has 5 days; "silent" has nothing in the last 3 of 12.
fn three() -> Panel {
    let up: Vec<f64> = (1..=12).map(f64::from).collect();
    let mut silent = up.clone();
    silent[9..].fill(NAN);
    panel(&[("up", &up), ("short", &[2.0, 4.0, 2.0, 4.0, 2.0]), ("silent", &silent)])
}

fn run() -> Run {
    Run::new("ndarray").with_seed(Seed(5))
}

fn naive(horizon: usize) -> PredictorSettings {
    PredictorSettings::new(Naive { intervals: Intervals::Point }, horizon)
}

/// Two windows of two days, three days apart.
fn two_windows() -> PredictorSettings {
    let mut settings = naive(2).with_windows(2);
    settings.backtest.back_test_window_offset = Some(3);
    settings
}

#[track_caller]
fn close(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-12, "{found} is not {expected}");
}

#[test]
fn the_metrics_of_two_windows_are_those_by_hand() {
    // Oracle: by hand. Window 1 (days 9 and 10 of "up"): 9, 9 for 10, 11, so errors 1, 2; "short" (days 2 and
    // 3): 4, 4 for 2, 4, so 2, 0; "silent" has no actual value. Window 2 (days 6 and 7): 6, 6 for 7, 8, so
    // 1, 2, twice; "short" has nothing before it.
    let predictor = two_windows().train(&three(), &mut run()).unwrap();
    let own = predictor.backtest().own();
    assert_eq!((own.algorithm.as_str(), own.windows().len()), ("Naive", 2));
    let [newest, older] = own.windows() else { panic!("two windows") };
    let metrics = newest.metrics.as_ref().unwrap();
    close(metrics.wape, 5.0 / 27.0);
    close(metrics.rmse, (9.0_f64 / 4.0).sqrt());
    close(metrics.mape, (0.1 + 2.0 / 11.0 + 1.0) / 4.0);
    // Seasonal errors (season 1): of "up" 1, of "short" 2.
    close(metrics.mase.unwrap(), f64::midpoint(1.5, 0.5));
    // Every quantile is the point: wQL[0.9] is 2 * (.9 * 3 + .1 * 2) / 27.
    close(metrics.weighted_quantile_loss(0.9).unwrap(), 5.8 / 27.0);
    close(newest.evaluator.nd, 5.0 / 27.0);
    assert_eq!(newest.item_count, 2);
    // From the start of "short" in the window to the end of "up".
    assert_eq!(newest.test_window_start, Some(date(1970, 1, 3).at(0, 0, 0, 0)));
    assert_eq!(newest.test_window_end, Some(date(1970, 1, 11).at(0, 0, 0, 0)));

    let metrics = older.metrics.as_ref().unwrap();
    close(metrics.wape, 6.0 / 30.0);
    assert_eq!(older.item_count, 2);
    assert_eq!(older.test_window_start, Some(date(1970, 1, 7).at(0, 0, 0, 0)));

    let summary = own.summary();
    assert_eq!(summary.evaluation_type, EvaluationType::Summary);
    close(own.metrics().unwrap().wape, f64::midpoint(5.0 / 27.0, 0.2));
    // GluonTS's are over the items of both windows together.
    close(own.evaluator().nd, 11.0 / 57.0);
    assert_eq!(own.evaluator().num_masked_target_values, 2);

    let [newest, older] = predictor.window_items() else { panic!("two windows") };
    assert_eq!((newest.actual(0), newest.values(0, 1)), (&[10.0, 11.0][..], &[9.0, 9.0][..]));
    close(newest.metrics(0).unwrap().wape, 3.0 / 21.0);
    assert_eq!((newest.first_step(0), newest.first_step(1), older.first_step(1)), (9, 2, -1));
    assert!(newest.metrics(2).is_none() && older.metrics(1).is_none());
    close(older.metrics(2).unwrap().mase.unwrap(), 1.5);
}

#[test]
fn the_baselines_are_in_every_report() {
    // Oracle: the season of a month repeats, so its naive is exact; the plain naive is not.
    let months = (0..60).map(|t| 10.0 + f64::from(t % 12)).collect();
    let panel = Panel::new(Frequency::MONTHLY, vec![Series::new(["a"], 0, months)]).unwrap();
    for (name, others) in [("Naive", "SeasonalNaive"), ("SeasonalNaive", "Naive")] {
        let settings = PredictorSettings::new(AnyAlgorithm::by_name(name).unwrap(), 12);
        let predictor = settings.train(&panel, &mut run()).unwrap();
        let results = &predictor.backtest().predictor_evaluation_results;
        let names: Vec<&str> = results.iter().map(|result| result.algorithm.as_str()).collect();
        assert_eq!(names, [name, others]);
        let wape = |name| predictor.backtest().of(name).unwrap().metrics().unwrap().wape;
        assert_eq!(wape("SeasonalNaive"), 0.0);
        assert!(wape("Naive") > 0.1);
        let table = predictor.backtest().to_string();
        for part in ["SeasonalNaive", "wQL[0.9]", "avg wQL", "mean_wQL", "1 window(s), 1 items"] {
            assert!(table.contains(part), "{part} is missing in\n{table}");
        }
    }
}

/// Forecasts zeros.
#[derive(Debug)]
struct Spy {
    horizon: usize,
}

impl Forecaster for Spy {
    fn algorithm(&self) -> &'static str {
        "Spy"
    }

    fn horizon(&self) -> usize {
        self.horizon
    }

    fn forecast(
        &self,
        panel: &Panel,
        quantiles: &[Quantile],
        _seed: Seed,
    ) -> Result<Vec<SeriesForecast>, ForecastError> {
        let zeros = vec![0.0; self.horizon];
        let quantiles = vec![zeros.clone(); quantiles.len()];
        Ok(vec![SeriesForecast { mean: zeros, quantiles }; panel.len()])
    }

    fn save(&self, _out: &mut ArtifactWriter) -> Result<(), ArtifactError> {
        Ok(())
    }
}

#[test]
fn what_is_fitted_for_a_window_sees_nothing_after_its_split() {
    // Oracle: the first steps of each series, counted here; a price known in advance stays, one that ends with
    // the target is cut with it. Three more steps are held out before the training.
    let target: Vec<f64> = (0..23).map(f64::from).collect();
    let ahead: Vec<f32> = (0..27).map(|t| t as f32).collect();
    let series = [("forward", 27), ("historical", 23)].map(|(key, known)| {
        Series::new([key], 0, target.clone()).with_related(vec![ahead[..known].to_vec()])
    });
    let item_id = vec!["item_id".to_owned()];
    let price = vec!["price".to_owned()];
    let daily = Frequency::DAILY;
    let panel = Panel::with(daily, item_id, price, Vec::new(), Vec::new(), series.into()).unwrap();
    let panel = panel.cut(3);
    let mut settings = naive(2).with_windows(3);
    settings.backtest.back_test_window_offset = Some(4);

    let seen = RefCell::new(Vec::new());
    let fit = |data: &TrainingData, run: &mut Run| {
        let dir = run.checkpoint.as_ref().unwrap().dir.clone();
        seen.borrow_mut().push((data.panel.clone(), dir));
        Ok(Box::new(Spy { horizon: data.horizon }) as Box<dyn Forecaster>)
    };
    let policy = CheckpointPolicy { dir: "checkpoints".into(), keep: false };
    let mut fits = Fits::new(Some(&policy), 3);
    measure("Spy", &fit, &settings, &panel, &mut fits, &mut run()).unwrap();

    let seen = seen.into_inner();
    assert_eq!(seen.len(), 3);
    for (window, (past, dir)) in (1..).zip(&seen) {
        let visible = 20 - 4 * window;
        assert_eq!(past.series()[0].target(), &target[..visible]);
        assert_eq!(past.series()[1].target(), &target[..visible]);
        assert_eq!(past.series()[0].related()[0], ahead);
        assert_eq!(past.series()[1].related()[0], &ahead[..visible]);
        // Each fit has a checkpoint directory of its own.
        assert_eq!(*dir, Path::new("checkpoints").join(format!("window-{window}")));
    }
}

#[test]
fn a_setting_that_breaks_a_rule_is_refused_with_its_value() {
    // Oracle: the messages, from Amazon's documented limits; 30 steps, horizon 4.
    let series: Vec<f64> = (0..30).map(f64::from).collect();
    let panel = panel(&[("a", &series)]);
    let types = |texts: &[&str]| -> Vec<ForecastType> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    };
    let offset = |steps| {
        let mut settings = naive(4);
        settings.backtest.back_test_window_offset = Some(steps);
        settings
    };
    let in_2019 = |horizon| naive(horizon).with_limits(Limits::Amazon2019);
    let long = naive(10).with_limits(Limits::Relaxed).with_windows(3);
    for (settings, expected) in [
        (naive(0), "predictor: horizon is 0, but must be at least 1"),
        (
            in_2019(11),
            "horizon is 11, but must be at most 10: a third of the longest series, which has 30",
        ),
        (
            naive(30),
            "horizon is 30, but must be at most 29: less than the longest series, which has 30",
        ),
        (
            naive(15),
            "back_test_window_offset is 15, but must be less than half of the longest series",
        ),
        (offset(3), "back_test_window_offset is 3, but must be at least the horizon, 4"),
        (offset(15), "back_test_window_offset is 15, but must be less than half"),
        (naive(4).with_windows(0), "number_of_backtest_windows is 0, but must be 1 to 5"),
        (naive(4).with_windows(6), "number_of_backtest_windows is 6, but must be 1 to 5"),
        (
            naive(6).with_windows(5),
            "number_of_backtest_windows is 5, but that many windows of 6 steps leave",
        ),
        (long, "number_of_backtest_windows is 3, but that many windows of 10 steps leave"),
        (
            naive(4).with_forecast_types(types(&["0.1", "0.2", "0.3", "0.4", "0.5", "mean"])),
            "forecast_types is [0.1, 0.2, 0.3, 0.4, 0.5, mean], but there must be 1 to 5 forecast types, not 6",
        ),
        (naive(4).with_forecast_types(Vec::new()), "there must be 1 to 5 forecast types, not 0"),
        (
            naive(4).with_forecast_types(types(&["0.5", ".50"])),
            "forecast_types is 0.5, but may be there only once",
        ),
        (
            naive(4).with_forecast_types(types(&["0.025"])),
            "forecast_types is 0.025, but must be a whole number",
        ),
    ] {
        let error = settings.train(&panel, &mut run()).unwrap_err();
        assert!(matches!(error, PredictorError::Settings(_)));
        let message = error.to_string();
        assert!(message.contains(expected), "{message}\nis not\n{expected}");
    }
    let quantile =
        r#"{"algorithm": {"algorithm": "Naive"}, "horizon": 4, "forecast_types": ["1.0"]}"#;
    let message = serde_json::from_str::<PredictorSettings>(quantile).unwrap_err().to_string();
    assert!(message.contains(r#""1.0" is no forecast type"#), "{message}");
}

#[test]
fn long_horizons_are_refused() {
    // Oracle: Amazon's 500 steps.
    let series: Vec<f64> = (0..2000).map(f64::from).collect();
    let panel = panel(&[("a", &series)]);
    let message = naive(501).train(&panel, &mut run()).unwrap_err().to_string();
    assert_eq!(message, "predictor: horizon is 501, but must be at most 500");
    assert!(naive(501).with_limits(Limits::Relaxed).train(&panel, &mut run()).is_ok());
}

#[test]
fn nothing_observed_is_no_usable_series() {
    // Oracle: the message.
    for (panel, expected) in [
        (panel(&[]), "no usable series: there is no series"),
        (
            panel(&[("a", &[NAN; 30]), ("b", &[])]),
            "no usable series: no series has an observed value",
        ),
    ] {
        assert_eq!(naive(2).train(&panel, &mut run()).unwrap_err().to_string(), expected);
    }
    // Observed, but only within the window.
    let late = panel(&[("a", &[NAN, NAN, NAN, NAN, NAN, NAN, 1.0, 2.0])]);
    let error = naive(2).train(&late, &mut run()).unwrap_err();
    assert!(matches!(error, PredictorError::Fit(FitError::NoSeries { .. })), "{error}");
}

#[test]
fn relaxed_limits_leave_what_can_work() {
    // Oracle: seven types, one of them finer than Amazon's, no window, and all but one step as horizon.
    let types: Vec<ForecastType> = ["mean", "0.025", "0.1", "0.25", "0.5", "0.75", "0.9"]
        .iter()
        .map(|text| text.parse().unwrap())
        .collect();
    let settings =
        naive(11).with_limits(Limits::Relaxed).with_forecast_types(types).with_windows(0);
    let predictor = settings.train(&three(), &mut run()).unwrap();
    assert!(predictor.backtest().own().metrics().is_none());
    assert!(predictor.window_items().is_empty());
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("predictor");
    predictor.save(&path).unwrap();
    let back = Predictor::load(&path, "ndarray").unwrap();
    let forecast = back.create_forecast(&three(), Seed(0)).unwrap();
    assert_eq!((forecast.horizon(), forecast.forecast_types().len()), (11, 7));
}

#[test]
fn settings_are_strict_and_have_amazons_defaults() {
    // Oracle: the documented defaults and spellings.
    let short = r#"{"algorithm": {"algorithm": "SeasonalNaive", "season": 7}, "horizon": 14}"#;
    let settings: PredictorSettings = serde_json::from_str(short).unwrap();
    let algorithm = SeasonalNaive { season: std::num::NonZeroUsize::new(7), ..Default::default() };
    assert_eq!(settings, PredictorSettings::new(algorithm, 14));
    let json = serde_json::to_string(&settings).unwrap();
    assert!(json.contains(r#""forecast_types":["0.1","0.5","0.9"]"#), "{json}");
    assert!(json.contains(r#""number_of_backtest_windows":1"#), "{json}");
    assert!(json.contains(r#""limits":"amazon""#), "{json}");
    assert_eq!(serde_json::from_str::<PredictorSettings>(&json).unwrap(), settings);
    let of_2019 = json.replace(r#""limits":"amazon""#, r#""limits":"amazon-2019""#);
    let of_2019: PredictorSettings = serde_json::from_str(&of_2019).unwrap();
    assert_eq!(of_2019.limits, Limits::Amazon2019);
    for wrong in [
        r#"{"algorithm": {"algorithm": "Naive"}, "horizon": 4, "quantiles": []}"#,
        r#"{"algorithm": {"algorithm": "Naive"}, "horizon": 4, "backtest": {"windows": 2}}"#,
        r#"{"algorithm": {"algorithm": "Prophecy"}, "horizon": 4}"#,
        r#"{"algorithm": {"algorithm": "Naive"}}"#,
    ] {
        assert!(serde_json::from_str::<PredictorSettings>(wrong).is_err(), "{wrong}");
    }
}

fn bytes_of(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(bytes_of(&path));
        } else {
            files.push((path.display().to_string(), fs::read(&path).unwrap()));
        }
    }
    files.sort();
    files
}

#[test]
fn a_saved_predictor_comes_back_whole_and_the_same_seed_gives_the_same_bytes() {
    // Oracle: the predictor before it was saved; a second training, file by file.
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("predictor");
    let mut files = Vec::new();
    for _ in 0..2 {
        let predictor = two_windows().train(&three(), &mut run()).unwrap();
        predictor.save(&path).unwrap();
        files.push(bytes_of(&path));
    }
    assert!(files[0] == files[1], "two trainings with one seed differ");
    let predictor = two_windows().train(&three(), &mut run()).unwrap();
    let back = Predictor::load(&path, "ndarray").unwrap();
    assert_eq!(back.settings(), predictor.settings());
    assert_eq!((back.seed(), back.frequency()), (Seed(5), Frequency::DAILY));
    assert_eq!((back.keys(), back.dimensions()), (predictor.keys(), predictor.dimensions()));
    // Not-a-number is never equal; as text it is.
    let text = |predictor: &Predictor| {
        format!("{:?} {:?}", predictor.backtest().to_string(), predictor.window_items())
    };
    assert_eq!(text(&back), text(&predictor));
    let forecast = |predictor: &Predictor| predictor.create_forecast(&three(), Seed(1)).unwrap();
    assert_eq!(forecast(&back), forecast(&predictor));

    for (file, whole) in bytes_of(&path) {
        fs::write(&file, &whole[..whole.len() / 2]).unwrap();
        assert!(Predictor::load(&path, "ndarray").is_err(), "{file} cut short was accepted");
        fs::remove_file(&file).unwrap();
        assert!(Predictor::load(&path, "ndarray").is_err(), "{file} missing was accepted");
        fs::write(&file, &whole).unwrap();
    }
    assert!(Predictor::load(&path, "ndarray").is_ok());
}

#[test]
fn a_predictor_with_an_infinite_metric_comes_back() {
    // Oracle: the predictor before it was saved; the square of an error of 1e200 is beyond what a number holds.
    let target: Vec<f64> = (0..12).map(|t| if t < 10 { 1e200 } else { 3e200 }).collect();
    let predictor = naive(2).train(&panel(&[("large", &target)]), &mut run()).unwrap();
    assert_eq!(predictor.backtest().own().metrics().unwrap().rmse, f64::INFINITY);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("predictor");
    predictor.save(&path).unwrap();
    let back = Predictor::load(&path, "ndarray").unwrap();
    assert_eq!(back.backtest().own().metrics(), predictor.backtest().own().metrics());
    assert_eq!(back.window_items()[0].metrics(0), predictor.window_items()[0].metrics(0));
}

/// Forecasts a mean of 2 and a quantile of ten times its level.
#[derive(Debug)]
struct Skewed;

impl Forecaster for Skewed {
    fn algorithm(&self) -> &'static str {
        "Skewed"
    }

    fn horizon(&self) -> usize {
        1
    }

    fn forecast(
        &self,
        panel: &Panel,
        quantiles: &[Quantile],
        _seed: Seed,
    ) -> Result<Vec<SeriesForecast>, ForecastError> {
        let quantiles = quantiles.iter().map(|quantile| vec![10.0 * quantile.level()]).collect();
        Ok(vec![SeriesForecast { mean: vec![2.0], quantiles }; panel.len()])
    }

    fn save(&self, _out: &mut ArtifactWriter) -> Result<(), ArtifactError> {
        Ok(())
    }
}

#[test]
fn the_point_forecast_of_2019_is_the_median() {
    // Oracle: by hand; 4 happens, the mean is 2, the median 5, which is none of the forecast types.
    let panel = panel(&[("a", &[1.0, 2.0, 4.0])]);
    let fit = |_: &TrainingData, _: &mut Run| Ok(Box::new(Skewed) as Box<dyn Forecaster>);
    for (limits, miss) in [(Limits::Amazon2019, 1.0), (Limits::Amazon, 2.0)] {
        let settings =
            naive(1).with_limits(limits).with_forecast_types(vec!["0.9".parse().unwrap()]);
        let mut fits = Fits::new(None, 1);
        let measured = measure("Skewed", &fit, &settings, &panel, &mut fits, &mut run()).unwrap();
        let metrics = measured.evaluation.metrics().unwrap();
        close(metrics.rmse, miss);
        close(metrics.wape, miss / 4.0);
        // GluonTS's RMSE is that of the mean in any case.
        close(measured.evaluation.evaluator().rmse, 2.0);
    }
}

#[test]
fn a_cancelled_run_ends_with_cancelled() {
    // Oracle: the cancel flag, raised before the start and when a given piece of work begins.
    let cancelled = run();
    cancelled.cancel.cancel();
    let mut cancelled = cancelled;
    assert!(two_windows().train(&three(), &mut cancelled).unwrap_err().is_cancelled());
    for when in ["Naive, backtest window 2 of 2", "Naive, all data"] {
        let flag = ensue_core::CancelFlag::new();
        let raise = flag.clone();
        let mut run = run().with_cancel(flag).on_progress(move |progress| {
            if matches!(progress, Progress::Started { what, .. } if what == when) {
                raise.cancel();
            }
        });
        let error = two_windows().train(&three(), &mut run).unwrap_err();
        assert!(error.is_cancelled(), "{when}: {error}");
    }
}

#[test]
fn progress_names_every_window_and_the_last_fit() {
    // Oracle: the order of the work: baselines, own windows, all data.
    let heard = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&heard);
    let mut run = run().on_progress(move |progress| {
        let line = match progress {
            Progress::Started { what, .. } => format!("started {what}"),
            Progress::Evaluated { what, metrics } => {
                format!("evaluated {what}, {} metrics", metrics.len())
            }
            Progress::Finished { what, .. } => format!("finished {what}"),
            other => format!("{other:?}"),
        };
        sink.lock().unwrap().push(line);
    });
    naive(2).train(&three(), &mut run).unwrap();
    let expected = [
        "started SeasonalNaive, backtest window 1 of 1",
        "evaluated SeasonalNaive, backtest window 1 of 1, 8 metrics",
        "started Naive, backtest window 1 of 1",
        "evaluated Naive, backtest window 1 of 1, 8 metrics",
        "started Naive, all data",
        "finished Naive, all data",
    ];
    assert_eq!(*heard.lock().unwrap(), expected);
}

#[test]
fn a_time_budget_is_shared_by_the_fits_that_are_left() {
    // Oracle: by hand; 1000 s for four fits, of which each needs no time, so a quarter, a third, a half, all.
    let wall = Duration::from_secs(1000);
    let mut run = run().with_budget(Budget { wall: Some(wall) });
    let mut fits = Fits::new(None, 4);
    for expected in [250.0, 333.3, 500.0, 1000.0] {
        let share = fits.next(&mut run, "any", |run| run.budget.wall.unwrap().as_secs_f64());
        assert!((share - expected).abs() < 2.0, "{share} is not {expected}");
        assert_eq!(run.budget.wall, Some(wall));
    }
    let mut unlimited = self::run();
    assert_eq!(Fits::new(None, 1).next(&mut unlimited, "any", |run| run.budget.wall), None);
}

#[test]
fn checkpoints_are_removed_when_all_is_done_unless_kept() {
    // Oracle: the listing; what somebody else left there stays.
    for keep in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        for folder in ["window-1", "window-2", "final"] {
            fs::create_dir(dir.path().join(folder)).unwrap();
        }
        fs::write(dir.path().join("mine"), "x").unwrap();
        let policy = CheckpointPolicy { dir: dir.path().to_owned(), keep };
        let mut run = run().with_checkpoint(policy.clone());
        two_windows().train(&three(), &mut run).unwrap();
        assert_eq!(run.checkpoint, Some(policy));
        let left = fs::read_dir(dir.path()).unwrap().count();
        assert_eq!(left, if keep { 4 } else { 1 });
    }
}

#[test]
fn an_item_with_a_gap_in_the_window_is_not_defined_there_and_not_exported() {
    // Oracle: Amazon's rule for targets with nan; by hand, "up" is forecast 10 for 11 and 12.
    let up: Vec<f64> = (1..=12).map(f64::from).collect();
    let mut gap = up.clone();
    gap[10] = NAN;
    let panel = panel(&[("up", &up), ("gap", &gap)]);
    let predictor = naive(2).train(&panel, &mut run()).unwrap();
    let window = &predictor.backtest().own().windows()[0];
    assert_eq!(window.item_count, 1);
    close(window.metrics.as_ref().unwrap().wape, 3.0 / 23.0);
    // GluonTS's evaluator masks the step and keeps the item.
    close(window.evaluator.nd, 5.0 / 35.0);
    assert!(predictor.window_items()[0].metrics(1).is_none());
    let dir = tempfile::tempdir().unwrap();
    predictor.export_backtest(dir.path(), TableFormat::Csv).unwrap();
    let rows = |name: &str| {
        let text = fs::read_to_string(dir.path().join(name).join("part0.csv")).unwrap();
        text.lines().filter(|line| line.starts_with("gap,")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert!(rows("forecasted-values").is_empty());
    let metrics = rows("accuracy-metrics-values");
    assert_eq!(metrics.len(), 2);
    assert!(metrics.iter().all(|row| row.matches("not defined").count() == 8), "{metrics:?}");
}

#[test]
fn backtests_are_exported_in_amazons_layout() {
    // Oracle: by hand, in the column layout of Amazon's backtest export; no row where there was no actual
    // value, `not defined` where there are no metrics.
    let predictor = two_windows()
        .with_forecast_types(vec![ForecastType::Mean, "0.9".parse().unwrap()])
        .train(&three(), &mut run())
        .unwrap();
    let dir = tempfile::tempdir().unwrap();
    predictor.export_backtest(dir.path(), TableFormat::Csv).unwrap();
    let read = |name: &str| fs::read_to_string(dir.path().join(name).join("part0.csv")).unwrap();
    let values = read("forecasted-values");
    let lines: Vec<&str> = values.lines().collect();
    assert_eq!(
        lines[..3],
        [
            "item_id,timestamp,target_value,backtestwindow_start_time,backtestwindow_end_time,mean,p90",
            "up,1970-01-07T00:00:00Z,7,1970-01-07T00:00:00Z,1970-01-08T00:00:00Z,6,6",
            "up,1970-01-08T00:00:00Z,8,1970-01-07T00:00:00Z,1970-01-08T00:00:00Z,6,6",
        ]
    );
    // "up" twice two, "short" two, "silent" two.
    assert_eq!(lines.len(), 1 + 4 + 2 + 2);
    let metrics = read("accuracy-metrics-values");
    let lines: Vec<&str> = metrics.lines().collect();
    assert_eq!(
        lines[0],
        "item_id,backtest_window,backtestwindow_start_time,backtestwindow_end_time,wQL[0.9],Average wQL,RMSE,WAPE,MAPE,MASE"
    );
    assert_eq!(lines.len(), 1 + 3 * 3);
    let (up, numbers) = lines[1].split_at(lines[1].find("0.36").unwrap());
    assert_eq!(up, "up,Computed,1970-01-07T00:00:00Z,1970-01-08T00:00:00Z,");
    let numbers = numbers.split(',').map(|number| number.parse::<f64>().unwrap());
    let expected = [0.36, 0.36, 2.5_f64.sqrt(), 0.2, f64::midpoint(1.0 / 7.0, 0.25), 1.5];
    for (found, expected) in numbers.zip(expected) {
        close(found, expected);
    }
    assert_eq!(
        lines[4],
        "short,Computed,1969-12-31T00:00:00Z,1970-01-01T00:00:00Z,not defined,not defined,not defined,not defined,not defined,not defined"
    );
    assert!(lines[3].starts_with("up,Summary,1970-01-07T00:00:00Z,1970-01-11T00:00:00Z,"));
    // The summary of an item with one defined window is that window.
    assert_eq!(
        lines[6].split(',').skip(4).collect::<Vec<_>>(),
        lines[5].split(',').skip(4).collect::<Vec<_>>()
    );

    predictor.export_backtest(dir.path(), TableFormat::Parquet).unwrap();
    let parquet = fs::read(dir.path().join("forecasted-values/part0.parquet")).unwrap();
    assert!(parquet.starts_with(b"PAR1") && parquet.ends_with(b"PAR1"));
}
