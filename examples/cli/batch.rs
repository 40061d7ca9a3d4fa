//! `ensue recommend batch`.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use clap::Args;
use ensue::prelude::*;
use ensue::recommend::BatchOptions;
use serde_json::json;

use crate::serve::{Served, filtered};
use crate::{About, AnyError, progress};

#[derive(Debug, Args)]
pub(crate) struct BatchArguments {
    #[command(flatten)]
    served: Served,
    /// Questions, a JSON object a line: `{"userId": ..}`, `{"itemId": ..}` or `{"userId": .., "itemList": [..]}`.
    #[arg(long, value_name = "FILE")]
    input: PathBuf,
    /// File for the answers, in the order of the questions; replaces one that is there.
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
    /// Items wanted for each question, 0 to 500.
    #[arg(long, short = 'n', default_value_t = 25)]
    num_results: usize,
    /// Leave out what each user already had.
    #[arg(long)]
    exclude_seen: bool,
    /// What may be in the answers; its placeholders get their values from `filterValues` of each line.
    #[arg(long, value_name = "EXPRESSION")]
    filter: Option<String>,
    /// Print one JSON object instead of a line of text.
    #[arg(long)]
    json: bool,
}

pub(crate) fn batch(options: &BatchArguments) -> Result<(), AnyError> {
    let lines = count_lines(&options.input).map_err(|error| About::file(&options.input, error))?;
    let campaign = options.served.campaign()?;
    let run = progress::show_lines(Run::new(&options.served.device), lines);
    let report = filtered(&campaign, options.filter.as_deref(), |filter| {
        let settings = BatchOptions {
            num_results: options.num_results,
            exclude_seen: options.exclude_seen,
            filter,
            ..BatchOptions::default()
        };
        Ok(campaign.batch_inference_files(&options.input, &options.output, &settings, &run)?)
    })?;
    if options.json {
        println!("{}", json!(report));
    } else {
        println!(
            "{} lines, {} answered, {} failed; written to {}",
            report.lines,
            report.answered,
            report.failed,
            options.output.display()
        );
    }
    Ok(())
}

/// Counts lines for the bar, whatever is in them.
fn count_lines(path: &Path) -> std::io::Result<u64> {
    let mut file = BufReader::new(File::open(path)?);
    let mut lines = 0;
    loop {
        let bytes = file.fill_buf()?;
        if bytes.is_empty() {
            return Ok(lines);
        }
        lines += bytes.split(|&byte| byte == b'\n').count() as u64 - 1;
        let length = bytes.len();
        file.consume(length);
    }
}
