//! What is wrong with a space or with an assignment.

use crate::{Condition, Domain, Value};

/// What is wrong with a space, or with an assignment that is held to it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SpaceError {
    /// Two hyperparameters have one name.
    #[error("hyperparameter {parameter:?}: the name is taken by an earlier one")]
    Duplicate {
        /// Its name.
        parameter: String,
    },
    /// A range is empty or does not suit its scale.
    #[error("hyperparameter {parameter:?}: the range {low} to {high} must {rule}")]
    Range {
        /// Its name.
        parameter: String,
        /// The low end.
        low: Value,
        /// The high end.
        high: Value,
        /// What it must do.
        rule: &'static str,
    },
    /// The choices are none, not distinct, or not numbers.
    #[error("hyperparameter {parameter:?}: {rule}")]
    Choices {
        /// Its name.
        parameter: String,
        /// What they must be, and what they are.
        rule: String,
    },
    /// A condition that cannot be told, or cannot hold.
    #[error("hyperparameter {parameter:?}: its condition on {on:?} must {rule}")]
    Condition {
        /// Its name.
        parameter: String,
        /// The hyperparameter that the condition names.
        on: String,
        /// What the condition must do.
        rule: String,
    },
    /// A condition before any hyperparameter.
    #[error("a condition on {on:?} comes before any hyperparameter that it could be for")]
    ConditionFirst {
        /// The hyperparameter that the condition names.
        on: String,
    },
    /// A value that is needed.
    #[error("hyperparameter {parameter:?} has no value, and needs one")]
    Missing {
        /// Its name.
        parameter: String,
    },
    /// A value for something else.
    #[error("hyperparameter {parameter:?} has a value, and is not in the space")]
    Unknown {
        /// Its name.
        parameter: String,
    },
    /// A value for a hyperparameter that does not count.
    #[error("hyperparameter {parameter:?} has a value, and only counts if {on:?} is {is}")]
    Inactive {
        /// Its name.
        parameter: String,
        /// The hyperparameter that its condition names.
        on: String,
        /// The values that it would need.
        is: String,
    },
    /// A value outside the domain.
    #[error("hyperparameter {parameter:?} is {value}, and must be {domain}")]
    Outside {
        /// Its name.
        parameter: String,
        /// The value.
        value: String,
        /// What would do.
        domain: String,
    },
}

impl SpaceError {
    pub(super) fn inactive(parameter: &str, condition: &Condition) -> Self {
        Self::Inactive {
            parameter: parameter.to_owned(),
            on: condition.parameter.clone(),
            is: listed(&condition.is),
        }
    }

    pub(super) fn outside(parameter: &str, value: &Value, domain: &Domain) -> Self {
        let domain = match domain {
            Domain::Integer { low, high, .. } => format!("a whole number from {low} to {high}"),
            Domain::Float { low, high, .. } => format!("a number from {low} to {high}"),
            Domain::Categorical { choices } => listed(choices),
        };
        Self::Outside { parameter: parameter.to_owned(), value: quoted(value), domain }
    }
}

/// A value as one tells it from others: text in quotes, a real number with its point.
pub(super) fn quoted(value: &Value) -> String {
    match value {
        Value::Text(text) => format!("{text:?}"),
        Value::Number(number) => format!("{number:?}"),
        value => value.to_string(),
    }
}

/// "a, b or c".
pub(super) fn listed(values: &[Value]) -> String {
    let values: Vec<String> = values.iter().map(quoted).collect();
    match values.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => values.concat(),
    }
}
