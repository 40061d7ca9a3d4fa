//! What a caller can choose about training.

use std::num::NonZeroUsize;

use serde::{Deserialize, Serialize};

use crate::optim::{Optimizer, Schedule, SettingsError, require};

/// Settings of the training loop.
///
/// | field | default | meaning | range |
/// |---|---|---|---|
/// | `epochs` | 20 | passes over the data, at most | 1 or more |
/// | `optimizer` | Adam | update rule and its constants | see [`Optimizer`] |
/// | `learning_rate` | 0.001 | base rate of the schedule | above 0 |
/// | `schedule` | constant | how the rate changes | see [`Schedule`] |
/// | `clip_norm` | 5 | largest global norm of the gradient; none: no limit | above 0 |
/// | `patience` | 3 | epochs in a row without a better metric until training ends; none: never | 1 or more |
/// | `min_improvement` | 0 | a metric is better when it exceeds the best by more than this | 0 or more |
/// | `averaged` | 1 | best epochs whose weights are averaged | 1 or more |
/// | `prefetch` | 2 | batches made ahead; no effect on results | 1 or more |
///
/// ```
/// use ensue_nn::train::TrainSettings;
///
/// let settings = TrainSettings { learning_rate: 0.01, ..TrainSettings::default() };
/// settings.check()?;
/// # Ok::<(), ensue_nn::train::SettingsError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrainSettings {
    /// Passes over the data, at most.
    pub epochs: NonZeroUsize,
    /// Update rule and its constants.
    pub optimizer: Optimizer,
    /// Base learning rate, above 0.
    pub learning_rate: f64,
    /// How the learning rate changes.
    pub schedule: Schedule,
    /// Largest global norm of the gradient, above 0; `None` for no limit.
    pub clip_norm: Option<f64>,
    /// Epochs in a row without a better validation metric until training ends; `None` for never.
    ///
    /// The best weights are kept either way.
    pub patience: Option<NonZeroUsize>,
    /// A metric is better when it exceeds the best so far by more than this.
    pub min_improvement: f64,
    /// How many of the best epochs give the weights, which are their mean; by the validation metric,
    /// or by the training loss where there is none. With 1 and no validation metric it is the last
    /// epoch.
    pub averaged: NonZeroUsize,
    /// Batches made ahead of the training step.
    pub prefetch: NonZeroUsize,
}

impl Default for TrainSettings {
    fn default() -> Self {
        let count = |n| NonZeroUsize::new(n).expect("the defaults are not zero");
        Self {
            epochs: count(20),
            optimizer: Optimizer::default(),
            learning_rate: 1e-3,
            schedule: Schedule::default(),
            clip_norm: Some(5.0),
            patience: Some(count(3)),
            min_improvement: 0.0,
            averaged: NonZeroUsize::MIN,
            prefetch: count(2),
        }
    }
}

impl TrainSettings {
    /// Checks every setting against its range; [`Trainer::fit`](super::Trainer::fit) calls it.
    ///
    /// # Errors
    ///
    /// [`SettingsError`] names the first setting that is out of range.
    pub fn check(&self) -> Result<(), SettingsError> {
        let positive = |x: f64| x.is_finite() && x > 0.0;
        require(positive(self.learning_rate), "learning_rate", self.learning_rate, "above 0")?;
        if let Some(clip) = self.clip_norm {
            require(positive(clip), "clip_norm", clip, "above 0")?;
        }
        let least = self.min_improvement;
        require(least.is_finite() && least >= 0.0, "min_improvement", least, "0 or more")?;
        self.optimizer.check()?;
        self.schedule.check()
    }

    /// What a checkpoint must agree on: every setting that decides what the finished epochs were.
    ///
    /// The number of epochs only matters to a schedule that looks at it, so that a longer run may
    /// go on from a shorter one; `patience` only decides when to end.
    pub(super) fn fingerprint(&self) -> String {
        let mut settings = self.clone();
        settings.prefetch = NonZeroUsize::MIN;
        settings.patience = None;
        if !settings.schedule.depends_on_length() {
            settings.epochs = NonZeroUsize::MIN;
        }
        serde_json::to_string(&settings).expect("numbers, strings and maps with string keys")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optim::Cosine;

    #[test]
    fn defaults_pass_their_own_check_and_read_back() {
        // Oracle: the table on `TrainSettings`; the written form.
        let settings = TrainSettings::default();
        settings.check().unwrap();
        let text = serde_json::to_string(&settings).unwrap();
        assert_eq!(serde_json::from_str::<TrainSettings>(&text).unwrap(), settings);
        assert_eq!(serde_json::from_str::<TrainSettings>("{}").unwrap(), settings);
    }

    #[test]
    fn unknown_and_illegal_settings_are_refused() {
        // Oracle: the ranges in the table on `TrainSettings`.
        let read = |text| serde_json::from_str::<TrainSettings>(text);
        assert!(read(r#"{"epoch":3}"#).is_err(), "unknown field");
        assert!(read(r#"{"epochs":0}"#).is_err(), "zero epochs");
        for text in [
            r#"{"learning_rate":0}"#,
            r#"{"clip_norm":-1}"#,
            r#"{"min_improvement":-1}"#,
            r#"{"optimizer":{"adam":{"beta1":1}}}"#,
            r#"{"schedule":{"cosine":{"floor":2}}}"#,
        ] {
            let error = read(text).unwrap().check().unwrap_err();
            let field = text.split('"').nth(1).unwrap();
            assert!(error.to_string().contains(field), "{text}: {error}");
        }
    }

    #[test]
    fn only_what_decides_finished_epochs_is_in_the_fingerprint() {
        // Oracle: the rule on `fingerprint`.
        let base = TrainSettings::default();
        let two = NonZeroUsize::new(2).unwrap();
        let longer = TrainSettings { epochs: two, patience: None, ..base.clone() };
        assert_eq!(base.fingerprint(), longer.fingerprint());
        let faster = TrainSettings { learning_rate: 0.1, ..base.clone() };
        assert_ne!(base.fingerprint(), faster.fingerprint());
        let cosine = |epochs| TrainSettings {
            schedule: Schedule::Cosine(Cosine::default()),
            epochs,
            ..base.clone()
        };
        assert_ne!(cosine(two).fingerprint(), cosine(NonZeroUsize::MIN).fingerprint());
    }
}
