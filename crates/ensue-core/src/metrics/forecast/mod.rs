//! Metrics of forecasts.
//!
//! | file | what it holds |
//! |---|---|
//! | `formulas.rs` | quantile loss, seasonal error, interval score, on the steps of one series |
//! | `outcome.rs` | [`Outcome`]: a forecast beside what happened |
//! | `accuracy.rs` | [`AccuracyMetrics`]: Amazon Forecast's metrics, by item, by window and over windows |
//! | `evaluator.rs` | [`EvaluatorReport`]: the numbers of GluonTS's evaluator |
//! | `number.rs` | the form that numbers have in JSON, infinite ones too |
//!
//! Steps whose actual value is missing (not-a-number) count nowhere; an item with such a step in a window
//! counts nowhere in Amazon's metrics of that window.

mod accuracy;
mod evaluator;
mod formulas;
mod number;
mod outcome;
#[cfg(test)]
mod tests;

pub use accuracy::{AccuracyAccumulator, AccuracyMetrics, WeightedQuantileLoss};
pub use evaluator::{EvaluatorAccumulator, EvaluatorReport, evaluator_quantiles};
pub use formulas::{interval_score, quantile_loss, seasonal_error};
pub use outcome::Outcome;
