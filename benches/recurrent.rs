//! The fused sweep, the same cell in plain tensor operations, and burn-nn's: forward and backward, on ndarray with one
//! thread.
//!
//! `cargo bench -p ensue-benches --bench recurrent`

use std::hint::black_box;

use burn::{
    nn::LstmConfig,
    tensor::{Device, Tensor},
};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ensue::{
    core::Seed,
    nn::{
        device, init, kernels,
        recurrent::{Cell, RecurrentLayer, reference, sequence},
    },
};
use ensue_benches::training_step::Shape;

fn recurrent(c: &mut Criterion) {
    kernels::set_threads(1);
    let device = device::open("ndarray").expect("this build has ndarray").autodiff();
    let mut group = c.benchmark_group("forward and backward");
    group.sample_size(20);
    let shapes = [Shape::SMALL, Shape::LARGE].into_iter().flat_map(|shape| {
        [Cell::Lstm, Cell::Gru, Cell::GruResetBefore].map(|cell| Shape { cell, ..shape })
    });
    for Shape { cell, batch, time, input, hidden } in shapes {
        let layer = RecurrentLayer::new(cell, input, hidden, Seed(1), &device);
        let x = init::uniform([batch, time, input], 1.0, Seed(2), &device).val();
        group.throughput(Throughput::Elements((batch * time) as u64));
        let name = |form: &str| {
            let sizes = format!("{:?}", [batch, time, input, hidden]);
            BenchmarkId::new(format!("{cell:?} {form}"), sizes)
        };
        let backward = |h: Tensor<3>| {
            black_box(h.sum().backward());
        };
        group.bench_function(name("fused"), |b| {
            b.iter(|| backward(sequence(cell, x.clone(), &layer.weights(), None, None).0));
        });
        group.bench_function(name("reference"), |b| {
            b.iter(|| {
                backward(reference::sequence(cell, x.clone(), &layer.weights(), None, None).0);
            });
        });
        if cell == Cell::Lstm {
            let peer = LstmConfig::new(input, hidden, true).init(&device);
            group.bench_function(name("burn-nn"), |b| {
                b.iter(|| backward(peer.forward(x.clone(), None).0));
            });
        }
    }
    group.finish();
    decode(c, &device);
}

/// One step of one sequence at a time, as a campaign answers.
fn decode(c: &mut Criterion, device: &Device) {
    let stack =
        ensue::nn::recurrent::RecurrentStack::new(Cell::Gru, 64, &[64], 0.0, Seed(1), device);
    let plain = device.clone().without_autodiff();
    let decoder = stack.decoder();
    let mut states = decoder.start(1);
    let x = Tensor::<2>::ones([1, 64], &plain);
    c.bench_function("decoding step of a GRU (1, 64, 64)", |b| {
        b.iter(|| black_box(decoder.step(x.clone(), &mut states)));
    });
}

criterion_group!(benches, recurrent);
criterion_main!(benches);
