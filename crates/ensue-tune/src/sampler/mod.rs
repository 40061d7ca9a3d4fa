//! Who proposes what to try next.

use std::fmt::Debug;

use rand_chacha::ChaCha8Rng;

use crate::{Assignment, History};

/// Proposes what to try next, from what is known.
///
/// A proposal depends on the history and the generator alone, so that a search repeats.
pub trait Sampler: Send + Sync + Debug {
    /// Values for every hyperparameter whose condition holds.
    fn sample(&self, history: &History<'_>, random: &mut ChaCha8Rng) -> Assignment;
}
