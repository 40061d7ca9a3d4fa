//! wgpu against ndarray: the same weights and the same batch give the same loss, gradients and scores.
#![allow(clippy::unwrap_used, reason = "a test; clippy only knows plain `cfg(test)`")]

use burn::{
    module::{Module, ModuleVisitor, Param},
    tensor::{Device, Gradients, Tensor},
};
use ensue_core::{Event, Interactions, InteractionsBuilder, Seed};
use ensue_nn::device;

use super::{Hierarchy, Hrnn, infer::Inference, network::Network, stream::Streams};

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
            builder.push(user, Event { event_type: Some((at % 2) as u8), ..event });
        }
    }
    let names = vec!["click".to_owned(), "buy".to_owned()];
    builder.event_type_names(names).build(7, 23)
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

fn measure(device: &Device, settings: &Hrnn) -> Values {
    let data = interactions();
    let shape = settings.shape(&data);
    let learner = settings
        .learner(&data, shape, &ensue_core::Run::new("ndarray"))
        .expect("users to train on");
    let streams: &Streams = &learner.streams;
    let network = Network::new(shape, &data.item_counts(), Seed(4), device);
    let autodiff = device.clone().autodiff();
    let tracked = network.clone().to_device(&autodiff).train();
    let mut out = Values::new();
    let mut state = None;
    let mut total = Tensor::<1>::zeros([1], &autodiff);
    let mut rows = Vec::new();
    for batch in streams.epoch(Seed(9)).take(3) {
        let lanes = streams.lanes.min(streams.users.len());
        let step = tracked.loss(&batch, state.take(), lanes, &autodiff);
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
    let inference =
        Inference { network: &network, coder: streams.coder, device, items: shape.items };
    let histories: Vec<_> = data.users().map(|(_, history)| history).collect();
    out.push(("scores".to_owned(), inference.scores(&histories).unwrap()));
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
        for full_softmax_limit in [1000, 0] {
            let settings = Hrnn {
                hierarchy,
                full_softmax_limit,
                negatives: count(9),
                lookahead: count(2),
                ..base.clone()
            };
            let (a, b) = (measure(&wgpu, &settings), measure(&ndarray, &settings));
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
                    "{hierarchy:?}, limit {full_softmax_limit}: {name} differs by {worst:e} of {scale:e}"
                );
            }
        }
    }
}
