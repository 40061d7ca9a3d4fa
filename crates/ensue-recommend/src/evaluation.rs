//! Measuring a fitted recipe on what was held back from it.

use std::num::NonZeroUsize;

use ensue_core::{
    History, NdcgForm, NextItemAccumulator, NextItemReport, RankingAccumulator, RankingReport, Run,
    Split, metrics::ranking::LIST_LENGTH,
};
use rayon::prelude::*;

use crate::{Context, Query, QueryError, Recommend};

/// How an evaluation asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EvaluationOptions {
    /// Which formula of NDCG: the one that belongs to the split ([`ensue_core::EvaluationMode::ndcg_form`]).
    pub ndcg_form: NdcgForm,
    /// Whether items of the query's own history are removed before ranking. Default `false`: an answer may repeat.
    pub exclude_seen: bool,
    /// Queries asked at once; `None` picks what keeps one batch of scores near 16 MiB, at most 256.
    pub batch: Option<NonZeroUsize>,
}

impl EvaluationOptions {
    /// Seen items kept, batch size picked.
    pub fn new(ndcg_form: NdcgForm) -> Self {
        Self { ndcg_form, exclude_seen: false, batch: None }
    }

    /// The same with items of the query's history removed before ranking, or not.
    pub fn with_exclude_seen(self, exclude_seen: bool) -> Self {
        Self { exclude_seen, ..self }
    }

    fn batch(&self, n_items: usize) -> usize {
        let picked = (4 * 1024 * 1024 / n_items.max(1)).clamp(1, 256);
        self.batch.map_or(picked, NonZeroUsize::get)
    }
}

/// An evaluation did not finish.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluationError {
    /// The model could not answer a query.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The run was cancelled.
    #[error("cancelled")]
    Cancelled,
}

/// Asks `model` for [`LIST_LENGTH`] items for every query of `split` and compares them with what was held back.
///
/// Recipes that use no device are asked from several threads at once (the current rayon pool); the result does not
/// depend on how many.
///
/// # Errors
/// [`EvaluationError::Query`] when the split does not fit the model's catalogue, [`EvaluationError::Cancelled`] when the
/// run was cancelled in between.
pub fn evaluate(
    model: &dyn Recommend,
    split: &Split,
    options: &EvaluationOptions,
    run: &Run,
) -> Result<RankingReport, EvaluationError> {
    let seen: Vec<Vec<u32>> = if options.exclude_seen {
        split.queries.iter().map(|held| seen_items(held.history.as_history())).collect()
    } else {
        vec![Vec::new(); split.queries.len()]
    };
    let queries: Vec<Query<'_>> = (split.queries.iter().zip(&seen))
        .map(|(held, seen)| Query {
            user: Some(held.user),
            exclude: seen,
            context: held.context.map(Context::Known),
            ..Query::from_history(held.history.as_history())
        })
        .collect();

    let ask = |batch: &[Query<'_>]| -> Result<Vec<Vec<u32>>, EvaluationError> {
        if run.cancel.is_cancelled() {
            return Err(EvaluationError::Cancelled);
        }
        let answers = model.recommend(batch, LIST_LENGTH)?;
        Ok(answers.iter().map(|answer| answer.iter().map(|line| line.item).collect()).collect())
    };
    let batch = options.batch(model.n_items());
    let answers: Vec<Vec<Vec<u32>>> = if model.parallel_queries() {
        queries.par_chunks(batch).map(ask).collect::<Result<_, _>>()?
    } else {
        queries.chunks(batch).map(ask).collect::<Result<_, _>>()?
    };

    let mut metrics = RankingAccumulator::new(options.ndcg_form);
    for (recommended, held) in answers.iter().flatten().zip(&split.queries) {
        metrics.add(recommended, &held.relevant);
    }
    Ok(metrics.finish(model.n_items()))
}

/// Distinct items of a history, ascending: what `exclude_seen` removes.
pub fn seen_items(history: History<'_>) -> Vec<u32> {
    let mut items = history.items.to_vec();
    items.sort_unstable();
    items.dedup();
    items
}

/// Predicts each event `from..` of every history from all events before it, and reports the ranks of what came.
///
/// `histories` yields `(history, from)`. Ranks are over the whole catalogue, nothing is removed: repeats count.
///
/// # Errors
/// As [`evaluate`].
pub fn evaluate_next_item<'a>(
    model: &dyn Recommend,
    histories: impl IntoIterator<Item = (History<'a>, usize)>,
    run: &Run,
) -> Result<NextItemReport, EvaluationError> {
    let histories: Vec<(History<'a>, usize)> = histories.into_iter().collect();
    let ask = |&(history, from): &(History<'a>, usize)| -> Result<Vec<u32>, EvaluationError> {
        if run.cancel.is_cancelled() {
            return Err(EvaluationError::Cancelled);
        }
        Ok(model.next_item_ranks(history, from)?)
    };
    let ranks: Vec<Vec<u32>> = if model.parallel_queries() {
        histories.par_iter().map(ask).collect::<Result<_, _>>()?
    } else {
        histories.iter().map(ask).collect::<Result<_, _>>()?
    };
    let mut metrics = NextItemAccumulator::default();
    for rank in ranks.into_iter().flatten() {
        metrics.add(rank);
    }
    Ok(metrics.finish())
}
