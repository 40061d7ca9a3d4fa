use proptest::prelude::*;
use rand::RngExt;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::*;
use crate::{Assignment, Direction, Measurement, Space, TrialState};

/// A trial with these values at these steps.
fn trial(number: u64, state: TrialState, measured: &[(u64, f64)]) -> Trial {
    Trial {
        number,
        assignment: Assignment::default(),
        state,
        measurements: measured.iter().map(|&(step, value)| Measurement { step, value }).collect(),
        values: Vec::new(),
        seconds: 0.0,
    }
}

/// The verdict on the last of the trials, of which lower values are better.
fn verdict_on_last(scheduler: &dyn Scheduler, trials: &[Trial]) -> Verdict {
    let space = Space::default();
    let history = History { space: &space, directions: &[Direction::Minimize], trials };
    scheduler.verdict(&history, trials.last().unwrap())
}

#[test]
fn asha_keeps_the_best_third_at_a_rung() {
    let others: Vec<Trial> = [0.1, 0.2, 0.3, 0.4, 0.5]
        .iter()
        .enumerate()
        .map(|(number, value)| trial(number as u64, TrialState::Running, &[(1, *value)]))
        .collect();
    // Oracle: by hand. With itself six trials reached the rung, so two go on: rank 1 and 2 do, rank 3 does not.
    for (value, expected) in [
        (0.05, Verdict::Continue),
        (0.15, Verdict::Continue),
        (0.2, Verdict::Continue),
        (0.25, Verdict::Stop),
    ] {
        let mut trials = others.clone();
        trials.push(trial(5, TrialState::Running, &[(1, value)]));
        assert_eq!(verdict_on_last(&Asha::default(), &trials), expected, "{value}");
    }
}

#[test]
fn asha_asks_at_rungs_only() {
    let best = trial(0, TrialState::Complete, &[(1, 0.0), (2, 0.0), (3, 0.0), (9, 0.0)]);
    // Oracle: by hand. Rungs lie at 1, 3, 9; a worse trial ends there and not between.
    for (steps, expected) in
        [(1, Verdict::Stop), (2, Verdict::Continue), (3, Verdict::Stop), (4, Verdict::Continue)]
    {
        let measured: Vec<(u64, f64)> = (1..=steps).map(|step| (step, 1.0)).collect();
        let trials = [best.clone(), trial(1, TrialState::Running, &measured)];
        assert_eq!(verdict_on_last(&Asha::default(), &trials), expected, "after {steps}");
    }
    // No rung at or beyond the end of a full trial.
    let asha = Asha { max_steps: Some(9), ..Asha::default() };
    let trials = [best.clone(), trial(1, TrialState::Running, &[(8, 1.0), (9, 1.0)])];
    assert_eq!(verdict_on_last(&asha, &trials), Verdict::Continue);
    assert_eq!(verdict_on_last(&Asha::default(), &trials), Verdict::Stop);
    // A measurement that passes several rungs is asked at the highest.
    let trials = [best, trial(1, TrialState::Running, &[(5, 1.0)])];
    assert_eq!(verdict_on_last(&Asha::default(), &trials), Verdict::Stop);
}

#[test]
fn asha_compares_within_a_bracket() {
    let asha = Asha { brackets: 2, ..Asha::default() };
    let good = trial(0, TrialState::Running, &[(1, 0.0), (3, 0.0)]);
    // Oracle: by hand. Trial 1 is alone in its bracket; trial 2 meets trial 0.
    assert_eq!(
        verdict_on_last(
            &asha,
            &[good.clone(), trial(1, TrialState::Running, &[(1, 1.0), (3, 1.0)])]
        ),
        Verdict::Continue
    );
    let middle = trial(1, TrialState::Running, &[]);
    assert_eq!(
        verdict_on_last(&asha, &[good, middle, trial(2, TrialState::Running, &[(1, 1.0)])]),
        Verdict::Stop
    );
    // Bracket 1 has no rung at 1: its first lies at 3.
    let three = trial(1, TrialState::Running, &[(1, 0.0), (3, 0.0)]);
    assert_eq!(
        verdict_on_last(&asha, &[three.clone(), trial(3, TrialState::Running, &[(1, 1.0)])]),
        Verdict::Continue
    );
    assert_eq!(
        verdict_on_last(&asha, &[three, trial(3, TrialState::Running, &[(1, 1.0), (3, 1.0)])]),
        Verdict::Stop
    );
}

#[test]
fn nan_is_worst() {
    let nan = trial(0, TrialState::Running, &[(1, f64::NAN)]);
    // Oracle: by definition, NaN is worse than any number and never passes a rung.
    assert_eq!(verdict_on_last(&Asha::default(), std::slice::from_ref(&nan)), Verdict::Stop);
    let bad = trial(1, TrialState::Running, &[(1, 1e300)]);
    assert_eq!(verdict_on_last(&Asha::default(), &[nan, bad]), Verdict::Continue);
    let complete: Vec<Trial> = (0..5)
        .map(|number| trial(number, TrialState::Complete, &[(1, f64::from(number as u32))]))
        .collect();
    let with =
        |value| [complete.clone(), vec![trial(5, TrialState::Running, &[(1, value)])]].concat();
    assert_eq!(verdict_on_last(&Median::default(), &with(f64::NAN)), Verdict::Stop);
    assert_eq!(verdict_on_last(&Median::default(), &with(2.0)), Verdict::Continue);
}

#[test]
fn median_rule_by_hand() {
    // Oracle: by hand. Means up to step 2 are 1, 2, 3, 4, 5, so the median is 3; the trial's best counts.
    let mut trials: Vec<Trial> = (1..=5)
        .map(|n| {
            let mean = n as f64;
            let measured = [(1, mean + 0.5), (2, mean - 0.5), (3, -100.0)];
            trial(n - 1, TrialState::Complete, &measured)
        })
        .collect();
    trials.push(trial(5, TrialState::Running, &[(1, 3.0), (2, 9.0)]));
    assert_eq!(verdict_on_last(&Median::default(), &trials), Verdict::Continue);
    trials[5] = trial(5, TrialState::Running, &[(1, 3.1), (2, 9.0)]);
    assert_eq!(verdict_on_last(&Median::default(), &trials), Verdict::Stop);
    let warm = Median { warm_up_steps: 3, ..Median::default() };
    assert_eq!(verdict_on_last(&warm, &trials), Verdict::Continue);
    let later = Median { startup_trials: 6, ..Median::default() };
    assert_eq!(verdict_on_last(&later, &trials), Verdict::Continue);
    // Trials that were cut are not complete and do not count.
    trials[0].state = TrialState::Stopped;
    assert_eq!(verdict_on_last(&Median::default(), &trials), Verdict::Continue);
}

#[test]
fn hyperband_brackets_have_the_papers_shares() {
    let hyperband = Hyperband { min_steps: 1, max_steps: 81, reduction: 3 };
    assert_eq!(hyperband.brackets(), 5);
    // Oracle: Li et al. 2018, table 1 (R = 81, eta = 3): first rungs 1, 3, 9, 27, 81 for s = 4 to 0; the sizes by
    // its Algorithm 1, ceil(5 / (s + 1) * 3^s), are 81, 34, 15, 8, 5.
    let rungs: Vec<u64> = (0..5).map(|bracket| hyperband.first_rung(bracket)).collect();
    assert_eq!(rungs, [81, 27, 9, 3, 1]);
    let mut counts = [0.0_f64; 5];
    for number in 0..14_300 {
        counts[hyperband.bracket(number) as usize] += 0.01;
    }
    for (count, size) in counts.iter().zip([5.0, 8.0, 15.0, 34.0, 81.0]) {
        assert!((count - size).abs() < 1.5, "{counts:?}");
    }
}

#[test]
fn hyperband_never_cuts_in_bracket_0() {
    let hyperband = Hyperband::default();
    let numbers: Vec<u64> =
        (0..100).filter(|number| hyperband.bracket(*number) == 0).take(2).collect();
    let (good, bad): (Vec<_>, Vec<_>) = (1..=27).map(|step| ((step, 0.0), (step, 1.0))).unzip();
    for steps in 1..=27 {
        let trials = [
            trial(numbers[0], TrialState::Complete, &good),
            trial(numbers[1], TrialState::Running, &bad[..steps]),
        ];
        // Oracle: Algorithm 1 with s = 0 has one round of full length.
        assert_eq!(verdict_on_last(&hyperband, &trials), Verdict::Continue);
    }
}

#[test]
fn schedulers_are_named_in_json() {
    // Oracle: the documented names.
    for (json, expected) in [
        (r#"{"scheduler":"none"}"#, AnyScheduler::None),
        (r#"{"scheduler":"asha"}"#, Asha::default().into()),
        (r#"{"scheduler":"hyperband"}"#, Hyperband::default().into()),
        (r#"{"scheduler":"median"}"#, Median::default().into()),
    ] {
        let read: AnyScheduler = serde_json::from_str(json).unwrap();
        assert_eq!(read, expected);
        let again = serde_json::to_string(&read).unwrap();
        assert_eq!(serde_json::from_str::<AnyScheduler>(&again).unwrap(), expected);
    }
    assert!(serde_json::from_str::<AnyScheduler>(r#"{"scheduler":"asha","min_step":1}"#).is_err());
}

/// Saturating curves with noise, as training runs draw them.
fn recorded(count: usize, epochs: usize, random: &mut ChaCha8Rng) -> Vec<Vec<f64>> {
    (0..count)
        .map(|_| {
            let end = 0.5 + 0.4 * random.random::<f64>();
            let pace = 1.0 + 4.0 * random.random::<f64>();
            (1..=epochs)
                .map(|epoch| {
                    end * (1.0 - (-(epoch as f64) / pace).exp()) + 0.005 * random.random::<f64>()
                })
                .collect()
        })
        .collect()
}

#[test]
fn asha_saves_two_thirds_on_saturating_curves() {
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let curves = recorded(60, 27, &mut random);
    let best = curves.iter().filter_map(|curve| curve.last()).copied().fold(f64::MIN, f64::max);
    for workers in [1, 4] {
        let (mut steps, mut found) = (Vec::new(), Vec::new());
        for _ in 0..100 {
            let mut order: Vec<usize> = (0..60).collect();
            order.shuffle(&mut random);
            let asha = Asha { max_steps: Some(27), ..Asha::default() };
            let replayed = replay(&asha, &curves, &order, workers);
            steps.push(replayed.steps);
            found.push(replayed.best.unwrap());
        }
        steps.sort_unstable();
        found.sort_by(f64::total_cmp);
        // Oracle: full random search spends 60 * 27 epochs and finds the best.
        assert!(steps[50] * 3 <= 60 * 27, "{workers} workers: {} epochs", steps[50]);
        assert!(found[50] >= 0.99 * best, "{workers} workers: {} of {best}", found[50]);
    }
}

proptest! {
    #[test]
    fn replay_accounts_for_every_trial(
        curves in prop::collection::vec(prop::collection::vec(0.0..1.0_f64, 1..12), 0..20),
        workers in 0..5_usize,
    ) {
        let order: Vec<usize> = (0..curves.len()).rev().collect();
        let lengths: u64 = curves.iter().map(|curve| curve.len() as u64).sum();
        let best = curves.iter().filter_map(|curve| curve.last()).copied().reduce(f64::max);
        // Oracle: without a scheduler everything runs, and brute force finds the best end.
        let full = replay(&AnyScheduler::None, &curves, &order, workers);
        prop_assert_eq!(full, Replay { best, steps: lengths, complete: curves.len() as u64, stopped: 0 });
        // Whatever is cut, every trial ends in one way, and no more is spent than there is.
        for scheduler in [AnyScheduler::from(Asha::default()), Hyperband::default().into(), Median::default().into()] {
            let cut = replay(&scheduler, &curves, &order, workers);
            prop_assert_eq!(cut.complete + cut.stopped, curves.len() as u64);
            prop_assert!(cut.steps <= lengths && cut.best <= best);
        }
    }
}
