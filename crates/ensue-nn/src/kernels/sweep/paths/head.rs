//! The linear head on the last layer's hidden states.

use crate::kernels::buffer::Buffer;
use crate::kernels::gemm::panel_width;
use crate::kernels::lanes::{Element, Kernel, Lanes};
use crate::kernels::sweep::tile::{tallest, tile, tiles, with_rows};

/// `h W + b`, one vector of outputs at a time.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    hidden: usize,
    outputs: usize,
    panels: usize,
    /// Elements in a vector.
    width: usize,
    /// `[panel, hidden, width]`, zero filled.
    weights: Buffer<f32>,
    /// `[panel, width]`
    bias: Buffer<f32>,
}

impl Head {
    /// From weights `[hidden, outputs]` and bias `[outputs]`.
    pub(crate) fn new(weights: &[f32], bias: &[f32], hidden: usize) -> Self {
        let outputs = bias.len();
        assert!(hidden > 0 && outputs > 0, "a head has outputs");
        assert_eq!(weights.len(), hidden * outputs, "weights are not [hidden, outputs]");
        let width = panel_width::<f32>() / 2;
        let panels = outputs.div_ceil(width);
        let mut packed = Buffer::zeroed(panels * hidden * width);
        for (unit, row) in weights.chunks_exact(outputs).enumerate() {
            for (output, &w) in row.iter().enumerate() {
                packed[(output / width * hidden + unit) * width + output % width] = w;
            }
        }
        let mut padded = Buffer::zeroed(panels * width);
        padded[..outputs].copy_from_slice(bias);
        Self { hidden, outputs, panels, width, weights: packed, bias: padded }
    }

    /// Size of a hidden state.
    pub(super) fn hidden(&self) -> usize {
        self.hidden
    }

    pub(super) fn outputs(&self) -> usize {
        self.outputs
    }

    /// Elements from row to row of the outputs.
    pub(super) fn stride(&self) -> usize {
        self.panels * self.width
    }

    /// `raw` `[rows, stride]` from `h` `[rows, hidden]`.
    pub(super) fn run(&self, rows: usize, h: &[f32], raw: &mut [f32]) {
        assert!(h.len() >= rows * self.hidden && raw.len() >= rows * self.stride(), "rows");
        f32::dispatch(Product { head: self, rows, h, raw });
    }
}

struct Product<'a> {
    head: &'a Head,
    rows: usize,
    h: &'a [f32],
    raw: &'a mut [f32],
}

impl Kernel<f32> for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<E = f32>>(self) {
        let Self { head, rows, h, raw } = self;
        let (hidden, stride) = (head.hidden, head.stride());
        assert_eq!(head.width, L::N, "packed for another instruction set");
        let count = tiles(rows, tallest::<L>(1));
        for panel in 0..head.panels {
            for i in 0..count {
                let (r, m) = tile(rows, count, i);
                // SAFETY: `Head::run` has checked the lengths for `rows` rows; the weights have
                // `hidden` vectors for each panel.
                unsafe {
                    let w = head.weights.as_ptr().add(panel * hidden * L::N);
                    let bias = L::load(head.bias.as_ptr().add(panel * L::N));
                    let from = h.as_ptr().add(r * hidden);
                    let to = raw.as_mut_ptr().add(r * stride + panel * L::N);
                    with_rows!(m, M, {
                        let mut acc = [[bias; 1]; M];
                        L::rows::<M, 1>(&mut acc, hidden, from, hidden, w, L::N);
                        for (r, acc) in acc.iter().enumerate() {
                            L::store(to.add(r * stride), acc[0]);
                        }
                    });
                }
            }
        }
    }
}
