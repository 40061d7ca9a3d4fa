//! Losses against a sample of the catalogue, for sequence recommenders: sampled soft-max, BPR-max
//! and TOP1-max.

use burn::backend::Dispatch;
use burn::tensor::{Int, Tensor};
use serde::{Deserialize, Serialize};

use super::SparseTerms;
use super::sampled_ops::{Problem, SampledOps};
use super::sampled_reference::sampled_loss_reference;

/// How a right answer is compared with the negatives.
///
/// ```text
/// o_t: logit of the right answer, o_j: of negative j, s_j = exp(o_j) / sum_l exp(o_l)
///
/// soft-max  log(exp(o_t) + sum_j exp(o_j)) - o_t
/// bpr-max   -log(sum_j s_j sigmoid(o_t - o_j) + 1e-24) + regularization sum_j s_j o_j^2
/// top1-max  sum_j s_j (sigmoid(o_j - o_t) + sigmoid(o_j^2))
/// ```
///
/// BPR-max and TOP1-max are those of B. Hidasi and A. Karatzoglou, "Recurrent Neural Networks with
/// Top-k Gains for Session-based Recommendations" (CIKM 2018).
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SampledLoss {
    /// Cross-entropy over the right answer and the negatives: the default.
    #[default]
    SoftMax,
    /// Bayesian personalised ranking against the negatives weighted by their soft-max.
    BprMax {
        /// Weight of the squared logits of the negatives (`bpreg`), at least 0.
        regularization: f64,
        /// `alpha` of the exponential linear unit that all logits go through first, at least 0;
        /// 0 leaves them as they are.
        elu: f64,
    },
    /// The TOP1 loss against the negatives weighted by their soft-max.
    Top1Max,
}

/// The negatives of a batch, and what is added to logits because they were sampled.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Candidates {
    /// `[negatives]`: places in the table that are negatives of every row. A place may stand more
    /// than once. In rows where it is a right answer it is left out.
    pub shared: Vec<i32>,
    /// `[negatives]`: added to their logits, such as `-log` of how often each is drawn (logQ);
    /// empty for 0.
    pub corrections: Vec<f32>,
    /// `[rows, choices]`: added to the logits of the right answers; empty for 0.
    pub target_corrections: Vec<f32>,
}

/// Loss of right answers against sampled negatives, summed with a weight for every right answer.
///
/// ```text
/// o_ip = sum_d hidden_id table_pd + bias_p + correction + terms
/// loss = sum_ik weight_ik loss(o_i,target_ik; o_ij for j in shared that is no answer of row i)
/// ```
///
/// `table` holds the rows of an embedding table that the batch needs, and `targets`, `candidates`
/// and the classes of `terms` are places in it: a term is added wherever its place stands, as
/// right answer and as negative. A row that has no negative left costs nothing. A right answer of
/// weight 0 is not there.
///
/// On `ndarray` the `[rows, negatives]` matrix of logits is never stored, and rows whose weights
/// are all 0 (padding) cost nothing. Weights that sum to 1 make the loss a mean.
///
/// # Shapes
/// `hidden` `[rows, width]`, `table` `[places, width]`, `bias` `[places]`, `targets`
/// `[rows, choices]` (below `places`), `weights` `[rows, choices]` (no gradient) to `[1]`.
///
/// # Panics
/// On `ndarray`, if a place is outside the table, or the length of a list does not fit.
///
/// # Example
/// ```
/// use burn::tensor::Tensor;
/// use ensue_nn::device;
/// use ensue_nn::loss::{Candidates, SampledLoss, sampled_loss};
///
/// let device = device::open("ndarray")?;
/// let hidden = Tensor::<2>::from_floats([[1.0, 0.0], [0.0, 1.0]], &device);
/// let table = Tensor::<2>::from_floats([[2.0, 0.0], [0.0, 2.0], [1.0, 1.0]], &device);
/// let bias = Tensor::<1>::zeros([3], &device);
/// let targets = Tensor::from_ints([[0], [1]], &device);
/// let weights = Tensor::<2>::full([2, 1], 0.5, &device);
/// let negatives = Candidates { shared: vec![0, 2], ..Candidates::default() };
/// let kind = SampledLoss::SoftMax;
/// let loss = sampled_loss(kind, hidden, table, bias, targets, weights, &negatives, None);
/// // Row 0 has place 2 as its only negative, row 1 has both.
/// let first = (1.0 + (-1f32).exp()).ln();
/// let second = (1.0 + (-2f32).exp() + (-1f32).exp()).ln();
/// assert!((loss.into_scalar::<f32>() - (first + second) / 2.0).abs() < 1e-6);
/// # Ok::<(), ensue_nn::device::DeviceError>(())
/// ```
#[expect(clippy::too_many_arguments, reason = "a loss has as many inputs as its formula")]
pub fn sampled_loss(
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
    if !crate::device::is_ndarray(&device) {
        return sampled_loss_reference(
            kind, hidden, table, bias, targets, weights, candidates, terms,
        );
    }
    let terms = terms.unwrap_or_else(|| SparseTerms {
        values: Tensor::zeros([1], &device),
        offsets: Vec::new(),
        classes: Vec::new(),
        codes: Vec::new(),
    });
    let problem = Problem {
        kind,
        candidates: candidates.clone(),
        offsets: terms.offsets,
        classes: terms.classes,
        codes: terms.codes,
    };
    Tensor::from_dispatch(Dispatch::sampled_loss(
        hidden.into_dispatch(),
        table.into_dispatch(),
        bias.into_dispatch(),
        targets.into_dispatch(),
        weights.into_dispatch(),
        terms.values.into_dispatch(),
        problem,
    ))
}
