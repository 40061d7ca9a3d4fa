//! What algorithms refuse before they look any closer.

use ensue_core::{Frequency, Panel, Run};

use crate::{FitError, ForecastError, SettingsError, TrainingData};

/// Refuses a horizon of no steps, data in which nothing was observed, and a run that is cancelled.
pub(crate) fn check_data(
    algorithm: &'static str,
    data: &TrainingData,
    run: &Run,
) -> Result<(), FitError> {
    if run.is_cancelled() {
        return Err(FitError::Cancelled);
    }
    if data.horizon == 0 {
        let error = SettingsError::field(algorithm, "horizon", 0, "must be at least 1");
        return Err(error.into());
    }
    if data.panel.is_empty() {
        return Err(FitError::NoSeries { algorithm, reason: "there is no series".to_owned() });
    }
    if data.panel.series().iter().all(|series| series.observed() == 0) {
        let reason = format!("none of the {} series has an observed value", data.panel.len());
        return Err(FitError::NoSeries { algorithm, reason });
    }
    Ok(())
}

/// Refuses a panel of another frequency than that of the training data.
pub(crate) fn check_frequency(panel: &Panel, expected: Frequency) -> Result<(), ForecastError> {
    let found = panel.frequency();
    if found == expected { Ok(()) } else { Err(ForecastError::Frequency { found, expected }) }
}
