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

fn options(fits: usize) -> SearchOptions {
    SearchOptions { workers: NonZeroUsize::MIN, fits, steps: Some(9) }
}

/// Nine epochs that come closer to `1 - x * x`, each of so many milliseconds.
fn train(assignment: &Assignment, run: &Run, pause: u64) -> Result<f64, String> {
    let x = assignment.number("x").ok_or("no x")?;
    let at = |step: usize| (1.0 - x * x) * step as f64 / 9.0;
    for step in 1..=9 {
        std::thread::sleep(Duration::from_millis(pause));
        if run.report(Report { step, metric: at(step) }) == Decision::Stop {
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
        assert_eq!(told.2, trial.measurements.last().unwrap().step);
    }
    assert!(study.best().unwrap().unwrap().values[0] > 0.8);
}

#[test]
fn time_is_kept_for_what_follows() {
    // Oracle: with time for three trainings of the first trial's length kept, little more than that much of it is used.
    let wall = Duration::from_millis(2_000);
    let run = Run::new("ndarray").with_budget(Budget { wall: Some(wall) });
    let study = study(1_000);
    search(&study, &run, &options(3), |assignment, run| train(assignment, run, 20)).unwrap();
    let left = wall.saturating_sub(run.elapsed());
    let best = study.best().unwrap().expect("one is complete").seconds;
    assert!(left.as_secs_f64() > 2.0 * best, "{left:?} {best}");
    assert!(study.trials().unwrap().len() < 1_000);
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
    assert!(study.trials().unwrap().len() <= 4);
    assert_eq!(*warnings.lock().unwrap(), 1);
}
