//! Hyperparameter search that is useful on its own: it needs no other crate of ensue and nothing but a function to try.
//!
//! A [`Space`] says what may be varied. A [`Sampler`] proposes values, a [`Scheduler`] ends hopeless trials early, and
//! a [`Study`] keeps the books in a [`journal`] file that survives crashes and that several processes may share.
//! [`charts`] draw what came of it.
//!
//! | room | what it holds |
//! |---|---|
//! | [`space`](Space) | hyperparameters: ranges, scales, conditions |
//! | [`sampler`] | who proposes what to try next |
//! | [`scheduler`] | who ends trials early: successive halving, Hyperband, the median rule |
//! | [`study`] | the search: ask and tell, or run on several threads within a budget |
//! | [`journal`] | what happened, line by line, in a file |
//! | [`charts`] | history, learning curves, parallel coordinates, importance, Pareto front, as SVG |
//!
//! # Run
//!
//! A function, a budget, and as many threads as you like:
//!
//! ```
//! use std::sync::atomic::AtomicBool;
//!
//! use ensue_tune::scheduler::Asha;
//! use ensue_tune::{Budget, Space, Study, StudyEvent, StudySettings, TrialRun, Verdict};
//! # use ensue_tune::{Assignment, History, Sampler};
//! # use rand::RngExt;
//! # #[derive(Debug, serde::Serialize)]
//! # struct Random;
//! # impl Sampler for Random {
//! #     fn sample(&self, _: &History<'_>, random: &mut rand_chacha::ChaCha8Rng) -> Assignment {
//! #         let mut assignment = Assignment::default();
//! #         assignment.set("rate", 10_f64.powf(random.random_range(-4.0..-1.0)));
//! #         assignment
//! #     }
//! # }
//!
//! let space: Space = serde_json::from_str(
//!     r#"[{"name": "rate", "domain": {"type": "float", "low": 1e-4, "high": 0.1, "scale": "logarithmic"}}]"#,
//! )?;
//! let settings = StudySettings::new(space, Random).with_seed(1).with_scheduler(Asha::default());
//! let directory = tempfile::tempdir()?;
//! let study = Study::open_or_create(&directory.path().join("study.jsonl"), settings)?;
//!
//! let train = |trial: &mut TrialRun<'_>| {
//!     let rate = trial.assignment().number("rate").ok_or("no rate")?;
//!     let mut loss = 1.0;
//!     for epoch in 1..=9 {
//!         loss = (rate.ln() - 0.01_f64.ln()).abs() + 1.0 / epoch as f64;
//!         // The last value is returned and not reported.
//!         if epoch < 9 && trial.report(epoch, loss) == Verdict::Stop {
//!             break;
//!         }
//!     }
//!     Ok::<_, &str>(vec![loss])
//! };
//! let listen = |event: &StudyEvent| {
//!     if let StudyEvent::Finished { trial, best, left, .. } = event {
//!         println!("trial {} ended; the best is {best:?}, {left:?} to go", trial.number);
//!     }
//! };
//! let summary = study.run(2, &Budget::trials(30), &AtomicBool::new(false), train, listen)?;
//! assert_eq!(summary.complete + summary.stopped, 30);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Started again, in this process or another, the same lines go on where the journal ends. Started twice at once, the
//! two share the trials.
//!
//! # Ask and tell
//!
//! For a caller with a loop of its own:
//!
//! ```
//! use ensue_tune::{Outcome, Space, Study, StudySettings};
//! # use ensue_tune::{Assignment, History, Sampler};
//! # use rand::RngExt;
//! # #[derive(Debug, serde::Serialize)]
//! # struct Random;
//! # impl Sampler for Random {
//! #     fn sample(&self, _: &History<'_>, random: &mut rand_chacha::ChaCha8Rng) -> Assignment {
//! #         let mut assignment = Assignment::default();
//! #         assignment.set("x", random.random_range(-1.0..1.0));
//! #         assignment
//! #     }
//! # }
//!
//! let space: Space =
//!     serde_json::from_str(r#"[{"name": "x", "domain": {"type": "float", "low": -1.0, "high": 1.0}}]"#)?;
//! let study = Study::in_memory(StudySettings::new(space, Random).with_trials(20))?;
//! while let Some(ticket) = study.ask()? {
//!     let x = ticket.assignment.number("x").ok_or("no x")?;
//!     study.finish(&ticket, Outcome::Complete(vec![x * x]))?;
//! }
//! let best = study.best()?.ok_or("no trial")?;
//! assert!(best.values[0] < 0.1);
//! let chart = ensue_tune::charts::history("The search", &study.trials()?, Default::default());
//! assert!(chart.starts_with("<svg"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What to rely on
//!
//! - **Crashes.** A trial whose end is in the journal never runs again. One whose worker died is taken over by the next
//!   worker once its lease (60 s by default) has run out. See [`journal`].
//! - **Repeats.** Trial `n` draws from the study's seed and `n`. One worker gives the same study again, see [`study`].
//! - **No mixing.** A journal refuses settings of another study; earlier studies go in by
//!   [`warm start`](StudySettings::with_warm_start).
//! - **Failures.** A trial that fails or panics is recorded, and the search goes on; one that only fails ends.
//! - **Several objectives.** See [`study`] and [`Study::pareto_front`].

pub mod charts;
pub mod functions;
pub mod importance;
pub mod journal;
mod number;
pub mod sampler;
pub mod scheduler;
mod space;
pub mod study;
mod trial;

pub use journal::{Journal, JournalError, Ledger};
pub use sampler::Sampler;
pub use scheduler::{AnyScheduler, Scheduler, Verdict};
pub use space::{
    Assignment, Condition, Domain, Parameter, Scale, Space, SpaceBuilder, SpaceError, Value,
};
pub use study::{Budget, Outcome, Study, StudyError, StudyEvent, StudySettings, Ticket, TrialRun};
pub use trial::{Direction, History, Measurement, Trial, TrialState};
