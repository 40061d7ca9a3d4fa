//! A process that is killed outright, at any moment, resumes and ends with the same bytes.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use ensue_core::{CheckpointPolicy, Run, Seed};
use ensue_nn::train::{Trained, Trainer};

use crate::toy::{Net, STEPS, Toy, assert_same, net, settings};

const DIR: &str = "ENSUE_TEST_KILLED_DIR";
const EPOCHS: usize = 12;

fn train(dir: Option<&Path>, pause: fn(usize, usize) -> Duration) -> Trained<Net> {
    let mut run = Run::new("ndarray").with_seed(Seed(8));
    run.checkpoint = dir.map(|dir| CheckpointPolicy { dir: dir.to_owned(), keep: true });
    let toy = Toy { pause, ..Toy::noisy() };
    Trainer::new(settings(EPOCHS)).fit(&toy, net(4), &mut run).unwrap()
}

/// Not a test of its own: the process that [`a_killed_process_resumes_exactly`] kills.
#[test]
fn worker() {
    if let Some(dir) = std::env::var_os(DIR) {
        train(Some(Path::new(&dir)), |_, _| Duration::from_millis(3));
    }
}

#[test]
fn a_killed_process_resumes_exactly() {
    // Oracle: the training in one piece.
    let straight = train(None, |_, _| Duration::ZERO);
    let scratch = tempfile::tempdir().unwrap();
    let dir = scratch.path().join("checkpoint");
    let mut kills = 0;
    for round in 0..6u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "killed::worker"])
            .env(DIR, &dir)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        // At least one epoch of its own, then a moment that differs from round to round.
        let deadline = Instant::now() + Duration::from_mins(1);
        while !dir.exists() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_millis(3 * STEPS as u64 + 7 * round));
        child.kill().unwrap();
        kills += usize::from(!child.wait().unwrap().success());
    }
    assert!(kills >= 3, "only {kills} of 6 rounds were killed while at work");
    let resumed = train(Some(&dir), |_, _| Duration::ZERO);
    assert_same(&straight, &resumed);
}
