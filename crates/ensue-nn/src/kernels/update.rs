//! The passes of the optimisers: over whole parameters, and over some rows of a table.
//!
//! The loops are plain Rust inside a [`Kernel`], which is what lets the compiler use the widest
//! vectors of the machine. Square roots, quotients, products and sums round the same way at every
//! width, and nothing here is a fused multiply-add or a sum over weights: the bytes do not depend on
//! the instruction set, on the number of threads, or on whether a row is updated alone or with all
//! the others.

use super::isa::forced;
use super::lanes::{Element, Kernel, Lanes};
use super::threads::threads;

/// Weights from which a pass is worth another thread.
const GRAIN: usize = 1 << 16;

/// An update rule and its constants.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Rule {
    /// `m = beta1 m + rest1 g`, `v = beta2 v + rest2 g^2`,
    /// `w = keep w - rate m / (sqrt(v) root + epsilon)`
    Adam { beta1: f32, rest1: f32, beta2: f32, rest2: f32, epsilon: f32, keep: f32 },
    /// `G = G + g^2`, `w = w - rate g / sqrt(G + epsilon)`
    Adagrad { epsilon: f32 },
    /// Adagrad with a velocity: `v = momentum v - rate g / sqrt(G + epsilon)`, `w = w + v`
    Momentum { epsilon: f32, momentum: f32 },
}

/// The constants that depend on how many gradients a weight has had.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    pub(crate) rate: f32,
    /// Only Adam has one.
    pub(crate) root: f32,
}

/// A parameter and what the rule remembers of it.
#[derive(Debug)]
pub(crate) struct Buffers<'a> {
    pub(crate) weights: &'a mut [f32],
    pub(crate) first: &'a mut [f32],
    /// Empty where the rule needs none.
    pub(crate) second: &'a mut [f32],
}

impl Buffers<'_> {
    fn split_at(self, at: usize) -> (Self, Self) {
        let (weights, weights_right) = self.weights.split_at_mut(at);
        let (first, first_right) = self.first.split_at_mut(at);
        let (second, second_right) = self.second.split_at_mut(at.min(self.second.len()));
        let right = Self { weights: weights_right, first: first_right, second: second_right };
        (Self { weights, first, second }, right)
    }

    fn slice(&mut self, at: usize, length: usize) -> Buffers<'_> {
        let second = if self.second.is_empty() { 0..0 } else { at..at + length };
        Buffers {
            weights: &mut self.weights[at..at + length],
            first: &mut self.first[at..at + length],
            second: &mut self.second[second],
        }
    }
}

/// Updates a whole parameter along `gradient * scale`.
pub(crate) fn update(rule: Rule, pace: Pace, gradient: &[f32], scale: f32, buffers: Buffers<'_>) {
    run(Pass { rule, gradient, scale, buffers, part: Part::Whole(pace) });
}

/// Updates the rows `rows` (ascending, without repeats) of a table of `width` columns. Row `i` of
/// `gradient` belongs to row `rows[i]` of the table and moves at `paces[i]`.
pub(crate) fn update_rows(
    rule: Rule,
    rows: &[u32],
    paces: &[Pace],
    width: usize,
    gradient: &[f32],
    scale: f32,
    buffers: Buffers<'_>,
) {
    assert_eq!((rows.len(), rows.len() * width), (paces.len(), gradient.len()), "one for each row");
    let part = Part::Rows { rows, paces, width, start: 0 };
    run(Pass { rule, gradient, scale, buffers, part });
}

/// Sum of squares in f64, in an order that depends on nothing but the length.
pub(crate) fn squares(values: &[f32]) -> f64 {
    f32::dispatch(Squares(values))
}

/// One thread's share.
struct Pass<'a> {
    rule: Rule,
    gradient: &'a [f32],
    scale: f32,
    buffers: Buffers<'a>,
    part: Part<'a>,
}

#[derive(Clone, Copy)]
enum Part<'a> {
    /// All of the buffers.
    Whole(Pace),
    /// Rows of the buffers, which begin with row `start` of the table.
    Rows { rows: &'a [u32], paces: &'a [Pace], width: usize, start: u32 },
}

fn run(pass: Pass<'_>) {
    // Asked last: counting the cores takes longer than a small pass.
    let alone = pass.gradient.len() < 2 * GRAIN || forced();
    share(pass, if alone { 1 } else { threads() });
}

/// Halves the pass until every thread has its own.
fn share(pass: Pass<'_>, threads: usize) {
    if threads < 2 || pass.gradient.len() < 2 * GRAIN {
        return f32::dispatch(pass);
    }
    let (left, right) = pass.halves();
    rayon::join(|| share(left, threads / 2), || share(right, threads - threads / 2));
}

impl Pass<'_> {
    fn halves(self) -> (Self, Self) {
        let Self { rule, gradient, scale, buffers, part } = self;
        let (taken, kept, left, right) = match part {
            Part::Whole(_) => {
                let half = gradient.len() / 2;
                (half, half, part, part)
            }
            Part::Rows { rows, paces, width, start } => {
                let half = rows.len() / 2;
                let (rows, rows_right) = rows.split_at(half);
                let (paces, paces_right) = paces.split_at(half);
                // A single row is not cut: it goes to the right.
                let first = rows_right.first().copied().unwrap_or(start);
                let left = Part::Rows { rows, paces, width, start };
                let right =
                    Part::Rows { rows: rows_right, paces: paces_right, width, start: first };
                (half * width, (first - start) as usize * width, left, right)
            }
        };
        let (gradient, gradient_right) = gradient.split_at(taken);
        let (buffers, buffers_right) = buffers.split_at(kept);
        (
            Self { rule, gradient, scale, buffers, part: left },
            Self { rule, gradient: gradient_right, scale, buffers: buffers_right, part: right },
        )
    }
}

impl Kernel<f32> for Pass<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<E = f32>>(self) {
        let Self { rule, gradient, scale, mut buffers, part } = self;
        match part {
            Part::Whole(pace) => apply(rule, pace, gradient, scale, buffers),
            Part::Rows { rows, paces, width, start } => {
                let gradients = gradient.chunks_exact(width.max(1));
                for ((&row, &pace), gradient) in rows.iter().zip(paces).zip(gradients) {
                    let buffers = buffers.slice((row - start) as usize * width, width);
                    apply(rule, pace, gradient, scale, buffers);
                }
            }
        }
    }
}

#[inline(always)]
fn apply(rule: Rule, pace: Pace, gradient: &[f32], scale: f32, buffers: Buffers<'_>) {
    let Buffers { weights, first, second } = buffers;
    match rule {
        Rule::Adam { .. } => adam(rule, pace, gradient, scale, weights, first, second),
        Rule::Adagrad { epsilon } => adagrad(epsilon, pace, gradient, scale, weights, first),
        Rule::Momentum { epsilon, momentum } => {
            let constants = (epsilon, momentum);
            velocity(constants, pace, gradient, scale, weights, first, second);
        }
    }
}

// The three loops are functions of their own because parameters that are `&mut [f32]` are known not
// to overlap, while fields of a struct are not.

#[inline(always)]
fn adam(
    rule: Rule,
    Pace { rate, root }: Pace,
    gradient: &[f32],
    scale: f32,
    weights: &mut [f32],
    first: &mut [f32],
    second: &mut [f32],
) {
    let Rule::Adam { beta1, rest1, beta2, rest2, epsilon, keep } = rule else { return };
    let length = weights.len();
    // Equal lengths, told to the compiler once, so that the loop runs without checks.
    let (gradient, first, second) =
        (&gradient[..length], &mut first[..length], &mut second[..length]);
    for i in 0..length {
        let g = gradient[i] * scale;
        let m = beta1 * first[i] + rest1 * g;
        let v = beta2 * second[i] + rest2 * g * g;
        (first[i], second[i]) = (m, v);
        weights[i] = keep * weights[i] - rate * m / (v.sqrt() * root + epsilon);
    }
}

#[inline(always)]
fn adagrad(
    epsilon: f32,
    Pace { rate, .. }: Pace,
    gradient: &[f32],
    scale: f32,
    weights: &mut [f32],
    first: &mut [f32],
) {
    let length = weights.len();
    let (gradient, first) = (&gradient[..length], &mut first[..length]);
    for i in 0..length {
        let g = gradient[i] * scale;
        let sum = first[i] + g * g;
        first[i] = sum;
        weights[i] -= rate * g / (sum + epsilon).sqrt();
    }
}

#[inline(always)]
fn velocity(
    (epsilon, momentum): (f32, f32),
    Pace { rate, .. }: Pace,
    gradient: &[f32],
    scale: f32,
    weights: &mut [f32],
    first: &mut [f32],
    second: &mut [f32],
) {
    let length = weights.len();
    let (gradient, first, second) =
        (&gradient[..length], &mut first[..length], &mut second[..length]);
    for i in 0..length {
        let g = gradient[i] * scale;
        let sum = first[i] + g * g;
        let v = momentum * second[i] - rate * g / (sum + epsilon).sqrt();
        (first[i], second[i]) = (sum, v);
        weights[i] += v;
    }
}

struct Squares<'a>(&'a [f32]);

impl Kernel<f32> for Squares<'_> {
    type Output = f64;

    #[inline(always)]
    fn run<L: Lanes<E = f32>>(self) -> f64 {
        // Sixteen sums: enough additions in flight to keep up with memory.
        let mut lanes = [0.0f64; 16];
        let chunks = self.0.chunks_exact(16);
        let rest = chunks.remainder();
        for chunk in chunks {
            for (lane, &value) in lanes.iter_mut().zip(chunk) {
                *lane += f64::from(value) * f64::from(value);
            }
        }
        let rest: f64 = rest.iter().map(|&v| f64::from(v) * f64::from(v)).sum();
        lanes.iter().sum::<f64>() + rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::{available_isas, with_isa};

    const RULES: [Rule; 3] = [
        Rule::Adam { beta1: 0.9, rest1: 0.1, beta2: 0.99, rest2: 0.01, epsilon: 1e-8, keep: 0.999 },
        Rule::Adagrad { epsilon: 1e-6 },
        Rule::Momentum { epsilon: 1e-6, momentum: 0.4 },
    ];

    fn wave(length: usize, step: f32) -> Vec<f32> {
        (0..length).map(|i| (i as f32 * step).sin() + 0.01).collect()
    }

    /// Weights, first and second, whose squares must not be negative.
    fn start(rule: Rule, length: usize) -> [Vec<f32>; 3] {
        let squares = |step| wave(length, step).iter().map(|x| x * x).collect();
        let second = if matches!(rule, Rule::Adagrad { .. }) { 0 } else { length };
        let second: Vec<f32> = wave(second, 0.3).iter().map(|x| x * x).collect();
        [wave(length, 0.7), squares(0.2), second]
    }

    fn buffers([weights, first, second]: &mut [Vec<f32>; 3]) -> Buffers<'_> {
        Buffers { weights, first, second }
    }

    fn bits(values: &[Vec<f32>; 3]) -> Vec<u32> {
        values.iter().flatten().map(|x| x.to_bits()).collect()
    }

    #[test]
    fn every_instruction_set_and_every_number_of_threads_gives_the_same_bytes() {
        // Oracle: one weight at a time, so that no vector is ever full.
        let pace = Pace { rate: 0.05, root: 1.3 };
        for rule in RULES {
            for length in [1, 15, 16, 37, 3 * GRAIN + 5] {
                let gradient = wave(length, 0.9);
                let mut one = start(rule, length);
                for i in 0..length {
                    let mut all = buffers(&mut one);
                    update(rule, pace, &gradient[i..=i], 0.5, all.slice(i, 1));
                }
                for isa in available_isas() {
                    let mut whole = start(rule, length);
                    with_isa(isa, || update(rule, pace, &gradient, 0.5, buffers(&mut whole)));
                    assert_eq!(bits(&whole), bits(&one), "{rule:?} {isa:?} {length}");
                }
                let mut whole = start(rule, length);
                let pass = Pass {
                    rule,
                    gradient: &gradient,
                    scale: 0.5,
                    buffers: buffers(&mut whole),
                    part: Part::Whole(pace),
                };
                share(pass, 3);
                assert_eq!(bits(&whole), bits(&one), "{rule:?} threads {length}");
            }
        }
    }

    #[test]
    fn rows_move_as_they_would_alone_and_others_keep_their_bytes() {
        // Oracle: `update` on each row by itself.
        for rule in RULES {
            for (width, height, stride) in [(1, 40, 3), (7, 30, 2), (100, 9000, 3)] {
                let rows: Vec<u32> = (1..height).step_by(stride).collect();
                let pace = |row: u32| Pace { rate: 0.01 * (row + 1) as f32, root: 1.5 };
                let paces: Vec<Pace> = rows.iter().map(|&row| pace(row)).collect();
                let gradient = wave(rows.len() * width, 0.9);
                let mut alone = start(rule, height as usize * width);
                for (i, &row) in rows.iter().enumerate() {
                    let at = row as usize * width;
                    let gradient = &gradient[i * width..][..width];
                    update(rule, pace(row), gradient, 0.5, buffers(&mut alone).slice(at, width));
                }
                for threads in [1, 4] {
                    let mut table = start(rule, height as usize * width);
                    let part = Part::Rows { rows: &rows, paces: &paces, width, start: 0 };
                    let buffers = buffers(&mut table);
                    share(Pass { rule, gradient: &gradient, scale: 0.5, buffers, part }, threads);
                    assert_eq!(bits(&table), bits(&alone), "{rule:?} {width} {threads}");
                }
            }
        }
    }

    #[test]
    fn squares_are_summed_in_f64() {
        // Oracle: n times one square, exact in f64; an f32 sum stalls at 2^24 = 16777216.
        let values = vec![1.0f32; (1 << 24) + 3];
        assert_eq!(squares(&values), 16_777_219.0);
        assert_eq!(squares(&[3.0, 4.0]), 25.0);
        assert_eq!(squares(&[1e30; 17]), 17.0 * f64::from(1e30f32).powi(2));
        for isa in available_isas() {
            let values = wave(1001, 0.3);
            assert_eq!(with_isa(isa, || squares(&values)), squares(&values), "{isa:?}");
        }
    }
}
