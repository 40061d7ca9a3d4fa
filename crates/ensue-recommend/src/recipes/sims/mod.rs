#![doc = include_str!("README.md")]

mod pairs;
mod settings;
#[cfg(test)]
mod tests;

use std::{ops::Range, sync::Arc, time::Instant};

use ensue_core::{
    History, Progress, Run,
    artifact::{ArtifactError, ArtifactReader, ArtifactWriter},
};
use ensue_data::MetadataTable;

use pairs::{Neighbors, Pairs};
pub use settings::Sims;

use crate::{
    FitError, LoadError, Query, QueryError, Recipe, Recommend, ScoredItem, Scores, SettingsError,
    Subject, TrainingData, check_queries, columns,
    query::check_history,
    recipes::popularity_count::{CountBy, FittedPopularityCount},
};

/// Amazon's name of the recipe.
const NAME: &str = "aws-sims";
const OFFSETS: &str = "sims_offsets.u64";
const ITEMS: &str = "sims_items.u32";
const SCORES: &str = "sims_scores.f32";
const POPULARITY: &str = "sims_popularity.u32";

/// The related items of every item, and the popularity that fills what they leave open.
#[derive(Debug, Clone, PartialEq)]
pub struct FittedSims {
    neighbors: Neighbors,
    popularity: FittedPopularityCount,
}

impl FittedSims {
    /// The items related to `item` and the scores of the formula, best first, equal scores in ascending item; nothing for
    /// an item without pairs or beyond the catalogue.
    pub fn related(&self, item: u32) -> impl Iterator<Item = (u32, f32)> + '_ {
        let row = self.row(Some(item));
        let scores = &self.neighbors.scores[row.clone()];
        self.neighbors.items[row].iter().copied().zip(scores.iter().copied())
    }

    fn row(&self, item: Option<u32>) -> Range<usize> {
        let offset = |at: usize| self.neighbors.offsets.get(at).map(|&offset| offset as usize);
        let bounds = |item: u32| Some(offset(item as usize)?..offset(item as usize + 1)?);
        item.and_then(bounds).unwrap_or(0..0)
    }

    fn most(&self) -> u32 {
        let first = self.popularity.ranking().first();
        first.map_or(0, |&item| self.popularity.counts()[item as usize])
    }

    /// Popular items score below 0, so that related ones keep the scores of the formula above them.
    fn filling(&self, item: u32, most: u32) -> f32 {
        (f64::from(self.popularity.counts()[item as usize]) - f64::from(most) - 1.0) as f32
    }

    fn answer(&self, query: &Query<'_>, k: usize) -> Vec<ScoredItem> {
        let asked = query.history.items.last().copied();
        let row = self.row(asked);
        let near = &self.neighbors.items[row];
        let mut items: Vec<u32> =
            near.iter().copied().filter(|&item| query.allows(item)).take(k).collect();
        if items.len() < k {
            let mut sorted = near.to_vec();
            sorted.sort_unstable();
            let far = (self.popularity.ranking().iter().copied()).filter(|&item| {
                Some(item) != asked && sorted.binary_search(&item).is_err() && query.allows(item)
            });
            let itself = asked.filter(|&item| query.allows(item));
            let missing = k - items.len();
            items.extend(far.chain(itself).take(missing));
        }
        items.into_iter().map(|item| ScoredItem { item, score: None }).collect()
    }

    /// 1 plus the number of items that score higher than `target` for the item `asked`.
    fn rank(&self, asked: Option<u32>, target: u32) -> u32 {
        if asked == Some(target) {
            return self.n_items() as u32;
        }
        let row = self.row(asked);
        let (near, scores) = (&self.neighbors.items[row.clone()], &self.neighbors.scores[row]);
        if let Some(place) = near.iter().position(|&item| item == target) {
            return 1 + scores.partition_point(|&score| score > scores[place]) as u32;
        }
        let counts = self.popularity.counts();
        let more = |item: u32| counts[item as usize] > counts[target as usize];
        let popular = self.popularity.ranking().partition_point(|&item| more(item));
        let twice = near.iter().copied().chain(asked).filter(|&item| more(item)).count();
        (1 + near.len() + popular - twice) as u32
    }
}

impl Recipe for Sims {
    const NAME: &'static str = NAME;
    type Fitted = FittedSims;

    fn check(&self) -> Result<(), SettingsError> {
        self.check_fields()
    }

    fn fit(&self, data: &TrainingData, run: &mut Run) -> Result<Self::Fitted, FitError> {
        self.check()?;
        if run.cancel.is_cancelled() {
            return Err(FitError::Cancelled);
        }
        let what = "counting pairs";
        run.emit(Progress::Started { what: what.to_owned(), total_steps: None });
        let started = Instant::now();
        let popularity = FittedPopularityCount::count(&data.interactions, CountBy::DistinctUsers);
        let pairs = Pairs::new(self, &data.interactions, popularity.counts());
        let neighbors =
            pairs.best(self, run.thread_count().get(), &run.cancel).ok_or(FitError::Cancelled)?;
        let seconds = started.elapsed().as_secs_f64();
        run.emit(Progress::Finished { what: what.to_owned(), seconds });
        Ok(FittedSims { neighbors, popularity })
    }

    fn load(&self, reader: &ArtifactReader, _device: &str) -> Result<Self::Fitted, LoadError> {
        let popularity = FittedPopularityCount::load_as(POPULARITY, reader)?;
        let offsets: Vec<u64> = columns::read(reader, OFFSETS)?;
        let items: Vec<u32> = columns::read(reader, ITEMS)?;
        let scores: Vec<f32> = columns::read(reader, SCORES)?;
        let n_items = popularity.n_items();
        if !columns::are_offsets(&offsets, n_items, items.len()) {
            let reason = format!("they do not cut {} values into {n_items} rows", items.len());
            return Err(reader.invalid(OFFSETS, &reason).into());
        }
        if scores.len() != items.len() {
            let reason = format!("{} scores for {} related items", scores.len(), items.len());
            return Err(reader.invalid(SCORES, &reason).into());
        }
        let fitted = FittedSims { neighbors: Neighbors { offsets, items, scores }, popularity };
        // The row (plus 1) that an item was last seen in; its own item must not be there either.
        let mut seen = vec![0u64; n_items];
        for row in 0..n_items as u32 {
            let mark = u64::from(row) + 1;
            seen[row as usize] = mark;
            for (item, _) in fitted.related(row) {
                let fresh = seen.get_mut(item as usize).map(|seen| std::mem::replace(seen, mark));
                if fresh.is_none_or(|before| before == mark) {
                    let reason = format!(
                        "row {row} names item {item} twice, itself or beyond the catalogue"
                    );
                    return Err(reader.invalid(ITEMS, &reason).into());
                }
            }
            let numbers = fitted.related(row).all(|(_, score)| score.is_finite() && score > 0.0);
            let ordered =
                fitted.related(row).is_sorted_by(|a, b| a.1 > b.1 || (a.1 == b.1 && a.0 < b.0));
            if !numbers || !ordered {
                let reason = format!("row {row} is not ordered by falling scores above 0");
                return Err(reader.invalid(SCORES, &reason).into());
            }
        }
        Ok(fitted)
    }
}

impl Recommend for FittedSims {
    fn recipe(&self) -> &'static str {
        NAME
    }

    fn subject(&self) -> Subject {
        Subject::Item
    }

    fn n_items(&self) -> usize {
        self.popularity.n_items()
    }

    fn scores(&self, queries: &[Query<'_>]) -> Result<Scores, QueryError> {
        check_queries(queries, self.n_items())?;
        let most = self.most();
        let base: Vec<f32> =
            (0..self.n_items() as u32).map(|item| self.filling(item, most)).collect();
        let mut values = base.repeat(queries.len());
        for (query, row) in queries.iter().zip(values.chunks_exact_mut(self.n_items().max(1))) {
            if let Some(&asked) = query.history.items.last() {
                row[asked as usize] = (-f64::from(most) - 2.0) as f32;
                for (item, score) in self.related(asked) {
                    row[item as usize] = score;
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
            let asked = position.checked_sub(1).map(|before| history.items[before]);
            self.rank(asked, history.items[position])
        };
        Ok((from..history.len()).map(rank).collect())
    }

    fn with_items(&self, items: &MetadataTable) -> Option<Arc<dyn Recommend>> {
        let mut larger = self.clone();
        let mut counts = self.popularity.counts().to_vec();
        counts.resize(items.len().max(counts.len()), 0);
        let end = self.neighbors.items.len() as u64;
        larger.neighbors.offsets.resize(counts.len() + 1, end);
        larger.popularity = FittedPopularityCount::from_counts(counts);
        Some(Arc::new(larger))
    }

    fn save(&self, out: &mut ArtifactWriter) -> Result<(), ArtifactError> {
        out.write(OFFSETS, &columns::to_bytes(&self.neighbors.offsets))?;
        out.write(ITEMS, &columns::to_bytes(&self.neighbors.items))?;
        out.write(SCORES, &columns::to_bytes(&self.neighbors.scores))?;
        self.popularity.save_as(POPULARITY, out)
    }
}
