//! Trainings whose epochs and steps are timed from outside, through the events they report.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use ensue::{
    core::{Interactions, Progress, Run, Seed},
    recommend::TrainingData,
};

use crate::{Context, recipes, report::Failure};

/// One epoch as seen from outside.
#[derive(Debug, Clone)]
pub(crate) struct Epoch {
    pub(crate) events: usize,
    /// What the clock went on by.
    pub(crate) clock: f64,
    /// Wall seconds between the steps.
    pub(crate) steps: Vec<f64>,
}

#[derive(Debug, Default)]
struct Watch {
    clock: f64,
    last: Option<Instant>,
    steps: Vec<f64>,
    epochs: Vec<Epoch>,
}

/// Trains, and gives what `clock` went on by in every epoch.
pub(crate) fn epochs(
    context: &Context,
    settings: &str,
    data: &Interactions,
    clock: fn() -> Result<f64, Failure>,
) -> Result<Vec<Epoch>, Failure> {
    let recipe = recipes::parse(settings)?;
    let training = TrainingData::from_interactions(data.clone());
    let watch = Arc::new(Mutex::new(Watch { clock: clock()?, ..Watch::default() }));
    let watched = Arc::clone(&watch);
    let mut run = Run::new("ndarray")
        .with_seed(Seed(context.seeds[0]))
        .with_threads(context.threads)
        .on_progress(move |progress| {
            let mut watch = watched.lock().unwrap_or_else(PoisonError::into_inner);
            let now = clock().unwrap_or(f64::NAN);
            match progress {
                Progress::Started { .. } => watch.clock = now,
                Progress::Step { .. } => {
                    let at = Instant::now();
                    if let Some(last) = watch.last.replace(at) {
                        watch.steps.push((at - last).as_secs_f64());
                    }
                }
                Progress::Epoch { events, .. } => {
                    let steps = std::mem::take(&mut watch.steps);
                    let epoch = Epoch { events: *events, clock: now - watch.clock, steps };
                    watch.epochs.push(epoch);
                    (watch.clock, watch.last) = (now, None);
                }
                _ => {}
            }
        });
    recipe.fit(&training, &mut run)?;
    let watch = watch.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(watch.epochs.clone())
}

/// Processor seconds of this process so far, all threads together.
pub(crate) fn cpu_seconds() -> Result<f64, Failure> {
    let stat = std::fs::read_to_string("/proc/self/stat")
        .map_err(|_| Failure::NotMeasured("needs Linux's /proc/self/stat".to_owned()))?;
    // After the name in parentheses, fields 14 and 15 of proc(5): user and system time in ticks of 1/100 s.
    let fields: Vec<&str> =
        stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |field: usize| fields.get(field - 3).and_then(|ticks| ticks.parse::<f64>().ok());
    match (ticks(14), ticks(15)) {
        (Some(user), Some(system)) => Ok((user + system) / 100.0),
        _ => Err(Failure::NotMeasured("/proc/self/stat has another form".to_owned())),
    }
}

/// No clock, for where only the steps are of interest.
#[expect(clippy::unnecessary_wraps, reason = "the signature of a clock")]
pub(crate) fn no_clock() -> Result<f64, Failure> {
    Ok(0.0)
}
