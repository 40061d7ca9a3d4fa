//! `ensue forecast backtest`.

use ensue::prelude::*;
use serde_json::json;

use super::options::{BacktestOptions, Format};
use super::predictor_in;
use crate::AnyError;

pub(super) fn backtest(options: &BacktestOptions) -> Result<(), AnyError> {
    let predictor = Predictor::load(predictor_in(&options.predictor), "ndarray")?;
    let format = match options.format {
        Format::Csv => TableFormat::Csv,
        Format::Parquet => TableFormat::Parquet,
    };
    if let Some(folder) = &options.export {
        predictor.export_backtest(folder, format)?;
    }
    let backtest = predictor.backtest();
    if options.json {
        println!("{}", json!(backtest));
        return Ok(());
    }
    let windows = backtest.own().windows().len();
    if windows > 1 {
        for window in 0..windows {
            println!("window {} of {windows}", window + 1);
            println!("{}", only(backtest, window));
        }
        println!("all windows");
    }
    print!("{backtest}");
    if let Some(folder) = &options.export {
        println!("exported to {}", folder.display());
    }
    Ok(())
}

/// The backtest as if there had been this window alone, whose summary is the window itself.
fn only(backtest: &Backtest, window: usize) -> Backtest {
    let mut one = backtest.clone();
    for result in &mut one.predictor_evaluation_results {
        let window = result.windows()[window].clone();
        result.test_windows = vec![window.clone(), window];
    }
    one
}
