//! What a model may see and what it is asked about.
//!
//! Every mode keeps the id spaces of the data, so that scores of a model trained on a part line up
//! with the whole.

#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use crate::interactions::{History, Interactions, OwnedHistory};
use crate::metrics::ranking::NdcgForm;
use crate::seed::Seed;

/// Which events are held out to measure a model.
///
/// "Newest tenth" is the newest tenth of a history rounded up: the events whose rank by time over
/// their number is above 0.9, which is what `pandas` gives for
/// `groupby(user).timestamp.rank(pct=True, method="first") > 0.9`. Events of the same time rank in
/// the order of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EvaluationMode {
    /// What Amazon documents: a tenth of the users, drawn by seed among those with two events or
    /// more, is not trained on at all; the older part of their history is the input and the newest
    /// tenth the answer.
    #[default]
    NewestTenth,
    /// What Amazon's notebooks say the service did: of every user with two events or more the last
    /// event is the answer, and what came before is trained on and is the input.
    LastItem,
    /// The temporal holdout of Amazon's notebooks: of every user with an event the newest tenth is
    /// the answer, and what came before is trained on and is the input. A user with a single event
    /// has an empty input.
    TemporalHoldout,
}

impl EvaluationMode {
    /// All modes.
    pub const ALL: [Self; 3] = [Self::NewestTenth, Self::LastItem, Self::TemporalHoldout];

    /// The name in settings and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::NewestTenth => "newest-tenth",
            Self::LastItem => "last-item",
            Self::TemporalHoldout => "temporal-holdout",
        }
    }

    /// The form of NDCG that goes with the mode: the notebooks' for their temporal holdout, the
    /// documented one for the others.
    pub fn ndcg_form(self) -> NdcgForm {
        match self {
            Self::NewestTenth | Self::LastItem => NdcgForm::Amazon,
            Self::TemporalHoldout => NdcgForm::AmazonSample,
        }
    }
}

impl fmt::Display for EvaluationMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that no evaluation mode has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown evaluation mode `{name}`, expected `newest-tenth`, `last-item` or `temporal-holdout`"
)]
pub struct UnknownEvaluationMode {
    /// The name as given.
    pub name: String,
}

impl FromStr for EvaluationMode {
    type Err = UnknownEvaluationMode;

    fn from_str(name: &str) -> Result<Self, UnknownEvaluationMode> {
        Self::ALL
            .into_iter()
            .find(|mode| mode.name() == name)
            .ok_or_else(|| UnknownEvaluationMode { name: name.to_owned() })
    }
}

/// One question with its answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HeldOut {
    /// Who is asked about.
    pub user: u32,
    /// The events that a model may see.
    pub history: OwnedHistory,
    /// The items of the events held out, each once, in the order of time. They may be items that
    /// the history or the training data have or lack.
    pub relevant: Vec<u32>,
    /// Context of the first event held out: what is known of the moment that is asked about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<u32>,
}

/// Training data and questions about what was held out of them.
#[derive(Debug, Clone)]
pub struct Split {
    /// What a model may learn from, in the id spaces of the data.
    pub train: Interactions,
    /// The questions, ascending by user.
    pub queries: Vec<HeldOut>,
}

/// Holds data out as a mode says. The seed only matters to [`EvaluationMode::NewestTenth`].
///
/// ```
/// use ensue_core::{EvaluationMode, Event, InteractionsBuilder, Seed, split};
///
/// let mut rows = InteractionsBuilder::new();
/// for (time, item) in [3, 1, 2].into_iter().enumerate() {
///     rows.push(0, Event::new(item, time as i64));
/// }
/// let parts = split(&rows.build(1, 4), EvaluationMode::LastItem, Seed(0));
/// assert_eq!(parts.train.user(0).items, [3, 1]);
/// assert_eq!(parts.queries[0].relevant, [2]);
/// ```
pub fn split(interactions: &Interactions, mode: EvaluationMode, seed: Seed) -> Split {
    match mode {
        EvaluationMode::NewestTenth => {
            let drawn = draw_users(interactions, 0.1, seed, "split/newest-tenth");
            let train = interactions
                .truncated(|user, history| if drawn[user as usize] { 0 } else { history.len() });
            let queries = queries(interactions, |user, history| {
                drawn[user as usize].then(|| before_newest_tenth(history))
            });
            Split { train, queries }
        }
        EvaluationMode::LastItem => {
            cut(interactions, |_, history| (history.len() >= 2).then(|| history.len() - 1))
        }
        EvaluationMode::TemporalHoldout => cut(interactions, |_, history| {
            (!history.is_empty()).then(|| before_newest_tenth(history))
        }),
    }
}

/// Holds data out of training data once more, to stop training early by.
///
/// A share of the users with two events or more (`fraction`, 0 to 1, at least one user unless it is
/// 0) is drawn by seed. Of theirs the newest tenth is the answer, and what came before stays in
/// training and is the input: unlike in [`EvaluationMode::NewestTenth`] nobody's older events are
/// lost to training. Users not drawn keep everything.
pub fn validation_split(train: &Interactions, seed: Seed, fraction: f64) -> Split {
    let drawn = draw_users(train, fraction, seed, "split/validation");
    cut(train, |user, history| drawn[user as usize].then(|| before_newest_tenth(history)))
}

/// Splits histories in two where `keep` gives a length; trains on the older part of those and on
/// the whole of the others.
fn cut(interactions: &Interactions, keep: impl Fn(u32, History<'_>) -> Option<usize>) -> Split {
    Split {
        train: interactions.truncated(|user, history| keep(user, history).unwrap_or(history.len())),
        queries: queries(interactions, keep),
    }
}

fn queries(
    interactions: &Interactions,
    keep: impl Fn(u32, History<'_>) -> Option<usize>,
) -> Vec<HeldOut> {
    let query = |(user, history): (u32, History<'_>)| {
        let keep = keep(user, history)?;
        Some(HeldOut {
            user,
            history: history.first(keep).to_owned(),
            relevant: distinct(history.range(keep..).items),
            context: (keep < history.len()).then(|| history.event(keep).context).flatten(),
        })
    };
    interactions.users().filter_map(query).collect()
}

/// Events that come before the newest tenth, which has one at least.
fn before_newest_tenth(history: History<'_>) -> usize {
    history.len() - history.len().div_ceil(10)
}

/// Which users are drawn: a share of those with two events or more, rounded, at least one.
fn draw_users(interactions: &Interactions, share: f64, seed: Seed, purpose: &str) -> Vec<bool> {
    let mut able: Vec<u32> = interactions
        .users()
        .filter(|(_, history)| history.len() >= 2)
        .map(|(user, _)| user)
        .collect();
    let mut drawn = vec![false; interactions.n_users()];
    if share > 0.0 {
        let n = ((able.len() as f64 * share).round() as usize).clamp(1.min(able.len()), able.len());
        let (chosen, _) = able.partial_shuffle(&mut seed.stream(purpose), n);
        for &mut user in chosen {
            drawn[user as usize] = true;
        }
    }
    drawn
}

/// Each item once, where it first stands.
fn distinct(items: &[u32]) -> Vec<u32> {
    let mut order: Vec<usize> = (0..items.len()).collect();
    order.sort_unstable_by_key(|&at| (items[at], at));
    order.dedup_by_key(|at| items[*at]);
    order.sort_unstable();
    order.into_iter().map(|at| items[at]).collect()
}
