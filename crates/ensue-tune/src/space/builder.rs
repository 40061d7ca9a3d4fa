//! Spaces in code.

use std::ops::RangeInclusive;

use super::{Condition, Domain, Parameter, Scale, Space, SpaceError, Value};

/// Adds one hyperparameter after another; [`build`](Self::build) checks them.
#[derive(Debug, Clone, Default)]
pub struct SpaceBuilder {
    parameters: Vec<Parameter>,
    error: Option<SpaceError>,
}

impl SpaceBuilder {
    /// Adds a hyperparameter that counts always.
    pub fn parameter(mut self, name: &str, domain: Domain) -> Self {
        self.parameters.push(Parameter { name: name.to_owned(), domain, only_if: None });
        self
    }

    /// Adds whole numbers, both ends included.
    pub fn integer(self, name: &str, range: RangeInclusive<i64>, scale: Scale) -> Self {
        let (low, high) = range.into_inner();
        self.parameter(name, Domain::Integer { low, high, scale })
    }

    /// Adds real numbers, both ends included.
    pub fn float(self, name: &str, range: RangeInclusive<f64>, scale: Scale) -> Self {
        let (low, high) = range.into_inner();
        self.parameter(name, Domain::Float { low, high, scale })
    }

    /// Adds a choice of several values, without order.
    pub fn categorical<V: Into<Value>>(
        self,
        name: &str,
        choices: impl IntoIterator<Item = V>,
    ) -> Self {
        let choices = choices.into_iter().map(Into::into).collect();
        self.parameter(name, Domain::Categorical { choices })
    }

    /// Adds true or false.
    pub fn flag(self, name: &str) -> Self {
        self.categorical(name, [false, true])
    }

    /// Lets the hyperparameter that was added last count only if an earlier, categorical one is any of these values.
    pub fn only_if<V: Into<Value>>(
        mut self,
        on: &str,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        let is = values.into_iter().map(Into::into).collect();
        match self.parameters.last_mut() {
            Some(last) => last.only_if = Some(Condition { parameter: on.to_owned(), is }),
            None => self.error = Some(SpaceError::ConditionFirst { on: on.to_owned() }),
        }
        self
    }

    /// The space.
    ///
    /// # Errors
    ///
    /// As [`Space::from_parameters`], and where a condition came before any hyperparameter.
    pub fn build(self) -> Result<Space, SpaceError> {
        self.error.map_or_else(|| Space::from_parameters(self.parameters), Err)
    }
}
