//! Sweeps against the formulas, one number at a time, and against finite differences.

use rand::RngExt;

use super::*;
use crate::kernels::tests::{distance, dot, noise};
use crate::kernels::{available_isas, set_threads, with_isa};
use ensue_core::Seed;

const CELLS: [Cell; 3] = [Cell::Lstm, Cell::Gru, Cell::GruResetBefore];

/// Owned arguments of a sweep.
#[derive(Clone)]
struct Case<E> {
    cell: Cell,
    /// x, wx, wh, bias, h0, c0
    fields: [Vec<E>; 6],
    keep: Vec<E>,
    shape: [usize; 4],
}

impl<E: Element> Case<E> {
    fn new(cell: Cell, shape: [usize; 4]) -> Self {
        let [batch, time, input, hidden] = shape;
        let mut rng = Seed(3).stream("keep");
        let factors = [1.0, 1.0, 0.0, 0.5, 1.0, 0.25];
        let keep = (0..batch * time).map(|_| E::from_f64(factors[rng.random_range(0..6)]));
        let width = cell.gates() * hidden;
        let scale = 2.0 / ((input + hidden) as f64).sqrt();
        let cells = if cell == Cell::Lstm { batch * hidden } else { 0 };
        Self {
            cell,
            keep: keep.collect(),
            fields: [
                noise(batch * time * input, "x", 1.0),
                noise(input * width, "wx", scale),
                noise(hidden * width, "wh", scale),
                noise(cell.biases() * hidden, "bias", 0.5),
                noise(batch * hidden, "h0", 1.0),
                noise(cells, "c0", 1.0),
            ],
            shape,
        }
    }

    /// Zero states and no masks, by leaving them out.
    fn bare(mut self) -> Self {
        self.keep.clear();
        self.fields[4].clear();
        self.fields[5].clear();
        self
    }

    fn args(&self) -> SweepArgs<'_, E> {
        let [x, wx, wh, bias, h0, c0] = &self.fields;
        let [batch, time, input, hidden] = self.shape;
        let (cell, keep) = (self.cell, &self.keep);
        SweepArgs { cell, x, wx, wh, bias, h0, c0, keep, batch, time, input, hidden }
    }

    fn forward(&self) -> [Vec<E>; 2] {
        let out = sweep_forward(&self.args(), false);
        [out.h, out.c]
    }

    fn grads(&self, dh: &[E]) -> [Vec<E>; 6] {
        let saved = sweep_forward(&self.args(), true).saved.unwrap();
        let g = sweep_backward(&self.args(), saved, dh, true);
        [g.x, g.wx, g.wh, g.bias, g.h0, g.c0]
    }

    /// The formulas of the module's front page, unit by unit, in f64: h and the last c.
    fn plain(&self) -> [Vec<f64>; 2] {
        let [batch, time, input, hidden] = self.shape;
        let [x, wx, wh, bias, h0, c0] = &self.fields;
        let (gates, biases) = (self.cell.gates(), self.cell.biases());
        let or_zero = |v: &[E], i: usize| v.get(i).map_or(0.0, |v| v.to_f64());
        let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
        let mut out = vec![0.0; batch * time * hidden];
        let mut cells = Vec::new();
        for b in 0..batch {
            let mut h: Vec<f64> = (0..hidden).map(|j| or_zero(h0, b * hidden + j)).collect();
            let mut c: Vec<f64> = (0..hidden).map(|j| or_zero(c0, b * hidden + j)).collect();
            for t in 0..time {
                let keep = self.keep.get(b * time + t).map_or(1.0, |k| k.to_f64());
                h.iter_mut().chain(&mut c).for_each(|v| *v *= keep);
                let of_x = |unit: usize, gate: usize| -> f64 {
                    (0..input)
                        .map(|i| {
                            let w = wx[(i * hidden + unit) * gates + gate].to_f64();
                            x[(b * time + t) * input + i].to_f64() * w
                        })
                        .sum()
                };
                let of_h = |h: &[f64], unit: usize, gate: usize| -> f64 {
                    (0..hidden)
                        .map(|i| h[i] * wh[(i * hidden + unit) * gates + gate].to_f64())
                        .sum()
                };
                let bias = |unit: usize, gate: usize| bias[unit * biases + gate].to_f64();
                let all = |u: usize, g: usize| of_x(u, g) + of_h(&h, u, g) + bias(u, g);
                let mut next = h.clone();
                match self.cell {
                    Cell::Lstm => {
                        for u in 0..hidden {
                            let (i, f) = (sigmoid(all(u, 0)), sigmoid(all(u, 1)));
                            c[u] = f * c[u] + i * all(u, 2).tanh();
                            next[u] = sigmoid(all(u, 3)) * c[u].tanh();
                        }
                    }
                    Cell::Gru => {
                        for (u, next) in next.iter_mut().enumerate() {
                            let (r, z) = (sigmoid(all(u, 0)), sigmoid(all(u, 1)));
                            let m = of_h(&h, u, 2) + bias(u, 3);
                            let n = (of_x(u, 2) + bias(u, 2) + r * m).tanh();
                            *next = (1.0 - z) * n + z * h[u];
                        }
                    }
                    Cell::GruResetBefore => {
                        let rh: Vec<f64> = (0..hidden).map(|u| sigmoid(all(u, 0)) * h[u]).collect();
                        for (u, next) in next.iter_mut().enumerate() {
                            let z = sigmoid(all(u, 1));
                            let n = (of_x(u, 2) + bias(u, 2) + of_h(&rh, u, 2)).tanh();
                            *next = (1.0 - z) * n + z * h[u];
                        }
                    }
                }
                h = next;
                out[(b * time + t) * hidden..][..hidden].copy_from_slice(&h);
            }
            if self.cell == Cell::Lstm {
                cells.extend(c);
            }
        }
        [out, cells]
    }
}

/// Batch, time, input, hidden: sizes around those of vectors, blocks and tiles.
const SHAPES: [[usize; 4]; 9] = [
    [1, 1, 1, 1],
    [2, 3, 4, 5],
    [5, 7, 3, 17],
    [13, 4, 33, 16],
    [3, 1, 2, 31],
    [4, 9, 1, 8],
    [3, 4, 0, 7],
    [12, 2, 40, 40],
    [1, 40, 9, 24],
];

/// Many more, drawn.
fn drawn() -> Vec<[usize; 4]> {
    let mut rng = Seed(5).stream("shapes");
    (0..24)
        .map(|_| {
            let mut up_to = |n: usize| rng.random_range(1..=n);
            [up_to(40), up_to(7), up_to(130), up_to(130)]
        })
        .collect()
}

/// Whether the difference is small against the largest magnitude; empty equals empty.
#[track_caller]
fn close<A: Element, B: Element>(got: &[A], want: &[B], within: f64, what: &str) {
    let d = distance(got, want);
    assert!(d < within, "{what}: {d:e}");
}

// Oracle: the formulas, unit by unit, in f64.
#[test]
fn sweeps_equal_the_formulas_on_every_instruction_set() {
    for cell in CELLS {
        for shape in SHAPES {
            let case = Case::<f64>::new(cell, shape);
            for (got, want) in case.forward().iter().zip(&case.plain()) {
                close(got, want, 1e-12, &format!("{cell:?} {shape:?} f64"));
            }
            let case = case.bare();
            for (got, want) in case.forward().iter().zip(&case.plain()) {
                close(got, want, 1e-12, &format!("{cell:?} {shape:?} f64, no state or mask"));
            }
        }
        for shape in SHAPES.into_iter().chain(drawn()) {
            let case = Case::<f32>::new(cell, shape);
            let want = case.plain();
            for isa in available_isas() {
                let got = with_isa(isa, || case.forward());
                for (got, want) in got.iter().zip(&want) {
                    close(got, want, 5e-6, &format!("{isa:?} {cell:?} {shape:?}"));
                }
            }
        }
    }
}

// Oracle: central differences in f64 along random directions.
#[test]
fn gradients_equal_finite_differences() {
    for cell in CELLS {
        for shape in SHAPES {
            let case = Case::<f64>::new(cell, shape);
            let dh = noise::<f64>(shape[0] * shape[1] * shape[3], "dh", 1.0);
            let grads = case.grads(&dh);
            for (field, grad) in grads.iter().enumerate() {
                assert_eq!(grad.len(), case.fields[field].len());
                for direction in 0..3 {
                    let v = noise::<f64>(grad.len(), &format!("direction {direction}"), 1.0);
                    let step = 6e-6;
                    let at = |s: f64| {
                        let mut moved = case.clone();
                        moved.fields[field].iter_mut().zip(&v).for_each(|(x, d)| *x += s * d);
                        dot(&moved.forward()[0], &dh)
                    };
                    let want = (at(step) - at(-step)) / (2.0 * step);
                    let got = dot(grad, &v);
                    assert!(
                        (got - want).abs() < 1e-7 * want.abs().max(1.0),
                        "{cell:?} {shape:?} field {field}: {got} {want}"
                    );
                }
            }
        }
    }
}

// Oracle: the f64 gradients just checked.
#[test]
fn gradients_agree_on_every_instruction_set() {
    for cell in CELLS {
        for shape in SHAPES.into_iter().chain(drawn()).chain([[9, 20, 12, 43], [50, 5, 30, 40]]) {
            let dh = noise::<f64>(shape[0] * shape[1] * shape[3], "dh", 1.0);
            let case = Case::<f64>::new(cell, shape);
            let (want, bare) = (case.grads(&dh), case.bare().grads(&dh));
            let dh: Vec<f32> = dh.iter().map(|&x| x as f32).collect();
            for isa in available_isas() {
                let case = Case::<f32>::new(cell, shape);
                for (case, want) in [(case.clone(), &want), (case.bare(), &bare)] {
                    let got = with_isa(isa, || case.grads(&dh));
                    for (field, (a, b)) in got.iter().zip(want).enumerate() {
                        close(a, b, 1e-5, &format!("{isa:?} {cell:?} {shape:?} field {field}"));
                    }
                }
            }
        }
    }
}

// Oracle: the gradients with the input's.
#[test]
fn the_inputs_gradient_is_left_out_on_demand() {
    for cell in CELLS {
        let case = Case::<f32>::new(cell, [6, 5, 11, 21]);
        let dh = noise::<f32>(6 * 5 * 21, "dh", 1.0);
        let all = case.grads(&dh);
        let saved = sweep_forward(&case.args(), true).saved.unwrap();
        let g = sweep_backward(&case.args(), saved, &dh, false);
        assert!(g.x.is_empty());
        assert_eq!([g.wx, g.wh, g.bias, g.h0, g.c0], all[1..]);
    }
}

// Oracle: the sweep, bit for bit.
#[test]
fn steps_equal_the_sweep() {
    for cell in CELLS {
        for shape in [[1, 6, 5, 9], [7, 4, 33, 40], [30, 3, 16, 100]] {
            let [batch, time, input, hidden] = shape;
            let case = Case::<f32>::new(cell, shape).bare();
            let [x, wx, wh, bias, ..] = &case.fields;
            for isa in available_isas() {
                with_isa(isa, || {
                    let [want, last] = case.forward();
                    let weights = StepWeights::new(cell, wx, wh, bias, input, hidden);
                    let mut h = vec![0.0; batch * hidden];
                    let mut c = vec![0.0; if cell == Cell::Lstm { batch * hidden } else { 0 }];
                    for t in 0..time {
                        let now = (0..batch).flat_map(|b| &x[(b * time + t) * input..][..input]);
                        weights.step(&now.copied().collect::<Vec<_>>(), &mut h, &mut c);
                        for (b, h) in h.chunks_exact(hidden).enumerate() {
                            let want = &want[(b * time + t) * hidden..][..hidden];
                            assert_eq!(h, want, "{isa:?} {cell:?} {shape:?} step {t}");
                        }
                    }
                    assert_eq!(c, last, "{isa:?} {cell:?} {shape:?} cells");
                });
            }
        }
    }
}

// Oracle: one thread. States and the gradients of rows are the same bits; weight gradients are sums
// over other parts.
#[test]
fn threads_agree() {
    for cell in CELLS {
        for shape in [[17, 9, 12, 21], [64, 3, 5, 40]] {
            let case = Case::<f32>::new(cell, shape);
            let dh = noise::<f32>(shape[0] * shape[1] * shape[3], "dh", 1.0);
            let with = |n: usize| {
                set_threads(n);
                let all = (case.forward(), case.grads(&dh));
                set_threads(0);
                all
            };
            let (one, two) = (with(1), with(2));
            assert_eq!(one.0, two.0, "{cell:?}");
            for (field, (a, b)) in one.1.iter().zip(&two.1).enumerate() {
                close(a, b, 1e-5, &format!("{cell:?} {shape:?} field {field}"));
            }
        }
    }
}

// Oracle: nothing can hide a NaN: all outputs of its row from its step on are NaN.
#[test]
fn nan_propagates() {
    for cell in CELLS {
        for isa in available_isas() {
            let shape @ [batch, time, input, hidden] = [5, 4, 6, 19];
            let mut case = Case::<f32>::new(cell, shape).bare();
            case.fields[0][(2 * time + 1) * input + 3] = f32::NAN;
            let [h, _] = with_isa(isa, || case.forward());
            for (at, row) in h.chunks_exact(hidden).enumerate() {
                let poisoned = at / time == 2 && at % time >= 1;
                assert!(row.iter().all(|h| h.is_nan() == poisoned), "{isa:?} {cell:?} {at}");
            }
            let mut dh = noise::<f32>(batch * time * hidden, "dh", 1.0);
            dh[7] = f32::NAN;
            let grads = with_isa(isa, || Case::<f32>::new(cell, shape).grads(&dh));
            assert!(grads[1].iter().any(|g| g.is_nan()), "{isa:?} {cell:?}");
        }
    }
}

// Oracle: the limits of the formulas: large pre-activations saturate to finite values.
#[test]
fn large_weights_saturate() {
    for cell in CELLS {
        for isa in available_isas() {
            let mut case = Case::<f32>::new(cell, [4, 6, 5, 20]);
            case.fields[1].iter_mut().chain(&mut []).for_each(|w| *w *= 1e6);
            let [h, c] = with_isa(isa, || case.forward());
            assert!(h.iter().all(|h| h.abs() <= 1.0 + 1e-6), "{isa:?} {cell:?}");
            assert!(c.iter().all(|c| c.abs() < 10.0), "{isa:?} {cell:?}");
            let dh = noise::<f32>(h.len(), "dh", 1.0);
            let grads = with_isa(isa, || case.grads(&dh));
            assert!(grads.iter().flatten().all(|g| g.is_finite()), "{isa:?} {cell:?}");
        }
    }
}

// Oracle: by hand: nothing happens, and nothing has a gradient.
#[test]
fn empty_sweeps_return_their_initial_states() {
    for cell in CELLS {
        for shape @ [batch, time, _, hidden] in [[0, 3, 2, 5], [3, 0, 2, 5], [0, 0, 0, 1]] {
            let case = Case::<f32>::new(cell, shape);
            let out = sweep_forward(&case.args(), true);
            assert_eq!(out.h.len(), batch * time * hidden);
            assert_eq!(out.c, case.fields[5]);
            let g = sweep_backward(&case.args(), out.saved.unwrap(), &out.h, true);
            let zeros = [g.wx, g.wh, g.bias, g.h0, g.c0];
            for (field, grad) in zeros.iter().enumerate() {
                assert_eq!(grad.len(), case.fields[field + 1].len());
                assert!(grad.iter().all(|g| *g == 0.0));
            }
        }
    }
}

// Oracle: the counts of the module's documentation, by hand for two layers of 128 and 40 units.
#[test]
fn flops_are_counted_without_padding() {
    let two = |b, t, i, h| {
        sweep_flops(Cell::Lstm, b, t, i, h, false) + sweep_flops(Cell::Lstm, b, t, h, h, true)
    };
    assert_eq!((two(64, 50, 128, 128) / 1e6).round(), 4614.0);
    assert_eq!((two(32, 95, 50, 40) / 1e6).round(), 447.0);
}
