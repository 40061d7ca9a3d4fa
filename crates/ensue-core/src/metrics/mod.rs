//! How good a model is, in numbers with written-down formulas.

pub mod forecast;
pub mod ranking;
