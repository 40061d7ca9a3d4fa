//! The fused losses against plain loops in `f64`, finite differences and closed forms, on every
//! instruction set that can run here.

use ensue_core::Seed;
use rand::RngExt;

use super::super::{available_isas, with_isa};
use super::*;

const BPR: SampledLoss = SampledLoss::BprMax { regularization: 0.7, elu: 0.0 };
const BPR_ELU: SampledLoss = SampledLoss::BprMax { regularization: 0.7, elu: 0.5 };
const KINDS: [SampledLoss; 4] = [SampledLoss::SoftMax, BPR, BPR_ELU, SampledLoss::Top1Max];

/// Everything a call reads, owned.
#[derive(Clone)]
struct Case<E> {
    kind: SampledLoss,
    width: usize,
    choices: usize,
    h: Vec<E>,
    table: Vec<E>,
    bias: Vec<E>,
    values: Vec<E>,
    targets: Vec<u32>,
    weights: Vec<E>,
    shared: Vec<u32>,
    corrections: Vec<f32>,
    target_corrections: Vec<f32>,
    offsets: Vec<u32>,
    classes: Vec<u32>,
    codes: Vec<u32>,
}

impl Case<f64> {
    /// Rows with none, one or several right answers; negatives with accidental hits and doubles;
    /// terms on own and shared places.
    fn new(
        kind: SampledLoss,
        rows: usize,
        width: usize,
        places: usize,
        negatives: usize,
        choices: usize,
    ) -> Self {
        let mut rng = Seed(11).stream("case");
        let mut noise = |n: usize, scale: f64| -> Vec<f64> {
            (0..n).map(|_| (rng.random::<f64>() * 2.0 - 1.0) * scale).collect()
        };
        let scale = 2.0 / (width as f64).sqrt();
        let (h, table) = (noise(rows * width, 1.0), noise(places * width, scale));
        let (bias, values) = (noise(places, 0.5), noise(3, 1.0));
        let corrections = noise(negatives, 0.5).into_iter().map(|v| v as f32).collect();
        let target_corrections = noise(rows * choices, 0.5).into_iter().map(|v| v as f32).collect();
        let mut rng = Seed(11).stream("places");
        let mut place = || (rng.random::<u32>() as usize % places) as u32;
        let targets = (0..rows * choices).map(|_| place()).collect();
        let shared = (0..negatives).map(|_| place()).collect();
        let weights = (0..rows * choices).map(|i| [0.0, 1.0, 0.25, 0.0, 2.0][i % 5]).collect();
        // Row i has terms on places i, i + 2, i + 4 as far as they differ.
        let terms = |i: usize| (0..(i % 4).min(places / 2)).map(move |t| (i + 2 * t) % places);
        let mut offsets = vec![0];
        let (mut classes, mut codes) = (Vec::new(), Vec::new());
        for i in 0..rows {
            for class in terms(i) {
                classes.push(class as u32);
                codes.push(((i + class) % 3) as u32);
            }
            offsets.push(classes.len() as u32);
        }
        Self {
            kind,
            width,
            choices,
            h,
            table,
            bias,
            values,
            targets,
            weights,
            shared,
            corrections,
            target_corrections,
            offsets,
            classes,
            codes,
        }
    }

    fn to_f32(&self) -> Case<f32> {
        let narrow = |v: &[f64]| v.iter().map(|&x| x as f32).collect::<Vec<_>>();
        Case {
            kind: self.kind,
            width: self.width,
            choices: self.choices,
            h: narrow(&self.h),
            table: narrow(&self.table),
            bias: narrow(&self.bias),
            values: narrow(&self.values),
            targets: self.targets.clone(),
            weights: narrow(&self.weights),
            shared: self.shared.clone(),
            corrections: self.corrections.clone(),
            target_corrections: self.target_corrections.clone(),
            offsets: self.offsets.clone(),
            classes: self.classes.clone(),
            codes: self.codes.clone(),
        }
    }

    /// The definition, term by term.
    fn plain(&self) -> f64 {
        let rows = self.h.len() / self.width;
        let of = |corrections: &[f32], at| f64::from(*corrections.get(at).unwrap_or(&0.0));
        let mut loss = 0.0;
        for i in 0..rows {
            let logit = |place: u32| -> f64 {
                let h = &self.h[i * self.width..][..self.width];
                let row = &self.table[place as usize * self.width..][..self.width];
                let entries = self.offsets[i] as usize..self.offsets[i + 1] as usize;
                let terms: f64 = entries
                    .filter(|&e| self.classes[e] == place)
                    .map(|e| self.values[self.codes[e] as usize])
                    .sum();
                let product: f64 = h.iter().zip(row).map(|(a, b)| a * b).sum();
                product + self.bias[place as usize] + terms
            };
            let right: Vec<usize> = (i * self.choices..(i + 1) * self.choices)
                .filter(|&c| self.weights[c] != 0.0)
                .collect();
            let hit = |place: u32| right.iter().any(|&c| self.targets[c] == place);
            let others: Vec<f64> = (0..self.shared.len())
                .filter(|&j| !hit(self.shared[j]))
                .map(|j| logit(self.shared[j]) + of(&self.corrections, j))
                .collect();
            if others.is_empty() {
                continue;
            }
            for c in right {
                let target = logit(self.targets[c]) + of(&self.target_corrections, c);
                loss += self.weights[c] * plain_loss(self.kind, target, &others);
            }
        }
        loss
    }
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// Hidasi and Karatzoglou (2018), equations for TOP1-max and BPR-max; cross-entropy.
fn plain_loss(kind: SampledLoss, target: f64, others: &[f64]) -> f64 {
    let elu = |x: f64| match kind {
        SampledLoss::BprMax { elu, .. } if elu > 0.0 && x < 0.0 => elu * (x.exp() - 1.0),
        _ => x,
    };
    let (target, others) = (elu(target), others.iter().map(|&x| elu(x)).collect::<Vec<_>>());
    let max = others.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = others.iter().map(|x| (x - max).exp()).sum();
    let weighted = |f: &dyn Fn(f64) -> f64| -> f64 {
        others.iter().map(|&x| (x - max).exp() / sum * f(x)).sum()
    };
    match kind {
        SampledLoss::SoftMax => {
            let top = max.max(target);
            let all = sum * (max - top).exp() + (target - top).exp();
            top + all.ln() - target
        }
        SampledLoss::BprMax { regularization, .. } => {
            let win = weighted(&|x| sigmoid(target - x));
            regularization * weighted(&|x| x * x) - (win + 1e-24).ln()
        }
        SampledLoss::Top1Max => weighted(&|x| sigmoid(x - target) + sigmoid(x * x)),
    }
}

impl<E: Element> Case<E> {
    fn run(&self, gradients: bool) -> (E, Option<SoftmaxGrads<E>>) {
        let args = SampledArgs {
            kind: self.kind,
            h: &self.h,
            table: &self.table,
            bias: &self.bias,
            targets: &self.targets,
            weights: &self.weights,
            shared: &self.shared,
            corrections: &self.corrections,
            target_corrections: &self.target_corrections,
            width: self.width,
            choices: self.choices,
            terms: Terms {
                offsets: &self.offsets,
                classes: &self.classes,
                codes: &self.codes,
                values: &self.values,
            },
        };
        sampled_loss(&args, gradients)
    }

    /// Loss, and gradients of h, table, bias and values.
    fn all(&self) -> [Vec<E>; 5] {
        let (loss, grads) = self.run(true);
        let grads = grads.expect("asked for");
        [vec![loss], grads.h, grads.w, grads.bias, grads.terms]
    }
}

/// Largest difference relative to the largest magnitude of `b`.
fn distance<A: Element, B: Element>(a: &[A], b: &[B]) -> f64 {
    assert_eq!(a.len(), b.len());
    assert!(a.iter().all(|x| x.to_f64().is_finite()), "not finite");
    let scale = b.iter().map(|x| x.to_f64().abs()).fold(1e-30, f64::max);
    a.iter().zip(b).map(|(x, y)| (x.to_f64() - y.to_f64()).abs()).fold(0.0, f64::max) / scale
}

/// (rows, width, places, negatives, choices)
const SHAPES: [[usize; 5]; 9] = [
    [1, 1, 1, 1, 1],
    [3, 1, 2, 1, 2],
    [5, 7, 6, 9, 1],
    [33, 16, 40, 31, 2],
    [65, 24, 30, 64, 3],
    [130, 33, 90, 45, 1],
    [25, 100, 300, 129, 2],
    [7, 47, 50, 33, 1],
    [12, 300, 20, 17, 1],
];

fn cases() -> impl Iterator<Item = Case<f64>> {
    let of = |kind| SHAPES.map(|[r, w, p, n, c]| Case::new(kind, r, w, p, n, c));
    KINDS.into_iter().flat_map(of)
}

// Oracle: the losses' definitions, term by term in f64.
#[test]
fn loss_is_its_definition() {
    for case in cases() {
        let want = case.plain();
        let (got, _) = case.run(false);
        let name = format!("{:?} {} {}", case.kind, case.width, case.shared.len());
        assert!((got - want).abs() <= 1e-12 * want.abs().max(1.0), "{name}: {got} {want}");
        assert_eq!(case.run(true).0, got, "{name}: loss depends on whether gradients are wanted");
    }
}

// Oracle: central differences of the loss's definition along random directions, all inputs at once.
#[test]
fn gradients_are_finite_differences() {
    for case in cases() {
        let [_, h, w, b, v] = case.all();
        for n in 0..4 {
            let mut rng = Seed(n).stream("direction");
            let mut step = |len: usize| -> Vec<f64> {
                (0..len).map(|_| rng.random::<f64>() * 2.0 - 1.0).collect()
            };
            let steps = [step(h.len()), step(w.len()), step(b.len()), step(v.len())];
            let moved = |by: f64| {
                let mut c = case.clone();
                let inputs = [&mut c.h, &mut c.table, &mut c.bias, &mut c.values];
                for (x, d) in inputs.into_iter().zip(&steps) {
                    x.iter_mut().zip(d).for_each(|(x, d)| *x += by * d);
                }
                c.plain()
            };
            let eps = 1e-5;
            let slope = (moved(eps) - moved(-eps)) / (2.0 * eps);
            let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
            let got: f64 = [&h, &w, &b, &v].into_iter().zip(&steps).map(|(g, d)| dot(g, d)).sum();
            // The slope of the ELU jumps at 0: a logit may lie within a step of it.
            let allowed = 1e-6 * slope.abs().max(1.0);
            assert!(
                (got - slope).abs() <= allowed,
                "{:?} {} {}: {got} {slope}",
                case.kind,
                case.width,
                case.shared.len()
            );
        }
    }
}

// Oracle: the same kernel in f64.
#[test]
fn every_instruction_set_agrees_with_f64() {
    for isa in available_isas() {
        with_isa(isa, || {
            for case in cases() {
                let (want, got) = (case.all(), case.to_f32().all());
                for (what, (a, b)) in got.iter().zip(&want).enumerate() {
                    let d = distance(a, b);
                    let (kind, n) = (case.kind, case.shared.len());
                    assert!(d < 1e-5, "{isa:?} {kind:?} {} {n} output {what}: {d:e}", case.width);
                }
            }
        });
    }
}

// Oracle: one thread. Blocks and their order are the same, sums over threads differ in rounding.
#[test]
fn two_threads_agree_with_one() {
    for kind in KINDS {
        let case = Case::new(kind, 700, 20, 90, 50, 2).to_f32();
        let alone = with_isa(super::super::isa(), || case.all());
        let several = case.all();
        for (a, b) in several.iter().zip(&alone) {
            assert!(distance(a, b) < 1e-5);
        }
        // Oracle: itself.
        assert_eq!(case.all(), several, "two equal calls differ");
    }
}

/// One row of width 1 with hidden state 1: logits are the table itself.
fn row_of(kind: SampledLoss, target: f64, others: &[f64]) -> Case<f64> {
    let mut case = Case::new(kind, 1, 1, others.len() + 1, others.len(), 1);
    case.h = vec![1.0];
    case.table = std::iter::once(target).chain(others.iter().copied()).collect();
    case.bias.fill(0.0);
    (case.targets, case.weights) = (vec![0], vec![1.0]);
    case.shared = (1..=others.len() as u32).collect();
    case.corrections.clear();
    case.target_corrections.clear();
    case.offsets = vec![0, 0];
    (case.classes, case.codes) = (Vec::new(), Vec::new());
    case
}

// Oracle: closed forms worked out by hand for one negative, s = 1.
#[test]
fn one_negative_has_closed_forms() {
    let (t, o) = (0.3, -0.8);
    let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-14, "{a} {b}");
    let of = |kind| row_of(kind, t, &[o]).all();
    let [loss, h, w, ..] = of(SampledLoss::SoftMax);
    near(loss[0], (1.0 + (o - t).exp()).ln());
    let d = sigmoid(o - t);
    near(h[0], d * (o - t));
    near(w[0], -d);
    near(w[1], d);
    let [loss, _, w, ..] = of(BPR);
    near(loss[0], -sigmoid(t - o).ln() + 0.7 * o * o);
    near(w[0], -d);
    near(w[1], d + 1.4 * o);
    let x = 0.5 * (o.exp() - 1.0);
    let [loss, ..] = of(BPR_ELU);
    near(loss[0], -sigmoid(t - x).ln() + 0.7 * x * x);
    let [loss, _, w, ..] = of(SampledLoss::Top1Max);
    near(loss[0], d + sigmoid(o * o));
    near(w[0], -d * (1.0 - d));
    near(w[1], d * (1.0 - d) + 2.0 * o * sigmoid(o * o) * (1.0 - sigmoid(o * o)));
}

// Oracle: the same kernel in f64 and, for its loss, the definition.
#[test]
fn logits_of_ten_thousand_stay_exact() {
    let rows: [(f64, &[f64]); 5] = [
        (1e4, &[-1e4, 1e4, 9999.0, 0.0]),
        (-1e4, &[1e4, -1e4, 9990.0]),
        (1e4, &[-1e4, -1e4]),
        (0.0, &[1e4, 9998.0, 9999.0]),
        (20.0, &[-30.0, -31.0, -60.0]),
    ];
    for kind in KINDS {
        for (target, others) in rows {
            let case = row_of(kind, target, others);
            let (wide, plain) = (case.all(), case.plain());
            assert!((wide[0][0] - plain).abs() <= 1e-9 * plain.abs().max(1.0), "{kind:?} {target}");
            for isa in available_isas() {
                let narrow = with_isa(isa, || case.to_f32().all());
                let slope = wide[2].iter().fold(0.0f64, |a, b| a.max(b.abs()));
                for (what, (a, b)) in narrow.iter().zip(&wide).enumerate() {
                    // The gradient of h sums rows of the table, and rounds relative to them; what
                    // is lost next to 1 depends on the width of the element.
                    let tiny = if what == 1 { 1e-2 * slope } else { 0.0 } + 1e-9;
                    let far = |(x, y): (&f32, &f64)| (f64::from(*x) - y).abs();
                    let worst = a.iter().zip(b).map(far).fold(0.0, f64::max);
                    let scale = b.iter().fold(0.0f64, |m, x| m.max(x.abs()));
                    assert!(worst.is_finite(), "{isa:?} {kind:?} {target}: {a:?}");
                    assert!(
                        worst <= 2e-5 * scale + tiny,
                        "{isa:?} {kind:?} {target} output {what}: {a:?} {b:?}"
                    );
                }
            }
        }
    }
}

// Oracle: IEEE arithmetic: what is computed from a NaN is a NaN.
#[test]
fn a_nan_reaches_the_loss() {
    for isa in available_isas() {
        with_isa(isa, || {
            for kind in KINDS {
                for target in [true, false] {
                    let mut case = row_of(kind, 1.0, &[0.5; 40]).to_f32();
                    case.table[if target { 0 } else { 17 }] = f32::NAN;
                    assert!(case.run(true).0.is_nan(), "{isa:?} {kind:?} {target}");
                }
            }
        });
    }
}

// Oracle: the definition: a soft-max over one candidate is 1, an empty sum is 0.
#[test]
fn a_row_whose_negatives_are_all_hits_costs_nothing() {
    for kind in KINDS {
        let mut case = row_of(kind, 1.0, &[2.0, 3.0]);
        (case.shared, case.offsets) = (vec![0, 0], vec![0, 1]);
        (case.classes, case.codes) = (vec![0], vec![0]);
        for output in case.all() {
            assert!(output.iter().all(|&x| x == 0.0), "{kind:?} {output:?}");
        }
        // Without any negative at all it is the same.
        case.shared.clear();
        for output in case.all() {
            assert!(output.iter().all(|&x| x == 0.0), "{kind:?} {output:?}");
        }
    }
}
