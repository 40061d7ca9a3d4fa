//! LSTM: gates `i f g o` of eight units in a block.

use super::backward::{GateBlock, Outer, outer};
use super::forward::{CellOps, ForwardTile};
use super::tile::{fits, load_part, store_part};
use crate::kernels::lanes::{Element, Half, Lanes};

/// Units in a block.
const UNIT: usize = 8;

pub(super) struct Lstm;

impl CellOps for Lstm {
    #[inline(always)]
    fn vectors<L: Lanes>() -> usize {
        4 * UNIT / L::N
    }

    #[inline(always)]
    unsafe fn forward<L: Lanes, const M: usize>(t: &ForwardTile<'_, L::E>) {
        // SAFETY: the caller's.
        unsafe {
            if L::N == 16 {
                if fits::<L>(M, 2) {
                    tile::<L, M, 2>(t);
                }
            } else if fits::<L>(M, 4) {
                tile::<L, M, 4>(t);
            }
        }
    }

    #[inline(always)]
    unsafe fn backward<L: Lanes>(b: &GateBlock<L::E>) {
        // SAFETY: the caller's.
        unsafe { gates_backward::<L>(b) }
    }

    #[inline(always)]
    unsafe fn outer<L: Lanes>(o: &Outer<'_, L::E>) {
        // SAFETY: the caller's; all rows of Z meet all gates.
        unsafe {
            if L::N == 16 {
                outer::<L, 2>(o, 0..o.layout.row, 0);
            } else {
                outer::<L, 4>(o, 0..o.layout.row, 0);
            }
        }
    }
}

#[inline(always)]
unsafe fn tile<L: Lanes, const M: usize, const V: usize>(t: &ForwardTile<'_, L::E>) {
    // SAFETY: the caller's promise: M rows of everything; the weights have `weight_rows` rows of 32
    // for each block, the biases 32.
    unsafe {
        let layout = &t.weights.layout;
        let k = layout.weight_rows();
        let zero = L::splat(L::E::ZERO);
        let mut acc = [[zero; V]; M];
        let bias = t.weights.bias.as_ptr().add(t.block * 4 * UNIT);
        for v in 0..V {
            let b = L::load(bias.add(v * L::N));
            for acc in &mut acc {
                acc[v] = b;
            }
        }
        let w = t.weights.weights.as_ptr().add(t.block * k * 4 * UNIT);
        L::rows::<M, V>(&mut acc, k, t.z, layout.stride, w, 4 * UNIT);

        for acc in &mut acc {
            L::lstm_gates(acc);
        }
        if !t.gates.is_null() {
            for (r, acc) in acc.iter().enumerate() {
                for (v, &acc) in acc.iter().enumerate() {
                    L::store(t.gates.add(r * 4 * UNIT + v * L::N), acc);
                }
            }
        }
        let none = <L::Half as Lanes>::splat(L::E::ZERO);
        let mut cell: [Half<L>; M] = [none; M];
        for (r, cell) in cell.iter_mut().enumerate() {
            let [i, f, g, _] = L::blocks(&acc[r]);
            let keep = <L::Half as Lanes>::splat(*t.keep.add(r * t.keep_stride));
            let before = <L::Half as Lanes>::load(t.cell_in.add(r * UNIT));
            let before = <L::Half as Lanes>::mul(before, keep);
            *cell = <L::Half as Lanes>::fma(f, before, <L::Half as Lanes>::mul(i, g));
            <L::Half as Lanes>::store(t.cell_out.add(r * UNIT), *cell);
        }
        for pair in cell.chunks_mut(2) {
            let [a, b] = L::tanh_pair(pair[0], pair[pair.len() - 1]);
            pair[0] = a;
            if pair.len() == 2 {
                pair[1] = b;
            }
        }
        let units = layout.units(t.block);
        for (r, &cell) in cell.iter().enumerate() {
            let [_, _, _, o] = L::blocks(&acc[r]);
            let h = <L::Half as Lanes>::mul(o, cell);
            store_part::<L::Half>(t.out.add(r * t.out_stride), h, units);
            if !t.h_next.is_null() {
                let keep = <L::Half as Lanes>::splat(*t.keep_next.add(r * t.keep_stride));
                let h = <L::Half as Lanes>::mul(h, keep);
                <L::Half as Lanes>::store(t.h_next.add(r * layout.stride), h);
            }
        }
    }
}

#[inline(always)]
unsafe fn gates_backward<L: Lanes>(t: &GateBlock<L::E>) {
    // SAFETY: the caller's promise: `rows` rows of everything.
    unsafe {
        let mut r = 0;
        while r < t.rows {
            let pair = [r, (r + 1).min(t.rows - 1)];
            let tanh = L::tanh_pair(
                <L::Half as Lanes>::load(t.cell_out.add(pair[0] * UNIT)),
                <L::Half as Lanes>::load(t.cell_out.add(pair[1] * UNIT)),
            );
            for (r, tanh) in (r..(r + 2).min(t.rows)).zip(tanh) {
                row_backward::<L::Half>(t, r, tanh);
            }
            r += 2;
        }
    }
}

/// Eight units of one row; `tanh` is that of the new cell state.
#[inline(always)]
unsafe fn row_backward<H: Lanes>(t: &GateBlock<H::E>, r: usize, tanh: H::V) {
    // SAFETY: the caller's promise.
    unsafe {
        let one = H::splat(H::E::ONE);
        let gates = t.gates.add(r * 4 * UNIT);
        let (i, f) = (H::load(gates), H::load(gates.add(UNIT)));
        let (g, o) = (H::load(gates.add(2 * UNIT)), H::load(gates.add(3 * UNIT)));
        let next = H::splat(*t.keep_next.add(r * t.keep_next_stride));
        let product = H::load(t.product.add(r * t.product_stride));
        let dh = H::fma(product, next, load_part::<H>(t.dh.add(r * t.dh_stride), t.units));
        let carry = t.carry.add(r * UNIT);
        let through = H::mul(dh, o);
        let dc = H::fma(H::load(carry), next, H::mul(through, H::sub(one, H::mul(tanh, tanh))));
        H::store(carry, H::mul(dc, f));
        let keep = H::splat(*t.keep.add(r * t.keep_stride));
        let before = H::mul(H::load(t.cell_in.add(r * UNIT)), keep);
        let di = H::mul(H::mul(dc, g), H::sub(i, H::mul(i, i)));
        let df = H::mul(H::mul(dc, before), H::sub(f, H::mul(f, f)));
        let dg = H::mul(H::mul(dc, i), H::sub(one, H::mul(g, g)));
        let do_ = H::mul(H::mul(through, tanh), H::sub(one, o));
        H::store(gates, di);
        H::store(gates.add(UNIT), df);
        H::store(gates.add(2 * UNIT), dg);
        H::store(gates.add(3 * UNIT), do_);
    }
}
