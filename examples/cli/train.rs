//! `ensue recommend train`.

use ensue::prelude::*;
use serde_json::json;

use crate::options::{Machine, TrainOptions};
use crate::settings::plan;
use crate::tables::{source, with_metadata};
use crate::{AnyError, progress};

pub(crate) fn train(options: &TrainOptions) -> Result<(), AnyError> {
    let plan = plan(options)?;
    plan.solution.recipe.check()?;
    // Saving comes last: a place that cannot be written should not cost a training first.
    drop(ensue::core::ArtifactWriter::create(&options.out)?);
    let mut run = options.search.limit(run(&options.machine))?;
    if let Some(dir) = &options.checkpoint {
        run = run.with_checkpoint(CheckpointPolicy { dir: dir.clone(), keep: false });
    }
    let interactions = source(&options.interactions, options.schema.as_deref())?;
    let request = ImportRequest::new(interactions).with_rules(plan.rules);
    let group = DatasetGroup::import(&with_metadata(request, &options.metadata)?, &mut run)?;
    let version = plan.solution.train(&group, &mut run)?;
    version.save(&options.out)?;
    options.search.draw(version.tuning().map(|tuning| ("", tuning)))?;
    if options.json {
        let answer = json!({
            "version": options.out,
            "solution": version.solution(),
            "seed": version.seed(),
            "data_fingerprint": version.data_fingerprint(),
            "users": group.users.len(),
            "items": group.items.len(),
            "interactions": group.interactions.len(),
            "duplicates_dropped": group.duplicates_dropped,
            "fit_seconds": version.evaluation().own().fit_seconds,
            "evaluation": version.evaluation(),
            "tuning": version.tuning(),
        });
        println!("{answer}");
    } else {
        println!(
            "{} users, {} items, {} interactions, {} duplicates dropped",
            group.users.len(),
            group.items.len(),
            group.interactions.len(),
            group.duplicates_dropped,
        );
        if let Some(tuning) = version.tuning() {
            println!("{tuning}");
        }
        println!("{}saved in {}", version.evaluation(), options.out.display());
    }
    Ok(())
}

/// A run on the machine's device, with its threads and seed, that shows its progress.
pub(crate) fn run(machine: &Machine) -> Run {
    let run = progress::show(Run::new(&machine.device).with_seed(Seed(machine.seed.unwrap_or(0))));
    match machine.threads {
        None => run,
        Some(threads) => run.with_threads(threads),
    }
}
