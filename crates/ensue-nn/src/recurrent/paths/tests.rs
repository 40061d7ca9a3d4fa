//! Paths against the full sweep, against each other, and against the loop on tensors.
#![allow(clippy::unwrap_used, reason = "a test; clippy only knows plain `cfg(test)`")]

use std::sync::Mutex;

use burn::tensor::{Device, Tensor, TensorData};
use ensue_core::Seed;
use proptest::prelude::*;
use rand::{RngExt, SeedableRng, rngs::StdRng};

use super::*;
use crate::device;
use crate::kernels::{available_isas, set_threads, with_isa};
use crate::recurrent::{Cell, RecurrentStack};

const CELLS: [Cell; 3] = [Cell::Lstm, Cell::Gru, Cell::GruResetBefore];

/// A number from -1 to 1 for each place.
fn number(of: [usize; 4]) -> f32 {
    let mut z = of.iter().fold(7u64, |z, &n| (z ^ n as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    ((z >> 40) as f32 / (1u64 << 24) as f32) * 2.0 - 1.0
}

/// What to decode.
#[derive(Debug, Clone)]
struct Case {
    cell: Cell,
    series: usize,
    paths: usize,
    input: usize,
    hidden: Vec<usize>,
    outputs: usize,
    /// Own columns of each step.
    own: Vec<Option<Vec<usize>>>,
}

impl Case {
    fn steps(&self) -> usize {
        self.own.len()
    }

    /// Column of an input at a step, after that many earlier draws of which this is the last.
    fn x(&self, series: usize, path: usize, step: usize, column: usize, last: f32) -> f32 {
        match &self.own[step] {
            // Path 0 stands for no path.
            Some(own) if !own.contains(&column) => number([series, 0, step, column]),
            _ => number([series, path + 1, step, column]) + 0.5 * last,
        }
    }

    fn stack(&self, device: &Device) -> RecurrentStack {
        RecurrentStack::new(self.cell, self.input, &self.hidden, 0.0, Seed(1), device)
    }

    fn head(&self, device: &Device) -> (Tensor<2>, Tensor<1>) {
        let (hidden, outputs) = (self.hidden[self.hidden.len() - 1], self.outputs);
        let w = (0..hidden * outputs).map(|i| number([1, 2, 3, i])).collect::<Vec<_>>();
        let b = (0..outputs).map(|i| number([3, 2, 1, i])).collect::<Vec<_>>();
        let w = Tensor::from_data(TensorData::new(w, [hidden, outputs]), device);
        (w, Tensor::from_data(TensorData::new(b, [outputs]), device))
    }

    /// Inputs `[series, time, input]` from before the paths.
    fn context(&self, device: &Device) -> Tensor<3> {
        let shape = [self.series, 4, self.input];
        let n = shape.iter().product::<usize>();
        let x: Vec<f32> = (0..n).map(|i| number([9, 9, 9, i])).collect();
        Tensor::from_data(TensorData::new(x, shape), device)
    }

    /// Last states of the context.
    fn states(&self, device: &Device) -> Vec<State> {
        self.stack(device).forward(self.context(device), None, None, None).1
    }

    fn decode<S: PathSource>(&self, device: &Device, source: &S) -> Vec<f32> {
        let (states, head) = (self.states(device), self.head(device));
        let decoder = self.stack(device).decoder();
        decoder.paths(&states, head, self.paths, self.steps(), source)
    }

    /// The loop on tensors, wherever.
    fn decode_on_tensors<S: PathSource>(&self, device: &Device, source: &S) -> Vec<f32> {
        let (states, head) = (self.states(device), self.head(device));
        let sizes = Sizes {
            series: self.series,
            paths: self.paths,
            steps: self.steps(),
            input: self.input,
        };
        super::device::paths(&self.stack(device).decoder(), &states, head, sizes, source)
    }
}

/// Draws are known beforehand; the raw outputs are written down.
struct Forced<'a> {
    case: &'a Case,
    /// `[series, path, step, output]`
    raw: Mutex<Vec<f32>>,
}

fn forced_draw(series: usize, path: usize, step: usize) -> f32 {
    number([series, path, step, 1000])
}

impl PathSource for Forced<'_> {
    type Noise = usize;

    fn start(&self, series: usize, path: usize) -> usize {
        (series * self.case.paths + path) * self.case.steps()
    }

    fn own_columns(&self, step: usize) -> Option<&[usize]> {
        self.case.own[step].as_deref()
    }

    fn shared(&self, series: usize, step: usize, x: &mut [f32]) {
        for (column, x) in x.iter_mut().enumerate() {
            let own = self.case.own[step].as_ref().expect("columns were named").contains(&column);
            // What stands in own columns must not matter.
            *x = if own { f32::NAN } else { self.case.x(series, 0, step, column, 0.0) };
        }
    }

    fn input(&self, series: usize, path: usize, step: usize, past: &[f32], x: &mut [f32]) {
        let want: Vec<f32> = (0..step).map(|step| forced_draw(series, path, step)).collect();
        assert_eq!(past, want, "series {series} path {path}");
        let last = past.last().copied().unwrap_or(0.0);
        let all: Vec<usize> = (0..self.case.input).collect();
        let columns = self.case.own[step].as_ref().unwrap_or(&all);
        assert_eq!(x.len(), columns.len());
        for (x, &column) in x.iter_mut().zip(columns) {
            *x = self.case.x(series, path, step, column, last);
        }
    }

    fn draw(&self, at: &mut usize, series: usize, path: usize, step: usize, raw: &[f32]) -> f32 {
        assert_eq!(raw.len(), self.case.outputs);
        self.raw.lock().unwrap()[*at * raw.len()..][..raw.len()].copy_from_slice(raw);
        // The noise of a path is its own and sees its steps in order.
        assert_eq!(*at, (series * self.case.paths + path) * self.case.steps() + step);
        *at += 1;
        forced_draw(series, path, step)
    }
}

/// Raw outputs of the full sweep over the context and the forced inputs, path by path.
fn swept(case: &Case, device: &Device) -> Vec<f32> {
    let steps = case.steps();
    let rows = case.series * case.paths;
    let mut x = Vec::new();
    for (series, path) in (0..rows).map(|row| (row / case.paths, row % case.paths)) {
        for step in 0..steps {
            let last = if step > 0 { forced_draw(series, path, step - 1) } else { 0.0 };
            x.extend((0..case.input).map(|column| case.x(series, path, step, column, last)));
        }
    }
    let x = Tensor::<3>::from_data(TensorData::new(x, [rows, steps, case.input]), device);
    let context = case.context(device).unsqueeze_dim::<4>(1).repeat_dim(1, case.paths);
    let context = context.reshape([rows, 4, case.input]);
    let (h, _) = case.stack(device).forward(Tensor::cat(vec![context, x], 1), None, None, None);
    let [_, _, hidden] = h.dims();
    let h = h.slice([0..rows, 4..4 + steps, 0..hidden]).reshape([rows * steps, hidden]);
    let (w, b) = case.head(device);
    (h.matmul(w) + b.unsqueeze::<2>()).into_data().try_into_vec::<f32>().unwrap()
}

fn close(what: &str, a: &[f32], b: &[f32], within: f32) {
    assert_eq!(a.len(), b.len(), "{what}");
    assert!(a.iter().chain(b).all(|v| v.is_finite()), "{what} is not finite");
    let scale = b.iter().fold(1f32, |m, x| m.max(x.abs()));
    let worst = a.iter().zip(b).map(|(x, y)| (x - y).abs()).fold(0f32, f32::max);
    assert!(worst <= within * scale, "{what}: {worst:e} of {scale}");
}

fn check_forced(case: &Case) {
    let device = device::open("ndarray").unwrap();
    let raw = || Mutex::new(vec![f32::NAN; case.series * case.paths * case.steps() * case.outputs]);
    let draws: Vec<f32> = (0..case.series * case.paths * case.steps())
        .map(|i| (i / case.steps(), i % case.steps()))
        .map(|(row, step)| forced_draw(row / case.paths, row % case.paths, step))
        .collect();
    let want = swept(case, &device);
    for isa in available_isas() {
        let source = Forced { case, raw: raw() };
        assert_eq!(with_isa(isa, || case.decode(&device, &source)), draws);
        let got = source.raw.into_inner().unwrap();
        close(&format!("{isa:?} {case:?}"), &got, &want, 1e-5);
    }
    let source = Forced { case, raw: raw() };
    assert_eq!(case.decode_on_tensors(&device, &source), draws);
    close(&format!("{case:?}"), &source.raw.into_inner().unwrap(), &want, 1e-5);
}

fn cases() -> impl Strategy<Value = Case> {
    let hidden = proptest::collection::vec(1usize..=45, 1..=3);
    let sizes = (0..CELLS.len(), 1usize..=5, 1usize..=40, 1usize..=20, hidden, 1usize..=20);
    (sizes, 1usize..=6, any::<u64>()).prop_map(|(sizes, steps, bits)| {
        let (cell, series, paths, input, hidden, outputs) = sizes;
        let own = |step: usize| {
            let bits = bits.rotate_right(11 * step as u32);
            let columns = (0..input).filter(|column| bits >> (2 * column + 3) & 1 == 1);
            // Four forms: none named, none own, some, some in falling order.
            match bits & 3 {
                0 => None,
                1 => Some(Vec::new()),
                2 => Some(columns.collect()),
                _ => Some(columns.rev().collect()),
            }
        };
        let own = (0..steps).map(own).collect();
        Case { cell: CELLS[cell], series, paths, input, hidden, outputs, own }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    // Oracle: the full sweep over the same inputs (teacher forcing).
    #[test]
    fn paths_equal_the_sweep(case in cases()) {
        check_forced(&case);
    }

    // Oracle: the definition: all paths of all series, each once, in order, none too many at once.
    #[test]
    fn blocks_cover_all_paths_in_order(series in 1usize..50, paths in 1usize..50, most in 0usize..99) {
        let blocks = Block::cut(Sizes { series, paths, steps: 1, input: 1 }, most);
        let rows: Vec<_> = blocks.iter().flat_map(Block::each).collect();
        let want: Vec<_> = (0..series * paths).map(|row| (row / paths, row % paths)).collect();
        prop_assert_eq!(rows, want);
        prop_assert!(blocks.iter().all(|block| (1..=most.max(1)).contains(&block.rows())));
    }
}

// Oracle: the full sweep, at sizes that fill several blocks of rows.
#[test]
fn many_paths_equal_the_sweep() {
    for (series, paths) in [(1, 900), (450, 2), (9, 100), (3, 410)] {
        for own in [None, Some(vec![0, 4])] {
            let own = vec![own; 3];
            let (cell, input, hidden, outputs) = (Cell::Lstm, 7, vec![9, 16], 3);
            check_forced(&Case { cell, series, paths, input, hidden, outputs, own });
        }
    }
}

/// Draws are fed back and random; `shares` names the columns that they do not enter.
struct Walk<'a> {
    case: &'a Case,
    shares: bool,
}

impl PathSource for Walk<'_> {
    type Noise = StdRng;

    fn start(&self, series: usize, path: usize) -> StdRng {
        StdRng::seed_from_u64(Seed(5).child(&format!("{series}/{path}")).0)
    }

    fn own_columns(&self, step: usize) -> Option<&[usize]> {
        self.case.own[step].as_deref().filter(|_| self.shares)
    }

    fn shared(&self, series: usize, step: usize, x: &mut [f32]) {
        for (column, x) in x.iter_mut().enumerate() {
            *x = self.case.x(series, 0, step, column, 0.0);
        }
    }

    fn input(&self, series: usize, path: usize, step: usize, past: &[f32], x: &mut [f32]) {
        let last = past.last().copied().unwrap_or(0.0);
        let all: Vec<usize> = (0..self.case.input).collect();
        for (x, &column) in x.iter_mut().zip(self.own_columns(step).unwrap_or(&all)) {
            *x = self.case.x(series, path, step, column, last);
        }
    }

    fn draw(&self, noise: &mut StdRng, _: usize, _: usize, _: usize, raw: &[f32]) -> f32 {
        raw[0] + noise.random::<f32>() - 0.5
    }
}

fn walk_case(cell: Cell, series: usize, paths: usize) -> Case {
    let own = vec![Some(vec![]), Some(vec![2]), Some(vec![2, 0]), Some(vec![2, 0]), None];
    Case { cell, series, paths, input: 11, hidden: vec![17, 12], outputs: 3, own }
}

// Oracle: one thread, bit for bit.
#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    let device = device::open("ndarray").unwrap();
    for cell in CELLS {
        for (series, paths) in [(1, 30), (3, 10), (40, 3)] {
            for shares in [false, true] {
                let case = walk_case(cell, series, paths);
                let with = |n: usize| {
                    set_threads(n);
                    let out = case.decode(&device, &Walk { case: &case, shares });
                    set_threads(0);
                    out
                };
                let one = with(1);
                assert!([2, 3, 7].into_iter().all(|n| with(n) == one), "{case:?} {shares}");
            }
        }
    }
}

// Oracle: the same paths, decoded alone.
#[test]
fn a_path_does_not_depend_on_those_beside_it() {
    let device = device::open("ndarray").unwrap();
    for cell in CELLS {
        let (few, many) = (walk_case(cell, 2, 3), walk_case(cell, 5, 31));
        let steps = few.steps();
        for shares in [false, true] {
            let a = few.decode(&device, &Walk { case: &few, shares });
            let b = many.decode(&device, &Walk { case: &many, shares });
            for (row, a) in a.chunks_exact(steps).enumerate() {
                let b = &b[(row / 3 * 31 + row % 3) * steps..][..steps];
                close(&format!("{cell:?} row {row}"), a, b, if shares { 1e-5 } else { 0.0 });
            }
        }
    }
}

// Oracle: whole inputs.
#[test]
fn shared_inputs_change_nothing_but_rounding() {
    let device = device::open("ndarray").unwrap();
    for cell in CELLS {
        let case = walk_case(cell, 4, 20);
        let whole = case.decode(&device, &Walk { case: &case, shares: false });
        let shared = case.decode(&device, &Walk { case: &case, shares: true });
        close(&format!("{cell:?}"), &shared, &whole, 1e-5);
    }
}

// Oracle: the CPU kernels, with the same noise.
#[test]
fn the_loop_on_tensors_gives_the_same_paths() {
    let device = device::open("ndarray").unwrap();
    for cell in CELLS {
        let case = walk_case(cell, 4, 20);
        for shares in [false, true] {
            let source = Walk { case: &case, shares };
            let tensors = case.decode_on_tensors(&device, &source);
            close(&format!("{cell:?}"), &tensors, &case.decode(&device, &source), 1e-5);
        }
    }
}

// Oracle: the CPU kernels, with the same noise.
#[cfg(feature = "wgpu")]
#[test]
fn parity_of_paths_on_wgpu() {
    for cell in CELLS {
        let case = walk_case(cell, 4, 20);
        for shares in [false, true] {
            let source = Walk { case: &case, shares };
            let [a, b] =
                ["wgpu", "ndarray"].map(|name| case.decode(&device::open(name).unwrap(), &source));
            close(&format!("{cell:?}"), &a, &b, 1e-4);
        }
    }
}

/// One path's draw is not a number.
struct Poisoned<'a>(Walk<'a>);

impl PathSource for Poisoned<'_> {
    type Noise = StdRng;

    fn start(&self, series: usize, path: usize) -> StdRng {
        self.0.start(series, path)
    }

    fn own_columns(&self, step: usize) -> Option<&[usize]> {
        self.0.own_columns(step)
    }

    fn shared(&self, series: usize, step: usize, x: &mut [f32]) {
        self.0.shared(series, step, x);
    }

    fn input(&self, series: usize, path: usize, step: usize, past: &[f32], x: &mut [f32]) {
        self.0.input(series, path, step, past, x);
    }

    fn draw(&self, noise: &mut StdRng, s: usize, path: usize, step: usize, raw: &[f32]) -> f32 {
        let draw = self.0.draw(noise, s, path, step, raw);
        if (s, path, step) == (1, 5, 1) { f32::NAN } else { draw }
    }
}

// Oracle: a NaN cannot be hidden from its own path's later steps, nor reach another.
#[test]
fn a_nan_stays_in_its_path() {
    let device = device::open("ndarray").unwrap();
    for cell in CELLS {
        for shares in [false, true] {
            let case = walk_case(cell, 3, 12);
            let walk = Walk { case: &case, shares };
            let clean = case.decode(&device, &walk);
            let out = case.decode(&device, &Poisoned(walk));
            for (row, (out, clean)) in out.chunks_exact(5).zip(clean.chunks_exact(5)).enumerate() {
                if row == 12 + 5 {
                    assert_eq!(out[0], clean[0]);
                    assert!(out[1..].iter().all(|v| v.is_nan()), "{cell:?} {shares}");
                } else {
                    assert_eq!(out, clean, "{cell:?} {shares} row {row}");
                }
            }
        }
    }
}

// Oracle: by hand: there is nothing to decode.
#[test]
fn no_series_paths_or_steps_give_no_values() {
    let device = device::open("ndarray").unwrap();
    let case = walk_case(Cell::Lstm, 2, 3);
    let decoder = case.stack(&device).decoder();
    for [series, paths, steps] in [[0, 3, 5], [2, 0, 5], [2, 3, 0]] {
        let walk = Walk { case: &case, shares: true };
        let head = case.head(&device);
        let out = decoder.paths(&decoder.start(series), head, paths, steps, &walk);
        assert!(out.is_empty());
    }
}
