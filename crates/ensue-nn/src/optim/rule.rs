//! The formulas: constants in f64, and the tensor form. The host form is in `kernels::update`.

use burn::tensor::Tensor;

use super::{Adagrad, Adam, Optimizer};

/// A rule's constants in one step, the same for every weight.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    /// `p = keep p - rate m / (sqrt(v) root + epsilon)`
    Adam { beta1: f64, beta2: f64, epsilon: f64, keep: f64 },
    /// `v = momentum v - rate g / sqrt(G + epsilon)`, without a `v` of its own when momentum is 0.
    Adagrad { epsilon: f64, momentum: f64 },
}

/// The constants that depend on how many gradients a weight has had.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Pace {
    pub(super) rate: f64,
    pub(super) root: f64,
}

/// A factor of a whole tensor, or of each row: `[rows, 1]`.
#[derive(Debug, Clone)]
pub(super) enum Factor<const D: usize> {
    Same(f64),
    Each(Box<Tensor<D>>),
}

impl<const D: usize> Factor<D> {
    fn times(&self, tensor: Tensor<D>) -> Tensor<D> {
        match self {
            Self::Same(factor) => tensor * *factor,
            Self::Each(factors) => tensor * (**factors).clone(),
        }
    }
}

/// Weights and what the rule remembers of them, as tensors of one shape.
#[derive(Debug, Clone)]
pub(super) struct Triple<const D: usize> {
    pub(super) weights: Tensor<D>,
    pub(super) first: Tensor<D>,
    pub(super) second: Option<Tensor<D>>,
}

impl<const D: usize> Triple<D> {
    pub(super) fn map<const E: usize>(self, f: impl Fn(Tensor<D>) -> Tensor<E>) -> Triple<E> {
        let Self { weights, first, second } = self;
        Triple { weights: f(weights), first: f(first), second: second.map(f) }
    }

    pub(super) fn zip(self, other: Self, f: impl Fn(Tensor<D>, Tensor<D>) -> Tensor<D>) -> Self {
        Self {
            weights: f(self.weights, other.weights),
            first: f(self.first, other.first),
            second: self.second.zip(other.second).map(|(one, two)| f(one, two)),
        }
    }
}

impl Step {
    pub(super) fn new(optimizer: &Optimizer, learning_rate: f64) -> Self {
        match *optimizer {
            Optimizer::Adam(Adam { beta1, beta2, epsilon, weight_decay }) => {
                Self::Adam { beta1, beta2, epsilon, keep: 1.0 - learning_rate * weight_decay }
            }
            Optimizer::Adagrad(Adagrad { epsilon, momentum }) => {
                Self::Adagrad { epsilon, momentum }
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

    /// Whether a weight's step depends on how many gradients it has had.
    pub(super) fn counts(optimizer: &Optimizer) -> bool {
        matches!(optimizer, Optimizer::Adam(_))
    }

    /// The rule in tensor operations.
    pub(super) fn device<const D: usize>(
        self,
        Triple { weights, first, second }: Triple<D>,
        gradient: Tensor<D>,
        rate: &Factor<D>,
        root: &Factor<D>,
    ) -> Triple<D> {
        match self {
            Self::Adam { beta1, beta2, epsilon, keep } => {
                let second = second.expect("Adam always keeps a second buffer");
                let squared = gradient.clone() * gradient.clone();
                let first = first * beta1 + gradient * (1.0 - beta1);
                let second = second * beta2 + squared * (1.0 - beta2);
                let divisor = root.times(second.clone().sqrt()) + epsilon;
                let change = rate.times(first.clone() / divisor);
                let weights = if keep == 1.0 { weights } else { weights * keep };
                Triple { weights: weights - change, first, second: Some(second) }
            }
            Self::Adagrad { epsilon, momentum } => {
                let first = first + gradient.clone() * gradient.clone();
                let change = rate.times(gradient / (first.clone() + epsilon).sqrt());
                match second {
                    None => Triple { weights: weights - change, first, second: None },
                    Some(velocity) => {
                        let velocity = velocity * momentum - change;
                        let weights = weights + velocity.clone();
                        Triple { weights, first, second: Some(velocity) }
                    }
                }
            }
        }
    }
}

/// The paces by count of gradients. Adam's take two powers each, so they are kept.
#[derive(Debug, Default)]
pub(super) struct Paces {
    /// `1 - beta1^t` and `1 / sqrt(1 - beta2^t)` for `t` from 1.
    corrections: Vec<(f64, f64)>,
}

/// Corrections worth keeping, as many as the rows of a large table may differ by.
const KEPT: u64 = 1 << 16;

impl Paces {
    /// The pace of a weight that has had `count` gradients, this one included.
    pub(super) fn get(&mut self, optimizer: &Optimizer, learning_rate: f64, count: u64) -> Pace {
        match optimizer {
            Optimizer::Adam(adam) => {
                let (first, root) = self.corrections(adam, count);
                Pace { rate: learning_rate / first, root }
            }
            Optimizer::Adagrad(_) => Pace { rate: learning_rate, root: 1.0 },
        }
    }

    fn corrections(&mut self, adam: &Adam, count: u64) -> (f64, f64) {
        let correct = |t: u64| {
            let power = |beta: f64| beta.powf(t as f64);
            (1.0 - power(adam.beta1), 1.0 / (1.0 - power(adam.beta2)).sqrt())
        };
        if count > KEPT {
            return correct(count);
        }
        let known = self.corrections.len() as u64;
        self.corrections.extend((known + 1..=count).map(correct));
        self.corrections[count as usize - 1]
    }
}
