//! Products around the sweeps, tiled: a cube makes one tile of the result, its 8 x 8 units one block
//! of that tile each, from slabs of both operands in shared memory.
//!
//! They exist because burn's products would need further launches: for the state one step back, for
//! the columns of a GRU's gradients, for transposed operands and for sums over the batch.

use cubecl::prelude::*;

use super::cells::Quad;

/// Units along one side of a cube.
pub(super) const SIDE: usize = 8;
/// Length of a slab along the axis summed over.
const DEPTH: usize = 16;

/// What a product is compiled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Tiles {
    /// Rows of the result per cube: a multiple of `4 * SIDE`.
    pub(super) rows: usize,
    /// Columns of the result per cube: a multiple of `4 * SIDE`.
    pub(super) columns: usize,
    /// LSTM, else GRU.
    pub(super) lstm: bool,
}

impl Tiles {
    /// For a result of this shape.
    pub(super) fn new(rows: usize, columns: usize, lstm: bool) -> Self {
        let side = |length: usize| if length <= 4 * SIDE { 4 * SIDE } else { 8 * SIDE };
        Self { rows: side(rows), columns: side(columns), lstm }
    }

    fn gates(&self) -> usize {
        if self.lstm { 4 } else { 3 }
    }

    fn row_quads(&self) -> usize {
        self.rows / SIDE / 4
    }

    fn column_quads(&self) -> usize {
        self.columns / SIDE / 4
    }
}

/// Which product: they differ in where their operands stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Operands {
    /// `a[i, k] b[k, j]`: input or state times weights.
    Forward,
    /// `a[i, k] b[j, k]`, `a` of quads: gradients of the input's sums times weights.
    ToInput,
    /// The same for the sums of the state before.
    ToState,
}

/// Place of a column of the weights among the quads: a GRU's third block of columns is lane 2 (n) seen
/// from the input and lane 3 (m) seen from the state.
#[cube]
fn lane(column: usize, state: bool, #[comptime] lstm: bool) -> usize {
    let mut out = column;
    if comptime![!lstm] {
        let gate = column % 3;
        let mut shift = 0usize.runtime();
        if state && gate == 2 {
            shift = 1usize;
        }
        out = column / 3 * 4 + gate + shift;
    }
    out
}

/// Adds a slab's products to a unit's block of the tile.
#[cube]
fn accumulate<F: Float>(
    left: &Shared<[Quad<F>]>,
    right: &Shared<[Quad<F>]>,
    sums: &mut Array<Quad<F>>,
    #[comptime] tiles: Tiles,
) {
    let row_quads = comptime![tiles.row_quads()];
    let column_quads = comptime![tiles.column_quads()];
    let row = UNIT_POS as usize / SIDE * row_quads;
    let column = UNIT_POS as usize % SIDE * column_quads;
    for k in 0..DEPTH {
        let mut b = Array::<Quad<F>>::new(column_quads);
        #[unroll]
        for c in 0..column_quads {
            b[c] = right[k * comptime![tiles.columns / 4] + column + c];
        }
        #[unroll]
        for r in 0..row_quads {
            let a = left[k * comptime![tiles.rows / 4] + row + r];
            #[unroll]
            for e in 0..4usize {
                let factor = Quad::<F>::new(a.extract(e));
                #[unroll]
                for c in 0..column_quads {
                    let i = (r * 4 + e) * column_quads + c;
                    sums[i] += factor * b[c];
                }
            }
        }
    }
}

/// Writes a unit's block of a tile that begins at `(row0, column0)` into `out`, rows of `columns`
/// from `offset` on.
#[cube]
fn store<F: Float>(
    sums: &Array<Quad<F>>,
    out: &mut [F],
    row0: usize,
    column0: usize,
    rows: usize,
    columns: usize,
    offset: usize,
    #[comptime] tiles: Tiles,
) {
    let row_quads = comptime![tiles.row_quads()];
    let column_quads = comptime![tiles.column_quads()];
    let row = row0 + UNIT_POS as usize / SIDE * row_quads * 4;
    let column = column0 + UNIT_POS as usize % SIDE * column_quads * 4;
    #[unroll]
    for r in 0..row_quads * 4 {
        #[unroll]
        for c in 0..column_quads {
            #[unroll]
            for e in 0..4usize {
                if row + r < rows && column + c * 4 + e < columns {
                    let at = offset + (row + r) * columns + column + c * 4 + e;
                    out[at] = sums[r * column_quads + c].extract(e);
                }
            }
        }
    }
}

/// `out[i, j] = sum_k` of the operands; row `i` of `a` begins at `a_offset + i * a_stride`.
#[cube(launch_unchecked)]
#[allow(clippy::too_many_arguments, reason = "a kernel's bindings")]
pub(super) fn multiply<F: Float>(
    a: &[F],
    b: &[F],
    out: &mut [F],
    rows: u32,
    columns: u32,
    depth: u32,
    a_offset: u32,
    a_stride: u32,
    #[comptime] operands: Operands,
    #[comptime] tiles: Tiles,
    #[define(F)] _dtype: ElemType,
) {
    let rows = rows as usize;
    let columns = columns as usize;
    let depth = depth as usize;
    let a_offset = a_offset as usize;
    let a_stride = a_stride as usize;
    let column0 = CUBE_POS_X as usize * comptime![tiles.columns];
    let mut left = Shared::<[Quad<F>]>::new_slice(comptime![DEPTH * tiles.rows / 4]);
    let mut right = Shared::<[Quad<F>]>::new_slice(comptime![DEPTH * tiles.columns / 4]);
    let length = comptime![tiles.row_quads() * 4 * tiles.column_quads()];

    // More tiles of rows than cubes along that axis: each cube takes several.
    let mut row0 = CUBE_POS_Y as usize * comptime![tiles.rows];
    while row0 < rows {
        let mut sums = Array::<Quad<F>>::new(length);
        #[unroll]
        for i in 0..length {
            sums[i] = Quad::<F>::new(F::new(0.0_f32));
        }
        let mut k0 = 0usize.runtime();
        while k0 < depth {
            let mut i = UNIT_POS as usize;
            while i < comptime![DEPTH * tiles.rows / 4] {
                let k = k0 + i % DEPTH;
                let row = row0 + i / DEPTH * 4;
                let mut quad = Quad::<F>::new(F::new(0.0_f32));
                if k < depth {
                    let mut at = k;
                    if comptime![!matches!(operands, Operands::Forward)] {
                        let state = comptime![matches!(operands, Operands::ToState)].runtime();
                        at = lane(k, state, comptime![tiles.lstm]);
                    }
                    #[unroll]
                    for e in 0..4usize {
                        if row + e < rows {
                            quad.insert(e, a[a_offset + (row + e) * a_stride + at]);
                        }
                    }
                }
                left[i % DEPTH * comptime![tiles.rows / 4] + i / DEPTH] = quad;
                i += comptime![SIDE * SIDE];
            }
            let mut i = UNIT_POS as usize;
            while i < comptime![DEPTH * tiles.columns / 4] {
                let mut quad = Quad::<F>::new(F::new(0.0_f32));
                if comptime![matches!(operands, Operands::Forward)] {
                    let k = i / comptime![tiles.columns / 4];
                    let column = column0 + i % comptime![tiles.columns / 4] * 4;
                    if k0 + k < depth {
                        #[unroll]
                        for e in 0..4usize {
                            if column + e < columns {
                                quad.insert(e, b[(k0 + k) * columns + column + e]);
                            }
                        }
                    }
                    right[i] = quad;
                } else {
                    let k = i % DEPTH;
                    let column = column0 + i / DEPTH * 4;
                    if k0 + k < depth {
                        #[unroll]
                        for e in 0..4usize {
                            if column + e < columns {
                                quad.insert(e, b[(column + e) * depth + k0 + k]);
                            }
                        }
                    }
                    right[k * comptime![tiles.columns / 4] + i / DEPTH] = quad;
                }
                i += comptime![SIDE * SIDE];
            }
            sync_cube();
            accumulate::<F>(&left, &right, &mut sums, tiles);
            sync_cube();
            k0 += DEPTH;
        }
        store::<F>(&sums, out, row0, column0, rows, columns, 0usize, tiles);
        row0 += CUBE_COUNT_Y as usize * comptime![tiles.rows];
    }
}

/// Gradients of both weight matrices over a stretch of `chunk` of the `batch * time` steps per cube
/// along z, to be summed by [`gather`].
///
/// ```text
/// partial[z, i, :]         = sum_k x[k, i] grads[k, :]               i < input
/// partial[z, input + i, :] = sum_k keep[k] before[k, i] grads[k, :]  i < hidden
/// ```
///
/// `before` is `h` one step earlier and `h0` (or zero) at the first.
#[cube(launch_unchecked)]
#[allow(clippy::too_many_arguments, reason = "a kernel's bindings")]
pub(super) fn weight_grads<F: Float>(
    x: &[F],
    h: &[F],
    h0: &[F],
    keep: &[F],
    grads: &[F],
    partial: &mut [F],
    input: u32,
    hidden: u32,
    time: u32,
    steps: u32,
    chunk: u32,
    #[comptime] tiles: Tiles,
    #[comptime] state: bool,
    #[comptime] has_keep: bool,
    #[define(F)] _dtype: ElemType,
) {
    let input = input as usize;
    let hidden = hidden as usize;
    let time = time as usize;
    let columns = hidden * comptime![tiles.gates()];
    let column0 = CUBE_POS_X as usize * comptime![tiles.columns];
    let tiles_of_x = input.div_ceil(comptime![tiles.rows]);
    let of_state = CUBE_POS_Y as usize >= tiles_of_x;
    let mut tile = CUBE_POS_Y as usize;
    let mut rows = input;
    let mut offset = CUBE_POS_Z as usize * (input + hidden) * columns;
    if of_state {
        tile -= tiles_of_x;
        rows = hidden;
        offset += input * columns;
    }
    let row0 = tile * comptime![tiles.rows];
    let mut left = Shared::<[Quad<F>]>::new_slice(comptime![DEPTH * tiles.rows / 4]);
    let mut right = Shared::<[Quad<F>]>::new_slice(comptime![DEPTH * tiles.columns / 4]);
    let length = comptime![tiles.row_quads() * 4 * tiles.column_quads()];
    let mut sums = Array::<Quad<F>>::new(length);
    #[unroll]
    for i in 0..length {
        sums[i] = Quad::<F>::new(F::new(0.0_f32));
    }
    let mut k0 = CUBE_POS_Z as usize * chunk as usize;
    let end = min(k0 + chunk as usize, steps as usize);
    while k0 < end {
        let mut i = UNIT_POS as usize;
        while i < comptime![DEPTH * tiles.rows / 4] {
            let k = k0 + i / comptime![tiles.rows / 4];
            let row = row0 + i % comptime![tiles.rows / 4] * 4;
            let mut quad = Quad::<F>::new(F::new(0.0_f32));
            if k < end {
                if of_state {
                    let b = k / time;
                    #[unroll]
                    for e in 0..4usize {
                        if row + e < rows {
                            if k - b * time > 0 {
                                quad.insert(e, h[(k - 1) * hidden + row + e]);
                            } else if comptime![state] {
                                quad.insert(e, h0[b * hidden + row + e]);
                            }
                        }
                    }
                    if comptime![has_keep] {
                        quad *= Quad::<F>::new(keep[k]);
                    }
                } else {
                    #[unroll]
                    for e in 0..4usize {
                        if row + e < rows {
                            quad.insert(e, x[k * input + row + e]);
                        }
                    }
                }
            }
            left[i] = quad;
            i += comptime![SIDE * SIDE];
        }
        let mut i = UNIT_POS as usize;
        while i < comptime![DEPTH * tiles.columns / 4] {
            let k = k0 + i / comptime![tiles.columns / 4];
            let column = column0 + i % comptime![tiles.columns / 4] * 4;
            let mut quad = Quad::<F>::new(F::new(0.0_f32));
            if k < end {
                #[unroll]
                for e in 0..4usize {
                    if column + e < columns {
                        let at = lane(column + e, of_state, comptime![tiles.lstm]);
                        quad.insert(e, grads[k * hidden * 4 + at]);
                    }
                }
            }
            right[i] = quad;
            i += comptime![SIDE * SIDE];
        }
        sync_cube();
        accumulate::<F>(&left, &right, &mut sums, tiles);
        sync_cube();
        k0 += DEPTH;
    }
    store::<F>(&sums, partial, row0, column0, rows, columns, offset, tiles);
}

/// Sums what [`weight_grads`] left, and the sweep's sums for the bias, into the three gradients.
#[cube(launch_unchecked)]
#[allow(clippy::too_many_arguments, reason = "a kernel's bindings")]
pub(super) fn gather<F: Float>(
    partial: &[F],
    partial_bias: &[F],
    dwx: &mut [F],
    dwh: &mut [F],
    dbias: &mut [F],
    splits: u32,
    groups: u32,
    of_x: u32,
    of_h: u32,
    of_bias: u32,
    #[define(F)] _dtype: ElemType,
) {
    let i = ABSOLUTE_POS;
    let of_x = of_x as usize;
    let weights = of_x + of_h as usize;
    let mut sum = F::new(0.0_f32);
    if i < weights {
        for split in 0..splits as usize {
            sum += partial[split * weights + i];
        }
        if i < of_x {
            dwx[i] = sum;
        } else {
            dwh[i - of_x] = sum;
        }
    } else if i < weights + of_bias as usize {
        for group in 0..groups as usize {
            sum += partial_bias[group * of_bias as usize + i - weights];
        }
        dbias[i - weights] = sum;
    }
}
