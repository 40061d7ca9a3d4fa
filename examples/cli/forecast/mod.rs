//! `ensue forecast`: the other half of the program.
//!
//! | file | what it holds |
//! |---|---|
//! | `options.rs` | what may stand on the command line |
//! | `plan.rs` | from a settings file and flags to predictor settings and an import |
//! | `data.rs` | from paths to tables with schemas |
//! | `train.rs`, `backtest.rs`, `query.rs`, `export.rs`, `what_if.rs`, `explain.rs` | the commands |
//!
//! A trained folder holds two directories: the predictor, and what it forecasts after the end of its data.

mod backtest;
mod data;
mod explain;
mod export;
pub(crate) mod options;
mod plan;
mod query;
mod train;
mod what_if;

use std::path::{Path, PathBuf};

use crate::AnyError;
use options::Forecasting;

pub(crate) fn run(command: &Forecasting) -> Result<(), AnyError> {
    match command {
        Forecasting::Train(options) => train::train(options),
        Forecasting::Backtest(options) => backtest::backtest(options),
        Forecasting::Query(options) => query::query(options),
        Forecasting::Export(options) => export::export(options),
        Forecasting::WhatIf(options) => what_if::what_if(options),
        Forecasting::Explain(options) => explain::explain(options),
    }
}

/// The predictor of a trained folder.
fn predictor_in(folder: &Path) -> PathBuf {
    folder.join("predictor")
}

/// The forecast of a trained folder.
fn forecast_in(folder: &Path) -> PathBuf {
    folder.join("forecast")
}
