//! The whole time loop in one launch, forward and backward.
//!
//! One cube owns as many rows of the batch as the vectors have lanes (`R`) and needs no other
//! cube, so all it shares between time steps stays in its shared memory. A unit owns hidden units
//! `UNIT_POS_X`, `UNIT_POS_X + units`, ...: their cell state lives in registers, and each load of a
//! row's state serves all of them.

use cubecl::prelude::*;

use super::cells::{Quad, gru, gru_back, lstm, lstm_back, tanh};

/// What a sweep is compiled for; batch and time are not part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(clippy::struct_excessive_bools, reason = "each one is in or out of a kernel")]
pub(super) struct Sweep {
    /// LSTM, else GRU.
    pub(super) lstm: bool,
    /// Initial states are given.
    pub(super) state: bool,
    /// Factors on the state are given.
    pub(super) keep: bool,
    /// Forward: the backward pass will follow. Backward: gradients of the initial states are asked for.
    pub(super) extra: bool,
    pub(super) hidden: usize,
    pub(super) units: usize,
    /// Two buffers need one barrier a step, one buffer needs two.
    pub(super) buffers: usize,
}

impl Sweep {
    /// Columns of the weights per hidden unit.
    pub(super) fn gates(&self) -> usize {
        if self.lstm { 4 } else { 3 }
    }

    /// Hidden units of one unit of the cube.
    fn slots(&self) -> usize {
        self.hidden.div_ceil(self.units)
    }
}

/// Factors on the state of a cube's rows entering step `t`.
#[cube]
pub(super) fn factors<F: Float, R: Size>(
    keep: &[F],
    row0: usize,
    batch: usize,
    time: usize,
    t: usize,
    #[comptime] given: bool,
) -> Vector<F, R> {
    let mut out = Vector::<F, R>::new(F::new(1.0_f32));
    if comptime![given] {
        #[unroll]
        for r in 0..R::value() {
            out.insert(r, keep[min(row0 + r, batch - 1) * time + t]);
        }
    }
    out
}

/// Initial state of hidden unit `j`: `states` `[batch, hidden]`, or zero.
#[cube]
pub(super) fn first<F: Float, R: Size>(
    states: &[F],
    row0: usize,
    batch: usize,
    j: usize,
    #[comptime] s: Sweep,
) -> Vector<F, R> {
    let mut out = Vector::<F, R>::new(F::new(0.0_f32));
    if comptime![s.state] {
        #[unroll]
        for r in 0..R::value() {
            out.insert(r, states[min(row0 + r, batch - 1) * comptime![s.hidden] + j]);
        }
    }
    out
}

/// State of hidden unit `j` before step `t`, without its factor: of `states` `[batch, time, hidden]`,
/// at `t = 0` of `initial`.
#[cube]
#[allow(clippy::too_many_arguments, reason = "a kernel's bindings")]
pub(super) fn before<F: Float, R: Size>(
    states: &[F],
    initial: &[F],
    row0: usize,
    batch: usize,
    time: usize,
    t: usize,
    j: usize,
    #[comptime] s: Sweep,
) -> Vector<F, R> {
    let mut out = Vector::<F, R>::new(F::new(0.0_f32));
    if t > 0 {
        #[unroll]
        for r in 0..R::value() {
            let b = min(row0 + r, batch - 1);
            out.insert(r, states[(b * time + t - 1) * comptime![s.hidden] + j]);
        }
    } else {
        out = first::<F, R>(initial, row0, batch, j, s);
    }
    out
}

/// `gx` `[batch, time, hidden, gates]`, `wh` `[hidden, hidden, gates]` in vectors of `W`; `h`, `c`
/// `[batch, time, hidden]` (`c` of an LSTM that saves), `saved` `[batch, time, hidden]` of quads (if
/// saving), `last` `[batch, hidden]` (LSTM).
///
/// If saving, the cubes together also turn the weights for the reverse sweep, which saves a launch:
/// `turned[k, j]` `[hidden, hidden]` of quads are the weights from state `j` to the gates of unit `k`, a
/// GRU's third column in lane 3.
#[cube(launch_unchecked)]
#[allow(clippy::too_many_arguments, reason = "a kernel's bindings")]
pub(super) fn forward<F: Float, R: Size, W: Size>(
    gx: &[Vector<F, W>],
    wh: &[Vector<F, W>],
    bias: &[F],
    h0: &[F],
    c0: &[F],
    keep: &[F],
    h: &mut [F],
    c: &mut [F],
    saved: &mut [Quad<F>],
    last: &mut [F],
    turned: &mut [Quad<F>],
    time: u32,
    batch: u32,
    #[comptime] s: Sweep,
    #[define(F)] _dtype: ElemType,
) {
    let time = time as usize;
    let batch = batch as usize;
    let hidden = comptime![s.hidden];
    let gates = comptime![s.gates()];
    let slots = comptime![s.slots()];
    let pieces = comptime![if s.lstm { 1 } else { 3 }];
    let row0 = CUBE_POS_X as usize * R::value();
    let unit = UNIT_POS_X as usize;
    let zero = Vector::<F, R>::new(F::new(0.0_f32));

    if comptime![s.extra] {
        let mut i = ABSOLUTE_POS;
        while i < comptime![s.hidden * s.hidden] {
            let from = (i % hidden * hidden + i / hidden) * pieces;
            let mut quad = Quad::<F>::new(F::new(0.0_f32));
            #[unroll]
            for v in 0..pieces {
                let w = wh[from + v];
                #[unroll]
                for e in 0..W::value() {
                    let lane = comptime![if s.lstm {
                        e
                    } else if v < 2 {
                        v
                    } else {
                        3
                    }];
                    quad.insert(lane, w.extract(e));
                }
            }
            turned[i] = quad;
            i += CUBE_COUNT * comptime![s.units];
        }
    }

    let mut state = Shared::<[Vector<F, R>]>::new_slice(comptime![s.buffers * s.hidden]);
    let mut cell = Array::<Vector<F, R>>::new(slots);
    #[unroll]
    for p in 0..slots {
        let j = unit + p * comptime![s.units];
        if j < hidden {
            state[j] = first::<F, R>(h0, row0, batch, j, s);
            if comptime![s.lstm] {
                cell[p] = first::<F, R>(c0, row0, batch, j, s);
            }
        }
    }
    sync_cube();

    for t in 0..time {
        let mut from = 0usize.runtime();
        let mut to = 0usize.runtime();
        if comptime![s.buffers == 2] {
            from = (t % 2) * hidden;
            to = hidden - from;
        }
        let factor = factors::<F, R>(keep, row0, batch, time, t, s.keep);

        let mut sums = Array::<Vector<F, R>>::new(comptime![s.slots() * s.gates()]);
        #[unroll]
        for i in 0..comptime![s.slots() * s.gates()] {
            sums[i] = zero;
        }
        for k in 0..hidden {
            let hv = state[from + k];
            #[unroll]
            for p in 0..slots {
                let j = min(unit + p * comptime![s.units], hidden - 1);
                #[unroll]
                for v in 0..pieces {
                    let w = wh[(k * hidden + j) * pieces + v];
                    #[unroll]
                    for e in 0..W::value() {
                        let i = p * gates + v * W::value() + e;
                        sums[i] += hv * Vector::<F, R>::new(w.extract(e));
                    }
                }
            }
        }
        let mut own = Array::<Vector<F, R>>::new(slots);
        #[unroll]
        for p in 0..slots {
            own[p] = state[from + min(unit + p * comptime![s.units], hidden - 1)];
        }
        if comptime![s.buffers == 1] {
            sync_cube();
        }
        #[unroll]
        for p in 0..slots {
            let j = unit + p * comptime![s.units];
            if j < hidden {
                let mut a = Array::<Vector<F, R>>::new(4usize);
                #[unroll]
                for g in 0..4usize {
                    a[g] = Vector::<F, R>::new(bias[j * 4 + g]);
                    if comptime![s.lstm || g != 2] {
                        // A GRU's m is the product of the third block of columns.
                        let column = comptime![if s.lstm || g < 2 { g } else { 2 }];
                        a[g] += sums[p * gates + column] * factor;
                    }
                }
                #[unroll]
                for r in 0..R::value() {
                    let at = (min(row0 + r, batch - 1) * time + t) * hidden + j;
                    #[unroll]
                    for v in 0..pieces {
                        let x = gx[at * pieces + v];
                        #[unroll]
                        for e in 0..W::value() {
                            let g = v * W::value() + e;
                            let mut lanes = a[g];
                            lanes.insert(r, lanes.extract(r) + x.extract(e));
                            a[g] = lanes;
                        }
                    }
                }
                let hv = if comptime![s.lstm] {
                    cell[p] = lstm::<F, R>(&mut a, cell[p] * factor);
                    a[3] * tanh::<F, R>(cell[p])
                } else {
                    gru::<F, R>(&mut a, own[p] * factor)
                };
                state[to + j] = hv;
                #[unroll]
                for r in 0..R::value() {
                    let b = row0 + r;
                    if b < batch {
                        let at = (b * time + t) * hidden + j;
                        h[at] = hv.extract(r);
                        if comptime![s.extra] {
                            let mut quad = Quad::<F>::new(F::new(0.0_f32));
                            #[unroll]
                            for g in 0..4usize {
                                quad.insert(g, a[g].extract(r));
                            }
                            saved[at] = quad;
                            if comptime![s.lstm] {
                                c[at] = cell[p].extract(r);
                            }
                        }
                    }
                }
            }
        }
        sync_cube();
    }
    if comptime![s.lstm] {
        #[unroll]
        for p in 0..slots {
            let j = unit + p * comptime![s.units];
            if j < hidden {
                #[unroll]
                for r in 0..R::value() {
                    let b = row0 + r;
                    if b < batch {
                        last[b * hidden + j] = cell[p].extract(r);
                    }
                }
            }
        }
    }
}

/// Sums over the gates of all units of `grads` times the weights, for each of a unit's slots.
#[cube]
fn product<F: Float, R: Size>(
    grads: &Shared<[Vector<F, R>]>,
    from: usize,
    wt: &[Quad<F>],
    sums: &mut Array<Vector<F, R>>,
    #[comptime] s: Sweep,
) {
    let hidden = comptime![s.hidden];
    let slots = comptime![s.slots()];
    #[unroll]
    for p in 0..slots {
        sums[p] = Vector::<F, R>::new(F::new(0.0_f32));
    }
    for k in 0..hidden {
        let at = from + k * 4;
        let d0 = grads[at];
        let d1 = grads[at + 1];
        let d2 = grads[at + 2];
        let d3 = grads[at + 3];
        #[unroll]
        for p in 0..slots {
            let j = min(UNIT_POS_X as usize + p * comptime![s.units], hidden - 1);
            let w = wt[k * hidden + j];
            let mut sum = sums[p];
            sum += d0 * Vector::<F, R>::new(w.extract(0usize));
            sum += d1 * Vector::<F, R>::new(w.extract(1usize));
            if comptime![s.lstm] {
                sum += d2 * Vector::<F, R>::new(w.extract(2usize));
            }
            sum += d3 * Vector::<F, R>::new(w.extract(3usize));
            sums[p] = sum;
        }
    }
}

/// The reverse sweep. `wt` are the weights as [`forward`] turned them; `grads` `[batch, time, hidden]` of quads, the gradients of
/// the sums (r, z, n, m for a GRU); `dbias` `[cubes, hidden]` of quads; `dh0`, `dc0` `[batch, hidden]`.
#[cube(launch_unchecked)]
#[allow(clippy::too_many_arguments, reason = "a kernel's bindings")]
pub(super) fn backward<F: Float, R: Size>(
    dh: &[F],
    saved: &[Quad<F>],
    states: &[F],
    wt: &[Quad<F>],
    initial: &[F],
    keep: &[F],
    grads: &mut [Quad<F>],
    dbias: &mut [Quad<F>],
    dh0: &mut [F],
    dc0: &mut [F],
    time: u32,
    batch: u32,
    #[comptime] s: Sweep,
    #[define(F)] _dtype: ElemType,
) {
    let time = time as usize;
    let batch = batch as usize;
    let hidden = comptime![s.hidden];
    let slots = comptime![s.slots()];
    let row0 = CUBE_POS_X as usize * R::value();
    let unit = UNIT_POS_X as usize;
    let zero = Vector::<F, R>::new(F::new(0.0_f32));

    let mut shared = Shared::<[Vector<F, R>]>::new_slice(comptime![s.buffers * 4 * s.hidden]);
    // What reaches the state before past the gates: of c for an LSTM, of h for a GRU.
    let mut carry = Array::<Vector<F, R>>::new(slots);
    let mut total = Array::<Vector<F, R>>::new(comptime![s.slots() * 4]);
    let mut sums = Array::<Vector<F, R>>::new(slots);
    #[unroll]
    for p in 0..slots {
        carry[p] = zero;
        let j = unit + p * comptime![s.units];
        #[unroll]
        for g in 0..4usize {
            total[p * 4 + g] = zero;
            if j < hidden {
                shared[j * 4 + g] = zero;
            }
        }
    }
    // Of the step after; nothing comes from after the last one.
    let mut after = zero;
    let mut from = 0usize.runtime();
    let mut to = 0usize.runtime();
    sync_cube();

    for step in 0..time {
        let t = time - 1 - step;
        if comptime![s.buffers == 2] {
            from = (step % 2) * comptime![4 * s.hidden];
            to = comptime![4 * s.hidden] - from;
        }
        product::<F, R>(&shared, from, wt, &mut sums, s);
        if comptime![s.buffers == 1] {
            sync_cube();
        }
        let factor = factors::<F, R>(keep, row0, batch, time, t, s.keep);
        #[unroll]
        for p in 0..slots {
            let j = unit + p * comptime![s.units];
            if j < hidden {
                let mut a = Array::<Vector<F, R>>::new(4usize);
                #[unroll]
                for g in 0..4usize {
                    a[g] = zero;
                }
                let mut dhv = zero;
                let mut now = zero;
                #[unroll]
                for r in 0..R::value() {
                    let b = row0 + r;
                    // A row past the end has no gradient, so all that follows from it is zero.
                    if b < batch {
                        let at = (b * time + t) * hidden + j;
                        dhv.insert(r, dh[at]);
                        if comptime![s.lstm] {
                            now.insert(r, states[at]);
                        }
                        let quad = saved[at];
                        #[unroll]
                        for g in 0..4usize {
                            let mut lanes = a[g];
                            lanes.insert(r, quad.extract(g));
                            a[g] = lanes;
                        }
                    }
                }
                let prev = before::<F, R>(states, initial, row0, batch, time, t, j, s) * factor;
                if comptime![s.lstm] {
                    dhv += sums[p] * after;
                    carry[p] = lstm_back::<F, R>(&mut a, now, prev, dhv, carry[p] * after);
                } else {
                    dhv += (sums[p] + carry[p]) * after;
                    carry[p] = gru_back::<F, R>(&mut a, prev, dhv);
                }
                #[unroll]
                for g in 0..4usize {
                    shared[to + j * 4 + g] = a[g];
                    total[p * 4 + g] += a[g];
                }
                #[unroll]
                for r in 0..R::value() {
                    let b = row0 + r;
                    if b < batch {
                        let mut quad = Quad::<F>::new(F::new(0.0_f32));
                        #[unroll]
                        for g in 0..4usize {
                            quad.insert(g, a[g].extract(r));
                        }
                        grads[(b * time + t) * hidden + j] = quad;
                    }
                }
            }
        }
        after = factor;
        sync_cube();
    }

    if comptime![s.extra] {
        product::<F, R>(&shared, to, wt, &mut sums, s);
    }
    #[unroll]
    for p in 0..slots {
        let j = unit + p * comptime![s.units];
        if j < hidden {
            let mut quad = Quad::<F>::new(F::new(0.0_f32));
            #[unroll]
            for g in 0..4usize {
                let mut sum = F::new(0.0_f32);
                #[unroll]
                for r in 0..R::value() {
                    sum += total[p * 4 + g].extract(r);
                }
                quad.insert(g, sum);
            }
            dbias[CUBE_POS_X as usize * hidden + j] = quad;
            if comptime![s.extra] {
                #[unroll]
                for r in 0..R::value() {
                    let b = row0 + r;
                    if b < batch {
                        let at = b * hidden + j;
                        if comptime![s.lstm] {
                            dh0[at] = (sums[p] * after).extract(r);
                            dc0[at] = (carry[p] * after).extract(r);
                        } else {
                            dh0[at] = ((sums[p] + carry[p]) * after).extract(r);
                        }
                    }
                }
            }
        }
    }
}
