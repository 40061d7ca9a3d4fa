//! A GRU layer as a burn module.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, TensorData};
use ensue_core::Seed;

use super::{GruWeights, gru_sequence};
use crate::init::uniform;

/// A GRU layer: weights and the sweep over them.
#[derive(Module, Debug)]
pub struct GruLayer {
    /// `[input, 3 * hidden]`, blocks r, z, n.
    pub wx: Param<Tensor<2>>,
    /// `[3 * hidden]`
    pub bx: Param<Tensor<1>>,
    /// `[hidden, 3 * hidden]`
    pub wh: Param<Tensor<2>>,
    /// `[3 * hidden]`
    pub bh: Param<Tensor<1>>,
}

impl GruLayer {
    /// A layer with weights drawn on the host from `seed`: uniform within
    /// `sqrt(6 / (rows + hidden))` for each gate block (Glorot & Bengio 2010), biases 0.
    pub fn new(input: usize, hidden: usize, seed: Seed, device: &Device) -> Self {
        let bound = |rows: usize| (6.0 / (rows + hidden) as f64).sqrt();
        let zero = || Param::from_tensor(Tensor::zeros([3 * hidden], device));
        Self {
            wx: uniform([input, 3 * hidden], bound(input), seed.child("wx"), device),
            bx: zero(),
            wh: uniform([hidden, 3 * hidden], bound(hidden), seed.child("wh"), device),
            bh: zero(),
        }
    }

    /// A layer from PyTorch's `weight_ih_l0` `[3 * hidden, input]`, `weight_hh_l0`
    /// `[3 * hidden, hidden]`, `bias_ih_l0` and `bias_hh_l0` `[3 * hidden]`, row-major; the gate
    /// order is the same, the matrices are transposed.
    ///
    /// # Panics
    /// If the lengths do not fit together.
    pub fn from_pytorch(
        weight_ih: &[f32],
        weight_hh: &[f32],
        bias_ih: &[f32],
        bias_hh: &[f32],
        device: &Device,
    ) -> Self {
        let hidden = bias_ih.len() / 3;
        let input = weight_ih.len() / (3 * hidden);
        let matrix = |w: &[f32], cols: usize| {
            let w = Tensor::<2>::from_data(TensorData::new(w.to_vec(), [3 * hidden, cols]), device);
            Param::from_tensor(w.transpose())
        };
        let vector = |b: &[f32]| {
            Param::from_tensor(Tensor::from_data(TensorData::new(b.to_vec(), [3 * hidden]), device))
        };
        Self {
            wx: matrix(weight_ih, input),
            bx: vector(bias_ih),
            wh: matrix(weight_hh, hidden),
            bh: vector(bias_hh),
        }
    }

    /// The weights as tensors, for [`gru_sequence`].
    pub fn weights(&self) -> GruWeights {
        GruWeights { wx: self.wx.val(), bx: self.bx.val(), wh: self.wh.val(), bh: self.bh.val() }
    }

    /// Size of the state.
    pub fn hidden(&self) -> usize {
        self.wh.val().dims()[0]
    }

    /// All hidden states; see [`gru_sequence`] for the formula.
    ///
    /// # Shapes
    /// `x` `[batch, time, input]`, `h0` `[batch, hidden]`, `keep` `[batch, time]` to
    /// `[batch, time, hidden]`.
    pub fn forward(&self, x: Tensor<3>, h0: Tensor<2>, keep: Option<Tensor<2>>) -> Tensor<3> {
        gru_sequence(x, &self.weights(), h0, keep)
    }
}
