//! Flags of a search, the same for both halves.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum};
use ensue::prelude::*;
use serde_json::{Value, json};

use crate::settings::set;
use crate::{About, AnyError};

/// How far a search varies settings.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Width {
    /// The settings that Amazon tuned, in its ranges.
    Amazon,
    /// More settings, in the ranges that pay by experience.
    Wide,
}

impl Width {
    fn name(self) -> &'static str {
        match self {
            Self::Amazon => "amazon",
            Self::Wide => "wide",
        }
    }
}

/// A search for settings.
#[derive(Debug, Args)]
pub(crate) struct Search {
    /// Search for settings first, in these ranges.
    #[arg(long, value_name = "RANGES")]
    pub(crate) hpo: Option<Width>,
    /// Training jobs of the search at most [default: 40; with --minutes and --hpo wide as many as fit].
    #[arg(long, value_name = "N", requires = "hpo")]
    pub(crate) jobs: Option<u64>,
    /// File that keeps the trials: a search that was killed goes on from it, and several processes may share it.
    #[arg(long, value_name = "FILE", requires = "hpo")]
    pub(crate) journal: Option<PathBuf>,
    /// Write charts of the search here, as SVG.
    #[arg(long, value_name = "DIR", requires = "hpo")]
    pub(crate) charts: Option<PathBuf>,
    /// Time limit of all the work.
    #[arg(long)]
    pub(crate) minutes: Option<f64>,
}

impl Search {
    /// Puts the flags into a tree of settings.
    pub(crate) fn set(&self, tree: &mut Value) -> Result<(), AnyError> {
        let flags = [
            ("hpo.ranges", self.hpo.map(|width| json!(width.name()))),
            ("hpo.max_number_of_training_jobs", self.jobs.map(|jobs| json!(jobs))),
            ("hpo.journal", self.journal.as_ref().map(|journal| json!(journal))),
        ];
        for (name, value) in flags {
            if let Some(value) = value {
                set(tree, name, value)?;
            }
        }
        Ok(())
    }

    /// The run with the time limit.
    pub(crate) fn limit(&self, run: Run) -> Result<Run, AnyError> {
        let Some(minutes) = self.minutes else { return Ok(run) };
        let wall = Duration::try_from_secs_f64(minutes * 60.0)
            .map_err(|error| format!("--minutes {minutes}: {error}"))?;
        Ok(run.with_budget(Budget { wall: Some(wall) }))
    }

    /// Writes the charts that were asked for, of each search into a folder of its own, which may be the whole one ("").
    pub(crate) fn draw<'a>(
        &self,
        tunings: impl IntoIterator<Item = (&'a str, &'a Tuning)>,
    ) -> Result<(), AnyError> {
        let Some(dir) = &self.charts else { return Ok(()) };
        for (folder, tuning) in tunings {
            let dir = &dir.join(folder);
            fs::create_dir_all(dir).map_err(|error| About::file(dir, error))?;
            for (name, chart) in tuning.charts() {
                write(&dir.join(name), &chart)?;
            }
        }
        Ok(())
    }
}

/// Writes a file as a whole or not at all.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), AnyError> {
    let aside = path.with_extension("svg.new");
    let written = fs::write(&aside, text).and_then(|()| fs::rename(&aside, path));
    Ok(written.map_err(|error| About::file(path, error))?)
}
