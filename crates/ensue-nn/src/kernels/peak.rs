//! How fast one thread multiplies and adds: the yardstick of the sweeps.

use std::time::Instant;

use super::isa::{Isa, with_isa};
use super::lanes::{Element, Kernel, Lanes};
use super::sweep::{Cell, SweepArgs, sweep_backward, sweep_forward};

/// Accumulators: more than any machine needs to hide the latency of its multiply-add units, and
/// few enough to stay in registers.
const CHAINS: usize = 12;

/// Multiply-adds per accumulator and measurement: a few milliseconds.
const ROUNDS: usize = 1 << 20;

/// Measured rate of `f32` multiply-adds in registers on one thread, in floating-point operations per
/// second (two for each multiply-add): the most any product can reach with these instructions. The
/// best of several runs of a few milliseconds.
pub fn peak_flops(isa: Isa) -> f64 {
    with_isa(isa, || (0..8).map(|_| f32::dispatch(Peak)).fold(0.0, f64::max))
}

/// Two recurrent layers on made-up numbers, for measuring what share of [`peak_flops`] their sweeps
/// reach without anything around them.
///
/// ```
/// use ensue_nn::{kernels::TwoLayers, recurrent::Cell};
///
/// TwoLayers::new(Cell::Lstm, [2, 3, 5, 7]).run();
/// ```
#[derive(Debug)]
pub struct TwoLayers {
    cell: Cell,
    sizes: [usize; 4],
    x: Vec<f32>,
    /// Input weights, state weights and bias of each layer.
    layers: [[Vec<f32>; 3]; 2],
}

impl TwoLayers {
    /// Layers of the sizes batch, time, input and hidden.
    pub fn new(cell: Cell, [batch, time, input, hidden]: [usize; 4]) -> Self {
        // Any numbers will do, as long as no gate saturates.
        let numbers = |n: usize| (0..n).map(|i| ((i * 37) % 101) as f32 / 1010.0 - 0.05).collect();
        let gates = cell.gates() * hidden;
        let layer = |input: usize| {
            [numbers(input * gates), numbers(hidden * gates), numbers(cell.biases() * hidden)]
        };
        Self {
            cell,
            sizes: [batch, time, input, hidden],
            x: numbers(batch * time * input),
            layers: [layer(input), layer(hidden)],
        }
    }

    /// One forward and one backward sweep of both layers; the gradient of the first layer's input is
    /// not computed.
    pub fn run(&mut self) {
        let [batch, time, input, hidden] = self.sizes;
        let args = |layer: usize, x, input| {
            let [wx, wh, bias] = &self.layers[layer];
            let (cell, h0, c0, keep) = (self.cell, &[][..], &[][..], &[][..]);
            SweepArgs { cell, x, wx, wh, bias, h0, c0, keep, batch, time, input, hidden }
        };
        let lower = sweep_forward(&args(0, &self.x, input), true);
        let upper = sweep_forward(&args(1, &lower.h, hidden), true);
        let saved = |saved: Option<_>| saved.expect("asked to save");
        let args_1 = args(1, &lower.h, hidden);
        // The hidden states stand in for the gradient of a loss.
        let upper = sweep_backward(&args_1, saved(upper.saved), &upper.h, true);
        let lower = sweep_backward(&args(0, &self.x, input), saved(lower.saved), &upper.x, false);
        std::hint::black_box((upper, lower));
    }
}

struct Peak;

impl Kernel<f32> for Peak {
    type Output = f64;

    #[inline(always)]
    fn run<L: Lanes<E = f32>>(self) -> f64 {
        let start = Instant::now();
        // SAFETY: `dispatch` has chosen vectors that this machine has; nothing is loaded.
        let sum = unsafe {
            // Opaque, so that the loop cannot be computed in advance.
            let a = L::splat(std::hint::black_box(0.999));
            let b = L::splat(std::hint::black_box(1e-3));
            let mut acc = [b; CHAINS];
            for _ in 0..ROUNDS {
                for acc in &mut acc {
                    *acc = L::fma(a, *acc, b);
                }
            }
            acc.iter().map(|&acc| L::sum(acc)).sum::<f32>()
        };
        std::hint::black_box(sum);
        2.0 * (ROUNDS * CHAINS * L::N) as f64 / start.elapsed().as_secs_f64()
    }
}
