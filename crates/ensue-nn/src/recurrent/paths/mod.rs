//! Many sample paths, decoded together (ancestral sampling).
//!
//! | file | what it holds |
//! |---|---|
//! | `source.rs` | [`PathSource`]: what drives the paths |
//! | `host.rs` | the loop on the CPU kernels, states in place |
//! | `device.rs` | the loop on tensors of any device |

mod device;
#[cfg(feature = "ndarray")]
mod host;
mod source;
#[cfg(all(test, feature = "ndarray"))]
mod tests;

use burn::tensor::Tensor;

use super::{Decoder, State};
pub use source::PathSource;
use source::{Block, Sizes};

impl Decoder {
    /// Sample paths `[series, path, step]`, drawn step by step: every path starts from its series'
    /// row of `states`, a step's input comes from `source`, which has seen the path's own earlier
    /// draws, and so does the draw from the head's outputs `h W + b`.
    ///
    /// The same source gives the same paths: the same bytes on `ndarray` with any number of threads,
    /// and the same up to rounding on every device. Series are split over threads as the fused
    /// operations are ([`crate::kernels::set_threads`]).
    ///
    /// # Shapes
    /// `states` one for each layer, to `[series, hidden]`; `head`: weights `[hidden, outputs]` and
    /// bias `[outputs]`.
    ///
    /// # Panics
    /// If the shapes do not fit together, or the source names a column beyond the input's.
    ///
    /// # Example
    /// ```
    /// use burn::tensor::Tensor;
    /// use ensue_core::Seed;
    /// use ensue_nn::{device, recurrent::{Cell, PathSource, RecurrentStack}};
    /// use rand::{RngExt, SeedableRng, rngs::StdRng};
    ///
    /// /// Each value is fed back, and moved by uniform noise.
    /// struct Walk;
    ///
    /// impl PathSource for Walk {
    ///     type Noise = StdRng;
    ///
    ///     fn start(&self, series: usize, path: usize) -> StdRng {
    ///         StdRng::seed_from_u64(Seed(7).child(&format!("{series}/{path}")).0)
    ///     }
    ///
    ///     fn input(&self, _: usize, _: usize, _: usize, past: &[f32], x: &mut [f32]) {
    ///         x[0] = past.last().copied().unwrap_or(0.0);
    ///     }
    ///
    ///     fn draw(&self, noise: &mut StdRng, _: usize, _: usize, _: usize, raw: &[f32]) -> f32 {
    ///         raw[0] + noise.random::<f32>() - 0.5
    ///     }
    /// }
    ///
    /// let device = device::open("ndarray")?;
    /// let decoder = RecurrentStack::new(Cell::Lstm, 1, &[8, 8], 0.0, Seed(0), &device).decoder();
    /// let head = (Tensor::ones([8, 1], &device), Tensor::zeros([1], &device));
    /// let paths = decoder.paths(&decoder.start(3), head, 100, 24, &Walk);
    /// assert_eq!(paths.len(), 3 * 100 * 24);
    /// # Ok::<(), ensue_nn::device::DeviceError>(())
    /// ```
    pub fn paths<S: PathSource>(
        &self,
        states: &[State],
        head: (Tensor<2>, Tensor<1>),
        paths: usize,
        steps: usize,
        source: &S,
    ) -> Vec<f32> {
        assert!(!states.is_empty(), "a stack has at least one layer");
        assert_eq!(states.len(), self.layers.len(), "one state for each layer");
        let [series, _] = states[0].h.dims();
        for (layer, state) in self.layers.iter().zip(states) {
            assert_eq!(state.h.dims(), [series, layer.hidden], "h is not [series, hidden]");
            let memory = state.c.as_ref().map(Tensor::dims);
            let want = layer.cell.has_memory().then_some([series, layer.hidden]);
            assert_eq!(memory, want, "c is not [series, hidden] of an LSTM");
        }
        let [hidden, outputs] = head.0.dims();
        assert_eq!(self.layers.last().map(|l| l.hidden), Some(hidden), "head: [hidden, outputs]");
        assert_eq!(head.1.dims(), [outputs], "the head's bias is not [outputs]");
        let sizes = Sizes { series, paths, steps, input: self.layers[0].input };
        if series * paths * steps == 0 {
            return Vec::new();
        }
        #[cfg(feature = "ndarray")]
        if let Some((net, states)) = self.on_host(states, &head) {
            return host::run(&net, &states, sizes, source);
        }
        device::paths(self, states, head, sizes, source)
    }
}
