//! The packed weights once more, transposed, for the products that carry gradients back.

use super::layout::Layout;
use super::pack::Packed;
use crate::kernels::buffer::Buffer;
use crate::kernels::lanes::{Element, Kernel, Lanes};

/// Columns of the transposed weights that one tile covers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Panel {
    /// First row of the packed weights, a column here.
    pub(super) column: usize,
    /// Columns that are not padding.
    pub(super) columns: usize,
    /// Vectors in a row: 1, 2 or 3.
    pub(super) vectors: usize,
    /// Where the gates that feed it begin in a block's kept gates.
    pub(super) gates: usize,
    /// Place in the data.
    pub(super) at: usize,
}

/// Panels of `[block][width of the block][columns of the panel]`.
#[derive(Debug)]
pub(super) struct Transposed<E: Element> {
    pub(super) panels: Vec<Panel>,
    pub(super) data: Buffer<E>,
}

impl<E: Element> Transposed<E> {
    /// Transposes the rows of the states, and those of the inputs if asked for.
    pub(super) fn new(weights: &Packed<E>, inputs: bool) -> Self {
        let layout = &weights.layout;
        let lstm = layout.width == layout.kept;
        let (states, all) = (layout.padded, layout.weight_rows());
        // (columns, first gate that feeds them); all gates of an LSTM feed both sides.
        let groups = match (lstm, inputs) {
            (_, false) => vec![(0..states, layout.kept - layout.width)],
            (true, true) => vec![(0..all, 0)],
            (false, true) => vec![(0..states, layout.unit), (states..all, 0)],
        };
        E::dispatch(Transpose { weights, groups })
    }
}

struct Transpose<'a, E: Element> {
    weights: &'a Packed<E>,
    groups: Vec<(std::ops::Range<usize>, usize)>,
}

impl<E: Element> Kernel<E> for Transpose<'_, E> {
    type Output = Transposed<E>;

    #[inline(always)]
    fn run<L: Lanes<E = E>>(self) -> Transposed<E> {
        let layout = &self.weights.layout;
        let height = layout.blocks * layout.width;
        let (mut panels, mut at) = (Vec::new(), 0);
        for (range, gates) in self.groups {
            let mut column = range.start;
            while column < range.end {
                let left = (range.end - column).div_ceil(L::N);
                // An odd number of vectors ends in a panel of three.
                let vectors = if left == 3 { 3 } else { left.min(2) };
                let columns = (vectors * L::N).min(range.end - column);
                panels.push(Panel { column, columns, vectors, gates, at });
                at += height * vectors * L::N;
                column += columns;
            }
        }
        let mut data = Buffer::scratch(at);
        for panel in &panels {
            let width = panel.vectors * L::N;
            let to = &mut data[panel.at..][..height * width];
            for block in 0..layout.blocks {
                let to = &mut to[block * layout.width * width..][..layout.width * width];
                transpose(self.weights, block, panel, width, to);
            }
        }
        Transposed { panels, data }
    }
}

/// One block of one panel, in squares of eight.
#[inline(always)]
fn transpose<E: Element>(
    weights: &Packed<E>,
    block: usize,
    panel: &Panel,
    width: usize,
    to: &mut [E],
) {
    let Layout { width: run, .. } = weights.layout;
    let rows = weights.layout.weight_rows();
    let from = &weights.weights[(block * rows + panel.column) * run..][..panel.columns * run];
    for c in (0..width).step_by(8) {
        let some = panel.columns.saturating_sub(c).min(8);
        for k in (0..run).step_by(8) {
            let mut square = [[E::ZERO; 8]; 8];
            for (j, row) in square.iter_mut().enumerate().take(some) {
                row.copy_from_slice(&from[(c + j) * run + k..][..8]);
            }
            for i in 0..8 {
                let to = &mut to[(k + i) * width + c..][..8];
                for j in 0..8 {
                    to[j] = square[j][i];
                }
            }
        }
    }
}
