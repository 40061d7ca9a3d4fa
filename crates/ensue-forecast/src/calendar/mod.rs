//! What the calendar says about a step: which earlier steps are like it, and where in its hour, day,
//! week, month and year it lies.

mod features;
mod lags;
#[cfg(test)]
mod tests;

pub use features::{TimeFeature, moment, time_features};
pub use lags::{lags, seasons};
