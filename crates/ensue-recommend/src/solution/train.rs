//! Select, split, fit, measure, refit: what [`Solution::train`] does.

use std::sync::Arc;

use ensue_core::{Progress, Run, split};
use ensue_data::DatasetGroup;

use super::{Evaluation, Solution, SolutionError, SolutionVersion, measure, version::Parts};
use crate::{
    TrainingData,
    recipes::popularity_count::{CountBy, FittedPopularityCount},
};

pub(super) fn train(
    solution: &Solution,
    group: &DatasetGroup,
    run: &mut Run,
) -> Result<SolutionVersion, SolutionError> {
    solution.recipe.check()?;
    let all = TrainingData {
        interactions: solution.select(group)?,
        user_table: group.user_table.clone().map(Arc::new),
        item_table: group.item_table.clone().map(Arc::new),
    };
    let data_fingerprint = all.interactions.fingerprint();
    let split = split(&all.interactions, solution.evaluation, run.seed);
    if split.queries.is_empty() {
        run.emit(Progress::Warning {
            message: format!(
                "evaluation {} finds nobody with enough events: there are no metrics",
                solution.evaluation.name()
            ),
        });
    }
    let training = all.with_interactions(split.train.clone());

    let (mut model, seconds) = measure::timed_fit(&solution.recipe, &training, run)?;
    let mut rows = vec![measure::measure(&*model, &split, solution.evaluation, seconds, run)?];
    for baseline in measure::baselines(&solution.recipe) {
        let (model, seconds) = measure::timed_fit(&baseline, &training, run)?;
        rows.push(measure::measure(&*model, &split, solution.evaluation, seconds, run)?);
    }

    let served = if solution.refit { &all } else { &training };
    if solution.refit {
        model = with_own_checkpoint(run, |run| solution.recipe.fit(&all, run))?;
    }
    let popular = FittedPopularityCount::count(&served.interactions, CountBy::DistinctUsers);
    Ok(SolutionVersion::from_parts(Parts {
        solution: solution.clone(),
        seed: run.seed,
        data_fingerprint,
        evaluation: Evaluation { mode: solution.evaluation, rows },
        users: group.users.clone(),
        items: group.items.clone(),
        histories: all.interactions,
        popular,
        model,
    }))
}

/// Runs the second fit with a checkpoint directory of its own: what the first one left there is another training.
fn with_own_checkpoint<T>(run: &mut Run, work: impl FnOnce(&mut Run) -> T) -> T {
    let kept = run.checkpoint.clone();
    if let Some(policy) = &mut run.checkpoint {
        policy.dir.push("refit");
    }
    let result = work(run);
    run.checkpoint = kept;
    result
}
