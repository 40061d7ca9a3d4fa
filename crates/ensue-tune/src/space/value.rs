//! A value of one hyperparameter, and the values of all.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

/// A value of one hyperparameter.
///
/// In JSON it is the bare value: `true`, `12`, `0.5`, `"adam"`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// True or false.
    Flag(bool),
    /// A whole number.
    Integer(i64),
    /// A real number.
    Number(f64),
    /// A name.
    Text(String),
}

impl Value {
    /// The value as a real number, where it is one or a whole number.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Integer(value) => Some(*value as f64),
            Self::Number(value) => Some(*value),
            Self::Flag(_) | Self::Text(_) => None,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(value) => write!(f, "{value}"),
            Self::Integer(value) => write!(f, "{value}"),
            Self::Number(value) => write!(f, "{value}"),
            Self::Text(value) => f.write_str(value),
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Flag(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Number(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

/// The values of a trial's hyperparameters, by name. A hyperparameter whose condition does not hold
/// has none.
///
/// ```
/// use ensue_tune::Assignment;
/// let assignment: Assignment = serde_json::from_str(r#"{"layers": 2, "optimizer": "adam"}"#)?;
/// assert_eq!(assignment.integer("layers"), Some(2));
/// assert_eq!(assignment.text("optimizer"), Some("adam"));
/// assert_eq!(assignment.number("momentum"), None);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Assignment(pub BTreeMap<String, Value>);

impl Assignment {
    /// The value of a hyperparameter, if it has one.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// Sets a value.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.to_owned(), value.into());
    }

    /// The value as a real number, where it is one or a whole number.
    pub fn number(&self, name: &str) -> Option<f64> {
        self.get(name).and_then(Value::as_f64)
    }

    /// The value, where it is a whole number.
    pub fn integer(&self, name: &str) -> Option<i64> {
        match self.get(name) {
            Some(Value::Integer(value)) => Some(*value),
            _ => None,
        }
    }

    /// The value, where it is a name.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Some(Value::Text(value)) => Some(value),
            _ => None,
        }
    }

    /// The value, where it is true or false.
    pub fn flag(&self, name: &str) -> Option<bool> {
        match self.get(name) {
            Some(Value::Flag(value)) => Some(*value),
            _ => None,
        }
    }
}
