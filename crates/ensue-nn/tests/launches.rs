//! How many kernels a training step launches. Alone in its process: the count is of the process.
#![cfg(feature = "wgpu")]
#![expect(clippy::unwrap_used, reason = "helpers of tests; clippy only knows test functions")]

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, TensorData};
use ensue_core::Seed;
use ensue_nn::optim::{Adam, Optimizer, OptimizerState};
use ensue_nn::recurrent::{Cell, RecurrentStack};
use ensue_nn::{device, launches};
use rand::RngExt;

#[derive(Module, Debug)]
struct Network {
    stack: RecurrentStack,
    weight: Param<Tensor<2>>,
    bias: Param<Tensor<1>>,
}

impl Network {
    fn loss(&self, x: Tensor<3>, y: Tensor<2>) -> Tensor<1> {
        let (h, _) = self.stack.forward(x, None, None, None);
        let [batch, time, hidden] = h.dims();
        let h = h.reshape([batch * time, hidden]);
        let error = h.matmul(self.weight.val()) + self.bias.val().unsqueeze_dim(0) - y;
        (error.clone() * error).mean()
    }
}

fn noise<const D: usize>(shape: [usize; D], what: &str) -> TensorData {
    let mut rng = Seed(3).stream(what);
    let n = shape.iter().product::<usize>();
    let values: Vec<f32> = (0..n).map(|_| rng.random::<f32>() - 0.5).collect();
    TensorData::new(values, shape)
}

/// Launches of each of two steps after three to warm up.
fn count(cell: Cell, time: usize, device: &Device) -> [usize; 2] {
    let device = device.clone().autodiff();
    let (batch, input, hidden) = (32, 50, 40);
    let network = Network {
        stack: RecurrentStack::new(cell, input, &[hidden, hidden], 0.0, Seed(3), &device),
        weight: Param::from_data(noise([hidden, 1], "head"), &device),
        bias: Param::from_data([0.0f32], &device),
    };
    let x = Tensor::<3>::from_data(noise([batch, time, input], "x"), &device);
    let y = Tensor::<2>::from_data(noise([batch * time, 1], "y"), &device);
    let mut optimizer = OptimizerState::new(Optimizer::Adam(Adam::default()), &network);
    let mut network = Some(network);
    let mut step = || {
        let before = network.take().unwrap();
        let gradients = before.loss(x.clone(), y.clone()).backward();
        let after = optimizer.step(before, gradients, 1e-3, None).unwrap();
        let weights = after.weight.val().into_data().try_into_vec::<f32>().unwrap();
        assert!(weights.iter().all(|w| w.is_finite()));
        network = Some(after);
    };
    (0..3).for_each(|_| step());
    [(); 2].map(|()| launches::count(&mut step).1)
}

// Oracle: the bar of the acceptance, 40 launches; and a count that knows nothing of the time.
#[test]
fn a_training_step_takes_at_most_40_launches_whatever_the_time() {
    let device = device::open("wgpu").unwrap();
    for cell in [Cell::Lstm, Cell::Gru] {
        let [short, again] = count(cell, 19, &device);
        let [long, _] = count(cell, 95, &device);
        assert!(short > 0, "nothing was counted");
        assert_eq!(short, again, "{cell:?}: a step like the one before");
        assert_eq!(short, long, "{cell:?}: 19 and 95 time steps");
        assert!(long <= 40, "{cell:?}: {long} launches");
    }
}
