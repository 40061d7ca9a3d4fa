use std::sync::{Arc, Mutex};

use ensue_tune::{Direction, Scale, Space, StudySettings, sampler::Random, scheduler::Asha};

use super::*;

fn study(trials: u64) -> Study {
    let space = Space::builder().float("x", -1.0..=1.0, Scale::Linear).build().unwrap();
    let settings = StudySettings::new(space, Random::default())
        .with_trials(trials)
        .with_directions(&[Direction::Maximize])
        .with_scheduler(Asha { max_steps: Some(9), ..Asha::default() });
    Study::in_memory(settings).unwrap()
}

fn options(fits: usize) -> SearchOptions<'static> {
    SearchOptions { workers: NonZeroUsize::MIN, devices: &[], fits }
}

/// Nine epochs that come closer to `1 - x * x`, each of so many milliseconds.
fn train(assignment: &Assignment, run: &Run, pause: u64) -> Result<f64, String> {
    let x = assignment.number("x").ok_or("no x")?;
    let at = |step: usize| (1.0 - x * x) * step as f64 / 9.0;
    for step in 1..=9 {
        thread::sleep(Duration::from_millis(pause));
        if run.report(Report { step, steps: 9, metric: at(step) }) == Decision::Stop {
            return Ok(at(step));
        }
    }
    Ok(at(9))
}

#[test]
fn trials_are_stopped_early_and_told() {
    // Oracle: the study's own record, and the best of a function whose optimum is known.
    let study = study(20);
    let told = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&told);
    let run =
        Run::new("ndarray").on_progress(move |event| sink.lock().unwrap().push(event.clone()));
    search(&study, &run, &options(0), |assignment, run| train(assignment, run, 0)).unwrap();
    let trials = study.trials().unwrap();
    assert_eq!(trials.len(), 20);
    let of = |state| trials.iter().filter(|trial| trial.state == state).count();
    assert!(of(TrialState::Stopped) > 5 && of(TrialState::Complete) > 0);
    let told = told.lock().unwrap();
    let told: Vec<_> = told
        .iter()
        .map(|event| match event {
            Progress::Trial { trial, state, steps, .. } => (*trial, state.as_str(), *steps),
            other => panic!("{other:?}"),
        })
        .collect();
    for (trial, told) in trials.iter().zip(&told) {
        let state = if trial.state == TrialState::Complete { "complete" } else { "stopped" };
        assert_eq!(told.0, trial.number);
        assert_eq!(told.1, state);
        // A whole trial is not asked about at its end.
        let measured = trial.measurements.last().unwrap().step;
        assert_eq!(told.2, if told.1 == "complete" { 9 } else { measured });
    }
    assert!(study.best().unwrap().unwrap().values[0] > 0.8);
}

#[test]
fn time_is_kept_for_what_follows() {
    // Oracle: with time for three trainings of the first trial's length kept, little more than that much of it is used.
    let wall = Duration::from_secs(2);
    let run = Run::new("ndarray").with_budget(Budget { wall: Some(wall) });
    let study = study(1_000);
    search(&study, &run, &options(3), |assignment, run| train(assignment, run, 20)).unwrap();
    let left = wall.saturating_sub(run.elapsed());
    let best = study.best().unwrap().expect("one is complete").seconds;
    assert!(left.as_secs_f64() > 2.0 * best, "{left:?} {best}");
    assert!(study.trials().unwrap().len() < 1_000);
}

#[test]
fn trials_are_spread_over_devices() {
    // Oracle: two workers that hold their trials together are never on one device; counts by hand.
    let devices = ["one".to_owned(), "two".to_owned()];
    let seen = Mutex::new(std::collections::BTreeMap::<String, usize>::new());
    let both = std::sync::Barrier::new(2);
    let two = NonZeroUsize::new(2).unwrap();
    let options = SearchOptions { workers: two, devices: &devices, ..options(0) };
    search(&study(8), &Run::new("ndarray"), &options, |_, run| {
        *seen.lock().unwrap().entry(run.device.clone()).or_default() += 1;
        both.wait();
        Ok::<f64, String>(0.5)
    })
    .unwrap();
    let expected = [("one".to_owned(), 4), ("two".to_owned(), 4)];
    assert_eq!(seen.into_inner().unwrap().into_iter().collect::<Vec<_>>(), expected);
    let run = Run::new("wgpu").with_threads(NonZeroUsize::new(16).unwrap());
    assert_eq!(default_workers(&[], &run).get(), 1);
    assert_eq!(default_workers(&devices, &run).get(), 2);
    let cpu = Run::new("ndarray").with_threads(NonZeroUsize::new(16).unwrap());
    assert_eq!(default_workers(&[], &cpu).get(), 10);
}

#[test]
fn a_search_without_time_for_an_epoch_ends_in_time() {
    // Oracle: half of the time is kept for one training while nothing is known; no trial failed, none is complete.
    let wall = Duration::from_millis(600);
    let run = Run::new("ndarray").with_budget(Budget { wall: Some(wall) });
    let study = study(10);
    search(&study, &run, &options(1), |_, run| {
        while !run.out_of_time() {
            thread::sleep(Duration::from_millis(5));
        }
        Err::<f64, _>("no time")
    })
    .unwrap();
    assert!(run.elapsed() < Duration::from_millis(500), "{:?}", run.elapsed());
    assert!(study.trials().unwrap().iter().all(|trial| trial.state == TrialState::Running));
}

#[test]
fn a_cancelled_search_ends_and_failures_are_warnings() {
    // Oracle: the flag, raised in the third trial; the second fails.
    let study = study(50);
    let warnings = Arc::new(Mutex::new(0));
    let sink = Arc::clone(&warnings);
    let run = Run::new("ndarray").on_progress(move |event| {
        *sink.lock().unwrap() += usize::from(matches!(event, Progress::Warning { .. }));
    });
    let flag = run.cancel.clone();
    let count = Mutex::new(0);
    search(&study, &run, &options(0), |assignment, run| {
        let mut count = count.lock().unwrap();
        *count += 1;
        match *count {
            2 => return Err("broken".to_owned()),
            3 => flag.cancel(),
            _ => {}
        }
        train(assignment, run, 0)
    })
    .unwrap();
    let trials = study.trials().unwrap();
    assert!(trials.len() <= 4);
    assert_eq!(*warnings.lock().unwrap(), 1);
    // What was cut short is given back: neither failed nor complete.
    assert_eq!(trials.last().unwrap().state, TrialState::Running);
}
