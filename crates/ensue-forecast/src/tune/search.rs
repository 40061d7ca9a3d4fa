//! The trials.

use ensue_core::{Run, Series};
use ensue_nn::{
    search::{Candidates, SearchPlan, Tunable, Tuning, choose, default_workers, last_epoch},
    train::TrainError,
};
use ensue_tune::{Assignment, Direction};

use super::Hpo;
use crate::{AnyAlgorithm, FitError, PredictorError, SettingsError, TrainingData};

impl Hpo {
    /// Searches on a panel, and gives the algorithm with other settings. [`crate::PredictorSettings::train`] hides the backtest
    /// windows first, and does all that follows; here it is for work on other splits.
    ///
    /// `fits` trainings follow: where the run has a time limit, time for them is kept.
    ///
    /// # Errors
    /// [`PredictorError`] when a setting is not acceptable, the algorithm has none to tune, the journal is of another search,
    /// the first trials all fail, or the run is cancelled.
    pub fn search(
        &self,
        own: &AnyAlgorithm,
        data: &TrainingData,
        fits: usize,
        run: &Run,
    ) -> Result<(AnyAlgorithm, Tuning), PredictorError> {
        self.check()?;
        own.check()?;
        let space = |one: &AnyAlgorithm| {
            self.space.clone().unwrap_or_else(|| one.space(self.ranges, data.horizon))
        };
        if space(own).parameters().is_empty() || !own.has("validation") {
            let rule = "has no settings to tune (Amazon: only Deep_AR_Plus and CNN-QR have)";
            let error = SettingsError::field("search", "algorithm", own.name(), rule);
            return Err(error.into());
        }
        let refused = |value: usize, rule: String| {
            Err(SettingsError::field("search", "horizon", value, rule).into())
        };
        let length = data.panel.series().iter().map(Series::len).max().unwrap_or(0);
        if data.horizon == 0 {
            return refused(0, "must be at least 1".to_owned());
        }
        if length <= 2 * data.horizon {
            let rule = format!(
                "must be less than half of the longest series without the backtest windows, which has {length} steps: a \
                 search holds the last horizon back"
            );
            return refused(data.horizon, rule);
        }
        let given = with_context(own, data);
        let candidates = Candidates::new(std::slice::from_ref(&given), space, |_| None);
        let candidates = candidates.map_err(|error| {
            SettingsError::field("search", "algorithm", own.name(), error.to_string())
        })?;
        let plan = SearchPlan {
            metric_name: "average_weighted_quantile_loss",
            direction: Direction::Minimize,
            measured_on: format!(
                "the last {} steps before the backtest windows, quantiles 0.1, 0.5, 0.9",
                data.horizon
            ),
            data: &format!("{} {}", data.panel.fingerprint(), data.horizon),
            sampler: &self.sampler,
            scheduler: self.scheduler.as_ref(),
            by_epoch: true,
            trials: self.limits().trials(run.budget.wall.is_some()),
            workers: self
                .max_parallel_training_jobs
                .unwrap_or_else(|| default_workers(&self.devices, run)),
            devices: &self.devices,
            fits,
            journal: self.journal.as_deref(),
        };
        let fit = |algorithm: &AnyAlgorithm, run: &mut Run| value(algorithm, data, run);
        let (algorithm, tuning) = choose::<_, _, PredictorError>(&candidates, &plan, run, fit)?;
        if run.is_cancelled() {
            return Err(FitError::Cancelled.into());
        }
        Ok((algorithm, tuning))
    }
}

/// The same algorithm with the length of its context said, so that the settings as given are a point of the space.
fn with_context(own: &AnyAlgorithm, data: &TrainingData) -> AnyAlgorithm {
    let horizon = data.horizon;
    match own {
        AnyAlgorithm::DeepAr(deepar) if deepar.context_length.is_none() => {
            let mut said = deepar.clone();
            said.context_length = std::num::NonZeroUsize::new(2 * horizon);
            said.into()
        }
        AnyAlgorithm::CnnQr(cnn_qr) => {
            let mut said = cnn_qr.clone();
            let length = said.context(horizon, data.panel.frequency());
            said.context_length = std::num::NonZeroUsize::new(length);
            said.into()
        }
        other => other.clone(),
    }
}

/// Loss after the last epoch, on the last horizon of the series.
fn value(
    algorithm: &AnyAlgorithm,
    data: &TrainingData,
    run: &mut Run,
) -> Result<f64, PredictorError> {
    let mut measured = Assignment::default();
    measured.set("validation", true);
    let algorithm = algorithm.with(&measured)?;
    let last = last_epoch(run, |own| algorithm.fit(data, own).map(drop))?;
    last.map(|metric| -metric).ok_or(FitError::Train(TrainError::OutOfTime).into())
}
