//! Who competes.

use ensue_core::Series;
use ensue_nn::search::{LeftOut, Tunable};

use super::AutoPredictor;
use crate::{
    AnyAlgorithm, TrainingData,
    algorithms::arima::{Arima, LONGEST_TERMS},
};

/// Who competes where nobody is named: what is cheap first, then what learns across series, then what is slow.
const ORDER: [&str; 9] = [
    "SeasonalNaive",
    "NPTS",
    "Intermittent",
    "Theta",
    "ETS",
    "Deep_AR_Plus",
    "CNN-QR",
    "ARIMA",
    "Prophet",
];

/// Observed values that Amazon asks for before it trains a network.
const FEWEST: usize = 300;

/// Share of zeros from which on demand counts as intermittent.
const ZEROS: f64 = 0.3;

/// Those that compete, and those that do not, with the reason.
pub(super) fn candidates(
    settings: &AutoPredictor,
    data: &TrainingData,
) -> (Vec<AnyAlgorithm>, Vec<LeftOut>) {
    if let Some(candidates) = &settings.candidates {
        return (candidates.clone(), Vec::new());
    }
    let (mut candidates, mut left_out) = (Vec::new(), Vec::new());
    for candidate in ORDER
        .into_iter()
        .filter_map(|name| AnyAlgorithm::by_name(name).ok())
        .map(|one| sharper(one, data))
    {
        match reason(&candidate, data) {
            None => candidates.push(candidate),
            Some(reason) => left_out.push(LeftOut { name: candidate.name().to_owned(), reason }),
        }
    }
    (candidates, left_out)
}

/// The same, more exact than Amazon's settings are where that only costs time.
fn sharper(candidate: AnyAlgorithm, data: &TrainingData) -> AnyAlgorithm {
    match candidate {
        // Seasonal terms forecast hours better than Amazon's Fourier terms do (`acceptance arima`); a longer season has waves
        // or nothing.
        AnyAlgorithm::Arima(arima) if data.panel.frequency().seasonality() <= LONGEST_TERMS => {
            Arima { fourier_terms: 0, ..arima }.into()
        }
        other => other,
    }
}

/// Why an algorithm does not suit the data.
fn reason(candidate: &AnyAlgorithm, data: &TrainingData) -> Option<String> {
    let series = || data.panel.series().iter();
    if is_global(candidate) {
        let observed: usize = series().map(Series::observed).sum();
        return (observed < FEWEST).then(|| {
            format!("{observed} observed values in all are too few to train a network: {FEWEST}")
        });
    }
    if candidate.name() == "Intermittent" {
        let zero = |series: &Series| series.target().iter().filter(|y| **y == 0.0).count();
        let seldom = |s: &&Series| zero(s) as f64 >= ZEROS * s.observed() as f64 && !s.is_empty();
        let share = series().filter(seldom).count() as f64 / data.panel.len().max(1) as f64;
        return (share < 0.1)
            .then(|| format!("only {:.0} % of the series are often zero", 100.0 * share));
    }
    None
}

/// Epochs of a network's training on these data at most.
pub(super) fn epochs(candidate: &AnyAlgorithm, data: &TrainingData) -> u64 {
    match candidate {
        AnyAlgorithm::DeepAr(deepar) => deepar.epochs_on(data).get() as u64,
        AnyAlgorithm::CnnQr(cnn_qr) => cnn_qr.epochs_on(data).get() as u64,
        other => other.epochs().unwrap_or(1),
    }
}

/// Whether an algorithm is trained across series, in epochs, from random weights.
pub(super) fn is_global(candidate: &AnyAlgorithm) -> bool {
    candidate.has("epochs")
}
