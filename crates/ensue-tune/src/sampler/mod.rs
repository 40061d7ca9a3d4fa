//! Who proposes what to try next.
//!
//! | sampler | what it does |
//! |---|---|
//! | [`Random`] | draws each hyperparameter evenly |
//! | [`QuasiRandom`] | spreads the trials evenly: a scrambled Halton sequence |
//! | [`Tpe`] | learns where good trials lie, the default |
//!
//! [`AnySampler`] is one of them, by name, as a file of settings says it.

mod any;
mod quasi_random;
mod random;
mod tpe;

use std::fmt::Debug;

use rand_chacha::ChaCha8Rng;

pub use any::{AnySampler, SettingsError};
pub use quasi_random::QuasiRandom;
pub use random::Random;
pub use tpe::Tpe;

use crate::{Assignment, History};

/// Proposes what to try next, from what is known.
///
/// A proposal depends on the history and the generator alone, so that a search repeats.
pub trait Sampler: Send + Sync + Debug {
    /// Values for every hyperparameter whose condition holds.
    fn sample(&self, history: &History<'_>, random: &mut ChaCha8Rng) -> Assignment;
}
