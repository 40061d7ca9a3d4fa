//! One trial: fit on a part of the training data, measure on the rest.

use ensue_core::{EvaluationMode, Run, Split, validation_split};
use ensue_nn::{
    search::{last_epoch, unheard},
    train::TrainError,
};
use ensue_tune::Assignment;

use super::Hpo;
use crate::{
    AnyRecipe, EvaluationOptions, FitError, SettingsError, SolutionError, TrainingData, evaluate,
};

/// Users that are measured on at most.
const USERS: f64 = 10_000.0;

/// The share of users whose newest tenth is held back.
pub(super) fn share(data: &TrainingData) -> f64 {
    let users = data.interactions.users().filter(|(_, history)| history.len() >= 2).count();
    (USERS / users.max(1) as f64).min(1.0)
}

/// Value of the objective.
pub(super) fn value(
    recipe: &AnyRecipe,
    hpo: &Hpo,
    data: &TrainingData,
    run: &mut Run,
) -> Result<f64, SolutionError> {
    let share = share(data);
    if hpo.by_epoch() && recipe.measures_itself() {
        let recipe = measured(recipe, share)?;
        let last = last_epoch(run, |own| recipe.fit(data, own).map(drop))?;
        return last.ok_or(FitError::Train(TrainError::OutOfTime).into());
    }
    let Split { train, queries } = validation_split(&data.interactions, run.seed, share);
    let inner = Split { train, queries };
    let data = data.with_interactions(inner.train.clone());
    // What a network reports of itself is another metric.
    let model = recipe.fit(&data, &mut unheard(run))?;
    let options = EvaluationOptions::new(EvaluationMode::NewestTenth.ndcg_form());
    let report = evaluate(&*model, &inner, &options, run)?;
    Ok(report.get(&hpo.metric_name).unwrap_or(0.0))
}

/// The recipe that holds a share of users' newest tenth back and measures each epoch on it, and does not stop by itself.
fn measured(recipe: &AnyRecipe, share: f64) -> Result<AnyRecipe, SettingsError> {
    let mut settings = Assignment::default();
    settings.set("validation_share", share);
    recipe.with(&settings)
}
