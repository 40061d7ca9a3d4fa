//! A recurrent layer as a burn module.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, TensorData};
use ensue_core::Seed;

use super::{Cell, Decoder, State, Weights, sequence};
use crate::init::uniform;

/// One recurrent layer: a cell, its packed weights and the sweep over them.
#[derive(Module, Debug)]
pub struct RecurrentLayer {
    /// `[input, gates * hidden]`, columns as [`Cell`] says.
    pub wx: Param<Tensor<2>>,
    /// `[hidden, gates * hidden]`
    pub wh: Param<Tensor<2>>,
    /// `[biases * hidden]`
    pub bias: Param<Tensor<1>>,
    #[module(skip)]
    cell: Cell,
}

impl RecurrentLayer {
    /// A layer with weights drawn on the host from `seed`: uniform within
    /// `sqrt(6 / (rows + hidden))` for each gate (Glorot & Bengio 2010), biases 0, but 1 for an
    /// LSTM's forget gates, so that it starts by remembering (Jozefowicz et al. 2015).
    pub fn new(cell: Cell, input: usize, hidden: usize, seed: Seed, device: &Device) -> Self {
        let bound = |rows: usize| (6.0 / (rows + hidden).max(1) as f64).sqrt();
        let columns = cell.gates() * hidden;
        let wx = uniform([input, columns], bound(input), seed.child("wx"), device);
        let wh = uniform([hidden, columns], bound(hidden), seed.child("wh"), device);
        let mut bias = vec![0.0f32; cell.biases() * hidden];
        if cell == Cell::Lstm {
            bias.iter_mut().skip(1).step_by(4).for_each(|b| *b = 1.0);
        }
        let length = bias.len();
        let bias = Tensor::from_data(TensorData::new(bias, [length]), device);
        Self { wx, wh, bias: Param::from_tensor(bias), cell }
    }

    /// A layer of these weights.
    pub(super) fn from_weights(cell: Cell, weights: Weights) -> Self {
        let Weights { wx, wh, bias } = weights;
        Self {
            wx: Param::from_tensor(wx),
            wh: Param::from_tensor(wh),
            bias: Param::from_tensor(bias),
            cell,
        }
    }

    /// The weights as tensors, for [`sequence`].
    pub fn weights(&self) -> Weights {
        Weights { wx: self.wx.val(), wh: self.wh.val(), bias: self.bias.val() }
    }

    /// Which cell.
    pub fn cell(&self) -> Cell {
        self.cell
    }

    /// Size of an input.
    pub fn input(&self) -> usize {
        self.wx.val().dims()[0]
    }

    /// Size of the state.
    pub fn hidden(&self) -> usize {
        self.wh.val().dims()[0]
    }

    /// All hidden states and the last state, detached; see [`sequence`].
    ///
    /// # Shapes
    /// `x` `[batch, time, input]`, `state` `[batch, hidden]`, `keep` `[batch, time]` to
    /// `[batch, time, hidden]`.
    pub fn forward(
        &self,
        x: Tensor<3>,
        state: Option<State>,
        keep: Option<Tensor<2>>,
    ) -> (Tensor<3>, State) {
        sequence(self.cell, x, &self.weights(), state, keep)
    }

    /// The layer as it is now, packed for answering one step at a time.
    pub fn decoder(&self) -> Decoder {
        Decoder::new(std::slice::from_ref(self))
    }
}
