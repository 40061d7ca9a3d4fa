use std::num::NonZeroUsize;

use ensue_core::{Frequency, Panel, Run, Seed, Series};
use ensue_tune::{
    Scale, Space,
    sampler::{AnySampler, Random},
};

use super::*;
use crate::{
    AnyAlgorithm, Predictor, PredictorSettings, TrainingData,
    algorithms::{auto_predictor::AutoPredictor, cnn_qr::CnnQr, deepar::DeepAr, naive::Naive},
};

const HORIZON: usize = 4;

/// Six weekly rhythms of different sizes, whose last `HORIZON` steps are `last`.
fn panel(last: impl Fn(usize, usize) -> f64) -> Panel {
    let series = (0..6).map(|n| {
        let value = |day: usize| (n + 1) as f64 * (2.0 + (day % 7) as f64);
        let known = 60 - HORIZON;
        let end = (known..60).map(|day| last(n, day));
        Series::new([format!("item-{n}")], 0, (0..known).map(value).chain(end).collect())
    });
    Panel::new(Frequency::DAILY, series.collect()).unwrap()
}

fn rhythm() -> Panel {
    panel(|n, day| (n + 1) as f64 * (2.0 + (day % 7) as f64))
}

fn small() -> DeepAr {
    let count = |n| NonZeroUsize::new(n).unwrap();
    DeepAr {
        epochs: count(9),
        batch_size: count(16),
        batches_per_epoch: count(6),
        num_cells: count(8),
        num_layers: count(1),
        num_eval_samples: count(50),
        learning_rate: 1e-4,
        anchors: false,
        ..DeepAr::default()
    }
}

fn hpo(trials: u64) -> Hpo {
    let space = Space::builder()
        .float("learning_rate", 1e-4..=5e-2, Scale::Logarithmic)
        .integer("context_length", 4..=14, Scale::Linear)
        .build();
    Hpo {
        space: Some(space.unwrap()),
        max_number_of_training_jobs: Some(trials),
        max_parallel_training_jobs: NonZeroUsize::new(1),
        sampler: AnySampler::Random(Random::default()),
        ..Hpo::default()
    }
}

fn train(hpo: Hpo, panel: &Panel) -> Predictor {
    let settings = PredictorSettings::new(small(), HORIZON).with_hpo(hpo);
    settings.train(panel, &mut Run::new("ndarray").with_seed(Seed(1))).unwrap()
}

#[test]
fn a_search_lowers_the_loss_and_says_what_it_did() {
    // Oracle: the settings as given, which hardly learn, are trial 0.
    let predictor = train(hpo(10), &rhythm());
    let tuning = predictor.tuning().unwrap();
    assert_eq!(tuning.trials.len(), 10);
    let (given, best) = (&tuning.trials[0], tuning.best().unwrap());
    assert_eq!(given.assignment.number("learning_rate"), Some(1e-4));
    assert_eq!(given.assignment.integer("context_length"), Some(2 * HORIZON as i64));
    assert!(best.values[0] < 0.7 * given.values[0], "{tuning}");
    let AnyAlgorithm::DeepAr(served) = &predictor.settings().algorithm else { panic!() };
    assert_eq!(Some(served.learning_rate), best.assignment.number("learning_rate"));
    assert!(!served.validation, "nothing is held back from the last training");
    let dir = tempfile::tempdir().unwrap();
    predictor.save(dir.path().join("p")).unwrap();
    let loaded = Predictor::load(dir.path().join("p"), "ndarray").unwrap();
    assert_eq!(loaded.tuning(), predictor.tuning());
    assert!(tuning.charts().iter().all(|(_, chart)| chart.starts_with("<svg")));
}

#[test]
fn cnn_qr_is_searched_over_amazons_ranges() {
    // Oracle: Amazon's HPO of CNN-QR: context_length, use_related_data, use_item_metadata; the settings as given are trial 0,
    // whose context is four horizons.
    let count = |n| NonZeroUsize::new(n).unwrap();
    let given = CnnQr {
        epochs: count(4),
        batch_size: count(8),
        num_channels: count(8),
        num_layers: count(1),
        ..CnnQr::default()
    };
    let hpo = Hpo { max_number_of_training_jobs: Some(4), ..hpo(4) };
    let settings = PredictorSettings::new(given, HORIZON).with_hpo(Hpo { space: None, ..hpo });
    let predictor = settings.train(&rhythm(), &mut Run::new("ndarray").with_seed(Seed(1))).unwrap();
    let tuning = predictor.tuning().unwrap();
    assert_eq!(tuning.trials.len(), 4);
    let first = &tuning.trials[0].assignment;
    assert_eq!(first.integer("context_length"), Some(4 * HORIZON as i64));
    let names: Vec<&str> = first.0.keys().map(String::as_str).collect();
    assert_eq!(names, ["context_length", "use_item_metadata", "use_related_data"]);
    assert!(tuning.trials.iter().all(|trial| !trial.measurements.is_empty()), "{tuning}");
    let AnyAlgorithm::CnnQr(served) = &predictor.settings().algorithm else { panic!() };
    assert!(!served.validation, "nothing is held back from the last training");
}

#[test]
fn an_auto_predictor_searches_for_its_candidates() {
    // Oracle: the plan: of its two candidates one has settings to tune.
    let auto = AutoPredictor {
        candidates: Some(vec![small().into(), Naive::default().into()]),
        windows: NonZeroUsize::new(1),
        ..AutoPredictor::auto_ml()
    };
    let hpo = Hpo { space: None, ..hpo(2) };
    let settings = PredictorSettings::new(auto, HORIZON).with_hpo(hpo);
    let predictor = settings.train(&rhythm(), &mut Run::new("ndarray")).unwrap();
    let selection = predictor.selection().unwrap();
    assert_eq!(selection.tunings.len(), 1, "{:?}", selection.left_out);
    assert_eq!(selection.tunings[0].trials.len(), 2);
    assert!(predictor.tuning().is_none() && selection.left_out.is_empty());
}

#[test]
fn a_search_never_sees_a_backtest_window() {
    // Oracle: windows that hold a level of a million, or the rhythm; the trials are bit for bit the same.
    let panels = [rhythm(), panel(|n, day| 1e6 + (n * day) as f64)];
    let searched = panels.map(|panel| {
        let predictor = train(hpo(5), &panel);
        let tuning = predictor.tuning().unwrap();
        let trials = tuning.trials.iter().map(|trial| {
            let values: Vec<u64> = trial.measurements.iter().map(|m| m.value.to_bits()).collect();
            (trial.assignment.clone(), trial.state, values)
        });
        (trials.collect::<Vec<_>>(), tuning.chosen, predictor.settings().algorithm.clone())
    });
    assert_eq!(searched[0], searched[1]);
}

#[test]
fn spaces_fit_their_algorithms() {
    // Oracle: every corner of every space is accepted by the algorithm it is for, for any horizon.
    for name in AnyAlgorithm::NAMES {
        let algorithm = AnyAlgorithm::by_name(name).unwrap();
        for ranges in [Ranges::Amazon, Ranges::Wide] {
            for horizon in [1, 2, 13, 48, 500, 3000] {
                let space = algorithm.space(ranges, horizon);
                for at in [0.0, 0.5, 1.0] {
                    let corner = space.from_unit(&vec![at; space.parameters().len()]);
                    algorithm.with(&corner).unwrap();
                }
            }
        }
    }
}

#[test]
fn what_is_wrong_with_a_search_is_said() {
    // Oracle: the messages.
    let data = TrainingData { panel: rhythm(), horizon: HORIZON };
    let run = Run::new("ndarray");
    let naive = AnyAlgorithm::from(Naive::default());
    let error = Hpo::default().search(&naive, &data, 1, &run).unwrap_err().to_string();
    assert!(error.contains("algorithm is Naive, but has no settings to tune"), "{error}");
    let short = TrainingData { panel: rhythm().cut(60 - 2 * HORIZON), horizon: HORIZON };
    let error = hpo(2).search(&small().into(), &short, 1, &run).unwrap_err().to_string();
    assert!(error.contains("horizon is 4, but must be less than half"), "{error}");
    let many = Hpo { max_number_of_training_jobs: Some(41), ..Hpo::default() };
    let settings = PredictorSettings::new(small(), HORIZON).with_hpo(many);
    let error = settings.check().unwrap_err().to_string();
    assert!(error.contains("max_number_of_training_jobs is 41, but must be 1 to 40"), "{error}");
}
