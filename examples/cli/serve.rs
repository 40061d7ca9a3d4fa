//! What the verbs that ask or tell a saved version have in common: opening it, flags of a question, printing an answer.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use ensue::data::{FieldValue, FieldValues};
use ensue::prelude::*;

use crate::AnyError;
use crate::options::name_and_value;

/// A version to serve.
#[derive(Debug, Args)]
pub(crate) struct Served {
    /// Directory of a trained version.
    #[arg(long, value_name = "DIR")]
    pub(crate) version: PathBuf,
    /// Event log of the campaign: what is told is kept in it, and known the next time; begun where there is none.
    #[arg(long, value_name = "FILE")]
    pub(crate) log: Option<PathBuf>,
    /// Device: ndarray (CPU), or wgpu (GPU) in a build with that feature.
    #[arg(long, default_value = "ndarray")]
    pub(crate) device: String,
}

impl Served {
    /// Opens the campaign, with what its log holds.
    pub(crate) fn campaign(&self) -> Result<Campaign, AnyError> {
        let version = SolutionVersion::load(&self.version, &self.device)?;
        let Some(log) = &self.log else { return Ok(Campaign::new(version)) };
        let campaign = Campaign::open(version, log)?;
        for warning in campaign.warnings() {
            eprintln!("warning: {warning}");
        }
        Ok(campaign)
    }
}

/// What a question may say beside whom it is about.
#[derive(Debug, Args)]
pub(crate) struct Asking {
    /// Something known of the moment, by name of a field of the interactions; may be given often.
    #[arg(long = "context", value_name = "NAME=VALUE", value_parser = name_and_value)]
    context: Vec<(String, String)>,
    /// What may be in the answer, such as `INCLUDE ItemID WHERE Items.GENRE IN ("Comedy")`.
    #[arg(long, value_name = "EXPRESSION")]
    pub(crate) filter: Option<String>,
    /// What a placeholder of the filter stands for, such as `GENRE="Comedy","Drama"`, quotes included; may be given often.
    #[arg(long = "filter-value", value_name = "NAME=VALUE", value_parser = name_and_value, requires = "filter")]
    filter_values: Vec<(String, String)>,
    /// Field of the items that the answer carries; may be given often.
    #[arg(long = "metadata-column", value_name = "NAME")]
    pub(crate) metadata_columns: Vec<String>,
}

impl Asking {
    pub(crate) fn context(&self) -> FieldValues {
        let entries = self.context.iter();
        entries.map(|(name, value)| (name.clone(), FieldValue::from(value.as_str()))).collect()
    }

    pub(crate) fn filter_values(&self) -> BTreeMap<String, String> {
        self.filter_values.iter().cloned().collect()
    }
}

/// Name of the filter that lives as long as one command.
const FILTER: &str = "of the command line";

/// Does something with the name of a filter made of an expression, which leaves no filter behind in a log.
pub(crate) fn filtered<T>(
    campaign: &Campaign,
    expression: Option<&str>,
    work: impl FnOnce(Option<String>) -> Result<T, AnyError>,
) -> Result<T, AnyError> {
    let Some(expression) = expression else { return work(None) };
    // A command that was killed may have left its own.
    if campaign.filters().iter().any(|(name, _)| name == FILTER) {
        campaign.delete_filter(FILTER)?;
    }
    campaign.create_filter(FILTER, expression)?;
    let done = work(Some(FILTER.to_owned()));
    campaign.delete_filter(FILTER)?;
    done
}

/// Prints an answer, a line an item.
pub(crate) fn print(items: &[RecommendedItem]) {
    for (place, line) in items.iter().enumerate() {
        let score = line.score.map_or(String::new(), |score| format!("  {score:.6}"));
        let fields = line.metadata.iter().flatten();
        let fields: String = fields
            .map(|(name, value)| format!("  {name}={}", shown(value)))
            .collect::<Vec<_>>()
            .concat();
        println!("{:>4}  {}{score}{fields}", place + 1, line.item_id);
    }
}

fn shown(value: &FieldValue) -> String {
    match value {
        FieldValue::Boolean(value) => value.to_string(),
        FieldValue::Number(value) => value.to_string(),
        FieldValue::Text(value) => value.clone(),
    }
}
