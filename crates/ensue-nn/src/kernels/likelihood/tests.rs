//! The losses in double precision: against `SciPy`, finite differences, and at the ends of their ranges.

use proptest::prelude::*;
use serde::Deserialize;
use std::collections::BTreeMap;

use super::special::stirling;
use super::{LikelihoodArgs, likelihood_loss};
use crate::kernels::set_threads;
use crate::likelihood::Likelihood;

#[derive(Debug, Deserialize)]
struct Case {
    raw: Vec<f64>,
    scale: f64,
    y: f64,
    loss: f64,
}

#[derive(Debug, Deserialize)]
struct Golden {
    densities: BTreeMap<String, Vec<Case>>,
}

/// Loss of one target of weight 1, and its gradient.
fn one(likelihood: Likelihood, raw: &[f64], y: f64, scale: f64) -> (f64, Vec<f64>) {
    let (target, scale, weights) = (&[y], &[scale], &[1.0]);
    let args = LikelihoodArgs { likelihood, raw, target, scale, weights };
    let (loss, grad) = likelihood_loss(&args, true);
    (loss, grad.unwrap())
}

// Oracle: SciPy and mpmath; tests/golden/likelihoods.py.
#[test]
fn losses_equal_scipy() {
    let text = include_str!("../../../tests/golden/likelihoods.json");
    let golden: Golden = serde_json::from_str(text).unwrap();
    assert_eq!(golden.densities.len(), 5, "all but deterministic-L1");
    for (name, cases) in golden.densities {
        let likelihood: Likelihood = name.parse().unwrap();
        assert!(cases.len() > 90, "{name}");
        for case in cases {
            let (loss, _) = one(likelihood, &case.raw, case.y, case.scale);
            // The targets themselves are rounded, which a steep density magnifies.
            let error = (loss - case.loss).abs();
            assert!(error <= 1e-7 * case.loss.abs().max(1.0), "{name} {case:?}: {loss}");
        }
    }
}

// Oracle: the definition.
#[test]
fn the_absolute_error_is_in_units_of_the_scale() {
    assert_eq!(one(Likelihood::DeterministicL1, &[1.5], 8.0, 4.0), (0.5, vec![-1.0]));
    assert_eq!(one(Likelihood::DeterministicL1, &[3.0], 8.0, 4.0), (1.0, vec![1.0]));
    assert_eq!(one(Likelihood::DeterministicL1, &[2.0], 8.0, 4.0), (0.0, vec![0.0]));
}

// Oracle: known values of gamma and digamma (Abramowitz and Stegun, tables 6.1 and 6.3).
#[test]
fn what_stirling_leaves_out_is_exact_for_small_arguments() {
    let pi = std::f64::consts::PI;
    let known = [
        // ln gamma, digamma
        (0.5, 0.5 * pi.ln(), -0.577_215_664_901_532_9 - 2.0 * 2f64.ln()),
        (1.0, 0.0, -0.577_215_664_901_532_9),
        (2.0, 0.0, 1.0 - 0.577_215_664_901_532_9),
        (11.0, 3_628_800f64.ln(), 2.351_752_589_066_721),
        (1e-6, 13.815_509_980_749_432, -1_000_000.577_214_02),
    ];
    for (x, ln_gamma, digamma) in known {
        let (s, t) = stirling(x);
        let got = (x - 0.5) * x.ln() - x + super::special::HALF_LN_2PI + s;
        assert!((got - ln_gamma).abs() < 1e-13, "ln gamma({x}) = {got}");
        let got = x.ln() - 0.5 / x - t;
        assert!((got / digamma - 1.0).abs() < 1e-13, "digamma({x}) = {got}");
    }
}

/// Raw outputs for 41 numbers between -1 and 1, and a target that is not far off.
fn drawn(likelihood: Likelihood, numbers: &[f64], scale: f64, at: f64) -> (Vec<f64>, f64) {
    let raw: Vec<f64> = numbers[..likelihood.parameters()].to_vec();
    let target = match likelihood {
        Likelihood::NegativeBinomial => (scale * (1.0 + at)).floor(),
        Likelihood::Beta => 0.5 + 0.49 * at,
        _ => scale * at,
    };
    (raw, target)
}

proptest! {
    // Oracle: central differences, fourth order.
    #[test]
    fn gradients_equal_finite_differences(
        numbers in prop::collection::vec(-4.0..4.0f64, 41),
        scale in prop::sample::select(vec![1e-3, 1.0, 37.0, 1e5]),
        at in -1.0..1.0f64,
    ) {
        for likelihood in Likelihood::ALL {
            let (raw, y) = drawn(likelihood, &numbers, scale, at);
            let (_, grad) = one(likelihood, &raw, y, scale);
            for (i, &g) in grad.iter().enumerate() {
                let at = |step: f64| {
                    let mut raw = raw.clone();
                    raw[i] += step;
                    one(likelihood, &raw, y, scale).0
                };
                // The score's second derivative jumps where the target meets a knot.
                let h = if likelihood == Likelihood::PiecewiseLinear { 1e-7 } else { 1e-4 };
                let want = (8.0 * (at(h) - at(-h)) - (at(2.0 * h) - at(-2.0 * h))) / (12.0 * h);
                let allowed = match likelihood {
                    Likelihood::PiecewiseLinear => 2e-5,
                    // The absolute error has a kink itself.
                    Likelihood::DeterministicL1 if (raw[0] - y / scale).abs() < 3.0 * h => continue,
                    _ => 2e-7 * want.abs().max(1.0),
                };
                prop_assert!((g - want).abs() <= allowed, "{likelihood} {i}: {g} is not {want}");
            }
        }
    }

    // Oracle: the promise of a finite loss and gradient.
    #[test]
    fn nothing_leaves_the_finite_range_in_single_precision(
        numbers in prop::collection::vec(-50.0..50.0f32, 41),
        ends in prop::collection::vec(0..4usize, 41),
        exponent in -6.0..9.0f64,
        y in prop::sample::select(vec![0.0f32, 1.0, 0.5, 1e-9, 3e4, 1e9, -1e9]),
        end in prop::sample::select(vec![-50.0f32, 0.0, 50.0]),
    ) {
        let scale = [10f64.powf(exponent) as f32];
        for likelihood in Likelihood::ALL {
            let width = likelihood.parameters();
            let pick = |(&x, &e): (&f32, &usize)| if e == 0 { end } else { x };
            let raw: Vec<f32> = numbers.iter().zip(&ends).map(pick).take(width).collect();
            let args = LikelihoodArgs {
                likelihood, raw: &raw, target: &[y], scale: &scale, weights: &[1.0],
            };
            let (loss, grad) = likelihood_loss(&args, true);
            prop_assert!(loss.is_finite(), "{likelihood} {raw:?} {y} {scale:?}: {loss}");
            let grad = grad.unwrap();
            let finite = grad.iter().all(|g| g.is_finite());
            prop_assert!(finite, "{likelihood} {raw:?} {y} {scale:?}: {grad:?}");
        }
    }
}

// Oracle: the sum of single calls; a weight of 0 hides a NaN.
#[test]
fn losses_add_up_with_their_weights_on_any_number_of_threads() {
    let (batch, time) = (40, 30);
    for likelihood in Likelihood::ALL {
        let width = likelihood.parameters();
        let raw: Vec<f64> = (0..batch * time * width).map(|i| (i as f64 * 0.7).sin()).collect();
        let scale: Vec<f64> = (0..batch).map(|b| 1.0 + b as f64).collect();
        let weights: Vec<f64> = (0..batch * time).map(|i| (i % 3) as f64 * 0.5).collect();
        let target: Vec<f64> = (0..batch * time)
            .map(|i| if weights[i] == 0.0 { f64::NAN } else { drawn(likelihood, &raw, 2.0, 0.3).1 })
            .collect();
        let args = LikelihoodArgs {
            likelihood,
            raw: &raw,
            target: &target,
            scale: &scale,
            weights: &weights,
        };
        let (mut want, mut want_grad) = (0.0, Vec::new());
        for i in 0..batch * time {
            let raw = &raw[i * width..][..width];
            if weights[i] == 0.0 {
                want_grad.extend(vec![0.0; width]);
                continue;
            }
            let (loss, grad) = one(likelihood, raw, target[i], scale[i / time]);
            want += weights[i] * loss;
            want_grad.extend(grad.iter().map(|g| g * weights[i]));
        }
        for n in [1, 3] {
            set_threads(n);
            let (loss, grad) = likelihood_loss(&args, true);
            assert!((loss - want).abs() < 1e-9 * want.abs().max(1.0), "{likelihood}");
            assert_eq!(grad.unwrap(), want_grad, "{likelihood}");
            let (alone, none) = likelihood_loss(&args, false);
            // Not bit by bit: another test may set the number of threads meanwhile.
            assert!((alone - loss).abs() < 1e-9 * want.abs().max(1.0), "{likelihood}");
            assert_eq!(none, None, "{likelihood}");
        }
        set_threads(0);
    }
}
