//! The acceptance program: every promised figure, measured on real data, beside its bar.
//!
//! `acceptance --list` names the measurements, `acceptance NAME` runs one: it prints each value with its bar, the seeds and
//! the threads, and exits 0 when every bar holds, 1 when one is short, 2 when it could not be measured.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program that reports to people")]

mod data;
mod forecasts;
mod measurements;
mod peers;
mod recipes;
mod report;

use std::{num::NonZeroUsize, process::ExitCode};

use clap::Parser;

use crate::measurements::{MEASUREMENTS, determinism};

/// Measures a promised figure and holds it to its bar.
#[derive(Debug, Parser)]
#[command(name = "acceptance")]
struct Arguments {
    /// Which measurement; --list names them.
    #[arg(required_unless_present_any = ["list", "child"])]
    name: Option<String>,
    /// Names the measurements.
    #[arg(long)]
    list: bool,
    /// Threads to compute with.
    #[arg(long, default_value_t = NonZeroUsize::MIN)]
    threads: NonZeroUsize,
    /// Seeds of what is drawn at random; as many as the measurement asks for when there are none: 1, 2, ...
    #[arg(long, value_delimiter = ',')]
    seeds: Vec<u64>,
    /// Settings of what is measured where they shall differ from its own, as JSON; the report says which were used.
    #[arg(long, value_name = "JSON")]
    settings: Option<String>,
    /// Directory of the training that the determinism measurement kills; not for people.
    #[arg(long, hide = true)]
    child: Option<std::path::PathBuf>,
}

/// What every measurement is given.
#[derive(Debug, Clone)]
struct Context {
    threads: NonZeroUsize,
    seeds: Vec<u64>,
    settings: Option<String>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let Arguments { threads, seeds, settings, .. } = arguments;
    let mut context = Context { threads, seeds, settings };
    if let Some(dir) = &arguments.child {
        return match determinism::child(&context, dir) {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => {
                eprintln!("{failure}");
                ExitCode::from(2)
            }
        };
    }
    if arguments.list {
        for measurement in MEASUREMENTS {
            println!("{:20} {}", measurement.name, measurement.about);
        }
        return ExitCode::SUCCESS;
    }
    let name = arguments.name.unwrap_or_default();
    let Some(measurement) = MEASUREMENTS.iter().find(|known| known.name == name) else {
        eprintln!("no measurement is called {name:?}; --list names them");
        return ExitCode::from(2);
    };
    if context.seeds.is_empty() {
        context.seeds = (1..=measurement.seeds).collect();
    }
    match (measurement.run)(&context) {
        Ok(report) => {
            println!("[{name}] {}\n{report}", measurement.about);
            if !report.holds() {
                println!("SHORT");
                ExitCode::from(1)
            } else if let Some(failure) = report.missing() {
                println!("the rest is not measured: {failure}");
                ExitCode::from(2)
            } else {
                println!("ok");
                ExitCode::SUCCESS
            }
        }
        Err(failure) => {
            println!("[{name}] not measured: {failure}");
            ExitCode::from(2)
        }
    }
}
