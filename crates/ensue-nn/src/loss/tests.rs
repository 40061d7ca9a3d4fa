//! The fused loss through burn's autodiff against plain tensor operations.

use burn::tensor::{Int, Tensor, TensorData};
use ensue_core::Seed;
use rand::RngExt;

use super::{SparseTerms, softmax_cross_entropy, softmax_cross_entropy_reference};
use crate::device;

type Loss = fn(
    Tensor<2>,
    Tensor<2>,
    Tensor<1>,
    Tensor<2, Int>,
    Tensor<2>,
    Option<SparseTerms>,
) -> Tensor<1>;

fn run(loss: Loss, rows: usize, width: usize, classes: usize) -> Vec<Vec<f32>> {
    let device = device::open("ndarray").unwrap().autodiff();
    let noise = |n: usize, what: &str| -> Vec<f32> {
        let mut rng = Seed(5).stream(what);
        (0..n).map(|_| rng.random::<f32>() * 2.0 - 1.0).collect()
    };
    let h = TensorData::new(noise(rows * width, "h"), [rows, width]);
    let h = Tensor::<2>::from_data(h, &device).require_grad();
    let w = TensorData::new(noise(classes * width, "w"), [classes, width]);
    let w = Tensor::<2>::from_data(w, &device).require_grad();
    let b = Tensor::<1>::from_data(TensorData::new(noise(classes, "b"), [classes]), &device);
    let b = b.require_grad();
    let targets: Vec<i64> = (0..rows * 2).map(|i| (i * 5 % classes) as i64).collect();
    let targets = Tensor::from_data(TensorData::new(targets, [rows, 2]), &device);
    let weights: Vec<f32> = (0..rows * 2).map(|i| (i / 2 % 3) as f32).collect();
    let weights = Tensor::from_data(TensorData::new(weights, [rows, 2]), &device);
    let values = TensorData::new(noise(2, "values"), [2]);
    let values = Tensor::<1>::from_data(values, &device).require_grad();
    // Every row has its own number as a class, as far as there are so many.
    let own = |i: usize| usize::from(i < classes);
    let terms = SparseTerms {
        values: values.clone(),
        offsets: (0..=rows).map(|i| (0..i).map(own).sum::<usize>() as i32).collect(),
        classes: (0..rows.min(classes)).map(|i| i as i32).collect(),
        codes: (0..rows.min(classes)).map(|i| (i % 2) as i32).collect(),
    };
    let y = loss(h.clone(), w.clone(), b.clone(), targets, weights, Some(terms));
    // A factor other than 1 must reach the gradients.
    let grads = y.clone().mul_scalar(3.0).backward();
    let v = |d: TensorData| d.try_to_vec::<f32>().unwrap();
    vec![
        v(y.into_data()),
        v(h.grad(&grads).unwrap().into_data()),
        v(w.grad(&grads).unwrap().into_data()),
        v(b.grad(&grads).unwrap().into_data()),
        v(values.grad(&grads).unwrap().into_data()),
    ]
}

// Oracle: log_softmax and gather under burn's autodiff.
#[test]
fn fused_equals_reference() {
    for (rows, width, classes) in [(1, 1, 1), (7, 5, 19), (200, 16, 50), (65, 33, 257)] {
        let fused = run(softmax_cross_entropy, rows, width, classes);
        let plain = run(softmax_cross_entropy_reference, rows, width, classes);
        for (what, (a, b)) in fused.iter().zip(&plain).enumerate() {
            assert!(a.iter().chain(b).all(|v| v.is_finite()), "output {what} is not finite");
            let scale = b.iter().fold(1e-6f32, |m, x| m.max(x.abs()));
            let worst = a.iter().zip(b).map(|(x, y)| (x - y).abs()).fold(0f32, f32::max);
            assert!(worst <= 1e-5 * scale, "{rows} {width} {classes} output {what}: {worst:e}");
        }
    }
}
