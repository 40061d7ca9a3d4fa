use rand::SeedableRng;

use super::*;
use crate::{Direction, Measurement, Scale, Space, Trial, TrialState, functions::Function};

fn trial(number: usize, assignment: Assignment, state: TrialState, values: Vec<f64>) -> Trial {
    let value = values.first().copied().unwrap_or(0.0);
    let measurements = vec![Measurement { step: number as u64 % 3, value }];
    Trial { number: number as u64, assignment, state, measurements, values, seconds: 0.0 }
}

/// A search of so many trials, one after the other.
fn search(space: &Space, trials: usize, f: impl Fn(&Assignment) -> f64) -> Vec<Trial> {
    let mut done = Vec::new();
    for number in 0..trials {
        let assignment = propose(space, &done, number as u64);
        let values = vec![f(&assignment)];
        done.push(trial(number, assignment, TrialState::Complete, values));
    }
    done
}

fn propose(space: &Space, trials: &[Trial], seed: u64) -> Assignment {
    let history = History { space, directions: &[Direction::Minimize], trials };
    Tpe::default().sample(&history, &mut ChaCha8Rng::seed_from_u64(seed))
}

fn line() -> Space {
    Space::builder().float("x", 0.0..=1.0, Scale::Linear).build().unwrap()
}

#[test]
fn weights() {
    // Oracle: by hand: ln 2.5 and ln 1.25 over half their sum; a ramp over what is older than the 25 newest.
    let (first, second) = (2.5f64.ln(), 1.25f64.ln());
    let found = by_rank(2);
    assert!((found[0] - 2.0 * first / (first + second)).abs() < 1e-12);
    assert!((found.iter().sum::<f64>() - 2.0).abs() < 1e-12);
    assert_eq!(by_rank(1), [1.0]);
    assert_eq!(by_age(3), [1.0; 3]);
    let aged = by_age(50);
    assert_eq!((aged[0], aged[25], aged[49]), (0.02, 1.0, 1.0));
    assert!((aged[10] - (0.02 + 0.98 * 0.4)).abs() < 1e-12);
    let tpe = Tpe::default();
    assert_eq!([0, 1, 5, 6, 100, 1000].map(|n| tpe.good(n)), [0, 1, 1, 2, 20, 25]);
}

#[test]
fn one_group_a_condition() {
    // Oracle: the conditions of the space, by hand.
    let space = Function::Models.space();
    assert_eq!(groups(space.parameters()), [vec![0, 1], vec![2], vec![3, 4], vec![5, 6]]);
}

#[test]
fn proposals_are_assignments_and_repeat() {
    // Oracle: `check`, and the identity, whatever became of the trials.
    for function in Function::ALL {
        let space = function.space();
        for directions in [&[Direction::Minimize][..], &[Direction::Maximize, Direction::Minimize]]
        {
            let mut trials = Vec::new();
            for number in 0..40 {
                let history = History { space: &space, directions, trials: &trials };
                let seeded = || ChaCha8Rng::seed_from_u64(number as u64);
                let assignment = Tpe::default().sample(&history, &mut seeded());
                assert_eq!(space.check(&assignment), Ok(()));
                assert_eq!(Tpe::default().sample(&history, &mut seeded()), assignment);
                let value = function.value(&assignment);
                let (state, values) = match number % 8 {
                    0 => (TrialState::Failed, vec![]),
                    1 => (TrialState::Running, vec![]),
                    2 => (TrialState::Stopped, vec![value]),
                    3 => (TrialState::Complete, vec![f64::INFINITY; 2]),
                    4 => (TrialState::Complete, vec![f64::NAN; 2]),
                    _ => (TrialState::Complete, vec![value, -value]),
                };
                trials.push(trial(number, assignment, state, values));
            }
        }
    }
}

#[test]
fn trials_gather_where_it_is_good() {
    // Oracle: even draws lie 0.29 from 0.3 on average (the integral of |x - 0.3|), with a standard error of 0.02 over
    // 100 of them.
    let trials = search(&line(), 110, |a| (a.number("x").unwrap() - 0.3).powi(2));
    let distance = |trial: &Trial| (trial.assignment.number("x").unwrap() - 0.3).abs();
    let mean = trials[10..].iter().map(distance).sum::<f64>() / 100.0;
    assert!(mean < 0.15, "{mean}");
}

#[test]
fn the_good_choice_is_taken_more_often() {
    // Oracle: even draws take each model a third of the time; the network is better by 0.4 at its best.
    let space = Function::Models.space();
    let trials = search(&space, 80, |a| Function::Models.value(a));
    let takes = |seed: &u64| propose(&space, &trials, *seed).text("model") == Some("network");
    assert!((0..60).filter(takes).count() > 40);
}

#[test]
fn workers_keep_away_from_each_other() {
    // Oracle: the rule that running trials count as bad: proposals come nearer to a place without them than with them.
    let at = |x: f64| {
        let mut assignment = Assignment::default();
        assignment.set("x", x);
        assignment
    };
    let even = (0..30).map(|i| (i, (f64::from(i) + 0.5) / 30.0));
    let trials: Vec<Trial> = even
        .map(|(i, x)| trial(i as usize, at(x), TrialState::Complete, vec![(x - 0.5).powi(2)]))
        .collect();
    let near = |trials: &[Trial]| {
        let near =
            |seed: &u64| (propose(&line(), trials, *seed).number("x").unwrap() - 0.5).abs() < 0.02;
        (0..100).filter(near).count()
    };
    let mut busy = trials.clone();
    busy.extend((30..38).map(|number| trial(number, at(0.5), TrialState::Running, vec![])));
    let (alone, busy) = (near(&trials), near(&busy));
    assert!(busy * 2 < alone, "{busy} against {alone}");
}

#[test]
fn settings_have_ranges() {
    // Oracle: the documentation's ranges.
    let broken = [
        Tpe { candidates: 0, ..Tpe::default() },
        Tpe { good_share: 1.0, ..Tpe::default() },
        Tpe { good_at_most: 0, ..Tpe::default() },
        Tpe { prior_weight: f64::NAN, ..Tpe::default() },
    ];
    for (tpe, field) in
        broken.into_iter().zip(["candidates", "good_share", "good_at_most", "prior_weight"])
    {
        assert_eq!(tpe.check().unwrap_err().field, field);
    }
    let message = Tpe { good_share: 1.5, ..Tpe::default() }.check().unwrap_err().to_string();
    assert_eq!(message, "tpe: good_share is 1.5, and must be above 0 and below 1");
}
