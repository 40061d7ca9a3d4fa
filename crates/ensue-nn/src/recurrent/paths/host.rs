//! Paths on the CPU kernels.

use super::source::{Block, PathSource, Sizes, Whole};
use crate::kernels::{LayerState, PathNet, Rollout, split, threads};

/// Rows that go through all steps together: all that is kept of them fits a second cache of 1 MiB.
const ROWS: usize = 256;

/// Paths from which on what they share is worth a product of its own: with fewer, the register tiles
/// would be lower than the products are deep.
const SHARED: usize = 6;

/// All paths, split over threads.
pub(super) fn run<S: PathSource>(
    net: &PathNet,
    states: &[LayerState],
    sizes: Sizes,
    source: &S,
) -> Vec<f32> {
    let each = (sizes.series * sizes.paths).div_ceil(threads());
    let blocks = Block::cut(sizes, each.div_ceil(each.div_ceil(ROWS)));
    let all: Vec<usize> = (0..sizes.input).collect();
    let own = own_columns(net, sizes, source, &all);
    let decode = Decode { net, states, sizes, source, own };
    let mut parts = split(blocks.len(), 1, |_, range| decode.blocks(&blocks[range]));
    if parts.len() == 1 { parts.swap_remove(0) } else { parts.concat() }
}

/// The columns of each step, if the first layer shall make use of them.
fn own_columns<'a, S: PathSource>(
    net: &PathNet,
    sizes: Sizes,
    source: &'a S,
    all: &'a [usize],
) -> Option<Vec<&'a [usize]>> {
    if sizes.paths < SHARED || !net.shares() {
        return None;
    }
    let columns: Vec<_> = (0..sizes.steps).map(|step| source.own_columns(step)).collect();
    columns
        .iter()
        .any(Option::is_some)
        .then(|| columns.into_iter().map(|columns| columns.unwrap_or(all)).collect())
}

struct Decode<'a, S> {
    net: &'a PathNet,
    states: &'a [LayerState],
    sizes: Sizes,
    source: &'a S,
    /// Own columns of each step.
    own: Option<Vec<&'a [usize]>>,
}

impl<S: PathSource> Decode<'_, S> {
    /// The paths of some blocks, one after the other.
    fn blocks(&self, blocks: &[Block]) -> Vec<f32> {
        let rows = blocks.iter().map(Block::rows);
        let (most, all) = (rows.clone().max().unwrap_or(0), rows.sum::<usize>());
        let most_own = self.own.iter().flatten().map(|columns| columns.len()).max();
        let mut rollout = Rollout::new(self.net, most, most_own);
        let mut out = vec![0.0; all * self.sizes.steps];
        let mut rest = &mut out[..];
        for block in blocks {
            let (now, later) = rest.split_at_mut(block.rows() * self.sizes.steps);
            self.block(&mut rollout, block, now);
            rest = later;
        }
        out
    }

    /// One block through all steps; `out` `[row, step]`.
    fn block(&self, rollout: &mut Rollout<'_>, block: &Block, out: &mut [f32]) {
        let Self { source, sizes: Sizes { steps, .. }, .. } = *self;
        let runs: Vec<_> = block.series.clone().map(|s| (s, block.paths.len())).collect();
        rollout.start(&runs, self.states);
        let mut noise: Vec<_> =
            block.each().map(|(series, path)| source.start(series, path)).collect();
        for step in 0..steps {
            match &self.own {
                Some(own) => self.own_inputs(rollout, block, step, own[step], out),
                None => self.inputs(rollout, block, step, out),
            }
            rollout.step();
            let rows = out.chunks_exact_mut(steps).zip(&mut noise).zip(block.each()).enumerate();
            for (row, ((out, noise), (series, path))) in rows {
                out[step] = source.draw(noise, series, path, step, rollout.raw(row));
            }
        }
    }

    fn own_inputs(
        &self,
        rollout: &mut Rollout<'_>,
        block: &Block,
        step: usize,
        columns: &[usize],
        out: &[f32],
    ) {
        let Self { source, sizes: Sizes { steps, .. }, .. } = *self;
        rollout.own_columns(columns);
        for (run, series) in block.series.clone().enumerate() {
            let x = rollout.shared(run);
            match source.own_columns(step) {
                Some(_) => source.shared(series, step, x),
                // Every column is the rows' own.
                None => x.fill(0.0),
            }
        }
        for (row, (out, (series, path))) in out.chunks_exact(steps).zip(block.each()).enumerate() {
            source.input(series, path, step, &out[..step], rollout.input(row));
        }
    }

    fn inputs(&self, rollout: &mut Rollout<'_>, block: &Block, step: usize, out: &[f32]) {
        let Sizes { steps, input, .. } = self.sizes;
        let mut whole = Whole::new(self.source, input);
        let mut rows = out.chunks_exact(steps).enumerate();
        for series in block.series.clone() {
            whole.at(series, step);
            for (path, (row, out)) in block.paths.clone().zip(&mut rows) {
                whole.input(path, &out[..step], rollout.input(row));
            }
        }
    }
}
