//! The kernels against plain tensor operations under burn's autodiff, on ndarray.
//!
//! These run on whatever adapter wgpu finds; software Vulkan is enough.

mod optim;

use burn::backend::ops::FloatTensorOps;
use burn::backend::{CubeDevice, DispatchDevice, TensorMetadata};
use burn::tensor::{Tensor, TensorData};
use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;
use ensue_core::Seed;
use rand::RngExt;

use super::plan::Path;
use super::recurrent::{Call, backward, forward};
use crate::device;
use crate::recurrent::sweep::{Form, SweepInputs};
use crate::recurrent::{Cell, State, Weights, reference};

/// How a case is run: as the device's limits say, or not.
type Choice = fn(Path) -> Path;

#[derive(Debug, Clone, Copy)]
struct Case {
    cell: Cell,
    /// Batch, time, input, hidden.
    shape: [usize; 4],
    state: bool,
    keep: bool,
}

fn noise<const D: usize>(shape: [usize; D], scale: f32, what: &str) -> TensorData {
    let mut rng = Seed(5).stream(what);
    let n = shape.iter().product::<usize>();
    let values: Vec<f32> = (0..n).map(|_| (rng.random::<f32>() * 2.0 - 1.0) * scale).collect();
    TensorData::new(values, shape)
}

fn adapter() -> CubeDevice {
    let device = device::open("wgpu").expect("these tests need an adapter; software ones count");
    let DispatchDevice::Cube(device) = device.as_dispatch() else {
        panic!("wgpu is a cube device")
    };
    device.clone()
}

fn upload(data: TensorData) -> CubeTensor {
    CubeBackend::float_from_data(data, &adapter())
}

fn download(tensor: CubeTensor) -> Vec<f32> {
    let data = burn_cubecl::ops::into_data_sync(tensor);
    data.try_into_vec::<f32>().unwrap()
}

impl Case {
    /// x, wx, wh, bias, h0, c0; then factors on the state and the gradient of the hidden states.
    fn data(&self) -> ([TensorData; 6], TensorData, TensorData) {
        let [b, t, i, h] = self.shape;
        let (g, n) = (self.cell.gates() * h, self.cell.biases() * h);
        let scale = 1.0 / (h as f32).sqrt();
        let inputs = [
            noise([b, t, i], 1.0, "x"),
            noise([i, g], 1.0 / (i as f32).sqrt(), "wx"),
            noise([h, g], scale, "wh"),
            noise([n], 0.5, "bias"),
            noise([b, h], 1.0, "h0"),
            noise([b, h], 1.0, "c0"),
        ];
        let mut keep = noise([b, t], 1.0, "keep").try_into_vec::<f32>().unwrap();
        // A third is forgotten, a third kept, the rest in between.
        for k in &mut keep {
            *k = (*k * 1.5 + 0.5).clamp(0.0, 1.0);
        }
        (inputs, TensorData::new(keep, [b, t]), noise([b, t, h], 1.0, "dh"))
    }

    fn reference(&self) -> Vec<(&'static str, Vec<f32>)> {
        let device = device::open("ndarray").unwrap().autodiff();
        let ([x, wx, wh, bias, h0, c0], keep, dh) = self.data();
        let x = Tensor::<3>::from_data(x, &device).require_grad();
        let weights = Weights {
            wx: Tensor::<2>::from_data(wx, &device).require_grad(),
            wh: Tensor::<2>::from_data(wh, &device).require_grad(),
            bias: Tensor::<1>::from_data(bias, &device).require_grad(),
        };
        let h0 = Tensor::<2>::from_data(h0, &device).require_grad();
        let c0 = Tensor::<2>::from_data(c0, &device).require_grad();
        let memory = self.cell.has_memory();
        let state = State { h: h0.clone(), c: memory.then(|| c0.clone()) };
        let keep = self.keep.then(|| Tensor::<2>::from_data(keep, &device));
        let state = self.state.then_some(state);
        let (h, last) = reference::sequence(self.cell, x.clone(), &weights, state, keep);
        let grads = (h.clone() * Tensor::from_data(dh, &device)).sum().backward();
        let values = |data: TensorData| data.try_into_vec::<f32>().unwrap();
        let mut out = vec![("h", values(h.into_data()))];
        out.extend(last.c.map(|c| ("last c", values(c.into_data()))));
        out.push(("dx", values(x.grad(&grads).unwrap().into_data())));
        out.push(("dwx", values(weights.wx.grad(&grads).unwrap().into_data())));
        out.push(("dwh", values(weights.wh.grad(&grads).unwrap().into_data())));
        out.push(("dbias", values(weights.bias.grad(&grads).unwrap().into_data())));
        if self.state {
            out.push(("dh0", values(h0.grad(&grads).unwrap().into_data())));
            if memory {
                out.push(("dc0", values(c0.grad(&grads).unwrap().into_data())));
            }
        }
        out
    }

    fn kernels(&self, choice: Choice, save: bool) -> Vec<(&'static str, Vec<f32>)> {
        let (tensors, keep, dh) = self.data();
        let tensors = tensors.map(upload);
        let form = Form { cell: self.cell, state: self.state, keep: self.keep };
        let call = Call::new(&SweepInputs { tensors, keep: upload(keep), form });
        let (h, c, saved) = forward(&call, choice(call.path()), save);
        assert_eq!(h.shape().dims::<3>(), [self.shape[0], self.shape[1], self.shape[3]]);
        let mut out = vec![("h", download(h))];
        let memory = self.cell.has_memory();
        if memory {
            out.push(("last c", download(c)));
        }
        assert_eq!(saved.is_some(), save);
        if let Some(saved) = saved {
            let needed = [true, true, true, true, self.state, self.state && memory];
            let grads = backward(&call, choice(call.path()), &saved, upload(dh), needed);
            let names = ["dx", "dwx", "dwh", "dbias", "dh0", "dc0"];
            for ((name, grad), needed) in names.into_iter().zip(grads).zip(needed) {
                if needed {
                    out.push((name, download(grad.expect(name))));
                }
            }
        }
        out
    }

    /// Compares what `saves` asks for: passes that will be followed backward, or not.
    fn agrees(&self, choice: Choice, saves: &[bool]) {
        let reference = self.reference();
        for &save in saves {
            let kernels = self.kernels(choice, save);
            for ((name, ours), (same, theirs)) in kernels.iter().zip(&reference) {
                assert_eq!(name, same);
                close(&format!("{name} of {self:?}, saving: {save}"), ours, theirs, 1e-5);
            }
            assert!(!save || kernels.len() == reference.len());
        }
    }
}

/// Equal up to `tolerance` of the largest magnitude.
fn close(what: &str, ours: &[f32], theirs: &[f32], tolerance: f32) {
    assert_eq!(ours.len(), theirs.len(), "{what}");
    let scale = theirs.iter().fold(0f32, |m, v| m.max(v.abs()));
    let worst = ours.iter().zip(theirs).map(|(a, b)| (a - b).abs());
    let worst = worst.fold(0f32, |m, v| if v.is_nan() { f32::INFINITY } else { m.max(v) });
    assert!(worst <= tolerance * scale, "{what}: {worst:e} at scale {scale:e}");
}

/// Both cells in the given forms: initial states, factors on the state. Each form is a kernel to
/// compile, so not every test goes through all.
fn cases(shape: [usize; 4], forms: &[(bool, bool)]) -> impl Iterator<Item = Case> {
    [Cell::Lstm, Cell::Gru].into_iter().flat_map(move |cell| {
        forms.iter().map(move |&(state, keep)| Case { cell, shape, state, keep })
    })
}

const PLAIN: (bool, bool) = (false, false);
const FULL: (bool, bool) = (true, true);

fn steps(_: Path) -> Path {
    Path::Steps
}

/// As chosen, but with one buffer.
fn one_buffer(path: Path) -> Path {
    match path {
        Path::Sweep { rows, units, .. } => {
            Path::Sweep { rows, units, forward_buffers: 1, backward_buffers: 1 }
        }
        Path::Steps => Path::Steps,
    }
}

fn rows_of(path: Path, rows: usize) -> Path {
    match path {
        Path::Sweep { units, forward_buffers, backward_buffers, .. } => {
            Path::Sweep { rows, units: units.div_ceil(3), forward_buffers, backward_buffers }
        }
        Path::Steps => Path::Steps,
    }
}

// Oracle of every test below: plain tensor operations under burn's autodiff, on ndarray.

#[test]
fn one_launch_sweeps_equal_the_reference() {
    for shape in [[3, 7, 5, 5], [1, 1, 1, 5]] {
        let forms = [PLAIN, (true, false), (false, true), FULL];
        cases(shape, &forms).for_each(|case| case.agrees(|path| path, &[true, false]));
    }
    for shape in [[4, 20, 9, 40], [1, 1, 1, 1], [2, 3, 1, 1], [6, 1, 4, 33]] {
        cases(shape, &[FULL]).for_each(|case| case.agrees(|path| path, &[true]));
    }
}

#[test]
fn wide_sweeps_equal_the_reference() {
    for shape in [[5, 12, 3, 128], [5, 3, 7, 300]] {
        cases(shape, &[FULL]).for_each(|case| case.agrees(|path| path, &[true]));
    }
}

#[test]
fn steps_equal_the_reference() {
    for shape in [[3, 7, 5, 5], [5, 4, 9, 130], [3, 1, 2, 1]] {
        let forms = [PLAIN, FULL];
        cases(shape, &forms).for_each(|case| case.agrees(steps, &[true, false]));
    }
    let beyond = Case { cell: Cell::Lstm, shape: [2, 3, 4, 520], state: true, keep: false };
    beyond.agrees(|path| if path == Path::Steps { path } else { panic!("{path:?}") }, &[true]);
}

#[test]
fn every_layout_gives_the_same() {
    cases([9, 4, 30, 17], &[FULL]).for_each(|case| {
        case.agrees(one_buffer, &[true]);
        case.agrees(|path| rows_of(path, 1), &[true]);
        case.agrees(|path| rows_of(path, 2), &[true]);
        case.agrees(|path| rows_of(path, 4), &[true]);
    });
}

#[test]
fn sums_over_many_steps_are_split_and_large_tiles_are_used() {
    cases([9, 101, 70, 6], &[FULL]).for_each(|case| case.agrees(|path| path, &[true]));
}

// Oracle: nothing to sweep leaves the state alone and gives zero gradients.
#[test]
fn empty_sweeps_give_zeros() {
    for (cell, shape) in [(Cell::Lstm, [0, 3, 2, 4]), (Cell::Gru, [2, 0, 2, 4])] {
        let case = Case { cell, shape, state: true, keep: false };
        let results = case.kernels(|path| path, true);
        for (name, values) in results {
            if name == "last c" {
                continue;
            }
            assert!(values.iter().all(|&v| v == 0.0), "{name}");
        }
    }
}
