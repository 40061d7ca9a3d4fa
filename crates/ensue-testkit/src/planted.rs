//! Users whose next item follows known probabilities.
//!
//! What a model should find is planted in three depths:
//!
//! - **chain**: every item has a follower; a first-order Markov chain learns it.
//! - **memory**: every item calls for another one three events later; a recurrent network learns
//!   it, a Markov chain cannot.
//! - **home**: every user starts most sessions with the same item of their own.
//!
//! The rest is noise drawn by a skewed popularity. [`Planted::probabilities`] says how probable each
//! next item is, so that the best ranking there can be is known.

use ensue_core::{Event, History, Interactions, InteractionsBuilder, Seed};
use rand::RngExt;
use rand::seq::SliceRandom;

/// Events back that the memory reaches.
const MEMORY: usize = 3;

/// What to plant.
#[derive(Debug, Clone, PartialEq)]
pub struct PlantedSettings {
    /// Users. Default 300.
    pub users: u32,
    /// Items. Default 60.
    pub items: u32,
    /// Sessions of each user. Default 6.
    pub sessions: usize,
    /// Events of each session. Default 8.
    pub session_length: usize,
    /// Probability that an event within a session is its predecessor's follower. Default 0.5.
    pub chain: f64,
    /// Probability that an event within a session is what the third last event calls for.
    /// Default 0.3; with `chain` at most 1.
    pub memory: f64,
    /// Probability that a session starts at the user's home. Default 0.7.
    pub home: f64,
    /// Popularity of the item of rank `r` (from 1) is in proportion to `r` to the minus `skew`.
    /// Default 1.
    pub skew: f64,
    /// Where the randomness comes from. Default 0.
    pub seed: Seed,
}

impl Default for PlantedSettings {
    fn default() -> Self {
        Self {
            users: 300,
            items: 60,
            sessions: 6,
            session_length: 8,
            chain: 0.5,
            memory: 0.3,
            home: 0.7,
            skew: 1.0,
            seed: Seed(0),
        }
    }
}

/// Planted data and what was planted.
///
/// ```
/// use ensue_testkit::{Planted, PlantedSettings};
/// let planted = Planted::new(PlantedSettings { users: 10, ..PlantedSettings::default() });
/// assert_eq!(planted.interactions.len(), 10 * 6 * 8);
/// assert!(planted.interactions.has_sessions());
/// ```
#[derive(Debug, Clone)]
pub struct Planted {
    /// What was planted.
    pub settings: PlantedSettings,
    /// The events: a minute apart within a session, a day between sessions, session numbers given.
    pub interactions: Interactions,
    /// The follower of each item; a permutation.
    pub chain: Vec<u32>,
    /// What each item calls for three events later; a permutation.
    pub memory: Vec<u32>,
    /// The home of each user.
    pub homes: Vec<u32>,
    /// Probability of each item in the noise; sums to 1.
    pub popularity: Vec<f64>,
}

impl Planted {
    /// Plants and draws the events.
    pub fn new(settings: PlantedSettings) -> Self {
        let seed = settings.seed;
        let permutation = |purpose: &str| {
            let mut items: Vec<u32> = (0..settings.items).collect();
            items.shuffle(&mut seed.stream(purpose));
            items
        };
        let mut popularity = vec![0.0; settings.items as usize];
        for (rank, item) in permutation("planted/popularity").into_iter().enumerate() {
            popularity[item as usize] = ((rank + 1) as f64).powf(-settings.skew);
        }
        let total: f64 = popularity.iter().sum();
        for probability in &mut popularity {
            *probability /= total;
        }
        let mut rng = seed.stream("planted/homes");
        let homes = (0..settings.users).map(|_| rng.random_range(0..settings.items)).collect();
        let mut planted = Self {
            interactions: InteractionsBuilder::new().build(0, 0),
            chain: permutation("planted/chain"),
            memory: permutation("planted/memory"),
            homes,
            popularity,
            settings,
        };
        planted.interactions = planted.drawn();
        planted
    }

    /// Probability of each item as the next event of a user with this history, and whether that
    /// event starts a session (after a long gap) or goes on with one; sums to 1.
    pub fn probabilities(&self, user: u32, history: History<'_>, starts: bool) -> Vec<f64> {
        let mut probabilities = vec![0.0; self.popularity.len()];
        let mut noise = 1.0;
        for (item, probability) in self.causes(user, history.items, starts).into_iter().flatten() {
            probabilities[item as usize] += probability;
            noise -= probability;
        }
        for (probability, popularity) in probabilities.iter_mut().zip(&self.popularity) {
            *probability += noise * popularity;
        }
        probabilities
    }

    /// The items with a reason to come next, and how probable the reason is.
    fn causes(&self, user: u32, before: &[u32], starts: bool) -> [Option<(u32, f64)>; 2] {
        if starts {
            return [Some((self.homes[user as usize], self.settings.home)), None];
        }
        let back = |events: usize| before.len().checked_sub(events).map(|at| before[at] as usize);
        [
            back(1).map(|item| (self.chain[item], self.settings.chain)),
            back(MEMORY).map(|item| (self.memory[item], self.settings.memory)),
        ]
    }

    fn drawn(&self) -> Interactions {
        let settings = &self.settings;
        let mut rows = InteractionsBuilder::new();
        let mut rng = settings.seed.stream("planted/events");
        for user in 0..settings.users {
            let mut items: Vec<u32> = Vec::new();
            for session in 0..settings.sessions {
                for place in 0..settings.session_length {
                    let mut left: f64 = rng.random();
                    let mut item = None;
                    for (cause, probability) in
                        self.causes(user, &items, place == 0).into_iter().flatten()
                    {
                        if item.is_none() && left < probability {
                            item = Some(cause);
                        }
                        left -= probability;
                    }
                    let item = item.unwrap_or_else(|| self.noise(rng.random()));
                    items.push(item);
                    let timestamp = session as i64 * 86_400 + place as i64 * 60;
                    let session = Some(session as u32);
                    rows.push(user, Event { session, ..Event::new(item, timestamp) });
                }
            }
        }
        rows.build(settings.users as usize, settings.items as usize)
    }

    /// The item whose share of the popularity holds this number from 0 to 1.
    fn noise(&self, mut at: f64) -> u32 {
        for (item, probability) in self.popularity.iter().enumerate() {
            if at < *probability {
                return item as u32;
            }
            at -= probability;
        }
        self.settings.items - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Tolerance, assert_close};

    /// Every event of the data as (probabilities before it, item, events before it in the session).
    fn predictions(planted: &Planted) -> Vec<(Vec<f64>, u32, usize)> {
        let mut predictions = Vec::new();
        for (user, history) in planted.interactions.users() {
            for at in 0..history.len() {
                let place = at % planted.settings.session_length;
                let probabilities = planted.probabilities(user, history.first(at), place == 0);
                predictions.push((probabilities, history.items[at], place));
            }
        }
        predictions
    }

    fn best(probabilities: &[f64]) -> usize {
        (0..probabilities.len())
            .max_by(|&a, &b| probabilities[a].total_cmp(&probabilities[b]))
            .unwrap()
    }

    #[test]
    fn probabilities_sum_to_one() {
        // Oracle: the definition.
        let planted = Planted::new(PlantedSettings { users: 5, ..PlantedSettings::default() });
        for (probabilities, ..) in predictions(&planted) {
            assert_close!(probabilities.iter().sum::<f64>(), 1.0, Tolerance::ROUNDING);
        }
    }

    #[test]
    fn events_follow_the_probabilities() {
        // Oracle: the stated probabilities. The best guess is right as often as it says, within
        // four standard deviations of that sum of independent draws.
        let planted = Planted::new(PlantedSettings::default());
        for starts in [true, false] {
            let (mut right, mut expected, mut variance) = (0.0, 0.0, 0.0);
            for (probabilities, item, place) in predictions(&planted) {
                if (place == 0) == starts {
                    let guess = best(&probabilities);
                    right += f64::from(u8::from(guess == item as usize));
                    expected += probabilities[guess];
                    variance += probabilities[guess] * (1.0 - probabilities[guess]);
                }
            }
            let off = (right - expected) / f64::sqrt(variance);
            assert!(off.abs() < 4.0, "{right} right, {expected} expected, {off} deviations");
        }
    }

    #[test]
    fn memory_is_worth_something_beyond_the_chain() {
        // Oracle: within sessions the third last event's call comes with probability 0.3 and more
        // often than any noise; 300 * 6 * 7 events, so 4 deviations are 0.017.
        let planted = Planted::new(PlantedSettings::default());
        let (mut called, mut events) = (0.0, 0.0);
        for (_, history) in planted.interactions.users() {
            for at in (MEMORY..history.len()).filter(|at| at % 8 != 0) {
                let call = planted.memory[history.items[at - MEMORY] as usize];
                called += f64::from(u8::from(call == history.items[at]));
                events += 1.0;
            }
        }
        let share = called / events;
        assert!((0.3 - 0.017..0.3 + 0.06).contains(&share), "{share}");
    }

    #[test]
    fn the_same_seed_plants_the_same() {
        // Oracle: the fingerprint, of the same and of another seed.
        let print = |seed| {
            let settings =
                PlantedSettings { users: 9, seed: Seed(seed), ..PlantedSettings::default() };
            Planted::new(settings).interactions.fingerprint()
        };
        assert_eq!(print(1), print(1));
        assert_ne!(print(1), print(2));
    }
}
