//! `[deepar-speed]`: a training epoch and sampling on M4 hourly, in turns with GluonTS's DeepAR, both on one core.

use std::{
    process::{self, Command, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use ensue::core::{Panel, Progress, Quantile, Run, Seed};
use ensue_forecast::{AnyAlgorithm, Forecaster, TrainingData};

use crate::{
    Context,
    data::m4,
    forecasts::{deepar, note_settings},
    measurements::recurrent_cpu::median,
    peers::Peer,
    report::{Bar, Failure, Report},
};

/// Turns of training that each side takes, and epochs of a turn.
const ROUNDS: usize = 5;
const EPOCHS: usize = 3;

/// Turns of sampling that each side takes.
const SAMPLINGS: usize = 3;

/// GluonTS's defaults: context as long as the horizon, 2 layers of 40 cells, 50 batches of 32, Student-t, 100 paths, no
/// validation. One epoch more than is timed, to be warm.
const SETTINGS: &str = r#"{"context_length": 48, "epochs": 4, "num_cells": 40, "num_layers": 2, "dropout_rate": 0.1,
    "all_features": true, "anchors": false, "scale_weighting": 0,
    "batch_size": 32, "batches_per_epoch": 50, "likelihood": "student-T", "learning_rate": 1e-3, "cosine": false,
    "validation": false, "num_averaged_models": 1, "num_eval_samples": 100}"#;

pub(crate) fn measure(context: &Context) -> Result<Report, Failure> {
    let core = pin();
    let panel = m4::hourly()?.cut(m4::HOURLY_HORIZON);
    let data = TrainingData { panel, horizon: m4::HOURLY_HORIZON };
    let seed = context.seeds[0];
    let mut report = Report::new(&[seed], 1);
    let algorithm = deepar(context.settings.as_deref().unwrap_or(SETTINGS))?;
    note_settings(&mut report, "DeepAR", &algorithm)?;

    let loaded = memory("VmHWM")?;
    let (fitted, mut epochs) = train(&algorithm, &data, seed)?;
    let trained = memory("VmHWM")?;
    let mut samplings = vec![sample(&*fitted, &data.panel, seed)?];
    let sampled = memory("VmHWM")?;

    let compared = in_turns(&algorithm, &data, seed, &*fitted, (&mut epochs, &mut samplings));
    let (ours_epoch, ours_sampling) = (median(&mut epochs), median(&mut samplings));
    let what = |n: usize| format!("median of {n}, {core}");
    report.row_with("ours: epoch of 50 x 32, seconds", ours_epoch, Bar::None, what(epochs.len()));
    let sampling = "414 series x 100 paths x 48 steps, seconds";
    let n = samplings.len();
    report.row_with(format!("ours: {sampling}"), ours_sampling, Bar::None, what(n));
    let peak = format!("{loaded:.0} with data, {trained:.0} trained, {sampled:.0} sampled");
    report.row_with("ours: peak memory, MiB", sampled, Bar::None, peak);

    match compared {
        Err(failure) => report.part(Err(failure)),
        Ok(Theirs { version, mut epochs, mut samplings, loaded, trained, sampled }) => {
            let (epoch, sampled_in) = (median(&mut epochs), median(&mut samplings));
            let what = |n: usize| format!("median of {n}, {core}, GluonTS {version}");
            let n = epochs.len();
            report.row_with("GluonTS: epoch of 50 x 32, seconds", epoch, Bar::None, what(n));
            let n = samplings.len();
            report.row_with(format!("GluonTS: {sampling}"), sampled_in, Bar::None, what(n));
            let peak =
                format!("{loaded:.0} with libraries, {trained:.0} trained, {sampled:.0} sampled");
            report.row_with("GluonTS: peak memory, MiB", sampled, Bar::None, peak);
            let aim = "aim 6, 1 thread";
            let bar = Bar::AtLeast(4.0);
            report.row_with("epoch, times GluonTS's speed", epoch / ours_epoch, bar, aim);
            let ratio = sampled_in / ours_sampling;
            report.row_with("sampling, times GluonTS's speed", ratio, bar, aim);
        }
    }
    Ok(report)
}

/// What the peer took.
struct Theirs {
    version: String,
    epochs: Vec<f64>,
    samplings: Vec<f64>,
    loaded: f64,
    trained: f64,
    sampled: f64,
}

/// A B A B: whichever side works, the other one waits.
fn in_turns(
    algorithm: &AnyAlgorithm,
    data: &TrainingData,
    seed: u64,
    fitted: &dyn Forecaster,
    (epochs, samplings): (&mut Vec<f64>, &mut Vec<f64>),
) -> Result<Theirs, Failure> {
    let mut peer = Peer::start("deepar.py", &["m4-hourly".to_owned()])?;
    let mut theirs = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        theirs[0].extend(peer.ask(&format!("epoch {EPOCHS}"))?);
        epochs.extend(train(algorithm, data, seed)?.1);
    }
    let trained = peer.ask("memory")?;
    for _ in 0..SAMPLINGS {
        theirs[1].extend(peer.ask("sample 1")?);
        samplings.push(sample(fitted, &data.panel, seed)?);
    }
    let (&[loaded, trained], &[_, sampled]) = (&*trained, &*peer.ask("memory")?) else {
        return Err(Failure::NotMeasured("the peer does not know its memory".to_owned()));
    };
    let [epochs, samplings] = theirs;
    Ok(Theirs { version: peer.version.clone(), epochs, samplings, loaded, trained, sampled })
}

/// Trains on one thread; seconds of each epoch after the first, from the end of one to the end of the next.
fn train(
    algorithm: &AnyAlgorithm,
    data: &TrainingData,
    seed: u64,
) -> Result<(Box<dyn Forecaster>, Vec<f64>), Failure> {
    let ends = Arc::new(Mutex::new(Vec::new()));
    let watched = Arc::clone(&ends);
    let mut run = Run::new("ndarray")
        .with_seed(Seed(seed))
        .with_threads(std::num::NonZeroUsize::MIN)
        .on_progress(move |progress| {
            if matches!(progress, Progress::Epoch { .. }) {
                watched.lock().unwrap_or_else(PoisonError::into_inner).push(Instant::now());
            }
        });
    let fitted = algorithm.fit(data, &mut run)?;
    let ends = ends.lock().unwrap_or_else(PoisonError::into_inner);
    let seconds: Vec<f64> = ends.windows(2).map(|pair| (pair[1] - pair[0]).as_secs_f64()).collect();
    if seconds.is_empty() {
        return Err(Failure::NotMeasured("the training tells of no two epochs".to_owned()));
    }
    Ok((fitted, seconds))
}

/// Seconds of forecasting every series.
fn sample(fitted: &dyn Forecaster, panel: &Panel, seed: u64) -> Result<f64, Failure> {
    let start = Instant::now();
    let forecasts = fitted.forecast(panel, &Quantile::deciles(), Seed(seed))?;
    let seconds = start.elapsed().as_secs_f64();
    let steps = forecasts.iter().map(|forecast| forecast.mean.len()).sum::<usize>();
    crate::data::counted("steps forecast", steps, 414 * m4::HOURLY_HORIZON)?;
    Ok(seconds)
}

/// Keeps this process, all its threads and the peer that it starts on one core, so that neither side gains by a second
/// thread; says what came of it.
pub(crate) fn pin() -> String {
    let cores = status("Cpus_allowed_list:").unwrap_or_default();
    let Some(core) = cores.rsplit([',', '-']).next().filter(|core| !core.is_empty()) else {
        return "1 thread, not pinned".to_owned();
    };
    let pid = process::id().to_string();
    let pinned = Command::new("taskset")
        .args(["-a", "-c", "-p", core, &pid])
        .stdout(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if pinned { format!("pinned to core {core}") } else { "1 thread, not pinned".to_owned() }
}

/// A size in /proc/self/status, in MiB.
fn memory(field: &str) -> Result<f64, Failure> {
    let text = status(&format!("{field}:"));
    let kib = text.and_then(|text| text.split_whitespace().next()?.parse::<f64>().ok());
    kib.map(|kib| kib / 1024.0)
        .ok_or_else(|| Failure::NotMeasured("needs Linux's /proc/self/status".to_owned()))
}

fn status(field: &str) -> Option<String> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    text.lines().find_map(|line| Some(line.strip_prefix(field)?.trim().to_owned()))
}
