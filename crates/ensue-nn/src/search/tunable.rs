//! Settings whose values can be set by name.

use ensue_tune::{Assignment, Space};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

/// Most training jobs of one search by Amazon.
pub const MAX_JOBS: u64 = 40;

/// Most training jobs at the same time by Amazon.
pub const MAX_PARALLEL_JOBS: usize = 10;

/// How far settings may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ranges {
    /// The settings that Amazon tuned, in its ranges.
    #[default]
    Amazon,
    /// Settings of our own, too, in the ranges that pay by experience.
    Wide,
}

/// A proposed value that a setting cannot have.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{owner}: {field} cannot be {value}: {rule}")]
pub struct TunedError {
    /// Name of the recipe or algorithm.
    pub owner: &'static str,
    /// Name of the setting.
    pub field: String,
    /// The value proposed.
    pub value: String,
    /// The rule it broke.
    pub rule: String,
}

/// Settings of a recipe or an algorithm, one of several, as a table of names.
pub trait Tunable: Serialize + DeserializeOwned + Clone {
    /// The name in a settings file that says which recipe or algorithm it is: no setting.
    const TAG: &'static str;

    /// Settings that a search sets itself and may not vary.
    const KEPT: &'static [&'static str];

    /// Name of the recipe or algorithm.
    fn name(&self) -> &'static str;

    /// The same with other values of some settings; their ranges are not looked at.
    ///
    /// # Errors
    /// [`TunedError`] when there is no such setting, or a value is of another type.
    fn with_values(&self, assignment: &Assignment) -> Result<Self, TunedError> {
        let mut settings = to_json(self);
        let mut changed = self.clone();
        for (name, value) in &assignment.0 {
            let value = serde_json::to_value(value).expect("plain data");
            let refused = |rule: String| {
                let (owner, field) = (self.name(), name.clone());
                TunedError { owner, field, value: value.to_string(), rule }
            };
            let Some(place) = settings.get_mut(name).filter(|_| name != Self::TAG) else {
                return Err(refused("there is no such setting".to_owned()));
            };
            *place = value.clone();
            // One after the other, so that the error names the right one.
            changed = serde_json::from_value(settings.clone())
                .map_err(|error| refused(error.to_string()))?;
        }
        Ok(changed)
    }

    /// The values that the settings of a space have.
    fn values(&self, space: &Space) -> Assignment {
        let settings = to_json(self);
        let names = space.parameters().iter().map(|parameter| parameter.name.as_str());
        let values = names.filter_map(|name| {
            let value = serde_json::from_value(settings.get(name)?.clone()).ok()?;
            Some((name.to_owned(), value))
        });
        Assignment(values.collect())
    }

    /// The value of a setting, as in a settings file; none where there is no such setting.
    fn setting(&self, name: &str) -> Option<Value> {
        to_json(self).get(name).filter(|_| name != Self::TAG).cloned()
    }

    /// Whether there is a setting of this name.
    fn has(&self, setting: &str) -> bool {
        self.setting(setting).is_some()
    }

    /// Epochs of a training; none where there is no such setting.
    fn epochs(&self) -> Option<u64> {
        self.setting("epochs").as_ref().and_then(Value::as_u64)
    }
}

fn to_json(settings: &impl Serialize) -> Value {
    serde_json::to_value(settings).expect("settings are plain data")
}
