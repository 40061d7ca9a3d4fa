//! What a run tells about itself.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Something that happened in a run.
///
/// As JSON it is one object whose `event` names the variant: `{"event":"checkpoint","epoch":3}`.
/// Counts of epochs and steps start at 1 where something has been done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Progress {
    /// Rows of a file were read.
    Import {
        /// The file.
        file: PathBuf,
        /// Rows so far.
        rows: u64,
    },
    /// Work began.
    Started {
        /// What is worked on, for people.
        what: String,
        /// How many steps it will take at most, where that is known.
        total_steps: Option<usize>,
    },
    /// A training step was done.
    Step {
        /// Its epoch, from 1.
        epoch: usize,
        /// Its number within the epoch, from 1.
        step: usize,
        /// Steps of an epoch.
        steps: usize,
        /// Mean training loss of the step's batch.
        loss: f64,
    },
    /// An epoch was done.
    Epoch {
        /// Its number, from 1.
        epoch: usize,
        /// Epochs at most.
        epochs: usize,
        /// Mean training loss over the epoch's events.
        train_loss: f64,
        /// The validation metric, where there is one; higher is better.
        validation: Option<f64>,
        /// The learning rate of the epoch's last step.
        learning_rate: f64,
        /// How long it took, seconds, validation included.
        seconds: f64,
        /// Events trained on.
        events: usize,
    },
    /// A checkpoint was written.
    Checkpoint {
        /// Epochs done.
        epoch: usize,
    },
    /// Training goes on from a checkpoint.
    Resumed {
        /// Epochs done before.
        epoch: usize,
    },
    /// A trial of a search ended.
    Trial {
        /// Its number, from 0.
        trial: u64,
        /// What was tried, by name of the setting.
        settings: BTreeMap<String, serde_json::Value>,
        /// How it ended: `complete`, `stopped` (early) or `failed`.
        state: String,
        /// The objective's value; none for a failed trial.
        value: Option<f64>,
        /// How far it came, such as epochs.
        steps: u64,
        /// Number and value of the best complete trial so far.
        best: Option<(u64, f64)>,
        /// Time that the search will still take, seconds, where that is known.
        left: Option<f64>,
    },
    /// Something was measured.
    Evaluated {
        /// What was measured, such as a recipe's name.
        what: String,
        /// Value by metric name.
        metrics: BTreeMap<String, f64>,
    },
    /// Lines of a batch were answered.
    Answered {
        /// Lines so far.
        lines: usize,
        /// Those of them that could not be answered.
        failed: usize,
    },
    /// Something a person should know.
    Warning {
        /// What, for people.
        message: String,
    },
    /// Work ended well.
    Finished {
        /// What was worked on, for people.
        what: String,
        /// How long it took, seconds.
        seconds: f64,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_names_the_event() {
        // Oracle: the JSON by hand.
        let json = serde_json::to_string(&Progress::Checkpoint { epoch: 3 }).unwrap();
        assert_eq!(json, r#"{"event":"checkpoint","epoch":3}"#);
        let back: Progress = serde_json::from_str(&json).unwrap();
        assert_eq!(back, Progress::Checkpoint { epoch: 3 });
    }
}
