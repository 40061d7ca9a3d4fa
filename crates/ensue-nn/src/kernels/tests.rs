//! Kernels against plain loops and finite differences, on every instruction set that can run here.

use rand::RngExt;

use super::gemm::{MatRef, Packed, gemm};
use super::lanes::{Element, Kernel, Lanes};
use super::*;
use ensue_core::Seed;

pub(super) fn noise<E: Element>(n: usize, what: &str, scale: f64) -> Vec<E> {
    let mut rng = Seed(7).stream(what);
    (0..n).map(|_| E::from_f64((rng.random::<f64>() * 2.0 - 1.0) * scale)).collect()
}

pub(super) fn dot<E: Element>(a: &[E], b: &[E]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(x, y)| x.to_f64() * y.to_f64()).sum()
}

/// Largest difference relative to the largest magnitude of `b`.
pub(super) fn distance<A: Element, B: Element>(a: &[A], b: &[B]) -> f64 {
    assert_eq!(a.len(), b.len());
    let scale = b.iter().map(|x| x.to_f64().abs()).fold(1e-30, f64::max);
    a.iter().zip(b).map(|(x, y)| (x.to_f64() - y.to_f64()).abs()).fold(0.0, f64::max) / scale
}

// Oracle: three nested loops in f64.
#[test]
fn product_equals_three_loops_for_odd_shapes_and_strides() {
    let shapes = [
        (1, 1, 1),
        (3, 5, 7),
        (12, 32, 300),
        (13, 33, 17),
        (25, 64, 257),
        (7, 100, 2),
        (64, 15, 1),
    ];
    for isa in available_isas() {
        for (m, n, k) in shapes {
            with_isa(isa, || {
                let (a, b) = (noise::<f32>(m * k, "a", 1.0), noise::<f32>(k * n, "b", 1.0));
                let c0 = noise::<f32>(m * n, "c", 1.0);
                let plain = |i: usize, j: usize| -> f64 {
                    (0..k).map(|x| f64::from(a[i * k + x]) * f64::from(b[x * n + j])).sum()
                };
                let at: Vec<f32> = (0..k * m).map(|x| a[(x % m) * k + x / m]).collect();
                let bt: Vec<f32> = (0..n * k).map(|x| b[(x % k) * n + x / k]).collect();
                for (a, b) in [
                    (MatRef::rows(&a, k), MatRef::rows(&b, n)),
                    (MatRef::transposed(&at, m), MatRef::transposed(&bt, k)),
                ] {
                    let packed = Packed::new(b, k, n);
                    for accumulate in [false, true] {
                        let mut c = c0.clone();
                        gemm(m, a, &packed, &mut c, n, accumulate);
                        let want: Vec<f64> = (0..m * n)
                            .map(|x| {
                                plain(x / n, x % n)
                                    + if accumulate { f64::from(c0[x]) } else { 0.0 }
                            })
                            .collect();
                        let d = distance(&c, &want);
                        assert!(d < 1e-5, "{isa:?} {m}x{n}x{k} accumulate {accumulate}: {d:e}");
                    }
                }
            });
        }
    }
}

struct Map<'a>(&'a mut [f32], u8);
impl Kernel<f32> for Map<'_> {
    type Output = ();
    #[inline(always)]
    fn run<L: Lanes<E = f32>>(self) {
        for chunk in self.0.chunks_exact_mut(L::N) {
            // SAFETY: the chunk has N elements.
            unsafe {
                let x = L::load(chunk.as_ptr());
                let y = match self.1 {
                    0 => L::exp(x),
                    1 => L::sigmoid(x),
                    _ => L::tanh(x),
                };
                L::store(chunk.as_mut_ptr(), y);
            }
        }
    }
}

// Oracle: the standard library in f64.
#[test]
fn activations_are_accurate_and_let_nan_through() {
    for isa in available_isas() {
        with_isa(isa, || {
            let xs: Vec<f32> = (0..16_000).map(|i| (i as f32 - 8000.0) / 95.0).collect();
            let run = |which: u8| {
                let mut y = xs.clone();
                f32::dispatch(Map(&mut y, which));
                y
            };
            for (x, y) in xs.iter().zip(run(0)) {
                let want = f64::from(*x).exp();
                let rel = (f64::from(y) - want).abs() / want;
                assert!(rel < 5e-7, "{isa:?} exp({x}) relative error {rel:e}");
            }
            for (x, y) in xs.iter().zip(run(1)) {
                let want = 1.0 / (1.0 + (-f64::from(*x)).exp());
                assert!((f64::from(y) - want).abs() < 3e-7, "{isa:?} sigmoid({x}) = {y}");
            }
            for (x, y) in xs.iter().zip(run(2)) {
                let want = f64::from(*x).tanh();
                assert!((f64::from(y) - want).abs() < 5e-7, "{isa:?} tanh({x}) = {y}");
            }
            for which in 0..3 {
                let mut y = vec![f32::NAN; 16];
                f32::dispatch(Map(&mut y, which));
                assert!(y.iter().all(|v| v.is_nan()), "{isa:?} function {which} hides a NaN");
                let mut y = [f32::INFINITY; 16];
                f32::dispatch(Map(&mut y, which));
                assert!(y.iter().all(|v| *v >= 1.0), "{isa:?} function {which} at infinity");
            }
        });
    }
}

/// Owned arguments of the soft-max loss.
struct Loss<E> {
    fields: [Vec<E>; 4],
    offsets: Vec<u32>,
    classes: Vec<u32>,
    codes: Vec<u32>,
    targets: Vec<u32>,
    weights: Vec<E>,
    width: usize,
}

impl<E: Element> Loss<E> {
    fn new(rows: usize, width: usize, classes: usize) -> Self {
        Self {
            fields: [
                noise(rows * width, "h", 1.0),
                noise(classes * width, "w", 1.0),
                noise(classes, "bias", 1.0),
                noise(3, "terms", 2.0),
            ],
            // Row i has the i % 4 first classes, as far as there are so many.
            offsets: std::iter::once(0)
                .chain((0..rows).scan(0, |sum, i| {
                    *sum += (i % 4).min(classes) as u32;
                    Some(*sum)
                }))
                .collect(),
            classes: (0..rows).flat_map(|i| 0..(i % 4).min(classes) as u32).collect(),
            codes: (0..rows)
                .flat_map(|i| (0..(i % 4).min(classes) as u32).map(move |c| (c + i as u32) % 3))
                .collect(),
            targets: (0..rows * 2).map(|i| (i * 7 % classes) as u32).collect(),
            // Every third row is padding.
            weights: (0..rows * 2)
                .map(|i| E::from_f64((i / 2 % 3) as f64 * (i % 2 + 1) as f64 * 0.25))
                .collect(),
            width,
        }
    }

    fn args(&self) -> SoftmaxArgs<'_, E> {
        let [h, w, bias, values] = &self.fields;
        let (targets, weights) = (&self.targets, &self.weights);
        let terms =
            Terms { offsets: &self.offsets, classes: &self.classes, codes: &self.codes, values };
        SoftmaxArgs { h, w, bias, targets, weights, width: self.width, choices: 2, terms }
    }

    fn plain(&self) -> f64 {
        let [h, w, bias, values] = &self.fields;
        let mut total = 0.0;
        for (i, &t) in self.targets.iter().enumerate() {
            let h = &h[i / 2 * self.width..][..self.width];
            let entries = self.offsets[i / 2] as usize..self.offsets[i / 2 + 1] as usize;
            let term = |c: usize| -> f64 {
                let own = entries.clone().filter(|&e| self.classes[e] as usize == c);
                own.map(|e| values[self.codes[e] as usize].to_f64()).sum()
            };
            let logit =
                |c: usize| dot(h, &w[c * self.width..][..self.width]) + bias[c].to_f64() + term(c);
            let sum: f64 = (0..bias.len()).map(|c| logit(c).exp()).sum();
            total += self.weights[i].to_f64() * (sum.ln() - logit(t as usize));
        }
        total
    }
}

const LOSSES: [[usize; 3]; 4] = [[1, 1, 2], [5, 3, 17], [130, 9, 33], [70, 33, 100]];

// Oracle: log-sum-exp by definition, and central differences in f64.
#[test]
fn softmax_loss_and_gradients_equal_the_definition() {
    for [rows, width, classes] in LOSSES {
        let case = Loss::<f64>::new(rows, width, classes);
        let (loss, grads) = softmax_cross_entropy(&case.args(), true);
        assert!((loss - case.plain()).abs() < 1e-10 * loss.abs().max(1.0));
        let g = grads.unwrap();
        for (field, grad) in [&g.h, &g.w, &g.bias, &g.terms].into_iter().enumerate() {
            let v = noise::<f64>(grad.len(), "direction", 1.0);
            let at = |s: f64| {
                let mut moved = Loss::<f64>::new(rows, width, classes);
                moved.fields[field].iter_mut().zip(&v).for_each(|(x, d)| *x += s * d);
                moved.plain()
            };
            let want = (at(6e-6) - at(-6e-6)) / 1.2e-5;
            let got = dot(grad, &v);
            assert!((got - want).abs() < 1e-6 * want.abs().max(1.0), "field {field}: {got} {want}");
        }
    }
}

// Oracle: the f64 path.
#[test]
fn softmax_loss_agrees_on_every_instruction_set_and_thread_count() {
    for [rows, width, classes] in LOSSES {
        let (want, wanted) =
            softmax_cross_entropy(&Loss::<f64>::new(rows, width, classes).args(), true);
        let wanted = wanted.unwrap();
        let compare = |what: String| {
            let case = Loss::<f32>::new(rows, width, classes);
            let (loss, grads) = softmax_cross_entropy(&case.args(), true);
            let g = grads.unwrap();
            assert!((f64::from(loss) - want).abs() < 1e-5 * want.abs().max(1e-3), "{what}");
            assert!(distance(&g.h, &wanted.h) < 1e-5, "{what}: h");
            assert!(distance(&g.w, &wanted.w) < 1e-5, "{what}: w");
            assert!(distance(&g.bias, &wanted.bias) < 1e-5, "{what}: bias");
            assert!(distance(&g.terms, &wanted.terms) < 1e-5, "{what}: terms");
        };
        for isa in available_isas() {
            with_isa(isa, || compare(format!("{isa:?} {rows} {width} {classes}")));
        }
        compare(format!("threads {rows} {width} {classes}"));
    }
}

#[test]
fn a_logit_far_out_neither_overflows_nor_hides_nan() {
    let mut case = Loss::<f32>::new(3, 2, 20);
    case.fields[2][5] = 1e4;
    let (loss, grads) = softmax_cross_entropy(&case.args(), true);
    assert!(loss.is_finite() && loss > 100.0);
    assert!(grads.unwrap().w.iter().all(|g| g.is_finite()));
    case.fields[0][2] = f32::NAN;
    assert!(softmax_cross_entropy(&case.args(), true).0.is_nan(), "a NaN must be seen");
}
