use std::time::Duration;

use ensue_core::{
    Budget, CheckpointPolicy, Frequency, Panel, Quantile, Seed, Series, artifact::ArtifactWriter,
};

use ensue_nn::search::Tunable;

use super::{held_back::HeldBack, *};
use crate::{
    AnyAlgorithm, Forecaster, SeriesForecast, algorithms::deepar::DeepAr, conformance::Conformance,
};

impl Conformance for AutoPredictor {
    fn small() -> Self {
        among(&["Naive", "SeasonalNaive"])
    }
}

fn among(names: &[&str]) -> AutoPredictor {
    let by_name = |name: &&str| AnyAlgorithm::by_name(name).unwrap();
    AutoPredictor {
        candidates: Some(names.iter().map(by_name).collect()),
        ..AutoPredictor::default()
    }
}

fn panel(frequency: Frequency, targets: Vec<Vec<f64>>) -> Panel {
    let series = targets.into_iter().enumerate();
    Panel::new(frequency, series.map(|(n, y)| Series::new([n.to_string()], 0, y)).collect())
        .unwrap()
}

fn fit(settings: &AutoPredictor, panel: &Panel, run: &mut Run) -> FittedAutoPredictor {
    settings.fit(&TrainingData { panel: panel.clone(), horizon: 2 }, run).unwrap()
}

/// Held-back steps of forty flat series, and members that forecast them with an error of their own, the same at every level.
fn held_and_members(
    errors: &[fn(usize) -> f64],
    metric: OptimizationMetric,
) -> (HeldBack, Vec<Vec<f32>>) {
    let flat = panel(Frequency::DAILY, (0..40).map(|n| vec![10.0 + n as f64; 12]).collect());
    let held = HeldBack::new(&flat, 2, 1, metric, true);
    let member = |error: &fn(usize) -> f64| {
        let mut values = held.blank();
        for row in 0..held.len() {
            let level = vec![10.0 + row as f64 + error(row); 2];
            let forecast = SeriesForecast { mean: level.clone(), quantiles: vec![level; 9] };
            held.write(&mut values, row, &forecast);
        }
        values
    };
    let members = errors.iter().map(member).collect();
    (held, members)
}

#[test]
fn members_that_err_in_opposite_ways_are_combined() {
    // Oracle: the mean of +1 and -1 is right; a third member that errs by 3 is of no use.
    let errors: [fn(usize) -> f64; 3] = [|_| 1.0, |_| -1.0, |_| 3.0];
    for metric in [OptimizationMetric::AverageWeightedQuantileLoss, OptimizationMetric::Rmse] {
        let (held, members) = held_and_members(&errors, metric);
        let members: Vec<&[f32]> = members.iter().map(|values| &values[..]).collect();
        let weights = ensemble::selected(&held, &members, true, Seed(1));
        for own in &weights {
            assert!((own[0] - 0.5).abs() < 0.02 && (own[1] - 0.5).abs() < 0.02, "{own:?}");
            assert_eq!(own[2], 0.0);
        }
        assert!(
            ensemble::value(&held, &members, &weights)
                < 0.05 * ensemble::loss_of(&held, members[0])
        );
        assert_eq!(ensemble::best(&held, &members[1..]), [[1.0, 0.0]; 4].map(Vec::from));
    }
}

#[test]
fn what_few_rows_decide_counts_as_few_rows() {
    // Oracle: by hand; forty rows that lose alike count as forty, one that loses alone as one; twice the loss has a weight of
    // two to the minus tenth.
    let metric = OptimizationMetric::AverageWeightedQuantileLoss;
    let errors: [fn(usize) -> f64; 2] = [|_| 2.0, |_| 1.0];
    let (held, members) = held_and_members(&errors, metric);
    let members: Vec<&[f32]> = members.iter().map(|values| &values[..]).collect();
    assert!((ensemble::effective(&held, &members) - 40.0).abs() < 1e-3);
    let weights = ensemble::by_metric(&held, &members);
    assert!(
        (weights[0] - 1.0 / 1025.0).abs() < 1e-6 && (weights[1] - 1024.0 / 1025.0).abs() < 1e-6
    );
    let (held, members) = held_and_members(&[|row| if row == 0 { 1.0 } else { 0.0 }], metric);
    assert!((ensemble::effective(&held, &[&members[0][..]]) - 1.0).abs() < 1e-3);
}

#[test]
fn metrics_are_amazons() {
    // Oracle: by hand; forty series of 10, 11, ..., 49, each forecast 1 too high at every level and step.
    let levels: f64 = (10..50).map(f64::from).sum();
    let relative: f64 = (10..50).map(|level| 1.0 / f64::from(level)).sum();
    for (metric, expected) in [
        (OptimizationMetric::AverageWeightedQuantileLoss, 40.0 / levels),
        (OptimizationMetric::Wape, 40.0 / levels),
        (OptimizationMetric::Rmse, 1.0),
        (OptimizationMetric::Mape, relative / 40.0),
        // Flat series have no seasonal error: nothing to scale by, and nobody is counted.
        (OptimizationMetric::Mase, 0.0),
    ] {
        let (held, members) = held_and_members(&[|_| 1.0], metric);
        let found = ensemble::loss_of(&held, &members[0]);
        assert!((found - expected).abs() < 1e-6, "{metric:?}: {found}, not {expected}");
    }
}

#[test]
fn series_without_past_errors_do_not_count_in_the_mase() {
    // Oracle: by hand; one series rises by 2 a week, the others are flat: an error of 1 is half of that.
    let mut targets = vec![vec![5.0; 12]; 3];
    targets.push((0..12).map(|t| 2.0 * f64::from(t)).collect());
    let weeks = panel(Frequency::WEEKLY, targets);
    let held = HeldBack::new(&weeks, 2, 1, OptimizationMetric::Mase, true);
    let mut values = held.blank();
    for row in 0..3 {
        held.write(&mut values, row, &SeriesForecast { mean: vec![6.0; 2], quantiles: Vec::new() });
    }
    held.write(&mut values, 3, &SeriesForecast { mean: vec![21.0, 23.0], quantiles: Vec::new() });
    assert!((ensemble::loss_of(&held, &values) - 0.5).abs() < 1e-6);
}

#[test]
fn small_errors_of_large_values_are_told_apart() {
    // Oracle: the second one is right; single precision holds a billion only to 64.
    let large = panel(Frequency::DAILY, vec![(0..40).map(|t| 1e9 + f64::from(t % 7)).collect()]);
    let mut weekly = among(&["Naive", "SeasonalNaive"]);
    let season = r#"{"algorithm": "SeasonalNaive", "season": 7}"#;
    weekly.candidates.as_mut().unwrap()[1] = serde_json::from_str(season).unwrap();
    let fitted = fit(&weekly, &large, &mut Run::new("ndarray"));
    assert_eq!(fitted.selection().best().unwrap().value, Some(0.0));
    assert_eq!(fitted.selection().best().unwrap().algorithm.name(), "SeasonalNaive");
}

#[test]
fn what_cannot_be_negative_is_measured_as_it_is_forecast() {
    // Oracle: the rule: -1.3 is forecast as 0, and 0 happened.
    let none = panel(Frequency::DAILY, vec![vec![0.0; 12]; 2]);
    for (keep_sign, expected) in [(true, 0.0), (false, 2.0 * 2.0 * 0.9 * 1.3)] {
        let metric = OptimizationMetric::AverageWeightedQuantileLoss;
        let held = HeldBack::new(&none, 2, 1, metric, keep_sign);
        let mut values = held.blank();
        let mut quantiles = vec![vec![0.0; 2]; 9];
        quantiles[8] = vec![-1.3; 2];
        held.write(&mut values, 0, &SeriesForecast { mean: vec![0.0; 2], quantiles });
        let found = held.row_loss(0, &values, &held.blank(), 1.0) * 9.0;
        assert!((found - expected).abs() < 1e-6, "{keep_sign}: {found}");
    }
}

#[test]
fn kinds_of_demand_are_told_apart() {
    // Oracle: the cut-offs 1.32 and 0.49 of Syntetos, Boylan & Croston, by hand.
    let nan = f64::NAN;
    assert_eq!(Group::of(&[5.0, 6.0, nan, 5.0]), Group::Smooth);
    assert_eq!(Group::of(&[1.0, 1.0, 1.0, 9.0]), Group::Erratic);
    assert_eq!(Group::of(&[5e12, 0.0, 5e12, 0.0]), Group::Intermittent);
    assert_eq!(Group::of(&[1e-9, 0.0, 0.0, 1e-9, 9e-9, 0.0]), Group::Lumpy);
    assert_eq!(Group::of(&[0.0, 0.0]), Group::Intermittent);
    assert_eq!(Group::of(&[]), Group::Smooth);
}

#[test]
fn who_cannot_compete_is_left_out_with_the_reason() {
    // Oracle: 24 observed values are fewer than the 300 of Amazon's rule.
    let panel = panel(Frequency::MONTHLY, vec![(0..24).map(f64::from).collect()]);
    let fitted = fit(&AutoPredictor::default(), &panel, &mut Run::new("ndarray"));
    let selection = fitted.selection();
    let left_out = selection.left_out.iter().find(|one| one.name == "Deep_AR_Plus").unwrap();
    assert!(left_out.reason.contains("24 observed values"), "{}", left_out.reason);
    assert!(selection.to_string().contains("left out: Deep_AR_Plus: 24 observed"));
    assert!(selection.contenders.windows(2).all(|pair| pair[0].value <= pair[1].value));
}

#[test]
fn an_algorithm_that_refuses_the_data_does_not_stop_the_others() {
    // Oracle: the beta distribution has no values of 2 and more.
    let mut settings = among(&["Naive"]);
    let beta = r#"{"algorithm": "Deep_AR_Plus", "likelihood": "beta", "epochs": 1}"#;
    settings.candidates.as_mut().unwrap().push(serde_json::from_str(beta).unwrap());
    let panel = panel(Frequency::DAILY, vec![vec![2.0; 400]; 2]);
    let fitted = fit(&settings, &panel, &mut Run::new("ndarray"));
    let left_out = &fitted.selection().left_out;
    assert_eq!((left_out.len(), &left_out[0].name[..]), (1, "Deep_AR_Plus"));
    let forecast = fitted.forecast(&panel, &[Quantile::MEDIAN], Seed(0)).unwrap();
    assert_eq!(forecast[0].mean, [2.0, 2.0]);
}

#[test]
fn without_any_time_there_is_an_answer() {
    // Oracle: the last value, which is the last season of a weekly series.
    let mut run = Run::new("ndarray").with_budget(Budget { wall: Some(Duration::ZERO) });
    let settings = among(&["Deep_AR_Plus", "Naive"]);
    let panel = panel(Frequency::WEEKLY, vec![(0..400).map(f64::from).collect()]);
    let fitted = fit(&settings, &panel, &mut run);
    assert_eq!(fitted.selection().left_out.len(), 2);
    // Nobody was measured, and the model comes back from its files.
    assert_eq!((fitted.selection().value, fitted.selection().contenders[0].value), (None, None));
    let (dir, seed) = (tempfile::tempdir().unwrap(), Seed(0));
    let mut out = ArtifactWriter::create(&dir.path().join("model")).unwrap();
    fitted.save(&mut out).unwrap();
    out.commit().unwrap();
    let reader = ArtifactReader::open(&dir.path().join("model")).unwrap();
    let loaded = settings.load(&reader, "ndarray").unwrap();
    assert_eq!(loaded.forecast(&panel, &[], seed), fitted.forecast(&panel, &[], seed));
    assert_eq!(fitted.forecast(&panel, &[], Seed(0)).unwrap()[0].mean, [399.0, 399.0]);
}

#[test]
fn series_too_short_to_hold_anything_back_are_forecast_by_the_first() {
    // Oracle: the order of the candidates.
    let panel = panel(Frequency::WEEKLY, vec![vec![4.0, 5.0]]);
    let fitted = fit(&among(&["Naive", "SeasonalNaive"]), &panel, &mut Run::new("ndarray"));
    assert_eq!(fitted.selection().contenders.len(), 1);
    assert!(fitted.selection().measured_on.starts_with("nothing"));
    assert_eq!(fitted.forecast(&panel, &[], Seed(0)).unwrap()[0].mean, [5.0, 5.0]);
}

#[test]
fn what_never_was_negative_is_not_forecast_to_be() {
    // Oracle: a level of 1 with jumps of 10 has a normal tenth percentile below zero; with a negative value it may be there.
    let p10 = Quantile::new(0.1).unwrap();
    let jumps = |low: f64| (0..30).map(|t| if t % 3 == 0 { 10.0 } else { low }).collect();
    let panel = panel(Frequency::WEEKLY, vec![jumps(0.0), jumps(-1.0)]);
    let low = |settings: &AutoPredictor| {
        let fitted = fit(settings, &panel, &mut Run::new("ndarray"));
        let forecasts = fitted.forecast(&panel, &[p10], Seed(0)).unwrap();
        [forecasts[0].quantiles[0][0], forecasts[1].quantiles[0][0]]
    };
    let free = low(&AutoPredictor { keep_sign: false, ..among(&["Naive"]) });
    assert!(free[0] < 0.0 && free[1] < 0.0, "{free:?}");
    assert_eq!(low(&among(&["Naive"])), [0.0, free[1]]);
}

#[test]
fn networks_are_trained_on_everything_with_several_seeds() {
    // Oracle: an hour is enough for as many trainings as the settings ask for; the mean of several is not the first alone.
    let series = (0..3).map(|n| (0..40).map(|t| f64::from(20 + (t * n) % 7)).collect()).collect();
    let data = TrainingData { panel: panel(Frequency::WEEKLY, series), horizon: 2 };
    let network: AnyAlgorithm = DeepAr::small().into();
    let finals = |final_trainings: usize, wall: Option<Duration>| {
        let final_trainings = std::num::NonZeroUsize::new(final_trainings).unwrap();
        let settings = AutoPredictor { final_trainings, ..among(&["Naive"]) };
        let mut run = Run::new("ndarray").with_budget(Budget { wall });
        let mut race = Race::new(&settings, &data, &run);
        race.train(&network, 1, [600.0, 0.0], &mut run).unwrap();
        race.train(&network, 2, [600.0, 0.0], &mut run).unwrap();
        let fitted = race.finish(&mut run).unwrap();
        let asked = fitted.forecast(&data.panel, &[Quantile::MEDIAN], Seed(1)).unwrap();
        (fitted.selection().contenders[0].finals, asked[0].mean[0])
    };
    let (one, alone) = finals(1, None);
    assert_eq!(one, 1);
    for wall in [None, Some(Duration::from_hours(1))] {
        let (three, mean) = finals(3, wall);
        assert_eq!(three, 3);
        assert!(mean.is_finite() && (mean - alone).abs() > 1e-6, "{mean} and {alone}");
    }
}

#[test]
fn a_training_that_was_begun_goes_on_with_its_epochs() {
    // Oracle: the folder of an earlier run's training; without one, an hour is enough for all epochs.
    let series = (0..3).map(|n| (0..40).map(|t| f64::from(20 + (t * n) % 7)).collect()).collect();
    let data = TrainingData { panel: panel(Frequency::WEEKLY, series), horizon: 2 };
    let network: AnyAlgorithm = DeepAr::small().into();
    let settings = among(&["Naive"]);
    let dir = tempfile::tempdir().unwrap();
    let epochs = |wall: Option<Duration>| {
        let policy = CheckpointPolicy { dir: dir.path().to_owned(), keep: true };
        let mut run = Run::new("ndarray").with_budget(Budget { wall }).with_checkpoint(policy);
        let mut race = Race::new(&settings, &data, &run);
        race.network(&network, 600.0, &mut run).unwrap();
        race.members[0].algorithm.epochs()
    };
    let hour = Some(Duration::from_hours(1));
    let all = network.epochs().unwrap();
    assert!(all > 1);
    let begun = race::folder("measured", &race::with_epochs(&network, 1), 1);
    for other in ["measured-Deep_AR_Plus-1-0-00000000", "measured-Deep_AR_Plus-1-2-00000000", "x"] {
        std::fs::create_dir(dir.path().join(other)).unwrap();
    }
    assert_eq!(epochs(hour), Some(all));
    std::fs::remove_dir_all(dir.path().join(race::folder("measured", &network, 1))).unwrap();
    std::fs::create_dir(dir.path().join(&begun)).unwrap();
    assert_eq!(epochs(hour), Some(1));
    // Without a limit there is nothing to fit in.
    assert_eq!(epochs(None), Some(all));
    // The longer one of the two that are there now.
    assert_eq!(epochs(hour), Some(all));
}

#[test]
fn settings_are_refused_by_name_and_rule() {
    // Oracle: the table of the settings.
    let refused = |json: &str| {
        serde_json::from_str::<AutoPredictor>(json).unwrap().check().unwrap_err().to_string()
    };
    let json = r#"{"candidates": [{"algorithm": "AutoPredictor"}]}"#;
    assert_eq!(
        refused(json),
        "AutoPredictor: candidates is AutoPredictor, but it cannot compete with itself"
    );
    assert!(refused(r#"{"candidates": []}"#).contains("there must be at least one"));
    assert!(refused(r#"{"windows": 21}"#).contains("windows is 21, but must be at most 20"));
    let journal = refused(r#"{"hpo": {"journal": "a.jsonl"}}"#);
    assert!(journal.contains("hpo.journal") && journal.contains("keeps one search"), "{journal}");
    let auto_ml: AnyAlgorithm = AutoPredictor::auto_ml().into();
    let json = serde_json::to_string(&auto_ml).unwrap();
    assert!(json.contains(r#""combination":"best""#), "{json}");
}
