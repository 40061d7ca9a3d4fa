//! GRU over whole sequences, forward and backward (reset after the recurrent product).
//!
//! ```text
//! r = sigmoid(x Wxr + bxr + h Whr + bhr)      m = h Whn + bhn
//! z = sigmoid(x Wxz + bxz + h Whz + bhz)      n = tanh(x Wxn + bxn + r * m)
//! h' = (1 - z) * n + z * h
//! ```
//!
//! Rows of the batch are independent, so the batch is cut once and every thread sweeps its rows
//! through all steps. Inside: the input product of all steps is one product, a step is one small
//! product with weights packed once a sweep plus one vectorised gate pass, the weight gradients are
//! one product over all steps at the end. Everything is time-major. A row of `gates` holds
//! `n | r | z | m`, so that `n r z` (what the input product feeds) and `r z m` (what the recurrent
//! product feeds) are both contiguous; the backward pass overwrites it with the gradients.

use super::buffer::Buffer;
use super::gemm::{MatRef, Packed, gemm, panel_width};
use super::lanes::{Element, Kernel, Lanes};
use super::threads::split;

/// What a sweep reads. Gate blocks of the weights stand in the order r, z, n.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GruArgs<'a, E> {
    /// `[batch, time, input]`
    pub(crate) x: &'a [E],
    /// `[input, 3 * hidden]`
    pub(crate) wx: &'a [E],
    /// `[3 * hidden]`
    pub(crate) bx: &'a [E],
    /// `[hidden, 3 * hidden]`
    pub(crate) wh: &'a [E],
    /// `[3 * hidden]`
    pub(crate) bh: &'a [E],
    /// `[batch, hidden]`
    pub(crate) h0: &'a [E],
    /// `[batch, time]`: factor on the state that enters a step; 0 forgets everything before it.
    pub(crate) keep: &'a [E],
    pub(crate) batch: usize,
    pub(crate) time: usize,
    pub(crate) input: usize,
    pub(crate) hidden: usize,
}

/// What the backward pass needs of a forward sweep.
#[derive(Debug, Clone)]
pub(crate) struct GruSaved<E: Element> {
    parts: Vec<Part<E>>,
}

/// The rows of one thread.
#[derive(Debug, Clone)]
struct Part<E: Element> {
    rows: std::ops::Range<usize>,
    /// `[time, rows, input]`
    x: Buffer<E>,
    /// `[time, rows, 4 * padded]`: n, r, z, m
    gates: Buffer<E>,
    /// `[time, rows, padded]`: the state that enters each step, after `keep`
    prev: Buffer<E>,
}

/// Gradients of a sweep, shaped as the fields of [`GruArgs`].
#[derive(Debug)]
pub(crate) struct GruGrads<E> {
    /// Empty unless asked for.
    pub(crate) x: Vec<E>,
    pub(crate) wx: Vec<E>,
    pub(crate) bx: Vec<E>,
    pub(crate) wh: Vec<E>,
    pub(crate) bh: Vec<E>,
    pub(crate) h0: Vec<E>,
}

/// Hidden size rounded up to whole vectors.
fn padded<E: Element>(hidden: usize) -> usize {
    hidden.next_multiple_of(panel_width::<E>() / 2)
}

/// Copies gate blocks of width `hidden` into blocks of width `hp`, in the order `order`, zero
/// filled.
fn pad_gates<E: Element>(w: &[E], hidden: usize, hp: usize, order: [usize; 3]) -> Buffer<E> {
    let rows = w.len() / (3 * hidden).max(1);
    let mut out = Buffer::zeroed(rows * 3 * hp);
    for (from, to) in w.chunks_exact(3 * hidden).zip(out.chunks_exact_mut(3 * hp)) {
        for (slot, &gate) in order.iter().enumerate() {
            to[slot * hp..][..hidden].copy_from_slice(&from[gate * hidden..][..hidden]);
        }
    }
    out
}

/// The reverse of [`pad_gates`], adding into `out`.
fn unpad_gates<E: Element>(w: &[E], out: &mut [E], hidden: usize, hp: usize, order: [usize; 3]) {
    for (from, to) in w.chunks_exact(3 * hp).zip(out.chunks_exact_mut(3 * hidden)) {
        for (slot, &gate) in order.iter().enumerate() {
            for (o, &v) in to[gate * hidden..][..hidden].iter_mut().zip(&from[slot * hp..]) {
                *o += v;
            }
        }
    }
}

/// r, z, n reordered to n, r, z: the input side.
const INPUT_ORDER: [usize; 3] = [2, 0, 1];
/// r, z, m: the recurrent side keeps its order.
const STATE_ORDER: [usize; 3] = [0, 1, 2];

/// Runs the sweep; returns the hidden states `[batch, time, hidden]` and, if `save`, what
/// [`gru_backward`] needs.
pub(crate) fn gru_forward<E: Element>(
    args: &GruArgs<'_, E>,
    save: bool,
) -> (Vec<E>, Option<GruSaved<E>>) {
    let &GruArgs { x, batch, time, input, hidden, .. } = args;
    assert_eq!(x.len(), batch * time * input, "x is not [batch, time, input]");
    assert_eq!(args.wx.len(), input * 3 * hidden, "wx is not [input, 3 * hidden]");
    assert_eq!(args.wh.len(), hidden * 3 * hidden, "wh is not [hidden, 3 * hidden]");
    assert_eq!((args.bx.len(), args.bh.len()), (3 * hidden, 3 * hidden), "biases");
    assert_eq!(args.h0.len(), batch * hidden, "h0 is not [batch, hidden]");
    assert_eq!(args.keep.len(), batch * time, "keep is not [batch, time]");
    let hp = padded::<E>(hidden);
    let wx = pad_gates(args.wx, hidden, hp, INPUT_ORDER);
    let wx = Packed::new(MatRef::rows(&wx, 3 * hp), input, 3 * hp);
    let wh = pad_gates(args.wh, hidden, hp, STATE_ORDER);
    let wh = Packed::new(MatRef::rows(&wh, 3 * hp), hidden, 3 * hp);
    // n | r | z | m; the recurrent biases of r and z simply add to those of the input.
    let mut bias = Buffer::zeroed(4 * hp);
    for j in 0..hidden {
        bias[j] = args.bx[2 * hidden + j];
        bias[hp + j] = args.bx[j] + args.bh[j];
        bias[2 * hp + j] = args.bx[hidden + j] + args.bh[hidden + j];
        bias[3 * hp + j] = args.bh[2 * hidden + j];
    }
    let parts = split(batch, 1, |_, rows| forward_rows(args, &wx, &wh, &bias, hp, rows));
    let mut out = Vec::with_capacity(batch * time * hidden);
    let mut saved = Vec::with_capacity(parts.len());
    for (h, part) in parts {
        if out.is_empty() {
            out = h;
        } else {
            out.extend_from_slice(&h);
        }
        saved.push(part);
    }
    (out, save.then_some(GruSaved { parts: saved }))
}

/// Copies rows of `[batch, time, width]` to `[time, rows, padded]`, zero filled.
fn time_major<E: Element>(
    from: &[E],
    rows: &std::ops::Range<usize>,
    time: usize,
    width: usize,
    padded: usize,
) -> Buffer<E> {
    let n = rows.len();
    let mut out = Buffer::scratch(time * n * padded);
    for (b, row) in rows.clone().enumerate() {
        for t in 0..time {
            let to = &mut out[(t * n + b) * padded..][..padded];
            to[..width].copy_from_slice(&from[(row * time + t) * width..][..width]);
            to[width..].fill(E::ZERO);
        }
    }
    out
}

fn forward_rows<E: Element>(
    args: &GruArgs<'_, E>,
    wx: &Packed<E>,
    wh: &Packed<E>,
    bias: &[E],
    hp: usize,
    rows: std::ops::Range<usize>,
) -> (Vec<E>, Part<E>) {
    let &GruArgs { time, input, hidden, keep, .. } = args;
    let n = rows.len();
    let x = time_major(args.x, &rows, time, input, input);
    let mut gates = Buffer::scratch(time * n * 4 * hp);
    gemm(time * n, MatRef::rows(&x, input), wx, &mut gates, 4 * hp, false);
    let mut prev = Buffer::scratch(time * n * hp);
    let mut state = Buffer::zeroed(n * hp);
    for (b, row) in rows.clone().enumerate() {
        state[b * hp..][..hidden].copy_from_slice(&args.h0[row * hidden..][..hidden]);
    }
    let mut product = Buffer::scratch(n * 3 * hp);
    let mut out = vec![E::ZERO; n * time * hidden];
    for t in 0..time {
        let entering = &mut prev[t * n * hp..][..n * hp];
        for (b, row) in rows.clone().enumerate() {
            let k = keep[row * time + t];
            let (to, from) = (&mut entering[b * hp..][..hp], &state[b * hp..][..hp]);
            to.iter_mut().zip(from).for_each(|(to, &from)| *to = from * k);
        }
        gemm(n, MatRef::rows(entering, hp), wh, &mut product, 3 * hp, false);
        E::dispatch(GatesForward {
            gates: &mut gates[t * n * 4 * hp..][..n * 4 * hp],
            product: &product,
            bias,
            prev: entering,
            state: &mut state,
            hp,
        });
        for b in 0..n {
            out[(b * time + t) * hidden..][..hidden].copy_from_slice(&state[b * hp..][..hidden]);
        }
    }
    (out, Part { rows, x, gates, prev })
}

/// One step's activations: `gates` comes with the input products and leaves with n, r, z, m.
struct GatesForward<'a, E> {
    gates: &'a mut [E],
    product: &'a [E],
    bias: &'a [E],
    prev: &'a [E],
    state: &'a mut [E],
    hp: usize,
}

impl<E: Element> Kernel<E> for GatesForward<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<E = E>>(self) {
        let hp = self.hp;
        let rows = self.gates.chunks_exact_mut(4 * hp).zip(self.product.chunks_exact(3 * hp));
        let states = self.prev.chunks_exact(hp).zip(self.state.chunks_exact_mut(hp));
        assert_eq!((self.bias.len(), hp % L::N), (4 * hp, 0), "padded gate blocks");
        for ((gates, product), (prev, state)) in rows.zip(states) {
            let (g, p, bias) = (gates.as_mut_ptr(), product.as_ptr(), self.bias.as_ptr());
            let (prev, state) = (prev.as_ptr(), state.as_mut_ptr());
            for j in (0..hp).step_by(L::N) {
                // SAFETY: j + N <= hp, since hp is a multiple of N; `gates` and `bias` have four
                // blocks of hp, `product` three, the states one.
                unsafe {
                    let sum = |block: usize| {
                        let x = L::load(g.add(block * hp + j));
                        L::add(x, L::load(bias.add(block * hp + j)))
                    };
                    let r = L::sigmoid(L::add(sum(1), L::load(p.add(j))));
                    let z = L::sigmoid(L::add(sum(2), L::load(p.add(hp + j))));
                    let m = L::add(L::load(p.add(2 * hp + j)), L::load(bias.add(3 * hp + j)));
                    let n = L::tanh(L::fma(r, m, sum(0)));
                    let h = L::fma(z, L::sub(L::load(prev.add(j)), n), n);
                    L::store(g.add(j), n);
                    L::store(g.add(hp + j), r);
                    L::store(g.add(2 * hp + j), z);
                    L::store(g.add(3 * hp + j), m);
                    L::store(state.add(j), h);
                }
            }
        }
    }
}

/// Gradients from `dh` `[batch, time, hidden]`; the gradient of `x` only if `need_x`.
pub(crate) fn gru_backward<E: Element>(
    args: &GruArgs<'_, E>,
    saved: GruSaved<E>,
    dh: &[E],
    need_x: bool,
) -> GruGrads<E> {
    let &GruArgs { batch, time, input, hidden, .. } = args;
    assert_eq!(dh.len(), batch * time * hidden, "dh is not [batch, time, hidden]");
    let hp = padded::<E>(hidden);
    let wh = pad_gates(args.wh, hidden, hp, STATE_ORDER);
    let wh_t = Packed::new(MatRef::transposed(&wh, 3 * hp), 3 * hp, hidden);
    let wx_t = need_x.then(|| {
        let wx = pad_gates(args.wx, hidden, hp, INPUT_ORDER);
        Packed::new(MatRef::transposed(&wx, 3 * hp), 3 * hp, input)
    });
    let parts: Vec<_> = saved.parts.into_iter().map(std::sync::Mutex::new).collect();
    let done = split(parts.len(), 1, |_, which| {
        which
            .map(|p| {
                let mut part = parts[p].lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                backward_rows(args, &mut part, dh, &wh_t, wx_t.as_ref(), hp)
            })
            .collect::<Vec<_>>()
    });
    let mut total = GruGrads {
        x: Vec::new(),
        wx: vec![E::ZERO; input * 3 * hidden],
        bx: vec![E::ZERO; 3 * hidden],
        wh: vec![E::ZERO; hidden * 3 * hidden],
        bh: vec![E::ZERO; 3 * hidden],
        h0: Vec::with_capacity(batch * hidden),
    };
    for part in done.into_iter().flatten() {
        if total.x.is_empty() {
            total.x = part.x;
        } else {
            total.x.extend_from_slice(&part.x);
        }
        unpad_gates(&part.wx, &mut total.wx, hidden, hp, INPUT_ORDER);
        unpad_gates(&part.bias[..3 * hp], &mut total.bx, hidden, hp, INPUT_ORDER);
        unpad_gates(&part.wh, &mut total.wh, hidden, hp, STATE_ORDER);
        unpad_gates(&part.bias[hp..], &mut total.bh, hidden, hp, STATE_ORDER);
        total.h0.extend(part.h0.chunks_exact(hp).flat_map(|row| &row[..hidden]));
    }
    total
}

/// Gradients of the rows of one thread, in padded blocks.
struct PartGrads<E: Element> {
    x: Vec<E>,
    wx: Buffer<E>,
    wh: Buffer<E>,
    /// n, r, z, m
    bias: Buffer<E>,
    h0: Buffer<E>,
}

fn backward_rows<E: Element>(
    args: &GruArgs<'_, E>,
    part: &mut Part<E>,
    dh: &[E],
    wh_t: &Packed<E>,
    wx_t: Option<&Packed<E>>,
    hp: usize,
) -> PartGrads<E> {
    let &GruArgs { time, input, hidden, keep, .. } = args;
    let n = part.rows.len();
    let dh = time_major(dh, &part.rows, time, hidden, hp);
    let mut carry = Buffer::zeroed(n * hp);
    let mut bias = Buffer::zeroed(4 * hp);
    for t in (0..time).rev() {
        let gates = &mut part.gates[t * n * 4 * hp..][..n * 4 * hp];
        E::dispatch(GatesBackward {
            gates,
            dh: &dh[t * n * hp..][..n * hp],
            prev: &part.prev[t * n * hp..][..n * hp],
            carry: &mut carry,
            bias: &mut bias,
            hp,
        });
        gemm(n, MatRef::rows(&gates[hp..], 4 * hp), wh_t, &mut carry, hp, true);
        for (b, row) in part.rows.clone().enumerate() {
            let k = keep[row * time + t];
            carry[b * hp..][..hp].iter_mut().for_each(|v| *v = *v * k);
        }
    }
    let steps = time * n;
    let mut wx = Buffer::scratch(input * 3 * hp);
    let mut wh = Buffer::scratch(hidden * 3 * hp);
    if steps > 0 {
        let d_input = Packed::new(MatRef::rows(&part.gates, 4 * hp), steps, 3 * hp);
        gemm(input, MatRef::transposed(&part.x, input), &d_input, &mut wx, 3 * hp, false);
        drop(d_input);
        let d_state = Packed::new(MatRef::rows(&part.gates[hp..], 4 * hp), steps, 3 * hp);
        gemm(hidden, MatRef::transposed(&part.prev, hp), &d_state, &mut wh, 3 * hp, false);
    } else {
        wx.fill(E::ZERO);
        wh.fill(E::ZERO);
    }
    let x = wx_t.map_or_else(Vec::new, |wx_t| {
        let mut dx = Buffer::scratch(steps * input);
        gemm(steps, MatRef::rows(&part.gates, 4 * hp), wx_t, &mut dx, input, false);
        let mut out = vec![E::ZERO; steps * input];
        for (at, row) in dx.chunks_exact(input).enumerate() {
            let (t, b) = (at / n, at % n);
            out[(b * time + t) * input..][..input].copy_from_slice(row);
        }
        out
    });
    PartGrads { x, wx, wh, bias, h0: carry }
}

/// One step backward: `gates` comes with n, r, z, m and leaves with the gradients of their
/// pre-activations (of the recurrent product for m); `carry` comes with the gradient from later
/// steps and leaves with the part that passes through `z * h`.
struct GatesBackward<'a, E> {
    gates: &'a mut [E],
    dh: &'a [E],
    prev: &'a [E],
    carry: &'a mut [E],
    bias: &'a mut [E],
    hp: usize,
}

impl<E: Element> Kernel<E> for GatesBackward<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<E = E>>(self) {
        let hp = self.hp;
        let rows = self.gates.chunks_exact_mut(4 * hp).zip(self.dh.chunks_exact(hp));
        let states = self.prev.chunks_exact(hp).zip(self.carry.chunks_exact_mut(hp));
        assert_eq!((self.bias.len(), hp % L::N), (4 * hp, 0), "padded gate blocks");
        let bias = self.bias.as_mut_ptr();
        for ((gates, dh), (prev, carry)) in rows.zip(states) {
            let (g, dh) = (gates.as_mut_ptr(), dh.as_ptr());
            let (prev, carry) = (prev.as_ptr(), carry.as_mut_ptr());
            for j in (0..hp).step_by(L::N) {
                // SAFETY: j + N <= hp, since hp is a multiple of N; `gates` and `bias` have four
                // blocks of hp, the others one.
                unsafe {
                    let one = L::splat(E::ONE);
                    let d = L::add(L::load(dh.add(j)), L::load(carry.add(j)));
                    let n = L::load(g.add(j));
                    let r = L::load(g.add(hp + j));
                    let z = L::load(g.add(2 * hp + j));
                    let m = L::load(g.add(3 * hp + j));
                    let h = L::load(prev.add(j));
                    let through = L::mul(L::mul(d, L::sub(one, z)), L::sub(one, L::mul(n, n)));
                    let dz = L::mul(L::mul(d, L::sub(h, n)), L::mul(z, L::sub(one, z)));
                    let dr = L::mul(L::mul(through, m), L::mul(r, L::sub(one, r)));
                    let dm = L::mul(through, r);
                    for (block, v) in [through, dr, dz, dm].into_iter().enumerate() {
                        L::store(g.add(block * hp + j), v);
                        let sum = bias.add(block * hp + j);
                        L::store(sum, L::add(L::load(sum), v));
                    }
                    L::store(carry.add(j), L::mul(d, z));
                }
            }
        }
    }
}
