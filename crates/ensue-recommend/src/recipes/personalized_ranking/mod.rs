#![doc = include_str!("README.md")]

#[cfg(test)]
mod tests;

use std::num::NonZeroUsize;

use ensue_core::{
    History, Run,
    artifact::{ArtifactError, ArtifactReader, ArtifactWriter},
};
use serde::{Deserialize, Serialize};

use super::{
    hrnn::{self, FittedHrnn, Hrnn, Plan},
    overlay::flat_settings,
};
use crate::{
    FitError, LoadError, Memory, Query, QueryError, Recipe, Recommend, ScoredItem, Scores,
    SettingsError, TrainingData, columns,
};

const NAME: &str = "aws-personalized-ranking";
const COUNTS: &str = "ranking_counts.u32";

/// Settings of Personalized-Ranking: HRNN's and one more, side by side in a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub struct PersonalizedRanking {
    /// Settings of the network and its training, under the same names as [`Hrnn`]'s; `hidden_dimension` is 149 by default.
    #[serde(flatten)]
    pub network: Hrnn,
    /// How far the lists to rank follow popularity. Default 1, range 0 to 1.
    pub candidate_popularity: f64,
}

flat_settings!(PersonalizedRanking);

impl Default for PersonalizedRanking {
    fn default() -> Self {
        let hidden_dimension = const { NonZeroUsize::new(149).expect("not zero") };
        Self { network: Hrnn { hidden_dimension, ..Hrnn::default() }, candidate_popularity: 1.0 }
    }
}

/// A trained Personalized-Ranking.
#[derive(Debug)]
pub struct FittedPersonalizedRanking {
    model: FittedHrnn,
    /// Events of each item in training.
    counts: Vec<u32>,
    candidate_popularity: f64,
}

impl Recipe for PersonalizedRanking {
    const NAME: &'static str = NAME;
    type Fitted = FittedPersonalizedRanking;

    fn check(&self) -> Result<(), SettingsError> {
        let power = self.candidate_popularity;
        if !(0.0..=1.0).contains(&power) {
            let rule = "must be between 0 and 1";
            return Err(SettingsError::field(NAME, "candidate_popularity", power, rule));
        }
        self.network.check_fields(NAME)
    }

    fn fit(&self, data: &TrainingData, run: &mut Run) -> Result<Self::Fitted, FitError> {
        self.check()?;
        Ok(FittedPersonalizedRanking {
            model: Plan::new(NAME, &self.network).fit(data, run)?,
            counts: data.interactions.item_counts(),
            candidate_popularity: self.candidate_popularity,
        })
    }

    fn load(&self, reader: &ArtifactReader, device: &str) -> Result<Self::Fitted, LoadError> {
        let model = hrnn::load(NAME, &self.network, reader, device)?;
        let counts: Vec<u32> = columns::read(reader, COUNTS)?;
        if counts.len() != model.n_items() {
            let reason = format!("{} counts for {} items", counts.len(), model.n_items());
            return Err(reader.invalid(COUNTS, &reason).into());
        }
        let candidate_popularity = self.candidate_popularity;
        Ok(FittedPersonalizedRanking { model, counts, candidate_popularity })
    }
}

impl Recommend for FittedPersonalizedRanking {
    fn recipe(&self) -> &'static str {
        NAME
    }

    fn n_items(&self) -> usize {
        self.model.n_items()
    }

    fn scores(&self, queries: &[Query<'_>]) -> Result<Scores, QueryError> {
        self.model.scores(queries)
    }

    fn probabilities(&self) -> bool {
        true
    }

    fn recommend(
        &self,
        queries: &[Query<'_>],
        k: usize,
    ) -> Result<Vec<Vec<ScoredItem>>, QueryError> {
        self.model.recommend(queries, k)
    }

    fn rerank(
        &self,
        queries: &[Query<'_>],
        lists: &[&[u32]],
    ) -> Result<Vec<Vec<ScoredItem>>, QueryError> {
        let log_q = |item: u32| {
            let count = self.counts.get(item as usize).copied().unwrap_or(0);
            (self.candidate_popularity * (f64::from(count) + 1.0).ln()) as f32
        };
        self.model.rerank_less(queries, lists, log_q)
    }

    fn remember(&self, query: &Query<'_>) -> Result<Option<Memory>, QueryError> {
        self.model.remember(query)
    }

    fn next_item_ranks(&self, history: History<'_>, from: usize) -> Result<Vec<u32>, QueryError> {
        self.model.next_item_ranks(history, from)
    }

    fn save(&self, out: &mut ArtifactWriter) -> Result<(), ArtifactError> {
        self.model.save(out)?;
        out.write(COUNTS, &columns::to_bytes(&self.counts))
    }
}
