//! Two objectives against each other.

use super::draw::{Axis, Mark, Plot, empty, label, value_axis};
use crate::study::pareto_front;
use crate::{Direction, Trial, TrialState};

/// The complete trials by their first two objectives, and the front of those that none betters in both.
///
/// `names` are those of the objectives.
pub fn pareto(
    title: &str,
    trials: &[Trial],
    directions: [Direction; 2],
    names: [&str; 2],
) -> String {
    let pair = |trial: &Trial| match trial.values[..] {
        [x, y, ..] if x.is_finite() && y.is_finite() => Some((x, y)),
        _ => None,
    };
    let complete = || trials.iter().filter(|trial| trial.state == TrialState::Complete);
    let shown: Vec<(&Trial, f64, f64)> =
        complete().filter_map(|trial| pair(trial).map(|(x, y)| (trial, x, y))).collect();
    let axis = |index: usize| -> Option<Axis> {
        value_axis(shown.iter().map(|(trial, ..)| trial.values[index]), directions[index])
    };
    let (Some(x), Some(y)) = (axis(0), axis(1)) else {
        return empty(title, "No trial has ended with two values yet.");
    };
    let mut plot = Plot::new(title, x, y, names[0], names[1]);
    // By the first two alone, also where there are more.
    let flat: Vec<Trial> = shown
        .iter()
        .map(|(trial, x, y)| Trial { values: vec![*x, *y], ..(*trial).clone() })
        .collect();
    let mut front: Vec<(f64, f64)> = pareto_front(&flat, &directions)
        .iter()
        .map(|trial| (trial.values[0], trial.values[1]))
        .collect();
    front.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.total_cmp(&other.1)));
    let points: Vec<(f64, f64)> = front.iter().map(|(x, y)| plot.at(*x, *y)).collect();
    plot.svg.path("best", &points, "");
    for (trial, x, y) in &shown {
        let at = plot.at(*x, *y);
        let class = if front.contains(&(*x, *y)) { "top" } else { "dot" };
        plot.svg.circle(
            class,
            at,
            3.5,
            &format!("trial {}: {}, {}", trial.number, label(*x), label(*y)),
        );
    }
    plot.explain(Mark::Dot("dot"), "complete");
    plot.explain(Mark::Dot("top"), "on the front");
    plot.leave_out(complete().count() - shown.len(), "without two finite values not shown");
    plot.finish()
}
