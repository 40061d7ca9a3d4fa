//! Losses over a catalogue of classes, fused with the product that makes their logits.

pub(crate) mod ops;
#[cfg(test)]
mod tests;

use burn::backend::Dispatch;
use burn::tensor::{Int, Tensor, activation::log_softmax};
use ops::SoftmaxOps;

/// Cross-entropy of the soft-max over `classes`, summed with a weight for every right answer.
///
/// ```text
/// logit_ic = sum_d hidden_id table_cd + bias_c
/// loss     = sum_ik weight_ik (log sum_c exp(logit_ic) - logit_i,target_ik)
/// ```
///
/// On `ndarray` the `[rows, classes]` matrix of logits is never stored; rows whose weights
/// are all 0 (padding) cost nothing. Weights that sum to 1 make the loss a mean.
///
/// # Shapes
/// `hidden` `[rows, width]`, `table` `[classes, width]`, `bias` `[classes]`, `targets`
/// `[rows, choices]` (below `classes`), `weights` `[rows, choices]` (no gradient) to `[1]`.
pub fn softmax_cross_entropy(
    hidden: Tensor<2>,
    table: Tensor<2>,
    bias: Tensor<1>,
    targets: Tensor<2, Int>,
    weights: Tensor<2>,
) -> Tensor<1> {
    if !crate::device::is_ndarray(&hidden.device()) {
        return softmax_cross_entropy_reference(hidden, table, bias, targets, weights);
    }
    Tensor::from_dispatch(Dispatch::softmax_cross_entropy(
        hidden.into_dispatch(),
        table.into_dispatch(),
        bias.into_dispatch(),
        targets.into_dispatch(),
        weights.into_dispatch(),
    ))
}

/// [`softmax_cross_entropy`] in plain tensor operations: the oracle of the tests, and what runs on
/// devices without the fused form.
pub fn softmax_cross_entropy_reference(
    hidden: Tensor<2>,
    table: Tensor<2>,
    bias: Tensor<1>,
    targets: Tensor<2, Int>,
    weights: Tensor<2>,
) -> Tensor<1> {
    let logits = hidden.matmul(table.transpose()) + bias.unsqueeze_dim(0);
    (log_softmax(logits, 1).gather(1, targets) * weights).sum().neg()
}
