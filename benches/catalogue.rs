//! The 25 best of 100,000 items of 100 units, on ndarray with one thread: reading the table once, which
//! is the least an exact answer can take, one query with and without what a campaign asks beside it, and
//! batches.
//!
//! `cargo bench -p ensue-benches --bench catalogue`

use std::hint::black_box;

use burn::tensor::{Tensor, TensorData};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ensue::{
    core::Bitmap,
    nn::{
        device, kernels,
        retrieval::{Ask, Catalogue},
    },
};

const ITEMS: usize = 100_000;
const WIDTH: usize = 100;
const K: usize = 25;

/// Any numbers will do, as long as the scores differ.
fn numbers(n: usize) -> Vec<f32> {
    let mut state = 1u32;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as f32 / u32::MAX as f32 - 0.5
    };
    (0..n).map(|_| next()).collect()
}

fn catalogue(c: &mut Criterion) {
    kernels::set_threads(1);
    let device = device::open("ndarray").expect("this build has ndarray");
    let vectors = TensorData::new(numbers(ITEMS * WIDTH), [ITEMS, WIDTH]);
    let bias = TensorData::new(numbers(ITEMS), [ITEMS]);
    let catalogue =
        Catalogue::new(Tensor::from_data(vectors, &device), Tensor::from_data(bias, &device));
    let hidden = numbers(256 * WIDTH);
    let seen: Vec<u32> = (0..200).map(|at| at * 500).collect();
    let added: Vec<(u32, f32)> = seen.iter().map(|&item| (item, 0.25)).collect();
    let mut allowed = Bitmap::ones(ITEMS);
    (0..ITEMS as u32).step_by(3).for_each(|item| allowed.remove(item));

    let plain = Ask::default();
    let total = Ask { total: true, ..plain };
    let terms = Ask { added: &added, ..plain };
    let masks = Ask { exclude: &seen, allowed: Some(&allowed), ..plain };
    let all = Ask { added: &added, exclude: &seen, allowed: Some(&allowed), total: true };

    let mut group = c.benchmark_group("best 25 of 100,000 items of 100");
    group.bench_function("reading the table once", |b| b.iter(|| black_box(catalogue.stream())));
    let asks = [
        ("product and selection", plain),
        ("with softmax", total),
        ("with terms", terms),
        ("with masks", masks),
        ("with all three", all),
    ];
    for (name, ask) in asks {
        group.bench_function(BenchmarkId::new("one query", name), |b| {
            b.iter(|| black_box(catalogue.best(&hidden[..WIDTH], K, &[ask])));
        });
    }
    for queries in [2, 8, 32, 256] {
        group.throughput(Throughput::Elements(queries as u64));
        group.bench_function(BenchmarkId::new("batch, all three", queries), |b| {
            let (hidden, asks) = (&hidden[..queries * WIDTH], vec![all; queries]);
            b.iter(|| black_box(catalogue.best(hidden, K, &asks)));
        });
    }
    group.finish();
}

criterion_group!(benches, catalogue);
criterion_main!(benches);
