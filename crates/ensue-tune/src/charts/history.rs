//! Every trial's value, and the best so far.

use super::draw::{Axis, Mark, Plot, empty, label, value_axis};
use crate::{Direction, Trial, TrialState};

/// The first objective of every trial by its number: complete ones as dots, those that were ended early hollow, those
/// that failed as crosses on the axis, and the best of the complete ones so far as a line.
///
/// Values much worse than most lie at the edge.
pub fn history(title: &str, trials: &[Trial], direction: Direction) -> String {
    let value = |trial: &Trial| trial.values.first().copied().filter(|value| value.is_finite());
    let Some(y) = value_axis(trials.iter().filter_map(value), direction) else {
        return empty(title, "No trial has ended with a value yet.");
    };
    let last = trials.iter().map(|trial| trial.number).max().unwrap_or(0);
    let mut plot = Plot::new(title, Axis::whole(0, last), y, "trial", "value");
    let mut best: Option<f64> = None;
    let mut line: Vec<(f64, f64)> = Vec::new();
    let mut unshown = 0;
    for trial in trials {
        let number = trial.number as f64;
        let says = |value: f64| format!("trial {}: {}", trial.number, label(value));
        match (trial.state, value(trial)) {
            (TrialState::Complete, Some(value)) => {
                if best.is_none_or(|best| direction.loss(value) < direction.loss(best)) {
                    if let Some(best) = best {
                        line.push(plot.at(number, best));
                    }
                    line.push(plot.at(number, value));
                    best = Some(value);
                }
                let at = plot.at(number, value);
                plot.svg.circle("dot", at, 3.5, &says(value));
            }
            (TrialState::Stopped, Some(value)) => {
                let at = plot.at(number, value);
                plot.svg.circle("hollow", at, 3.5, &format!("{}, ended early", says(value)));
            }
            (TrialState::Failed, _) => {
                let at = plot.foot(number);
                plot.svg.cross(at, &format!("trial {}: failed", trial.number));
            }
            (TrialState::Running, _) => {}
            (_, None) => unshown += 1,
        }
    }
    if let Some(best) = best {
        line.push(plot.at(last as f64, best));
        plot.svg.path("best", &line, &format!("best so far: {}", label(best)));
    }
    plot.explain(Mark::Dot("dot"), "complete");
    plot.explain(Mark::Dot("hollow"), "ended early");
    plot.explain(Mark::Cross, "failed");
    plot.explain(Mark::Line("best"), "best so far");
    plot.leave_out(unshown, "without a finite value not shown");
    plot.finish()
}
