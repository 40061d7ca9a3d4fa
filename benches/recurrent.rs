//! The fused GRU sweep against the same cell in plain tensor operations, forward and backward, on ndarray with one thread.
//!
//! `cargo bench -p ensue-benches --bench recurrent`

use std::hint::black_box;

use burn::tensor::{Device, Tensor};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ensue::{
    core::Seed,
    nn::{
        device, init, kernels,
        recurrent::{GruLayer, GruWeights, gru_sequence, reference},
    },
};

type Sweep = fn(Tensor<3>, &GruWeights, Tensor<2>, Option<Tensor<2>>) -> Tensor<3>;

/// Batch, time, input, hidden.
const SHAPES: [[usize; 4]; 2] = [[32, 95, 50, 40], [64, 50, 128, 128]];

fn step(sweep: Sweep, layer: &GruLayer, x: &Tensor<3>, device: &Device) {
    let [batch, _, _] = x.dims();
    let h =
        sweep(x.clone(), &layer.weights(), Tensor::zeros([batch, layer.hidden()], device), None);
    black_box(h.sum().backward());
}

fn recurrent(c: &mut Criterion) {
    kernels::set_threads(1);
    let device = device::open("ndarray").expect("this build has ndarray").autodiff();
    let mut group = c.benchmark_group("gru forward and backward");
    group.sample_size(20);
    for shape @ [batch, time, input, hidden] in SHAPES {
        let layer = GruLayer::new(input, hidden, Seed(1), &device);
        let x = init::uniform([batch, time, input], 1.0, Seed(2), &device).val().require_grad();
        group.throughput(Throughput::Elements((batch * time) as u64));
        let sweeps: [(&str, Sweep); 2] =
            [("fused", gru_sequence), ("reference", reference::gru_sequence)];
        for (name, sweep) in sweeps {
            group.bench_function(BenchmarkId::new(name, format!("{shape:?}")), |b| {
                b.iter(|| step(sweep, &layer, &x, &device));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, recurrent);
criterion_main!(benches);
