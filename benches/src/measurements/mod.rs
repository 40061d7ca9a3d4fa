//! One module for each measurement, and the list of them.

mod arima;
mod auto_predictor;
mod campaign_latency;
mod cnn_qr_accuracy;
mod coldstart_movielens;
mod deepar_accuracy;
mod deepar_electricity;
mod deepar_orange_juice;
mod deepar_speed;
pub(crate) mod determinism;
mod embedding_rows;
mod explainability;
mod hpo_budget;
mod hpo_gain;
mod hrnn_curves;
mod hrnn_movielens;
mod hrnn_online_retail;
mod hrnn_throughput;
mod intermittent;
mod local_statistics;
mod mann_whitney;
mod nasty_series;
mod npts;
mod online_retail_baselines;
mod prophet;
mod recipes_movielens;
mod recurrent_cpu;
mod recurrent_wgpu;
mod seasonal_naive;
mod sims_speed;
mod timed;
mod tpe_functions;
mod what_if;
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
    /// How many seeds its figures are the mean of.
    pub(crate) seeds: u64,
    /// Measures.
    pub(crate) run: fn(&Context) -> Result<Report, Failure>,
}

/// All measurements.
pub(crate) const MEASUREMENTS: &[Measurement] = &[
    Measurement {
        name: "autopredictor",
        about: "AutoPredictor in 10 minutes on M4 hourly and weekly, hospital and car parts, beside each algorithm alone (hours)",
        seeds: 3,
        run: auto_predictor::measure,
    },
    Measurement {
        name: "time-limits",
        about: "AutoPredictor on M4 weekly given 30 seconds, 2 and 10 minutes",
        seeds: 1,
        run: auto_predictor::limits,
    },
    Measurement {
        name: "hrnn-curves",
        about: "records the learning curves that asha-replay plays back (half an hour)",
        seeds: 1,
        run: hrnn_curves::record,
    },
    Measurement {
        name: "asha-replay",
        about: "ASHA on 60 recorded learning curves of HRNN, 100 orders",
        seeds: 1,
        run: hrnn_curves::asha,
    },
    Measurement {
        name: "hpo-budget",
        about: "a search on MovieLens-100K that is given 60 seconds",
        seeds: 1,
        run: hpo_budget::measure,
    },
    Measurement {
        name: "hpo-gain",
        about: "15 minutes of search against the defaults: HRNN on MovieLens-100K, DeepAR on M4 weekly",
        seeds: 3,
        run: hpo_gain::measure,
    },
    Measurement {
        name: "hpo-gain-hrnn",
        about: "the first half of hpo-gain",
        seeds: 3,
        run: hpo_gain::hrnn,
    },
    Measurement {
        name: "hpo-gain-deepar",
        about: "the second half of hpo-gain",
        seeds: 3,
        run: hpo_gain::deepar,
    },
    Measurement {
        name: "hrnn-movielens",
        about: "HRNN on MovieLens-100K, temporal holdout, beside the baselines digit for digit",
        seeds: 3,
        run: hrnn_movielens::measure,
    },
    Measurement {
        name: "hrnn-online-retail",
        about: "HRNN with each hierarchy on Online Retail, last invoice out, beside the baselines",
        seeds: 3,
        run: hrnn_online_retail::measure,
    },
    Measurement {
        name: "yoochoose-baselines",
        about: "popularity and Markov on yoochoose-100k, next item, digit for digit",
        seeds: 3,
        run: yoochoose_baselines::measure,
    },
    Measurement {
        name: "recurrent-cpu",
        about: "a training step of two recurrent layers on the CPU: against PyTorch, against the FMA peak",
        seeds: 3,
        run: recurrent_cpu::measure,
    },
    Measurement {
        name: "recurrent-wgpu",
        about: "the same on wgpu: launches, and time against burn-nn's LSTM",
        seeds: 3,
        run: recurrent_wgpu::measure,
    },
    Measurement {
        name: "hrnn-throughput",
        about: "events per CPU-second of HRNN training on made-up data of MovieLens-1M's size",
        seeds: 3,
        run: hrnn_throughput::measure,
    },
    Measurement {
        name: "embedding-rows",
        about: "a training step over a million items against one over ten thousand",
        seeds: 3,
        run: embedding_rows::measure,
    },
    Measurement {
        name: "determinism",
        about: "one seed, one result; a killed training resumes to the same metrics",
        seeds: 3,
        run: determinism::measure,
    },
    Measurement {
        name: "recipes-movielens",
        about: "all recipes on MovieLens-100K, temporal holdout, and Personalized-Ranking on lists of 100",
        seeds: 3,
        run: recipes_movielens::measure,
    },
    Measurement {
        name: "campaign-latency",
        about: "an event and the next answer, 100,000 items of 100 units, against reading the item table once",
        seeds: 1,
        run: campaign_latency::measure,
    },
    Measurement {
        name: "coldstart-movielens",
        about: "HRNN-Coldstart on half of MovieLens-100K's films, known by genre only, against random order",
        seeds: 10,
        run: coldstart_movielens::measure,
    },
    Measurement {
        name: "seasonal-naive",
        about: "the seasonal naive on M4 hourly, M4 weekly and hospital, digit for digit",
        seeds: 0,
        run: seasonal_naive::measure,
    },
    Measurement {
        name: "npts",
        about: "NPTS on M4 hourly and weekly, against GluonTS's figures and time",
        seeds: 0,
        run: npts::measure,
    },
    Measurement {
        name: "intermittent",
        about: "Croston's method and its kin on car parts",
        seeds: 0,
        run: intermittent::measure,
    },
    Measurement {
        name: "nasty-series",
        about: "500 series that break algorithms, and how many each of ours breaks on",
        seeds: 1,
        run: nasty_series::measure,
    },
    Measurement {
        name: "cnn-qr",
        about: "CNN-QR on M4 hourly, M4 weekly and hospital",
        seeds: 3,
        run: cnn_qr_accuracy::measure,
    },
    Measurement {
        name: "arima",
        about: "ARIMA: orders and AICc of 50 series against statsforecast, M4 hourly, M4 weekly and hospital",
        seeds: 0,
        run: arima::measure,
    },
    Measurement {
        name: "ets",
        about: "ETS on M4 weekly, M4 hourly and hospital; its speed in turns with statsforecast's AutoETS",
        seeds: 0,
        run: local_statistics::ets,
    },
    Measurement {
        name: "theta",
        about: "Theta on the same; its speed in turns with statsforecast's DynamicOptimizedTheta",
        seeds: 0,
        run: local_statistics::theta,
    },
    Measurement {
        name: "deepar-m4-hourly",
        about: "DeepAR on M4 hourly, the library's defaults, Amazon's beside",
        seeds: 5,
        run: deepar_accuracy::m4_hourly,
    },
    Measurement {
        name: "deepar-m4-weekly",
        about: "DeepAR on M4 weekly",
        seeds: 3,
        run: deepar_accuracy::m4_weekly,
    },
    Measurement {
        name: "deepar-hospital",
        about: "DeepAR on the monthly counts of a hospital",
        seeds: 3,
        run: deepar_accuracy::hospital,
    },
    Measurement {
        name: "deepar-electricity",
        about: "DeepAR on one and on three electricity clients, beside Amazon's own runs",
        seeds: 5,
        run: deepar_electricity::measure,
    },
    Measurement {
        name: "deepar-orange-juice",
        about: "DeepAR on retail sales with prices, promotions and store metadata, against without",
        seeds: 5,
        run: deepar_orange_juice::measure,
    },
    Measurement {
        name: "what-if",
        about: "DeepAR on orange juice: other prices over the horizon, and the demand that is forecast",
        seeds: 1,
        run: what_if::measure,
    },
    Measurement {
        name: "explainability",
        about: "DeepAR on made-up series where the price alone matters: its share of the impact",
        seeds: 3,
        run: explainability::measure,
    },
    Measurement {
        name: "deepar-speed",
        about: "a training epoch and sampling on M4 hourly, one thread, in turns with GluonTS",
        seeds: 1,
        run: deepar_speed::measure,
    },
    Measurement {
        name: "prophet",
        about: "Prophet on daily bike rentals, beside the forecasts and the time of the Python package",
        seeds: 0,
        run: prophet::measure,
    },
    Measurement {
        name: "sims-speed",
        about: "SIMS: implicit's cosine lists, its time to fit in turns, a hundred million events",
        seeds: 0,
        run: sims_speed::measure,
    },
    Measurement {
        name: "tpe-functions",
        about: "TPE on four test functions, 100 trials, against Optuna's TPE and random search",
        seeds: 30,
        run: tpe_functions::measure,
    },
];
