//! Whether a hyperparameter is sound.

use super::{
    Condition, Domain, Parameter, Scale, SpaceError, Value,
    domain::same,
    error::{listed, quoted},
};

/// Whole numbers that a real number holds exactly.
const LARGEST: i64 = 1 << 53;

/// Holds a hyperparameter to the rules, given those before it.
pub(super) fn parameter(parameter: &Parameter, earlier: &[Parameter]) -> Result<(), SpaceError> {
    let name = &parameter.name;
    if earlier.iter().any(|other| other.name == *name) {
        return Err(SpaceError::Duplicate { parameter: name.clone() });
    }
    match &parameter.domain {
        &Domain::Integer { low, high, scale } => {
            let rule = integer(low, high, scale);
            range(name, low.into(), high.into(), rule)?;
        }
        &Domain::Float { low, high, scale } => {
            let rule = float(low, high, scale);
            range(name, low.into(), high.into(), rule)?;
        }
        Domain::Categorical { choices } => self::choices(name, choices)?,
    }
    parameter.only_if.as_ref().map_or(Ok(()), |only_if| condition(name, only_if, earlier))
}

fn range(
    parameter: &str,
    low: Value,
    high: Value,
    broken: Option<&'static str>,
) -> Result<(), SpaceError> {
    let error = |rule| SpaceError::Range { parameter: parameter.to_owned(), low, high, rule };
    broken.map_or(Ok(()), |rule| Err(error(rule)))
}

/// The first rule that a range of whole numbers breaks.
fn integer(low: i64, high: i64, scale: Scale) -> Option<&'static str> {
    if low > high {
        Some("not end before it starts")
    } else if low < -LARGEST || high > LARGEST {
        Some("lie within 2^53 of 0")
    } else if scale == Scale::Logarithmic && low < 1 {
        Some("lie above 0 on a logarithmic scale")
    } else if scale == Scale::ReverseLogarithmic {
        Some("be of real numbers on a reverse-logarithmic scale")
    } else {
        None
    }
}

/// The first rule that a range of real numbers breaks.
fn float(low: f64, high: f64, scale: Scale) -> Option<&'static str> {
    if !low.is_finite() || !high.is_finite() || !(high - low).is_finite() {
        Some("have finite ends and width")
    } else if low > high {
        Some("not end before it starts")
    } else if scale == Scale::Logarithmic && low <= 0.0 {
        Some("lie above 0 on a logarithmic scale")
    } else if scale == Scale::ReverseLogarithmic && !(low >= 0.0 && high < 1.0) {
        Some("lie within 0 to below 1 on a reverse-logarithmic scale")
    } else {
        None
    }
}

fn choices(parameter: &str, choices: &[Value]) -> Result<(), SpaceError> {
    let error = |rule| Err(SpaceError::Choices { parameter: parameter.to_owned(), rule });
    if choices.is_empty() {
        return error("there must be a choice, and there is none".to_owned());
    }
    for (i, choice) in choices.iter().enumerate() {
        if matches!(choice, Value::Number(number) if !number.is_finite()) {
            return error(format!("a choice must be finite, and one is {choice}"));
        }
        if choices[..i].iter().any(|other| same(other, choice)) {
            return error(format!("choices must differ, and {} comes twice", quoted(choice)));
        }
    }
    Ok(())
}

fn condition(
    parameter: &str,
    condition: &Condition,
    earlier: &[Parameter],
) -> Result<(), SpaceError> {
    let Condition { parameter: on, is } = condition;
    let error =
        |rule| Err(SpaceError::Condition { parameter: parameter.to_owned(), on: on.clone(), rule });
    let Some(parent) = earlier.iter().find(|other| other.name == *on) else {
        return error("name an earlier hyperparameter".to_owned());
    };
    let Domain::Categorical { choices } = &parent.domain else {
        return error("name a categorical hyperparameter".to_owned());
    };
    if is.is_empty() {
        return error("name a value".to_owned());
    }
    match is.iter().find(|value| !choices.contains(value)) {
        Some(value) => error(format!("ask for {}, not for {}", listed(choices), quoted(value))),
        None => Ok(()),
    }
}
