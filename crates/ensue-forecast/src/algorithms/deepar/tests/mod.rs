//! What is special about `DeepAR`; what every algorithm promises is in the conformance suite.

mod calibration;
mod learning;
#[cfg(feature = "wgpu")]
mod parity;
mod windows;

use std::num::NonZeroUsize;

use ensue_core::{Frequency, Panel, Run, Seed, Series};

use super::{DeepAr, FittedDeepAr};
use crate::{Algorithm, TrainingData};

fn count(n: usize) -> NonZeroUsize {
    NonZeroUsize::new(n).unwrap()
}

/// Settings that train in seconds.
fn quick() -> DeepAr {
    DeepAr {
        epochs: count(8),
        batches_per_epoch: count(25),
        learning_rate: 1e-2,
        num_cells: count(20),
        num_layers: count(1),
        dropout_rate: 0.0,
        ..DeepAr::default()
    }
}

fn fit(settings: &DeepAr, panel: &Panel, horizon: usize) -> FittedDeepAr {
    let data = TrainingData { panel: panel.clone(), horizon };
    settings.fit(&data, &mut Run::new("ndarray").with_seed(Seed(1))).unwrap()
}

/// Daily series, one for each target.
fn daily(targets: Vec<Vec<f64>>) -> Panel {
    let series = targets.into_iter().enumerate();
    let series = series.map(|(n, target)| Series::new([format!("s{n}")], 0, target)).collect();
    Panel::new(Frequency::DAILY, series).unwrap()
}

#[test]
fn settings_out_of_range_are_refused_by_name() {
    // Oracle: the ranges in the table on `DeepAr`.
    let base = DeepAr::default;
    for (settings, field) in [
        (DeepAr { learning_rate: 0.0, ..base() }, "learning_rate"),
        (DeepAr { learning_rate_decay: 1.0, ..base() }, "learning_rate_decay"),
        (DeepAr { max_learning_rate_decays: 11, ..base() }, "max_learning_rate_decays"),
        (DeepAr { num_averaged_models: count(6), ..base() }, "num_averaged_models"),
        (DeepAr { num_cells: count(1 << 40), ..base() }, "num_cells"),
        (DeepAr { dropout_rate: 1.0, ..base() }, "dropout_rate"),
        (DeepAr { scale_weighting: -0.1, ..base() }, "scale_weighting"),
        (DeepAr { context_length: Some(count(1 << 30)), ..base() }, "context_length"),
    ] {
        let message = settings.check().unwrap_err().to_string();
        assert!(message.starts_with(&format!("Deep_AR_Plus: {field} is ")), "{message}");
    }
    assert!(base().check().is_ok() && DeepAr::amazon().check().is_ok());
}

#[test]
fn few_data_are_not_seen_more_often_than_the_limit() {
    // Oracle: by hand. An epoch of 50 x 32 windows of 216 steps shows 345,600 steps; 7,223 observed ones
    // may be seen 1,000 times: 20.9 epochs.
    let base = DeepAr::default();
    let data = |observed: usize| {
        let series = vec![Series::new(["a"], 0, vec![1.0; observed])];
        TrainingData { panel: Panel::new(Frequency::HOURLY, series).unwrap(), horizon: 72 }
    };
    assert_eq!(base.epochs_on(&data(7_223)), count(21));
    assert_eq!(base.epochs_on(&data(1)), count(1));
    assert_eq!(base.epochs_on(&data(1_000_000)), base.epochs);
    assert_eq!(DeepAr { max_passes: None, ..base }.epochs_on(&data(1)), count(100));
}

#[test]
fn amazons_defaults_are_those_of_describe_predictor() {
    // Oracle: TrainingParameters of DescribePredictor in Amazon's public notebooks, horizon 72.
    let amazon = DeepAr::amazon();
    assert_eq!(amazon.context(72), 144);
    let values = serde_json::to_value(&amazon).unwrap();
    for (name, value) in [
        ("epochs", "500"),
        ("learning_rate", "0.001"),
        ("learning_rate_decay", "0.5"),
        ("max_learning_rate_decays", "0"),
        ("num_averaged_models", "1"),
        ("num_cells", "40"),
        ("num_layers", "2"),
        ("likelihood", "\"student-T\""),
    ] {
        assert_eq!(values[name].to_string(), value, "{name}");
    }
}

#[test]
fn targets_that_the_likelihood_cannot_have_made_are_refused() {
    // Oracle: the supports of the distributions.
    use ensue_nn::likelihood::Likelihood;
    for (likelihood, bad) in [
        (Likelihood::NegativeBinomial, 1.5),
        (Likelihood::NegativeBinomial, -1.0),
        (Likelihood::Beta, 1.0),
    ] {
        let settings = DeepAr { likelihood, ..quick() };
        let good = if likelihood == Likelihood::Beta { 0.5 } else { 2.0 };
        let panel = daily(vec![vec![good; 20], vec![good, bad, good]]);
        let data = TrainingData { panel, horizon: 2 };
        let error = settings.fit(&data, &mut Run::new("ndarray")).unwrap_err().to_string();
        assert!(error.contains("s1") && error.contains(&bad.to_string()), "{error}");
    }
}

impl crate::conformance::Conformance for DeepAr {
    const USES_RELATED: bool = true;
    /// Rows of a product are summed in another order in a smaller batch, and draws are fed back.
    const ROUNDING: f64 = 1e-3;

    fn small() -> Self {
        quick()
    }
}
