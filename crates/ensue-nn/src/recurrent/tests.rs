//! The fused operation through burn's autodiff against the plain tensor version and PyTorch.

use std::collections::BTreeMap;

use burn::tensor::{Device, Gradients, Tensor, TensorData};
use ensue_core::Seed;
use proptest::prelude::*;
use rand::RngExt;

use super::{Cell, RecurrentLayer, RecurrentStack, State, Weights, reference, sequence};
use crate::device;

const CELLS: [Cell; 3] = [Cell::Lstm, Cell::Gru, Cell::GruResetBefore];

fn noise<const D: usize>(shape: [usize; D], what: &str, device: &Device) -> Tensor<D> {
    let mut rng = Seed(11).stream(what);
    let n = shape.iter().product::<usize>();
    let values: Vec<f32> = (0..n).map(|_| rng.random::<f32>() * 2.0 - 1.0).collect();
    Tensor::from_data(TensorData::new(values, shape), device)
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_into_vec::<f32>().unwrap()
}

type Sweep = fn(Cell, Tensor<3>, &Weights, Option<State>, Option<Tensor<2>>) -> (Tensor<3>, State);

/// A test case: what to sweep.
#[derive(Debug, Clone, Copy)]
struct Case {
    cell: Cell,
    shape: [usize; 4],
    masked: bool,
    state: bool,
}

/// Hidden states, last state and the gradient of every input, of `sum(h * q)`.
fn run(sweep: Sweep, case: Case, device: &str) -> Vec<(&'static str, Vec<f32>)> {
    let Case { cell, shape: [b, t, i, h], masked, state } = case;
    let device = device::open(device).unwrap().autodiff();
    let x = noise([b, t, i], "x", &device).require_grad();
    let (g, n) = (cell.gates() * h, cell.biases() * h);
    let scale = 1.0 / (h as f64).sqrt();
    let w = Weights {
        wx: noise([i, g], "wx", &device).mul_scalar(scale).detach().require_grad(),
        wh: noise([h, g], "wh", &device).mul_scalar(scale).detach().require_grad(),
        bias: noise([n], "bias", &device).require_grad(),
    };
    let part = |what| noise([b, h], what, &device).require_grad();
    let first = state.then(|| State { h: part("h0"), c: cell.has_memory().then(|| part("c0")) });
    let keep = masked.then(|| noise([b, t], "keep", &device).clamp(-0.7, 0.5).add_scalar(0.5));
    let keep = keep.map(|keep| keep.clamp_min(0.0));
    let q = noise([b, t, h], "q", &device);
    let (y, last) = sweep(cell, x.clone(), &w, first.clone(), keep);
    let grads = (y.clone() * q).sum().backward();
    let mut out = vec![("h", values(y)), ("last h", values(last.h))];
    out.extend(last.c.map(|c| ("last c", values(c))));
    out.push(("dx", grad(&x, &grads)));
    out.push(("dwx", grad(&w.wx, &grads)));
    out.push(("dwh", grad(&w.wh, &grads)));
    out.push(("dbias", grad(&w.bias, &grads)));
    if let Some(first) = first {
        out.push(("dh0", grad(&first.h, &grads)));
        out.extend(first.c.map(|c| ("dc0", grad(&c, &grads))));
    }
    out
}

fn grad<const D: usize>(tensor: &Tensor<D>, grads: &Gradients) -> Vec<f32> {
    values(tensor.grad(grads).expect("every input has a gradient"))
}

fn close(what: &str, a: &[f32], b: &[f32]) {
    assert_eq!(a.len(), b.len(), "{what}");
    assert!(a.iter().chain(b).all(|v| v.is_finite()), "{what} is not finite");
    let scale = b.iter().fold(1e-6f32, |m, x| m.max(x.abs()));
    let worst = a.iter().zip(b).map(|(x, y)| (x - y).abs()).fold(0f32, f32::max);
    assert!(worst <= 1e-5 * scale, "{what}: {worst:e} of {scale}");
}

fn agree(case: Case, device: &str) {
    let (fused, plain) = (run(sequence, case, device), run(reference::sequence, case, "ndarray"));
    assert_eq!(fused.len(), plain.len());
    for ((name, a), (_, b)) in fused.iter().zip(&plain) {
        close(&format!("{case:?} on {device}: {name}"), a, b);
    }
}

fn cases() -> impl Strategy<Value = Case> {
    let shape = (1usize..=130, 1usize..=130, 1usize..=130, 1usize..=130);
    let flags = (0..CELLS.len(), any::<bool>(), any::<bool>());
    (shape, flags).prop_map(|((b, t, i, h), (cell, masked, state))| Case {
        cell: CELLS[cell],
        // A long sweep over a wide batch says nothing that a short one does not.
        shape: [b, if b > 40 { t % 12 + 1 } else { t }, i, h],
        masked,
        state,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    // Oracle: plain tensor operations under burn's autodiff.
    #[test]
    fn fused_equals_reference(case in cases()) {
        agree(case, "ndarray");
    }
}

#[cfg(feature = "wgpu")]
proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]
    // Oracle: plain tensor operations under burn's autodiff, on ndarray.
    #[test]
    fn parity_of_fused_wgpu_and_reference(case in cases()) {
        agree(Case { cell: CELLS[usize::from(case.cell != Cell::Lstm)], ..case }, "wgpu");
    }
}

fn corners() -> impl Iterator<Item = Case> {
    let shapes = [[1, 1, 1, 1], [130, 1, 1, 3], [1, 130, 2, 5], [2, 2, 130, 130], [33, 9, 13, 17]];
    shapes.into_iter().flat_map(|shape| {
        CELLS.into_iter().flat_map(move |cell| {
            [(true, true), (false, false)].map(|(masked, state)| Case {
                cell,
                shape,
                masked,
                state,
            })
        })
    })
}

// Oracle: plain tensor operations under burn's autodiff.
#[test]
fn fused_equals_reference_at_the_corners() {
    corners().for_each(|case| agree(case, "ndarray"));
}

// Oracle: plain tensor operations under burn's autodiff, on ndarray. The reset-before GRU runs step
// by step there.
#[cfg(feature = "wgpu")]
#[test]
fn parity_of_wgpu_at_the_corners() {
    corners().filter(|case| case.shape[1] < 100).for_each(|case| agree(case, "wgpu"));
}

// Oracle: the whole sweep.
#[test]
fn decoding_step_by_step_equals_the_sweep() {
    for cell in CELLS {
        let device = device::open("ndarray").unwrap();
        let stack = RecurrentStack::new(cell, 6, &[10, 7], 0.5, Seed(1), &device);
        let x = noise([3, 8, 6], "x", &device);
        let (whole, last) = stack.forward(x.clone(), None, None, None);
        let decoder = stack.decoder();
        let mut states = decoder.start(3);
        for t in 0..8 {
            let row = x.clone().slice([0..3, t..t + 1, 0..6]).reshape([3, 6]);
            let h = values(decoder.step(row, &mut states));
            let want = whole.clone().slice([0..3, t..t + 1, 0..7]);
            close(&format!("{cell:?} step {t}"), &h, &values(want));
        }
        for (state, last) in states.into_iter().zip(last) {
            close(&format!("{cell:?} state"), &values(state.h), &values(last.h));
            assert_eq!(state.c.is_some(), cell.has_memory());
        }
    }
}

// Oracle: a sweep over the whole, and the definition of "carried over".
#[test]
fn a_sweep_in_two_parts_equals_the_whole() {
    for cell in CELLS {
        let device = device::open("ndarray").unwrap();
        let layer = RecurrentLayer::new(cell, 5, 9, Seed(2), &device);
        let x = noise([4, 7, 5], "x", &device);
        let (whole, end) = layer.forward(x.clone(), None, None);
        let (_, state) = layer.forward(x.clone().slice([0..4, 0..3]), None, None);
        let (second, last) = layer.forward(x.slice([0..4, 3..7]), Some(state), None);
        close("second part", &values(second), &values(whole.slice([0..4, 3..7])));
        close("last state", &values(last.h), &values(end.h));
    }
}

// Oracle: the definition; what comes after a 0 of the mask cannot depend on what came before it.
#[test]
fn a_reset_forgets_everything_before_it() {
    for cell in CELLS {
        let device = device::open("ndarray").unwrap();
        let layer = RecurrentLayer::new(cell, 3, 4, Seed(3), &device);
        let x = noise([1, 6, 3], "x", &device);
        let keep = Tensor::from_data([[1.0f32, 1.0, 0.0, 1.0, 1.0, 1.0]], &device);
        let (masked, _) = layer.forward(x.clone(), None, Some(keep));
        let (fresh, _) = layer.forward(x.slice([0..1, 2..6]), None, None);
        close("after the reset", &values(masked.slice([0..1, 2..6])), &values(fresh));
    }
}

// Oracle: the documented start values.
#[test]
fn an_lstm_starts_by_remembering() {
    let device = device::open("ndarray").unwrap();
    let bias = |cell| values(RecurrentLayer::new(cell, 2, 3, Seed(0), &device).bias.val());
    assert_eq!(bias(Cell::Lstm), [0.0, 1.0, 0.0, 0.0].repeat(3));
    assert_eq!(bias(Cell::Gru), [0.0; 12]);
    assert_eq!(bias(Cell::GruResetBefore), [0.0; 9]);
}

// Oracle: the definition of inverted dropout: the same seed drops the same, another another, and
// nothing is dropped without one.
#[test]
fn dropout_between_layers_follows_its_seed() {
    let device = device::open("ndarray").unwrap();
    let stack = RecurrentStack::new(Cell::Gru, 3, &[8, 8], 0.5, Seed(0), &device);
    let x = noise([2, 5, 3], "x", &device);
    let run = |seed| values(stack.forward(x.clone(), None, None, seed).0);
    assert_eq!(run(Some(Seed(1))), run(Some(Seed(1))));
    assert_ne!(run(Some(Seed(1))), run(Some(Seed(2))));
    assert_ne!(run(Some(Seed(1))), run(None));
}

/// `tests/golden/recurrent.json`, made by the script beside it.
fn golden(cell: &str) -> (BTreeMap<String, usize>, BTreeMap<String, Vec<f32>>) {
    let text = include_str!("../../tests/golden/recurrent.json");
    let all: serde_json::Value = serde_json::from_str(text).unwrap();
    let sizes = ["batch", "time", "input", "hidden", "layers"];
    let sizes = sizes.map(|name| (name.to_owned(), all[name].as_u64().unwrap() as usize));
    let arrays = all[cell].as_object().unwrap().iter();
    let arrays = arrays.map(|(name, values)| {
        (
            name.clone(),
            values.as_array().unwrap().iter().map(|v| v.as_f64().unwrap() as f32).collect(),
        )
    });
    (sizes.into(), arrays.collect())
}

/// A layer of PyTorch's arrays, with `prefix` "" for weights and "d" for their gradients.
fn torch_layer(
    cell: Cell,
    arrays: &BTreeMap<String, Vec<f32>>,
    prefix: &str,
    layer: usize,
    device: &Device,
) -> RecurrentLayer {
    let array = |name: &str| &arrays[&format!("{prefix}{name}_l{layer}")];
    let (wx, wh) = (array("weight_ih"), array("weight_hh"));
    RecurrentLayer::from_pytorch(cell, wx, wh, array("bias_ih"), array("bias_hh"), device)
}

// Oracle: PyTorch in f64.
#[test]
fn two_layers_equal_pytorch() {
    for (cell, name) in [(Cell::Lstm, "lstm"), (Cell::Gru, "gru")] {
        let device = device::open("ndarray").unwrap().autodiff();
        let (sizes, arrays) = golden(name);
        let [b, t, i, h] = ["batch", "time", "input", "hidden"].map(|name| sizes[name]);
        let layers = sizes["layers"];
        let tensor3 = |name: &str, shape: [usize; 3]| {
            Tensor::<3>::from_data(TensorData::new(arrays[name].clone(), shape), &device)
        };
        let x = tensor3("x", [b, t, i]).require_grad();
        let stack = (0..layers).map(|l| torch_layer(cell, &arrays, "", l, &device)).collect();
        let stack = RecurrentStack::from_layers(stack, 0.0);
        let start = |name: &str| -> Vec<Tensor<2>> {
            let all = tensor3(name, [layers, b, h]);
            let layer = |l| {
                all.clone().slice([l..l + 1, 0..b, 0..h]).reshape([b, h]).detach().require_grad()
            };
            (0..layers).map(layer).collect()
        };
        let h0 = start("h0");
        let c0 = cell.has_memory().then(|| start("c0"));
        let states = (0..layers)
            .map(|l| State { h: h0[l].clone(), c: c0.as_ref().map(|c| c[l].clone()) })
            .collect();
        let (y, last) = stack.forward(x.clone(), Some(states), None, None);
        let grads = (y.clone() * tensor3("q", [b, t, h])).sum().backward();
        close("h", &values(y), &arrays["h"]);
        close("dx", &values(x.grad(&grads).unwrap()), &arrays["dx"]);
        let join = |parts: Vec<Tensor<2>>| values(Tensor::cat(parts, 0));
        close("last h", &join(last.iter().map(|s| s.h.clone()).collect()), &arrays["h_last"]);
        let grad = |t: &Tensor<2>| t.grad(&grads).unwrap();
        close("dh0", &join(h0.iter().map(grad).collect()), &arrays["dh0"]);
        if let Some(c0) = &c0 {
            close("dc0", &join(c0.iter().map(grad).collect()), &arrays["dc0"]);
            let c = last.iter().map(|s| s.c.clone().unwrap()).collect();
            close("last c", &join(c), &arrays["c_last"]);
        }
        for (l, layer) in stack.layers.iter().enumerate() {
            // The import is linear but for the summed biases, whose two gradients are equal.
            let want = torch_layer(cell, &arrays, "d", l, &device);
            let weights = layer.weights();
            close("dwx", &values(grad(&weights.wx)), &values(want.wx.val()));
            close("dwh", &values(grad(&weights.wh)), &values(want.wh.val()));
            let got = values(weights.bias.grad(&grads).unwrap());
            let twice: Vec<f32> = (got.iter().enumerate())
                .map(|(at, g)| if cell == Cell::Gru && at % 4 >= 2 { *g } else { 2.0 * g })
                .collect();
            close("dbias", &twice, &values(want.bias.val()));
        }
    }
}
