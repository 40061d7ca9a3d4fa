//! How a run's time is shared out.

use std::time::Duration;

use ensue_core::{Budget, Run};

/// Share of the time that is kept for what cannot be foreseen.
const SPARE: f64 = 0.04;

/// The time of a run, and what of it is already promised to the trainings and forecasts at the end.
#[derive(Debug)]
pub(super) struct Clock {
    /// Seconds on the run's clock; none without a limit.
    end: Option<f64>,
    whole: f64,
    promised: f64,
}

impl Clock {
    pub(super) fn new(run: &Run) -> Self {
        let now = run.elapsed().as_secs_f64();
        let end = run.budget.wall.map(|wall| {
            let wall = wall.as_secs_f64();
            wall - SPARE * (wall - now).max(0.0)
        });
        Self { end, whole: end.map_or(f64::INFINITY, |end| (end - now).max(0.0)), promised: 0.0 }
    }

    /// Seconds from the begin to the end.
    pub(super) fn whole(&self) -> f64 {
        self.whole
    }

    /// Whether there is a limit.
    pub(super) fn is_limited(&self) -> bool {
        self.end.is_some()
    }

    /// Keeps so many seconds for the end.
    pub(super) fn promise(&mut self, seconds: f64) {
        self.promised += seconds;
    }

    /// Forgets what was kept.
    pub(super) fn take_back(&mut self, seconds: f64) {
        self.promised = (self.promised - seconds).max(0.0);
    }

    /// So many seconds, or what nobody was promised where that is less; infinite without a limit, since how busy the machine is
    /// must not decide how long is trained.
    pub(super) fn at_most(&self, seconds: f64, run: &Run) -> f64 {
        if self.is_limited() { seconds.min(self.free(run)) } else { f64::INFINITY }
    }

    /// Seconds that nobody was promised; infinite without a limit.
    pub(super) fn free(&self, run: &Run) -> f64 {
        self.end.map_or(f64::INFINITY, |end| {
            (end - run.elapsed().as_secs_f64() - self.promised).max(0.0)
        })
    }
}

/// Does `work` as part of a run: with the seed of its name, other time and checkpoint folder, which are put back afterwards.
pub(super) fn part<T>(
    run: &mut Run,
    name: &str,
    folder: &str,
    seconds: f64,
    work: impl FnOnce(&mut Run) -> T,
) -> T {
    let before = (run.seed, run.budget, run.checkpoint.clone());
    run.seed = run.seed.child(name);
    if let Ok(share) = Duration::try_from_secs_f64(seconds) {
        let end = run.elapsed() + share;
        run.budget = Budget { wall: Some(before.1.wall.map_or(end, |wall| wall.min(end))) };
    }
    if let Some(policy) = &mut run.checkpoint {
        policy.dir = policy.dir.join(folder);
        // A run that is killed later does not train this part again.
        policy.keep = true;
    }
    let done = work(run);
    (run.seed, run.budget, run.checkpoint) = before;
    done
}
