//! The network: item vectors in and out, a GRU between.

use burn::{
    module::{Module, Param},
    tensor::{Device, Int, Tensor, TensorData},
};
use ensue_core::Seed;
use ensue_nn::{
    embedding::{Touched, gather},
    init,
    loss::{Candidates, SampledLoss, SparseTerms, sampled_loss, softmax_cross_entropy},
    recurrent::{Cell, RecurrentLayer, State as Recurrent},
};

use super::{
    Hierarchy,
    context::CODES,
    fields::{Facts, FieldLevel, FieldRows, USER_RATE},
    stream::Batch,
};

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
    pub(super) gru: RecurrentLayer,
    /// Only for [`Hierarchy::UserState`].
    pub(super) user: Option<UserLevel>,
    /// `[codes]`: added to the scores of items had before; see [`super::repeat`].
    pub(super) repeat: Option<Param<Tensor<1>>>,
    /// Only where there are fields.
    pub(super) fields: Option<FieldLevel>,
}

/// The network over the sessions of a user (Quadrana et al. 2017, section 3.2).
///
/// ```text
/// c' = GRU(last state of the session, c)        first state of the next session = tanh(c' W + b)
/// ```
#[derive(Module, Debug)]
pub(super) struct UserLevel {
    gru: RecurrentLayer,
    /// `[hidden, hidden]`
    start: Param<Tensor<2>>,
    /// `[hidden]`
    start_bias: Param<Tensor<1>>,
}

impl UserLevel {
    fn new(hidden: usize, seed: Seed, device: &Device) -> Self {
        let bound = (3.0 / hidden as f64).sqrt();
        Self {
            gru: RecurrentLayer::new(Cell::Gru, hidden, hidden, seed.child("gru"), device),
            start: init::uniform([hidden, hidden], bound, seed.child("start"), device),
            start_bias: Param::from_tensor(Tensor::zeros([hidden], device)),
        }
    }

    /// A user's state after one more session; `[rows, hidden]` each.
    pub(super) fn advance(&self, session: Tensor<2>, user: Tensor<2>) -> Tensor<2> {
        let [rows, hidden] = session.dims();
        let state = Some(Recurrent { h: user, c: None });
        let (next, _) = self.gru.forward(session.reshape([rows, 1, hidden]), state, None);
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

/// What a training step gives.
#[derive(Debug)]
pub(super) struct Step {
    /// The loss, `[1]`.
    pub(super) value: Tensor<1>,
    pub(super) state: State,
    /// Rows of the item tables that take part, where not all do.
    pub(super) touched: Vec<Touched>,
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
    #[serde(default)]
    pub(super) fields: FieldRows,
    /// Whether some items have no vector of their own.
    #[serde(default)]
    pub(super) cold: bool,
}

impl Network {
    /// Fresh weights; the bias starts at the log of each item's share of the events, so that an untrained network
    /// already answers with popularity.
    pub(super) fn new(shape: Shape, counts: &[u32], seed: Seed, device: &Device) -> Self {
        let Shape { items, types, hidden, hierarchy, repeats, fields, cold: _ } = shape;
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
            gru: RecurrentLayer::new(Cell::Gru, hidden, hidden, seed.child("gru"), device),
            user: (hierarchy == Hierarchy::UserState)
                .then(|| UserLevel::new(hidden, seed.child("user"), device)),
            repeat: repeats
                .then(|| Param::from_tensor(Tensor::zeros([super::repeat::CODES], device))),
            fields: (fields != FieldRows::default())
                .then(|| FieldLevel::new(fields, hidden, seed.child("fields"), device)),
        }
    }

    /// Weights of the right shapes and no meaning, to be loaded over.
    pub(super) fn blank(shape: Shape, device: &Device) -> Self {
        Self::new(shape, &vec![0; shape.items], Seed(0), device)
    }

    /// Sum of the input vectors, with items as rows of `table`.
    ///
    /// # Shapes
    /// Indices `[rows, time]` row-major to `[rows, time, hidden]`.
    pub(super) fn embed(
        &self,
        table: &Tensor<2>,
        items: &[i32],
        codes: &[i32],
        types: &[i32],
        shape: [usize; 2],
        device: &Device,
    ) -> Tensor<3> {
        let pick =
            |table: Tensor<2>, rows: &[i32]| table.select(0, integers(rows, [rows.len()], device));
        let mut x = pick(table.clone(), items) + pick(self.context.val(), codes);
        let [n_types, hidden] = self.types.val().dims();
        if n_types > 1 {
            x = x + pick(self.types.val(), types);
        }
        x.reshape([shape[0], shape[1], hidden])
    }

    /// Loss of a batch and the state at its end. With sampled negatives only the rows of the step take part.
    pub(super) fn loss(
        &self,
        batch: &Batch,
        state: Option<State>,
        lanes: usize,
        facts: &Facts,
        device: &Device,
    ) -> Step {
        let time = batch.items.len() / lanes;
        let hidden = self.gru.hidden();
        let choices = batch.targets.len() / batch.items.len();
        let floats = |values: &[f32]| {
            Tensor::<3>::from_data(TensorData::new(values.to_vec(), [lanes, time, hidden]), device)
        };
        let rows = batch
            .sampled
            .as_ref()
            .map(|sampled| (gather(&self.items, &sampled.rows), gather(&self.bias, &sampled.rows)));
        let (parts, ids) = if let (Some((items, bias)), Some(sampled)) = (&rows, &batch.sampled) {
            ((items.tensor(), bias.tensor()), sampled.rows.clone())
        } else {
            let all = (self.items.val(), self.bias.val());
            let ids = (0..all.1.dims()[0] as u32).collect();
            (all, ids)
        };
        let ids = ids.iter().copied();
        let own: Vec<f32> = if facts.own.is_empty() {
            Vec::new()
        } else {
            ids.clone().map(|item| facts.own[item as usize]).collect()
        };
        let (inputs, bias) = self.catalogue(parts.clone(), &own, ids.clone(), facts, device);
        // Inputs are what somebody had; only answers have to do without their own vectors.
        let (table, mut bias) = if batch.own.is_empty() {
            (inputs.clone(), bias)
        } else {
            self.catalogue(parts, &batch.own, ids, facts, device)
        };
        if !batch.offsets.is_empty() {
            bias = bias + Tensor::<1>::from_data(batch.offsets.as_slice(), device);
        }
        let (items, codes, types) = (&batch.items, &batch.codes, &batch.types);
        let mut x = self.embed(&inputs, items, codes, types, [lanes, time], device);
        if let Some(fields) = &self.fields {
            let shape = [lanes, time, hidden];
            if let Some(users) = &fields.users {
                let bags = batch.users.iter().map(|&user| facts.users.of(user));
                x = x + users.input(bags, device).reshape(shape) * USER_RATE;
            }
            if let Some(contexts) = &fields.contexts {
                let bags = batch.contexts.iter().map(|&context| facts.contexts.of(context));
                x = x + contexts.input(bags, device).reshape(shape);
            }
        }
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
            let first = Some(Recurrent { h: first, c: None });
            let (h, _) = self.gru.forward(x, first, Some(keep));
            let last = TensorData::new(marks.last.clone(), [lanes, time, 1]);
            let last = (h.clone() * Tensor::from_data(last, device)).sum_dim(1);
            (h, State { session: last.reshape([lanes, hidden]), user: moved })
        } else {
            let first = Some(Recurrent { h: before.session, c: None });
            let (h, last) = self.gru.forward(x, first, Some(keep));
            (h, State { session: last.h, user: before.user })
        };
        let state = State { session: state.session.detach(), user: state.user.detach() };
        if !batch.output_mask.is_empty() {
            h = h * floats(&batch.output_mask);
        }
        let h = self.output(
            h.reshape([lanes * time, hidden]),
            batch.users.iter().map(|&user| facts.users.of(user)),
            batch.next_contexts.iter().map(|&context| facts.contexts.of(context)),
            device,
        );
        let shape = [lanes * time, choices];
        let targets = integers(&batch.targets, shape, device);
        let weights = Tensor::from_data(TensorData::new(batch.weights.clone(), shape), device);
        let terms = match (&self.repeat, &batch.repeats) {
            (Some(values), Some(repeats)) => Some(SparseTerms {
                values: values.val(),
                offsets: repeats.offsets.clone(),
                classes: repeats.places.clone(),
                codes: repeats.codes.clone(),
            }),
            _ => None,
        };
        let value = match &batch.sampled {
            None => softmax_cross_entropy(h, table, bias, targets, weights, terms),
            Some(sampled) => {
                let candidates = Candidates {
                    shared: sampled.negatives.clone(),
                    corrections: sampled.corrections.clone(),
                    target_corrections: Vec::new(),
                };
                let kind = SampledLoss::SoftMax;
                sampled_loss(kind, h, table, bias, targets, weights, &candidates, terms)
            }
        };
        let touched = rows
            .map(|(items, bias)| vec![items.into_touched(), bias.into_touched()])
            .unwrap_or_default();
        Step { value, state, touched }
    }

    /// Vectors and biases of items with what their fields add.
    ///
    /// # Shapes
    /// `parts` `[items, hidden]` and `[items]`, of the items `ids`; `own` one number for each, or empty.
    pub(super) fn catalogue(
        &self,
        parts: (Tensor<2>, Tensor<1>),
        own: &[f32],
        ids: impl Iterator<Item = u32> + Clone,
        facts: &Facts,
        device: &Device,
    ) -> (Tensor<2>, Tensor<1>) {
        match &self.fields {
            Some(fields) => {
                let bags = ids.map(|item| facts.items.of(item));
                fields.catalogue(parts.0, parts.1, own, bags, device)
            }
            None => parts,
        }
    }

    /// The same network, whose vectors of the items' fields say what the items with a field have in common; see
    /// [`super::regress`]. Scores of items with a vector of their own stay, up to rounding.
    pub(super) fn with_fields_from_items(
        self,
        facts: &Facts,
        counts: &[u32],
        device: &Device,
    ) -> Self {
        let mut network = self;
        let Some(level) = network.fields.as_mut() else { return network };
        if level.items.is_none() {
            return network;
        }
        let (items, bias) = (network.items.val(), network.bias.val());
        let ids = 0..bias.dims()[0] as u32;
        let bags = || ids.clone().map(|item| facts.items.of(item));
        let own = facts.own.as_slice();
        let (vectors, biases) = level.catalogue(items, bias, own, bags(), device);
        level.set_items(&facts.items, &vectors, &biases, counts, device);
        // What is left of each item beside its fields.
        let [n, hidden] = vectors.dims();
        let none = (Tensor::zeros([n, hidden], device), Tensor::zeros([n], device));
        let (of_fields, bias_of_fields) = level.catalogue(none.0, none.1, &[], bags(), device);
        network.items = network.items.map(|_| vectors - of_fields);
        network.bias = network.bias.map(|_| biases - bias_of_fields);
        network
    }

    /// The whole catalogue as it answers.
    pub(super) fn whole(&self, facts: &Facts, device: &Device) -> (Tensor<2>, Tensor<1>) {
        let all = (self.items.val(), self.bias.val());
        let ids = 0..all.1.dims()[0] as u32;
        self.catalogue(all, &facts.own, ids, facts, device)
    }

    /// States with what is known of the user and of the moment asked about; `[rows, hidden]`, a bag for each row.
    pub(super) fn output<'a>(
        &self,
        h: Tensor<2>,
        users: impl Iterator<Item = &'a [(u32, f32)]> + Clone,
        contexts: impl Iterator<Item = &'a [(u32, f32)]> + Clone,
        device: &Device,
    ) -> Tensor<2> {
        let mut h = h;
        if let Some(level) = self.fields.as_ref().and_then(|fields| fields.users.as_ref()) {
            h = h + level.output(users, device) * USER_RATE;
        }
        if let Some(level) = self.fields.as_ref().and_then(|fields| fields.contexts.as_ref()) {
            h = h + level.output(contexts, device);
        }
        h
    }
}

fn integers<const D: usize>(values: &[i32], shape: [usize; D], device: &Device) -> Tensor<D, Int> {
    Tensor::from_data(TensorData::new(values.to_vec(), shape), device)
}
