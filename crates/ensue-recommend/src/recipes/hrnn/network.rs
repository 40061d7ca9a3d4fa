//! The network: item vectors in and out, a GRU between.

use burn::{
    module::{Module, Param},
    tensor::{Device, Int, Tensor, TensorData},
};
use ensue_core::Seed;
use ensue_nn::{
    init,
    loss::{SparseTerms, softmax_cross_entropy},
    recurrent::GruLayer,
};

use super::{Hierarchy, context::CODES, stream::Batch};

/// HRNN's weights. Inputs and outputs share the item vectors.
#[derive(Module, Debug)]
pub(super) struct Network {
    /// `[items, hidden]`
    pub(super) items: Param<Tensor<2>>,
    /// `[items]`
    pub(super) bias: Param<Tensor<1>>,
    /// `[codes, hidden]`: session starts and time away; see [`super::context`].
    pub(super) context: Param<Tensor<2>>,
    /// `[event types, hidden]`
    pub(super) types: Param<Tensor<2>>,
    /// Input and state of size `hidden`.
    pub(super) gru: GruLayer,
    /// Only for [`Hierarchy::UserState`].
    pub(super) user: Option<UserLevel>,
    /// `[codes]`: added to the scores of items had before; see [`super::repeat`].
    pub(super) repeat: Option<Param<Tensor<1>>>,
}

/// The network over the sessions of a user (Quadrana et al. 2017, section 3.2).
///
/// ```text
/// c' = GRU(last state of the session, c)        first state of the next session = tanh(c' W + b)
/// ```
#[derive(Module, Debug)]
pub(super) struct UserLevel {
    gru: GruLayer,
    /// `[hidden, hidden]`
    start: Param<Tensor<2>>,
    /// `[hidden]`
    start_bias: Param<Tensor<1>>,
}

impl UserLevel {
    fn new(hidden: usize, seed: Seed, device: &Device) -> Self {
        let bound = (3.0 / hidden as f64).sqrt();
        Self {
            gru: GruLayer::new(hidden, hidden, seed.child("gru"), device),
            start: init::uniform([hidden, hidden], bound, seed.child("start"), device),
            start_bias: Param::from_tensor(Tensor::zeros([hidden], device)),
        }
    }

    /// A user's state after one more session; `[rows, hidden]` each.
    pub(super) fn advance(&self, session: Tensor<2>, user: Tensor<2>) -> Tensor<2> {
        let [rows, hidden] = session.dims();
        let next = self.gru.forward(session.reshape([rows, 1, hidden]), user, None);
        next.reshape([rows, hidden])
    }

    /// The state that a session starts with; `[rows, hidden]` each.
    pub(super) fn start(&self, user: Tensor<2>) -> Tensor<2> {
        (user.matmul(self.start.val()) + self.start_bias.val().unsqueeze_dim(0)).tanh()
    }
}

/// What one training step hands to the next, detached; `[lanes, hidden]` each.
#[derive(Debug, Clone)]
pub(super) struct State {
    session: Tensor<2>,
    /// Only for [`Hierarchy::UserState`].
    user: Tensor<2>,
}

/// Sizes that the data decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Shape {
    pub(super) items: usize,
    pub(super) types: usize,
    pub(super) hidden: usize,
    pub(super) hierarchy: Hierarchy,
    pub(super) repeats: bool,
}

impl Network {
    /// Fresh weights; the bias starts at the log of each item's share of the events, so that an untrained network
    /// already answers with popularity.
    pub(super) fn new(shape: Shape, counts: &[u32], seed: Seed, device: &Device) -> Self {
        let Shape { items, types, hidden, hierarchy, repeats } = shape;
        let bound = (1.0 / hidden as f64).sqrt();
        let total = counts.iter().map(|&n| f64::from(n) + 1.0).sum::<f64>();
        let bias: Vec<f32> = counts
            .iter()
            .map(|&n| (((f64::from(n) + 1.0) / total) * items as f64).ln() as f32)
            .collect();
        let zeros = |rows| Param::from_tensor(Tensor::zeros([rows, hidden], device));
        Self {
            items: init::uniform([items, hidden], bound, seed.child("items"), device),
            bias: Param::from_tensor(Tensor::from_data(TensorData::new(bias, [items]), device)),
            context: zeros(CODES),
            types: zeros(types),
            gru: GruLayer::new(hidden, hidden, seed.child("gru"), device),
            user: (hierarchy == Hierarchy::UserState)
                .then(|| UserLevel::new(hidden, seed.child("user"), device)),
            repeat: repeats
                .then(|| Param::from_tensor(Tensor::zeros([super::repeat::CODES], device))),
        }
    }

    /// Weights of the right shapes and no meaning, to be loaded over.
    pub(super) fn blank(shape: Shape, device: &Device) -> Self {
        Self::new(shape, &vec![0; shape.items], Seed(0), device)
    }

    /// Sum of the input vectors.
    ///
    /// # Shapes
    /// Indices `[rows, time]` row-major to `[rows, time, hidden]`.
    pub(super) fn embed(
        &self,
        items: &[i32],
        codes: &[i32],
        types: &[i32],
        shape: [usize; 2],
        device: &Device,
    ) -> Tensor<3> {
        let pick = |table: &Param<Tensor<2>>, rows: &[i32]| {
            table.val().select(0, integers(rows, [rows.len()], device))
        };
        let mut x = pick(&self.items, items) + pick(&self.context, codes);
        let [n_types, hidden] = self.types.val().dims();
        if n_types > 1 {
            x = x + pick(&self.types, types);
        }
        x.reshape([shape[0], shape[1], hidden])
    }

    /// Loss of a batch and the state at its end.
    pub(super) fn loss(
        &self,
        batch: &Batch,
        state: Option<State>,
        lanes: usize,
        device: &Device,
    ) -> (Tensor<1>, State) {
        let time = batch.items.len() / lanes;
        let hidden = self.gru.hidden();
        let choices = batch.targets.len() / batch.items.len();
        let floats = |values: &[f32]| {
            Tensor::<3>::from_data(TensorData::new(values.to_vec(), [lanes, time, hidden]), device)
        };
        let mut x = self.embed(&batch.items, &batch.codes, &batch.types, [lanes, time], device);
        if !batch.input_mask.is_empty() {
            x = x * floats(&batch.input_mask);
        }
        let keep = Tensor::from_data(TensorData::new(batch.keep.clone(), [lanes, time]), device);
        let zero = || Tensor::zeros([lanes, hidden], device);
        let before = state.unwrap_or_else(|| State { session: zero(), user: zero() });
        let (mut h, state) = if let (Some(level), Some(marks)) = (&self.user, &batch.sessions) {
            let column =
                |values: &[f32]| Tensor::<1>::from_data(values, device).unsqueeze_dim::<2>(1);
            let (starts, known) = (column(&marks.starts), column(&marks.known));
            // A new user starts from nothing; a new session of a known one moves the user's state on.
            let next = level.advance(before.session.clone(), before.user.clone()) * known;
            let moved = before.user.clone() + (next - before.user) * starts.clone();
            let first = level.start(moved.clone());
            let first = before.session.clone() + (first - before.session) * starts;
            let h = self.gru.forward(x, first, Some(keep));
            let last = TensorData::new(marks.last.clone(), [lanes, time, 1]);
            let last = (h.clone() * Tensor::from_data(last, device)).sum_dim(1);
            (h, State { session: last.reshape([lanes, hidden]), user: moved })
        } else {
            let h = self.gru.forward(x, before.session, Some(keep));
            let last = h.clone().slice([0..lanes, time - 1..time, 0..hidden]);
            (h, State { session: last.reshape([lanes, hidden]), user: before.user })
        };
        let state = State { session: state.session.detach(), user: state.user.detach() };
        if !batch.output_mask.is_empty() {
            h = h * floats(&batch.output_mask);
        }
        let h = h.reshape([lanes * time, hidden]);
        let rows = [lanes * time, choices];
        let targets = integers(&batch.targets, rows, device);
        let weights = Tensor::from_data(TensorData::new(batch.weights.clone(), rows), device);
        let (table, bias) = match &batch.candidates {
            None => (self.items.val(), self.bias.val()),
            Some((items, corrections)) => {
                let n = items.len();
                let which = integers(items, [n], device);
                let shift = Tensor::from_data(TensorData::new(corrections.clone(), [n]), device);
                let bias = self.bias.val().select(0, which.clone()) + shift;
                (self.items.val().select(0, which), bias)
            }
        };
        let terms = match (&self.repeat, &batch.repeats) {
            (Some(values), Some(repeats)) => Some(SparseTerms {
                values: values.val(),
                offsets: repeats.offsets.clone(),
                classes: repeats.places.clone(),
                codes: repeats.codes.clone(),
            }),
            _ => None,
        };
        (softmax_cross_entropy(h, table, bias, targets, weights, terms), state)
    }

    /// Scores of the whole catalogue.
    ///
    /// # Shapes
    /// `[rows, hidden]` to `[rows, items]`.
    pub(super) fn scores(&self, h: Tensor<2>) -> Tensor<2> {
        h.matmul(self.items.val().transpose()) + self.bias.val().unsqueeze_dim(0)
    }
}

fn integers<const D: usize>(values: &[i32], shape: [usize; D], device: &Device) -> Tensor<D, Int> {
    Tensor::from_data(TensorData::new(values.to_vec(), shape), device)
}
