//! What is special about `CNN-QR`; what every algorithm promises is in the conformance suite.

mod learning;
mod network;
#[cfg(feature = "wgpu")]
mod parity;
mod windows;

use std::num::NonZeroUsize;

use ensue_core::{Frequency, Panel, Run, Seed, Series};

use super::{CnnQr, FittedCnnQr, RelatedData};
use crate::{Algorithm, TrainingData};

fn count(n: usize) -> NonZeroUsize {
    NonZeroUsize::new(n).unwrap()
}

/// Settings that train in a second or two.
fn quick() -> CnnQr {
    CnnQr {
        epochs: count(10),
        learning_rate: 1e-2,
        num_channels: count(12),
        num_layers: count(2),
        num_hidden: count(24),
        num_forks: Some(count(6)),
        batch_size: count(16),
        batches_per_epoch: count(10),
        ..CnnQr::default()
    }
}

fn fit(settings: &CnnQr, panel: &Panel, horizon: usize) -> FittedCnnQr {
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
    // Oracle: the ranges in the table on `CnnQr`.
    let base = CnnQr::default;
    for (settings, field) in [
        (CnnQr { learning_rate: f64::NAN, ..base() }, "learning_rate"),
        (CnnQr { dropout_rate: 1.0, ..base() }, "dropout_rate"),
        (CnnQr { scale_weighting: -0.1, ..base() }, "scale_weighting"),
        (CnnQr { relative: 1.1, ..base() }, "relative"),
        (CnnQr { num_averaged_models: count(6), ..base() }, "num_averaged_models"),
        (CnnQr { num_layers: count(7), ..base() }, "num_layers"),
        (CnnQr { num_channels: count(1 << 40), ..base() }, "num_channels"),
        (CnnQr { num_forks: Some(count(513)), ..base() }, "num_forks"),
        (CnnQr { batches_per_epoch: count(100_001), ..base() }, "batches_per_epoch"),
    ] {
        let message = settings.check().unwrap_err().to_string();
        assert!(message.starts_with(&format!("CNN-QR: {field} is ")), "{message}");
    }
    assert!(base().check().is_ok() && quick().check().is_ok());
}

#[test]
fn a_context_out_of_amazons_range_is_replaced() {
    // Oracle: Amazon's developer guide: 10 to 500, a value outside is replaced by a suitable default; ours by hand.
    let context = |length: usize, horizon, frequency| {
        CnnQr { context_length: NonZeroUsize::new(length), ..CnnQr::default() }
            .context(horizon, frequency)
    };
    assert_eq!(context(10, 48, Frequency::HOURLY), 10);
    assert_eq!(context(500, 48, Frequency::HOURLY), 500);
    for outside in [0, 9, 501] {
        assert_eq!(context(outside, 48, Frequency::HOURLY), 192);
        assert_eq!(context(outside, 2, Frequency::HOURLY), 48);
        assert_eq!(context(outside, 1, Frequency::YEARLY), 10);
        assert_eq!(context(outside, 400, Frequency::DAILY), 500);
    }
}

#[test]
fn names_of_settings_are_amazons() {
    // Oracle: hyperparameters and values in Amazon's developer guide, CNN-QR.
    let json = r#"{"context_length": 96, "use_related_data": "FORWARD_LOOKING", "use_item_metadata": "NONE", "epochs": 50}"#;
    let settings: CnnQr = serde_json::from_str(json).unwrap();
    assert_eq!(settings.use_related_data, RelatedData::ForwardLooking);
    let values = serde_json::to_value(CnnQr::default()).unwrap();
    assert_eq!((&values["use_related_data"], &values["epochs"]), (&"ALL".into(), &100.into()));
    let historical: RelatedData = serde_json::from_str(r#""HISTORICAL""#).unwrap();
    assert!(historical.historical() && !historical.ahead());
}

impl crate::conformance::Conformance for CnnQr {
    const USES_RELATED: bool = true;
    /// Rows of a product are summed in another order in a smaller batch.
    const ROUNDING: f64 = 1e-4;

    fn small() -> Self {
        quick()
    }
}
