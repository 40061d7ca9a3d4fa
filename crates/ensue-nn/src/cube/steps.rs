//! One time step per launch, after a product of its own: for sizes whose state does not fit a
//! cube. Every unit of the grid is one hidden unit of one row.

use cubecl::prelude::*;

use super::cells::{Quad, gru, gru_back, lstm, lstm_back, tanh};
use super::sweep::{Sweep, before, factors, first};

/// Step `t` forward; `sums` `[batch, hidden, gates]` is the state's product, read if `has_sums`.
/// `N` is 1, `W` as in [`forward`](super::sweep::forward), whose other arguments these are.
#[cube(launch_unchecked)]
#[allow(clippy::too_many_arguments, reason = "a kernel's bindings")]
pub(super) fn forward<F: Float, N: Size>(
    gx: &[F],
    sums: &[F],
    bias: &[F],
    h0: &[F],
    c0: &[F],
    keep: &[F],
    h: &mut [F],
    c: &mut [F],
    saved: &mut [Quad<F>],
    last: &mut [F],
    t: u32,
    time: u32,
    batch: u32,
    #[comptime] has_sums: bool,
    #[comptime] s: Sweep,
    #[define(F)] _dtype: ElemType,
) {
    let t = t as usize;
    let time = time as usize;
    let batch = batch as usize;
    let hidden = comptime![s.hidden];
    let gates = comptime![s.gates()];
    let i = ABSOLUTE_POS;
    if i < batch * hidden {
        let b = i / hidden;
        let j = i % hidden;
        let at = (b * time + t) * hidden + j;
        let factor = factors::<F, N>(keep, b, batch, time, t, s.keep);
        let mut a = Array::<Vector<F, N>>::new(4usize);
        #[unroll]
        for g in 0..4usize {
            a[g] = Vector::<F, N>::new(bias[j * 4 + g]);
            if comptime![has_sums && (s.lstm || g != 2)] {
                let column = comptime![if s.lstm || g < 2 { g } else { 2 }];
                a[g] += Vector::<F, N>::new(sums[i * gates + column]) * factor;
            }
            if comptime![g < s.gates()] {
                a[g] += Vector::<F, N>::new(gx[at * gates + g]);
            }
        }
        let hv = if comptime![s.lstm] {
            // Later steps find the cell state where the step before left it.
            let mut prev = first::<F, N>(c0, b, batch, j, s);
            if t > 0 {
                prev = Vector::<F, N>::new(last[i]);
            }
            let cv = lstm::<F, N>(&mut a, prev * factor);
            last[i] = cv.extract(0usize);
            if comptime![s.extra] {
                c[at] = cv.extract(0usize);
            }
            a[3] * tanh::<F, N>(cv)
        } else {
            let mut prev = first::<F, N>(h0, b, batch, j, s);
            if t > 0 {
                prev = Vector::<F, N>::new(h[at - hidden]);
            }
            gru::<F, N>(&mut a, prev * factor)
        };
        h[at] = hv.extract(0usize);
        if comptime![s.extra] {
            let mut quad = Quad::<F>::new(F::new(0.0_f32));
            #[unroll]
            for g in 0..4usize {
                quad.insert(g, a[g].extract(0usize));
            }
            saved[at] = quad;
        }
    }
}

/// Step `t` backward; `sums` `[batch, hidden]` is the product of the gradients of step `t + 1`, read
/// unless `t` is the last. `carry` and `dbias` (quads) `[batch, hidden]` go from step to step.
#[cube(launch_unchecked)]
#[allow(clippy::too_many_arguments, reason = "a kernel's bindings")]
pub(super) fn backward<F: Float, N: Size>(
    dh: &[F],
    saved: &[Quad<F>],
    states: &[F],
    sums: &[F],
    initial: &[F],
    keep: &[F],
    grads: &mut [Quad<F>],
    dbias: &mut [Quad<F>],
    carry: &mut [F],
    t: u32,
    time: u32,
    batch: u32,
    #[comptime] is_last: bool,
    #[comptime] s: Sweep,
    #[define(F)] _dtype: ElemType,
) {
    let t = t as usize;
    let time = time as usize;
    let batch = batch as usize;
    let hidden = comptime![s.hidden];
    let i = ABSOLUTE_POS;
    if i < batch * hidden {
        let b = i / hidden;
        let j = i % hidden;
        let at = (b * time + t) * hidden + j;
        let factor = factors::<F, N>(keep, b, batch, time, t, s.keep);
        let prev = before::<F, N>(states, initial, b, batch, time, t, j, s) * factor;
        let mut a = Array::<Vector<F, N>>::new(4usize);
        let quad = saved[at];
        #[unroll]
        for g in 0..4usize {
            a[g] = Vector::<F, N>::new(quad.extract(g));
        }
        let mut dhv = Vector::<F, N>::new(dh[at]);
        let mut past = Vector::<F, N>::new(F::new(0.0_f32));
        if comptime![!is_last] {
            let after = factors::<F, N>(keep, b, batch, time, t + 1, s.keep);
            past = Vector::<F, N>::new(carry[i]) * after;
            dhv += Vector::<F, N>::new(sums[i]) * after;
        }
        if comptime![s.lstm] {
            let now = Vector::<F, N>::new(states[at]);
            past = lstm_back::<F, N>(&mut a, now, prev, dhv, past);
        } else {
            past = gru_back::<F, N>(&mut a, prev, dhv + past);
        }
        carry[i] = past.extract(0usize);
        let mut quad = Quad::<F>::new(F::new(0.0_f32));
        #[unroll]
        for g in 0..4usize {
            quad.insert(g, a[g].extract(0usize));
        }
        grads[at] = quad;
        if comptime![is_last] {
            dbias[i] = quad;
        } else {
            dbias[i] += quad;
        }
    }
}

/// Gradients of the initial states out of `sums`, the product of the first step's gradients, and
/// `carry`.
#[cube(launch_unchecked)]
#[allow(clippy::too_many_arguments, reason = "a kernel's bindings")]
pub(super) fn initial<F: Float, N: Size>(
    sums: &[F],
    carry: &[F],
    keep: &[F],
    dh0: &mut [F],
    dc0: &mut [F],
    time: u32,
    batch: u32,
    #[comptime] s: Sweep,
    #[define(F)] _dtype: ElemType,
) {
    let time = time as usize;
    let batch = batch as usize;
    let i = ABSOLUTE_POS;
    if i < batch * comptime![s.hidden] {
        let b = i / comptime![s.hidden];
        let factor = factors::<F, N>(keep, b, batch, time, 0usize, s.keep).extract(0usize);
        if comptime![s.lstm] {
            dh0[i] = sums[i] * factor;
            dc0[i] = carry[i] * factor;
        } else {
            dh0[i] = (sums[i] + carry[i]) * factor;
        }
    }
}
