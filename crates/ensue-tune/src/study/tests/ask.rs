use std::path::PathBuf;

use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use super::*;
use crate::journal::{Journal, Source};
use crate::scheduler::Asha;
use crate::study::{Outcome, Study, StudyError, best, pareto_front};
use crate::{Direction, Verdict};

fn place() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("study.jsonl");
    (dir, path)
}

#[test]
fn ask_and_tell_until_the_trials_are_used_up() {
    let study = Study::in_memory(settings().with_trials(20)).unwrap();
    let mut losses = Vec::new();
    while let Some(ticket) = study.ask().unwrap() {
        assert_eq!(ticket.number, losses.len() as u64);
        let loss = (ticket.assignment.number("x").unwrap() - 300.0).abs();
        losses.push(loss);
        study.finish(&ticket, Outcome::Complete(vec![loss])).unwrap();
    }
    // Oracle: brute force over what was told.
    assert_eq!(losses.len(), 20);
    let best = study.best().unwrap().unwrap();
    assert_eq!(best.values, [losses.iter().copied().reduce(f64::min).unwrap()]);
    assert_eq!(study.trials().unwrap().len(), 20);
    assert!(study.ask().unwrap().is_none());
}

#[test]
fn proposals_depend_on_seed_and_number() {
    let (_dir, path) = place();
    let whole = Study::in_memory(settings()).unwrap();
    let expected: Vec<Assignment> =
        (0..6).map(|_| whole.ask().unwrap().unwrap().assignment).collect();
    // Oracle: the same study in one go. This one is opened anew for every trial.
    for assignment in &expected {
        let study = Study::open_or_create(&path, settings()).unwrap();
        assert_eq!(study.ask().unwrap().unwrap().assignment, *assignment);
    }
    let other = Study::in_memory(settings().with_seed(12)).unwrap();
    assert_ne!(other.ask().unwrap().unwrap().assignment, expected[0]);
    assert_ne!(expected[0], expected[1]);
}

#[test]
fn what_is_enqueued_comes_first() {
    let study = Study::in_memory(settings().with_enqueued(at(1.0)).with_enqueued(at(2.0))).unwrap();
    let next = || study.ask().unwrap().unwrap();
    // Oracle: the order in which they were enqueued.
    assert_eq!(next().assignment, at(1.0));
    study.enqueue(at(3.0)).unwrap();
    assert_eq!(next().assignment, at(2.0));
    assert_eq!(next().assignment, at(3.0));
    let sampled = next().number;
    let sources = study
        .journal()
        .read(|ledger| [0, sampled].map(|number| ledger.detail(number).unwrap().source));
    assert_eq!(sources.unwrap(), [Source::Queue, Source::Sampler]);
    let error = study.enqueue(at(1001.0)).unwrap_err().to_string();
    assert!(error.contains("`x` is 1001, which is outside its domain"), "{error}");
    let error =
        Study::in_memory(settings().with_enqueued(Assignment::default())).unwrap_err().to_string();
    assert!(error.contains("`enqueue` 0: `x` has no value"), "{error}");
}

#[test]
fn an_expired_trial_is_taken_over_once_and_the_late_finish_refused() {
    let (_dir, path) = place();
    let (settings, clock) = timed();
    let old = Study::create(&path, settings.clone().with_worker("old")).unwrap();
    let new = Study::open(&path, settings.with_worker("new")).unwrap();
    let late = old.ask().unwrap().unwrap();
    old.report(&late, 1, 5.0).unwrap();
    clock.advance(seconds(59));
    // Oracle: the contract. The lease is 60 s, and 59 have passed.
    assert_eq!(new.ask().unwrap().unwrap().number, 1);
    clock.advance(seconds(1));
    let taken = new.ask().unwrap().unwrap();
    assert_eq!((taken.number, taken.attempt, &taken.assignment), (0, 2, &late.assignment));
    assert_eq!(taken.taken_from.as_deref(), Some("old"));
    assert!(new.trials().unwrap()[0].measurements.is_empty());
    assert!(matches!(
        old.report(&late, 2, 4.0),
        Err(StudyError::Superseded { trial: 0, attempt: 1 })
    ));
    assert!(matches!(old.renew(&late), Err(StudyError::Superseded { .. })));
    let finish = |study: &Study, ticket| study.finish(ticket, Outcome::Complete(vec![1.0]));
    assert!(matches!(finish(&old, &late), Err(StudyError::Superseded { .. })));
    new.report(&taken, 1, 3.0).unwrap();
    clock.advance(seconds(7));
    let trial = finish(&new, &taken).unwrap();
    assert_eq!((trial.values, trial.seconds, trial.measurements.len()), (vec![1.0], 7.0, 1));
    assert!(matches!(finish(&new, &taken), Err(StudyError::Superseded { .. })));
}

#[test]
fn reports_and_renewals_keep_the_lease() {
    let (settings, clock) = timed();
    let study = Study::in_memory(settings).unwrap();
    let ticket = study.ask().unwrap().unwrap();
    for step in 1..=3 {
        clock.advance(seconds(50));
        study.report(&ticket, step, 1.0).unwrap();
        clock.advance(seconds(50));
        study.renew(&ticket).unwrap();
    }
    clock.advance(seconds(50));
    // Oracle: the contract. Never were 60 s silent, so trial 0 is not given out again; one that is given back is.
    assert_eq!(study.ask().unwrap().unwrap().number, 1);
    study.release(&ticket).unwrap();
    let again = study.ask().unwrap().unwrap();
    assert_eq!((again.number, again.attempt), (0, 2));
}

#[test]
fn a_lease_may_be_without_end() {
    let (settings, clock) = timed();
    let study = Study::in_memory(settings.with_lease(Duration::MAX)).unwrap();
    clock.advance(seconds(1));
    let ticket = study.ask().unwrap().unwrap();
    clock.advance(seconds(1_000_000_000));
    study.renew(&ticket).unwrap();
    // Oracle: the contract. It is never given out again.
    assert_eq!(study.ask().unwrap().unwrap().number, 1);
}

#[test]
fn a_trial_that_kills_its_workers_fails_in_the_end() {
    let (settings, clock) = timed();
    let study = Study::in_memory(settings.with_max_attempts(2)).unwrap();
    let attempts: Vec<(u64, u32)> = (0..3)
        .map(|_| {
            let ticket = study.ask().unwrap().unwrap();
            clock.advance(seconds(60));
            (ticket.number, ticket.attempt)
        })
        .collect();
    // Oracle: by hand. Two attempts, then the next trial.
    assert_eq!(attempts, [(0, 1), (0, 2), (1, 1)]);
    assert_eq!(study.trials().unwrap()[0].state, TrialState::Failed);
    let message = study.journal().read(|ledger| ledger.detail(0).unwrap().message.clone()).unwrap();
    assert_eq!(message.unwrap(), "its workers died or went silent 2 times");
}

#[test]
fn another_study_is_refused() {
    let (_dir, path) = place();
    assert!(Study::open(&path, settings()).is_err());
    drop(Study::create(&path, settings()).unwrap());
    let wider = r#"[{"name": "x", "domain": {"type": "float", "low": 0.0, "high": 2000.0}}]"#;
    // Oracle: the list of what a journal remembers.
    for (field, other) in [
        ("seed", settings().with_seed(12)),
        ("fingerprint", settings().with_fingerprint("other data")),
        ("directions", settings().with_directions(&[Direction::Maximize])),
        ("scheduler", settings().with_scheduler(Asha::default())),
        ("sampler", StudySettings::new(space(), Uniform { label: "other" }).with_seed(11)),
        ("space", StudySettings::new(serde_json::from_str(wider).unwrap(), UNIFORM).with_seed(11)),
    ] {
        for error in [
            Study::open(&path, other.clone()).unwrap_err(),
            Study::open_or_create(&path, other).unwrap_err(),
        ] {
            let StudyError::Differs { field: found, .. } = error else { panic!("{error}") };
            assert_eq!(found, field);
        }
    }
    assert!(Study::create(&path, settings()).is_err());
    assert!(Study::open(&path, settings().with_trials(3).with_enqueued(at(1.0))).is_ok());
    assert!(Study::in_memory(settings().with_directions(&[])).is_err());
}

/// Proposes the number of trials that it can see, and notes their numbers' sum.
#[derive(Debug, Serialize)]
struct Counting;

impl Sampler for Counting {
    fn sample(&self, history: &History<'_>, _: &mut ChaCha8Rng) -> Assignment {
        let in_order = (0..).zip(history.trials).all(|(index, trial)| trial.number == index);
        at(if in_order { history.trials.len() as f64 } else { -1.0 })
    }
}

#[test]
fn warm_start_teaches_the_sampler_and_counts_for_nothing_else() {
    let earlier = vec![
        ended(7, TrialState::Complete, 500.0, &[-100.0]),
        ended(8, TrialState::Stopped, 1.0, &[2.0]),
        ended(9, TrialState::Failed, 1.0, &[]),
        ended(10, TrialState::Running, 1.0, &[]),
        ended(11, TrialState::Complete, 1001.0, &[1.0]),
        ended(12, TrialState::Complete, 1.0, &[1.0, 2.0]),
    ];
    let settings = StudySettings::new(space(), Counting).with_warm_start(earlier).with_trials(2);
    let study = Study::in_memory(settings).unwrap();
    // Oracle: by hand. Three fit, and the study's own trials follow them.
    assert_eq!(study.warm_start().used, 3);
    let unfit = &study.warm_start().unfit;
    assert_eq!(unfit.len(), 3);
    assert_eq!(unfit[0], "trial 10: it has not ended");
    assert_eq!(unfit[1], "trial 11: `x` is 1001, which is outside its domain");
    assert_eq!(unfit[2], "trial 12: it has 2 values, and 1 are needed");
    let first = study.ask().unwrap().unwrap();
    let second = study.ask().unwrap().unwrap();
    assert_eq!((first.number, first.assignment), (0, at(3.0)));
    assert_eq!((second.number, &second.assignment), (1, &at(4.0)));
    assert!(study.ask().unwrap().is_none());
    assert_eq!(study.best().unwrap(), None);
    study.finish(&second, Outcome::Complete(vec![9.0])).unwrap();
    assert_eq!(study.best().unwrap().unwrap().values, [9.0]);
}

#[test]
fn conditions_decide_what_fits() {
    let space: Space = serde_json::from_str(
        r#"[
            {"name": "kind", "domain": {"type": "categorical", "choices": ["a", "b"]}},
            {"name": "n", "domain": {"type": "integer", "low": 1, "high": 3},
             "only_if": {"parameter": "kind", "is": ["b"]}}
        ]"#,
    )
    .unwrap();
    // Oracle: by hand from the space.
    for (json, rule) in [
        (r#"{"kind": "a"}"#, None),
        (r#"{"kind": "b", "n": 3}"#, None),
        (r#"{"kind": "b"}"#, Some("`n` has no value")),
        (r#"{"kind": "a", "n": 3}"#, Some("`n` is 3, but its condition does not hold")),
        (r#"{"kind": "b", "n": 4}"#, Some("`n` is 4, which is outside its domain")),
        (r#"{"kind": "b", "n": 2.5}"#, Some("`n` is 2.5, which is outside its domain")),
        (r#"{"kind": "c"}"#, Some("`kind` is c, which is outside its domain")),
        (r#"{"kind": "a", "more": 1}"#, Some("`more` is not in the space")),
        ("{}", Some("`kind` has no value")),
    ] {
        let assignment = serde_json::from_str(json).unwrap();
        assert_eq!(crate::study::fit::fits(&space, &assignment).err().as_deref(), rule, "{json}");
    }
}

#[test]
fn ends_that_do_not_match_are_refused() {
    let study = Study::in_memory(settings()).unwrap();
    let ticket = study.ask().unwrap().unwrap();
    let end = |outcome| study.finish(&ticket, outcome);
    // Oracle: one objective, no measurement yet.
    assert!(matches!(
        end(Outcome::Complete(vec![1.0, 2.0])),
        Err(StudyError::Values { found: 2, wanted: 1, .. })
    ));
    assert!(matches!(end(Outcome::Stopped), Err(StudyError::Unmeasured { trial: 0 })));
    study.report(&ticket, 4, 0.5).unwrap();
    assert!(study.report(&ticket, 4, 0.5).unwrap_err().to_string().contains("steps must rise"));
    assert_eq!(end(Outcome::Stopped).unwrap().values, [0.5]);
}

#[test]
fn the_scheduler_is_asked() {
    let study = Study::in_memory(settings().with_scheduler(Asha::default())).unwrap();
    let (one, two) = (study.ask().unwrap().unwrap(), study.ask().unwrap().unwrap());
    // Oracle: the rule of successive halving, by hand: the first goes on, a worse second does not.
    assert_eq!(study.report(&one, 1, 1.0).unwrap(), Verdict::Continue);
    assert_eq!(study.report(&two, 1, 2.0).unwrap(), Verdict::Stop);
}

#[test]
fn notes_are_kept() {
    let (_dir, path) = place();
    let study = Study::create(&path, settings()).unwrap();
    study.ask().unwrap();
    study.note(Some(0), "epochs", 7.into()).unwrap();
    study.note(None, "who", "first".into()).unwrap();
    study.note(None, "who", "second".into()).unwrap();
    let ledger = Journal::load(&path).unwrap();
    // Oracle: what was noted last.
    assert_eq!(ledger.notes()["who"], "second");
    assert_eq!(ledger.detail(0).unwrap().notes["epochs"], 7);
    assert!(study.note(Some(1), "epochs", 7.into()).is_err());
}

#[test]
fn nan_is_never_best() {
    let trials = [
        ended(0, TrialState::Complete, 0.0, &[f64::NAN]),
        ended(1, TrialState::Failed, 0.0, &[]),
        ended(2, TrialState::Stopped, 0.0, &[-9.0]),
        ended(3, TrialState::Complete, 0.0, &[4.0]),
        ended(4, TrialState::Complete, 0.0, &[4.0]),
        ended(5, TrialState::Complete, 0.0, &[5.0]),
    ];
    let number = |direction| best(&trials, direction).map(|trial| trial.number);
    // Oracle: by hand. Complete ones only, the earlier of equals.
    assert_eq!(number(Direction::Minimize), Some(3));
    assert_eq!(number(Direction::Maximize), Some(5));
    assert_eq!(best(&trials[..3], Direction::Minimize), None);
    let front = pareto_front(&trials, &[Direction::Minimize]);
    assert_eq!(front.iter().map(|trial| trial.number).collect::<Vec<_>>(), [3, 4]);
}

proptest! {
    #[test]
    fn the_front_is_the_staircase(points in prop::collection::vec((0..8_i32, 0..8_i32), 0..40)) {
        let trials: Vec<Trial> = (0..)
            .zip(&points)
            .map(|(number, (a, b))| ended(number, TrialState::Complete, 0.0, &[f64::from(*a), f64::from(-b)]))
            .collect();
        let front = pareto_front(&trials, &[Direction::Minimize, Direction::Maximize]);
        let found: Vec<usize> = front.iter().map(|trial| trial.number as usize).collect();
        // Oracle: a sweep by the first objective. A point is on the staircase when it is the lowest of its column
        // and lower than all columns before.
        let mut order: Vec<usize> = (0..points.len()).collect();
        order.sort_by_key(|index| points[*index]);
        let (mut expected, mut lowest, mut corner) = (Vec::new(), i32::MAX, None);
        for index in order {
            if points[index].1 < lowest {
                lowest = points[index].1;
                corner = Some(points[index]);
            }
            if corner == Some(points[index]) {
                expected.push(index);
            }
        }
        expected.sort_unstable();
        prop_assert_eq!(found, expected);
    }
}
