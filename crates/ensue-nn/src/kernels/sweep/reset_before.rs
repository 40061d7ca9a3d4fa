//! GRU with the reset before the recurrent product (Cho et al. 2014).
//!
//! A step needs two products, one after the other, since the second one's operand is `r * h` of all
//! units. So this cell does not share the register tiles of the others: the input product of all
//! steps is one product, a step is two small ones and two vectorised gate passes, and the weight
//! gradients are three products over all steps at the end. A row of gates holds `n | r | z`; the
//! backward pass overwrites it with the gradients.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use super::tile::Shared;
use super::{GRAIN, SweepArgs, SweepGrads, split};
use crate::kernels::buffer::Buffer;
use crate::kernels::gemm::{MatRef, Packed, gemm, panel_width};
use crate::kernels::lanes::{Element, Kernel, Lanes};

/// The rows of one thread.
#[derive(Debug, Clone)]
pub(super) struct Part<E: Element> {
    rows: Range<usize>,
    /// `[time, rows, input]`
    x: Buffer<E>,
    /// `[time, rows, 3 * padded]`: n, r, z
    gates: Buffer<E>,
    /// `[time, rows, padded]`: the state that enters each step, after `keep`
    before: Buffer<E>,
    /// `[time, rows, padded]`: that state after the reset
    reset: Buffer<E>,
}

/// Gates of the columns r, z, n in the order of a row of gates.
const ORDER: [usize; 3] = [2, 0, 1];

/// Weights with padded blocks of gates.
struct Padded<E: Element> {
    width: usize,
    /// `[input, n | r | z]`
    x: Buffer<E>,
    /// `[hidden, r | z]`
    state: Buffer<E>,
    /// `[hidden, n]`
    reset: Buffer<E>,
}

/// `[rows, hidden * 3]` to `[rows, blocks of width]`, one block for each gate of `order`.
fn pad<E: Element>(w: &[E], hidden: usize, width: usize, order: &[usize]) -> Buffer<E> {
    let columns = order.len() * width;
    let mut out = Buffer::zeroed(w.len() / (3 * hidden) * columns);
    for (from, to) in w.chunks_exact(3 * hidden).zip(out.chunks_exact_mut(columns)) {
        for (slot, &gate) in order.iter().enumerate() {
            let to = &mut to[slot * width..][..hidden];
            to.iter_mut().zip(from[gate..].iter().step_by(3)).for_each(|(to, &from)| *to = from);
        }
    }
    out
}

/// The reverse of [`pad`], adding.
fn unpad<E: Element>(w: &[E], to: &mut [E], hidden: usize, width: usize, order: &[usize]) {
    let columns = order.len() * width;
    for (from, to) in w.chunks_exact(columns).zip(to.chunks_exact_mut(3 * hidden)) {
        for (slot, &gate) in order.iter().enumerate() {
            let from = &from[slot * width..][..hidden];
            to[gate..].iter_mut().step_by(3).zip(from).for_each(|(to, &from)| *to += from);
        }
    }
}

impl<E: Element> Padded<E> {
    fn new(wx: &[E], wh: &[E], hidden: usize) -> Self {
        let width = hidden.next_multiple_of(panel_width::<E>() / 2);
        Self {
            width,
            x: pad(wx, hidden, width, &ORDER),
            state: pad(wh, hidden, width, &[0, 1]),
            reset: pad(wh, hidden, width, &[2]),
        }
    }
}

/// Weights packed for the forward sweep.
#[derive(Debug, Clone)]
pub(super) struct Weights<E: Element> {
    width: usize,
    x: Packed<E>,
    state: Packed<E>,
    reset: Packed<E>,
    /// n | r | z
    bias: Buffer<E>,
}

impl<E: Element> Weights<E> {
    pub(super) fn new(wx: &[E], wh: &[E], bias: &[E], input: usize, hidden: usize) -> Self {
        let padded = Padded::new(wx, wh, hidden);
        let width = padded.width;
        let rows = |w, gates| MatRef::rows(w, gates * width);
        Self {
            width,
            x: Packed::new(rows(&padded.x, 3), input, 3 * width),
            state: Packed::new(rows(&padded.state, 2), hidden, 2 * width),
            reset: Packed::new(rows(&padded.reset, 1), hidden, width),
            bias: pad(bias, hidden, width, &ORDER),
        }
    }
}

/// The whole batch: hidden states, and what the backward pass needs if `save`.
pub(super) fn forward<E: Element>(
    args: &SweepArgs<'_, E>,
    weights: &Weights<E>,
    save: bool,
) -> (Vec<E>, Vec<Part<E>>) {
    let len = args.batch * args.time * args.hidden;
    let mut out = Vec::with_capacity(len);
    let to = Shared::of(&mut out);
    let parts = split(args.batch, GRAIN, |_, rows| forward_rows(args, weights, save, rows, to));
    // SAFETY: the parts cover the batch, and each has written all steps of its rows.
    unsafe { out.set_len(len) };
    (out, parts)
}

/// Copies rows of `[batch, time, width]` to `[time, rows, padded]`, zero filled.
fn time_major<E: Element>(
    from: &[E],
    rows: &Range<usize>,
    time: usize,
    width: usize,
    padded: usize,
) -> Buffer<E> {
    let n = rows.len();
    let mut out = Buffer::scratch(time * n * padded);
    for t in 0..time {
        for (b, row) in rows.clone().enumerate() {
            let to = &mut out[(t * n + b) * padded..][..padded];
            to[..width].copy_from_slice(&from[(row * time + t) * width..][..width]);
            to[width..].fill(E::ZERO);
        }
    }
    out
}

fn forward_rows<E: Element>(
    args: &SweepArgs<'_, E>,
    weights: &Weights<E>,
    save: bool,
    rows: Range<usize>,
    out: Shared<E>,
) -> Part<E> {
    let &SweepArgs { time, input, hidden, .. } = args;
    let (n, width) = (rows.len(), weights.width);
    let x = time_major(args.x, &rows, time, input, input);
    let mut gates = Buffer::scratch(time * n * 3 * width);
    gemm(time * n, MatRef::rows(&x, input), &weights.x, &mut gates, 3 * width, false);
    let slots = if save { time } else { time.min(1) };
    let mut before = Buffer::scratch(slots * n * width);
    let mut reset = Buffer::scratch(slots * n * width);
    let mut state = Buffer::zeroed(n * width);
    if !args.h0.is_empty() {
        for (b, row) in rows.clone().enumerate() {
            state[b * width..][..hidden].copy_from_slice(&args.h0[row * hidden..][..hidden]);
        }
    }
    let mut product = Buffer::scratch(n * 2 * width);
    for t in 0..time {
        let at = if save { t * n * width } else { 0 };
        let before = &mut before[at..][..n * width];
        let reset = &mut reset[at..][..n * width];
        for (b, row) in rows.clone().enumerate() {
            let keep = args.keep.get(row * time + t).copied().unwrap_or(E::ONE);
            let (to, from) = (&mut before[b * width..][..width], &state[b * width..][..width]);
            to.iter_mut().zip(from).for_each(|(to, &from)| *to = from * keep);
        }
        gemm(n, MatRef::rows(before, width), &weights.state, &mut product, 2 * width, false);
        let gates = &mut gates[t * n * 3 * width..][..n * 3 * width];
        let bias = &weights.bias;
        E::dispatch(ResetGates { gates, product: &product, bias, before, reset, width });
        gemm(n, MatRef::rows(reset, width), &weights.reset, &mut product, width, false);
        let state = &mut state;
        E::dispatch(NewState { gates, product: &product, bias, before, state, width });
        for (b, row) in rows.clone().enumerate() {
            // SAFETY: the output has room for `[batch, time, hidden]` and the row is this
            // thread's; a state has `width >= hidden` elements.
            unsafe {
                let to = out.0.add((row * time + t) * hidden);
                std::ptr::copy_nonoverlapping(state[b * width..].as_ptr(), to, hidden);
            }
        }
    }
    Part { rows, x, gates, before, reset }
}

/// r, z and the state after the reset. `gates` comes with the input products; n stays one.
struct ResetGates<'a, E> {
    gates: &'a mut [E],
    /// r | z
    product: &'a [E],
    bias: &'a [E],
    before: &'a [E],
    reset: &'a mut [E],
    width: usize,
}

impl<E: Element> Kernel<E> for ResetGates<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<E = E>>(self) {
        let Self { gates, product, bias, before, reset, width } = self;
        let n = gates.len() / (3 * width);
        assert_eq!((product.len(), before.len()), (n * 2 * width, n * width));
        assert_eq!((reset.len(), bias.len(), width % L::N), (n * width, 3 * width, 0));
        for row in 0..n {
            for j in (0..width).step_by(L::N) {
                // SAFETY: j + N <= width; the lengths were checked above.
                unsafe {
                    let g = gates.as_mut_ptr().add(row * 3 * width + j);
                    let p = product.as_ptr().add(row * 2 * width + j);
                    let bias = bias.as_ptr().add(j);
                    let r = L::add(L::load(g.add(width)), L::load(bias.add(width)));
                    let r = L::sigmoid(L::add(r, L::load(p)));
                    let z = L::add(L::load(g.add(2 * width)), L::load(bias.add(2 * width)));
                    let z = L::sigmoid(L::add(z, L::load(p.add(width))));
                    L::store(g.add(width), r);
                    L::store(g.add(2 * width), z);
                    let h = L::load(before.as_ptr().add(row * width + j));
                    L::store(reset.as_mut_ptr().add(row * width + j), L::mul(r, h));
                }
            }
        }
    }
}

/// n and the new state.
struct NewState<'a, E> {
    gates: &'a mut [E],
    /// n in the first rows' worth of elements
    product: &'a [E],
    bias: &'a [E],
    before: &'a [E],
    state: &'a mut [E],
    width: usize,
}

impl<E: Element> Kernel<E> for NewState<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<E = E>>(self) {
        let Self { gates, product, bias, before, state, width } = self;
        let n = gates.len() / (3 * width);
        assert!(product.len() >= n * width && bias.len() >= width);
        assert_eq!((before.len(), state.len(), width % L::N), (n * width, n * width, 0));
        for row in 0..n {
            for j in (0..width).step_by(L::N) {
                // SAFETY: j + N <= width; the lengths were checked above.
                unsafe {
                    let g = gates.as_mut_ptr().add(row * 3 * width + j);
                    let n = L::add(L::load(g), L::load(bias.as_ptr().add(j)));
                    let n = L::tanh(L::add(n, L::load(product.as_ptr().add(row * width + j))));
                    let z = L::load(g.add(2 * width));
                    let h = L::load(before.as_ptr().add(row * width + j));
                    L::store(g, n);
                    L::store(state.as_mut_ptr().add(row * width + j), L::fma(z, L::sub(h, n), n));
                }
            }
        }
    }
}

/// The whole batch.
pub(super) fn backward<E: Element>(
    args: &SweepArgs<'_, E>,
    parts: Vec<Part<E>>,
    dh: &[E],
    need_x: bool,
) -> SweepGrads<E> {
    let &SweepArgs { batch, time, input, hidden, .. } = args;
    let padded = Padded::new(args.wx, args.wh, hidden);
    let width = padded.width;
    let turned =
        |w, gates: usize, n| Packed::new(MatRef::transposed(w, gates * width), gates * width, n);
    let weights = Turned {
        width,
        x: need_x.then(|| turned(&padded.x, 3, input)),
        state: turned(&padded.state, 2, hidden),
        reset: turned(&padded.reset, 1, hidden),
    };
    let mut grads = SweepGrads {
        x: vec![E::ZERO; if need_x { batch * time * input } else { 0 }],
        wx: vec![E::ZERO; args.wx.len()],
        wh: vec![E::ZERO; args.wh.len()],
        bias: vec![E::ZERO; args.bias.len()],
        h0: Vec::with_capacity(batch * hidden),
        c0: Vec::new(),
    };
    let x = Shared::of(&mut grads.x);
    let parts: Vec<_> = parts.into_iter().map(Mutex::new).collect();
    let done = split(parts.len(), 1, |_, which| {
        which
            .map(|p| {
                let mut part = parts[p].lock().unwrap_or_else(PoisonError::into_inner);
                backward_rows(args, &mut part, dh, &weights, x)
            })
            .collect::<Vec<_>>()
    });
    for part in done.into_iter().flatten() {
        unpad(&part.x, &mut grads.wx, hidden, width, &ORDER);
        unpad(&part.state, &mut grads.wh, hidden, width, &[0, 1]);
        unpad(&part.reset, &mut grads.wh, hidden, width, &[2]);
        unpad(&part.bias, &mut grads.bias, hidden, width, &ORDER);
        grads.h0.extend(part.h0.chunks_exact(width).flat_map(|row| &row[..hidden]));
    }
    grads
}

/// Transposed weights.
struct Turned<E: Element> {
    width: usize,
    x: Option<Packed<E>>,
    state: Packed<E>,
    reset: Packed<E>,
}

/// Gradients of the rows of one thread, in padded blocks.
struct PartGrads<E: Element> {
    x: Buffer<E>,
    state: Buffer<E>,
    reset: Buffer<E>,
    bias: Buffer<E>,
    h0: Buffer<E>,
}

fn backward_rows<E: Element>(
    args: &SweepArgs<'_, E>,
    part: &mut Part<E>,
    dh: &[E],
    weights: &Turned<E>,
    dx: Shared<E>,
) -> PartGrads<E> {
    let &SweepArgs { time, input, hidden, keep, .. } = args;
    let (n, width) = (part.rows.len(), weights.width);
    let dh = time_major(dh, &part.rows, time, hidden, width);
    let mut carry = Buffer::zeroed(n * width);
    let mut product = Buffer::zeroed(n * width);
    for t in (0..time).rev() {
        let at = t * n * width..(t + 1) * n * width;
        let gates = &mut part.gates[3 * at.start..3 * at.end];
        let before = &part.before[at.clone()];
        E::dispatch(StateBack { gates, dh: &dh[at.clone()], before, carry: &mut carry, width });
        gemm(n, MatRef::rows(gates, 3 * width), &weights.reset, &mut product, width, false);
        E::dispatch(ResetBack { gates, product: &product, before, carry: &mut carry, width });
        let from = MatRef::rows(&gates[width..], 3 * width);
        gemm(n, from, &weights.state, &mut carry, width, true);
        if !keep.is_empty() {
            for (b, row) in part.rows.clone().enumerate() {
                let keep = keep[row * time + t];
                carry[b * width..][..width].iter_mut().for_each(|v| *v = *v * keep);
            }
        }
    }
    let steps = time * n;
    let gates = |from: usize, blocks: usize| {
        Packed::new(MatRef::rows(&part.gates[from * width..], 3 * width), steps, blocks * width)
    };
    let mut grads = PartGrads {
        x: Buffer::zeroed(input * 3 * width),
        state: Buffer::zeroed(hidden * 2 * width),
        reset: Buffer::zeroed(hidden * width),
        bias: Buffer::zeroed(3 * width),
        h0: carry,
    };
    if steps > 0 {
        let x = MatRef::transposed(&part.x, input);
        gemm(input, x, &gates(0, 3), &mut grads.x, 3 * width, false);
        let before = MatRef::transposed(&part.before, width);
        gemm(hidden, before, &gates(1, 2), &mut grads.state, 2 * width, false);
        let reset = MatRef::transposed(&part.reset, width);
        gemm(hidden, reset, &gates(0, 1), &mut grads.reset, width, false);
        for row in part.gates.chunks_exact(3 * width) {
            grads.bias.iter_mut().zip(row).for_each(|(sum, &g)| *sum += g);
        }
    }
    if let Some(turned) = &weights.x {
        let mut rows = Buffer::scratch(n * input);
        for t in 0..time {
            let gates = &part.gates[t * n * 3 * width..];
            gemm(n, MatRef::rows(gates, 3 * width), turned, &mut rows, input, false);
            for (b, row) in part.rows.clone().enumerate() {
                // SAFETY: the gradient is `[batch, time, input]`, and the row is this thread's.
                unsafe {
                    let to = dx.0.add((row * time + t) * input);
                    std::ptr::copy_nonoverlapping(rows[b * input..].as_ptr(), to, input);
                }
            }
        }
    }
    grads
}

/// Gradients of n and z, and what passes through z to the state before; r stays.
struct StateBack<'a, E> {
    gates: &'a mut [E],
    dh: &'a [E],
    before: &'a [E],
    carry: &'a mut [E],
    width: usize,
}

impl<E: Element> Kernel<E> for StateBack<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<E = E>>(self) {
        let Self { gates, dh, before, carry, width } = self;
        let n = gates.len() / (3 * width);
        assert_eq!((dh.len(), before.len()), (n * width, n * width));
        assert_eq!((carry.len(), width % L::N), (n * width, 0));
        for row in 0..n {
            for j in (0..width).step_by(L::N) {
                // SAFETY: j + N <= width; the lengths were checked above.
                unsafe {
                    let one = L::splat(E::ONE);
                    let g = gates.as_mut_ptr().add(row * 3 * width + j);
                    let at = row * width + j;
                    let carry = carry.as_mut_ptr().add(at);
                    let d = L::add(L::load(dh.as_ptr().add(at)), L::load(carry));
                    let (n, z) = (L::load(g), L::load(g.add(2 * width)));
                    let h = L::load(before.as_ptr().add(at));
                    L::store(carry, L::mul(d, z));
                    L::store(g, L::mul(L::mul(d, L::sub(one, z)), L::sub(one, L::mul(n, n))));
                    let dz = L::mul(L::mul(d, L::sub(h, n)), L::sub(z, L::mul(z, z)));
                    L::store(g.add(2 * width), dz);
                }
            }
        }
    }
}

/// Gradient of r, and what passes through the reset to the state before.
struct ResetBack<'a, E> {
    gates: &'a mut [E],
    /// Gradient of the state after the reset
    product: &'a [E],
    before: &'a [E],
    carry: &'a mut [E],
    width: usize,
}

impl<E: Element> Kernel<E> for ResetBack<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<E = E>>(self) {
        let Self { gates, product, before, carry, width } = self;
        let n = gates.len() / (3 * width);
        assert_eq!((product.len(), before.len()), (n * width, n * width));
        assert_eq!((carry.len(), width % L::N), (n * width, 0));
        for row in 0..n {
            for j in (0..width).step_by(L::N) {
                // SAFETY: j + N <= width; the lengths were checked above.
                unsafe {
                    let g = gates.as_mut_ptr().add(row * 3 * width + width + j);
                    let at = row * width + j;
                    let (carry, r) = (carry.as_mut_ptr().add(at), L::load(g));
                    let d = L::load(product.as_ptr().add(at));
                    let h = L::load(before.as_ptr().add(at));
                    L::store(carry, L::fma(d, r, L::load(carry)));
                    L::store(g, L::mul(L::mul(d, h), L::sub(r, L::mul(r, r))));
                }
            }
        }
    }
}
