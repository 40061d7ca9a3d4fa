//! What may be varied: names, ranges, scales and conditions.
//!
//! Samplers work in the unit cube, one axis a hyperparameter in the order of the space: [`Space::to_unit`] and
//! [`Space::from_unit`] translate.

mod value;

use serde::{Deserialize, Serialize};

pub use value::{Assignment, Value};

/// How a range is laid out on the unit interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scale {
    /// Evenly.
    #[default]
    Linear,
    /// Evenly in the logarithm; the range must lie above 0.
    Logarithmic,
    /// Evenly in `-ln(1 - x)`; the range must lie within 0 to below 1.
    ReverseLogarithmic,
}

/// The values that a hyperparameter may take.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Domain {
    /// Whole numbers, both ends included.
    Integer {
        /// The smallest.
        low: i64,
        /// The largest.
        high: i64,
        /// How they are laid out; not reverse-logarithmic.
        #[serde(default)]
        scale: Scale,
    },
    /// Real numbers, both ends included.
    Float {
        /// The smallest.
        low: f64,
        /// The largest.
        high: f64,
        /// How they are laid out.
        #[serde(default)]
        scale: Scale,
    },
    /// One of several values, without order.
    Categorical {
        /// The values, at least one and no two equal.
        choices: Vec<Value>,
    },
}

/// When a hyperparameter counts at all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// An earlier, categorical hyperparameter.
    pub parameter: String,
    /// Any of these values of it.
    pub is: Vec<Value>,
}

/// One hyperparameter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// Its name, unique in the space.
    pub name: String,
    /// Its values.
    pub domain: Domain,
    /// When it counts. Default: always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only_if: Option<Condition>,
}

/// Everything that a search may vary.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Space {
    parameters: Vec<Parameter>,
}

impl Space {
    /// The hyperparameters, in order.
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }
}
