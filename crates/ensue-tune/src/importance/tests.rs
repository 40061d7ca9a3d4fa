use super::*;
use crate::{
    Assignment, Direction, Sampler, Scale, Space, SpaceBuilder, Trial, sampler::QuasiRandom,
};

/// Shares of a function, learned from so many points.
fn shares(space: SpaceBuilder, n: usize, f: impl Fn(&Assignment) -> f64) -> Vec<(String, f64)> {
    let space = space.build().unwrap();
    let directions = [Direction::Minimize];
    let trials = trials(&space, n, f);
    importance(&History { space: &space, directions: &directions, trials: &trials }, 0, 1).unwrap()
}

fn trials(space: &Space, n: usize, f: impl Fn(&Assignment) -> f64) -> Vec<Trial> {
    let mut trials: Vec<Trial> = Vec::new();
    for number in 0..n as u64 {
        let history = History { space, directions: &[Direction::Minimize], trials: &trials };
        let assignment =
            QuasiRandom { seed: 5 }.sample(&history, &mut ChaCha8Rng::seed_from_u64(0));
        let (values, state) = (vec![f(&assignment)], TrialState::Complete);
        trials.push(Trial {
            number,
            assignment,
            state,
            measurements: vec![],
            values,
            seconds: 0.0,
        });
    }
    trials
}

fn share(shares: &[(String, f64)], name: &str) -> f64 {
    shares.iter().find(|(found, _)| found == name).unwrap().1
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() < 0.03
}

#[test]
fn additive_functions_have_their_sobol_indices() {
    // Oracle: variances of the terms: 9 / 12, 1 / 12, 0 for the real numbers, and 2 / 3 for 0, 1 or 2 with equal
    // probability; each over their sum, 1.5.
    let space = Space::builder()
        .float("large", 0.0..=1.0, Scale::Linear)
        .float("small", 1e-4..=1.0, Scale::Logarithmic)
        .float("none", 0.0..=1.0, Scale::Linear)
        .categorical("choice", ["a", "b", "c"]);
    let found = shares(space, 400, |a| {
        let choice = match a.text("choice") {
            Some("a") => 1.0,
            Some("b") => 0.0,
            _ => 2.0,
        };
        3.0 * a.number("large").unwrap() + a.number("small").unwrap().log10() / 4.0 + choice
    });
    assert!(close(share(&found, "large"), 0.5), "{found:?}");
    assert!(close(share(&found, "choice"), 4.0 / 9.0), "{found:?}");
    assert!(close(share(&found, "small"), 1.0 / 18.0), "{found:?}");
    assert!(share(&found, "none") < 0.01, "{found:?}");
    assert!((found.iter().map(|(_, share)| share).sum::<f64>() - 1.0).abs() < 1e-12);
    assert!(found.is_sorted_by(|a, b| a.1 >= b.1));
}

#[test]
fn a_parent_that_decides_is_seen_beside_its_child() {
    // Oracle: variance of the choice alone is 25 (0 or 10, whatever the child), of the child 1 / 12 where it counts.
    let space = Space::builder()
        .categorical("kind", ["on", "off"])
        .float("child", 0.0..=1.0, Scale::Linear)
        .only_if("kind", ["on"])
        .float("none", 0.0..=1.0, Scale::Linear);
    let found = shares(space, 200, |a| a.number("child").map_or(10.0, |child| child - 0.5));
    assert!(share(&found, "kind") > 0.98, "{found:?}");
    assert!(share(&found, "none") < 0.01, "{found:?}");
}

#[test]
fn what_cannot_be_told_is_an_error() {
    // Oracle: the rules.
    let space = Space::builder().float("x", 0.0..=1.0, Scale::Linear).build().unwrap();
    let told = |trials: &[Trial], objective| {
        let history = History { space: &space, directions: &[Direction::Minimize], trials };
        importance(&history, objective, 1).unwrap_err()
    };
    let flat = trials(&space, 5, |_| 2.0);
    assert_eq!(told(&flat, 1), ImportanceError::Objective { objective: 1, objectives: 1 });
    assert_eq!(told(&flat, 0), ImportanceError::Constant { trials: 5 });
    let broken = trials(&space, 5, |_| f64::NAN);
    assert_eq!(told(&broken, 0), ImportanceError::TooFew { trials: 0 });
}
