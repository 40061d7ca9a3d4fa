//! All trials.

use ensue_core::{Run, hash::Fnv1a};
use ensue_nn::search::{SearchPlan, Tuning, choose, default_workers};
use ensue_tune::Direction;

use super::{Hpo, candidates::candidates, trial};
use crate::{AnyRecipe, FitError, SolutionError, TrainingData};

impl Hpo {
    /// Searches on training data, and gives the chosen recipe, `own` with other settings unless others compete.
    /// [`crate::Solution::train`] does this and all that follows; here it is for work on other splits.
    ///
    /// `fits` trainings follow: where the run has a time limit, time for them is kept.
    ///
    /// # Errors
    /// [`SolutionError`] when a setting is not acceptable, the journal is of another search, the first trials all fail, or
    /// the run is cancelled.
    pub fn search(
        &self,
        own: &AnyRecipe,
        data: &TrainingData,
        fits: usize,
        run: &Run,
    ) -> Result<(AnyRecipe, Tuning), SolutionError> {
        search(own, self, data, fits, run)
    }
}

/// Tells these data from others, metadata included.
fn fingerprint(data: &TrainingData) -> String {
    let mut hash = Fnv1a::default();
    for table in [&data.item_table, &data.user_table, &data.context_table] {
        let mut bytes = Vec::new();
        if let Some(table) = table {
            table.write_to(&mut bytes).expect("memory takes all that is written to it");
        }
        hash.update(&bytes);
        hash.update(&[0]);
    }
    format!("{} {}", data.interactions.fingerprint(), hash.hex())
}

fn search(
    own: &AnyRecipe,
    hpo: &Hpo,
    data: &TrainingData,
    fits: usize,
    run: &Run,
) -> Result<(AnyRecipe, Tuning), SolutionError> {
    hpo.check()?;
    let candidates = candidates(own, hpo, data)?;
    let share = trial::share(data);
    let plan = SearchPlan {
        metric_name: &hpo.metric_name,
        direction: Direction::Maximize,
        measured_on: format!(
            "the newest tenth of {:.0} % of the users' training events",
            share * 100.0
        ),
        data: &fingerprint(data),
        sampler: &hpo.sampler,
        scheduler: hpo.scheduler.as_ref(),
        by_epoch: hpo.by_epoch() && candidates.all().any(AnyRecipe::measures_itself),
        trials: hpo.limits().trials(run.budget.wall.is_some()),
        workers: hpo
            .max_parallel_training_jobs
            .unwrap_or_else(|| default_workers(&hpo.devices, run)),
        devices: &hpo.devices,
        fits,
        journal: hpo.journal.as_deref(),
    };
    let fit = |recipe: &AnyRecipe, run: &mut Run| trial::value(recipe, hpo, data, run);
    let (recipe, tuning) = choose::<_, _, SolutionError>(&candidates, &plan, run, fit)?;
    if run.is_cancelled() {
        return Err(FitError::Cancelled.into());
    }
    Ok((recipe, tuning))
}
