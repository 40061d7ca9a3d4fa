//! Hourly electricity of three clients in 2014, as one of Amazon Forecast's notebooks forecast it: three days ahead, with
//! one backtest window. Amazon's DeepAR+ had there wQL .9/.5/.1 of .0417/.0811/.0357 and an RMSE of 6.18
//! (of the median, as it was then).
//!
//! ```text
//! cargo run --release --example electricity -- [item-demand-time.csv] [epochs]
//! ```
//!
//! The default is 100 epochs, twice: once for the backtest, once on everything. Without a path it reads `electricity-10/item-demand-time.csv.gz` in the folder that `ENSUE_DATASETS` names
//! (`datasets/manifest.toml` says where it comes from).

#![allow(clippy::print_stdout, reason = "printing is what an example is for")]

use std::error::Error;
use std::path::{Path, PathBuf};

use ensue::prelude::*;

const HORIZON: usize = 72;
/// The file ends with 2014-11-29, the notebook with October.
const AFTER_OCTOBER: usize = 29 * 24;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let table = match (arguments.next(), std::env::var_os("ENSUE_DATASETS")) {
        (Some(path), _) => PathBuf::from(path),
        (None, Some(all)) => Path::new(&all).join("electricity-10/item-demand-time.csv.gz"),
        (None, None) => return Err("no item-demand-time.csv, and ENSUE_DATASETS is not set".into()),
    };
    let mut deepar = DeepAr::default();
    if let Some(epochs) = arguments.next() {
        deepar.epochs = epochs.to_string_lossy().parse()?;
    }

    // The file has no header: the schema says which column is what.
    let schema = ForecastSchema::new([
        ("timestamp", AttributeType::Timestamp),
        ("target_value", AttributeType::Float),
        ("item_id", AttributeType::String),
    ]);
    let target = ForecastSource::new(table, schema);
    let request = ForecastImport::new(Domain::Custom, Frequency::HOURLY, target);
    let mut run = Run::new("ndarray").with_seed(Seed(1)).on_progress(|progress| {
        if let Progress::Started { what, total_steps: None } = progress {
            println!("{what}");
        }
    });
    let panel = ForecastGroup::import(&request, &mut run)?.panel.cut(AFTER_OCTOBER);

    // One window whose offset is the horizon is the default; both baselines are measured beside.
    let types = ["0.9", "0.5", "0.1"].map(str::parse).into_iter().collect::<Result<_, _>>()?;
    let settings = PredictorSettings::new(deepar, HORIZON)
        .with_forecast_types(types)
        // The notebook is of 2019: point forecasts are measured by their median.
        .with_limits(Limits::Amazon2019);
    let predictor = settings.train(&panel, &mut run)?;
    println!("\n{}", predictor.backtest());
    if let Some(metrics) = predictor.backtest().own().metrics() {
        println!("RMSE of the median: {:.2}; of Amazon's DeepAR+: 6.18\n", metrics.rmse);
    }

    let forecast = predictor.create_forecast(&panel, Seed(1))?;
    let day = |time: &str| time.parse().map(Some);
    let mut query = ForecastQuery::item("client_12");
    (query.start_date, query.end_date) = (day("2014-11-01T00:00:00")?, day("2014-11-01T23:00:00")?);
    let answer = forecast.query(&query)?.forecast.predictions;
    println!("client_12: p10 / p50 / p90");
    for ((low, middle), high) in answer["p10"].iter().zip(&answer["p50"]).zip(&answer["p90"]) {
        println!("{}  {:5.1} {:5.1} {:5.1}", low.timestamp, low.value, middle.value, high.value);
    }
    Ok(())
}
