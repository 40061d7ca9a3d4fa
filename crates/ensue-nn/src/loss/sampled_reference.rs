//! The sampled losses in plain tensor operations.

use burn::tensor::activation::{log_softmax, sigmoid, softmax};
use burn::tensor::{IndexingUpdateOp, Int, Tensor, TensorData};

use super::SparseTerms;
use super::sampled::{Candidates, SampledLoss};

/// Logit of a negative that is left out: finite, so that a row without any has no NaN.
const LEFT_OUT: f32 = -1e30;

/// [`sampled_loss`](super::sampled_loss) in plain tensor operations: the oracle of the tests, and
/// what runs on devices without the fused form.
#[expect(clippy::too_many_arguments, reason = "a loss has as many inputs as its formula")]
#[allow(clippy::needless_pass_by_value, reason = "the signature of the fused form")]
pub fn sampled_loss_reference(
    kind: SampledLoss,
    hidden: Tensor<2>,
    table: Tensor<2>,
    bias: Tensor<1>,
    targets: Tensor<2, Int>,
    weights: Tensor<2>,
    candidates: &Candidates,
    terms: Option<SparseTerms>,
) -> Tensor<1> {
    let device = hidden.device();
    let integers = |values: &[i32]| {
        Tensor::<1, Int>::from_data(TensorData::new(values.to_vec(), [values.len()]), &device)
    };
    let [rows, width] = hidden.dims();
    let [_, choices] = targets.dims();
    let negatives = candidates.shared.len();
    let flat = targets.clone().reshape([rows * choices]);
    let own_rows = table.clone().select(0, flat.clone()).reshape([rows, choices, width]);
    let products = (hidden.clone().unsqueeze_dim::<3>(1) * own_rows).sum_dim(2);
    let own_bias = bias.clone().select(0, flat).reshape([rows, choices]);
    let mut own = products.reshape([rows, choices]) + own_bias;
    if !candidates.target_corrections.is_empty() {
        let data = TensorData::new(candidates.target_corrections.clone(), [rows, choices]);
        own = own + Tensor::from_data(data, &device);
    }
    if negatives == 0 {
        // 0, and so is its gradient in every input.
        let values = terms.map_or_else(|| Tensor::zeros([1], &device), |terms| terms.values.sum());
        return (own.sum() + values) * 0.0;
    }
    let shared = integers(&candidates.shared);
    let mut logits = hidden.matmul(table.select(0, shared.clone()).transpose())
        + bias.select(0, shared.clone()).unsqueeze_dim(0);
    if !candidates.corrections.is_empty() {
        let data = TensorData::new(candidates.corrections.clone(), [1, negatives]);
        logits = logits + Tensor::from_data(data, &device);
    }
    if let Some(terms) = terms.filter(|terms| !terms.classes.is_empty()) {
        let row_of = |(row, bounds): (usize, &[i32])| {
            std::iter::repeat_n(row as i32, (bounds[1] - bounds[0]) as usize)
        };
        let entry_rows: Vec<i32> = terms.offsets.windows(2).enumerate().flat_map(row_of).collect();
        // As right answers: a comparison, since which they are is known to the device only.
        let at = integers(&entry_rows);
        let wanted = integers(&terms.classes).unsqueeze_dim::<2>(1);
        let same = targets.clone().select(0, at.clone()).equal(wanted.repeat_dim(1, choices));
        let values = terms.values.clone().select(0, integers(&terms.codes));
        let added = same.float() * values.unsqueeze_dim::<2>(1);
        own = own.select_assign(0, at, added, IndexingUpdateOp::Add);
        // As negatives: a place may stand anywhere in the list, and more than once.
        let (mut places, mut codes) = (Vec::new(), Vec::new());
        for ((&row, &class), &code) in entry_rows.iter().zip(&terms.classes).zip(&terms.codes) {
            for (j, _) in candidates.shared.iter().enumerate().filter(|&(_, &s)| s == class) {
                places.push(row * negatives as i32 + j as i32);
                codes.push(code);
            }
        }
        if !places.is_empty() {
            let values = terms.values.select(0, integers(&codes));
            let flat = logits.reshape([rows * negatives]);
            let added = flat.select_assign(0, integers(&places), values, IndexingUpdateOp::Add);
            logits = added.reshape([rows, negatives]);
        }
    }
    // How often each negative is a right answer of the row.
    let same = targets
        .unsqueeze_dim::<3>(2)
        .repeat_dim(2, negatives)
        .equal(shared.reshape([1, 1, negatives]).repeat_dim(0, rows).repeat_dim(1, choices));
    let there = weights.clone().not_equal_elem(0.0).float().unsqueeze_dim::<3>(2);
    let hit = (same.float() * there).sum_dim(1).reshape([rows, negatives]).greater_elem(0.0);
    let any = hit.clone().bool_not().float().sum_dim(1).greater_elem(0.0).float();

    let (regularization, elu) = match kind {
        SampledLoss::BprMax { regularization, elu } => (regularization, elu),
        SampledLoss::SoftMax | SampledLoss::Top1Max => (0.0, 0.0),
    };
    let activate = |x: Tensor<2>| {
        if elu == 0.0 {
            return x;
        }
        x.clone().clamp_min(0.0) + (x.clamp_max(0.0).exp() - 1.0) * elu
    };
    let (own, x) = (activate(own), activate(logits));
    let masked = x.clone().mask_fill(hit.clone(), LEFT_OUT);
    let spread = softmax(masked.clone(), 1).mask_fill(hit, 0.0);
    let mean = |value: Tensor<2>| (spread.clone() * value).sum_dim(1);
    let mut total = Tensor::zeros([1], &device);
    for choice in 0..choices {
        let target = own.clone().slice([0..rows, choice..choice + 1]);
        let loss = match kind {
            SampledLoss::SoftMax => {
                let all = Tensor::cat(vec![target, masked.clone()], 1);
                log_softmax(all, 1).slice([0..rows, 0..1]).neg()
            }
            SampledLoss::BprMax { .. } => {
                let win = mean(sigmoid(target - x.clone()));
                let squares = mean(x.clone() * x.clone());
                squares * regularization - (win + 1e-24).log()
            }
            SampledLoss::Top1Max => {
                mean(sigmoid(x.clone() - target) + sigmoid(x.clone() * x.clone()))
            }
        };
        let weight = weights.clone().slice([0..rows, choice..choice + 1]) * any.clone();
        total = total + (loss * weight).sum();
    }
    total
}
