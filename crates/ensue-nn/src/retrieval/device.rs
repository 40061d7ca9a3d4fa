//! Plain tensor operations and a selection on the host: for every device, and what tests compare
//! with.

use burn::tensor::{Tensor, TensorData};

use super::{Ask, Best, Kept};

/// Scores in host memory at once, at most (but one row at least).
const SCORES: usize = 1 << 24;

/// The tables as they are.
#[derive(Debug, Clone)]
pub(super) struct OnDevice {
    /// `[items, width]`
    vectors: Tensor<2>,
    /// `[items]`
    bias: Tensor<1>,
}

impl OnDevice {
    pub(super) fn new(vectors: Tensor<2>, bias: Tensor<1>) -> Self {
        Self { vectors, bias }
    }

    pub(super) fn vector(&self, item: usize, out: &mut [f32]) {
        let [_, width] = self.vectors.dims();
        out.copy_from_slice(&host(self.vectors.clone().slice([item..item + 1, 0..width])));
    }

    pub(super) fn scores(&self, hidden: &[f32], queries: usize) -> Vec<f32> {
        let [items, width] = self.vectors.dims();
        if items == 0 || queries == 0 {
            return Vec::new();
        }
        if width == 0 {
            return host(self.bias.clone()).repeat(queries);
        }
        let options = (&self.vectors.device(), self.vectors.dtype());
        let hidden = Tensor::from_data(TensorData::new(hidden.to_vec(), [queries, width]), options);
        let bias = self.bias.clone().reshape([1, items]);
        host(hidden.matmul(self.vectors.clone().transpose()) + bias)
    }

    pub(super) fn best(&self, hidden: &[f32], k: usize, asks: &[Ask<'_>]) -> Vec<Best> {
        let [items, width] = self.vectors.dims();
        let rows = (SCORES / items.max(1)).max(1);
        let mut answers = Vec::with_capacity(asks.len());
        for (block, asks) in asks.chunks(rows).enumerate() {
            let hidden = &hidden[block * rows * width..][..asks.len() * width];
            let mut scores = self.scores(hidden, asks.len());
            for (row, ask) in asks.iter().enumerate() {
                answers.push(answer(&mut scores[row * items..][..items], k, ask));
            }
        }
        answers
    }
}

/// The numbers of a tensor in single precision.
fn host<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().convert::<f32>().try_into_vec::<f32>().expect("converted to f32")
}

/// The answer from one row of scores.
fn answer(scores: &mut [f32], k: usize, ask: &Ask<'_>) -> Best {
    for &(item, term) in ask.added {
        if let Some(score) = scores.get_mut(item as usize) {
            *score += term;
        }
    }
    let mut kept = Kept::new(k, scores.len());
    let mut exclude = ask.exclude.iter().copied().peekable();
    for (item, &score) in (0u32..).zip(&*scores) {
        while exclude.next_if(|&skipped| skipped < item).is_some() {}
        let allowed = ask.allowed.is_none_or(|allowed| allowed.contains(item));
        if exclude.peek() != Some(&item) && allowed {
            kept.push(item, score);
        }
    }
    let maximum = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let finite = scores.iter().all(|score| score.is_finite());
    let distance = |&score: &f32| f64::from(score) - f64::from(maximum);
    let sum = match (ask.total, finite) {
        (false, _) => 0.0,
        (true, false) => f64::NAN,
        (true, true) => scores.iter().map(|score| distance(score).exp()).sum(),
    };
    Best { items: kept.into_sorted(), maximum, sum, finite }
}
