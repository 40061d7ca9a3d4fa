//! One call for everything.

use std::time::Duration;

use ensue_core::{Budget, Panel, Run};
use ensue_data::DatasetGroup;
use ensue_forecast::{
    Predictor, PredictorError, PredictorSettings, algorithms::auto_predictor::AutoPredictor,
};
use ensue_recommend::{Solution, SolutionError, SolutionVersion, tune as recommend};

/// Data in, the best model that a time limit allows out: what suits the data is chosen (a recipe and its settings by a search; a
/// weighted mean of forecasting algorithms), measured on data that the choice never saw, and trained once more on everything.
///
/// ```
/// use ensue::prelude::*;
/// # let events: Vec<(String, String, i64)> = (0..40)
/// #     .flat_map(|user| (0..8).map(move |step| (format!("u{user}"), format!("i{}", (user + step) % 10), step)))
/// #     .collect();
/// # let events = events.iter().map(|(u, i, t)| (u.as_str(), i.as_str(), *t));
/// # let rules = ImportRules { min_interactions: 100, ..ImportRules::default() };
/// # let group = DatasetGroup::from_events(events, &rules)?;
/// // A dataset group, and six seconds; a real one deserves minutes.
/// let version = Auto::minutes(0.1).recommend(&group, &mut Run::new("ndarray"))?;
/// println!("{}\n{}", version.evaluation(), version.tuning().expect("there was a search"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Auto {
    wall: Duration,
}

impl Auto {
    /// With so many minutes for all of it, from the call on. What is not a positive number is no time at all.
    pub fn minutes(minutes: f64) -> Self {
        let wall = Duration::try_from_secs_f64(minutes * 60.0).unwrap_or_default();
        Self { wall }
    }

    /// A solution version: HRNN, HRNN-Metadata and HRNN-Coldstart compete where the data permit them, over wide ranges of
    /// their settings. Measured by Amazon's documented split; [`SolutionVersion::tuning`] says what was tried and why it was
    /// chosen.
    ///
    /// # Errors
    /// As [`Solution::train`].
    pub fn recommend(
        &self,
        group: &DatasetGroup,
        run: &mut Run,
    ) -> Result<SolutionVersion, SolutionError> {
        let hpo = recommend::Hpo::auto_ml().wide();
        let solution = Solution { refit: true, ..Solution::auto(hpo) };
        self.within(run, |run| solution.train(group, run))
    }

    /// A predictor for so many steps: all algorithms that suit the data compete, and an ensemble of the best forecasts
    /// ([`AutoPredictor`]). Measured on the last `horizon` steps of the series, which no candidate saw;
    /// [`Predictor::selection`] says who competed and what was chosen.
    ///
    /// # Errors
    /// As [`PredictorSettings::train`].
    pub fn forecast(
        &self,
        panel: &Panel,
        horizon: usize,
        run: &mut Run,
    ) -> Result<Predictor, PredictorError> {
        let settings = PredictorSettings::new(AutoPredictor::default(), horizon);
        self.within(run, |run| settings.train(panel, run))
    }

    /// Works within the time limit; a shorter one of the run's own stays.
    fn within<T>(&self, run: &mut Run, work: impl FnOnce(&mut Run) -> T) -> T {
        let before = run.budget;
        let wall = run.elapsed() + self.wall;
        run.budget = Budget { wall: Some(before.wall.map_or(wall, |own| own.min(wall))) };
        let done = work(run);
        run.budget = before;
        done
    }
}
