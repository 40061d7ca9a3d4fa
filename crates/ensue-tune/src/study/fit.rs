//! Whether trials of an earlier study say something about this one.

use crate::{Assignment, Direction, Domain, Parameter, Space, Trial, TrialState, Value};

/// Whether an assignment is one of the space: a value within its domain for every hyperparameter whose condition
/// holds, and no others. Otherwise the rule that it breaks.
pub(super) fn fits(space: &Space, assignment: &Assignment) -> Result<(), String> {
    let mut known = 0;
    for parameter in space.parameters() {
        let name = &parameter.name;
        match (holds(parameter, assignment), assignment.get(name)) {
            (true, None) => return Err(format!("`{name}` has no value")),
            (false, Some(value)) => {
                return Err(format!("`{name}` is {value}, but its condition does not hold"));
            }
            (true, Some(value)) if !within(&parameter.domain, value) => {
                return Err(format!("`{name}` is {value}, which is outside its domain"));
            }
            (true, Some(_)) => known += 1,
            (false, None) => {}
        }
    }
    if assignment.0.len() == known {
        return Ok(());
    }
    let named =
        |name: &&String| space.parameters().iter().any(|parameter| parameter.name == **name);
    let unknown = assignment.0.keys().find(|name| !named(name));
    Err(format!("`{}` is not in the space", unknown.map_or("", String::as_str)))
}

fn holds(parameter: &Parameter, assignment: &Assignment) -> bool {
    parameter.only_if.as_ref().is_none_or(|condition| {
        assignment.get(&condition.parameter).is_some_and(|value| condition.is.contains(value))
    })
}

fn within(domain: &Domain, value: &Value) -> bool {
    match (domain, value) {
        (Domain::Integer { low, high, .. }, Value::Integer(value)) => (low..=high).contains(&value),
        (Domain::Float { low, high, .. }, Value::Number(_) | Value::Integer(_)) => {
            value.as_f64().is_some_and(|value| (*low..=*high).contains(&value))
        }
        (Domain::Categorical { choices }, value) => choices.contains(value),
        _ => false,
    }
}

/// What became of the trials of earlier studies.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WarmStart {
    /// How many the sampler learns from.
    pub used: u64,
    /// Why each of the others does not fit.
    pub unfit: Vec<String>,
}

/// The trials that fit, numbered from 0, and what became of all.
pub(super) fn sorted_out(
    space: &Space,
    directions: &[Direction],
    trials: &[Trial],
) -> (Vec<Trial>, WarmStart) {
    let mut fitting = Vec::new();
    let mut report = WarmStart::default();
    for trial in trials {
        let wanted = match trial.state {
            TrialState::Complete => Ok(directions.len()),
            TrialState::Stopped => Ok(1),
            TrialState::Failed => Ok(0),
            TrialState::Running => Err("it has not ended".to_owned()),
        };
        let fit = wanted.and_then(|wanted| match trial.values.len() {
            found if found == wanted => fits(space, &trial.assignment),
            found => Err(format!("it has {found} values, and {wanted} are needed")),
        });
        match fit {
            Ok(()) => fitting.push(Trial { number: fitting.len() as u64, ..trial.clone() }),
            Err(rule) => report.unfit.push(format!("trial {}: {rule}", trial.number)),
        }
    }
    report.used = fitting.len() as u64;
    (fitting, report)
}
