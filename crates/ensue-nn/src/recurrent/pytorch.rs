//! Weights in PyTorch's order.

use burn::tensor::{Device, Tensor, TensorData};

use super::{Cell, RecurrentLayer, Weights};

impl RecurrentLayer {
    /// A layer from the four arrays of a layer of PyTorch's `LSTM` or `GRU`, row-major:
    /// `weight_ih` `[gates * hidden, input]`, `weight_hh` `[gates * hidden, hidden]`, `bias_ih` and
    /// `bias_hh` `[gates * hidden]`, in blocks i, f, g, o or r, z, n.
    ///
    /// The two biases become one, except for the GRU's `n`, whose second bias lies inside the
    /// product with the reset gate.
    ///
    /// # Panics
    /// If the lengths do not fit together, or the cell is one that PyTorch does not have
    /// ([`Cell::GruResetBefore`]).
    pub fn from_pytorch(
        cell: Cell,
        weight_ih: &[f32],
        weight_hh: &[f32],
        bias_ih: &[f32],
        bias_hh: &[f32],
        device: &Device,
    ) -> Self {
        assert_ne!(cell, Cell::GruResetBefore, "PyTorch resets after the recurrent product");
        let gates = cell.gates();
        let hidden = bias_ih.len() / gates;
        assert_eq!(bias_ih.len(), gates * hidden, "bias_ih is not [gates * hidden]");
        assert_eq!(bias_hh.len(), gates * hidden, "bias_hh is not [gates * hidden]");
        assert_eq!(weight_hh.len(), gates * hidden * hidden, "weight_hh");
        let input = weight_ih.len() / (gates * hidden).max(1);
        assert_eq!(weight_ih.len(), gates * hidden * input, "weight_ih");
        let matrix = |w: &[f32], rows: usize| {
            // Row `gate * hidden + unit` of theirs is column `unit * gates + gate` of ours.
            let ours = (0..rows).flat_map(|row| {
                (0..hidden * gates).map(move |column| {
                    let (unit, gate) = (column / gates, column % gates);
                    w[(gate * hidden + unit) * rows + row]
                })
            });
            let ours: Vec<f32> = ours.collect();
            Tensor::from_data(TensorData::new(ours, [rows, gates * hidden]), device)
        };
        let mut bias = Vec::with_capacity(cell.biases() * hidden);
        for unit in 0..hidden {
            for gate in 0..gates {
                let at = gate * hidden + unit;
                match (cell, gate) {
                    (Cell::Gru, 2) => bias.extend([bias_ih[at], bias_hh[at]]),
                    _ => bias.push(bias_ih[at] + bias_hh[at]),
                }
            }
        }
        let length = bias.len();
        let weights = Weights {
            wx: matrix(weight_ih, input),
            wh: matrix(weight_hh, hidden),
            bias: Tensor::from_data(TensorData::new(bias, [length]), device),
        };
        Self::from_weights(cell, weights)
    }
}
