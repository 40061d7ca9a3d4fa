//! Vocabulary of `ensue`: what every other crate of the workspace speaks in.
//!
//! | module | what it holds |
//! |---|---|
//! | [`interactions`] | [`Interactions`]: who did what when, compact and ordered by time |
//! | [`quantile`] | [`Quantile`]: a level between 0 and 1 |
//! | [`series`] | [`Panel`]: time series of one [`Frequency`] with what is known beside them |
//! | [`mod@split`] | the three ways to hold data out, and the inner split for early stopping |
//! | [`metrics`] | metrics of ranked lists and of forecasts, with Amazon's names and formulas and the papers' |
//! | [`run`] | [`Run`]: device, seed, threads, checkpoint, budget, cancel flag, progress |
//! | [`seed`] | [`Seed`]: independent random streams by purpose |
//! | [`bitmap`] | [`Bitmap`]: a set of dense ids |
//! | [`artifact`] | directories that are either wholly written or not there |
//! | [`hash`] | the stable hash behind seeds, fingerprints and checksums |
//!
//! There is no neural network and no table reader in here, so that nothing that only needs the
//! vocabulary has to wait for either.

pub mod artifact;
pub mod bitmap;
pub mod hash;
pub mod interactions;
pub mod metrics;
pub mod quantile;
pub mod run;
pub mod seed;
pub mod series;
pub mod split;

pub use artifact::{ArtifactError, ArtifactReader, ArtifactWriter};
pub use bitmap::Bitmap;
pub use interactions::{Event, History, Interactions, InteractionsBuilder, OwnedHistory};
pub use metrics::forecast::{
    AccuracyAccumulator, AccuracyMetrics, EvaluatorAccumulator, EvaluatorReport, Outcome,
    evaluator_quantiles,
};
pub use metrics::ranking::{
    NdcgForm, NextItemAccumulator, NextItemReport, RankingAccumulator, RankingReport,
};
pub use quantile::{Quantile, QuantileError};
pub use run::{Budget, CancelFlag, CheckpointPolicy, Decision, Progress, Report, Run};
pub use seed::Seed;
pub use series::{Frequency, Panel, Series};
pub use split::{EvaluationMode, HeldOut, Split, split, validation_split};
