//! `[determinism]`: the same seed and thread count give the same bytes, and a killed training resumes to the same metrics.
//!
//! Trainings run in child processes of this program. One of them is killed with SIGKILL in the middle of its third epoch and
//! started again on the same checkpoint directory. The data is generated, so that nothing is needed to measure this.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
};

use ensue::{
    core::{
        ArtifactWriter, CheckpointPolicy, EvaluationMode, Event, Interactions, InteractionsBuilder,
        Progress, Run, Seed, split,
    },
    recommend::{EvaluationOptions, TrainingData, evaluate},
};

use crate::{
    Context, recipes,
    report::{Bar, Failure, Report},
};

/// What is trained; a few epochs of a second or so each.
const SETTINGS: &str = r#"{"recipe": "aws-hrnn"}"#;

/// The epoch in which the child is killed, from 1.
const KILLED_IN: usize = 3;

/// Metrics in a file of the child's directory.
const METRICS: &str = "metrics.json";
const MODEL: &str = "model";

pub(crate) fn measure(context: &Context) -> Result<Report, Failure> {
    let seed = context.seeds[0];
    let mut report = Report::new(&[seed], context.threads.get());
    let dir = tempfile::tempdir()?;
    let [one, two, killed] = ["one", "two", "killed"].map(|name| dir.path().join(name));

    for dir in [&one, &two] {
        finish(spawn(context, dir)?)?;
    }
    let differ = differing(&one.join(MODEL), &two.join(MODEL))?;
    report.row("same seed twice: files that differ", differ as f64, Bar::Count(0));

    let steps = kill_mid_epoch(spawn(context, &killed)?)?;
    report.row_with(
        "killed with SIGKILL",
        1.0,
        Bar::None,
        format!("in epoch {KILLED_IN}, after {steps}"),
    );
    let resumed = finish(spawn(context, &killed)?)?;
    report.row("resumed from epoch", resumed.unwrap_or(0) as f64, Bar::AtLeast(1.0));
    let (whole, again) = (metrics(&one)?, metrics(&killed)?);
    let difference = whole
        .iter()
        .map(|(name, value)| again.get(name).map_or(f64::INFINITY, |other| (value - other).abs()))
        .fold(0.0, f64::max);
    report.row("largest difference of a metric", difference, Bar::AtMost(1e-6));
    let differ = differing(&one.join(MODEL), &killed.join(MODEL))?;
    report.row("killed and resumed: files that differ", differ as f64, Bar::None);
    let ndcg = whole.get("normalized_discounted_cumulative_gain_at_10").copied();
    report.row("NDCG@10 of the training", ndcg.unwrap_or(f64::NAN), Bar::None);
    Ok(report)
}

/// Trains in `dir` and leaves model and metrics there; says on standard output how far it is.
pub(crate) fn child(context: &Context, dir: &Path) -> Result<(), Failure> {
    let mode = EvaluationMode::LastItem;
    let split = split(&planted(), mode, Seed(0));
    let data = TrainingData::from_interactions(split.train.clone());
    let checkpoint = CheckpointPolicy { dir: dir.join("checkpoint"), keep: false };
    let mut run = Run::new("ndarray")
        .with_seed(Seed(context.seeds[0]))
        .with_threads(context.threads)
        .with_checkpoint(checkpoint)
        .on_progress(|progress| {
            let line = match progress {
                Progress::Step { epoch, step, steps, .. } => format!("step {epoch} {step} {steps}"),
                Progress::Resumed { epoch } => format!("resumed {epoch}"),
                _ => return,
            };
            // The parent may be gone; the training goes on.
            let _ = writeln!(std::io::stdout(), "{line}");
        });
    let model = recipes::parse(SETTINGS)?.fit(&data, &mut run)?;
    let found = evaluate(&*model, &split, &EvaluationOptions::new(mode.ndcg_form()), &run)?;
    let mut out = ArtifactWriter::create(&dir.join(MODEL))?;
    model.save(&mut out)?;
    out.commit()?;
    fs::write(dir.join(METRICS), serde_json::to_vec(&found.to_map())?)?;
    Ok(())
}

/// 600 users walk 30 steps over 200 items: mostly along one of three fixed successors, with a stride of their own.
fn planted() -> Interactions {
    let (users, items) = (600u32, 200u32);
    let mut events = InteractionsBuilder::new();
    for user in 0..users {
        let mut state = u64::from(user).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        let mut item = user % items;
        for step in 0..30 {
            events.push(user, Event::new(item, i64::from(user) * 100_000 + i64::from(step) * 600));
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let stride = [1, 1, 1, 7, 7, 31][(state >> 33) as usize % 6] + user % 3;
            item = (item + stride) % items;
        }
    }
    events.build(users as usize, items as usize)
}

/// Starts a training of this program in `dir`.
fn spawn(context: &Context, dir: &Path) -> Result<Child, Failure> {
    fs::create_dir_all(dir)?;
    let seed = context.seeds[0].to_string();
    let child = Command::new(std::env::current_exe()?)
        .arg("--child")
        .arg(dir)
        .args(["--seeds", &seed, "--threads", &context.threads.to_string()])
        .stdout(Stdio::piped())
        .spawn()?;
    Ok(child)
}

/// Waits for the end of a training; the epoch it resumed from, if it did.
fn finish(mut child: Child) -> Result<Option<usize>, Failure> {
    let mut resumed = None;
    for line in lines(&mut child) {
        if let Some(epoch) = line?.strip_prefix("resumed ") {
            resumed = epoch.parse().ok();
        }
    }
    if child.wait()?.success() {
        Ok(resumed)
    } else {
        Err(Failure::NotMeasured("a training in a child process failed".to_owned()))
    }
}

/// Kills a training in the middle of its epoch; how far it was.
fn kill_mid_epoch(mut child: Child) -> Result<String, Failure> {
    for line in lines(&mut child) {
        let line = line?;
        let place: Vec<usize> =
            line.split(' ').skip(1).filter_map(|number| number.parse().ok()).collect();
        if let &[epoch, step, steps] = place.as_slice()
            && epoch == KILLED_IN
            && step >= steps.div_ceil(2)
        {
            // On Unix this is SIGKILL: nothing of the child runs afterwards.
            child.kill()?;
            child.wait()?;
            return Ok(format!("step {step} of {steps}"));
        }
    }
    child.wait()?;
    Err(Failure::NotMeasured(format!("the training ended before epoch {KILLED_IN} was half done")))
}

fn lines(child: &mut Child) -> impl Iterator<Item = std::io::Result<String>> + use<> {
    let output = child.stdout.take().expect("the child was started with a pipe");
    BufReader::new(output).lines()
}

/// How many files of two directories are not in both with the same bytes.
fn differing(one: &Path, two: &Path) -> Result<usize, Failure> {
    let (one, two) = (files(one)?, files(two)?);
    let names: BTreeSet<&String> = one.keys().chain(two.keys()).collect();
    Ok(names.into_iter().filter(|&name| one.get(name) != two.get(name)).count())
}

/// Every file of a directory and its bytes.
fn files(dir: &Path) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        files.insert(entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path())?);
    }
    Ok(files)
}

fn metrics(dir: &Path) -> Result<BTreeMap<String, f64>, Failure> {
    Ok(serde_json::from_slice(&fs::read(dir.join(METRICS))?)?)
}
