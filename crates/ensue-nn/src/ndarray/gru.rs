//! The GRU sweep on the CPU kernels.

use std::sync::Arc;

use burn_ndarray::{NdArray, NdArrayTensor};

use burn::backend::tensor::FloatTensor;

use super::host::{f32s, f64s, tensor};
use crate::kernels::{GruArgs, GruSaved, gru_backward, gru_forward};
use crate::recurrent::ops::{GruInputs, GruKernels, GruOps};
use burn::backend::TensorMetadata;

/// Kept activations of either element type.
#[derive(Debug, Clone)]
pub(crate) enum Saved {
    F32(Arc<GruSaved<f32>>),
    F64(Arc<GruSaved<f64>>),
}

fn unshare<T: Clone>(x: Arc<T>) -> T {
    Arc::try_unwrap(x).unwrap_or_else(|shared| (*shared).clone())
}

/// Runs `$body` with `$args: GruArgs` of the tensors' element type.
macro_rules! with_args {
    ($inputs:expr, $f32:expr, $f64:expr) => {{
        let [x, wx, bx, wh, bh, h0] = &$inputs.tensors;
        let keep = &$inputs.keep;
        let [batch, time, input] = x.shape().dims::<3>();
        let [hidden, _] = wh.shape().dims::<2>();
        macro_rules! go {
            ($get:ident, $run:expr) => {
                $run(GruArgs {
                    x: &$get(x),
                    wx: &$get(wx),
                    bx: &$get(bx),
                    wh: &$get(wh),
                    bh: &$get(bh),
                    h0: &$get(h0),
                    keep: &$get(keep),
                    batch,
                    time,
                    input,
                    hidden,
                })
            };
        }
        match x {
            NdArrayTensor::F64(_) => go!(f64s, $f64),
            _ => go!(f32s, $f32),
        }
    }};
}

fn forward(inputs: &GruInputs<NdArray>, save: bool) -> (NdArrayTensor, Option<Saved>) {
    with_args!(
        inputs,
        |a: GruArgs<'_, f32>| {
            let (h, saved) = gru_forward(&a, save);
            (tensor(h, [a.batch, a.time, a.hidden]), saved.map(|s| Saved::F32(Arc::new(s))))
        },
        |a: GruArgs<'_, f64>| {
            let (h, saved) = gru_forward(&a, save);
            (tensor(h, [a.batch, a.time, a.hidden]), saved.map(|s| Saved::F64(Arc::new(s))))
        }
    )
}

/// Gradients of the kernel as tensors.
macro_rules! grads {
    ($a:expr, $g:expr, $need_x:expr) => {{
        let (a, g) = ($a, $g);
        [
            $need_x.then(|| tensor(g.x, [a.batch, a.time, a.input])),
            Some(tensor(g.wx, [a.input, 3 * a.hidden])),
            Some(tensor(g.bx, [3 * a.hidden])),
            Some(tensor(g.wh, [a.hidden, 3 * a.hidden])),
            Some(tensor(g.bh, [3 * a.hidden])),
            Some(tensor(g.h0, [a.batch, a.hidden])),
        ]
    }};
}

impl GruKernels for NdArray {
    type Saved = Saved;

    fn gru_forward(inputs: &GruInputs<Self>) -> (FloatTensor<Self>, Saved) {
        let (h, saved) = forward(inputs, true);
        (h, saved.expect("asked to save"))
    }

    fn gru_backward(
        inputs: &GruInputs<Self>,
        saved: Saved,
        dh: FloatTensor<Self>,
        need_x: bool,
    ) -> [Option<FloatTensor<Self>>; 6] {
        with_args!(
            inputs,
            |a: GruArgs<'_, f32>| match saved {
                Saved::F32(s) =>
                    grads!(a, gru_backward(&a, unshare(s), &f32s(&dh), need_x), need_x),
                Saved::F64(_) => unreachable!("saved by a sweep of the same element type"),
            },
            |a: GruArgs<'_, f64>| match saved {
                Saved::F64(s) =>
                    grads!(a, gru_backward(&a, unshare(s), &f64s(&dh), need_x), need_x),
                Saved::F32(_) => unreachable!("saved by a sweep of the same element type"),
            }
        )
    }

    fn gru_infer(inputs: &GruInputs<Self>) -> FloatTensor<Self> {
        forward(inputs, false).0
    }
}

impl GruOps for NdArray {
    fn gru_sweep(
        x: FloatTensor<Self>,
        wx: FloatTensor<Self>,
        bx: FloatTensor<Self>,
        wh: FloatTensor<Self>,
        bh: FloatTensor<Self>,
        h0: FloatTensor<Self>,
        keep: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        Self::gru_infer(&GruInputs { tensors: [x, wx, bx, wh, bh, h0], keep })
    }
}
