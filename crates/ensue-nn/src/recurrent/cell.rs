//! Which recurrent cell, and how its numbers are laid out.

/// A recurrent cell.
///
/// ```text
/// Lstm            i = sigmoid(x Wi + h Ui + bi)     f = sigmoid(x Wf + h Uf + bf)
///                 g = tanh(x Wg + h Ug + bg)        o = sigmoid(x Wo + h Uo + bo)
///                 c' = f c + i g                    h' = o tanh(c')
/// Gru             r = sigmoid(x Wr + h Ur + br)     z = sigmoid(x Wz + h Uz + bz)
///                 n = tanh(x Wn + bn + r (h Un + bm))
///                 h' = (1 - z) n + z h
/// GruResetBefore  n = tanh(x Wn + bn + (r h) Un), the rest as in Gru
/// ```
///
/// [`Cell::Gru`] is the form of PyTorch, cuDNN and burn's default (reset *after* the recurrent
/// product); [`Cell::GruResetBefore`] that of Cho et al. 2014 and of GRU4Rec. Their weights are not
/// interchangeable. The LSTM is Hochreiter & Schmidhuber 1997 with forget gates (Gers et al. 2000)
/// and without peepholes, as in PyTorch.
///
/// Columns of weights are interleaved: the column of a gate of a unit is `unit * gates + gate`, with
/// gates in the order i, f, g, o or r, z, n. The bias has one more number per unit where a cell adds
/// one inside a product (the `m` of [`Cell::Gru`]): `unit * biases + gate`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Cell {
    /// Long short-term memory.
    Lstm,
    /// Gated recurrent unit, reset gate after the recurrent product.
    #[default]
    Gru,
    /// Gated recurrent unit, reset gate before the recurrent product. On wgpu it runs step by step.
    GruResetBefore,
}

impl Cell {
    /// Columns per hidden unit of both weight matrices.
    pub const fn gates(self) -> usize {
        match self {
            Self::Lstm => 4,
            Self::Gru | Self::GruResetBefore => 3,
        }
    }

    /// Biases per hidden unit.
    pub const fn biases(self) -> usize {
        match self {
            Self::Lstm | Self::Gru => 4,
            Self::GruResetBefore => 3,
        }
    }

    /// Whether the state has a second part, the memory `c`.
    pub const fn has_memory(self) -> bool {
        matches!(self, Self::Lstm)
    }
}
