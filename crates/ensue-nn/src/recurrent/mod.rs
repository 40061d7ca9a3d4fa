//! Recurrent layers whose whole sweep over time is one differentiable operation.
//!
//! [`gru_sequence`] is the operation, [`GruLayer`] the module around it. On the `ndarray` backend
//! it runs in the fused CPU kernels (one launch per sweep, batch split over threads once); on other
//! backends in [`mod@reference`], step by step.
//!
//! Convention: the reset gate is applied after the recurrent product, as in PyTorch and cuDNN (and
//! not as in Cho et al. 2014); gate blocks of the weights stand in the order r, z, n.

mod layer;
pub(crate) mod ops;
pub mod reference;
#[cfg(test)]
mod tests;

use burn::backend::Dispatch;
use burn::tensor::Tensor;

pub use layer::GruLayer;
use ops::GruOps;

/// Weights of one GRU layer as tensors.
///
/// # Shapes
/// `wx` `[input, 3 * hidden]`, `bx` `[3 * hidden]`, `wh` `[hidden, 3 * hidden]`, `bh`
/// `[3 * hidden]`; blocks r, z, n.
#[derive(Debug, Clone)]
pub struct GruWeights {
    /// From input to gates.
    pub wx: Tensor<2>,
    /// Bias of the input side.
    pub bx: Tensor<1>,
    /// From state to gates.
    pub wh: Tensor<2>,
    /// Bias of the state side; its n block is inside the reset gate's product.
    pub bh: Tensor<1>,
}

/// Hidden states of a GRU over whole sequences.
///
/// ```text
/// h  = keep[t] * h
/// r  = sigmoid(x Wxr + bxr + h Whr + bhr)
/// z  = sigmoid(x Wxz + bxz + h Whz + bhz)
/// n  = tanh(x Wxn + bxn + r * (h Whn + bhn))
/// h' = (1 - z) * n + z * h
/// ```
///
/// # Shapes
/// `x` `[batch, time, input]`, `h0` `[batch, hidden]`, `keep` `[batch, time]` (0 where the state is
/// to be forgotten before a step, else 1; any factor works; has no gradient) to
/// `[batch, time, hidden]`. The last step is the final state.
///
/// # Example
/// ```
/// use ensue_nn::{device, recurrent::{GruLayer, gru_sequence}};
/// use burn::tensor::Tensor;
///
/// let device = device::open("ndarray")?;
/// let layer = GruLayer::new(8, 16, ensue_core::Seed(0), &device);
/// let x = Tensor::<3>::zeros([4, 10, 8], &device);
/// let h = gru_sequence(x, &layer.weights(), Tensor::zeros([4, 16], &device), None);
/// assert_eq!(h.dims(), [4, 10, 16]);
/// # Ok::<(), ensue_nn::device::DeviceError>(())
/// ```
pub fn gru_sequence(
    x: Tensor<3>,
    weights: &GruWeights,
    h0: Tensor<2>,
    keep: Option<Tensor<2>>,
) -> Tensor<3> {
    if !crate::device::is_ndarray(&x.device()) {
        return reference::gru_sequence(x, weights, h0, keep);
    }
    let [batch, time, _] = x.dims();
    let keep = keep.unwrap_or_else(|| Tensor::ones([batch, time], &x.device()));
    Tensor::from_dispatch(Dispatch::gru_sweep(
        x.into_dispatch(),
        weights.wx.clone().into_dispatch(),
        weights.bx.clone().into_dispatch(),
        weights.wh.clone().into_dispatch(),
        weights.bh.clone().into_dispatch(),
        h0.into_dispatch(),
        keep.into_dispatch(),
    ))
}
