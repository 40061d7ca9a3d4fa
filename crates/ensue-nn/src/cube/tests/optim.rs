//! One step of every rule against its formula on the host, in f64.

use burn::backend::TensorMetadata;
use burn::backend::ops::IntTensorOps;
use burn::tensor::TensorData;
use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;

use super::super::optim::{
    AdagradStep, AdamStep, RowPaces, adagrad, adagrad_rows, adam, adam_rows,
};
use super::{adapter, close, download, noise, upload};

const ADAM: AdamStep = AdamStep { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, keep: 0.998 };
const ADAGRAD: AdagradStep = AdagradStep { epsilon: 1e-6, momentum: 0.3, rate: 0.05 };

/// Parameter, gradient, first and second (non-negative) state.
fn state(shape: [usize; 2]) -> [Vec<f32>; 4] {
    let values = |what, scale| noise(shape, scale, what).try_into_vec::<f32>().unwrap();
    let mut second = values("second", 0.01);
    for v in &mut second {
        *v = v.abs();
    }
    [values("param", 1.0), values("grad", 0.1), values("first", 0.05), second]
}

fn device(values: &[f32], shape: [usize; 2]) -> CubeTensor {
    upload(TensorData::new(values.to_vec(), shape))
}

fn integers(values: &[i32]) -> CubeTensor {
    CubeBackend::int_from_data(TensorData::new(values.to_vec(), [values.len()]), &adapter())
}

/// Adam's formulas at index `i`, gradient `g`.
fn adam_host(state: &mut [Vec<f32>; 4], i: usize, g: f32, rate: f64, root: f64) {
    let g = f64::from(g);
    let first = ADAM.beta1 * f64::from(state[2][i]) + (1.0 - ADAM.beta1) * g;
    let second = ADAM.beta2 * f64::from(state[3][i]) + (1.0 - ADAM.beta2) * g * g;
    let change = rate * first / (second.sqrt() * root + ADAM.epsilon);
    state[0][i] = (ADAM.keep * f64::from(state[0][i]) - change) as f32;
    (state[2][i], state[3][i]) = (first as f32, second as f32);
}

/// Adagrad's at index `i`; the second state is the velocity.
fn adagrad_host(state: &mut [Vec<f32>; 4], i: usize, g: f32, momentum: bool) {
    let g = f64::from(g);
    let sum = f64::from(state[2][i]) + g * g;
    let change = ADAGRAD.rate * g / (sum + ADAGRAD.epsilon).sqrt();
    let momentum = if momentum { ADAGRAD.momentum } else { 0.0 };
    let velocity = momentum * f64::from(state[3][i]) - change;
    state[0][i] = (f64::from(state[0][i]) + velocity) as f32;
    (state[2][i], state[3][i]) = (sum as f32, velocity as f32);
}

fn same(what: &str, tensor: CubeTensor, values: &[f32]) {
    close(what, &download(tensor), values, 1e-6);
}

// Oracle: the formulas on the host in f64. A held buffer must survive the step.
#[test]
fn adam_follows_its_formula_and_leaves_held_buffers_alone() {
    for (shape, scaled) in [([7, 3], false), ([40, 160], true), ([1, 1], true)] {
        let mut host = state(shape);
        let before = host.clone();
        let param = device(&host[0], shape);
        let held = param.clone();
        let scale = scaled.then(|| device(&[0.25], [1, 1]));
        let (grad, first) = (device(&host[1], shape), device(&host[2], shape));
        let second = device(&host[3], shape);
        let pace = (1e-3 / 0.271, 1.0 / 0.003f64.sqrt());
        let (param, first, second) = adam(param, grad, first, second, scale, ADAM, pace);
        for (i, g) in before[1].iter().enumerate() {
            let g = g * if scaled { 0.25 } else { 1.0 };
            adam_host(&mut host, i, g, pace.0, pace.1);
        }
        assert_eq!(param.shape().dims::<2>(), shape);
        same("param", param, &host[0]);
        same("first", first, &host[2]);
        same("second", second, &host[3]);
        assert_eq!(download(held), before[0], "the buffer of before");
    }
}

// Oracle: as above.
#[test]
fn adagrad_follows_its_formula() {
    for (momentum, scaled) in [(false, false), (true, true), (true, false)] {
        let shape = [9, 31];
        let mut host = state(shape);
        for v in &mut host[2] {
            *v = v.abs();
        }
        let before = host.clone();
        let scale = scaled.then(|| device(&[0.5], [1, 1]));
        let velocity = momentum.then(|| device(&host[3], shape));
        let (param, grad) = (device(&host[0], shape), device(&host[1], shape));
        let first = device(&host[2], shape);
        let (param, first, velocity) = adagrad(param, grad, first, velocity, scale, ADAGRAD);
        for (i, g) in before[1].iter().enumerate() {
            let g = g * if scaled { 0.5 } else { 1.0 };
            adagrad_host(&mut host, i, g, momentum);
        }
        same("param", param, &host[0]);
        same("first", first, &host[2]);
        assert_eq!(velocity.is_some(), momentum);
        if let Some(velocity) = velocity {
            same("velocity", velocity, &host[3]);
        }
    }
}

/// Rows out of order, and one that is not in the table.
const ROWS: [i32; 5] = [8, 2, 11, 0, 30];

// Oracle: as above, row by row; rows that are not named keep every bit.
#[test]
fn adam_by_rows_goes_at_the_pace_of_each() {
    for (width, scale) in [(1, 1.0f32), (5, 0.5), (130, 1.0)] {
        let shape = [12, width];
        let mut host = state(shape);
        let before = host.clone();
        let grad = &before[1][..ROWS.len() * width];
        let (rates, roots) = ([0.1, 0.2, 0.3, 0.4, 0.5f32], [1.0, 1.5, 2.0, 2.5, 3.0f32]);
        let given = |values: &[f32]| device(values, [values.len(), 1]);
        let (param, first, second) = adam_rows(
            device(&host[0], shape),
            integers(&ROWS),
            device(grad, [ROWS.len(), width]),
            device(&host[2], shape),
            device(&host[3], shape),
            (scale != 1.0).then(|| given(&[scale])),
            ADAM,
            RowPaces { rates: given(&rates), roots: given(&roots) },
        );
        for (place, row) in ROWS.into_iter().enumerate().filter(|(_, row)| *row < 12) {
            for column in 0..width {
                let g = grad[place * width + column] * scale;
                let (rate, root) = (f64::from(rates[place]), f64::from(roots[place]));
                adam_host(&mut host, row as usize * width + column, g, rate, root);
            }
        }
        let param = download(param);
        close("param", &param, &host[0], 1e-6);
        for row in (0..12).filter(|row| !ROWS.contains(row)) {
            let row = row as usize * width..(row as usize + 1) * width;
            assert_eq!(param[row.clone()], before[0][row], "a row that was not named");
        }
        same("first", first, &host[2]);
        same("second", second, &host[3]);
    }
}

// Oracle: as above.
#[test]
fn adagrad_by_rows_follows_its_formula() {
    for momentum in [false, true] {
        let (shape, width) = ([12, 17], 17);
        let mut host = state(shape);
        for v in &mut host[2] {
            *v = v.abs();
        }
        let grad = host[1][..ROWS.len() * width].to_vec();
        let (param, first, velocity) = adagrad_rows(
            device(&host[0], shape),
            integers(&ROWS),
            device(&grad, [ROWS.len(), width]),
            device(&host[2], shape),
            momentum.then(|| device(&host[3], shape)),
            None,
            ADAGRAD,
        );
        for (place, row) in ROWS.into_iter().enumerate().filter(|(_, row)| *row < 12) {
            for column in 0..width {
                let i = row as usize * width + column;
                adagrad_host(&mut host, i, grad[place * width + column], momentum);
            }
        }
        same("param", param, &host[0]);
        same("first", first, &host[2]);
        if let Some(velocity) = velocity {
            same("velocity", velocity, &host[3]);
        }
    }
}
