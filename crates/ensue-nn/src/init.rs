//! Start values of weights, drawn on the host so that they do not depend on the device.

use burn::module::Param;
use burn::tensor::{Device, Tensor, TensorData};
use ensue_core::Seed;
use rand::RngExt;

/// A parameter with elements uniform in `[-bound, bound)`.
pub fn uniform<const D: usize>(
    shape: [usize; D],
    bound: f64,
    seed: Seed,
    device: &Device,
) -> Param<Tensor<D>> {
    let mut rng = seed.stream("uniform");
    let n = shape.iter().product::<usize>();
    let values: Vec<f32> =
        (0..n).map(|_| ((rng.random::<f64>() * 2.0 - 1.0) * bound) as f32).collect();
    Param::from_tensor(Tensor::from_data(TensorData::new(values, shape), device))
}
