//! What both halves ask of a search's settings, and how a trial is measured by its epochs.

use std::num::NonZeroUsize;

use ensue_core::{Budget, Report, Run};

use super::{MAX_JOBS, MAX_PARALLEL_JOBS};

/// How many trials a search may have, and how many at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Jobs {
    /// Trials at most, as asked for.
    pub most: Option<u64>,
    /// Trials at the same time, as asked for.
    pub parallel: Option<NonZeroUsize>,
    /// Whether Amazon's limits hold.
    pub amazon: bool,
}

impl Jobs {
    /// Field, value and rule of the first number that is outside its range.
    pub fn refused(&self) -> Option<(&'static str, String, String)> {
        let rule = |most: &dyn std::fmt::Display| {
            format!("must be 1 to {most}, or 1 or more with ranges wide")
        };
        if let Some(jobs) = self.most
            && (jobs == 0 || self.amazon && jobs > MAX_JOBS)
        {
            return Some(("max_number_of_training_jobs", jobs.to_string(), rule(&MAX_JOBS)));
        }
        let parallel = self.parallel?;
        (self.amazon && parallel.get() > MAX_PARALLEL_JOBS)
            .then(|| ("max_parallel_training_jobs", parallel.to_string(), rule(&MAX_PARALLEL_JOBS)))
    }

    /// Trials at most: Amazon's limit where none is asked for, unless time is limited and Amazon's limits do not hold.
    pub fn trials(&self, timed: bool) -> Option<u64> {
        let free = timed && !self.amazon;
        self.most.or((!free).then_some(MAX_JOBS))
    }
}

/// Fits within what is left of a run's time, passes its reports on, and gives the last metric; none before the first epoch's
/// end. That is the model which the same settings give again, trained on everything: the best epoch of many would be too good
/// to be true.
///
/// # Errors
/// Those of `fit`.
pub fn last_epoch<E: Send>(
    run: &Run,
    fit: impl FnOnce(&mut Run) -> Result<(), E> + Send,
) -> Result<Option<f64>, E> {
    let mut last = None;
    let hook = |report: Report| {
        last = Some(report.metric);
        run.report(report)
    };
    unheard(run).reporting_to(hook, fit)?;
    Ok(last)
}

/// The same run with what is left of its time, and nobody told.
pub fn unheard(run: &Run) -> Run {
    let wall = run.budget.wall.map(|wall| wall.saturating_sub(run.elapsed()));
    Run::new(&run.device)
        .with_seed(run.seed)
        .with_threads(run.thread_count())
        .with_cancel(run.cancel.clone())
        .with_budget(Budget { wall })
}
