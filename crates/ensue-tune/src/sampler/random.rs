//! Draws that know nothing.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::Sampler;
use crate::{Assignment, History};

/// Draws each hyperparameter evenly on its scale, whatever is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Random {}

impl Sampler for Random {
    fn sample(&self, history: &History<'_>, random: &mut ChaCha8Rng) -> Assignment {
        let point: Vec<f64> = history.space.parameters().iter().map(|_| random.random()).collect();
        history.space.from_unit(&point)
    }
}
