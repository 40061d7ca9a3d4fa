//! The formulas: once over host slices, once over tensors.

use burn::tensor::Tensor;

use super::{Adagrad, Adam, Optimizer};

/// Constants of one step of one parameter, computed in f64.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    /// `p = keep p - rate m / (sqrt(v) root + epsilon)`
    Adam { beta1: f64, beta2: f64, epsilon: f64, keep: f64, rate: f64, root: f64 },
    /// `v = momentum v - rate g / sqrt(G + epsilon)`
    Adagrad { epsilon: f64, momentum: f64, rate: f64 },
}

impl Step {
    /// `count` is how many gradients the parameter has had, this one included.
    pub(super) fn new(optimizer: &Optimizer, learning_rate: f64, count: u64) -> Self {
        match *optimizer {
            Optimizer::Adam(Adam { beta1, beta2, epsilon, weight_decay }) => {
                let power = |beta: f64| beta.powf(count as f64);
                Self::Adam {
                    beta1,
                    beta2,
                    epsilon,
                    keep: 1.0 - learning_rate * weight_decay,
                    rate: learning_rate / (1.0 - power(beta1)),
                    root: 1.0 / (1.0 - power(beta2)).sqrt(),
                }
            }
            Optimizer::Adagrad(Adagrad { epsilon, momentum }) => {
                Self::Adagrad { epsilon, momentum, rate: learning_rate }
            }
        }
    }

    /// Whether the rule keeps a second number per weight.
    pub(super) fn needs_second(optimizer: &Optimizer) -> bool {
        match optimizer {
            Optimizer::Adam(_) => true,
            Optimizer::Adagrad(adagrad) => adagrad.momentum != 0.0,
        }
    }

    /// One pass over a parameter on the host. `second` may be empty where the rule needs none.
    pub(super) fn host(
        self,
        scale: f32,
        weights: &mut [f32],
        gradient: &[f32],
        first: &mut [f32],
        second: &mut [f32],
    ) {
        let length = weights.len();
        // Equal lengths, told to the compiler once, so that the loops run without checks.
        let (gradient, first) = (&gradient[..length], &mut first[..length]);
        match self {
            Self::Adam { beta1, beta2, epsilon, keep, rate, root } => {
                let (b1, b2) = (beta1 as f32, beta2 as f32);
                let (c1, c2) = ((1.0 - beta1) as f32, (1.0 - beta2) as f32);
                let (epsilon, keep) = (epsilon as f32, keep as f32);
                let (rate, root) = (rate as f32, root as f32);
                let second = &mut second[..length];
                for i in 0..length {
                    let g = gradient[i] * scale;
                    first[i] = b1 * first[i] + c1 * g;
                    second[i] = b2 * second[i] + c2 * g * g;
                    let change = rate * first[i] / (second[i].sqrt() * root + epsilon);
                    weights[i] = keep * weights[i] - change;
                }
            }
            Self::Adagrad { epsilon, momentum, rate } => {
                let (epsilon, momentum) = (epsilon as f32, momentum as f32);
                let rate = rate as f32;
                if second.is_empty() {
                    for i in 0..length {
                        let g = gradient[i] * scale;
                        first[i] += g * g;
                        weights[i] -= rate * g / (first[i] + epsilon).sqrt();
                    }
                } else {
                    let second = &mut second[..length];
                    for i in 0..length {
                        let g = gradient[i] * scale;
                        first[i] += g * g;
                        second[i] = momentum * second[i] - rate * g / (first[i] + epsilon).sqrt();
                        weights[i] += second[i];
                    }
                }
            }
        }
    }

    /// The same in tensor operations, on flat tensors: `(weights, first, second)`.
    pub(super) fn device(
        self,
        weights: Tensor<1>,
        gradient: Tensor<1>,
        first: Tensor<1>,
        second: Option<Tensor<1>>,
    ) -> (Tensor<1>, Tensor<1>, Option<Tensor<1>>) {
        match self {
            Self::Adam { beta1, beta2, epsilon, keep, rate, root } => {
                let second = second.expect("Adam always keeps a second buffer");
                let squared = gradient.clone() * gradient.clone();
                let first = first * beta1 + gradient * (1.0 - beta1);
                let second = second * beta2 + squared * (1.0 - beta2);
                let change = first.clone() / (second.clone().sqrt() * root + epsilon) * rate;
                let weights = if keep == 1.0 { weights } else { weights * keep };
                (weights - change, first, Some(second))
            }
            Self::Adagrad { epsilon, momentum, rate } => {
                let first = first + gradient.clone() * gradient.clone();
                let change = gradient / (first.clone() + epsilon).sqrt() * rate;
                match second {
                    None => (weights - change, first, None),
                    Some(velocity) => {
                        let velocity = velocity * momentum - change;
                        (weights + velocity.clone(), first, Some(velocity))
                    }
                }
            }
        }
    }
}
