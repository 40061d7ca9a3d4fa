//! The sampled losses on the CPU kernels.

use burn::backend::TensorMetadata;
use burn::backend::tensor::{FloatTensor, IntTensor};
use burn_ndarray::{NdArray, NdArrayTensor};

use super::host::{f32s, f64s, indices, tensor};
use crate::kernels::{SampledArgs, Terms, sampled_loss};
use crate::loss::ops::LossAndGrads;
use crate::loss::sampled_ops::{Problem, SampledKernels, SampledOps};

/// Places, for the kernels: a negative number wraps far beyond any place and is caught there.
fn places(values: &[i32]) -> Vec<u32> {
    values.iter().map(|&v| v as u32).collect()
}

impl SampledKernels for NdArray {
    fn sampled_loss_and_grads(
        [hidden, table, bias, values]: [FloatTensor<Self>; 4],
        targets: IntTensor<Self>,
        weights: FloatTensor<Self>,
        problem: &Problem,
        gradients: bool,
    ) -> LossAndGrads<Self> {
        let [rows, width] = hidden.shape().dims::<2>();
        let [n_places, _] = table.shape().dims::<2>();
        let [_, choices] = targets.shape().dims::<2>();
        let [n_values] = values.shape().dims::<1>();
        let (targets, shared) = (indices(&targets), places(&problem.candidates.shared));
        let (offsets, classes, codes) =
            (places(&problem.offsets), places(&problem.classes), places(&problem.codes));
        macro_rules! go {
            ($get:ident) => {{
                let args = SampledArgs {
                    kind: problem.kind,
                    h: &$get(&hidden),
                    table: &$get(&table),
                    bias: &$get(&bias),
                    targets: &targets,
                    weights: &$get(&weights),
                    shared: &shared,
                    corrections: &problem.candidates.corrections,
                    target_corrections: &problem.candidates.target_corrections,
                    width,
                    choices,
                    terms: Terms {
                        offsets: &offsets,
                        classes: &classes,
                        codes: &codes,
                        values: &$get(&values),
                    },
                };
                let (loss, grads) = sampled_loss(&args, gradients);
                let grads = grads.map(|g| {
                    [
                        tensor(g.h, [rows, width]),
                        tensor(g.w, [n_places, width]),
                        tensor(g.bias, [n_places]),
                        tensor(g.terms, [n_values]),
                    ]
                });
                (tensor(vec![loss], [1]), grads)
            }};
        }
        if matches!(hidden, NdArrayTensor::F64(_)) { go!(f64s) } else { go!(f32s) }
    }
}

impl SampledOps for NdArray {
    fn sampled_loss(
        hidden: FloatTensor<Self>,
        table: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        targets: IntTensor<Self>,
        weights: FloatTensor<Self>,
        term_values: FloatTensor<Self>,
        problem: Problem,
    ) -> FloatTensor<Self> {
        let inputs = [hidden, table, bias, term_values];
        Self::sampled_loss_and_grads(inputs, targets, weights, &problem, false).0
    }
}
