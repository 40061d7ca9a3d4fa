//! Amazon's `TimeSeriesTransformation`: an action, and the conditions under which it is done.

use serde::{Deserialize, Serialize};

/// A change of a related series where all conditions hold; without conditions, everywhere.
///
/// The JSON is that of Amazon's API (`CreateWhatIfForecast`).
///
/// ```
/// use ensue_forecast::what_if::{Operation, TimeSeriesTransformation};
/// let written = r#"{"Action": {"AttributeName": "price", "Operation": "ADD", "Value": 1.5}}"#;
/// let transformation: TimeSeriesTransformation = serde_json::from_str(written)?;
/// assert_eq!(transformation, TimeSeriesTransformation::new("price", Operation::Add, 1.5));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct TimeSeriesTransformation {
    /// What is done.
    pub action: Action,
    /// Where it is done; all must hold. Default: none, which is everywhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub time_series_conditions: Vec<TimeSeriesCondition>,
}

impl TimeSeriesTransformation {
    /// An action everywhere.
    pub fn new(attribute_name: impl Into<String>, operation: Operation, value: f64) -> Self {
        let action = Action { attribute_name: attribute_name.into(), operation, value };
        Self { action, time_series_conditions: Vec::new() }
    }

    /// Only where this holds, too.
    pub fn when(
        mut self,
        attribute_name: impl Into<String>,
        condition: Condition,
        attribute_value: impl Into<String>,
    ) -> Self {
        let (attribute_name, attribute_value) = (attribute_name.into(), attribute_value.into());
        let condition = TimeSeriesCondition { attribute_name, attribute_value, condition };
        self.time_series_conditions.push(condition);
        self
    }
}

/// What is done to a related series.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Action {
    /// Name of the related series.
    pub attribute_name: String,
    /// What is done with its values.
    pub operation: Operation,
    /// By how much; a finite number, not 0 in a division.
    pub value: f64,
}

/// An arithmetic operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Operation {
    /// Adds the value.
    Add,
    /// Subtracts the value.
    Subtract,
    /// Multiplies by the value.
    Multiply,
    /// Divides by the value.
    Divide,
}

impl Operation {
    /// The result.
    pub(super) fn of(self, x: f64, value: f64) -> f64 {
        match self {
            Self::Add => x + value,
            Self::Subtract => x - value,
            Self::Multiply => x * value,
            Self::Divide => x / value,
        }
    }
}

/// Where an action is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct TimeSeriesCondition {
    /// A related series, `item_id` or another dimension, a metadata field, or the time: `timestamp` or `date`.
    pub attribute_name: String,
    /// What it is compared with: a number, a text, or a time such as `2025-02-04` or `2025-02-04T18:00:00`.
    pub attribute_value: String,
    /// How it is compared. Texts are equal or not; numbers and times can be less or greater, too.
    pub condition: Condition,
}

/// A comparison of the attribute with the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Condition {
    /// It is the value.
    Equals,
    /// It is not the value.
    NotEquals,
    /// It lies below the value.
    LessThan,
    /// It lies above the value.
    GreaterThan,
}

impl Condition {
    /// Amazon's name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Equals => "EQUALS",
            Self::NotEquals => "NOT_EQUALS",
            Self::LessThan => "LESS_THAN",
            Self::GreaterThan => "GREATER_THAN",
        }
    }

    /// Whether it holds; with not-a-number nothing but `NotEquals` does.
    pub(super) fn holds<T: PartialOrd>(self, found: &T, value: &T) -> bool {
        match self {
            Self::Equals => found == value,
            Self::NotEquals => found != value,
            Self::LessThan => found < value,
            Self::GreaterThan => found > value,
        }
    }
}
