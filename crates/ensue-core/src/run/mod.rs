//! What surrounds one piece of work: device, seed, limits, and who is told about it.

mod progress;

use std::fmt;
use std::num::NonZeroUsize;
use std::panic::resume_unwind;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

pub use progress::Progress;

use crate::seed::Seed;

/// One piece of work as its caller wants it done: where, from which seed, within which limits, and
/// whom to tell.
///
/// ```
/// use ensue_core::{Progress, Run, Seed};
///
/// let run = Run::new("ndarray")
///     .with_seed(Seed(1))
///     .on_progress(|progress| eprintln!("{progress:?}"));
/// run.emit(Progress::Warning { message: "few events".to_owned() });
/// assert!(!run.cancel.is_cancelled());
/// ```
pub struct Run {
    /// Name of the device to compute on, such as `ndarray` or `wgpu`.
    pub device: String,
    /// Where all randomness comes from. Default 0.
    pub seed: Seed,
    /// Threads to compute with. Default `None`: as many as the machine has.
    pub threads: Option<NonZeroUsize>,
    /// Where to leave checkpoints and pick them up again. Default `None`: nowhere.
    pub checkpoint: Option<CheckpointPolicy>,
    /// How much the work may take. Default: no limit.
    pub budget: Budget,
    /// Raised by anyone who holds a clone of it to end the work early.
    pub cancel: CancelFlag,
    started: Instant,
    progress: Option<ProgressSink>,
    report: Option<Mutex<ReportHook>>,
}

type ProgressSink = Box<dyn Fn(&Progress) + Send + Sync>;
type ReportHook = Box<dyn FnMut(Report) -> Decision + Send>;

impl Run {
    /// A run on a device with every other choice at its default. The budget's clock starts here.
    pub fn new(device: &str) -> Self {
        Self {
            device: device.to_owned(),
            seed: Seed::default(),
            threads: None,
            checkpoint: None,
            budget: Budget::default(),
            cancel: CancelFlag::default(),
            started: Instant::now(),
            progress: None,
            report: None,
        }
    }

    /// Draws all randomness from this seed.
    pub fn with_seed(mut self, seed: Seed) -> Self {
        self.seed = seed;
        self
    }

    /// Computes with this many threads.
    pub fn with_threads(mut self, threads: NonZeroUsize) -> Self {
        self.threads = Some(threads);
        self
    }

    /// Leaves checkpoints, and resumes from what is found there.
    pub fn with_checkpoint(mut self, policy: CheckpointPolicy) -> Self {
        self.checkpoint = Some(policy);
        self
    }

    /// Limits what the work may take.
    pub fn with_budget(mut self, budget: Budget) -> Self {
        self.budget = budget;
        self
    }

    /// Listens to this flag.
    pub fn with_cancel(mut self, cancel: CancelFlag) -> Self {
        self.cancel = cancel;
        self
    }

    /// Tells this function what happens. It is called on the thread that does the work, so it should
    /// be quick.
    pub fn on_progress(mut self, sink: impl Fn(&Progress) + Send + Sync + 'static) -> Self {
        self.progress = Some(Box::new(sink));
        self
    }

    /// Asks this function after each measurement whether to go on: where a search stops poor trials.
    pub fn on_report(mut self, hook: impl FnMut(Report) -> Decision + Send + 'static) -> Self {
        self.report = Some(Mutex::new(Box::new(hook)));
        self
    }

    /// Does `work` in this run and asks `hook` after each of its measurements, in place of [`Run::on_report`]'s function.
    /// The hook may borrow: it is called on this thread, while the work is done on another.
    ///
    /// ```
    /// use ensue_core::{Decision, Report, Run};
    ///
    /// let mut heard = Vec::new();
    /// let done = Run::new("ndarray").reporting_to(
    ///     |report| {
    ///         heard.push(report.metric);
    ///         if report.metric < 0.5 { Decision::Stop } else { Decision::Continue }
    ///     },
    ///     |run| (1..9).take_while(|&step| {
    ///         let report = Report { step, steps: 8, metric: 1.0 / step as f64 };
    ///         run.report(report) == Decision::Continue
    ///     }).count(),
    /// );
    /// assert_eq!(done, 2);
    /// assert_eq!(heard, [1.0, 0.5, 1.0 / 3.0]);
    /// ```
    pub fn reporting_to<T: Send>(
        self,
        mut hook: impl FnMut(Report) -> Decision,
        work: impl FnOnce(&mut Self) -> T + Send,
    ) -> T {
        let (ask, asked) = mpsc::channel();
        let (answer, answered) = mpsc::channel();
        let mut run = self.on_report(move |report| {
            // Without somebody to ask, which is when the hook panicked, the work may as well end.
            ask.send(report).ok().and_then(|()| answered.recv().ok()).unwrap_or(Decision::Stop)
        });
        // The answers' sender moves in: when the hook panics, the work hears of it instead of waiting for ever.
        thread::scope(move |scope| {
            let worker = scope.spawn(move || {
                let done = work(&mut run);
                // The run holds the sender: with it goes the loop below.
                drop(run);
                done
            });
            for report in asked {
                // A worker that has gone does not want to know.
                let _ = answer.send(hook(report));
            }
            worker.join().unwrap_or_else(|panic| resume_unwind(panic))
        })
    }

    /// Tells whoever listens.
    #[expect(clippy::needless_pass_by_value, reason = "callers make the event where they tell it")]
    pub fn emit(&self, progress: Progress) {
        if let Some(sink) = &self.progress {
            sink(&progress);
        }
    }

    /// Gives a measurement and says whether to go on; without a listener always
    /// [`Decision::Continue`].
    pub fn report(&self, report: Report) -> Decision {
        self.report.as_ref().map_or(Decision::Continue, |hook| {
            let mut hook = hook.lock().unwrap_or_else(PoisonError::into_inner);
            hook(report)
        })
    }

    /// Time since the run was made.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Whether the wall-clock budget is used up.
    pub fn out_of_time(&self) -> bool {
        self.budget.wall.is_some_and(|wall| self.elapsed() >= wall)
    }

    /// Whether the cancel flag is up.
    pub fn is_cancelled(&self) -> bool {
        self.cancel.is_cancelled()
    }

    /// The number of threads to use: as set, or as many as the machine has.
    pub fn thread_count(&self) -> NonZeroUsize {
        let one = NonZeroUsize::MIN;
        self.threads.unwrap_or_else(|| thread::available_parallelism().unwrap_or(one))
    }
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run")
            .field("device", &self.device)
            .field("seed", &self.seed)
            .field("threads", &self.threads)
            .field("checkpoint", &self.checkpoint)
            .field("budget", &self.budget)
            .field("cancelled", &self.is_cancelled())
            .field("on_progress", &self.progress.is_some())
            .field("on_report", &self.report.is_some())
            .finish_non_exhaustive()
    }
}

/// Where training leaves its state, so that a killed run resumes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckpointPolicy {
    /// The directory.
    pub dir: PathBuf,
    /// Whether the directory stays when training has ended well.
    pub keep: bool,
}

/// How much a run may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Budget {
    /// Wall-clock time; training ends after the step in which it runs out, with what it has.
    /// Default `None`: no limit.
    pub wall: Option<Duration>,
}

/// A flag that any thread may raise to end a run early.
///
/// ```
/// use ensue_core::CancelFlag;
/// let flag = CancelFlag::default();
/// let elsewhere = flag.clone();
/// std::thread::spawn(move || elsewhere.cancel()).join().unwrap();
/// assert!(flag.is_cancelled());
/// ```
#[derive(Debug, Clone, Default)]
pub struct CancelFlag(Arc<AtomicBool>);

impl CancelFlag {
    /// A flag that is down.
    pub fn new() -> Self {
        Self::default()
    }

    /// Raises the flag, for good.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// The flag itself, for work that knows no [`CancelFlag`].
    pub fn as_atomic(&self) -> &AtomicBool {
        &self.0
    }

    /// Whether the flag is up.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// One measurement on the way.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// How far training is; epochs for neural recipes.
    pub step: usize,
    /// Where it will end at the latest.
    pub steps: usize,
    /// The validation metric; higher is better.
    pub metric: f64,
}

/// What to do after a [`Report`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Decision {
    /// Go on.
    #[default]
    Continue,
    /// End training with the best so far.
    Stop,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_reaches_the_listener_in_order() {
        // Oracle: the events as emitted.
        let heard = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&heard);
        let run = Run::new("ndarray").on_progress(move |p| sink.lock().unwrap().push(p.clone()));
        run.emit(Progress::Checkpoint { epoch: 1 });
        run.emit(Progress::Resumed { epoch: 2 });
        let expected = [Progress::Checkpoint { epoch: 1 }, Progress::Resumed { epoch: 2 }];
        assert_eq!(*heard.lock().unwrap(), expected);
    }

    #[test]
    fn the_report_hook_decides_and_keeps_state() {
        // Oracle: the hook by hand; it stops at the second worse metric.
        let mut worse = 0;
        let run = Run::new("ndarray").on_report(move |report| {
            worse += usize::from(report.metric < 0.5);
            if worse == 2 { Decision::Stop } else { Decision::Continue }
        });
        let decisions =
            [0.4, 0.6, 0.3].map(|metric| run.report(Report { step: 0, steps: 3, metric }));
        assert_eq!(decisions, [Decision::Continue, Decision::Continue, Decision::Stop]);
        let silent = Run::new("ndarray");
        assert_eq!(silent.report(Report { step: 9, steps: 9, metric: 0.0 }), Decision::Continue);
    }

    #[test]
    fn a_hook_that_panics_ends_the_work() {
        // Oracle: the panic comes out, and the work is told to stop.
        let panicked = std::panic::catch_unwind(|| {
            Run::new("ndarray").reporting_to(
                |_| panic!("the hook"),
                |run| run.report(Report { step: 1, steps: 2, metric: 0.0 }),
            )
        });
        assert_eq!(panicked.unwrap_err().downcast_ref::<&str>(), Some(&"the hook"));
    }

    #[test]
    fn a_used_up_budget_shows() {
        // Oracle: a budget of nothing is used up, one of a day is not, none never is.
        let wall = |wall| Run::new("ndarray").with_budget(Budget { wall }).out_of_time();
        assert!(wall(Some(Duration::ZERO)));
        assert!(!wall(Some(Duration::from_hours(24))));
        assert!(!wall(None));
    }

    #[test]
    fn a_run_can_be_shared_between_threads() {
        // Oracle: the compiler.
        fn shared<T: Send + Sync>() {}
        shared::<Run>();
    }
}
