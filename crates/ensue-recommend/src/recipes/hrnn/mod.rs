#![doc = include_str!("README.md")]

mod context;
mod infer;
mod learner;
mod network;
#[cfg(all(test, feature = "wgpu"))]
mod parity;
mod repeat;
mod sampling;
mod settings;
mod stream;
#[cfg(test)]
mod tests;

use burn::tensor::Device;
use ensue_core::{
    History, Interactions, Run,
    artifact::{ArtifactError, ArtifactReader, ArtifactWriter},
    validation_split,
};
use ensue_nn::{device, kernels, train::Trainer, weights};

use context::Coder;
use infer::Inference;
use learner::HrnnLearner;
use network::{Network, Shape};
use sampling::Sampler;
pub use settings::{Hierarchy, Hrnn};
use stream::{Streams, time_ranks};

use crate::{
    FitError, LoadError, Query, QueryError, Recipe, Recommend, Scores, SettingsError, TrainingData,
    check_queries, query::check_history,
};

/// Amazon's name of the recipe.
const NAME: &str = "aws-hrnn";
const WEIGHTS: &str = "hrnn.safetensors";
const SHAPE: &str = "hrnn.json";

/// A trained HRNN.
#[derive(Debug)]
pub struct FittedHrnn {
    network: Network,
    shape: Shape,
    coder: Coder,
    device: Device,
}

impl Hrnn {
    fn coder(&self, shape: Shape) -> Coder {
        Coder { gap: self.gap_seconds(), hierarchy: self.hierarchy, types: shape.types }
    }

    fn shape(&self, interactions: &Interactions) -> Shape {
        Shape {
            items: interactions.n_items(),
            types: interactions.event_type_names().len().max(1),
            hidden: self.hidden_dimension.get(),
            hierarchy: self.hierarchy,
            repeats: self.repeat_term,
        }
    }

    /// Users to train on: with two events, and with a history length inside the two percentiles.
    fn users(&self, interactions: &Interactions) -> Vec<u32> {
        let mut lengths: Vec<usize> =
            interactions.users().map(|(_, h)| h.len()).filter(|&n| n > 0).collect();
        lengths.sort_unstable();
        let at = |share: f64| {
            let last = lengths.len().saturating_sub(1) as f64;
            lengths.get((share * last).round() as usize).copied().unwrap_or(0)
        };
        let range = at(self.min_user_history_length_percentile)
            ..=at(self.max_user_history_length_percentile);
        let fits = |h: &History<'_>| h.len() >= 2 && range.contains(&h.len());
        interactions.users().filter(|(_, h)| fits(h)).map(|(user, _)| user).collect()
    }

    fn learner(
        &self,
        interactions: &Interactions,
        shape: Shape,
        run: &Run,
    ) -> Result<HrnnLearner, FitError> {
        let inner = validation_split(interactions, run.seed, self.validation_share);
        let data = inner.train;
        let users = self.users(&data);
        if users.is_empty() {
            let reason = "no user has two events and a history length inside the percentiles";
            return Err(FitError::NoEvents { recipe: NAME, reason: reason.to_owned() });
        }
        let counts = data.item_counts();
        let settings = serde_json::to_string(self).expect("plain data");
        let fingerprint = data.fingerprint();
        let sampled = shape.items > self.full_softmax_limit;
        let sampler =
            sampled.then(|| Sampler::new(&counts, self.negatives.get(), self.negative_exponent));
        let streams = Streams {
            users,
            coder: self.coder(shape),
            lanes: self.lanes.get(),
            bptt: self.bptt.get(),
            lookahead: self.lookahead.get(),
            hidden: shape.hidden,
            dropout_input: self.dropout_input,
            dropout_output: self.dropout_output,
            recency: if self.recency_mask { time_ranks(&data) } else { Vec::new() },
            sampler,
            repeats: shape.repeats,
            interactions: data,
        };
        Ok(HrnnLearner { streams, validation: inner.queries, fingerprint, settings })
    }
}

impl Recipe for Hrnn {
    const NAME: &'static str = NAME;
    type Fitted = FittedHrnn;

    fn check(&self) -> Result<(), SettingsError> {
        self.check_fields()
    }

    fn fit(&self, data: &TrainingData, run: &mut Run) -> Result<FittedHrnn, FitError> {
        self.check()?;
        let device = device::open(&run.device)?;
        kernels::set_threads(run.thread_count().get());
        let interactions = &data.interactions;
        let shape = self.shape(interactions);
        let learner = self.learner(interactions, shape, run)?;
        let counts = learner.streams.interactions.item_counts();
        let network = Network::new(shape, &counts, run.seed.child("weights"), &device);
        let trained = Trainer::new(self.training()).fit(&learner, network, run)?;
        Ok(FittedHrnn { network: trained.model, shape, coder: self.coder(shape), device })
    }

    fn load(&self, reader: &ArtifactReader, device: &str) -> Result<FittedHrnn, LoadError> {
        let device = device::open(device)?;
        let shape: Shape = reader.read_json(SHAPE)?;
        let bytes = reader.read(WEIGHTS)?;
        let network = weights::from_bytes(Network::blank(shape, &device), &bytes, &device)
            .map_err(|source| LoadError::Weights { file: WEIGHTS.to_owned(), source })?;
        Ok(FittedHrnn { network, shape, coder: self.coder(shape), device })
    }
}

impl FittedHrnn {
    fn inference(&self) -> Inference<'_> {
        Inference {
            network: &self.network,
            coder: self.coder,
            device: &self.device,
            items: self.shape.items,
        }
    }
}

impl Recommend for FittedHrnn {
    fn recipe(&self) -> &'static str {
        NAME
    }

    fn n_items(&self) -> usize {
        self.shape.items
    }

    fn scores(&self, queries: &[Query<'_>]) -> Result<Scores, QueryError> {
        check_queries(queries, self.shape.items)?;
        let histories: Vec<History<'_>> = queries.iter().map(|q| q.history).collect();
        let values = self.inference().scores(&histories)?;
        Ok(Scores::new(queries.len(), self.shape.items, values))
    }

    fn probabilities(&self) -> bool {
        true
    }

    fn next_item_ranks(&self, history: History<'_>, from: usize) -> Result<Vec<u32>, QueryError> {
        check_history(history, self.shape.items)?;
        Ok(self.inference().ranks(history, from))
    }

    fn save(&self, out: &mut ArtifactWriter) -> Result<(), ArtifactError> {
        out.write_json(SHAPE, &self.shape)?;
        let bytes = weights::to_bytes(&self.network).expect("the network's names are unique");
        out.write(WEIGHTS, &bytes)
    }
}
