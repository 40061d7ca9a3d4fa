//! The same cells in plain tensor operations: the oracle of the tests, and what runs on devices
//! without a fused sweep.

use burn::tensor::{Tensor, activation::sigmoid};

use super::GruWeights;

/// [`super::gru_sequence`] step by step.
#[allow(clippy::needless_pass_by_value, reason = "the signature of the fused form")]
pub fn gru_sequence(
    x: Tensor<3>,
    weights: &GruWeights,
    h0: Tensor<2>,
    keep: Option<Tensor<2>>,
) -> Tensor<3> {
    let [batch, time, input] = x.dims();
    let [hidden, _] = weights.wh.dims();
    if time == 0 || batch == 0 {
        return Tensor::zeros([batch, time, hidden], &x.device());
    }
    let gx = x.reshape([batch * time, input]).matmul(weights.wx.clone())
        + weights.bx.clone().unsqueeze_dim(0);
    let gx = gx.reshape([batch, time, 3 * hidden]);
    let mut h = h0;
    let mut states = Vec::with_capacity(time);
    for t in 0..time {
        if let Some(keep) = &keep {
            h = h * keep.clone().slice([0..batch, t..t + 1]);
        }
        let gx = gx.clone().slice([0..batch, t..t + 1, 0..3 * hidden]);
        let gx = gx.reshape([batch, 3 * hidden]);
        let gh = h.clone().matmul(weights.wh.clone()) + weights.bh.clone().unsqueeze_dim(0);
        let block =
            |g: &Tensor<2>, k: usize| g.clone().slice([0..batch, k * hidden..(k + 1) * hidden]);
        let r = sigmoid(block(&gx, 0) + block(&gh, 0));
        let z = sigmoid(block(&gx, 1) + block(&gh, 1));
        let n = (block(&gx, 2) + r * block(&gh, 2)).tanh();
        h = n.clone() + z * (h - n);
        states.push(h.clone().unsqueeze_dim::<3>(1));
    }
    Tensor::cat(states, 1)
}
