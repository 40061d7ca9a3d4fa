//! The rows of the table that all rows of the batch share, packed once per call.

use super::super::buffer::Buffer;
use super::super::gemm::panel_width;
use super::super::lanes::Element;
use super::SampledArgs;

/// Elements of logits that a block may hold: 768 KiB of `f32`, to stay in a second cache of 1 to 2
/// MiB.
const BLOCK_ELEMENTS: usize = 3 << 16;

/// The negatives, packed for the products, and where each place of the table stands among them.
#[derive(Debug)]
pub(super) struct Shared<E: Element> {
    pub(super) gradients: bool,
    /// How many negatives there are.
    pub(super) n: usize,
    pub(super) width: usize,
    /// Columns of a panel.
    pub(super) panel: usize,
    pub(super) panels: usize,
    /// `[panel][width + 1][column]`: their rows, and bias plus correction; columns past the last
    /// have a bias of minus infinity.
    pub(super) columns: Buffer<E>,
    /// `[full vectors of the width, two by two][n][column]`: their rows again; empty without
    /// gradients.
    pub(super) rows: Buffer<E>,
    /// `[places + 1]`: where each place's entries of `positions` begin.
    offsets: Vec<u32>,
    positions: Vec<u32>,
}

impl<E: Element> Shared<E> {
    pub(super) fn new(args: &SampledArgs<'_, E>, gradients: bool) -> Self {
        let (n, width, panel) = (args.shared.len(), args.width, panel_width::<E>());
        let panels = n.div_ceil(panel);
        let mut columns = Buffer::scratch(panels * (width + 1) * panel);
        let mut chunks = columns.chunks_exact_mut((width + 1) * panel);
        for (p, places) in args.shared.chunks(panel).enumerate() {
            let Some(to) = chunks.next() else { break };
            for (c, &place) in places.iter().enumerate() {
                let row = &args.table[place as usize * width..][..width];
                to[c..].iter_mut().step_by(panel).zip(row).for_each(|(to, &x)| *to = x);
                let correction = args.corrections.get(p * panel + c).copied().unwrap_or_default();
                to[width * panel + c] =
                    args.bias[place as usize] + E::from_f64(f64::from(correction));
            }
            for row in to.chunks_exact_mut(panel) {
                row[places.len()..].fill(E::ZERO);
            }
            to[width * panel + places.len()..].fill(E::NEG_INFINITY);
        }
        let full = width / (panel / 2) * (panel / 2);
        let mut rows = Buffer::scratch(if gradients { n * full } else { 0 });
        if gradients {
            for from in (0..full).step_by(panel) {
                let cols = panel.min(full - from);
                let to = rows[from * n..][..cols * n].chunks_exact_mut(cols);
                for (to, &place) in to.zip(args.shared) {
                    to.copy_from_slice(&args.table[place as usize * width + from..][..cols]);
                }
            }
        }
        let (offsets, positions) = positions(args.shared, args.bias.len());
        Self { gradients, n, width, panel, panels, columns, rows, offsets, positions }
    }

    /// Length of a row of logits, padding included.
    pub(super) fn padded(&self) -> usize {
        (self.panels * self.panel).next_multiple_of(16)
    }

    /// Distance of rows of logits: an odd number of cache lines, so that the rows of a block do
    /// not all fall on the same sets of the cache.
    pub(super) fn stride(&self) -> usize {
        self.padded() + if (self.padded() / 16).is_multiple_of(2) { 16 } else { 0 }
    }

    /// Rows handled together: whole tiles of 12.
    pub(super) fn block_rows(&self) -> usize {
        (BLOCK_ELEMENTS / self.stride().max(1) / 12 * 12).clamp(24, 96)
    }

    /// Where a place of the table stands among the negatives.
    pub(super) fn positions_of(&self, place: usize) -> &[u32] {
        &self.positions[self.offsets[place] as usize..self.offsets[place + 1] as usize]
    }

    /// Adds the gradient of `columns` to those of the table and of its bias.
    pub(super) fn scatter(&self, columns: &[E], places: &[u32], table: &mut [E], bias: &mut [E]) {
        let (width, panel) = (self.width, self.panel);
        let chunks = columns.chunks_exact((width + 1) * panel);
        for (chunk, places) in chunks.zip(places.chunks(panel)) {
            for (c, &place) in places.iter().enumerate() {
                let to = &mut table[place as usize * width..][..width];
                let from = chunk[c..].iter().step_by(panel);
                to.iter_mut().zip(from).for_each(|(to, &g)| *to += g);
                bias[place as usize] += chunk[width * panel + c];
            }
        }
    }
}

/// Positions of every place, in ascending order.
fn positions(shared: &[u32], places: usize) -> (Vec<u32>, Vec<u32>) {
    let mut offsets = vec![0u32; places + 1];
    for &place in shared {
        offsets[place as usize + 1] += 1;
    }
    for place in 0..places {
        offsets[place + 1] += offsets[place];
    }
    let mut next = offsets.clone();
    let mut positions = vec![0; shared.len()];
    for (j, &place) in shared.iter().enumerate() {
        positions[next[place as usize] as usize] = j as u32;
        next[place as usize] += 1;
    }
    (offsets, positions)
}
