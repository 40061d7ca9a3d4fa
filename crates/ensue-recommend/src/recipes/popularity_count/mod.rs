#![doc = include_str!("README.md")]

#[cfg(test)]
mod tests;

use std::sync::Arc;

use ensue_core::{
    History, Interactions, Run,
    artifact::{ArtifactError, ArtifactReader, ArtifactWriter},
};
use ensue_data::MetadataTable;
use serde::{Deserialize, Serialize};

use crate::{
    FitError, LoadError, Query, QueryError, Recipe, Recommend, ScoredItem, Scores, SettingsError,
    TrainingData, check_queries, columns, query::check_history,
};

const FILE: &str = "popularity.u32";

/// What makes an item popular.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CountBy {
    /// How many different users had the item (Amazon's documentation since 2023).
    #[default]
    DistinctUsers,
    /// How many events the item has (Amazon's documentation of 2019).
    Events,
}

/// Settings of Popularity-Count: the items most people had, the same list for everybody.
///
/// | name | default | meaning | range |
/// |---|---|---|---|
/// | `count_by` | `distinct-users` | what is counted | `distinct-users`, `events` |
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PopularityCount {
    /// What is counted. Default: distinct users.
    pub count_by: CountBy,
}

/// Counted popularity of every item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FittedPopularityCount {
    counts: Vec<u32>,
    /// Items by falling count, equal counts in ascending id.
    ranking: Vec<u32>,
}

impl FittedPopularityCount {
    /// Popularity given as one count an item.
    pub fn from_counts(counts: Vec<u32>) -> Self {
        let mut ranking: Vec<u32> = (0..counts.len() as u32).collect();
        ranking.sort_by_key(|&item| std::cmp::Reverse(counts[item as usize]));
        Self { counts, ranking }
    }

    /// Counts the events of a data set, as [`PopularityCount`] settings say.
    pub fn count(interactions: &Interactions, count_by: CountBy) -> Self {
        Self::from_counts(match count_by {
            CountBy::DistinctUsers => interactions.item_user_counts(),
            CountBy::Events => interactions.item_counts(),
        })
    }

    /// Count of every item, by dense id.
    pub fn counts(&self) -> &[u32] {
        &self.counts
    }

    /// All items, most popular first, equal counts in ascending id.
    pub fn ranking(&self) -> &[u32] {
        &self.ranking
    }

    pub(crate) fn save_as(
        &self,
        file: &str,
        out: &mut ArtifactWriter,
    ) -> Result<(), ArtifactError> {
        out.write(file, &columns::to_bytes(&self.counts))
    }

    pub(crate) fn load_as(file: &str, reader: &ArtifactReader) -> Result<Self, LoadError> {
        Ok(Self::from_counts(columns::read(reader, file)?))
    }
}

impl Recipe for PopularityCount {
    const NAME: &'static str = "aws-popularity-count";
    type Fitted = FittedPopularityCount;

    fn check(&self) -> Result<(), SettingsError> {
        Ok(())
    }

    fn fit(&self, data: &TrainingData, run: &mut Run) -> Result<Self::Fitted, FitError> {
        if run.cancel.is_cancelled() {
            return Err(FitError::Cancelled);
        }
        Ok(FittedPopularityCount::count(&data.interactions, self.count_by))
    }

    fn load(&self, reader: &ArtifactReader, _device: &str) -> Result<Self::Fitted, LoadError> {
        FittedPopularityCount::load_as(FILE, reader)
    }
}

impl Recommend for FittedPopularityCount {
    fn recipe(&self) -> &'static str {
        PopularityCount::NAME
    }

    fn n_items(&self) -> usize {
        self.counts.len()
    }

    fn scores(&self, queries: &[Query<'_>]) -> Result<Scores, QueryError> {
        check_queries(queries, self.n_items())?;
        let row: Vec<f32> = self.counts.iter().map(|&count| count as f32).collect();
        Ok(Scores::new(queries.len(), self.n_items(), row.repeat(queries.len())))
    }

    fn parallel_queries(&self) -> bool {
        true
    }

    fn recommend(
        &self,
        queries: &[Query<'_>],
        k: usize,
    ) -> Result<Vec<Vec<ScoredItem>>, QueryError> {
        check_queries(queries, self.n_items())?;
        let answer = |query: &Query<'_>| {
            let allowed = self.ranking.iter().filter(|&&item| query.allows(item));
            allowed.take(k).map(|&item| ScoredItem { item, score: None }).collect()
        };
        Ok(queries.iter().map(answer).collect())
    }

    fn next_item_ranks(&self, history: History<'_>, from: usize) -> Result<Vec<u32>, QueryError> {
        check_history(history, self.n_items())?;
        let rank = |&item: &u32| {
            let own = self.counts[item as usize];
            let higher = self.ranking.partition_point(|&other| self.counts[other as usize] > own);
            1 + higher as u32
        };
        Ok(history.items.iter().skip(from).map(rank).collect())
    }

    fn with_items(&self, items: &MetadataTable) -> Option<Arc<dyn Recommend>> {
        let mut counts = self.counts.clone();
        counts.resize(items.len().max(counts.len()), 0);
        Some(Arc::new(Self::from_counts(counts)))
    }

    fn save(&self, out: &mut ArtifactWriter) -> Result<(), ArtifactError> {
        self.save_as(FILE, out)
    }
}
