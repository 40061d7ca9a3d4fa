//! How metrics are written in JSON: finite numbers as they are; `"inf"`, `"-inf"` and `"NaN"` for those that JSON has
//! no way to write.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Form {
    Number(f64),
    Text(String),
}

impl From<f64> for Form {
    fn from(value: f64) -> Self {
        if value.is_finite() { Self::Number(value) } else { Self::Text(value.to_string()) }
    }
}

impl Form {
    fn value<E: serde::de::Error>(&self) -> Result<f64, E> {
        match self {
            Self::Number(value) => Ok(*value),
            Self::Text(text) => text.parse().map_err(E::custom),
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
pub(super) fn serialize<S: Serializer>(value: &f64, to: S) -> Result<S::Ok, S::Error> {
    Form::from(*value).serialize(to)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    Form::deserialize(from)?.value()
}

/// The same for nine of them.
pub(super) mod nine {
    use super::{Deserialize, Deserializer, Form, Serialize, Serializer};

    pub(in super::super) fn serialize<S: Serializer>(
        values: &[f64; 9],
        to: S,
    ) -> Result<S::Ok, S::Error> {
        values.map(Form::from).serialize(to)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<[f64; 9], D::Error> {
        let forms = <[Form; 9]>::deserialize(from)?;
        let mut values = [0.0; 9];
        for (value, form) in values.iter_mut().zip(&forms) {
            *value = form.value()?;
        }
        Ok(values)
    }
}

/// The same for one that may not be defined: null then.
pub(super) mod option {
    use super::{Deserialize, Deserializer, Form, Serialize, Serializer};

    #[expect(clippy::ref_option, reason = "serde asks for a reference")]
    pub(in super::super) fn serialize<S: Serializer>(
        value: &Option<f64>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        value.map(Form::from).serialize(to)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<f64>, D::Error> {
        Option::<Form>::deserialize(from)?.map(|form| form.value()).transpose()
    }
}
