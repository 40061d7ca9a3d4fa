//! GRU with the reset after the recurrent product: `n r z m` of a vector of units in a block.

use super::backward::{GateBlock, Outer, outer};
use super::forward::{CellOps, ForwardTile};
use super::tile::{fits, load_part, store_part};
use crate::kernels::lanes::{Element, Lanes};

pub(super) struct Gru;

impl CellOps for Gru {
    #[inline(always)]
    fn vectors<L: Lanes>() -> usize {
        4
    }

    #[inline(always)]
    unsafe fn forward<L: Lanes, const M: usize>(t: &ForwardTile<'_, L::E>) {
        if fits::<L>(M, 4) {
            // SAFETY: the caller's.
            unsafe { tile::<L, M>(t) }
        }
    }

    #[inline(always)]
    unsafe fn backward<L: Lanes>(b: &GateBlock<L::E>) {
        // SAFETY: the caller's.
        unsafe {
            for r in 0..b.rows {
                row_backward::<L>(b, r);
            }
        }
    }

    #[inline(always)]
    unsafe fn outer<L: Lanes>(o: &Outer<'_, L::E>) {
        let x = o.layout.padded + 1;
        // SAFETY: the caller's; states and their ones meet r z m, inputs and theirs n r z.
        unsafe {
            outer::<L, 3>(o, 0..x, L::N);
            outer::<L, 3>(o, x..o.layout.row, 0);
        }
    }
}

#[inline(always)]
unsafe fn tile<L: Lanes, const M: usize>(t: &ForwardTile<'_, L::E>) {
    // SAFETY: the caller's promise: M rows of everything; the weights have `weight_rows` rows of
    // three vectors for each block, the biases four vectors.
    unsafe {
        let layout = &t.weights.layout;
        let zero = L::splat(L::E::ZERO);
        let bias = t.weights.bias.as_ptr().add(t.block * 4 * L::N);
        let mut start = [zero; 4];
        for (v, start) in start.iter_mut().enumerate() {
            *start = L::load(bias.add(v * L::N));
        }
        let rows = layout.weight_rows();
        let w = t.weights.weights.as_ptr().add(t.block * rows * 3 * L::N);
        // n r z from x; r and z go on from there, n waits for m.
        let mut acc = [[start[0], start[1], start[2]]; M];
        let (x, wx) = (t.z.add(layout.x_at), w.add(layout.padded * 3 * L::N));
        L::rows::<M, 3>(&mut acc, layout.input, x, layout.stride, wx, 3 * L::N);
        let mut n = [zero; M];
        for (n, acc) in n.iter_mut().zip(&mut acc) {
            *n = acc[0];
            *acc = [acc[1], acc[2], start[3]];
        }
        L::rows::<M, 3>(&mut acc, layout.padded, t.z, layout.stride, w, 3 * L::N);

        for (n, acc) in n.iter_mut().zip(&mut acc) {
            acc[0] = L::sigmoid(acc[0]);
            acc[1] = L::sigmoid(acc[1]);
            *n = L::tanh(L::fma(acc[0], acc[2], *n));
        }
        let units = layout.units(t.block);
        for (r, (&n, &[reset, z, m])) in n.iter().zip(&acc).enumerate() {
            if !t.gates.is_null() {
                let gates = t.gates.add(r * 4 * L::N);
                for (v, gate) in [n, reset, z, m].into_iter().enumerate() {
                    L::store(gates.add(v * L::N), gate);
                }
            }
            let before = L::load(t.z.add(r * layout.stride + t.block * L::N));
            let h = L::fma(z, L::sub(before, n), n);
            store_part::<L>(t.out.add(r * t.out_stride), h, units);
            if !t.h_next.is_null() {
                let keep = L::splat(*t.keep_next.add(r * t.keep_stride));
                L::store(t.h_next.add(r * layout.stride), L::mul(h, keep));
            }
        }
    }
}

/// A vector of units of one row.
#[inline(always)]
unsafe fn row_backward<L: Lanes>(t: &GateBlock<L::E>, r: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        let one = L::splat(L::E::ONE);
        let gates = t.gates.add(r * 4 * L::N);
        let (n, reset) = (L::load(gates), L::load(gates.add(L::N)));
        let (z, m) = (L::load(gates.add(2 * L::N)), L::load(gates.add(3 * L::N)));
        let before = L::load(t.h_in.add(r * t.h_stride));
        let next = L::splat(*t.keep_next.add(r * t.keep_next_stride));
        let carry = t.carry.add(r * L::N);
        let later = L::add(L::load(t.product.add(r * t.product_stride)), L::load(carry));
        let dh = L::fma(later, next, load_part::<L>(t.dh.add(r * t.dh_stride), t.units));
        L::store(carry, L::mul(dh, z));
        let dn = L::mul(L::mul(dh, L::sub(one, z)), L::sub(one, L::mul(n, n)));
        let dz = L::mul(L::mul(dh, L::sub(before, n)), L::sub(z, L::mul(z, z)));
        let dr = L::mul(L::mul(dn, m), L::sub(reset, L::mul(reset, reset)));
        L::store(gates, dn);
        L::store(gates.add(L::N), dr);
        L::store(gates.add(2 * L::N), dz);
        L::store(gates.add(3 * L::N), L::mul(dn, reset));
    }
}
