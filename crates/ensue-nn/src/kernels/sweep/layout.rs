//! Sizes of everything that a sweep lays out, for one cell and instruction set.

use super::Cell;
use crate::kernels::lanes::{Element, Kernel, Lanes};

/// How weights, states and gates of a fused cell lie in memory.
///
/// An LSTM block holds 8 units as `i8 f8 g8 o8`, on every instruction set: two vectors of 16 or
/// four of 8. A GRU block holds one vector of units as `n r z m`: the input feeds `n r z`, the
/// state feeds `r z m`, so both runs are contiguous and no product with zeros is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) cell: Cell,
    pub(super) input: usize,
    pub(super) hidden: usize,
    /// Units in a block.
    pub(super) unit: usize,
    pub(super) blocks: usize,
    /// Hidden units with padding: `blocks * unit`.
    pub(super) padded: usize,
    /// Gate values kept for a block of one row.
    pub(super) kept: usize,
    /// Weights of a block in one row of the packed weights.
    pub(super) width: usize,
    /// Where x begins in a row of Z. LSTM: `h | x | 1`; GRU: `h | 1 | x | 1`.
    pub(super) x_at: usize,
    /// Elements in use of a row of Z; also rows of a block's weight gradient.
    pub(super) row: usize,
    /// Elements from row to row of Z: an odd number of cache lines, so that rows spread over the
    /// sets of the cache.
    pub(super) stride: usize,
}

impl Layout {
    pub(super) fn new<E: Element>(cell: Cell, input: usize, hidden: usize) -> Self {
        let lstm = cell == Cell::Lstm;
        let unit = if lstm { 8 } else { vector::<E>() };
        let blocks = hidden.div_ceil(unit);
        let padded = blocks * unit;
        let x_at = if lstm { padded } else { padded + 1 };
        let row = x_at + input + 1;
        Self {
            cell,
            input,
            hidden,
            unit,
            blocks,
            padded,
            kept: 4 * unit,
            width: cell.gates() * unit,
            x_at,
            row,
            stride: (row.div_ceil(16) | 1) * 16,
        }
    }

    /// Rows of the packed weights of a block: one for each state, one for each input.
    pub(super) fn weight_rows(&self) -> usize {
        self.padded + self.input
    }

    /// Units of a block that are not padding.
    pub(super) fn units(&self, block: usize) -> usize {
        self.unit.min(self.hidden - block * self.unit)
    }
}

/// Elements in a vector of the instruction set in use.
fn vector<E: Element>() -> usize {
    struct Width;
    impl<E: Element> Kernel<E> for Width {
        type Output = usize;
        #[inline(always)]
        fn run<L: Lanes<E = E>>(self) -> usize {
            L::N
        }
    }
    E::dispatch(Width)
}
