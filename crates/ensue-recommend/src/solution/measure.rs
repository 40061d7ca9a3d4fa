//! The table of metrics a version carries: its recipe and the baselines, with seen items kept and removed.

use std::{fmt, time::Instant};

use ensue_core::{EvaluationMode, Progress, RankingReport, Run, Split};
use serde::{Deserialize, Serialize};

use crate::{
    AnyRecipe, EvaluationError, EvaluationOptions, FitError, Recipe, Recommend, TrainingData,
    evaluate,
    recipes::{markov::Markov, popularity_count::PopularityCount},
};

/// What was measured, on which split.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evaluation {
    /// What was held back.
    pub mode: EvaluationMode,
    /// One row for the recipe, then one for each baseline that is not the recipe itself.
    pub rows: Vec<EvaluationRow>,
}

/// Metrics of one recipe.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvaluationRow {
    /// Name of the recipe.
    pub recipe: String,
    /// Answers may repeat items of the user's history.
    pub seen_kept: RankingReport,
    /// Items of the user's history are removed before ranking.
    pub seen_removed: RankingReport,
    /// Seconds the fit took; not stored with the version, whose bytes do not depend on the clock.
    #[serde(skip)]
    pub fit_seconds: Option<f64>,
}

impl Evaluation {
    /// Metrics of the version's own recipe.
    ///
    /// # Panics
    /// When the rows were emptied by hand: an evaluation always has the row of its recipe.
    pub fn own(&self) -> &EvaluationRow {
        self.rows.first().expect("an evaluation starts with its recipe")
    }

    /// Metrics of the recipe called `name`, if it was measured.
    pub fn row(&self, name: &str) -> Option<&EvaluationRow> {
        self.rows.iter().find(|row| row.recipe == name)
    }
}

impl fmt::Display for Evaluation {
    /// A table for people: one line for each recipe, with seen items kept and removed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let queries = self.rows.first().map_or(0, |row| row.seen_kept.queries);
        writeln!(f, "evaluation {}: {queries} queries", self.mode.name())?;
        let widest = self.rows.iter().map(|row| row.recipe.len()).max().unwrap_or(0).max(6);
        writeln!(
            f,
            "{:widest$}  {:>12}  {:>7}  {:>7}  {:>7}  {:>7}  {:>8}",
            "recipe", "seen items", "NDCG@10", "MRR@25", "P@5", "HR@10", "coverage",
        )?;
        for row in &self.rows {
            for (seen, report) in [("kept", &row.seen_kept), ("removed", &row.seen_removed)] {
                writeln!(
                    f,
                    "{:widest$}  {seen:>12}  {:>7.4}  {:>7.4}  {:>7.4}  {:>7.4}  {:>8.4}",
                    row.recipe,
                    report.normalized_discounted_cumulative_gain_at_10,
                    report.mean_reciprocal_rank_at_25,
                    report.precision_at_5,
                    report.hit_rate_at_10,
                    report.coverage,
                )?;
            }
        }
        Ok(())
    }
}

/// Fits a recipe and says how long that took.
pub(super) fn timed_fit(
    recipe: &AnyRecipe,
    data: &TrainingData,
    run: &mut Run,
) -> Result<(Box<dyn Recommend>, f64), FitError> {
    let start = Instant::now();
    let model = recipe.fit(data, run)?;
    Ok((model, start.elapsed().as_secs_f64()))
}

/// Measures a fitted model both ways.
pub(super) fn measure(
    model: &dyn Recommend,
    split: &Split,
    mode: EvaluationMode,
    fit_seconds: f64,
    run: &mut Run,
) -> Result<EvaluationRow, EvaluationError> {
    let options = EvaluationOptions::new(mode.ndcg_form());
    let seen_kept = evaluate(model, split, &options, run)?;
    let seen_removed = evaluate(model, split, &options.with_exclude_seen(true), run)?;
    run.emit(Progress::Evaluated { what: model.recipe().to_owned(), metrics: seen_kept.to_map() });
    Ok(EvaluationRow {
        recipe: model.recipe().to_owned(),
        seen_kept,
        seen_removed,
        fit_seconds: Some(fit_seconds),
    })
}

/// The baselines beside `recipe`: every evaluation has them.
pub(super) fn baselines(recipe: &AnyRecipe) -> Vec<AnyRecipe> {
    let all: [AnyRecipe; 2] = [PopularityCount::default().into(), Markov::default().into()];
    debug_assert!(all.iter().map(AnyRecipe::name).eq([PopularityCount::NAME, Markov::NAME]));
    all.into_iter().filter(|baseline| baseline.name() != recipe.name()).collect()
}
