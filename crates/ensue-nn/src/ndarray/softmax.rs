//! The soft-max loss on the CPU kernels.

use burn::backend::TensorMetadata;
use burn::backend::ops::FloatTensorOps;
use burn_ndarray::{NdArray, NdArrayTensor};

use burn::backend::tensor::{FloatTensor, IntTensor};

use super::host::{f32s, f64s, indices, tensor};
use crate::kernels::{SoftmaxArgs, Terms, softmax_cross_entropy};
use crate::loss::ops::{LossAndGrads, SoftmaxKernels, SoftmaxOps};

impl SoftmaxKernels for NdArray {
    fn softmax_loss(
        [hidden, table, bias, values]: [FloatTensor<Self>; 4],
        targets: IntTensor<Self>,
        weights: FloatTensor<Self>,
        [offsets, term_classes, codes]: [IntTensor<Self>; 3],
        gradients: bool,
    ) -> LossAndGrads<Self> {
        let [rows, width] = hidden.shape().dims::<2>();
        let [classes, _] = table.shape().dims::<2>();
        let [_, choices] = targets.shape().dims::<2>();
        let targets = indices(&targets);
        let (offsets, term_classes, codes) =
            (indices(&offsets), indices(&term_classes), indices(&codes));
        let [n_values] = values.shape().dims::<1>();
        macro_rules! go {
            ($get:ident) => {{
                let args = SoftmaxArgs {
                    h: &$get(&hidden),
                    w: &$get(&table),
                    bias: &$get(&bias),
                    targets: &targets,
                    weights: &$get(&weights),
                    width,
                    choices,
                    terms: Terms {
                        offsets: &offsets,
                        classes: &term_classes,
                        codes: &codes,
                        values: &$get(&values),
                    },
                };
                let (loss, grads) = softmax_cross_entropy(&args, gradients);
                let grads = grads.map(|g| {
                    [
                        tensor(g.h, [rows, width]),
                        tensor(g.w, [classes, width]),
                        tensor(g.bias, [classes]),
                        tensor(g.terms, [n_values]),
                    ]
                });
                (tensor(vec![loss], [1]), grads)
            }};
        }
        if matches!(hidden, NdArrayTensor::F64(_)) { go!(f64s) } else { go!(f32s) }
    }

    fn scale(x: FloatTensor<Self>, factor: &FloatTensor<Self>) -> FloatTensor<Self> {
        let factor = match factor {
            NdArrayTensor::F64(_) => f64s(factor)[0],
            _ => f64::from(f32s(factor)[0]),
        };
        // The usual case: the loss itself is what is differentiated.
        if factor == 1.0 { x } else { Self::float_mul_scalar(x, factor.into()) }
    }
}

impl SoftmaxOps for NdArray {
    fn softmax_cross_entropy(
        hidden: FloatTensor<Self>,
        table: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        targets: IntTensor<Self>,
        weights: FloatTensor<Self>,
        term_values: FloatTensor<Self>,
        term_offsets: IntTensor<Self>,
        term_classes: IntTensor<Self>,
        term_codes: IntTensor<Self>,
    ) -> FloatTensor<Self> {
        let terms = [term_offsets, term_classes, term_codes];
        let inputs = [hidden, table, bias, term_values];
        Self::softmax_loss(inputs, targets, weights, terms, false).0
    }
}
