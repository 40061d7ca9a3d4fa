//! Which optimiser, and its constants.

use serde::{Deserialize, Serialize};

/// A setting outside its range.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("setting `{field}` is {value}, but must be {rule}")]
pub struct SettingsError {
    /// Name of the setting.
    pub field: &'static str,
    /// The value it has.
    pub value: f64,
    /// The range it must lie in, in words.
    pub rule: &'static str,
}

/// An error unless `holds`; the building block of every `check`.
pub(crate) fn require(
    holds: bool,
    field: &'static str,
    value: f64,
    rule: &'static str,
) -> Result<(), SettingsError> {
    if holds { Ok(()) } else { Err(SettingsError { field, value, rule }) }
}

/// The update rule. In a settings file: `optimizer = { adam = { beta1 = 0.9 } }`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Optimizer {
    /// Moving averages of the gradient and of its square.
    Adam(Adam),
    /// The sum of squared gradients, with classical momentum.
    Adagrad(Adagrad),
}

impl Default for Optimizer {
    fn default() -> Self {
        Self::Adam(Adam::default())
    }
}

impl Optimizer {
    /// Checks every constant against its range.
    ///
    /// # Errors
    ///
    /// [`SettingsError`] names the first constant that is out of range.
    pub fn check(&self) -> Result<(), SettingsError> {
        let unit = |x: f64| (0.0..1.0).contains(&x);
        let positive = |x: f64| x.is_finite() && x > 0.0;
        match self {
            Self::Adam(a) => {
                require(unit(a.beta1), "optimizer.adam.beta1", a.beta1, "in 0..1")?;
                require(unit(a.beta2), "optimizer.adam.beta2", a.beta2, "in 0..1")?;
                let decay = a.weight_decay;
                let legal = decay.is_finite() && decay >= 0.0;
                require(legal, "optimizer.adam.weight_decay", decay, "0 or more")?;
                require(positive(a.epsilon), "optimizer.adam.epsilon", a.epsilon, "above 0")
            }
            Self::Adagrad(a) => {
                require(unit(a.momentum), "optimizer.adagrad.momentum", a.momentum, "in 0..1")?;
                require(positive(a.epsilon), "optimizer.adagrad.epsilon", a.epsilon, "above 0")
            }
        }
    }
}

/// Constants of Adam (Kingma and Ba, 2015; decoupled decay: Loshchilov and Hutter, 2019).
///
/// ```text
/// p = p (1 - lr weight_decay)
/// m = beta1 m + (1 - beta1) g              v = beta2 v + (1 - beta2) g^2
/// p = p - lr / (1 - beta1^t) m / (sqrt(v) / sqrt(1 - beta2^t) + epsilon)
/// ```
///
/// `t` counts the steps in which the parameter had a gradient, as in PyTorch; where rows are gathered
/// ([`embedding`](crate::embedding)), the steps in which the row had one.
///
/// | field | default | range |
/// |---|---|---|
/// | `beta1` | 0.9 | 0 to below 1 |
/// | `beta2` | 0.999 | 0 to below 1 |
/// | `epsilon` | 1e-8 | above 0 |
/// | `weight_decay` | 0 | 0 or more |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Adam {
    /// Decay of the average gradient.
    pub beta1: f64,
    /// Decay of the average squared gradient.
    pub beta2: f64,
    /// Added to the root, so that it never divides by zero.
    pub epsilon: f64,
    /// Share of a weight removed per step and unit of learning rate, apart from the gradient.
    pub weight_decay: f64,
}

impl Default for Adam {
    fn default() -> Self {
        Self { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.0 }
    }
}

/// Constants of Adagrad (Duchi et al., 2011), with epsilon inside the root and momentum.
///
/// ```text
/// G = G + g^2        v = momentum v - lr g / sqrt(G + epsilon)        p = p + v
/// ```
///
/// | field | default | range |
/// |---|---|---|
/// | `epsilon` | 1e-6 | above 0 |
/// | `momentum` | 0 | 0 to below 1 |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Adagrad {
    /// Added inside the root, so that it never divides by zero.
    pub epsilon: f64,
    /// Share of the last change that is repeated.
    pub momentum: f64,
}

impl Default for Adagrad {
    fn default() -> Self {
        Self { epsilon: 1e-6, momentum: 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_pass_their_own_check() {
        // Oracle: the ranges of the tables above.
        Optimizer::default().check().unwrap();
        Optimizer::Adagrad(Adagrad::default()).check().unwrap();
    }

    #[test]
    fn a_constant_out_of_range_is_named() {
        // Oracle: the ranges of the tables above.
        let adam = |f: fn(&mut Adam)| {
            let mut settings = Adam::default();
            f(&mut settings);
            Optimizer::Adam(settings).check().unwrap_err().to_string()
        };
        assert_eq!(
            adam(|a| a.beta1 = 1.0),
            "setting `optimizer.adam.beta1` is 1, but must be in 0..1"
        );
        assert!(adam(|a| a.beta2 = f64::NAN).contains("beta2"), "NaN is out of every range");
        assert!(adam(|a| a.epsilon = 0.0).contains("epsilon"), "zero epsilon");
        assert!(adam(|a| a.weight_decay = -1.0).contains("weight_decay"), "negative decay");
        let adagrad = Optimizer::Adagrad(Adagrad { momentum: -0.1, ..Adagrad::default() });
        assert!(adagrad.check().unwrap_err().to_string().contains("momentum"), "momentum");
    }

    #[test]
    fn settings_files_are_read_strictly() {
        // Oracle: the form shown on `Optimizer`.
        let read = |text| serde_json::from_str::<Optimizer>(text);
        let adam = Adam { beta1: 0.5, ..Adam::default() };
        assert_eq!(read(r#"{"adam":{"beta1":0.5}}"#).unwrap(), Optimizer::Adam(adam));
        assert!(read(r#"{"adam":{"beta3":0.5}}"#).is_err(), "unknown constant");
        assert!(read(r#"{"lion":{}}"#).is_err(), "unknown optimiser");
    }
}
