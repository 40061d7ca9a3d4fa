//! `ensue`: trains, measures and asks recommenders and forecasts from the command line.
//!
//! Thin on purpose: it turns flags and a settings file into calls of the library and prints what comes back. Results go to
//! standard output (tables, or one JSON object with `--json`), progress and errors to standard error. The exit status is 0 when
//! all went well, 1 when the work failed, 2 when the command line was not understood.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "printing is what this program is for"
)]

mod batch;
mod delete_user;
mod evaluate;
mod forecast;
mod options;
mod progress;
mod put;
mod query;
mod rank;
mod search;
mod serve;
mod settings;
mod tables;
mod train;

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;

use options::{Cli, Half, Recommend};

/// Whatever went wrong, with its chain of causes.
type AnyError = Box<dyn Error>;

/// An error with the file it is about, for errors that do not know.
#[derive(Debug)]
struct About {
    file: PathBuf,
    source: AnyError,
}

impl About {
    fn file(file: &Path, source: impl Into<AnyError>) -> Self {
        Self { file: file.to_path_buf(), source: source.into() }
    }
}

impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not usable", self.file.display())
    }
}

impl Error for About {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}

fn main() -> ExitCode {
    let done = match Cli::parse().half {
        Half::Recommend { command } => match command {
            Recommend::Train(options) => train::train(&options),
            Recommend::Evaluate(options) => evaluate::evaluate(&options),
            Recommend::Query(options) => query::query(&options),
            Recommend::Rank(options) => rank::rank(&options),
            Recommend::Batch(options) => batch::batch(&options),
            Recommend::Put(options) => put::put(&options),
            Recommend::DeleteUser(options) => delete_user::delete_user(&options),
        },
        Half::Forecast { command } => forecast::run(&command),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            let mut cause = error.source();
            while let Some(error) = cause {
                eprintln!("  because: {error}");
                cause = error.source();
            }
            ExitCode::FAILURE
        }
    }
}
