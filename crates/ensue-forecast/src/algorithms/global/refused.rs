//! Data that are refused before any time is spent on training.

use ensue_core::{Progress, Run, Series};

use crate::{FitError, TrainingData};

use super::{
    RelatedData,
    known::{known_ahead, known_to},
};

/// Targets and their sums have to fit into `f32`.
const LARGEST: f64 = 1e30;

/// Refuses targets that `allowed` does not hold for, which `what` cannot have made, or that do not fit into `f32`.
pub(in crate::algorithms) fn check_targets(
    algorithm: &'static str,
    data: &TrainingData,
    allowed: impl Fn(f64) -> bool,
    what: &str,
) -> Result<(), FitError> {
    for series in data.panel.series() {
        let wrong = |&y: &f64| !(y.is_nan() || allowed(y) && y.abs() <= LARGEST);
        if let Some(at) = series.target().iter().position(wrong) {
            let y = series.target()[at];
            let time = data.panel.frequency().start_of(series.start() + at as i64);
            let reason = format!(
                "its target {y} at {time} (in the data, or filled in) {what}is beyond {LARGEST:e}"
            );
            return Err(FitError::Series { algorithm, key: series.key().to_vec(), reason });
        }
    }
    Ok(())
}

/// Refuses related series that are known ahead for some series only; tells of those that are not used
/// because none is.
pub(in crate::algorithms) fn check_related(
    algorithm: &'static str,
    data: &TrainingData,
    used: RelatedData,
    run: &Run,
) -> Result<(), FitError> {
    for (n, name) in data.panel.related().iter().enumerate() {
        if !known_ahead(data, n) {
            if used == RelatedData::ForwardLooking {
                let message = format!(
                    "{algorithm}: related series {name:?} does not reach over the horizon and is not used"
                );
                run.emit(Progress::Warning { message });
            }
            continue;
        }
        if !used.ahead() {
            continue;
        }
        let needed = |s: &Series| known_to(s, data.horizon);
        let short = data.panel.series().iter().find(|s| s.related()[n].len() < needed(s));
        if let Some(series) = short {
            let (found, needed) = (series.related()[n].len(), needed(series));
            let reason = format!(
                "its related series {name:?} has {found} values, needs {needed} to cover the horizon"
            );
            return Err(FitError::Series { algorithm, key: series.key().to_vec(), reason });
        }
    }
    Ok(())
}
