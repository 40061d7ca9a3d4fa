//! The network: causal dilated convolutions over the past, and a decoder that gives the quantiles of every step ahead.

use burn::{
    module::{Module, Param},
    tensor::{
        Device, Tensor, TensorData,
        activation::{relu, softmax, softplus},
    },
};
use ensue_core::Seed;
use ensue_nn::init::{self, dropout_mask};
use serde::{Deserialize, Serialize};

use crate::algorithms::global::embeddings;

use super::{
    CnnQr,
    inputs::Inputs,
    quantiles::{LEVELS, MIDDLE, STEPS, normal_steps, weights},
    windows::Batch,
};

/// Sizes that settings and data decide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Shape {
    /// Columns of a step of the encoder.
    encoder: usize,
    channels: usize,
    kernel: usize,
    layers: usize,
    /// Columns of a fork, embeddings included.
    fork: usize,
    /// Columns of a step of the decoder.
    decoder: usize,
    hidden: usize,
    horizon: usize,
    anchors: usize,
    /// Rows and columns of each embedding table.
    embeddings: Vec<[usize; 2]>,
}

impl Shape {
    pub(super) fn new(settings: &CnnQr, inputs: &Inputs) -> Self {
        let embeddings = embeddings::shapes(&inputs.known);
        Self {
            encoder: inputs.encoder(),
            channels: settings.num_channels.get(),
            kernel: settings.kernel_size.get(),
            layers: settings.num_layers.get(),
            fork: inputs.fork() + embeddings.iter().map(|[_, columns]| columns).sum::<usize>(),
            decoder: inputs.decoder(),
            hidden: settings.num_hidden.get(),
            horizon: inputs.known.horizon,
            anchors: inputs.anchors.len(),
            embeddings,
        }
    }

    /// Outputs for a step: weights of the anchors, the correction, the steps between quantiles.
    fn outputs(&self) -> usize {
        self.anchors + 1 + STEPS
    }
}

/// An affine map.
#[derive(Module, Debug)]
pub(super) struct Affine {
    /// `[input, output]`
    pub(super) weight: Param<Tensor<2>>,
    /// `[output]`
    bias: Param<Tensor<1>>,
}

impl Affine {
    /// For inputs that are rectified: He et al. 2015, uniform; `gain` times that.
    pub(super) fn new([input, output]: [usize; 2], gain: f64, seed: Seed, device: &Device) -> Self {
        let bound = gain * (6.0 / input.max(1) as f64).sqrt();
        Self {
            weight: init::uniform([input, output], bound, seed, device),
            bias: Param::from_tensor(Tensor::zeros([output], device)),
        }
    }

    /// # Shapes
    /// `[rows, input]` to `[rows, output]`.
    fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        x.matmul(self.weight.val()) + self.bias.val().unsqueeze_dim(0)
    }
}

/// `CNN-QR`'s weights.
#[derive(Module, Debug)]
pub(super) struct Network {
    /// `[categories + 1, dimension]` each.
    pub(super) embeddings: Vec<Param<Tensor<2>>>,
    /// Of each layer `[kernel * input, channels]`, the oldest step first.
    convolutions: Vec<Affine>,
    /// What was read of a window, and what is known of a fork, to its context.
    context: Affine,
    /// What a step sees of the context.
    from_context: Affine,
    /// What a step sees of its own columns.
    from_step: Param<Tensor<2>>,
    /// What is special about a step, `[horizon, hidden]`.
    ahead: Param<Tensor<2>>,
    hidden: Affine,
    head: Affine,
    #[module(skip)]
    kernel: usize,
    #[module(skip)]
    dropout: f64,
}

/// Steps of a layer's kernel lie this many times further apart than those of the layer below.
const DILATION: usize = 3;

impl Network {
    pub(super) fn new(shape: &Shape, dropout: f64, seed: Seed, device: &Device) -> Self {
        let convolution = |layer: usize| {
            let input = if layer == 0 { shape.encoder } else { shape.channels };
            let size = [shape.kernel * input, shape.channels];
            Affine::new(size, 1.0, seed.child(&format!("convolution-{layer}")), device)
        };
        let affine = |name: &str, size, gain| Affine::new(size, gain, seed.child(name), device);
        let read = 2 * shape.channels + shape.fork;
        let hidden = shape.hidden;
        let mut head = affine("head", [hidden, shape.outputs()], 0.1);
        // A step between quantiles is what softplus gives; at first that of a normal distribution.
        let mut start = vec![0.0; shape.outputs()];
        for (start, step) in start[shape.anchors + 1..].iter_mut().zip(normal_steps()) {
            *start = step.exp_m1().ln() as f32;
        }
        head.bias = Param::from_tensor(Tensor::from_data(start.as_slice(), device));
        let bound = (6.0 / shape.decoder as f64).sqrt();
        let step = [shape.decoder, hidden];
        Self {
            embeddings: embeddings::tables(&shape.embeddings, seed, device),
            convolutions: (0..shape.layers).map(convolution).collect(),
            context: affine("context", [read, hidden], 1.0),
            from_context: affine("from-context", [hidden, hidden], 0.7),
            from_step: init::uniform(step, 0.7 * bound, seed.child("from-step"), device),
            ahead: init::uniform([shape.horizon, hidden], 0.3, seed.child("ahead"), device),
            hidden: affine("hidden", [hidden, hidden], 1.0),
            head,
            kernel: shape.kernel,
            dropout,
        }
    }

    /// Where its weights are.
    pub(super) fn device(&self) -> Device {
        self.ahead.val().device()
    }

    /// Outputs for each step ahead of each fork.
    ///
    /// `training` is the seed of this step's dropout; without it nothing is dropped.
    ///
    /// # Shapes
    /// As of [`Batch`], to `[windows * forks * horizon, outputs]`.
    pub(super) fn forward(
        &self,
        batch: &Batch,
        training: Option<Seed>,
        device: &Device,
    ) -> Tensor<2> {
        let (windows, forks) = (batch.windows, batch.places.len());
        let rows = windows * forks;
        let read = self.read(batch, device);
        let own = tensor(&batch.own, [rows, batch.own.len() / rows.max(1)], device);
        let mut parts = vec![read, own];
        for picked in embeddings::picked(&self.embeddings, &batch.rows, windows, device) {
            let [_, columns] = picked.dims();
            let picked = picked.reshape([windows, 1, columns]).expand([windows, forks, columns]);
            parts.push(picked.reshape([rows, columns]));
        }
        let context = relu(self.context.forward(Tensor::cat(parts, 1)));
        let context = self.drop_some(context, training);
        let [horizon, hidden] = self.ahead.val().dims();
        let [decoder, _] = self.from_step.val().dims();
        let steps = tensor(&batch.decoder, [rows * horizon, decoder], device);
        let step = steps.matmul(self.from_step.val()).reshape([rows, horizon, hidden]);
        let context = self.from_context.forward(context).reshape([rows, 1, hidden]);
        let ahead = self.ahead.val().unsqueeze_dim(0);
        let h = relu(step + context + ahead).reshape([rows * horizon, hidden]);
        self.head.forward(relu(self.hidden.forward(h)))
    }

    /// What the convolutions say of the last step before each fork, and in the mean of the context.
    fn read(&self, batch: &Batch, device: &Device) -> Tensor<2> {
        let windows = batch.windows;
        let forks = batch.places.len();
        let [taps, _] = self.convolutions[0].weight.val().dims();
        let columns = taps / self.kernel;
        let time = batch.x.len() / (windows * columns).max(1);
        let mut h = tensor(&batch.x, [windows, time, columns], device);
        for (layer, convolution) in self.convolutions.iter().enumerate() {
            let next = causal(h.clone(), convolution, self.kernel, DILATION.pow(layer as u32));
            h = if layer == 0 { next } else { h + next };
        }
        let [_, _, channels] = h.dims();
        let picked = picked(&batch.places, time, batch.context);
        let picked =
            tensor(&picked, [1, 2 * forks, time], device).expand([windows, 2 * forks, time]);
        let read = picked.matmul(h);
        read.reshape([windows * forks, 2 * channels])
    }

    fn drop_some(&self, h: Tensor<2>, training: Option<Seed>) -> Tensor<2> {
        let Some(seed) = training.filter(|_| self.dropout > 0.0) else { return h };
        let shape = h.dims();
        let mask = dropout_mask(shape[0] * shape[1], self.dropout, &mut seed.stream("mask"));
        let mask = tensor(&mask, shape, &h.device());
        h * mask
    }
}

/// A causal dilated convolution, rectified: each step sees itself and `kernel - 1` steps before it that lie `dilation` apart,
/// zeros before the first. As one product with the steps side by side, which is several times faster on the CPU than burn's.
///
/// # Shapes
/// `[windows, time, input]` to `[windows, time, channels]`.
pub(super) fn causal(x: Tensor<3>, affine: &Affine, kernel: usize, dilation: usize) -> Tensor<3> {
    let [windows, time, input] = x.dims();
    let before = (kernel - 1) * dilation;
    let zeros = Tensor::zeros([windows, before, input], &x.device());
    let x = if before == 0 { x } else { Tensor::cat(vec![zeros, x], 1) };
    let taps = (0..kernel).map(|tap| {
        let from = tap * dilation;
        x.clone().slice([0..windows, from..from + time, 0..input])
    });
    let side_by_side = Tensor::cat(taps.collect(), 2).reshape([windows * time, kernel * input]);
    let h = relu(affine.forward(side_by_side));
    let [_, channels] = h.dims();
    h.reshape([windows, time, channels])
}

/// Matrix `[forks, 2, time]` that picks the step before each fork, and the mean of `context` steps.
fn picked(places: &[usize], time: usize, context: usize) -> Vec<f32> {
    let mut rows = vec![0.0; places.len() * 2 * time];
    for (&place, rows) in places.iter().zip(rows.chunks_exact_mut(2 * time)) {
        let (last, mean) = rows.split_at_mut(time);
        last[place - 1] = 1.0;
        mean[place - context..place].fill(1.0 / context as f32);
    }
    rows
}

/// The loss of a batch: the sum over levels of the pinball losses, weighted, twice; in units.
///
/// ```text
/// loss = 2 sum_q weight_q (q e_q + max(0, -e_q)),   e_q = target - quantile_q
/// quantile_q = sum_j softmax(w)_j anchor_j + correction + (sum of steps from the median to q)
/// ```
/// By continuous levels this is the continuous ranked probability score.
///
/// # Shapes
/// `raw` `[steps, outputs]`, `anchors` `[steps, anchors]`, `targets` and `weights` `[steps, 1]` to one element.
pub(super) fn loss(raw: &Tensor<2>, batch: &Batch, device: &Device) -> Tensor<1> {
    let [steps, outputs] = raw.dims();
    let count = outputs - 1 - STEPS;
    let anchors = tensor(&batch.anchors, [steps, count], device);
    let target = tensor(&batch.targets, [steps, 1], device);
    let weight = tensor(&batch.weights, [steps, 1], device);
    let part = |from: usize, to: usize| raw.clone().slice([0..steps, from..to]);
    let copied = (softmax(part(0, count), 1) * anchors).sum_dim(1);
    let median = copied + part(count, count + 1);
    let apart = softplus(part(count + 1, outputs), 1.0).matmul(tensor(
        &sums(),
        [STEPS, LEVELS.len()],
        device,
    ));
    let error = target - median - apart;
    let row = |of: &dyn Fn(usize) -> f64| -> Tensor<2> {
        let values: Vec<f32> = (0..LEVELS.len()).map(|n| of(n) as f32).collect();
        tensor(&values, [1, LEVELS.len()], device)
    };
    let counts = weights();
    let slope = row(&|n| 2.0 * counts[n] * LEVELS[n]);
    let kink = row(&|n| 2.0 * counts[n]);
    let pinball = error.clone() * slope + relu(-error) * kink;
    (pinball * weight).sum()
}

/// Matrix `[steps, levels]` that sums the steps from the median to each level, those below it negative.
fn sums() -> Vec<f32> {
    let mut matrix = vec![0.0; STEPS * LEVELS.len()];
    for (step, row) in matrix.chunks_exact_mut(LEVELS.len()).enumerate() {
        for (level, out) in row.iter_mut().enumerate() {
            if level > MIDDLE && step >= MIDDLE && step < level {
                *out = 1.0;
            } else if level < MIDDLE && step < MIDDLE && step >= level {
                *out = -1.0;
            }
        }
    }
    matrix
}

/// The quantiles of all levels from the outputs for one step, on the host; in units, from the mean of the anchors. They never
/// cross.
pub(super) fn quantiles_on_host(raw: &[f32], anchors: &[f32]) -> [f64; LEVELS.len()] {
    let (weights, rest) = raw.split_at(anchors.len());
    let top = weights.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let (mut sum, mut copied) = (0.0, 0.0);
    for (&weight, &anchor) in weights.iter().zip(anchors) {
        let weight = f64::from(weight - top).exp();
        sum += weight;
        copied += weight * f64::from(anchor);
    }
    let softplus = |x: f32| f64::from(x.max(0.0)) + f64::from(-x.abs()).exp().ln_1p();
    let mut values = [copied / sum + f64::from(rest[0]); LEVELS.len()];
    let (mut above, mut below) = (values[MIDDLE], values[MIDDLE]);
    for (value, &step) in values.iter_mut().zip(rest).skip(MIDDLE + 1) {
        above += softplus(step);
        *value = above;
    }
    for (value, &step) in values[..MIDDLE].iter_mut().zip(&rest[1..=MIDDLE]).rev() {
        below -= softplus(step);
        *value = below;
    }
    values
}

fn tensor<const D: usize>(values: &[f32], shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values.to_vec(), shape), device)
}
