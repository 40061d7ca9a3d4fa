//! A training step that touches 10,000 rows of 100 numbers, over tables of 10 thousand, 100 thousand and a million rows, on
//! ndarray with one thread: gather, a loss on the rows, backward, Adam on the rows.
//!
//! `cargo bench -p ensue-benches --bench embedding`

use std::hint::black_box;

use burn::{
    module::{Module, Param},
    tensor::Tensor,
};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use ensue::nn::{
    device,
    embedding::gather,
    kernels,
    optim::{Adam, Optimizer, OptimizerState},
};

#[derive(Module, Debug)]
struct Table {
    rows: Param<Tensor<2>>,
}

const TOUCHED: usize = 10_000;

fn embedding(c: &mut Criterion) {
    kernels::set_threads(1);
    let device = device::open("ndarray").expect("this build has ndarray").autodiff();
    let mut group = c.benchmark_group("10,000 touched rows of 100");
    group.sample_size(20);
    for rows in [10_000usize, 100_000, 1_000_000] {
        let mut table =
            Some(Table { rows: Param::from_tensor(Tensor::ones([rows, 100], &device)) });
        let model = table.as_ref().expect("just made");
        let mut optimizer = OptimizerState::new(Optimizer::Adam(Adam::default()), model);
        let touched: Vec<u32> = (0..TOUCHED).map(|at| (at * (rows / TOUCHED)) as u32).collect();
        group.bench_function(BenchmarkId::from_parameter(rows), |b| {
            b.iter(|| {
                let model = table.take().expect("put back by the last step");
                let gathered = gather(&model.rows, &touched);
                let gradients = gathered.tensor().powi_scalar(2).sum().backward();
                let touched = vec![gathered.into_touched()];
                let stepped = optimizer.step_with_rows(model, gradients, touched, 1e-3, None);
                table = Some(black_box(stepped.expect("the gradient is finite")));
            });
        });
    }
    group.finish();
}

criterion_group!(benches, embedding);
criterion_main!(benches);
