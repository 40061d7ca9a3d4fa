//! Select, split, fit, measure, refit: what [`Solution::train`] does.

use std::{fs, io, path::Path, sync::Arc};

use ensue_core::{CheckpointPolicy, Progress, Run, split};
use ensue_data::DatasetGroup;
use ensue_nn::{
    search::{choice_kept, forget_choice},
    train::TrainError,
};

use super::{
    Evaluation, Solution, SolutionError, SolutionVersion, measure,
    version::{Parts, Tables},
};
use crate::{
    FitError, TrainingData,
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
        context_table: group.context_table.clone().map(Arc::new),
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

    // The search sees the training part alone.
    let chosen;
    let (solution, tuning) = match &solution.hpo {
        None => (solution, None),
        Some(hpo) => {
            let fits = 1 + usize::from(solution.refit);
            let plan = serde_json::to_string(solution).expect("plain data");
            let key = format!("{} {} {plan}", data_fingerprint, run.seed.0);
            let search = || hpo.search(&solution.recipe, &training, fits, run);
            let (recipe, tuning) = choice_kept(run, &key, search)?;
            chosen = Solution { recipe, ..solution.clone() };
            (&chosen, Some(tuning))
        }
    };

    let checkpoint = if solution.refit { run.checkpoint.clone() } else { None };
    let (mut model, seconds) = within(run, checkpoint.as_ref(), FIRST, |run| {
        measure::timed_fit(&solution.recipe, &training, run)
    })?;
    let mut rows = vec![measure::measure(&*model, &split, solution.evaluation, seconds, run)?];
    for baseline in measure::baselines(&solution.recipe) {
        let (model, seconds) = measure::timed_fit(&baseline, &training, run)?;
        rows.push(measure::measure(&*model, &split, solution.evaluation, seconds, run)?);
    }

    let mut served = &training;
    if solution.refit {
        let refit = if run.out_of_time() {
            Err(FitError::Train(TrainError::OutOfTime))
        } else {
            within(run, checkpoint.as_ref(), REFIT, |run| solution.recipe.fit(&all, run))
        };
        match refit {
            Ok(refitted) => (model, served) = (refitted, &all),
            Err(FitError::Train(TrainError::OutOfTime)) => run.emit(Progress::Warning {
                message:
                    "the time budget ended before the refit: the model of the first fit is kept"
                        .to_owned(),
            }),
            Err(error) => return Err(error.into()),
        }
    }
    // A run that is out of time may be gone on with.
    if let Some(policy) = checkpoint.filter(|policy| !policy.keep && !run.out_of_time()) {
        remove_checkpoints(&policy.dir, run);
    }
    if let Some(policy) = run.checkpoint.as_ref().filter(|_| !run.out_of_time()) {
        forget_choice(&policy.dir);
    }
    let popular = FittedPopularityCount::count(&served.interactions, CountBy::DistinctUsers);
    Ok(SolutionVersion::from_parts(Parts {
        solution: solution.clone(),
        seed: run.seed,
        data_fingerprint,
        evaluation: Evaluation { mode: solution.evaluation, rows },
        tuning,
        users: group.users.clone(),
        items: Arc::new(group.items.clone()),
        histories: all.interactions,
        popular,
        model: Arc::from(model),
        tables: Tables {
            users: all.user_table,
            items: all.item_table,
            contexts: all.context_table,
        },
    }))
}

/// Folders of the two fits' checkpoints in the run's checkpoint directory, where there is a refit.
const FIRST: &str = "first";
const REFIT: &str = "refit";

/// Runs one of two fits with a checkpoint directory of its own, since each is another training. It stays until both are
/// done, so that a run killed in the refit does not start over with the first fit.
fn within<T>(
    run: &mut Run,
    checkpoint: Option<&CheckpointPolicy>,
    folder: &str,
    work: impl FnOnce(&mut Run) -> T,
) -> T {
    let Some(policy) = checkpoint else { return work(run) };
    let own = CheckpointPolicy { dir: policy.dir.join(folder), keep: true };
    let before = run.checkpoint.replace(own);
    let result = work(run);
    run.checkpoint = before;
    result
}

/// Removes what two fits kept in `dir`, and `dir` itself where nothing else is in it.
fn remove_checkpoints(dir: &Path, run: &Run) {
    for folder in [FIRST, REFIT] {
        if let Err(error) = remove_whole(dir, folder) {
            let message = format!("cannot remove {}: {error}", dir.join(folder).display());
            run.emit(Progress::Warning { message });
        }
    }
    // It is not there, or holds files of somebody else: both are fine.
    let _ = fs::remove_dir(dir);
}

/// Removes a folder, so that it is either whole or gone even if the process ends midway.
fn remove_whole(dir: &Path, folder: &str) -> io::Result<()> {
    let aside = dir.join(format!(".{folder}.done-{}", std::process::id()));
    match fs::rename(dir.join(folder), &aside) {
        Ok(()) => fs::remove_dir_all(&aside),
        // A recipe without a training loop saves nothing.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}
