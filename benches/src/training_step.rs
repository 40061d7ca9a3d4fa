//! One training step of two recurrent layers, a linear head and Adam: ours, and burn-nn's beside it.

use burn::{
    module::{Module, ModuleDisplay, Param},
    nn::{Linear, LinearConfig, Lstm, LstmConfig},
    tensor::{Device, Tensor},
};
use ensue::{
    core::Seed,
    nn::{
        init,
        optim::{Adam, Optimizer, OptimizerState},
        recurrent::{Cell, RecurrentStack},
    },
};

/// Sizes of a training step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Which cell.
    pub cell: Cell,
    /// Sequences side by side.
    pub batch: usize,
    /// Steps of a sequence.
    pub time: usize,
    /// Size of an input.
    pub input: usize,
    /// Size of the states of both layers.
    pub hidden: usize,
}

impl Shape {
    /// The shape that the forecaster trains with.
    pub const SMALL: Self = Self { cell: Cell::Lstm, batch: 32, time: 95, input: 50, hidden: 40 };
    /// A wide one.
    pub const LARGE: Self = Self { cell: Cell::Lstm, batch: 64, time: 50, input: 128, hidden: 128 };
    /// The wide one with GRUs.
    pub const LARGE_GRU: Self = Self { cell: Cell::Gru, ..Self::LARGE };
}

impl std::fmt::Display for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { cell, batch, time, input, hidden } = self;
        write!(f, "{cell:?} ({batch}, {time}, {input}, {hidden}, 2 layers)")
    }
}

/// The layers under the head.
pub trait Layers: Module + ModuleDisplay {
    /// Fresh layers.
    fn new(shape: Shape, device: &Device) -> Self;
    /// `[batch, time, input]` to `[batch, time, hidden]`.
    fn forward(&self, x: Tensor<3>) -> Tensor<3>;
}

impl Layers for RecurrentStack {
    fn new(shape: Shape, device: &Device) -> Self {
        Self::new(shape.cell, shape.input, &[shape.hidden; 2], 0.0, Seed(1), device)
    }

    fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        self.forward(x, None, None, None).0
    }
}

/// Two of burn-nn's LSTM layers.
#[derive(Module, Debug)]
pub struct BurnLstm {
    first: Lstm,
    second: Lstm,
}

impl Layers for BurnLstm {
    fn new(shape: Shape, device: &Device) -> Self {
        assert_eq!(shape.cell, Cell::Lstm, "this peer is an LSTM");
        let layer = |input| LstmConfig::new(input, shape.hidden, true).init(device);
        Self { first: layer(shape.input), second: layer(shape.hidden) }
    }

    fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let (h, _) = self.first.forward(x, None);
        self.second.forward(h, None).0
    }
}

/// Layers and the head on them.
#[derive(Module, Debug)]
struct Network<L: Layers> {
    layers: L,
    head: Linear,
}

/// A network in training, and the data it trains on.
#[derive(Debug)]
pub struct Training<L: Layers> {
    network: Option<Network<L>>,
    optimizer: OptimizerState,
    x: Tensor<3>,
    y: Tensor<3>,
}

impl<L: Layers> Training<L> {
    /// A fresh network on `device` (without autodiff) and noise to fit.
    pub fn new(shape: Shape, device: &Device) -> Self {
        let device = device.clone().autodiff();
        let Shape { batch, time, input, hidden, .. } = shape;
        let layers = L::new(shape, &device);
        let network = Network { layers, head: LinearConfig::new(hidden, 1).init(&device) };
        // Data, not weights: without a gradient of their own.
        let noise = |shape, seed| constant(init::uniform(shape, 1.0, Seed(seed), &device).val());
        Self {
            optimizer: OptimizerState::new(Optimizer::Adam(Adam::default()), &network),
            network: Some(network),
            x: noise([batch, time, input], 2),
            y: noise([batch, time, 1], 3),
        }
    }

    /// Forward, mean squared error, backward, Adam. Gives the loss, not read from the device yet.
    ///
    /// # Panics
    /// If the gradient is not finite.
    pub fn step(&mut self) -> Tensor<1> {
        let network = self.network.take().expect("put back by the last step");
        let error = network.head.forward(network.layers.forward(self.x.clone())) - self.y.clone();
        let loss = (error.clone() * error).mean();
        let value = loss.clone().inner();
        let stepped = self.optimizer.step(network, loss.backward(), 1e-3, None);
        self.network = Some(stepped.expect("the gradient is finite"));
        value
    }

    /// A weight of the head after all steps so far: reading it waits for the device.
    pub fn wait(&self) -> f32 {
        let network = self.network.as_ref().expect("put back by the last step");
        let weight: Tensor<2> = Param::val(&network.head.weight).inner();
        weight.slice([0..1, 0..1]).into_scalar::<f32>()
    }
}

/// The same numbers as data: a drawn parameter is tracked, and `detach` leaves it a leaf.
pub fn constant<const D: usize>(tensor: Tensor<D>) -> Tensor<D> {
    tensor.without_autodiff().autodiff()
}
