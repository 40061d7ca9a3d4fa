//! The fused operation through burn's autodiff against the plain tensor version and PyTorch.

use burn::tensor::{Device, Tensor, TensorData};
use ensue_core::Seed;
use proptest::prelude::*;
use rand::RngExt;

use super::{GruWeights, gru_sequence, reference};
use crate::device;

fn noise<const D: usize>(shape: [usize; D], what: &str, device: &Device) -> Tensor<D> {
    let mut rng = Seed(11).stream(what);
    let n = shape.iter().product::<usize>();
    let values: Vec<f32> = (0..n).map(|_| rng.random::<f32>() * 2.0 - 1.0).collect();
    Tensor::from_data(TensorData::new(values, shape), device)
}

type Sweep = fn(Tensor<3>, &GruWeights, Tensor<2>, Option<Tensor<2>>) -> Tensor<3>;

/// Hidden states and the gradient of every input, of `sum(h * q)`.
fn run(sweep: Sweep, [b, t, i, h]: [usize; 4], masked: bool) -> Vec<Vec<f32>> {
    let device = device::open("ndarray").unwrap().autodiff();
    let x = noise([b, t, i], "x", &device).require_grad();
    let scale = 1.0 / (h as f64).sqrt();
    let w = GruWeights {
        wx: noise([i, 3 * h], "wx", &device).mul_scalar(scale).require_grad(),
        bx: noise([3 * h], "bx", &device).require_grad(),
        wh: noise([h, 3 * h], "wh", &device).mul_scalar(scale).require_grad(),
        bh: noise([3 * h], "bh", &device).require_grad(),
    };
    let h0 = noise([b, h], "h0", &device).require_grad();
    let keep = masked.then(|| noise([b, t], "keep", &device).greater_elem(-0.7).float());
    let q = noise([b, t, h], "q", &device);
    let y = sweep(x.clone(), &w, h0.clone(), keep);
    let grads = (y.clone() * q).sum().backward();
    let v = |d: TensorData| d.try_to_vec::<f32>().unwrap();
    vec![
        v(y.into_data()),
        v(x.grad(&grads).unwrap().into_data()),
        v(w.wx.grad(&grads).unwrap().into_data()),
        v(w.bx.grad(&grads).unwrap().into_data()),
        v(w.wh.grad(&grads).unwrap().into_data()),
        v(w.bh.grad(&grads).unwrap().into_data()),
        v(h0.grad(&grads).unwrap().into_data()),
    ]
}

fn agree(shape: [usize; 4], masked: bool) {
    let (fused, plain) =
        (run(gru_sequence, shape, masked), run(reference::gru_sequence, shape, masked));
    for (what, (a, b)) in fused.iter().zip(&plain).enumerate() {
        assert!(a.iter().chain(b).all(|v| v.is_finite()), "output {what} is not finite");
        let scale = b.iter().fold(1e-6f32, |m, x| m.max(x.abs()));
        let worst = a.iter().zip(b).map(|(x, y)| (x - y).abs()).fold(0f32, f32::max);
        assert!(
            worst <= 1e-5 * scale,
            "{shape:?} masked {masked} output {what}: {worst:e} of {scale}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]
    // Oracle: plain tensor operations under burn's autodiff.
    #[test]
    fn fused_equals_reference(b in 1usize..=40, t in 1usize..=20, i in 1usize..=70, h in 1usize..=70, masked: bool) {
        agree([b, t, i, h], masked);
    }
}

// Oracle: plain tensor operations under burn's autodiff.
#[test]
fn fused_equals_reference_at_the_corners() {
    for shape in [[1, 1, 1, 1], [130, 1, 1, 3], [1, 130, 2, 5], [2, 2, 130, 130]] {
        agree(shape, true);
    }
}

#[test]
fn step_by_step_equals_the_full_sweep() {
    let device = device::open("ndarray").unwrap();
    let layer = super::GruLayer::new(6, 10, Seed(1), &device);
    let x = noise([3, 8, 6], "x", &device);
    let whole = layer.forward(x.clone(), Tensor::zeros([3, 10], &device), None);
    let mut h = Tensor::zeros([3, 10], &device);
    for t in 0..8 {
        let y = layer.forward(x.clone().slice([0..3, t..t + 1, 0..6]), h, None);
        h = y.reshape([3, 10]);
        let want = whole.clone().slice([0..3, t..t + 1, 0..10]).into_data();
        assert_eq!(h.to_data().try_to_vec::<f32>().unwrap(), want.try_to_vec::<f32>().unwrap());
    }
}
