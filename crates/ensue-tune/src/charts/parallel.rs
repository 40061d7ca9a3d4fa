//! Which values go with which results.

use super::draw::{Anchor, Svg, empty, label, shortened, worth_showing};
use crate::{Direction, Domain, Parameter, Scale, Space, Trial, Value};

const TOP: f64 = 84.0;
const BOTTOM: f64 = 360.0;
/// Where lines pass that have no value on an axis.
const BELOW: f64 = BOTTOM + 22.0;

/// An axis for each hyperparameter, laid out as its scale says, and one for the first objective; a line for each trial
/// that has a value, the best fifth in another colour and on top, the others paler the worse they are.
///
/// Values much worse than most lie at the end of their axis. A line passes below the axis of a hyperparameter that has
/// no value in the trial.
pub fn parallel_coordinates(
    title: &str,
    space: &Space,
    trials: &[Trial],
    direction: Direction,
) -> String {
    let valued = |trial: &Trial| trial.values.first().copied().filter(|value| value.is_finite());
    let mut drawn: Vec<(&Trial, f64)> =
        trials.iter().filter_map(|trial| Some((trial, valued(trial)?))).collect();
    // The worst first, so that the best are drawn on top.
    drawn.sort_by(|(_, one), (_, other)| direction.loss(*other).total_cmp(&direction.loss(*one)));
    let Some((best, worst)) = worth_showing(drawn.iter().map(|(_, value)| direction.loss(*value)))
    else {
        return empty(title, "No trial has ended with a value yet.");
    };
    let (low, high) = match direction {
        Direction::Minimize => (best, worst),
        Direction::Maximize => (-worst, -best),
    };
    let parameters = space.parameters();
    let gap = 128.0;
    let mut svg = Svg::new(title, (160.0 + gap * parameters.len() as f64).max(380.0), 420.0);
    let across = |index: usize| 80.0 + gap * index as f64;
    let count = drawn.len();
    for (rank, (trial, value)) in drawn.iter().enumerate() {
        let mut points: Vec<(f64, f64)> = (0..)
            .zip(parameters)
            .map(|(index, parameter)| {
                let place = trial
                    .assignment
                    .get(&parameter.name)
                    .and_then(|value| place(&parameter.domain, value));
                (across(index), place.map_or(BELOW, down))
            })
            .collect();
        points.push((across(parameters.len()), down(share(*value, low, high))));
        let class = ["q0", "q1", "q2", "q3", "q4"][(count - 1 - rank) * 5 / count];
        svg.path(class, &points, &format!("trial {}: {}", trial.number, label(*value)));
    }
    for (index, Parameter { name, domain, .. }) in parameters.iter().enumerate() {
        axis(&mut svg, across(index), name, &ends(domain));
    }
    axis(&mut svg, across(parameters.len()), "value", &[(label(low), 0.0), (label(high), 1.0)]);
    svg.finish()
}

fn axis(svg: &mut Svg, x: f64, name: &str, marks: &[(String, f64)]) {
    svg.line("axis", (x, TOP), (x, BOTTOM));
    svg.text("strong", (x, TOP - 22.0), Anchor::Middle, &shortened(name, 18));
    for (text, place) in marks {
        let y = down(*place);
        svg.line("axis", (x - 4.0, y), (x, y));
        svg.text("halo", (x - 8.0, y + 4.0), Anchor::End, &shortened(text, 9));
    }
}

fn down(place: f64) -> f64 {
    BOTTOM - place * (BOTTOM - TOP)
}

/// Where a value lies between two others, 0 to 1; in the middle where they are equal.
fn share(value: f64, low: f64, high: f64) -> f64 {
    // Halves, as the difference of two numbers may be beyond the largest.
    let share = (value / 2.0 - low / 2.0) / (high / 2.0 - low / 2.0);
    if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.5 }
}

/// Where a value lies on its axis.
fn place(domain: &Domain, value: &Value) -> Option<f64> {
    match domain {
        Domain::Integer { low, high, scale } => {
            let [low, high] = [*low as f64, *high as f64].map(|end| laid_out(*scale, end));
            Some(share(laid_out(*scale, value.as_f64()?), low, high))
        }
        Domain::Float { low, high, scale } => {
            let [low, high] = [*low, *high].map(|end| laid_out(*scale, end));
            Some(share(laid_out(*scale, value.as_f64()?), low, high))
        }
        Domain::Categorical { choices } => {
            let index = choices.iter().position(|choice| choice == value)?;
            Some(evenly(index, choices.len()))
        }
    }
}

fn laid_out(scale: Scale, value: f64) -> f64 {
    match scale {
        Scale::Linear => value,
        Scale::Logarithmic => value.ln(),
        Scale::ReverseLogarithmic => -(-value).ln_1p(),
    }
}

fn evenly(index: usize, count: usize) -> f64 {
    if count > 1 { index as f64 / (count - 1) as f64 } else { 0.5 }
}

/// What is written at an axis, and where: both ends, or the first dozen choices.
fn ends(domain: &Domain) -> Vec<(String, f64)> {
    match domain {
        Domain::Integer { low, high, .. } => vec![(low.to_string(), 0.0), (high.to_string(), 1.0)],
        Domain::Float { low, high, .. } => vec![(label(*low), 0.0), (label(*high), 1.0)],
        Domain::Categorical { choices } => {
            let places = (0..).map(|index| evenly(index, choices.len()));
            choices
                .iter()
                .zip(places)
                .take(12)
                .map(|(choice, place)| (choice.to_string(), place))
                .collect()
        }
    }
}
