//! `ensue recommend rank`.

use std::path::PathBuf;

use clap::Args;
use ensue::recommend::RankRequest;
use serde_json::json;

use crate::serve::{Asking, Served, filtered, print};
use crate::{About, AnyError};

#[derive(Debug, Args)]
pub(crate) struct RankOptions {
    #[command(flatten)]
    served: Served,
    /// User id; for somebody unknown the order is that of popularity.
    #[arg(long, value_name = "ID")]
    user: String,
    /// Items to be ranked, separated by commas, 500 at most.
    #[arg(long, value_name = "IDS", value_delimiter = ',', required_unless_present = "list_file")]
    list: Vec<String>,
    /// File with the items to be ranked, one a line.
    #[arg(long, value_name = "FILE", conflicts_with = "list")]
    list_file: Option<PathBuf>,
    #[command(flatten)]
    asking: Asking,
    /// Print one JSON object instead of a table.
    #[arg(long)]
    json: bool,
}

pub(crate) fn rank(options: &RankOptions) -> Result<(), AnyError> {
    let list = options.items()?;
    let campaign = options.served.campaign()?;
    let asking = &options.asking;
    let answer = filtered(&campaign, asking.filter.as_deref(), |filter| {
        let request = RankRequest {
            context: asking.context(),
            filter,
            filter_values: asking.filter_values(),
            metadata_columns: asking.metadata_columns.clone(),
            ..RankRequest::new(&options.user, list)
        };
        Ok(campaign.rank(&request)?)
    })?;
    if options.json {
        println!("{}", json!(answer));
        return Ok(());
    }
    if !answer.known_user {
        println!("nothing is known of this user: popular items first");
    }
    print(&answer.personalized_ranking);
    Ok(())
}

impl RankOptions {
    fn items(&self) -> Result<Vec<String>, AnyError> {
        let Some(file) = &self.list_file else { return Ok(self.list.clone()) };
        let text = std::fs::read_to_string(file).map_err(|error| About::file(file, error))?;
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        Ok(lines.map(str::to_owned).collect())
    }
}
