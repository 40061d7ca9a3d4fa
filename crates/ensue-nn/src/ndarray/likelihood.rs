//! The losses of likelihoods on the CPU kernels.

use burn::backend::TensorMetadata;
use burn::backend::tensor::FloatTensor;
use burn_ndarray::{NdArray, NdArrayTensor};

use super::host::{f32s, f64s, tensor};
use crate::kernels::{LikelihoodArgs, likelihood_loss};
use crate::likelihood::Likelihood;
use crate::likelihood::ops::{LikelihoodKernels, LikelihoodOps};

impl LikelihoodKernels for NdArray {
    fn likelihood_loss_and_grad(
        raw: FloatTensor<Self>,
        [target, scale, weights]: [FloatTensor<Self>; 3],
        likelihood: Likelihood,
        gradient: bool,
    ) -> (FloatTensor<Self>, Option<FloatTensor<Self>>) {
        let shape = raw.shape().dims::<3>();
        macro_rules! go {
            ($get:ident) => {{
                let args = LikelihoodArgs {
                    likelihood,
                    raw: &$get(&raw),
                    target: &$get(&target),
                    scale: &$get(&scale),
                    weights: &$get(&weights),
                };
                let (loss, grad) = likelihood_loss(&args, gradient);
                (tensor(vec![loss], [1]), grad.map(|grad| tensor(grad, shape)))
            }};
        }
        if matches!(raw, NdArrayTensor::F64(_)) { go!(f64s) } else { go!(f32s) }
    }
}

impl LikelihoodOps for NdArray {
    fn likelihood_loss(
        raw: FloatTensor<Self>,
        target: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        likelihood: Likelihood,
    ) -> FloatTensor<Self> {
        Self::likelihood_loss_and_grad(raw, [target, scale, weights], likelihood, false).0
    }
}
