use std::fs;
use std::io::Write;
use std::path::PathBuf;

use proptest::prelude::*;

use super::*;
use crate::{Assignment, Direction, Space, TrialState};

fn header() -> Header {
    Header {
        format: FORMAT,
        space: Space::default(),
        directions: vec![Direction::Minimize],
        seed: 3,
        sampler: "none".into(),
        scheduler: "none".into(),
        fingerprint: "f".to_owned(),
        queue: Vec::new(),
    }
}

fn place() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("study.jsonl");
    (dir, path)
}

fn start(trial: u64, attempt: u32, at: u64) -> Operation {
    let mut assignment = Assignment::default();
    assignment.set("x", 0.1 + trial as f64);
    let worker = "w".to_owned();
    Operation::Start {
        trial,
        attempt,
        worker,
        at,
        until: at + 100,
        source: Source::Sampler,
        assignment,
    }
}

fn report(trial: u64, attempt: u32, step: u64, value: f64) -> Operation {
    Operation::Report { trial, attempt, step, value, seconds: 0.5, until: 300 }
}

fn finish(trial: u64, attempt: u32, state: TrialState, values: Vec<f64>) -> Operation {
    Operation::Finish { trial, attempt, state, values, seconds: 1.0, message: None }
}

fn append_raw(path: &Path, bytes: &[u8]) {
    fs::OpenOptions::new().append(true).open(path).unwrap().write_all(bytes).unwrap();
}

fn lines_of(bytes: &[u8]) -> usize {
    bytes.split(|byte| *byte == b'\n').count() - 1
}

/// The rule that an operation breaks.
fn refused(journal: &Journal, operation: Operation) -> String {
    match journal.append(operation) {
        Err(JournalError::Refused { rule }) => rule,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_written_is_read_again() {
    let (_dir, path) = place();
    let journal = Journal::create(&path, header()).unwrap();
    let memory = Journal::in_memory(header());
    let operations = [
        start(0, 1, 0),
        report(0, 1, 1, f64::INFINITY),
        report(0, 1, 2, 0.1 + 0.2),
        start(1, 1, 5),
        finish(0, 1, TrialState::Complete, vec![1.0 / 3.0]),
        finish(1, 1, TrialState::Failed, vec![]),
        Operation::Note { trial: Some(1), key: "k".to_owned(), value: 7.into() },
    ];
    for operation in operations {
        journal.append(operation.clone()).unwrap();
        memory.append(operation).unwrap();
    }
    let memory = memory.read(Clone::clone).unwrap();
    // Oracle: the ledger in memory, which never was text.
    assert_eq!(Journal::load(&path).unwrap(), memory);
    assert_eq!(Journal::open(&path).unwrap().read(Clone::clone).unwrap(), memory);
    assert_eq!(memory.trials()[0].values, [1.0 / 3.0]);
    assert_eq!(memory.detail(1).unwrap().notes["k"], 7);
}

#[test]
fn nan_survives() {
    let (_dir, path) = place();
    let journal = Journal::create(&path, header()).unwrap();
    journal.append(start(0, 1, 0)).unwrap();
    journal.append(report(0, 1, 1, f64::NAN)).unwrap();
    journal.append(finish(0, 1, TrialState::Complete, vec![f64::NAN])).unwrap();
    let ledger = Journal::load(&path).unwrap();
    // Oracle: what was written.
    assert!(ledger.trials()[0].measurements[0].value.is_nan());
    assert!(ledger.trials()[0].values[0].is_nan());
}

#[test]
fn what_could_not_be_read_again_is_not_written() {
    let (_dir, path) = place();
    let journal = Journal::create(&path, header()).unwrap();
    let before = fs::read(&path).unwrap();
    let mut assignment = Assignment::default();
    assignment.set("x", f64::NAN);
    // Oracle: the file before.
    assert!(refused(&journal, Operation::Enqueue { assignment }).contains("not readable again"));
    assert_eq!(fs::read(&path).unwrap(), before);
    journal.append(start(0, 1, 0)).unwrap();
}

#[test]
fn two_handles_see_each_other() {
    let (_dir, path) = place();
    let (one, begun) = Journal::open_or_create(&path, header()).unwrap();
    let (two, again) = Journal::open_or_create(&path, header()).unwrap();
    // Oracle: the contract. One begins, both write, neither loses a line.
    assert!(begun && !again);
    for trial in 0..6 {
        let journal = if trial % 2 == 0 { &one } else { &two };
        journal.append(start(trial, 1, 0)).unwrap();
    }
    assert_eq!(one.read(|ledger| ledger.trials().len()).unwrap(), 6);
    assert!(matches!(Journal::create(&path, header()), Err(JournalError::Exists { .. })));
}

#[test]
fn a_torn_line_is_passed_over_and_replaced() {
    let (_dir, path) = place();
    let journal = Journal::create(&path, header()).unwrap();
    journal.append(start(0, 1, 0)).unwrap();
    let whole = fs::read(&path).unwrap();
    // Longer than the line that replaces it, so that a rest would show.
    append_raw(&path, br#"{"op":"finish","trial":0,"att"#);
    append_raw(&path, &[b' '; 5000]);
    // Oracle: the file before the torn line, byte for byte.
    assert_eq!(Journal::load(&path).unwrap().trials()[0].state, TrialState::Running);
    assert_eq!(journal.read(|ledger| ledger.trials().len()).unwrap(), 1);
    Journal::open(&path).unwrap().append(report(0, 1, 1, 2.0)).unwrap();
    let after = fs::read(&path).unwrap();
    assert!(after.starts_with(&whole) && after.ends_with(b"\n"));
    assert_eq!(lines_of(&after), 3);
    journal.append(finish(0, 1, TrialState::Complete, vec![1.0])).unwrap();
    assert_eq!(Journal::load(&path).unwrap().trials()[0].measurements.len(), 1);
}

#[test]
fn a_torn_first_line_is_begun_again() {
    let (_dir, path) = place();
    for torn in ["", "{", r#"{"op":"create","form"#] {
        fs::write(&path, torn).unwrap();
        // Oracle: the contract. Nothing was created yet, so it is created now.
        assert!(matches!(Journal::load(&path), Err(JournalError::Missing { .. })));
        assert!(matches!(Journal::open(&path), Err(JournalError::Missing { .. })));
        Journal::create(&path, header()).unwrap();
        assert_eq!(Journal::load(&path).unwrap().header(), &header());
    }
}

#[test]
fn what_is_no_journal_is_left_alone() {
    let (_dir, path) = place();
    assert!(matches!(Journal::open(&path), Err(JournalError::Missing { .. })));
    for other in [
        "some text",
        "some text\nmore\n",
        "{}\n",
        "{\"op\":\"renew\",\"trial\":0,\"attempt\":1,\"until\":0}\n",
    ] {
        fs::write(&path, other).unwrap();
        let error = Journal::open_or_create(&path, header()).unwrap_err();
        assert!(matches!(
            error,
            JournalError::NotAJournal { .. } | JournalError::Damaged { line: 1, .. }
        ));
        // Oracle: what stood there before.
        assert_eq!(fs::read_to_string(&path).unwrap(), other);
    }
    fs::write(&path, "{\"op\":\"create\",\"format\":2,\"shape\":\"new\"}\n").unwrap();
    let error = Journal::open(&path).unwrap_err().to_string();
    assert!(error.ends_with("has format 2, and format 1 is the only one known here"), "{error}");
}

#[test]
fn a_damaged_line_is_named() {
    let (_dir, path) = place();
    let journal = Journal::create(&path, header()).unwrap();
    journal.append(start(0, 1, 0)).unwrap();
    append_raw(&path, b"{\"op\":\"rep\x00\x00\n");
    append_raw(&path, b"{\"op\":\"renew\",\"trial\":0,\"attempt\":1,\"until\":9}\n");
    let before = fs::read(&path).unwrap();
    // Oracle: by counting, the damaged line is the third.
    for error in [
        journal.read(|_| ()).unwrap_err(),
        journal.append(report(0, 1, 1, 1.0)).unwrap_err(),
        Journal::open(&path).unwrap_err(),
        Journal::load(&path).unwrap_err(),
    ] {
        let text = error.to_string();
        assert!(text.contains("study.jsonl line 3: "), "{text}");
    }
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn the_rules_hold() {
    let journal = Journal::in_memory(header());
    // Oracle: the rules of the format, one by one.
    assert!(refused(&journal, Operation::Create(header())).contains("first line only"));
    assert!(refused(&journal, start(1, 1, 0)).contains("attempt 1 of trial 0 is next"));
    assert!(refused(&journal, start(0, 2, 0)).contains("attempt 1 of trial 0 is next"));
    assert!(refused(&journal, report(0, 1, 1, 1.0)).contains("never started"));
    journal.append(start(0, 1, 0)).unwrap();
    journal.append(report(0, 1, 2, 1.0)).unwrap();
    assert!(refused(&journal, report(0, 1, 2, 1.0)).contains("steps must rise"));
    assert!(refused(&journal, start(0, 2, 299)).contains("before its lease has run out"));
    assert!(refused(&journal, start(0, 3, 300)).contains("trial 0 starts, and attempt 2 is next"));
    assert!(
        refused(&journal, finish(0, 1, TrialState::Running, vec![]))
            .contains("cannot be `running`")
    );
    assert!(refused(&journal, finish(0, 1, TrialState::Complete, vec![])).contains("1 are needed"));
    assert!(
        refused(&journal, finish(0, 1, TrialState::Failed, vec![1.0])).contains("0 are needed")
    );
    journal.append(start(0, 2, 300)).unwrap();
    assert!(journal.read(|ledger| ledger.trials()[0].measurements.is_empty()).unwrap());
    assert!(refused(&journal, finish(0, 1, TrialState::Failed, vec![])).contains("attempt 2 does"));
    assert!(refused(&journal, report(0, 1, 3, 1.0)).contains("attempt 2 does"));
    journal.append(finish(0, 2, TrialState::Complete, vec![1.0])).unwrap();
    assert!(
        refused(&journal, finish(0, 2, TrialState::Complete, vec![1.0])).contains("ended already")
    );
    assert!(refused(&journal, start(0, 3, 900)).contains("ended already"));
    let note = Operation::Note { trial: Some(1), key: "k".to_owned(), value: 1.into() };
    assert!(refused(&journal, note).contains("never started"));
}

#[test]
fn a_panic_while_deciding_frees_the_lock() {
    let (_dir, path) = place();
    let journal = Journal::create(&path, header()).unwrap();
    let decided = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        journal.write(|_| -> Result<_, JournalError> { panic!("decision") }, |_| ())
    }));
    assert!(decided.is_err());
    // Oracle: the contract. Another handle gets the lock, and this one goes on.
    Journal::open(&path).unwrap().append(start(0, 1, 0)).unwrap();
    journal.append(start(1, 1, 0)).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_cut_leaves_a_readable_journal(cut in 0..2000_usize, value in any::<f64>()) {
        let (_dir, path) = place();
        let journal = Journal::create(&path, header()).unwrap();
        journal.append(start(0, 1, 0)).unwrap();
        journal.append(report(0, 1, 1, value)).unwrap();
        journal.append(finish(0, 1, TrialState::Complete, vec![value])).unwrap();
        let bytes = fs::read(&path).unwrap();
        let cut = cut % (bytes.len() + 1);
        fs::write(&path, &bytes[..cut]).unwrap();
        let lines = lines_of(&bytes[..cut]);
        // Oracle: the count of whole lines in what is left.
        match Journal::load(&path) {
            Ok(ledger) => {
                let trial = ledger.trials().first();
                let ended = trial.is_some_and(|trial| trial.state == TrialState::Complete);
                let measured = trial.map_or(0, |trial| trial.measurements.len());
                prop_assert_eq!(1 + usize::from(trial.is_some()) + measured + usize::from(ended), lines);
                if let Some(found) = trial.and_then(|trial| trial.values.first()) {
                    prop_assert!(found.to_bits() == value.to_bits() || (found.is_nan() && value.is_nan()));
                }
            }
            Err(JournalError::Missing { .. }) => prop_assert_eq!(lines, 0),
            Err(other) => return Err(TestCaseError::fail(other.to_string())),
        }
    }
}
