//! One module for each measurement, and the list of them.

pub(crate) mod determinism;
mod embedding_rows;
mod hrnn_movielens;
mod hrnn_online_retail;
mod hrnn_throughput;
mod online_retail_baselines;
mod recurrent_cpu;
mod recurrent_wgpu;
mod timed;
mod yoochoose_baselines;

use crate::{
    Context,
    report::{Failure, Report},
};

/// A named measurement.
pub(crate) struct Measurement {
    /// Its name on the command line and in brackets in the issues.
    pub(crate) name: &'static str,
    /// What it measures.
    pub(crate) about: &'static str,
    /// Measures.
    pub(crate) run: fn(&Context) -> Result<Report, Failure>,
}

/// All measurements.
pub(crate) const MEASUREMENTS: &[Measurement] = &[
    Measurement {
        name: "hrnn-movielens",
        about: "HRNN on MovieLens-100K, temporal holdout, beside the baselines digit for digit",
        run: hrnn_movielens::measure,
    },
    Measurement {
        name: "hrnn-online-retail",
        about: "HRNN with each hierarchy on Online Retail, last invoice out, beside the baselines",
        run: hrnn_online_retail::measure,
    },
    Measurement {
        name: "yoochoose-baselines",
        about: "popularity and Markov on yoochoose-100k, next item, digit for digit",
        run: yoochoose_baselines::measure,
    },
    Measurement {
        name: "recurrent-cpu",
        about: "a training step of two recurrent layers on the CPU: against PyTorch, against the FMA peak",
        run: recurrent_cpu::measure,
    },
    Measurement {
        name: "recurrent-wgpu",
        about: "the same on wgpu: launches, and time against burn-nn's LSTM",
        run: recurrent_wgpu::measure,
    },
    Measurement {
        name: "hrnn-throughput",
        about: "events per CPU-second of HRNN training on made-up data of MovieLens-1M's size",
        run: hrnn_throughput::measure,
    },
    Measurement {
        name: "embedding-rows",
        about: "a training step over a million items against one over ten thousand",
        run: embedding_rows::measure,
    },
    Measurement {
        name: "determinism",
        about: "one seed, one result; a killed training resumes to the same metrics",
        run: determinism::measure,
    },
];
