//! One step at a time, on weights packed once.

#[cfg(feature = "ndarray")]
use std::sync::Arc;

#[cfg(feature = "ndarray")]
use burn::tensor::{DType, TensorData};
use burn::tensor::{Device, Tensor};

use super::{Cell, RecurrentLayer, State, Weights, sequence};
#[cfg(feature = "ndarray")]
use crate::kernels::{Head, LayerState, PathNet, StepWeights};

/// Recurrent layers packed for decoding: time is 1, there is no autodiff, and the weights are not
/// packed anew at each step. Many steps equal one sweep over them.
///
/// It is a copy: training the layers further does not change it.
///
/// # Example
/// ```
/// use burn::tensor::Tensor;
/// use ensue_core::Seed;
/// use ensue_nn::{device, recurrent::{Cell, RecurrentStack}};
///
/// let device = device::open("ndarray")?;
/// let stack = RecurrentStack::new(Cell::Gru, 8, &[16], 0.0, Seed(0), &device);
/// let decoder = stack.decoder();
/// let mut states = decoder.start(4);
/// let h = decoder.step(Tensor::ones([4, 8], &device), &mut states);
/// assert_eq!(h.dims(), [4, 16]);
/// # Ok::<(), ensue_nn::device::DeviceError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Decoder {
    pub(super) layers: Vec<Layer>,
    device: Device,
}

#[derive(Debug, Clone)]
pub(super) struct Layer {
    pub(super) cell: Cell,
    pub(super) input: usize,
    pub(super) hidden: usize,
    weights: Packed,
}

/// The weights where they are used.
#[derive(Debug, Clone)]
enum Packed {
    /// In the order of the CPU kernels.
    #[cfg(feature = "ndarray")]
    Host(Arc<StepWeights<f32>>),
    /// As they are: they stay on their device between steps.
    Device(Box<Weights>),
}

impl Decoder {
    /// Packs layers, from the input upwards.
    pub(super) fn new(layers: &[RecurrentLayer]) -> Self {
        let device = layers
            .first()
            .map_or_else(Device::default, |layer| layer.wx.val().device().without_autodiff());
        let layers = layers.iter().map(|layer| Layer::new(layer, &device)).collect();
        Self { layers, device }
    }

    /// States before the first step: zeros.
    pub fn start(&self, batch: usize) -> Vec<State> {
        self.layers
            .iter()
            .map(|layer| State::zero(layer.cell, batch, layer.hidden, &self.device))
            .collect()
    }

    /// Hidden states of the top layer after one more step; `states` moves on.
    ///
    /// # Shapes
    /// `x` `[batch, input]`, `states` one for each layer, to `[batch, hidden]`.
    ///
    /// # Panics
    /// If the shapes do not fit together.
    pub fn step(&self, x: Tensor<2>, states: &mut [State]) -> Tensor<2> {
        assert_eq!(states.len(), self.layers.len(), "one state for each layer");
        let mut x = x;
        for (layer, state) in self.layers.iter().zip(states) {
            layer.step(x, state);
            x = state.h.clone();
        }
        x
    }

    /// Layers, head and states for the CPU kernels, if they are where the weights are used.
    #[cfg(feature = "ndarray")]
    pub(super) fn on_host(
        &self,
        states: &[State],
        (weights, bias): &(Tensor<2>, Tensor<1>),
    ) -> Option<(PathNet, Vec<LayerState>)> {
        let layer = |layer: &Layer| match &layer.weights {
            Packed::Host(weights) => Some(Arc::clone(weights)),
            Packed::Device(_) => None,
        };
        let layers = self.layers.iter().map(layer).collect::<Option<_>>()?;
        let head = Head::new(&host(weights.clone()), &host(bias.clone()), weights.dims()[0]);
        let state = |state: &State| LayerState {
            h: host(state.h.clone()),
            c: state.c.clone().map_or_else(Vec::new, host),
        };
        Some((PathNet::new(layers, head), states.iter().map(state).collect()))
    }
}

impl Layer {
    fn new(layer: &RecurrentLayer, device: &Device) -> Self {
        let Weights { wx, wh, bias } = layer.weights();
        let plain = Weights {
            wx: wx.without_autodiff(),
            wh: wh.without_autodiff(),
            bias: bias.without_autodiff(),
        };
        let (cell, input, hidden) = (layer.cell(), layer.input(), layer.hidden());
        Self { cell, input, hidden, weights: Packed::new(cell, plain, device) }
    }

    fn step(&self, x: Tensor<2>, state: &mut State) {
        match &self.weights {
            #[cfg(feature = "ndarray")]
            Packed::Host(weights) => host_step(weights, x, state),
            Packed::Device(weights) => {
                let [batch, input] = x.dims();
                let x = x.reshape([batch, 1, input]);
                (_, *state) = sequence(self.cell, x, weights, Some(state.clone()), None);
            }
        }
    }
}

impl Packed {
    #[cfg(feature = "ndarray")]
    fn new(cell: Cell, weights: Weights, device: &Device) -> Self {
        if !crate::device::is_ndarray(device) || weights.wx.dtype() != DType::F32 {
            return Self::Device(Box::new(weights));
        }
        let ([input, _], [hidden, _]) = (weights.wx.dims(), weights.wh.dims());
        let (wx, wh, bias) = (host(weights.wx), host(weights.wh), host(weights.bias));
        Self::Host(Arc::new(StepWeights::new(cell, &wx, &wh, &bias, input, hidden)))
    }

    #[cfg(not(feature = "ndarray"))]
    fn new(_: Cell, weights: Weights, _: &Device) -> Self {
        Self::Device(Box::new(weights))
    }
}

/// The numbers of a tensor of ndarray, which are host memory already.
#[cfg(feature = "ndarray")]
fn host<const D: usize>(t: Tensor<D>) -> Vec<f32> {
    t.without_autodiff().into_data().try_into_vec::<f32>().expect("decoders work in f32")
}

/// A step of the CPU kernels.
#[cfg(feature = "ndarray")]
fn host_step(weights: &StepWeights<f32>, x: Tensor<2>, state: &mut State) {
    let (device, shape) = (x.device(), state.h.dims());
    let x = host(x);
    let mut h = host(state.h.clone());
    let mut c = state.c.take().map_or_else(Vec::new, host);
    weights.step(&x, &mut h, &mut c);
    let tensor = |values| Tensor::from_data(TensorData::new(values, shape), &device);
    *state = State { h: tensor(h), c: (!c.is_empty()).then(|| tensor(c)) };
}
