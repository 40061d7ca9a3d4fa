//! Paths on tensors of any device, inputs and draws on the host.

use burn::tensor::{Tensor, TensorData};
use rayon::prelude::*;

use super::{Block, Decoder, PathSource, Sizes, State, source::Whole};

/// Rows that go through all steps together: enough to fill a device, without asking for memory by
/// the number of series.
const ROWS: usize = 1 << 16;

pub(super) fn paths<S: PathSource>(
    decoder: &Decoder,
    states: &[State],
    head: (Tensor<2>, Tensor<1>),
    sizes: Sizes,
    source: &S,
) -> Vec<f32> {
    let steps = sizes.steps;
    let head = (head.0.without_autodiff(), head.1.without_autodiff().unsqueeze::<2>());
    let mut out = vec![0.0; sizes.series * sizes.paths * steps];
    let mut rest = &mut out[..];
    for block in Block::cut(sizes, ROWS) {
        let (now, later) = rest.split_at_mut(block.rows() * steps);
        let states = states.iter().map(|state| spread(state, &block)).collect();
        run(decoder, states, &head, sizes, source, &block, now);
        rest = later;
    }
    out
}

/// The rows of a block from those of its series.
fn spread(state: &State, block: &Block) -> State {
    let [_, hidden] = state.h.dims();
    let rows = |t: &Tensor<2>| {
        t.clone()
            .without_autodiff()
            .slice([block.series.clone(), 0..hidden])
            .reshape([block.series.len(), 1, hidden])
            .repeat_dim(1, block.paths.len())
            .reshape([block.rows(), hidden])
    };
    State { h: rows(&state.h), c: state.c.as_ref().map(rows) }
}

/// One block through all steps; `out` `[row, step]`.
fn run<S: PathSource>(
    decoder: &Decoder,
    mut states: Vec<State>,
    (weights, bias): &(Tensor<2>, Tensor<2>),
    sizes: Sizes,
    source: &S,
    block: &Block,
    out: &mut [f32],
) {
    let Sizes { steps, input, .. } = sizes;
    let (device, dtype) = (states[0].h.device(), states[0].h.dtype());
    let ([_, outputs], paths) = (weights.dims(), block.paths.len());
    let mut noise: Vec<_> = block.each().map(|(series, path)| source.start(series, path)).collect();
    for step in 0..steps {
        let mut x = vec![0.0f32; block.rows() * input];
        // An input may have no columns.
        let inputs = x.par_chunks_mut((paths * input).max(1)).zip(out.par_chunks(paths * steps));
        inputs.zip(block.series.clone()).for_each(|((x, out), series)| {
            let mut whole = Whole::new(source, input);
            whole.at(series, step);
            let rows = x.chunks_exact_mut(input).zip(out.chunks_exact(steps));
            for (path, (x, out)) in block.paths.clone().zip(rows) {
                whole.input(path, &out[..step], x);
            }
        });
        let x = TensorData::new(x, [block.rows(), input]);
        let h = decoder.step(Tensor::from_data(x, (&device, dtype)), &mut states);
        let raw = (h.matmul(weights.clone()) + bias.clone()).into_data().convert::<f32>();
        let raw = raw.try_into_vec::<f32>().expect("just converted");
        let draws = out.par_chunks_mut(paths * steps).zip(noise.par_chunks_mut(paths));
        let draws = draws.zip(raw.par_chunks(paths * outputs)).zip(block.series.clone());
        draws.for_each(|(((out, noise), raw), series)| {
            let rows = out.chunks_exact_mut(steps).zip(noise).zip(raw.chunks_exact(outputs));
            for (path, ((out, noise), raw)) in block.paths.clone().zip(rows) {
                out[step] = source.draw(noise, series, path, step, raw);
            }
        });
    }
}
