//! Two processes share a journal and are killed again and again.
//!
//! The test starts itself as worker, with an environment variable that says where the files are. Beside the journal
//! the workers keep a log of their own, flushed line by line, which says independently of the journal what was
//! begun and what was ended.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "helpers of a test; clippy only knows test functions")]

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use std::{env, fs, thread};

use ensue_tune::journal::{Journal, Operation};
use ensue_tune::{
    Assignment, Budget, History, Sampler, Space, Study, StudyEvent, StudySettings, TrialRun,
    TrialState, Verdict,
};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use serde::Serialize;

const PLACE: &str = "ENSUE_TUNE_KILLED_TEST";
const LIMIT: &str = "ENSUE_TUNE_KILLED_TEST_TRIALS";
const KILLS: usize = 20;
/// Trials that are started after the last kill.
const MORE: u64 = 40;

#[derive(Debug, Serialize)]
struct Uniform;

impl Sampler for Uniform {
    fn sample(&self, _: &History<'_>, random: &mut ChaCha8Rng) -> Assignment {
        let mut assignment = Assignment::default();
        assignment.set("x", random.random_range(0.0..=1.0));
        assignment
    }
}

fn settings() -> StudySettings {
    let space = r#"[{"name": "x", "domain": {"type": "float", "low": 0.0, "high": 1.0}}]"#;
    let space: Space = serde_json::from_str(space).unwrap();
    let settings = StudySettings::new(space, Uniform).with_seed(5);
    settings.with_lease(Duration::from_millis(300)).with_max_attempts(1000)
}

fn journal_in(place: &Path) -> PathBuf {
    place.join("study.jsonl")
}

fn log_in(place: &Path) -> PathBuf {
    place.join("log.txt")
}

/// What a worker does until it is killed or, where there is a limit, the study has all its trials.
fn work(place: &Path) {
    let budget =
        Budget { trials: env::var(LIMIT).ok().map(|limit| limit.parse().unwrap()), wall: None };
    let study = Study::open_or_create(&journal_in(place), settings()).unwrap();
    let log = OpenOptions::new().create(true).append(true).open(log_in(place)).unwrap();
    let say = |line: String| {
        // One call a line, so that lines of several threads and processes do not mix.
        (&log).write_all(line.as_bytes()).unwrap();
        log.sync_data().unwrap();
    };
    let objective = |trial: &mut TrialRun<'_>| {
        say(format!("begin {} {}\n", trial.number(), trial.attempt()));
        let x = trial.assignment().number("x").unwrap();
        for step in 1..=3 {
            thread::sleep(Duration::from_millis(2));
            if trial.report(step, x / step as f64) == Verdict::Stop {
                break;
            }
        }
        Ok::<_, Infallible>(vec![x])
    };
    // Told after the finish was flushed.
    let listen = |event: &StudyEvent| {
        if let StudyEvent::Finished { trial, attempt, .. } = event {
            say(format!("end {} {attempt}\n", trial.number));
        }
    };
    study.run(2, &budget, &AtomicBool::new(false), objective, listen).unwrap();
}

fn spawn(place: &Path, limit: Option<u64>) -> Worker {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "killed_workers_lose_nothing", "--nocapture"]).env(PLACE, place);
    if let Some(limit) = limit {
        command.env(LIMIT, limit.to_string());
    }
    command.stdout(Stdio::null()).stderr(Stdio::inherit());
    Worker(command.spawn().unwrap())
}

/// A worker that does not outlive the test, also where that fails.
struct Worker(Child);

impl Worker {
    fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Leaves half a line at the end of the journal, as a writer that dies in the middle of its write.
fn tear(journal: &Path) {
    let mut file = OpenOptions::new().append(true).open(journal).unwrap();
    file.lock().unwrap();
    file.write_all(
        br#"{"op":"finish","trial":0,"attempt":1,"state":"failed","values":[],"seconds":0,"mess"#,
    )
    .unwrap();
    // Longer than the line that replaces it, so that a rest would show.
    file.write_all(&[b' '; 500]).unwrap();
    file.unlock().unwrap();
}

/// The trials that the log says were ended, each with its attempt, and the attempts that were begun. A log's last
/// line may be torn.
fn logged(place: &Path) -> (BTreeMap<u64, u32>, BTreeSet<(u64, u32)>) {
    let text = fs::read_to_string(log_in(place)).unwrap_or_default();
    let (mut ended, mut begun) = (BTreeMap::new(), BTreeSet::new());
    for line in text.split_inclusive('\n').filter(|line| line.ends_with('\n')) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [what, trial, attempt] = words[..] else { panic!("log line `{line}`") };
        let (trial, attempt) = (trial.parse().unwrap(), attempt.parse().unwrap());
        if what == "begin" {
            assert!(
                begun.insert((trial, attempt)),
                "attempt {attempt} of trial {trial} was begun twice"
            );
        } else {
            assert!(ended.insert(trial, attempt).is_none(), "trial {trial} ended twice");
        }
    }
    (ended, begun)
}

#[test]
fn killed_workers_lose_nothing() {
    if let Some(place) = env::var_os(PLACE) {
        return work(Path::new(&place));
    }
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path();
    let journal = journal_in(place);
    let mut random = ChaCha8Rng::seed_from_u64(20);
    let mut workers = [spawn(place, None), spawn(place, None)];
    let mut ended_before = 0;
    for kill in 0..KILLS {
        thread::sleep(Duration::from_millis(random.random_range(3..=150)));
        // One of them, the other, or both.
        let which = random.random_range(0..3);
        for (index, worker) in workers.iter_mut().enumerate() {
            if which != 1 - index {
                worker.kill();
            }
        }
        if kill % 5 == 4 && journal.exists() {
            tear(&journal);
        }
        // Oracle: the log. What it says has ended stays ended, whatever was killed since.
        let (ended, _) = logged(place);
        if let Ok(ledger) = Journal::load(&journal) {
            for trial in ended.keys() {
                assert_eq!(
                    ledger.trials()[*trial as usize].state,
                    TrialState::Complete,
                    "trial {trial}"
                );
            }
            let now =
                ledger.trials().iter().filter(|trial| trial.state == TrialState::Complete).count();
            assert!(now >= ended_before);
            ended_before = now;
        } else {
            assert!(ended.is_empty() && ended_before == 0, "the journal cannot be read any more");
        }
        for (index, worker) in workers.iter_mut().enumerate() {
            if which != 1 - index {
                *worker = spawn(place, None);
            }
        }
    }
    for worker in &mut workers {
        worker.kill();
    }
    let trials = Journal::load(&journal).unwrap().trials().len() as u64 + MORE;
    for worker in &mut [spawn(place, Some(trials)), spawn(place, Some(trials))] {
        assert!(worker.0.wait().unwrap().success(), "a resumed worker failed");
    }
    check(place, trials);
}

/// What must hold once all is done.
fn check(place: &Path, trials: u64) {
    let ledger = Journal::load(&journal_in(place)).unwrap();
    // Oracle: the budget. Every trial is there and complete, those of dead workers included.
    assert_eq!(ledger.trials().len() as u64, trials);
    let single = Study::in_memory(settings()).unwrap();
    for (number, trial) in ledger.trials().iter().enumerate() {
        assert_eq!((trial.number, trial.state), (number as u64, TrialState::Complete));
        // Oracle: the same study in one process that is never killed proposes the same.
        assert_eq!(trial.assignment, single.ask().unwrap().unwrap().assignment);
        assert_eq!(trial.values, [trial.assignment.number("x").unwrap()]);
        assert_eq!(
            trial.measurements.len(),
            3,
            "trial {number}: only the last attempt's measurements count"
        );
    }
    // Oracle: the raw lines of the journal, counted without the ledger.
    let mut finishes: BTreeMap<u64, u32> = BTreeMap::new();
    let mut starts: BTreeMap<u64, u32> = BTreeMap::new();
    for line in fs::read_to_string(journal_in(place)).unwrap().lines() {
        match serde_json::from_str(line).unwrap() {
            Operation::Start { trial, attempt, .. } => {
                assert!(
                    !finishes.contains_key(&trial),
                    "trial {trial} was started after its finish"
                );
                assert_eq!(starts.insert(trial, attempt).unwrap_or(0) + 1, attempt);
            }
            Operation::Finish { trial, attempt, .. } => {
                assert!(
                    finishes.insert(trial, attempt).is_none(),
                    "trial {trial} has two finishes"
                );
                assert_eq!(starts[&trial], attempt);
            }
            _ => {}
        }
    }
    assert_eq!(finishes.len() as u64, trials);
    assert!(
        starts.values().any(|attempt| *attempt > 1),
        "no trial was taken over, so nothing was tested"
    );
    // Oracle: the log. What ended never began again, and the journal has the attempt that ended.
    let (ended, begun) = logged(place);
    for (trial, attempt) in &ended {
        assert_eq!(finishes[trial], *attempt);
        let last = begun.range((*trial, 0)..=(*trial, u32::MAX)).next_back().unwrap();
        assert_eq!(last.1, *attempt, "trial {trial} ran again after its finish");
    }
    // Only a kill between the flushed finish and the line in the log leaves one out: two threads each of two workers.
    assert!(ended.len() + 2 * 2 * (KILLS + 1) >= trials as usize);
}
