use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::Verdict;
use crate::scheduler::Asha;
use crate::study::{Budget, Ending, Study, StudyError, StudyEvent, TrialRun};

type Objective = Result<Vec<f64>, String>;

/// Never cancelled.
static ON: AtomicBool = AtomicBool::new(false);

fn quiet(_: &StudyEvent) {}

#[expect(clippy::unnecessary_wraps, reason = "an objective returns a result")]
fn distance(trial: &mut TrialRun<'_>) -> Objective {
    Ok(vec![(trial.assignment().number("x").unwrap() - 300.0).abs()])
}

fn message(study: &Study, number: u64) -> Option<String> {
    study.journal().read(|ledger| ledger.detail(number).unwrap().message.clone()).unwrap()
}

#[test]
fn several_workers_try_every_trial_once() {
    let study = Study::in_memory(settings()).unwrap();
    let events = Mutex::new(Vec::new());
    let note = |event: &StudyEvent| events.lock().unwrap().push(event.clone());
    let summary = study.run(3, &Budget::trials(30), &ON, distance, note).unwrap();
    assert_eq!((summary.complete, summary.ending), (30, Ending::TrialsDone));
    let trials = study.trials().unwrap();
    // Oracle: brute force over the trials; the proposals are those of ask and tell.
    let least = trials.iter().map(|trial| trial.values[0]).reduce(f64::min).unwrap();
    assert_eq!(summary.best.unwrap().values, [least]);
    let asked = Study::in_memory(settings()).unwrap();
    for trial in &trials {
        assert_eq!(trial.assignment, asked.ask().unwrap().unwrap().assignment);
    }
    let events = events.into_inner().unwrap();
    let count =
        |wanted: fn(&StudyEvent) -> bool| events.iter().filter(|event| wanted(event)).count();
    assert_eq!(count(|event| matches!(event, StudyEvent::Started { .. })), 30);
    assert_eq!(count(|event| matches!(event, StudyEvent::Finished { .. })), 30);
    assert_eq!(events.len(), 60);
    // Nothing is left, also for a later run.
    assert_eq!(study.run(3, &Budget::trials(30), &ON, distance, quiet).unwrap().complete, 0);
    assert_eq!(study.run(0, &Budget::trials(31), &ON, distance, quiet).unwrap().complete, 1);
}

#[test]
fn two_handles_share_one_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("study.jsonl");
    let tried = Mutex::new(Vec::new());
    let objective = |trial: &mut TrialRun<'_>| {
        tried.lock().unwrap().push(trial.number());
        trial.report(1, 0.0);
        distance(trial)
    };
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let study = Study::open_or_create(&path, settings()).unwrap();
                study.run(2, &Budget::trials(40), &ON, objective, quiet).unwrap();
                // Oracle: the contract. Whoever returns first waited for the other.
                assert!(
                    study.trials().unwrap().iter().all(|trial| trial.state == TrialState::Complete)
                );
            });
        }
    });
    let tried = tried.into_inner().unwrap();
    assert_eq!(tried.len(), 40);
    assert_eq!(tried.into_iter().collect::<BTreeSet<_>>(), (0..40).collect());
}

#[test]
fn errors_and_panics_are_recorded_and_the_search_goes_on() {
    let study = Study::in_memory(settings()).unwrap();
    let objective = |trial: &mut TrialRun<'_>| match trial.number() {
        1 => Err("no memory".to_owned()),
        2 => panic!("index {}", 7),
        3 => Ok(vec![1.0, 2.0]),
        4 => {
            trial.report(2, 1.0);
            trial.report(1, 1.0);
            Ok(vec![1.0])
        }
        _ => distance(trial),
    };
    let summary = study.run(1, &Budget::trials(8), &ON, objective, quiet).unwrap();
    // Oracle: by hand, what each trial does.
    assert_eq!((summary.complete, summary.failed, summary.stopped), (4, 4, 0));
    assert_eq!(message(&study, 1).unwrap(), "no memory");
    assert_eq!(message(&study, 2).unwrap(), "panicked: index 7");
    assert_eq!(message(&study, 3).unwrap(), "trial 3 has 2 values, and the study has 1 objectives");
    assert!(message(&study, 4).unwrap().contains("steps must rise"));
    assert!(study.trials().unwrap()[1].values.is_empty());
}

#[test]
fn a_run_that_only_fails_ends_with_the_first_message() {
    for (budget, expected) in [(100, 5), (3, 3)] {
        let study = Study::in_memory(settings()).unwrap();
        let objective =
            |trial: &mut TrialRun<'_>| Objective::Err(format!("reason {}", trial.number()));
        let error = study.run(1, &Budget::trials(budget), &ON, objective, quiet).unwrap_err();
        // Oracle: the documented number, or all that there are.
        let StudyError::AllFailed { failed, message } = error else { panic!("{error}") };
        assert_eq!((failed, message.as_str()), (expected, "reason 0"));
        assert_eq!(study.trials().unwrap().len() as u64, expected);
    }
}

#[test]
fn no_trial_starts_that_would_not_end_in_time() {
    let (settings, clock) = timed();
    let study = Study::in_memory(settings).unwrap();
    let objective = |trial: &mut TrialRun<'_>| {
        clock.advance(seconds(10));
        distance(trial)
    };
    let left = Mutex::new(Vec::new());
    let note = |event: &StudyEvent| {
        if let StudyEvent::Finished { left: time, .. } = event {
            left.lock().unwrap().push(time.unwrap().as_secs());
        }
    };
    let summary = study.run(1, &Budget::wall(seconds(35)), &ON, objective, note).unwrap();
    // Oracle: by hand. Trials take 10 s; after three, 5 s are left.
    assert_eq!((summary.complete, summary.ending), (3, Ending::TimeUp));
    assert_eq!(left.into_inner().unwrap(), [25, 15, 5]);
}

#[test]
fn time_left_follows_the_trials_left() {
    let (settings, clock) = timed();
    let study = Study::in_memory(settings).unwrap();
    let objective = |trial: &mut TrialRun<'_>| {
        clock.advance(seconds(10));
        distance(trial)
    };
    let left = Mutex::new(Vec::new());
    let note = |event: &StudyEvent| {
        if let StudyEvent::Finished { left: time, .. } = event {
            left.lock().unwrap().push(time.unwrap().as_secs());
        }
    };
    study
        .run(1, &Budget { trials: Some(4), wall: Some(seconds(1000)) }, &ON, objective, note)
        .unwrap();
    // Oracle: by hand. 10 s for each trial that is left.
    assert_eq!(left.into_inner().unwrap(), [30, 20, 10, 0]);
}

#[test]
fn running_trials_stop_at_the_deadline() {
    let (settings, clock) = timed();
    let study = Study::in_memory(settings).unwrap();
    let objective = |trial: &mut TrialRun<'_>| {
        assert_eq!(trial.remaining(), Some(seconds(35)));
        for step in 1.. {
            clock.advance(seconds(10));
            if trial.report(step, step as f64) == Verdict::Stop {
                break;
            }
        }
        assert_eq!(trial.report(99, 0.0), Verdict::Stop);
        Objective::Ok(vec![0.0])
    };
    let summary = study.run(1, &Budget::wall(seconds(35)), &ON, objective, quiet).unwrap();
    // Oracle: by hand. The fourth step ends after 40 s, and what was reported after it is void.
    assert_eq!((summary.stopped, summary.complete, summary.ending), (1, 0, Ending::TimeUp));
    assert_eq!(study.trials().unwrap()[0].values, [4.0]);
    assert_eq!(message(&study, 0).unwrap(), "the time was up");
}

#[test]
fn cancelling_stops_measured_trials_and_gives_others_back() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("study.jsonl");
    for (measures, state) in [(true, TrialState::Stopped), (false, TrialState::Running)] {
        let _ = std::fs::remove_file(&path);
        let study = Study::create(&path, settings()).unwrap();
        let cancel = AtomicBool::new(false);
        let objective = |trial: &mut TrialRun<'_>| {
            if trial.number() < 2 {
                return distance(trial);
            }
            cancel.store(true, Ordering::Relaxed);
            assert!(trial.is_cancelled());
            if measures {
                assert_eq!(trial.report(1, 8.0), Verdict::Stop);
            }
            Err("interrupted".to_owned())
        };
        let summary = study.run(1, &Budget::trials(9), &cancel, objective, quiet).unwrap();
        // Oracle: by hand. Two trials before, one in the middle.
        assert_eq!((summary.complete, summary.failed, summary.ending), (2, 0, Ending::Cancelled));
        assert_eq!(study.trials().unwrap()[2].state, state);
        drop(study);
        let study = Study::open(&path, settings()).unwrap();
        let first = Mutex::new(None);
        let note = |event: &StudyEvent| {
            if let StudyEvent::Started { trial, attempt, .. } = event {
                first.lock().unwrap().get_or_insert((*trial, *attempt));
            }
        };
        study.run(1, &Budget::trials(9), &ON, distance, note).unwrap();
        let expected = if measures { (3, 1) } else { (2, 2) };
        assert_eq!(first.into_inner().unwrap(), Some(expected));
        assert_eq!(study.trials().unwrap().len(), 9);
    }
}

#[test]
fn stopped_trials_count_as_stopped_whatever_they_return() {
    let study = Study::in_memory(settings().with_scheduler(Asha::default())).unwrap();
    let objective = |trial: &mut TrialRun<'_>| match trial.report(1, trial.number() as f64) {
        Verdict::Continue => Ok(vec![0.5]),
        Verdict::Stop if trial.number() == 2 => Ok(vec![0.0]),
        Verdict::Stop => Err("stopped".to_owned()),
    };
    let summary = study.run(1, &Budget::trials(3), &ON, objective, quiet).unwrap();
    // Oracle: by hand. The first is best at step 1, and of three one goes on.
    assert_eq!((summary.complete, summary.stopped, summary.failed), (1, 2, 0));
    assert_eq!(summary.best.unwrap().number, 0);
    assert_eq!(study.trials().unwrap()[2].values, [2.0]);
}

#[test]
fn a_run_takes_over_what_others_leave_behind() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("study.jsonl");
    let short = settings().with_trials(3).with_lease(Duration::from_millis(50));
    let dead = Study::create(&path, short.clone().with_worker("dead")).unwrap();
    let left = dead.ask().unwrap().unwrap();
    drop(dead);
    let study = Study::open(&path, short).unwrap();
    let taken = Mutex::new(Vec::new());
    let note = |event: &StudyEvent| {
        if let StudyEvent::TakenOver { trial, attempt, worker } = event {
            taken.lock().unwrap().push((*trial, *attempt, worker.clone()));
        }
    };
    study.run(2, &Budget::default(), &ON, distance, note).unwrap();
    // Oracle: the contract. The dead worker's trial is among those that are complete.
    assert_eq!(taken.into_inner().unwrap(), [(0, 2, "dead".to_owned())]);
    let trials = study.trials().unwrap();
    assert_eq!(trials.len(), 3);
    assert!(trials.iter().all(|trial| trial.state == TrialState::Complete));
    assert_eq!(trials[0].assignment, left.assignment);
}

#[test]
fn the_heartbeat_keeps_a_silent_trial() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("study.jsonl");
    let short = settings().with_trials(1).with_lease(Duration::from_millis(200));
    let study = Study::create(&path, short.clone()).unwrap();
    let other = Study::open(&path, short).unwrap();
    let objective = |trial: &mut TrialRun<'_>| {
        let lease = || other.journal().read(|ledger| ledger.detail(0).unwrap().until).unwrap();
        let first = lease();
        // Silent until the lease was renewed twice; without a heartbeat this would not end.
        let mut renewed = BTreeSet::from([first]);
        while renewed.len() < 3 {
            std::thread::sleep(Duration::from_millis(5));
            renewed.insert(lease());
        }
        distance(trial)
    };
    let summary = study.run(1, &Budget::default(), &ON, objective, quiet).unwrap();
    // Oracle: the contract.
    assert_eq!((summary.complete, summary.superseded), (1, 0));
}

#[test]
fn a_run_does_not_take_over_its_own_trials() {
    let (settings, clock) = timed();
    let study = Study::in_memory(settings).unwrap();
    let (late, started) = (AtomicBool::new(false), AtomicBool::new(false));
    let wait_for = |flag: &AtomicBool| {
        while !flag.load(Ordering::SeqCst) {
            std::thread::yield_now();
        }
    };
    let objective = |trial: &mut TrialRun<'_>| {
        assert_eq!(trial.attempt(), 1);
        match trial.number() {
            // Its lease runs out, as that of all does when a machine sleeps; the other worker asks meanwhile.
            0 => {
                clock.advance(seconds(61));
                late.store(true, Ordering::SeqCst);
                wait_for(&started);
            }
            1 => wait_for(&late),
            _ => started.store(true, Ordering::SeqCst),
        }
        distance(trial)
    };
    let summary = study.run(2, &Budget::trials(3), &ON, objective, quiet).unwrap();
    // Oracle: the contract. Whoever is at work in this very run is not dead.
    assert_eq!((summary.complete, summary.failed, summary.superseded), (3, 0, 0));
}

#[test]
fn what_comes_too_late_is_lost_and_said() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("study.jsonl");
    let (settings, clock) = timed();
    let study = Study::create(&path, settings.clone().with_trials(1)).unwrap();
    let other = Study::open(&path, settings).unwrap();
    let objective = |trial: &mut TrialRun<'_>| {
        clock.advance(seconds(60));
        let taken = other.ask().unwrap().unwrap();
        assert_eq!((taken.number, taken.attempt), (0, 2));
        assert_eq!(trial.report(1, 1.0), Verdict::Stop);
        other.finish(&taken, crate::study::Outcome::Complete(vec![3.0])).unwrap();
        Objective::Ok(vec![1.0])
    };
    let summary = study.run(1, &Budget::default(), &ON, objective, quiet).unwrap();
    // Oracle: by hand. The other's value counts.
    assert_eq!((summary.superseded, summary.complete), (1, 0));
    assert_eq!(summary.best.unwrap().values, [3.0]);
}

#[test]
fn a_damaged_journal_ends_the_run_with_its_error() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("study.jsonl");
    let study = Study::create(&path, settings()).unwrap();
    let objective = |trial: &mut TrialRun<'_>| {
        if trial.number() == 2 {
            let mut text = std::fs::read_to_string(&path).unwrap();
            text.push_str("nonsense\n");
            std::fs::write(&path, text).unwrap();
            assert_eq!(trial.report(1, 1.0), Verdict::Stop);
        }
        distance(trial)
    };
    let error = study.run(1, &Budget::trials(9), &ON, objective, quiet).unwrap_err().to_string();
    // Oracle: by counting, 1 header, 2 lines for each of two trials, 1 start.
    assert!(error.contains("study.jsonl line 7: "), "{error}");
}

#[test]
fn a_panic_of_the_listener_is_the_callers() {
    let study = Study::in_memory(settings()).unwrap();
    let listener = |_: &StudyEvent| panic!("listener");
    let run = catch_unwind(AssertUnwindSafe(|| {
        study.run(2, &Budget::trials(4), &ON, distance, listener).map(|_| ())
    }));
    // Oracle: the panic's own word.
    assert_eq!(run.unwrap_err().downcast_ref::<&str>(), Some(&"listener"));
}

#[test]
fn warm_starts_are_announced_and_random_numbers_repeat() {
    use rand::RngExt;
    let earlier =
        vec![ended(0, TrialState::Complete, 1.0, &[1.0]), ended(1, TrialState::Running, 1.0, &[])];
    let drawn = || {
        let study = Study::in_memory(settings().with_warm_start(earlier.clone())).unwrap();
        let events = Mutex::new(Vec::new());
        let numbers = Mutex::new(Vec::new());
        let objective = |trial: &mut TrialRun<'_>| {
            numbers.lock().unwrap().push(trial.random().random::<u64>());
            distance(trial)
        };
        let note = |event: &StudyEvent| events.lock().unwrap().push(event.clone());
        study.run(1, &Budget::trials(2), &ON, objective, note).unwrap();
        assert_eq!(events.into_inner().unwrap()[0], StudyEvent::WarmStarted { used: 1, unfit: 1 });
        numbers.into_inner().unwrap()
    };
    let numbers = drawn();
    // Oracle: a second run, and the two trials differ.
    assert_eq!(drawn(), numbers);
    assert_ne!(numbers[0], numbers[1]);
}
