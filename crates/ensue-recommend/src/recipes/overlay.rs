//! Settings that hold those of another recipe, as one flat table of names.
//!
//! A recipe that trains HRNN's network has HRNN's settings and its own. In a file they stand side by side, an unknown name
//! is refused, and a name that is not given has the default of the recipe itself, which may differ from HRNN's.

use serde_json::{Map, Value};

/// The defaults with what is given in their place.
pub(super) fn overlay(defaults: Value, given: Map<String, Value>) -> Result<Value, String> {
    let Value::Object(mut settings) = defaults else {
        return Err("settings are a table of names".to_owned());
    };
    for (name, value) in given {
        if let Some(setting) = settings.get_mut(&name) {
            *setting = value;
        } else {
            let known: Vec<&str> = settings.keys().map(String::as_str).collect();
            return Err(format!("unknown field `{name}`, expected one of {}", known.join(", ")));
        }
    }
    Ok(Value::Object(settings))
}

/// Implements serde's traits for settings with `#[serde(remote = "Self")]` and flattened settings of another recipe.
macro_rules! flat_settings {
    ($settings:ty) => {
        impl serde::Serialize for $settings {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                Self::serialize(self, serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $settings {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                use serde::de::Error;
                let given = serde_json::Map::deserialize(deserializer)?;
                let defaults = serde_json::to_value(Self::default()).map_err(D::Error::custom)?;
                let settings = crate::recipes::overlay::overlay(defaults, given);
                Self::deserialize(settings.map_err(D::Error::custom)?).map_err(D::Error::custom)
            }
        }
    };
}
pub(super) use flat_settings;
