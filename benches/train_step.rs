//! A training step of two recurrent layers, a linear head and Adam, on ndarray with one thread: ours beside burn-nn's.
//!
//! `cargo bench -p ensue-benches --bench train_step`

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use ensue::nn::{device, kernels, recurrent::RecurrentStack};
use ensue_benches::training_step::{BurnLstm, Shape, Training};

fn train_step(c: &mut Criterion) {
    kernels::set_threads(1);
    let device = device::open("ndarray").expect("this build has ndarray");
    let mut group = c.benchmark_group("training step");
    group.sample_size(20);
    for shape in [Shape::SMALL, Shape::LARGE, Shape::LARGE_GRU] {
        let mut ours = Training::<RecurrentStack>::new(shape, &device);
        group.bench_function(BenchmarkId::new("ensue", shape), |b| {
            b.iter(|| black_box(ours.step()));
        });
    }
    for shape in [Shape::SMALL, Shape::LARGE] {
        let mut peer = Training::<BurnLstm>::new(shape, &device);
        group.bench_function(BenchmarkId::new("burn-nn", shape), |b| {
            b.iter(|| black_box(peer.step()));
        });
    }
    group.finish();
}

criterion_group!(benches, train_step);
criterion_main!(benches);
