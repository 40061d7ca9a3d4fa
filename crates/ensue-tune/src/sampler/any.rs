//! A sampler by name.

use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::{QuasiRandom, Random, Sampler, Tpe};
use crate::{Assignment, History};

/// A setting that a sampler cannot work with.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{sampler}: {field} is {value}, and must be {rule}")]
pub struct SettingsError {
    /// The sampler's name.
    pub sampler: &'static str,
    /// The setting's name.
    pub field: &'static str,
    /// Its value.
    pub value: f64,
    /// What it must be.
    pub rule: &'static str,
}

/// One of the samplers, as a file of settings names it: `{"sampler": "tpe", "candidates": 24}`. Default [`Tpe`].
///
/// ```
/// use ensue_tune::sampler::{AnySampler, QuasiRandom};
/// let sampler: AnySampler = serde_json::from_str(r#"{"sampler": "quasi-random", "seed": 7}"#)?;
/// assert_eq!(sampler, AnySampler::QuasiRandom(QuasiRandom { seed: 7 }));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "sampler", rename_all = "kebab-case")]
pub enum AnySampler {
    /// Draws evenly.
    Random(Random),
    /// Spreads evenly.
    QuasiRandom(QuasiRandom),
    /// Learns where good trials lie.
    Tpe(Tpe),
}

impl AnySampler {
    /// Holds the settings to their ranges.
    ///
    /// # Errors
    ///
    /// Names the first setting that is outside its range.
    pub fn check(&self) -> Result<(), SettingsError> {
        match self {
            Self::Random(_) | Self::QuasiRandom(_) => Ok(()),
            Self::Tpe(tpe) => tpe.check(),
        }
    }
}

impl Default for AnySampler {
    fn default() -> Self {
        Self::Tpe(Tpe::default())
    }
}

impl Sampler for AnySampler {
    fn sample(&self, history: &History<'_>, random: &mut ChaCha8Rng) -> Assignment {
        match self {
            Self::Random(sampler) => sampler.sample(history, random),
            Self::QuasiRandom(sampler) => sampler.sample(history, random),
            Self::Tpe(sampler) => sampler.sample(history, random),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_come_back_and_strangers_are_refused() {
        // Oracle: the identity, and the rule.
        let all = [
            AnySampler::default(),
            AnySampler::Random(Random {}),
            AnySampler::QuasiRandom(QuasiRandom { seed: 3 }),
        ];
        for sampler in all {
            let text = serde_json::to_string(&sampler).unwrap();
            assert_eq!(serde_json::from_str::<AnySampler>(&text).unwrap(), sampler);
            assert_eq!(sampler.check(), Ok(()));
        }
        for text in [r#"{"sampler": "random", "seed": 3}"#, r#"{"sampler": "tpe", "gamma": 3}"#] {
            let message = serde_json::from_str::<AnySampler>(text).unwrap_err().to_string();
            assert!(message.contains("unknown field"), "{message}");
        }
    }
}
