//! Recurrent layers on top of each other.

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use ensue_core::Seed;

use super::{Cell, Decoder, RecurrentLayer, State};
use crate::init::dropout_mask;

/// Recurrent layers on top of each other, with dropout between them in training.
///
/// # Example
/// ```
/// use burn::tensor::Tensor;
/// use ensue_core::Seed;
/// use ensue_nn::{device, recurrent::{Cell, RecurrentStack}};
///
/// let device = device::open("ndarray")?;
/// let stack = RecurrentStack::new(Cell::Lstm, 8, &[16, 16], 0.1, Seed(0), &device);
/// let x = Tensor::<3>::ones([4, 10, 8], &device);
/// let (h, states) = stack.forward(x, None, None, Some(Seed(1)));
/// assert_eq!((h.dims(), states.len()), ([4, 10, 16], 2));
/// # Ok::<(), ensue_nn::device::DeviceError>(())
/// ```
#[derive(Module, Debug)]
pub struct RecurrentStack {
    /// From the input upwards.
    pub layers: Vec<RecurrentLayer>,
    #[module(skip)]
    dropout: f64,
}

impl RecurrentStack {
    /// A stack of `hidden.len()` layers of the given sizes; `dropout` (0 to below 1) is the share of
    /// a layer's outputs that the next one does not see in training.
    ///
    /// # Panics
    /// If `hidden` is empty or `dropout` is out of its range.
    pub fn new(
        cell: Cell,
        input: usize,
        hidden: &[usize],
        dropout: f64,
        seed: Seed,
        device: &Device,
    ) -> Self {
        assert!(!hidden.is_empty(), "a stack has at least one layer");
        let inputs = std::iter::once(&input).chain(hidden);
        let layer = |(n, (&input, &hidden)): (usize, (&usize, &usize))| {
            RecurrentLayer::new(cell, input, hidden, seed.child(&format!("layer-{n}")), device)
        };
        Self::from_layers(inputs.zip(hidden).enumerate().map(layer).collect(), dropout)
    }

    /// A stack of ready layers, from the input upwards.
    ///
    /// # Panics
    /// If `dropout` is out of its range.
    pub fn from_layers(layers: Vec<RecurrentLayer>, dropout: f64) -> Self {
        assert!((0.0..1.0).contains(&dropout), "dropout is a share from 0 to below 1");
        Self { layers, dropout }
    }

    /// Hidden states of the top layer, and the last state of every layer, detached.
    ///
    /// `training` is the seed of this step's dropout; without it nothing is dropped.
    ///
    /// # Shapes
    /// `x` `[batch, time, input]`, `states` one for each layer, `keep` `[batch, time]` to
    /// `[batch, time, hidden]`.
    ///
    /// # Panics
    /// If the number of states is not that of the layers.
    #[allow(clippy::needless_pass_by_value, reason = "the signature of a layer")]
    pub fn forward(
        &self,
        x: Tensor<3>,
        states: Option<Vec<State>>,
        keep: Option<Tensor<2>>,
        training: Option<Seed>,
    ) -> (Tensor<3>, Vec<State>) {
        let mut states: Vec<Option<State>> = match states {
            Some(states) => states.into_iter().map(Some).collect(),
            None => vec![None; self.layers.len()],
        };
        assert_eq!(states.len(), self.layers.len(), "one state for each layer");
        let mut h = x;
        let mut last = Vec::with_capacity(self.layers.len());
        for (n, (layer, state)) in self.layers.iter().zip(&mut states).enumerate() {
            if n > 0 {
                h = self.drop_some(h, training.map(|seed| seed.child(&format!("dropout-{n}"))));
            }
            let (next, state) = layer.forward(h, state.take(), keep.clone());
            h = next;
            last.push(state);
        }
        (h, last)
    }

    fn drop_some(&self, h: Tensor<3>, training: Option<Seed>) -> Tensor<3> {
        let Some(seed) = training.filter(|_| self.dropout > 0.0) else { return h };
        let shape = h.dims();
        let n = shape.iter().product();
        let mask = dropout_mask(n, self.dropout, &mut seed.stream("mask"));
        let mask = Tensor::from_data(TensorData::new(mask, shape), &h.device());
        h * mask
    }

    /// The stack as it is now, packed for answering one step at a time.
    pub fn decoder(&self) -> Decoder {
        Decoder::new(&self.layers)
    }
}
