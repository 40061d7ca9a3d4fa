//! Losses over a catalogue of classes, fused with the product that makes their logits: over all of
//! it, or over a sample.

pub(crate) mod ops;
mod sampled;
pub(crate) mod sampled_ops;
mod sampled_reference;
#[cfg(test)]
mod sampled_tests;
#[cfg(test)]
mod tests;

pub use sampled::{Candidates, SampledLoss, sampled_loss};
pub use sampled_reference::sampled_loss_reference;

use burn::backend::Dispatch;
use burn::tensor::{IndexingUpdateOp, Int, Tensor, TensorData, activation::log_softmax};
use ops::SoftmaxOps;

/// Single logits that get a learned value added, such as those of items a user has had before.
///
/// ```text
/// logit[row, class] += values[code]      for each entry of the row
/// ```
///
/// # Shapes
/// `values` `[codes]`; `offsets` has `rows + 1` numbers, where each row's entries begin; `classes` and `codes` have one
/// for each entry. No class stands twice in a row.
#[derive(Debug, Clone)]
pub struct SparseTerms {
    /// What may be added.
    pub values: Tensor<1>,
    /// Where each row's entries begin, and where the last one's end.
    pub offsets: Vec<i32>,
    /// Class of each entry.
    pub classes: Vec<i32>,
    /// Which value each entry adds.
    pub codes: Vec<i32>,
}

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
    terms: Option<SparseTerms>,
) -> Tensor<1> {
    if !crate::device::is_ndarray(&hidden.device()) {
        return softmax_cross_entropy_reference(hidden, table, bias, targets, weights, terms);
    }
    let device = hidden.device();
    let terms = terms.unwrap_or_else(|| SparseTerms {
        values: Tensor::zeros([1], &device),
        offsets: Vec::new(),
        classes: Vec::new(),
        codes: Vec::new(),
    });
    let integers = |values: Vec<i32>| {
        let n = values.len();
        Tensor::<1, Int>::from_data(TensorData::new(values, [n]), &device).into_dispatch()
    };
    Tensor::from_dispatch(Dispatch::softmax_cross_entropy(
        hidden.into_dispatch(),
        table.into_dispatch(),
        bias.into_dispatch(),
        targets.into_dispatch(),
        weights.into_dispatch(),
        terms.values.into_dispatch(),
        integers(terms.offsets),
        integers(terms.classes),
        integers(terms.codes),
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
    terms: Option<SparseTerms>,
) -> Tensor<1> {
    let mut logits = hidden.matmul(table.transpose()) + bias.unsqueeze_dim(0);
    if let Some(terms) = terms.filter(|terms| !terms.classes.is_empty()) {
        let [rows, classes] = logits.dims();
        let place = |(row, bounds): (usize, &[i32])| {
            let entries = bounds[0] as usize..bounds[1] as usize;
            terms.classes[entries]
                .iter()
                .map(move |&class| (row * classes) as i32 + class)
                .collect::<Vec<_>>()
        };
        let places: Vec<i32> = terms.offsets.windows(2).enumerate().flat_map(place).collect();
        let device = logits.device();
        let integers = |values: Vec<i32>| {
            let n = values.len();
            Tensor::<1, Int>::from_data(TensorData::new(values, [n]), &device)
        };
        let values = terms.values.select(0, integers(terms.codes));
        let flat = logits.reshape([rows * classes]);
        let added = flat.select_assign(0, integers(places), values, IndexingUpdateOp::Add);
        logits = added.reshape([rows, classes]);
    }
    (log_softmax(logits, 1).gather(1, targets) * weights).sum().neg()
}
