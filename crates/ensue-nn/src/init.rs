//! Start values of weights, drawn on the host so that they do not depend on the device.

use burn::module::Param;
use burn::tensor::{Device, Tensor, TensorData};
use ensue_core::Seed;
use rand::{Rng, RngExt};

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

/// `n` factors, 0 for a share `rate` of them and `1 / (1 - rate)` for the rest (inverted dropout,
/// Srivastava et al. 2014); empty for rate 0.
pub fn dropout_mask(n: usize, rate: f64, rng: &mut impl Rng) -> Vec<f32> {
    if rate == 0.0 {
        return Vec::new();
    }
    // Sixteen random bits decide an element: the rate is met within 1/65536.
    let limit = (rate * 65536.0).round() as u64;
    let factor = (1.0 / (1.0 - rate)) as f32;
    let mut out = Vec::with_capacity(n + 3);
    while out.len() < n {
        let bits: u64 = rng.random();
        out.extend((0..4).map(|i| if (bits >> (16 * i)) & 0xffff < limit { 0.0 } else { factor }));
    }
    out.truncate(n);
    out
}
