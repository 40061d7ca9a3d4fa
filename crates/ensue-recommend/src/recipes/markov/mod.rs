#![doc = include_str!("README.md")]

#[cfg(test)]
mod tests;

use ensue_core::{
    History, Interactions, Run,
    artifact::{ArtifactError, ArtifactReader, ArtifactWriter},
};
use serde::{Deserialize, Serialize};

use crate::{
    FitError, LoadError, Query, QueryError, Recipe, Recommend, ScoredItem, Scores, SettingsError,
    TrainingData, check_queries, columns,
    query::check_history,
    recipes::popularity_count::{CountBy, FittedPopularityCount},
};

/// Weight of an item's count beside a succession: small enough to order only what successions leave equal, as long as
/// no item has a million events.
const POPULARITY_WEIGHT: f64 = 1e-6;

const OFFSETS: &str = "markov_offsets.u64";
const ITEMS: &str = "markov_items.u32";
const COUNTS: &str = "markov_counts.u32";
const POPULARITY: &str = "markov_popularity.u32";

/// Settings of the first-order Markov chain.
///
/// | name | default | meaning |
/// |---|---|---|
/// | `within_sessions` | `false` | count only successions inside one session |
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Markov {
    /// Whether only successions inside one session count, where the data has a session column. Default `false`: the first
    /// event of a session follows the last of the one before.
    pub within_sessions: bool,
}

/// Counted successions: a sparse square matrix by rows, and the popularity that fills what it leaves open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FittedMarkov {
    /// Row `i` is `offsets[i]..offsets[i + 1]`.
    offsets: Vec<u64>,
    /// Items that followed, ascending within a row.
    items: Vec<u32>,
    /// How often each did.
    counts: Vec<u32>,
    popularity: FittedPopularityCount,
}

impl FittedMarkov {
    fn count(interactions: &Interactions, within_sessions: bool) -> Self {
        let popularity = FittedPopularityCount::count(interactions, CountBy::Events);
        let mut pairs: Vec<u64> = Vec::with_capacity(interactions.len());
        for (_, history) in interactions.users() {
            let sessions = history.sessions.filter(|_| within_sessions);
            for place in 1..history.len() {
                if sessions.is_none_or(|sessions| sessions[place - 1] == sessions[place]) {
                    let (before, after) = (history.items[place - 1], history.items[place]);
                    pairs.push(u64::from(before) << 32 | u64::from(after));
                }
            }
        }
        pairs.sort_unstable();
        let mut offsets = vec![0u64; interactions.n_items() + 1];
        let (mut items, mut counts) = (Vec::new(), Vec::new());
        for run in pairs.chunk_by(|a, b| a == b) {
            items.push(run[0] as u32);
            counts.push(run.len() as u32);
            offsets[(run[0] >> 32) as usize + 1] += 1;
        }
        for row in 1..offsets.len() {
            offsets[row] += offsets[row - 1];
        }
        Self { offsets, items, counts, popularity }
    }

    /// What followed `item`: `(item, times)`, ascending in item.
    fn successors(&self, item: u32) -> impl Iterator<Item = (u32, u32)> + '_ {
        let row = self.row(item);
        self.items[row.clone()].iter().copied().zip(self.counts[row].iter().copied())
    }

    fn row(&self, item: u32) -> std::ops::Range<usize> {
        self.offsets[item as usize] as usize..self.offsets[item as usize + 1] as usize
    }

    /// Score of an item that followed `times` times.
    fn score(&self, item: u32, times: u32) -> f64 {
        f64::from(times) + POPULARITY_WEIGHT * f64::from(self.popularity.counts()[item as usize])
    }

    /// The best `k` by merging the successors of the last item with the popularity order of all others.
    fn answer(&self, query: &Query<'_>, k: usize) -> Vec<ScoredItem> {
        let row = query.history.items.last().map_or(0..0, |&last| self.row(last));
        let followed = &self.items[row.clone()];
        let allowed = |item: &u32| query.allows(*item);
        let mut near: Vec<(f64, u32)> = (followed.iter().zip(&self.counts[row]))
            .filter(|(item, _)| allowed(item))
            .map(|(&item, &times)| (self.score(item, times), item))
            .collect();
        near.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let mut near = near.into_iter().peekable();
        let mut far = (self.popularity.ranking().iter().copied())
            .filter(|item| allowed(item) && followed.binary_search(item).is_err())
            .map(|item| (self.score(item, 0), item))
            .peekable();
        let merged = std::iter::from_fn(|| match (near.peek(), far.peek()) {
            (Some(a), Some(b)) if a.0 > b.0 || (a.0 == b.0 && a.1 < b.1) => near.next(),
            (Some(_), None) => near.next(),
            _ => far.next(),
        });
        merged.take(k).map(|(_, item)| ScoredItem { item, score: None }).collect()
    }

    /// 1 plus the number of items that score higher than `target` after `last`.
    fn rank(&self, last: Option<u32>, target: u32) -> u32 {
        let row = last.map_or(0..0, |last| self.row(last));
        let times = match self.items[row.clone()].binary_search(&target) {
            Ok(place) => self.counts[row.start + place],
            Err(_) => 0,
        };
        let own = self.score(target, times);
        // Everything as if nothing had followed, then put right for what did.
        let ranking = self.popularity.ranking();
        let mut higher = ranking.partition_point(|&item| self.score(item, 0) > own);
        for (&item, &times) in self.items[row.clone()].iter().zip(&self.counts[row]) {
            higher += usize::from(self.score(item, times) > own);
            higher -= usize::from(self.score(item, 0) > own);
        }
        1 + higher as u32
    }
}

impl Recipe for Markov {
    const NAME: &'static str = "markov";
    type Fitted = FittedMarkov;

    fn check(&self) -> Result<(), SettingsError> {
        Ok(())
    }

    fn fit(&self, data: &TrainingData, run: &mut Run) -> Result<Self::Fitted, FitError> {
        if run.cancel.is_cancelled() {
            return Err(FitError::Cancelled);
        }
        Ok(FittedMarkov::count(&data.interactions, self.within_sessions))
    }

    fn load(&self, reader: &ArtifactReader, _device: &str) -> Result<Self::Fitted, LoadError> {
        let popularity = FittedPopularityCount::load_as(POPULARITY, reader)?;
        let offsets: Vec<u64> = columns::read(reader, OFFSETS)?;
        let items: Vec<u32> = columns::read(reader, ITEMS)?;
        let counts: Vec<u32> = columns::read(reader, COUNTS)?;
        let n_items = popularity.n_items();
        if !columns::are_offsets(&offsets, n_items, items.len()) {
            let reason = format!("they do not cut {} values into {n_items} rows", items.len());
            return Err(reader.invalid(OFFSETS, &reason).into());
        }
        if counts.len() != items.len() {
            let reason = format!("{} counts for {} successions", counts.len(), items.len());
            return Err(reader.invalid(COUNTS, &reason).into());
        }
        let fitted = FittedMarkov { offsets, items, counts, popularity };
        for item in 0..n_items as u32 {
            let row = &fitted.items[fitted.row(item)];
            let ascending = row.is_sorted_by(|a, b| a < b);
            if !ascending || row.last().is_some_and(|&last| last as usize >= n_items) {
                let reason = format!("row {item} is not an ascending list of items");
                return Err(reader.invalid(ITEMS, &reason).into());
            }
        }
        Ok(fitted)
    }
}

impl Recommend for FittedMarkov {
    fn recipe(&self) -> &'static str {
        Markov::NAME
    }

    fn n_items(&self) -> usize {
        self.popularity.n_items()
    }

    fn scores(&self, queries: &[Query<'_>]) -> Result<Scores, QueryError> {
        check_queries(queries, self.n_items())?;
        let base: Vec<f32> =
            (0..self.n_items() as u32).map(|item| self.score(item, 0) as f32).collect();
        let mut values = base.repeat(queries.len());
        for (query, row) in queries.iter().zip(values.chunks_exact_mut(self.n_items().max(1))) {
            if let Some(&last) = query.history.items.last() {
                for (item, times) in self.successors(last) {
                    row[item as usize] = self.score(item, times) as f32;
                }
            }
        }
        Ok(Scores::new(queries.len(), self.n_items(), values))
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
        Ok(queries.iter().map(|query| self.answer(query, k)).collect())
    }

    fn next_item_ranks(&self, history: History<'_>, from: usize) -> Result<Vec<u32>, QueryError> {
        check_history(history, self.n_items())?;
        let rank = |position: usize| {
            let last = position.checked_sub(1).map(|before| history.items[before]);
            self.rank(last, history.items[position])
        };
        Ok((from..history.len()).map(rank).collect())
    }

    fn save(&self, out: &mut ArtifactWriter) -> Result<(), ArtifactError> {
        out.write(OFFSETS, &columns::to_bytes(&self.offsets))?;
        out.write(ITEMS, &columns::to_bytes(&self.items))?;
        out.write(COUNTS, &columns::to_bytes(&self.counts))?;
        self.popularity.save_as(POPULARITY, out)
    }
}
