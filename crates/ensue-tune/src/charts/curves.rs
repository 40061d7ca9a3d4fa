//! Measurements on the way.

use super::draw::{Axis, Mark, Plot, empty, label, value_axis};
use crate::study::best;
use crate::{Direction, Trial, TrialState};

/// The measurements of every trial by step, each trial a line; a hollow end marks one that was ended early, a cross
/// one that failed, and the best of the complete ones stands out.
///
/// Values much worse than most lie at the edge; a line is broken where a measurement is NaN or infinite.
pub fn learning_curves(title: &str, trials: &[Trial], direction: Direction) -> String {
    let all = || trials.iter().flat_map(|trial| &trial.measurements);
    let Some(y) = value_axis(all().map(|measurement| measurement.value), direction) else {
        return empty(title, "No trial has measured anything on the way yet.");
    };
    let steps = || all().map(|measurement| measurement.step);
    let x = Axis::whole(steps().min().unwrap_or(0), steps().max().unwrap_or(1));
    let mut plot = Plot::new(title, x, y, "step", "value");
    let winner = best(trials, direction).map(|trial| trial.number);
    // The best last, so that no other line covers it.
    let others = trials.iter().filter(|trial| Some(trial.number) != winner);
    for trial in others.chain(trials.iter().filter(|trial| Some(trial.number) == winner)) {
        draw(&mut plot, trial, Some(trial.number) == winner);
    }
    let unshown = all().filter(|measurement| !measurement.value.is_finite()).count();
    plot.explain(Mark::Line("curve"), "trial");
    plot.explain(Mark::Dot("hollow"), "ended early");
    plot.explain(Mark::Cross, "failed");
    if winner.is_some() {
        plot.explain(Mark::Line("best"), "best");
    }
    plot.leave_out(unshown, "measurements without a finite value not shown");
    plot.finish()
}

fn draw(plot: &mut Plot, trial: &Trial, wins: bool) {
    let (line, dot) = if wins { ("best", "top") } else { ("curve", "dot") };
    let says = format!("trial {}", trial.number);
    for piece in trial.measurements.split(|measurement| !measurement.value.is_finite()) {
        let points: Vec<(f64, f64)> =
            piece.iter().map(|there| plot.at(there.step as f64, there.value)).collect();
        match points.as_slice() {
            [] => {}
            [point] => plot.svg.circle(dot, *point, 2.0, &says),
            points => plot.svg.path(line, points, &says),
        }
    }
    let Some(last) = trial.measurements.iter().rfind(|measurement| measurement.value.is_finite())
    else {
        return;
    };
    let at = plot.at(last.step as f64, last.value);
    let says = format!("trial {}, step {}: {}", trial.number, last.step, label(last.value));
    match trial.state {
        TrialState::Stopped => plot.svg.circle("hollow", at, 3.5, &format!("{says}, ended early")),
        TrialState::Failed => plot.svg.cross(at, &format!("{says}, failed")),
        TrialState::Complete | TrialState::Running => {}
    }
}
