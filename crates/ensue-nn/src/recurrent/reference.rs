//! The same cells in plain tensor operations: the oracle of the tests, and what runs on devices
//! without a fused sweep.

use burn::tensor::{Tensor, activation::sigmoid};

use super::{Cell, State, Weights, sequence::last_step};

/// [`super::sequence`] step by step.
#[allow(clippy::needless_pass_by_value, reason = "the signature of the fused form")]
pub fn sequence(
    cell: Cell,
    x: Tensor<3>,
    weights: &Weights,
    state: Option<State>,
    keep: Option<Tensor<2>>,
) -> (Tensor<3>, State) {
    let [batch, time, input] = x.dims();
    let [hidden, _] = weights.wh.dims();
    let device = x.device();
    let State { mut h, mut c } = state.unwrap_or_else(|| State::zero(cell, batch, hidden, &device));
    if time == 0 || batch == 0 {
        return (Tensor::zeros([batch, time, hidden], &device), State { h, c }.detach());
    }
    let cell_step = Step {
        cell,
        hidden,
        wh: blocks(weights.wh.clone(), cell.gates()),
        bias: blocks(weights.bias.clone().unsqueeze_dim(0), cell.biases()),
    };
    let gates = cell.gates();
    let gx = x.reshape([batch * time, input]).matmul(blocks(weights.wx.clone(), gates));
    let gx = gx.reshape([batch, time, gates * hidden]);
    let mut states = Vec::with_capacity(time);
    for t in 0..time {
        if let Some(keep) = &keep {
            let keep = keep.clone().slice([0..batch, t..t + 1]);
            h = h * keep.clone();
            c = c.map(|c| c * keep);
        }
        let gx = gx.clone().slice([0..batch, t..t + 1, 0..gates * hidden]);
        (h, c) = cell_step.next(gx.reshape([batch, gates * hidden]), h, c);
        states.push(h.clone().unsqueeze_dim::<3>(1));
    }
    let h = Tensor::cat(states, 1);
    let last = State { h: last_step(&h), c }.detach();
    (h, last)
}

/// Columns `unit * gates + gate` regrouped to `gate * hidden + unit`.
fn blocks(w: Tensor<2>, gates: usize) -> Tensor<2> {
    let [rows, columns] = w.dims();
    let w = w.reshape([rows, columns / gates, gates]);
    w.swap_dims(1, 2).reshape([rows, columns])
}

/// One step of a cell.
struct Step {
    cell: Cell,
    hidden: usize,
    /// `[hidden, gates * hidden]` in blocks.
    wh: Tensor<2>,
    /// `[1, biases * hidden]` in blocks.
    bias: Tensor<2>,
}

impl Step {
    /// Block `k` of a row of blocks.
    fn block(&self, rows: &Tensor<2>, k: usize) -> Tensor<2> {
        let [n, _] = rows.dims();
        rows.clone().slice([0..n, k * self.hidden..(k + 1) * self.hidden])
    }

    /// `x Wk + bk`
    fn biased(&self, gx: &Tensor<2>, k: usize) -> Tensor<2> {
        self.block(gx, k) + self.block(&self.bias, k)
    }

    fn next(
        &self,
        gx: Tensor<2>,
        h: Tensor<2>,
        c: Option<Tensor<2>>,
    ) -> (Tensor<2>, Option<Tensor<2>>) {
        match self.cell {
            Cell::Lstm => {
                let g = gx + h.matmul(self.wh.clone()) + self.bias.clone();
                let i = sigmoid(self.block(&g, 0));
                let f = sigmoid(self.block(&g, 1));
                let o = sigmoid(self.block(&g, 3));
                let c = c.expect("an LSTM has a memory");
                let c = f * c + i * self.block(&g, 2).tanh();
                (o * c.clone().tanh(), Some(c))
            }
            Cell::Gru => {
                let gh = h.clone().matmul(self.wh.clone());
                let r = sigmoid(self.biased(&gx, 0) + self.block(&gh, 0));
                let z = sigmoid(self.biased(&gx, 1) + self.block(&gh, 1));
                let m = self.block(&gh, 2) + self.block(&self.bias, 3);
                let n = (self.biased(&gx, 2) + r * m).tanh();
                (n.clone() + z * (h - n), None)
            }
            Cell::GruResetBefore => {
                let (rz, n) = (0..2 * self.hidden, 2 * self.hidden..3 * self.hidden);
                let wh = |columns| self.wh.clone().slice([0..self.hidden, columns]);
                let gh = h.clone().matmul(wh(rz));
                let r = sigmoid(self.biased(&gx, 0) + self.block(&gh, 0));
                let z = sigmoid(self.biased(&gx, 1) + self.block(&gh, 1));
                let n = (self.biased(&gx, 2) + (r * h.clone()).matmul(wh(n))).tanh();
                (n.clone() + z * (h - n), None)
            }
        }
    }
}
