//! What is best, of one objective and of several.

use crate::{Direction, Trial, TrialState};

/// The complete trial with the best first objective; the earliest of equals. NaN is never the best.
///
/// ```
/// # use ensue_tune::{Assignment, Direction, Trial, TrialState};
/// # fn trial(number: u64, values: &[f64]) -> Trial {
/// #     let (assignment, state) = (Assignment::default(), TrialState::Complete);
/// #     Trial { number, assignment, state, measurements: vec![], values: values.to_vec(), seconds: 0.0 }
/// # }
/// use ensue_tune::study::best;
///
/// let trials = [trial(0, &[2.0]), trial(1, &[1.0]), trial(2, &[f64::NAN])];
/// assert_eq!(best(&trials, Direction::Minimize).map(|trial| trial.number), Some(1));
/// ```
pub fn best(trials: &[Trial], direction: Direction) -> Option<&Trial> {
    let losses =
        trials.iter().filter(|trial| trial.state == TrialState::Complete).filter_map(|trial| {
            let loss = direction.loss(*trial.values.first()?);
            (!loss.is_nan()).then_some((loss, trial))
        });
    // `min_by` keeps the first of equals.
    losses.min_by(|(one, _), (other, _)| one.total_cmp(other)).map(|(_, trial)| trial)
}

/// The Pareto front: every complete trial such that no other is at least as good in all objectives and better in one.
///
/// In the order of the trials. Equal trials are all on the front. A trial with a NaN, or with another number of
/// values than there are directions, is not. Takes time by the square of the number of trials.
///
/// ```
/// # use ensue_tune::{Assignment, Direction, Trial, TrialState};
/// # fn trial(number: u64, values: &[f64]) -> Trial {
/// #     let (assignment, state) = (Assignment::default(), TrialState::Complete);
/// #     Trial { number, assignment, state, measurements: vec![], values: values.to_vec(), seconds: 0.0 }
/// # }
/// use ensue_tune::study::pareto_front;
///
/// // Error to minimise, speed to maximise: trial 2 is worse than trial 1 in both.
/// let trials = [trial(0, &[0.1, 10.0]), trial(1, &[0.3, 90.0]), trial(2, &[0.4, 80.0])];
/// let front = pareto_front(&trials, &[Direction::Minimize, Direction::Maximize]);
/// assert_eq!(front.iter().map(|trial| trial.number).collect::<Vec<_>>(), [0, 1]);
/// ```
pub fn pareto_front<'a>(trials: &'a [Trial], directions: &[Direction]) -> Vec<&'a Trial> {
    let losses = |trial: &'a Trial| -> Option<(&'a Trial, Vec<f64>)> {
        let matches = trial.state == TrialState::Complete && trial.values.len() == directions.len();
        let losses: Vec<f64> = directions
            .iter()
            .zip(&trial.values)
            .map(|(direction, value)| direction.loss(*value))
            .collect();
        (matches && !losses.iter().any(|loss| loss.is_nan())).then_some((trial, losses))
    };
    let all: Vec<(&Trial, Vec<f64>)> = trials.iter().filter_map(losses).collect();
    let undominated = |mine: &[f64]| !all.iter().any(|(_, other)| dominates(other, mine));
    all.iter().filter(|(_, mine)| undominated(mine)).map(|(trial, _)| *trial).collect()
}

fn dominates(one: &[f64], other: &[f64]) -> bool {
    one.iter().zip(other).all(|(one, other)| one <= other)
        && one.iter().zip(other).any(|(one, other)| one < other)
}
