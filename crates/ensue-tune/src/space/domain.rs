//! Values of one hyperparameter and the unit interval.

use super::{Domain, Scale, Value};

impl Scale {
    /// Where a value lies along the scale.
    fn forward(self, value: f64) -> f64 {
        match self {
            Self::Linear => value,
            Self::Logarithmic => value.ln(),
            Self::ReverseLogarithmic => -(-value).ln_1p(),
        }
    }

    /// The value at a place along the scale.
    fn backward(self, place: f64) -> f64 {
        match self {
            Self::Linear => place,
            Self::Logarithmic => place.exp(),
            Self::ReverseLogarithmic => -(-place).exp_m1(),
        }
    }

    /// Where a value lies between two others, 0 to 1; one half where these are equal.
    fn unit(self, value: f64, low: f64, high: f64) -> f64 {
        let [value, low, high] = [value, low, high].map(|value| self.forward(value));
        if high > low { ((value - low) / (high - low)).clamp(0.0, 1.0) } else { 0.5 }
    }

    /// The inverse.
    fn value(self, unit: f64, low: f64, high: f64) -> f64 {
        let [low, high] = [low, high].map(|value| self.forward(value));
        self.backward(low + unit * (high - low))
    }
}

impl Domain {
    /// Whether a value is of the domain. A whole number will do for a real one.
    pub fn contains(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Integer { low, high, .. }, Value::Integer(value)) => {
                (low..=high).contains(&value)
            }
            (Self::Float { low, high, .. }, Value::Integer(_) | Value::Number(_)) => {
                value.as_f64().is_some_and(|value| (*low..=*high).contains(&value))
            }
            (Self::Categorical { choices }, value) => choices.contains(value),
            _ => false,
        }
    }

    /// Writes a number as the domain does; leaves others alone.
    pub(super) fn normalize(&self, value: &mut Value) {
        let own = match (self, &*value) {
            (Self::Integer { .. }, &Value::Number(number)) if number.fract() == 0.0 => {
                // A number beyond the whole ones' ends up at their end, which no domain reaches.
                Some(Value::Integer(number as i64))
            }
            (Self::Float { .. }, &Value::Integer(integer)) => Some(Value::Number(integer as f64)),
            (Self::Categorical { choices }, value) => {
                choices.iter().find(|choice| same(choice, value)).cloned()
            }
            _ => None,
        };
        if let Some(own) = own {
            *value = own;
        }
    }

    /// Number of choices; `None` where the values are numbers.
    pub(crate) fn choices(&self) -> Option<usize> {
        match self {
            Self::Categorical { choices } => Some(choices.len()),
            _ => None,
        }
    }

    /// Whether there is a single value.
    pub(crate) fn is_constant(&self) -> bool {
        match self {
            Self::Integer { low, high, .. } => low == high,
            Self::Float { low, high, .. } => low == high,
            Self::Categorical { choices } => choices.len() == 1,
        }
    }

    /// Where a value lies on the unit interval, if it is of the domain.
    pub(crate) fn to_unit(&self, value: &Value) -> Option<f64> {
        if !self.contains(value) {
            return None;
        }
        match self {
            &Self::Integer { low, high, scale } if low < high => {
                Some(scale.unit(value.as_f64()?, low as f64 - 0.5, high as f64 + 0.5))
            }
            &Self::Float { low, high, scale } => Some(scale.unit(value.as_f64()?, low, high)),
            Self::Integer { .. } => Some(0.5),
            Self::Categorical { choices } => {
                let index = choices.iter().position(|choice| choice == value)?;
                Some((index as f64 + 0.5) / choices.len() as f64)
            }
        }
    }

    /// The value at a place on the unit interval.
    #[expect(clippy::wrong_self_convention, reason = "the counterpart of `to_unit`")]
    pub(crate) fn from_unit(&self, unit: f64) -> Value {
        match self {
            &Self::Integer { low, high, scale } => {
                let value = scale.value(unit, low as f64 - 0.5, high as f64 + 0.5);
                Value::Integer((value.round() as i64).clamp(low, high))
            }
            &Self::Float { low, high, scale } => {
                // Rounding must not leave the range.
                Value::Number(scale.value(unit, low, high).clamp(low, high))
            }
            Self::Categorical { choices } => choices[choice(unit, choices.len())].clone(),
        }
    }

    /// The share of the unit interval that has the same whole number as this place; `None` where no two places have the
    /// same value, or the values have no order.
    pub(crate) fn cell(&self, unit: f64) -> Option<(f64, f64)> {
        let &Self::Integer { low, high, scale } = self else { return None };
        let value = self.from_unit(unit).as_f64()?;
        let (low, high) = (low as f64 - 0.5, high as f64 + 0.5);
        Some((scale.unit(value - 0.5, low, high), scale.unit(value + 0.5, low, high)))
    }
}

/// Index of the choice, of `n`, whose share of the unit interval a place lies in.
pub(crate) fn choice(unit: f64, n: usize) -> usize {
    ((unit * n as f64) as usize).min(n - 1)
}

/// Whether two values are equal, `1` and `1.0` included.
pub(super) fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Integer(whole), Value::Number(real))
        | (Value::Number(real), Value::Integer(whole)) => *whole as f64 == *real,
        _ => a == b,
    }
}
