//! Training: what the recipes that share this network have in common.

use std::sync::Arc;

use ensue_core::{History, Interactions, Run, artifact::ArtifactReader, validation_split};
use ensue_nn::{device, kernels, train::Trainer, weights};

use super::{
    FittedHrnn, Hrnn, SHAPE, WEIGHTS,
    context::Coder,
    fields::{Facts, FieldRows},
    learner::HrnnLearner,
    network::{Network, Shape},
    sampling::Sampler,
    stream::{Streams, absent, time_ranks},
};
use crate::{FitError, LoadError, TrainingData};

/// One recipe's way to train the network.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    /// Name of the recipe.
    pub(crate) name: &'static str,
    pub(crate) settings: &'a Hrnn,
    /// Whether fields of items, users and moments take part.
    pub(crate) fields: bool,
    /// Share of items whose own vector is left out of a training step.
    pub(crate) id_dropout: f64,
    /// Whether each item is cold; empty when none is.
    pub(crate) cold: Vec<bool>,
}

impl<'a> Plan<'a> {
    /// Interactions only.
    pub(crate) fn new(name: &'static str, settings: &'a Hrnn) -> Self {
        Self { name, settings, fields: false, id_dropout: 0.0, cold: Vec::new() }
    }

    pub(crate) fn fit(&self, data: &TrainingData, run: &mut Run) -> Result<FittedHrnn, FitError> {
        let device = device::open(&run.device)?;
        kernels::set_threads(run.thread_count().get());
        let learner = self.learner(data, run)?;
        let shape = self.shape(&data.interactions, &learner.streams.facts);
        let counts = learner.streams.interactions.item_counts();
        let network = Network::new(shape, &counts, run.seed.child("weights"), &device);
        let trained = Trainer::new(self.settings.training()).fit(&learner, network, run)?;
        let facts = Arc::clone(&learner.streams.facts);
        let coder = self.settings.coder(shape);
        let network = trained.model.with_fields_from_items(&facts, &counts, &device);
        Ok(FittedHrnn::new(self.name, network, shape, coder, facts, device))
    }

    pub(super) fn shape(&self, interactions: &Interactions, facts: &Facts) -> Shape {
        Shape {
            items: interactions.n_items(),
            types: interactions.event_type_names().len().max(1),
            hidden: self.settings.hidden_dimension.get(),
            hierarchy: self.settings.hierarchy,
            repeats: self.settings.repeat_term,
            fields: facts.rows(),
            cold: !facts.own.is_empty(),
        }
    }

    fn facts(&self, data: &TrainingData) -> Facts {
        let mut facts = if self.fields { Facts::new(data) } else { Facts::default() };
        if self.cold.contains(&true) {
            facts.own = self.cold.iter().map(|&cold| f32::from(u8::from(!cold))).collect();
        }
        facts
    }

    pub(super) fn learner(&self, data: &TrainingData, run: &Run) -> Result<HrnnLearner, FitError> {
        let settings = self.settings;
        let facts = self.facts(data);
        let shape = self.shape(&data.interactions, &facts);
        let inner = validation_split(&data.interactions, run.seed, settings.validation_share);
        let events = inner.train;
        let users = settings.users(&events);
        if users.is_empty() {
            let reason = "no user has two events and a history length inside the percentiles";
            return Err(FitError::NoEvents { recipe: self.name, reason: reason.to_owned() });
        }
        let counts = events.item_counts();
        let mut described = serde_json::to_string(settings).expect("plain data");
        let mut fingerprint = events.fingerprint();
        if shape.fields != FieldRows::default() {
            described = format!("{described} id dropout {}", self.id_dropout);
            fingerprint += &facts.fingerprint();
        }
        let sampled = shape.items > settings.full_softmax_limit;
        let draw =
            |counts| Sampler::new(counts, settings.negatives.get(), settings.negative_exponent);
        let streams = Streams {
            users,
            coder: settings.coder(shape),
            lanes: settings.lanes.get(),
            bptt: settings.bptt.get(),
            lookahead: settings.lookahead.get(),
            hidden: shape.hidden,
            dropout_input: settings.dropout_input,
            dropout_output: settings.dropout_output,
            recency: if settings.recency_mask { time_ranks(&events) } else { Vec::new() },
            sampler: sampled.then(|| draw(&counts)),
            repeats: shape.repeats,
            facts: Arc::new(facts),
            id_dropout: self.id_dropout,
            absent: shape.cold.then(|| absent(&counts)),
            interactions: events,
        };
        Ok(HrnnLearner { streams, validation: inner.queries, fingerprint, settings: described })
    }
}

impl Hrnn {
    pub(super) fn coder(&self, shape: Shape) -> Coder {
        Coder { gap: self.gap_seconds(), hierarchy: self.hierarchy, types: shape.types }
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
}

/// Reads a fitted network back.
pub(crate) fn load(
    name: &'static str,
    settings: &Hrnn,
    reader: &ArtifactReader,
    device: &str,
) -> Result<FittedHrnn, LoadError> {
    let device = device::open(device)?;
    let shape: Shape = reader.read_json(SHAPE)?;
    let bytes = reader.read(WEIGHTS)?;
    let network = weights::from_bytes(Network::blank(shape, &device), &bytes, &device)
        .map_err(|source| LoadError::Weights { file: WEIGHTS.to_owned(), source })?;
    let facts = Facts::load(reader, shape.fields, shape.items, shape.cold)?;
    let coder = settings.coder(shape);
    Ok(FittedHrnn::new(name, network, shape, coder, Arc::new(facts), device))
}
