//! The recurrent sweep on the CPU kernels.

use std::sync::Arc;

use burn::backend::TensorMetadata;
use burn::backend::tensor::FloatTensor;
use burn_ndarray::{NdArray, NdArrayTensor};

use super::host::{f32s, f64s, tensor};
use crate::kernels::{SweepArgs, SweepSaved, sweep_backward, sweep_forward};
use crate::recurrent::sweep::{Form, SweepInputs, SweepKernels, SweepOps};

/// Kept activations of either element type.
#[derive(Debug, Clone)]
pub(crate) enum Saved {
    F32(Arc<SweepSaved<f32>>),
    F64(Arc<SweepSaved<f64>>),
}

fn unshare<T: Clone>(x: Arc<T>) -> T {
    Arc::try_unwrap(x).unwrap_or_else(|shared| (*shared).clone())
}

/// Runs `$f32` or `$f64` with `SweepArgs` of the tensors' element type.
macro_rules! with_args {
    ($inputs:expr, $f32:expr, $f64:expr) => {{
        let [x, wx, wh, bias, h0, c0] = &$inputs.tensors;
        let keep = &$inputs.keep;
        let Form { cell, state, keep: masked } = $inputs.form;
        let [batch, time, input] = x.shape().dims::<3>();
        let [hidden, _] = wh.shape().dims::<2>();
        macro_rules! go {
            ($get:ident, $run:expr) => {{
                let given = |there: bool, tensor| there.then(|| $get(tensor)).unwrap_or_default();
                $run(SweepArgs {
                    cell,
                    x: &$get(x),
                    wx: &$get(wx),
                    wh: &$get(wh),
                    bias: &$get(bias),
                    h0: &given(state, h0),
                    c0: &given(state && cell.has_memory(), c0),
                    keep: &given(masked, keep),
                    batch,
                    time,
                    input,
                    hidden,
                })
            }};
        }
        match x {
            NdArrayTensor::F64(_) => go!(f64s, $f64),
            _ => go!(f32s, $f32),
        }
    }};
}

/// Outputs of the kernel as tensors.
macro_rules! outputs {
    ($a:expr, $save:expr, $variant:ident) => {{
        let a = $a;
        let out = sweep_forward(&a, $save);
        let c = if out.c.is_empty() {
            tensor(out.c, [0, a.hidden])
        } else {
            tensor(out.c, [a.batch, a.hidden])
        };
        let saved = out.saved.map(|s| Saved::$variant(Arc::new(s)));
        (tensor(out.h, [a.batch, a.time, a.hidden]), c, saved)
    }};
}

/// Gradients of the kernel as tensors.
macro_rules! grads {
    ($a:expr, $saved:expr, $dh:expr, $needed:expr) => {{
        let (a, needed) = ($a, $needed);
        let g = sweep_backward(&a, unshare($saved), $dh, needed[0]);
        let columns = a.cell.gates() * a.hidden;
        [
            needed[0].then(|| tensor(g.x, [a.batch, a.time, a.input])),
            Some(tensor(g.wx, [a.input, columns])),
            Some(tensor(g.wh, [a.hidden, columns])),
            Some(tensor(g.bias, [a.cell.biases() * a.hidden])),
            needed[4].then(|| tensor(g.h0, [a.batch, a.hidden])),
            needed[5].then(|| tensor(g.c0, [a.batch, a.hidden])),
        ]
    }};
}

impl SweepKernels for NdArray {
    type Saved = Saved;

    fn forward(
        inputs: &SweepInputs<Self>,
        save: bool,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, Option<Saved>) {
        with_args!(inputs, |a: SweepArgs<'_, f32>| outputs!(a, save, F32), |a: SweepArgs<
            '_,
            f64,
        >| outputs!(
            a, save, F64
        ))
    }

    fn backward(
        inputs: &SweepInputs<Self>,
        saved: Saved,
        dh: FloatTensor<Self>,
        needed: [bool; 6],
    ) -> [Option<FloatTensor<Self>>; 6] {
        with_args!(
            inputs,
            |a: SweepArgs<'_, f32>| match saved {
                Saved::F32(s) => grads!(a, s, &f32s(&dh), needed),
                Saved::F64(_) => unreachable!("saved by a sweep of the same element type"),
            },
            |a: SweepArgs<'_, f64>| match saved {
                Saved::F64(s) => grads!(a, s, &f64s(&dh), needed),
                Saved::F32(_) => unreachable!("saved by a sweep of the same element type"),
            }
        )
    }
}

impl SweepOps for NdArray {
    fn sweep(
        x: FloatTensor<Self>,
        wx: FloatTensor<Self>,
        wh: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        h0: FloatTensor<Self>,
        c0: FloatTensor<Self>,
        keep: FloatTensor<Self>,
        form: Form,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let inputs = SweepInputs { tensors: [x, wx, wh, bias, h0, c0], keep, form };
        let (h, c, _) = Self::forward(&inputs, false);
        (h, c)
    }
}
