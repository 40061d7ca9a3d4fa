//! What may stand on the command line.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use ensue::prelude::*;

use crate::batch::BatchArguments;
use crate::delete_user::DeleteUserOptions;
use crate::forecast::options::Forecasting;
use crate::put::PutOptions;
use crate::rank::RankOptions;
use crate::search::Search;
use crate::serve::{Asking, Served};

/// Recommendations and forecasts from tables: train, measure, save and query on any GPU or the CPU.
#[derive(Debug, Parser)]
#[command(name = "ensue", version, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) half: Half,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Half {
    /// What comes next for a user: from a table of interactions to ranked items.
    Recommend {
        #[command(subcommand)]
        command: Recommend,
    },
    /// How much there will be: from a table of what was counted when to quantiles of the steps to come.
    Forecast {
        #[command(subcommand)]
        command: Forecasting,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Recommend {
    /// Train a solution, measure it beside the baselines, and save the version.
    Train(Box<TrainOptions>),
    /// Print what was measured when a version was trained, or measure it on another table.
    Evaluate(EvaluateOptions),
    /// Ask a saved version what comes next for a user, or what goes with an item.
    Query(QueryOptions),
    /// Put a list of items into the order of a user's liking.
    Rank(RankOptions),
    /// Answer a file of questions, one JSON object a line.
    Batch(BatchArguments),
    /// Tell the log of a campaign of new events, items and users.
    Put(PutOptions),
    /// Delete what a log, a version or both know of a user.
    DeleteUser(DeleteUserOptions),
}

/// Settings by file and by name.
#[derive(Debug, Args)]
pub(crate) struct Settings {
    /// Settings file (.toml or .json); flags override it.
    #[arg(long = "settings", value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// One setting by its dotted name in the settings file, such as `recipe.hidden_dimension=64`; may be given often.
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = name_and_value)]
    pub(crate) named: Vec<(String, String)>,
}

/// Metadata to read.
#[derive(Debug, Args)]
pub(crate) struct Metadata {
    /// Users: CSV, gzipped CSV or Parquet.
    #[arg(long, value_name = "FILE", requires = "users_schema")]
    pub(crate) users: Option<PathBuf>,
    /// Avro schema of the users.
    #[arg(long, value_name = "AVSC", requires = "users")]
    pub(crate) users_schema: Option<PathBuf>,
    /// Items: CSV, gzipped CSV or Parquet.
    #[arg(long, value_name = "FILE", requires = "items_schema")]
    pub(crate) items: Option<PathBuf>,
    /// Avro schema of the items.
    #[arg(long, value_name = "AVSC", requires = "items")]
    pub(crate) items_schema: Option<PathBuf>,
}

/// Where and how to compute.
#[derive(Debug, Args)]
pub(crate) struct Machine {
    /// Device: ndarray (CPU), or wgpu (GPU) in a build with that feature.
    #[arg(long, default_value = "ndarray")]
    pub(crate) device: String,
    /// Threads to compute with [default: as many as the machine has].
    #[arg(long)]
    pub(crate) threads: Option<NonZeroUsize>,
    /// Where all randomness comes from [default: 0, or what the predictor was trained with].
    #[arg(long)]
    pub(crate) seed: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct TrainOptions {
    /// Interactions: CSV, gzipped CSV or Parquet.
    #[arg(long, value_name = "FILE")]
    pub(crate) interactions: PathBuf,
    /// Avro schema of the interactions (.avsc); without one, Amazon's column names in the header decide.
    #[arg(long, value_name = "AVSC")]
    pub(crate) schema: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) metadata: Metadata,
    #[command(flatten)]
    pub(crate) settings: Settings,
    /// Recipe [default: aws-hrnn].
    #[arg(long, value_parser = clap::builder::PossibleValuesParser::new(AnyRecipe::NAMES))]
    pub(crate) recipe: Option<String>,
    /// What is held back to measure: newest-tenth, last-item or temporal-holdout [default: newest-tenth].
    #[arg(long, value_name = "MODE")]
    pub(crate) evaluation: Option<EvaluationMode>,
    #[command(flatten)]
    pub(crate) search: Search,
    /// Let HRNN, HRNN-Metadata and HRNN-Coldstart compete where the data permit them.
    #[arg(long, requires = "hpo", conflicts_with = "recipe")]
    pub(crate) auto: bool,
    #[command(flatten)]
    pub(crate) machine: Machine,
    /// Leave a checkpoint after each epoch here, and resume from the one found here.
    #[arg(long, value_name = "DIR")]
    pub(crate) checkpoint: Option<PathBuf>,
    /// Directory for the trained version; replaces one that is there.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Print one JSON object instead of a table.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct EvaluateOptions {
    /// Directory of a trained version.
    #[arg(long, value_name = "DIR")]
    pub(crate) version: PathBuf,
    /// Measure on these interactions instead: CSV, gzipped CSV or Parquet.
    #[arg(long, value_name = "FILE")]
    pub(crate) interactions: Option<PathBuf>,
    /// Avro schema of the interactions (.avsc); without one, Amazon's column names in the header decide.
    #[arg(long, value_name = "AVSC", requires = "interactions")]
    pub(crate) schema: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) settings: Settings,
    /// What of the new interactions is the answer [default: as the version was measured].
    #[arg(long, value_name = "MODE", requires = "interactions")]
    pub(crate) evaluation: Option<EvaluationMode>,
    #[command(flatten)]
    pub(crate) machine: Machine,
    /// Print one JSON object instead of a table.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct QueryOptions {
    #[command(flatten)]
    pub(crate) served: Served,
    /// User id; somebody unknown gets the popular items.
    #[arg(long, value_name = "ID", required_unless_present = "item")]
    pub(crate) user: Option<String>,
    /// Item id that the answer goes with, for recipes that answer for items, such as aws-sims.
    #[arg(long, value_name = "ID")]
    pub(crate) item: Option<String>,
    /// Items wanted, 0 to 500.
    #[arg(long, short = 'n', default_value_t = 25)]
    pub(crate) num_results: usize,
    /// Leave out what the user already had.
    #[arg(long)]
    pub(crate) exclude_seen: bool,
    /// Something the user did since, as `ITEM` or `ITEM@UNIX_SECONDS`; may be given often, oldest first.
    #[arg(long = "event", value_name = "ITEM[@TIME]", value_parser = item_and_time, requires = "user")]
    pub(crate) events: Vec<(String, Option<i64>)>,
    #[command(flatten)]
    pub(crate) asking: Asking,
    /// Print one JSON object instead of a table.
    #[arg(long)]
    pub(crate) json: bool,
}

pub(crate) fn name_and_value(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn item_and_time(text: &str) -> Result<(String, Option<i64>), String> {
    match text.rsplit_once('@') {
        None => Ok((text.to_owned(), None)),
        Some((item, time)) => {
            let time =
                time.parse().map_err(|_| format!("{time:?} is not a time in Unix seconds"))?;
            Ok((item.to_owned(), Some(time)))
        }
    }
}
