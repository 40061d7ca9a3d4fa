//! Which trials are better than which.

use std::cmp::Ordering;

use crate::{Direction, History, Trial, TrialState};

/// Indices of the trials that ended with a value, best first.
///
/// Complete ones come first: by value, or with several objectives by their front (Deb et al., "A fast and elitist
/// multiobjective genetic algorithm: NSGA-II", IEEE Transactions on Evolutionary Computation 6(2), 2002) and within a
/// front by how much room they have. Stopped ones follow: those that came farther first, then by value.
pub(super) fn ranked(history: &History<'_>) -> Vec<usize> {
    let History { directions, trials, .. } = *history;
    let losses: Vec<Option<Vec<f64>>> = trials.iter().map(|t| losses(t, directions)).collect();
    let of = |state| (0..trials.len()).filter(move |&i| trials[i].state == state);
    let complete: Vec<usize> = of(TrialState::Complete).filter(|&i| losses[i].is_some()).collect();
    let points: Vec<&[f64]> = complete.iter().filter_map(|&i| losses[i].as_deref()).collect();
    let mut order: Vec<usize> = by_front(&points).into_iter().map(|i| complete[i]).collect();
    let reached = |i: usize| trials[i].measurements.last().map(|last| last.step);
    let mut stopped: Vec<(usize, f64)> =
        of(TrialState::Stopped).filter_map(|i| Some((i, *losses[i].as_ref()?.first()?))).collect();
    stopped.sort_by(|a, b| reached(b.0).cmp(&reached(a.0)).then(a.1.total_cmp(&b.1)));
    order.extend(stopped.into_iter().map(|(i, _)| i));
    order
}

/// The values as losses, if they are as many as the state asks for, and numbers.
fn losses(trial: &Trial, directions: &[Direction]) -> Option<Vec<f64>> {
    let needed = if trial.state == TrialState::Complete { directions.len() } else { 1 };
    let found: Vec<f64> =
        directions.iter().zip(&trial.values).map(|(d, &value)| d.loss(value)).collect();
    (needed > 0 && found.len() >= needed && found.iter().all(|loss| !loss.is_nan()))
        .then_some(found)
}

/// Indices of the points, those that no other one dominates first, then those that only these dominate, and so on.
fn by_front(points: &[&[f64]]) -> Vec<usize> {
    let mut left: Vec<usize> = (0..points.len()).collect();
    if points.iter().all(|point| point.len() == 1) {
        left.sort_by(|&a, &b| points[a][0].total_cmp(&points[b][0]));
        return left;
    }
    let mut order = Vec::with_capacity(points.len());
    while !left.is_empty() {
        let dominated = |i: &usize| left.iter().any(|&other| dominates(points[other], points[*i]));
        let (rest, mut front): (Vec<usize>, Vec<usize>) = left.iter().partition(|i| dominated(i));
        by_room(points, &mut front);
        order.extend(front);
        left = rest;
    }
    order
}

/// No worse in any objective, better in one.
fn dominates(a: &[f64], b: &[f64]) -> bool {
    a.iter().zip(b).all(|(a, b)| a <= b) && a.iter().zip(b).any(|(a, b)| a < b)
}

/// Sorts a front by the distance of each point's neighbours, summed over the objectives, widest first (NSGA-II's
/// crowding distance). The best of each objective have no end of room.
fn by_room(points: &[&[f64]], front: &mut [usize]) {
    let mut room = vec![0.0; points.len()];
    let objectives = 0..points.first().map_or(0, |point| point.len());
    for objective in objectives {
        let value = |i: usize| points[i][objective];
        front.sort_by(|&a, &b| value(a).total_cmp(&value(b)));
        let at = |i: usize| value(front[i]);
        let last = front.len() - 1;
        let extent = at(last) - at(0);
        room[front[0]] = f64::INFINITY;
        room[front[last]] = f64::INFINITY;
        for i in 1..last {
            let share = (at(i + 1) - at(i - 1)) / extent;
            room[front[i]] += if share.is_nan() { 0.0 } else { share };
        }
    }
    front.sort_by(|&a, &b| match room[b].total_cmp(&room[a]) {
        Ordering::Equal => a.cmp(&b),
        other => other,
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Assignment, Measurement, Space};

    fn trial(number: u64, state: TrialState, values: &[f64], step: u64) -> Trial {
        let value = values.first().copied().unwrap_or(0.0);
        Trial {
            number,
            assignment: Assignment::default(),
            state,
            measurements: vec![Measurement { step, value }],
            values: values.to_vec(),
            seconds: 0.0,
        }
    }

    fn order(directions: &[Direction], trials: &[Trial]) -> Vec<usize> {
        ranked(&History { space: &Space::default(), directions, trials })
    }

    #[test]
    fn complete_before_stopped_before_nothing() {
        // Oracle: by hand from the rule.
        use TrialState::{Complete, Failed, Running, Stopped};
        let trials = [
            trial(0, Stopped, &[0.1], 3),
            trial(1, Complete, &[5.0], 9),
            trial(2, Failed, &[], 1),
            trial(3, Stopped, &[0.9], 7),
            trial(4, Complete, &[2.0], 9),
            trial(5, Running, &[], 2),
            trial(6, Stopped, &[0.05], 3),
            trial(7, Complete, &[f64::NAN], 9),
        ];
        assert_eq!(order(&[Direction::Minimize], &trials), [4, 1, 3, 6, 0]);
        assert_eq!(order(&[Direction::Maximize], &trials), [1, 4, 3, 0, 6]);
    }

    #[test]
    fn fronts_one_after_the_other() {
        // Oracle: by hand. Front 1 is (0, 4), (1, 1), (4, 0) with ends first; then (2, 2) with (1, 5) as its ends; then
        // (5, 5).
        let values = [[5.0, 5.0], [1.0, 1.0], [4.0, 0.0], [2.0, 2.0], [0.0, 4.0], [1.0, 5.0]];
        let trials: Vec<Trial> = (0..)
            .zip(&values)
            .map(|(i, values)| trial(i, TrialState::Complete, values, 1))
            .collect();
        assert_eq!(order(&[Direction::Minimize; 2], &trials), [2, 4, 1, 3, 5, 0]);
        // Turned around, only the two that lie farthest to one side are not dominated.
        assert_eq!(order(&[Direction::Maximize; 2], &trials)[0], 0);
    }
}
