//! One module for each measurement, and the list of them.

pub(crate) mod determinism;
mod hrnn_movielens;
mod hrnn_online_retail;
mod online_retail_baselines;
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
        name: "determinism",
        about: "one seed, one result; a killed training resumes to the same metrics",
        run: determinism::measure,
    },
];
