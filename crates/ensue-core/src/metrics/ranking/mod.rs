//! Metrics of ranked lists.
//!
//! | file | what it holds |
//! |---|---|
//! | `formulas.rs` | one function per metric, on the hit flags of one list |
//! | `report.rs` | [`RankingReport`]: the means over all queries, under Amazon's names |
//! | `next_item.rs` | [`NextItemReport`]: recall and reciprocal rank of the one next item |

mod formulas;
mod next_item;
mod report;

pub use formulas::{
    NdcgForm, hit_rate_at, ndcg_all_relevant_at, ndcg_at, precision_at, reciprocal_rank,
};
pub use next_item::{NextItemAccumulator, NextItemReport};
pub use report::{LIST_LENGTH, RankingAccumulator, RankingReport};
