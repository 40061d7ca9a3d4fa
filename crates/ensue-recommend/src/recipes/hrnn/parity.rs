//! wgpu against ndarray: the same weights and the same batch give the same loss, gradients and scores.
#![allow(clippy::unwrap_used, reason = "a test; clippy only knows plain `cfg(test)`")]

use std::sync::Arc;

use burn::{
    module::{Module, ModuleVisitor, Param},
    tensor::{Device, Gradients, Tensor},
};
use ensue_core::{Event, Interactions, InteractionsBuilder, Seed};
use ensue_data::{FieldKind, FieldValue, MetadataTable};
use ensue_nn::device;

use super::{Hierarchy, Hrnn, Plan, fitted::FittedHrnn, network::Network, stream::Streams};
use crate::{Query, Recommend, ScoredItem, TrainingData};

/// Largest difference that counts as agreement, relative to the largest magnitude of a tensor: f32 sums of a few hundred
/// terms in another order, through a few steps of a recurrence.
const TOLERANCE: f32 = 1e-4;

fn interactions() -> Interactions {
    let mut builder = InteractionsBuilder::new();
    for user in 0..7u32 {
        for at in 0..(3 + i64::from(user) * 2) {
            let item = (user * 5 + at as u32 * 3) % 23;
            // Two events an hour, a day between sessions of three.
            let timestamp = 1_600_000_000 + at * 600 + at / 3 * 86_400;
            let event = Event::new(item, timestamp);
            builder.push(
                user,
                Event { event_type: Some((at % 2) as u8), context: Some(at as u32 % 4), ..event },
            );
        }
    }
    let names = vec!["click".to_owned(), "buy".to_owned()];
    builder.event_type_names(names).build(7, 23)
}

/// With fields of users, items and moments.
fn training_data() -> TrainingData {
    let table = |ids: u32| {
        let fields = [("KIND", FieldKind::Categorical), ("SIZE", FieldKind::Number)];
        let mut table = MetadataTable::with_fields(fields);
        for id in 0..ids {
            let row = [
                ("KIND".to_owned(), FieldValue::from(format!("k{}|k{}", id % 3, id % 5).as_str())),
                ("SIZE".to_owned(), FieldValue::from(f64::from(id % 7))),
            ];
            table.set_row(id, &row.into()).unwrap();
        }
        Some(Arc::new(table))
    };
    TrainingData {
        user_table: table(7),
        item_table: table(23),
        context_table: table(4),
        interactions: interactions(),
    }
}

/// Named values: loss, state, every gradient, scores.
type Values = Vec<(String, Vec<f32>)>;

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec::<f32>().unwrap()
}

struct Collect<'a> {
    grads: &'a Gradients,
    /// Whether the item tables take part as gathered rows only.
    sampled: bool,
    path: Vec<String>,
    out: &'a mut Values,
}

impl ModuleVisitor for Collect<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }
    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let name = self.path.join(".");
        if self.sampled && ["items", "bias"].contains(&name.as_str()) {
            return;
        }
        let grad = param.val().grad(self.grads).unwrap_or_else(|| panic!("{name} has no gradient"));
        self.out.push((format!("gradient of {name}"), values(grad)));
    }
}

fn measure(device: &Device, settings: &Hrnn, fields: bool) -> Values {
    // With fields: one item without a vector of its own, others left out at random.
    let (id_dropout, cold) =
        if fields { (0.3, (0..23).map(|item| item == 5).collect()) } else { (0.0, Vec::new()) };
    let data = training_data();
    let interactions = &data.interactions;
    let plan = Plan { fields, id_dropout, cold, ..Plan::new("aws-hrnn", settings) };
    let learner = plan.learner(&data, &ensue_core::Run::new("ndarray")).expect("users to train on");
    let streams: &Streams = &learner.streams;
    let shape = plan.shape(interactions, &streams.facts);
    let network = Network::new(shape, &interactions.item_counts(), Seed(4), device);
    let autodiff = device.clone().autodiff();
    let tracked = network.clone().to_device(&autodiff).train();
    let mut out = Values::new();
    let mut state = None;
    let mut total = Tensor::<1>::zeros([1], &autodiff);
    let mut rows = Vec::new();
    for batch in streams.epoch(Seed(9)).take(3) {
        let lanes = streams.lanes.min(streams.users.len());
        let step = tracked.loss(&batch, state.take(), lanes, &streams.facts, &autodiff);
        state = Some(step.state);
        out.push(("loss".to_owned(), values(step.value.clone())));
        total = total + step.value;
        rows.extend(step.touched);
    }
    let mut grads = total.backward();
    let sampled = streams.sampler.is_some();
    tracked.visit(&mut Collect { grads: &grads, sampled, path: Vec::new(), out: &mut out });
    assert_eq!(rows.len(), if sampled { 6 } else { 0 }, "items and bias of three steps");
    for touched in rows {
        let grad = touched.gradient(&mut grads).expect("every gathered row is used");
        out.push(("gradient of gathered rows".to_owned(), values(grad)));
    }
    let facts = Arc::clone(&streams.facts);
    let model = FittedHrnn::new("aws-hrnn", network, shape, streams.coder, facts, device.clone());
    let queries: Vec<Query<'_>> = interactions
        .users()
        .map(|(user, history)| Query { user: Some(user), ..Query::from_history(history) })
        .collect();
    out.push(("scores".to_owned(), model.scores(&queries).unwrap().into_values()));
    let answers = model.recommend(&queries, 3).unwrap();
    let best = |lines: &[ScoredItem]| lines.iter().filter_map(|line| line.score).collect();
    let best: Vec<Vec<f32>> = answers.iter().map(|lines| best(lines)).collect();
    out.push(("probabilities of the best".to_owned(), best.concat()));
    out
}

#[test]
fn parity_of_loss_gradients_and_scores() {
    let count = |n| std::num::NonZeroUsize::new(n).unwrap();
    let base =
        Hrnn { hidden_dimension: count(13), bptt: count(4), lanes: count(3), ..Hrnn::default() };
    let wgpu = device::open("wgpu").expect("parity needs a wgpu adapter; a software one will do");
    let ndarray = device::open("ndarray").unwrap();
    for hierarchy in [Hierarchy::SessionInput, Hierarchy::UserState, Hierarchy::Flat] {
        for (full_softmax_limit, fields) in [(1000, false), (0, false), (1000, true), (0, true)] {
            let settings = Hrnn {
                hierarchy,
                full_softmax_limit,
                negatives: count(9),
                lookahead: count(2),
                ..base.clone()
            };
            let (a, b) = (measure(&wgpu, &settings, fields), measure(&ndarray, &settings, fields));
            assert_eq!(a.len(), b.len());
            for ((name, a), (other, b)) in a.iter().zip(&b) {
                assert_eq!((name, a.len()), (other, b.len()));
                assert!(
                    a.iter().chain(b).all(|v| v.is_finite()),
                    "{hierarchy:?}: {name} is not finite"
                );
                let scale = b.iter().fold(1e-6f32, |m, x| m.max(x.abs()));
                let worst = a.iter().zip(b).map(|(x, y)| (x - y).abs()).fold(0f32, f32::max);
                assert!(
                    worst <= TOLERANCE * scale,
                    "{hierarchy:?}, limit {full_softmax_limit}, fields {fields}: {name} differs by {worst:e} of {scale:e}"
                );
            }
        }
    }
}
