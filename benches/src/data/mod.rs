//! Real data under the protocols of the acceptance figures.
//!
//! Nothing here is part of the project: files are found through `ENSUE_DATASETS`, and a measurement whose files are
//! missing is "not measured". Figures of speed need no real data: [`synthetic`] makes it up.

pub(crate) mod bike;
pub(crate) mod carparts;
pub(crate) mod electricity;
pub(crate) mod hospital;
pub(crate) mod m4;
pub(crate) mod movielens;
pub(crate) mod online_retail;
pub(crate) mod orange_juice;
pub(crate) mod synthetic;
pub(crate) mod yoochoose;

use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

use ensue::core::{Interactions, OwnedHistory};
use flate2::read::GzDecoder;

use crate::report::Failure;

/// Environment variable that names the folder of real data.
const VARIABLE: &str = "ENSUE_DATASETS";

/// A next-item task: what trains, and histories of which the events from a place on are predicted.
pub(crate) struct NextItemTask {
    /// What trains.
    pub(crate) train: Interactions,
    /// Whole histories and where prediction begins.
    pub(crate) tests: Vec<(OwnedHistory, usize)>,
}

impl NextItemTask {
    /// Number of predictions.
    pub(crate) fn predictions(&self) -> usize {
        self.tests.iter().map(|(history, from)| history.len() - from).sum()
    }
}

/// A file of the data folder.
pub(crate) fn path(relative: &str) -> Result<PathBuf, Failure> {
    let Some(folder) = std::env::var_os(VARIABLE) else {
        return Err(Failure::NotMeasured(format!("{VARIABLE} does not name a folder")));
    };
    let path = Path::new(&folder).join(relative);
    if path.is_file() {
        Ok(path)
    } else {
        Err(Failure::NotMeasured(format!("{relative} is missing in {VARIABLE}")))
    }
}

/// Refuses data of which there is more or less than its source says.
pub(crate) fn counted(what: &str, found: usize, expected: usize) -> Result<(), Failure> {
    if found == expected {
        Ok(())
    } else {
        Err(Failure::NotMeasured(format!("{what}: {found}, not {expected}")))
    }
}

/// Calls `row` with the tab-separated cells of each line of a gzip file, the header (if there is one) left out.
pub(crate) fn read_rows(
    relative: &str,
    has_header: bool,
    row: impl FnMut(&[&str]) -> Option<()>,
) -> Result<(), Failure> {
    read_separated(relative, '\t', has_header, row)
}

/// The same with another separator, which stands in no cell.
pub(crate) fn read_separated(
    relative: &str,
    separator: char,
    has_header: bool,
    mut row: impl FnMut(&[&str]) -> Option<()>,
) -> Result<(), Failure> {
    let file = File::open(path(relative)?)?;
    let mut reader = BufReader::with_capacity(1 << 20, GzDecoder::new(file));
    let mut text = Vec::new();
    let mut number = 0usize;
    while {
        text.clear();
        reader.read_until(b'\n', &mut text)? > 0
    } {
        number += 1;
        if has_header && number == 1 {
            continue;
        }
        let line = String::from_utf8_lossy(&text);
        let line = line.trim_end_matches(['\n', '\r']);
        let cells: Vec<&str> = line.split(separator).collect();
        if row(&cells).is_none() {
            return Err(Failure::NotMeasured(format!(
                "{relative}: line {number} is not as expected"
            )));
        }
    }
    // A truncated gzip stream ends in an error, not in silence.
    let mut rest = [0; 1];
    let _ = reader.read(&mut rest)?;
    Ok(())
}
