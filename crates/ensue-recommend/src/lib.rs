//! Recommendation recipes, and what trains, measures, saves and queries them.
//!
//! ```text
//! dataset group -> Solution (recipe, settings) -> SolutionVersion (trained, measured) -> Campaign (answers)
//! ```
//!
//! [`Recipe`] and [`Recommend`] are the two traits behind it: settings that can be fitted, and the fitted form that
//! answers in dense ids. [`recipes`] holds one folder for each recipe.

mod campaign;
mod columns;
mod errors;
mod evaluation;
mod features;
pub mod filter;
mod query;
pub mod recipes;
mod solution;
mod top_k;
mod traits;
pub mod tune;

#[cfg(test)]
mod conformance;

pub use campaign::{
    BatchError, BatchOptions, BatchReport, Campaign, CampaignConfig, CampaignError, EventCounts,
    EventOutcome, LogError, MAX_CONTEXT, MAX_EVENTS, MAX_INPUT_LIST, MAX_LINE, MAX_RESULTS,
    MAX_USER_ID, PersonalizedRanking, Promotion, PutEvent, PutEvents, PutItem, PutUser,
    RankRequest, RecommendRequest, Recommendations, RecommendedItem, SessionEvent,
};
pub use errors::{FitError, LoadError, QueryError, SettingsError};
pub use evaluation::{
    EvaluationError, EvaluationOptions, evaluate, evaluate_next_item, seen_items,
};
pub use filter::{CompiledFilter, Filter, FilterError};
pub use query::{Context, Memory, Query, ScoredItem, Scores, check_history, check_queries};
pub use recipes::AnyRecipe;
pub use solution::{Evaluation, EvaluationRow, Solution, SolutionError, SolutionVersion};
pub use top_k::top_k;
pub use traits::{Recipe, Recommend, Subject, TrainingData, rank_of};
pub use tune::{Hpo, Ranges, Tuning};
