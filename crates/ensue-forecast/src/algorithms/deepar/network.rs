//! The network: embeddings, recurrent layers, and the head that gives a distribution's parameters.

use burn::{
    module::{Module, Param},
    tensor::{
        Device, Tensor, TensorData,
        activation::{softmax, softplus},
    },
};
use ensue_core::Seed;
use ensue_nn::{
    init,
    recurrent::{Cell, RecurrentStack, State},
};
use serde::{Deserialize, Serialize};

use crate::algorithms::global::embeddings;

use super::{DeepAr, inputs::Inputs, windows::Batch};

/// Sizes that settings and data decide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Shape {
    /// Width of an input, embeddings included.
    pub(super) input: usize,
    pub(super) cells: usize,
    pub(super) layers: usize,
    /// Parameters of the distribution, and weights of the anchors.
    pub(super) outputs: usize,
    /// Rows and columns of each embedding table.
    pub(super) embeddings: Vec<[usize; 2]>,
}

impl Shape {
    pub(super) fn new(settings: &DeepAr, inputs: &Inputs) -> Self {
        Self {
            input: inputs.width(),
            cells: settings.num_cells.get(),
            layers: settings.num_layers.get(),
            outputs: inputs.outputs(),
            embeddings: embeddings::shapes(&inputs.known),
        }
    }
}

/// `DeepAR`'s weights.
#[derive(Module, Debug)]
pub(super) struct Network {
    /// `[categories + 1, dimension]` each.
    pub(super) embeddings: Vec<Param<Tensor<2>>>,
    pub(super) stack: RecurrentStack,
    /// `[cells, outputs]`
    pub(super) head: Param<Tensor<2>>,
    /// `[outputs]`
    pub(super) bias: Param<Tensor<1>>,
}

impl Network {
    pub(super) fn new(shape: &Shape, dropout: f64, seed: Seed, device: &Device) -> Self {
        let hidden = vec![shape.cells; shape.layers];
        let bound = 1.0 / (shape.cells as f64).sqrt();
        let head = [shape.cells, shape.outputs];
        Self {
            embeddings: embeddings::tables(&shape.embeddings, seed, device),
            stack: RecurrentStack::new(
                Cell::Lstm,
                shape.input,
                &hidden,
                dropout,
                seed.child("stack"),
                device,
            ),
            head: init::uniform(head, bound, seed.child("head"), device),
            bias: Param::from_tensor(Tensor::zeros([shape.outputs], device)),
        }
    }

    /// The distribution's raw parameters for every step, and the last states.
    ///
    /// # Shapes
    /// `x` `[windows, time, columns]`, `rows` `[features, windows]` to `[windows, time, outputs]`.
    pub(super) fn forward(
        &self,
        x: Tensor<3>,
        rows: &[i32],
        training: Option<Seed>,
    ) -> (Tensor<3>, Vec<State>) {
        let x = self.with_embeddings(x, rows);
        let (h, states) = self.stack.forward(x, None, None, training);
        let [windows, time, cells] = h.dims();
        let [_, outputs] = self.head.val().dims();
        let raw = h.reshape([windows * time, cells]).matmul(self.head.val())
            + self.bias.val().unsqueeze_dim(0);
        (raw.reshape([windows, time, outputs]), states)
    }

    /// The last states after `x`, for a forecast.
    pub(super) fn encode(&self, x: Tensor<3>, rows: &[i32]) -> Vec<State> {
        let x = self.with_embeddings(x, rows);
        self.stack.forward(x, None, None, None).1
    }

    fn with_embeddings(&self, x: Tensor<3>, rows: &[i32]) -> Tensor<3> {
        if self.embeddings.is_empty() {
            return x;
        }
        let [windows, time, _] = x.dims();
        let device = x.device();
        let mut parts = vec![x];
        for picked in embeddings::picked(&self.embeddings, rows, windows, &device) {
            let [_, columns] = picked.dims();
            parts.push(picked.reshape([windows, 1, columns]).expand([windows, time, columns]));
        }
        Tensor::cat(parts, 2)
    }
}

/// The distribution's raw parameters from the outputs of the head and the anchors.
///
/// ```text
/// location = sum_j softmax(weights)_j anchor_j + raw_0 softplus(raw_1)
/// ```
/// where the second parameter is the spread, else without the last factor: what can be copied is exact
/// whatever the noise of the network's outputs, and what follows its past closely has a small spread.
///
/// # Shapes
/// `outputs` `[windows, time, outputs]`, `anchors` `[windows, time, anchors]` to
/// `[windows, time, parameters]`.
pub(super) fn located(inputs: &Inputs, outputs: Tensor<3>, anchors: Tensor<3>) -> Tensor<3> {
    let [windows, time, all] = outputs.dims();
    let count = inputs.anchors.len();
    if count == 0 {
        return outputs;
    }
    let parameters = all - count;
    let part = |from: usize, to: usize| outputs.clone().slice([0..windows, 0..time, from..to]);
    let copied = (softmax(part(parameters, all), 2) * anchors).sum_dim(2);
    let mut correction = part(0, 1);
    if inputs.spread() {
        correction = correction * softplus(part(1, 2), 1.0);
    }
    let location = copied + correction;
    if parameters == 1 { location } else { Tensor::cat(vec![location, part(1, parameters)], 2) }
}

/// The same for one step on the host; `outputs` becomes the parameters and is cut to them.
pub(super) fn located_on_host<'a>(
    inputs: &Inputs,
    outputs: &'a mut [f32],
    anchors: impl Iterator<Item = f32>,
) -> &'a [f32] {
    let (raw, weights) = outputs.split_at_mut(inputs.likelihood.parameters());
    if !weights.is_empty() {
        let top = weights.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let (mut sum, mut copied) = (0.0, 0.0);
        for (weight, anchor) in weights.iter().zip(anchors) {
            let weight = (weight - top).exp();
            sum += weight;
            copied += weight * anchor;
        }
        let unit =
            if inputs.spread() { raw[1].max(0.0) + (-raw[1].abs()).exp().ln_1p() } else { 1.0 };
        raw[0] = copied / sum + raw[0] * unit;
    }
    raw
}

/// A batch's inputs as a tensor `[windows, time, columns]`.
pub(super) fn inputs_of(batch: &Batch, columns: usize, device: &Device) -> Tensor<3> {
    let time = batch.x.len() / columns / batch.windows.max(1);
    Tensor::from_data(TensorData::new(batch.x.clone(), [batch.windows, time, columns]), device)
}
