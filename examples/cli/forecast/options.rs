//! What may stand on the command line after `ensue forecast`.

#![expect(clippy::doc_markdown, reason = "the comments are shown as they are, as help")]

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use ensue::prelude::*;

use crate::options::{Machine, Settings, name_and_value};
use crate::search::Search;

#[derive(Debug, Subcommand)]
pub(crate) enum Forecasting {
    /// Train a predictor, measure it beside the baselines, forecast, and save both.
    Train(Box<TrainOptions>),
    /// Print what the backtests measured, in each window and overall, or export it.
    Backtest(BacktestOptions),
    /// Ask for the forecast of an item.
    Query(QueryOptions),
    /// Write the forecast of all items to a table.
    Export(ExportOptions),
    /// Forecast with other prices, or other related series, beside the forecast as it is.
    WhatIf(Box<WhatIfOptions>),
    /// Say how much prices, promotions, holidays and metadata move the forecast.
    Explain(Box<ExplainOptions>),
}

/// Tables to read.
#[derive(Debug, Args)]
pub(crate) struct Tables {
    /// What is forecast: CSV, gzipped CSV or Parquet with time, item and target.
    #[arg(long, value_name = "FILE")]
    pub(crate) target: PathBuf,
    /// Attribute list of the target (.json); without one, the header of a CSV file decides.
    #[arg(long, value_name = "JSON")]
    pub(crate) target_schema: Option<PathBuf>,
    /// Related series: numbers by time and item, such as prices.
    #[arg(long, value_name = "FILE")]
    pub(crate) related: Option<PathBuf>,
    /// Attribute list of the related series.
    #[arg(long, value_name = "JSON", requires = "related")]
    pub(crate) related_schema: Option<PathBuf>,
    /// Metadata of the items, such as their brand.
    #[arg(long, value_name = "FILE")]
    pub(crate) metadata: Option<PathBuf>,
    /// Attribute list of the metadata.
    #[arg(long, value_name = "JSON", requires = "metadata")]
    pub(crate) metadata_schema: Option<PathBuf>,
    /// Domain, which names the fields: RETAIL, CUSTOM, INVENTORY_PLANNING, EC2_CAPACITY, WORK_FORCE, WEB_TRAFFIC or
    /// METRICS [default: CUSTOM].
    #[arg(long)]
    pub(crate) domain: Option<Domain>,
    /// How often the forecast has a step: Y, M, W, D, H, min, or a multiple such as 15min.
    #[arg(long)]
    pub(crate) frequency: Option<Frequency>,
    /// Forecast dimensions beside the item, such as location; what they hold apart is aggregated otherwise.
    #[arg(long, value_name = "NAME,..", value_delimiter = ',')]
    pub(crate) dimensions: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct TrainOptions {
    #[command(flatten)]
    pub(crate) tables: Tables,
    /// Steps to forecast.
    #[arg(long)]
    pub(crate) horizon: Option<usize>,
    /// What is said of each step: levels from 0.01 to 0.99, or mean [default: 0.1,0.5,0.9].
    #[arg(long, value_name = "LEVEL,..", value_delimiter = ',')]
    pub(crate) quantiles: Vec<ForecastType>,
    /// Algorithm [default: Deep_AR_Plus].
    #[arg(long, value_parser = clap::builder::PossibleValuesParser::new(AnyAlgorithm::NAMES))]
    pub(crate) algorithm: Option<String>,
    /// Backtest windows, 1 to 5 [default: 1].
    #[arg(long)]
    pub(crate) windows: Option<usize>,
    /// Steps from one backtest window to the next [default: the horizon].
    #[arg(long)]
    pub(crate) offset: Option<usize>,
    /// Country whose holidays the forecast knows, such as US or UK.
    #[arg(long, value_name = "CODE")]
    pub(crate) holidays: Option<String>,
    #[command(flatten)]
    pub(crate) settings: Settings,
    #[command(flatten)]
    pub(crate) search: Search,
    #[command(flatten)]
    pub(crate) machine: Machine,
    /// Leave a checkpoint after each epoch here, and resume from the one found here.
    #[arg(long, value_name = "DIR")]
    pub(crate) checkpoint: Option<PathBuf>,
    /// Folder for the predictor and its forecast; replaces those that are there.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Print one JSON object instead of a table.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct BacktestOptions {
    /// Folder that `forecast train` wrote.
    #[arg(long, value_name = "DIR")]
    pub(crate) predictor: PathBuf,
    /// Write forecasted-values and accuracy-metrics-values, by item and window, into this folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) export: Option<PathBuf>,
    /// Format of what is exported.
    #[arg(long, value_enum, default_value_t = Format::Csv, requires = "export")]
    pub(crate) format: Format,
    /// Print one JSON object instead of tables.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Format of exported tables.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Format {
    Csv,
    Parquet,
}

#[derive(Debug, Args)]
pub(crate) struct QueryOptions {
    /// Folder that `forecast train` wrote.
    #[arg(long, value_name = "DIR")]
    pub(crate) predictor: PathBuf,
    /// The item.
    #[arg(long)]
    pub(crate) item: String,
    /// Value of another forecast dimension, such as location=north; all must be given.
    #[arg(long = "dimension", value_name = "NAME=VALUE", value_parser = name_and_value)]
    pub(crate) dimensions: Vec<(String, String)>,
    /// First time wanted, such as 2025-02-04 or 2025-02-04T18:00:00.
    #[arg(long, value_name = "TIME", value_parser = first_time)]
    pub(crate) from: Option<String>,
    /// Last time wanted; a day alone is wanted whole.
    #[arg(long, value_name = "TIME", value_parser = last_time)]
    pub(crate) to: Option<String>,
    /// Print Amazon's answer as JSON instead of a table.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ExportOptions {
    /// Folder that `forecast train` wrote.
    #[arg(long, value_name = "DIR")]
    pub(crate) predictor: PathBuf,
    /// Table to write, .csv or .parquet by its name; replaces one that is there.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

/// A trained predictor, and the tables that it forecasts from.
#[derive(Debug, Args)]
pub(crate) struct Asked {
    /// Folder that `forecast train` wrote.
    #[arg(long, value_name = "DIR")]
    pub(crate) predictor: PathBuf,
    #[command(flatten)]
    pub(crate) tables: Tables,
    /// Settings of the training: what they say of the import holds here, too.
    #[command(flatten)]
    pub(crate) settings: Settings,
    #[command(flatten)]
    pub(crate) machine: Machine,
}

#[derive(Debug, Args)]
pub(crate) struct WhatIfOptions {
    #[command(flatten)]
    pub(crate) asked: Asked,
    /// What is other: a JSON file with one what-if forecast as in Amazon's CreateWhatIfForecast, or a list of them.
    #[arg(long, value_name = "JSON")]
    pub(crate) what_if: PathBuf,
    /// Write the comparison of all items to a table, .csv or .parquet by its name.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Draw the forecasts of --item into this file, as SVG.
    #[arg(long, value_name = "FILE", requires = "item")]
    pub(crate) chart: Option<PathBuf>,
    /// The item to draw.
    #[arg(long, requires = "chart")]
    pub(crate) item: Option<String>,
    /// Value of another forecast dimension of that item, such as location=north; all must be given.
    #[arg(long = "dimension", value_name = "NAME=VALUE", value_parser = name_and_value, requires = "item")]
    pub(crate) dimension_values: Vec<(String, String)>,
    /// Print one JSON object instead of a table.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainOptions {
    #[command(flatten)]
    pub(crate) asked: Asked,
    /// Items to explain, in all their places [default: all].
    #[arg(long, value_name = "ITEM,..", value_delimiter = ',')]
    pub(crate) items: Vec<String>,
    /// What is explained: a level from 0.01 to 0.99, or mean.
    #[arg(long, default_value = "0.5")]
    pub(crate) forecast_type: ForecastType,
    /// Explain any number of series and steps, not at most Amazon's 50 and 500.
    #[arg(long)]
    pub(crate) relaxed: bool,
    /// Write the impacts at each step to a table, .csv or .parquet by its name.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Print one JSON object instead of a table.
    #[arg(long)]
    pub(crate) json: bool,
}

fn first_time(text: &str) -> Result<String, String> {
    let query = ForecastQuery::default();
    match text.parse() {
        Ok(time) => drop(ForecastQuery { start_date: Some(time), ..query }),
        Err(_) => return Err(format!("{text:?} is no time such as 2025-02-04T18:00:00")),
    }
    Ok(text.to_owned())
}

fn last_time(text: &str) -> Result<String, String> {
    let time = first_time(text)?;
    let day_alone = !time.contains([' ', 'T', 't']);
    Ok(if day_alone { format!("{time}T23:59:59") } else { time })
}
