mod ask;
mod run;

use std::sync::Arc;
use std::time::Duration;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use super::StudySettings;
use crate::journal::ManualClock;
use crate::{Assignment, Domain, History, Sampler, Space, Trial, TrialState};

/// Draws evenly from every domain.
#[derive(Debug, Clone, Serialize)]
struct Uniform {
    label: &'static str,
}

const UNIFORM: Uniform = Uniform { label: "uniform" };

impl Sampler for Uniform {
    fn sample(&self, history: &History<'_>, random: &mut ChaCha8Rng) -> Assignment {
        let mut assignment = Assignment::default();
        for parameter in history.space.parameters() {
            match &parameter.domain {
                Domain::Integer { low, high, .. } => {
                    assignment.set(&parameter.name, random.random_range(*low..=*high));
                }
                Domain::Float { low, high, .. } => {
                    assignment.set(&parameter.name, random.random_range(*low..=*high));
                }
                Domain::Categorical { choices } => {
                    let choice = choices[random.random_range(0..choices.len())].clone();
                    assignment.0.insert(parameter.name.clone(), choice);
                }
            }
        }
        assignment
    }
}

/// One number between 0 and 1000.
fn space() -> Space {
    serde_json::from_str(
        r#"[{"name": "x", "domain": {"type": "float", "low": 0.0, "high": 1000.0}}]"#,
    )
    .unwrap()
}

fn settings() -> StudySettings {
    StudySettings::new(space(), UNIFORM).with_seed(11)
}

/// Settings whose time stands still until it is moved.
fn timed() -> (StudySettings, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::default());
    (settings().with_clock(Arc::<ManualClock>::clone(&clock)), clock)
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn at(x: f64) -> Assignment {
    let mut assignment = Assignment::default();
    assignment.set("x", x);
    assignment
}

fn ended(number: u64, state: TrialState, x: f64, values: &[f64]) -> Trial {
    let (assignment, values) = (at(x), values.to_vec());
    Trial { number, assignment, state, measurements: Vec::new(), values, seconds: 0.0 }
}
