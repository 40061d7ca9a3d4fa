//! The two traits of this crate: a recipe's settings can be fitted, a fitted recipe answers.

use std::{fmt::Debug, sync::Arc};

use ensue_core::{
    Bitmap, History, Interactions, Run,
    artifact::{ArtifactError, ArtifactReader, ArtifactWriter},
};
use ensue_data::MetadataTable;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    FitError, LoadError, Memory, Query, QueryError, ScoredItem, Scores, SettingsError,
    query::check_history,
    top_k::{softmax_terms, top_k},
};

/// What a recipe learns from. Cloning is cheap: the tables are shared.
#[derive(Debug, Clone)]
pub struct TrainingData {
    /// Who did what, when.
    pub interactions: Interactions,
    /// Metadata of the users, by dense user id.
    pub user_table: Option<Arc<MetadataTable>>,
    /// Metadata of the items, by dense item id.
    pub item_table: Option<Arc<MetadataTable>>,
    /// Contexts of the events, by the number of their context.
    pub context_table: Option<Arc<MetadataTable>>,
}

impl TrainingData {
    /// Interactions without metadata.
    pub fn from_interactions(interactions: Interactions) -> Self {
        Self { interactions, user_table: None, item_table: None, context_table: None }
    }

    /// The same metadata around other interactions (of the same id space).
    pub fn with_interactions(&self, interactions: Interactions) -> Self {
        Self { interactions, ..self.clone() }
    }
}

/// Settings of a recommendation method; fitting them to data gives something that answers.
///
/// Settings are plain data: public fields, a `Default`, serde with unknown fields refused. One folder of
/// `recipes/` holds one recipe, and one line of [`crate::recipes`] registers it.
pub trait Recipe: Serialize + DeserializeOwned + Default + Clone + Debug + PartialEq {
    /// Name in settings files and on the command line, such as `aws-hrnn`.
    const NAME: &'static str;

    /// The fitted form: the only type that answers questions.
    type Fitted: Recommend + 'static;

    /// Checks what the types of the fields cannot; [`Recipe::fit`] calls it first.
    ///
    /// # Errors
    /// [`SettingsError`] names the field, its value and the rule it broke.
    fn check(&self) -> Result<(), SettingsError>;

    /// Learns from `data`. The same settings, data, seed, device and thread count give the same bytes (ndarray).
    ///
    /// # Errors
    /// [`FitError`] when settings, data or device are not usable, when the loss stops being a number, or when the run is
    /// cancelled.
    fn fit(&self, data: &TrainingData, run: &mut Run) -> Result<Self::Fitted, FitError>;

    /// Reads back what [`Recommend::save`] wrote.
    ///
    /// # Errors
    /// [`LoadError`] when a file is missing, damaged or does not fit these settings, or the device cannot be opened.
    fn load(&self, reader: &ArtifactReader, device: &str) -> Result<Self::Fitted, LoadError>;
}

/// What a recipe answers for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// A user, by their history.
    User,
    /// An item: what goes with the one of the last event.
    Item,
}

/// A fitted recipe: answers what comes next.
///
/// An implementation needs [`Recommend::scores`]; the other answers follow from it and are overridden where a recipe
/// knows a faster or more exact way.
pub trait Recommend: Send + Sync + Debug {
    /// Name of the recipe ([`Recipe::NAME`]).
    fn recipe(&self) -> &'static str;

    /// What it answers for. Default: a user.
    fn subject(&self) -> Subject {
        Subject::User
    }

    /// Size of the catalogue: answers are dense ids below it.
    fn n_items(&self) -> usize;

    /// Scores of the whole catalogue for each query, higher is better. Ignores [`Query::exclude`]; an empty history is
    /// allowed.
    ///
    /// # Errors
    /// [`QueryError::ItemOutOfRange`] when a history names an item outside the catalogue.
    fn scores(&self, queries: &[Query<'_>]) -> Result<Scores, QueryError>;

    /// Whether a softmax over the catalogue turns the scores into probabilities that answers carry. Default `false`:
    /// answers carry no score.
    fn probabilities(&self) -> bool {
        false
    }

    /// Whether queries may be answered from several threads for speed. Default `false`; `true` only for recipes that do
    /// not use a device, whose own threads would fight with the caller's.
    fn parallel_queries(&self) -> bool {
        false
    }

    /// The `k` best items for each query, best first; equal scores in ascending item id, excluded items left out, fewer
    /// than `k` when the catalogue has no more.
    ///
    /// # Errors
    /// As [`Recommend::scores`].
    fn recommend(
        &self,
        queries: &[Query<'_>],
        k: usize,
    ) -> Result<Vec<Vec<ScoredItem>>, QueryError> {
        let scores = self.scores(queries)?;
        let answers = queries.iter().enumerate().map(|(row, query)| {
            let row = scores.row(row);
            let items = top_k(row, k, query);
            if self.probabilities() {
                let (maximum, sum) = softmax_terms(row);
                let probability =
                    |item: u32| ((row[item as usize] as f64 - maximum).exp() / sum) as f32;
                items
                    .iter()
                    .map(|&item| ScoredItem { item, score: Some(probability(item)) })
                    .collect()
            } else {
                items.iter().map(|&item| ScoredItem { item, score: None }).collect()
            }
        });
        Ok(answers.collect())
    }

    /// The items of a list in the order of their scores, best first, one list for each query. Equal scores keep the
    /// order of the list; items beyond the catalogue come last, in the order of the list, without a score. Where
    /// [`Recommend::probabilities`] holds, the scores are a softmax over the list. Items of the list are distinct;
    /// [`Query::exclude`] and [`Query::allowed`] are ignored.
    ///
    /// # Errors
    /// As [`Recommend::scores`].
    fn rerank(
        &self,
        queries: &[Query<'_>],
        lists: &[&[u32]],
    ) -> Result<Vec<Vec<ScoredItem>>, QueryError> {
        let scores = self.scores(queries)?;
        let rows = (0..queries.len()).map(|row| scores.row(row));
        let answers = rows.zip(lists).map(|(row, list)| {
            rerank(|item| row.get(item as usize).copied(), list, self.probabilities())
        });
        Ok(answers.collect())
    }

    /// What to keep of a query's history so that later answers for it, or for a longer one, need not read it again;
    /// starts from [`Query::memory`] where that is a beginning of the history. Default `None`: nothing to keep.
    ///
    /// # Errors
    /// As [`Recommend::scores`].
    fn remember(&self, _query: &Query<'_>) -> Result<Option<Memory>, QueryError> {
        Ok(None)
    }

    /// The same model over a larger catalogue: `items` has a row for each item, those of this catalogue first. Default
    /// `None`: the recipe cannot tell anything about an item that it was not trained with.
    fn with_items(&self, _items: &MetadataTable) -> Option<Arc<dyn Recommend>> {
        None
    }

    /// Whether answers depend on [`Query::user_fields`]: then somebody without a history, but with fields, is answered by the
    /// model and not by popularity. Default `false`.
    fn uses_user_fields(&self) -> bool {
        false
    }

    /// The same model for other users: user `i` is the user `kept[i]` of this one, and nothing that is kept of single users
    /// by their dense id is left of the others, nor of moments that are not in `contexts`. What was learned of all together
    /// stays. Default `None`: nothing is kept by dense id.
    fn with_users(&self, _kept: &[u32], _contexts: &Bitmap) -> Option<Arc<dyn Recommend>> {
        None
    }

    /// Rank of each event `from..` of a history among the whole catalogue, given all events before it: 1 plus the number
    /// of items with a strictly higher score. A target whose score is not a number gets `u32::MAX`.
    ///
    /// # Errors
    /// As [`Recommend::scores`].
    fn next_item_ranks(&self, history: History<'_>, from: usize) -> Result<Vec<u32>, QueryError> {
        check_history(history, self.n_items())?;
        // Bounds the memory of one batch of scores to about 16 MiB.
        let batch = (4 * 1024 * 1024 / self.n_items().max(1)).clamp(1, 256);
        let mut ranks = Vec::with_capacity(history.len().saturating_sub(from));
        let mut next = from;
        while next < history.len() {
            let end = (next + batch).min(history.len());
            let queries: Vec<Query<'_>> =
                (next..end).map(|position| Query::from_history(history.first(position))).collect();
            let scores = self.scores(&queries)?;
            ranks.extend(
                (next..end)
                    .enumerate()
                    .map(|(row, position)| rank_of(scores.row(row), history.items[position])),
            );
            next = end;
        }
        Ok(ranks)
    }

    /// Writes what [`Recipe::load`] needs.
    ///
    /// # Errors
    /// [`ArtifactError`] when a file cannot be written.
    fn save(&self, out: &mut ArtifactWriter) -> Result<(), ArtifactError>;
}

/// The items of `list` by falling score; see [`Recommend::rerank`].
pub(crate) fn rerank(
    score: impl Fn(u32) -> Option<f32>,
    list: &[u32],
    probabilities: bool,
) -> Vec<ScoredItem> {
    let (mut known, mut unknown) = (Vec::with_capacity(list.len()), Vec::new());
    for &item in list {
        match score(item).filter(|score| !score.is_nan()) {
            Some(score) => known.push((item, score)),
            None => unknown.push((item, None)),
        }
    }
    known.sort_by(|a: &(u32, f32), b| b.1.total_cmp(&a.1));
    let own: Vec<f32> = known.iter().map(|&(_, score)| score).collect();
    let (maximum, sum) = softmax_terms(&own);
    let share = |score: f32| ((score as f64 - maximum).exp() / sum) as f32;
    let scored = known.into_iter().map(|(item, score)| (item, probabilities.then(|| share(score))));
    scored.chain(unknown).map(|(item, score)| ScoredItem { item, score }).collect()
}

/// 1 plus the number of scores strictly above that of `target`; `u32::MAX` when it is not a number.
pub fn rank_of(scores: &[f32], target: u32) -> u32 {
    let own = scores[target as usize];
    if own.is_nan() {
        return u32::MAX;
    }
    1 + scores.iter().filter(|&&score| score > own).count() as u32
}
