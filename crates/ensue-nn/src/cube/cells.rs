//! What one time step does to one hidden unit of several rows at once: the arithmetic that the
//! one-launch sweeps and the step-by-step path share.
//!
//! The lanes of a vector are rows of the batch. Formulas: Hochreiter & Schmidhuber 1997 with the
//! forget gate of Gers et al. 2000; Cho et al. 2014 with the reset gate after the product.

use cubecl::prelude::*;

/// The four numbers kept for a unit: gates i, f, g, o of an LSTM; r, z, n and the reset product m
/// of a GRU.
pub(super) type Quad<F> = Vector<F, Const<4>>;

/// `1 / (1 + exp(-x))` with the exponential of no positive number, so nothing overflows.
#[cube]
pub(super) fn sigmoid<F: Float, N: Size>(x: Vector<F, N>) -> Vector<F, N> {
    let one = Vector::<F, N>::new(F::new(1.0_f32));
    let zero = Vector::<F, N>::new(F::new(0.0_f32));
    let e = (-x.abs()).exp();
    select_many(x.less_than(&zero), e, one) / (one + e)
}

/// `tanh(x)`, in the same way.
#[cube]
pub(super) fn tanh<F: Float, N: Size>(x: Vector<F, N>) -> Vector<F, N> {
    let one = Vector::<F, N>::new(F::new(1.0_f32));
    let zero = Vector::<F, N>::new(F::new(0.0_f32));
    let e = (Vector::<F, N>::new(F::new(-2.0_f32)) * x.abs()).exp();
    let y = (one - e) / (one + e);
    select_many(x.less_than(&zero), -y, y)
}

/// Activates the gates of an LSTM in place and gives the new cell state.
#[cube]
pub(super) fn lstm<F: Float, N: Size>(
    a: &mut Array<Vector<F, N>>,
    c_prev: Vector<F, N>,
) -> Vector<F, N> {
    a[0] = sigmoid::<F, N>(a[0]);
    a[1] = sigmoid::<F, N>(a[1]);
    a[2] = tanh::<F, N>(a[2]);
    a[3] = sigmoid::<F, N>(a[3]);
    a[1] * c_prev + a[0] * a[2]
}

/// Turns the sums of a GRU (r, z, n without its product, m) into what they become, in place, and
/// gives the new hidden state.
#[cube]
pub(super) fn gru<F: Float, N: Size>(
    a: &mut Array<Vector<F, N>>,
    h_prev: Vector<F, N>,
) -> Vector<F, N> {
    a[0] = sigmoid::<F, N>(a[0]);
    a[1] = sigmoid::<F, N>(a[1]);
    a[2] = tanh::<F, N>(a[2] + a[0] * a[3]);
    a[2] + a[1] * (h_prev - a[2])
}

/// Backward through an LSTM's step: gates in, gradients of the sums out, in place. Gives what goes
/// on to the cell state before.
#[cube]
pub(super) fn lstm_back<F: Float, N: Size>(
    a: &mut Array<Vector<F, N>>,
    c: Vector<F, N>,
    c_prev: Vector<F, N>,
    dh: Vector<F, N>,
    dc: Vector<F, N>,
) -> Vector<F, N> {
    let one = Vector::<F, N>::new(F::new(1.0_f32));
    let i = a[0];
    let f = a[1];
    let g = a[2];
    let o = a[3];
    let tc = tanh::<F, N>(c);
    let dc = dc + dh * o * (one - tc * tc);
    a[0] = dc * g * i * (one - i);
    a[1] = dc * c_prev * f * (one - f);
    a[2] = dc * i * (one - g * g);
    a[3] = dh * tc * o * (one - o);
    dc * f
}

/// Backward through a GRU's step: r, z, n, m in, gradients of the four sums out, in place. Gives
/// what goes past the gates to the state before.
#[cube]
pub(super) fn gru_back<F: Float, N: Size>(
    a: &mut Array<Vector<F, N>>,
    h_prev: Vector<F, N>,
    dh: Vector<F, N>,
) -> Vector<F, N> {
    let one = Vector::<F, N>::new(F::new(1.0_f32));
    let r = a[0];
    let z = a[1];
    let n = a[2];
    let dn = dh * (one - z) * (one - n * n);
    a[0] = dn * a[3] * r * (one - r);
    a[1] = dh * (h_prev - n) * z * (one - z);
    a[2] = dn;
    a[3] = dn * r;
    dh * z
}
