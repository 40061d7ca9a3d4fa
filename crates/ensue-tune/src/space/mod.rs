//! What may be varied: names, ranges, scales and conditions.
//!
//! Samplers work in the unit cube, one axis a hyperparameter in the order of the space: [`Space::to_unit`] and
//! [`Space::from_unit`] translate.

mod builder;
mod check;
mod domain;
mod error;
#[cfg(test)]
mod tests;
mod value;

use serde::{Deserialize, Serialize};

pub use builder::SpaceBuilder;
pub(crate) use domain::choice;
pub use error::SpaceError;
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

/// Everything that a search may vary: hyperparameters with unique names and sound domains, conditions that look back
/// only.
///
/// In JSON it is the list of its hyperparameters, and reading one checks it.
///
/// ```
/// use ensue_tune::{Scale, Space};
///
/// let space = Space::builder()
///     .integer("layers", 1..=4, Scale::Linear)
///     .float("learning_rate", 1e-4..=1e-1, Scale::Logarithmic)
///     .categorical("optimizer", ["adam", "sgd"])
///     .flag("nesterov")
///     .only_if("optimizer", ["sgd"])
///     .build()?;
/// let assignment = space.from_unit(&[0.9, 0.5, 0.1, 0.7]);
/// assert_eq!(assignment.integer("layers"), Some(4));
/// assert_eq!(assignment.text("optimizer"), Some("adam"));
/// assert_eq!(assignment.flag("nesterov"), None);
/// space.check(&assignment)?;
/// # Ok::<(), ensue_tune::SpaceError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(try_from = "Vec<Parameter>", into = "Vec<Parameter>")]
pub struct Space {
    parameters: Vec<Parameter>,
}

impl Space {
    /// An empty space to add hyperparameters to.
    pub fn builder() -> SpaceBuilder {
        SpaceBuilder::default()
    }

    /// A space of these hyperparameters, in this order.
    ///
    /// # Errors
    ///
    /// Where two have one name, a domain is empty or does not suit its scale, or a condition does not name an earlier,
    /// categorical hyperparameter and choices of it.
    pub fn from_parameters(parameters: Vec<Parameter>) -> Result<Self, SpaceError> {
        for (i, parameter) in parameters.iter().enumerate() {
            check::parameter(parameter, &parameters[..i])?;
        }
        Ok(Self { parameters })
    }

    /// The hyperparameters, in order.
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    /// The hyperparameter of a name.
    pub fn parameter(&self, name: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|parameter| parameter.name == name)
    }

    /// Whether the hyperparameter of that name counts, given the values of those before it: it is there, its condition
    /// holds, and the hyperparameter that the condition names counts itself.
    pub fn is_active(&self, name: &str, assignment: &Assignment) -> bool {
        self.parameter(name).is_some_and(|parameter| match &parameter.only_if {
            None => true,
            Some(condition) => {
                assignment.get(&condition.parameter).is_some_and(|v| condition.is.contains(v))
                    && self.is_active(&condition.parameter, assignment)
            }
        })
    }

    /// Holds an assignment to the space: every hyperparameter that counts has a value of its domain, and nothing else
    /// has one. A whole number will do for a real one.
    ///
    /// # Errors
    ///
    /// Names the first hyperparameter that does not comply, its value, and the rule.
    pub fn check(&self, assignment: &Assignment) -> Result<(), SpaceError> {
        for parameter in &self.parameters {
            let Parameter { name, domain, only_if } = parameter;
            match (assignment.get(name), only_if) {
                (Some(_), Some(condition)) if !self.is_active(name, assignment) => {
                    return Err(SpaceError::inactive(name, condition));
                }
                (Some(value), _) if !domain.contains(value) => {
                    return Err(SpaceError::outside(name, value, domain));
                }
                (None, _) if self.is_active(name, assignment) => {
                    return Err(SpaceError::Missing { parameter: name.clone() });
                }
                _ => {}
            }
        }
        let unknown = assignment.0.keys().find(|name| self.parameter(name).is_none());
        unknown.map_or(Ok(()), |name| Err(SpaceError::Unknown { parameter: name.clone() }))
    }

    /// The same assignment with every value as its domain writes it, for what comes from JSON: `1` becomes `1.0` where
    /// real numbers are meant, `3.0` becomes `3` where whole ones are.
    ///
    /// # Errors
    ///
    /// As [`check`](Self::check) of the result.
    pub fn normalize(&self, mut assignment: Assignment) -> Result<Assignment, SpaceError> {
        for Parameter { name, domain, .. } in &self.parameters {
            if let Some(value) = assignment.0.get_mut(name) {
                domain.normalize(value);
            }
        }
        self.check(&assignment).map(|()| assignment)
    }

    /// Where an assignment lies in the unit cube, one coordinate a hyperparameter. `None` where the hyperparameter does
    /// not count, or has no value of its domain.
    ///
    /// A choice lies in the middle of its share of the axis; a whole number, too, whose share reaches half a unit to
    /// both sides; a hyperparameter that can take a single value lies at one half.
    pub fn to_unit(&self, assignment: &Assignment) -> Vec<Option<f64>> {
        let coordinate = |parameter: &Parameter| {
            let value = assignment.get(&parameter.name)?;
            let unit = parameter.domain.to_unit(value)?;
            self.is_active(&parameter.name, assignment).then_some(unit)
        };
        self.parameters.iter().map(coordinate).collect()
    }

    /// The assignment at a point of the unit cube; it passes [`check`](Self::check). Coordinates outside 0 to 1 are
    /// clamped, missing and undefined ones count as one half, those of hyperparameters that do not count are ignored.
    ///
    /// [`to_unit`](Self::to_unit) and back gives the same choices, the same whole numbers as long as their range has
    /// fewer than 2^40, and real numbers up to rounding.
    pub fn from_unit(&self, point: &[f64]) -> Assignment {
        let mut assignment = Assignment::default();
        for (i, parameter) in self.parameters.iter().enumerate() {
            if self.is_active(&parameter.name, &assignment) {
                let unit = point.get(i).copied().filter(|unit| !unit.is_nan()).unwrap_or(0.5);
                let value = parameter.domain.from_unit(unit.clamp(0.0, 1.0));
                assignment.set(&parameter.name, value);
            }
        }
        assignment
    }
}

impl TryFrom<Vec<Parameter>> for Space {
    type Error = SpaceError;

    fn try_from(parameters: Vec<Parameter>) -> Result<Self, SpaceError> {
        Self::from_parameters(parameters)
    }
}

impl From<Space> for Vec<Parameter> {
    fn from(space: Space) -> Self {
        space.parameters
    }
}
