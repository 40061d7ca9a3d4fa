//! Draws against the closed forms of their distributions.

use ensue_core::Seed;
use proptest::prelude::*;
use serde::Deserialize;

use super::{Likelihood, normal};

const DRAWS: usize = 200_000;

#[derive(Debug, Deserialize)]
struct Law {
    name: String,
    raw: Vec<f32>,
    scale: f32,
    mean: f64,
    /// Where the fourth moment exists.
    variance: Option<f64>,
    /// Fourth central moment.
    fourth: Option<f64>,
    /// Points and how likely a draw is to stay at or below each.
    cdf: Vec<(f64, f64)>,
}

#[derive(Debug, Deserialize)]
struct Golden {
    normal_quantiles: Vec<(f64, f64)>,
    samplers: Vec<Law>,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("../../tests/golden/likelihoods.json")).unwrap()
}

// Oracle: moments and distribution functions by SciPy (tests/golden/likelihoods.py), and the standard
// errors of their estimates from independent draws; at 5 of them one test in a million fails by chance.
#[test]
fn draws_have_the_moments_and_quantiles_of_their_distribution() {
    let n = DRAWS as f64;
    let laws = golden().samplers;
    assert_eq!(laws.len(), 13);
    for law in laws {
        let likelihood: Likelihood = law.name.parse().unwrap();
        let mut rng = Seed(11).stream(&law.name);
        let draws: Vec<f64> =
            (0..DRAWS).map(|_| likelihood.sample(&law.raw, law.scale, &mut rng).into()).collect();
        assert!(draws.iter().all(|&y| likelihood.supports(y)), "{law:?}");
        // A single-precision count or parameter is off by this much.
        let rounding = 1e-6;
        for &(x, p) in &law.cdf {
            let share = draws.iter().filter(|&&y| y <= x).count() as f64 / n;
            let allowed = 5.0 * (p * (1.0 - p) / n).sqrt() + 10.0 * rounding;
            assert!((share - p).abs() <= allowed, "{law:?}: {share} of the draws are up to {x}");
        }
        let mean = likelihood.mean(&law.raw, law.scale);
        assert!((mean - law.mean).abs() <= rounding * law.mean.abs(), "{law:?}: mean {mean}");
        let (Some(variance), Some(fourth)) = (law.variance, law.fourth) else { continue };
        let got = draws.iter().sum::<f64>() / n;
        let allowed = 5.0 * (variance / n).sqrt() + rounding * mean.abs();
        assert!((got - mean).abs() <= allowed, "{law:?}: {got} is the mean of the draws");
        let got = draws.iter().map(|y| (y - mean).powi(2)).sum::<f64>() / n;
        let allowed = 5.0 * ((fourth - variance * variance) / n).sqrt() + rounding * variance;
        assert!((got - variance).abs() <= allowed, "{law:?}: {got} is the variance of the draws");
    }
}

// Oracle: the definition.
#[test]
fn a_point_forecast_is_its_own_draw_mean_and_quantile() {
    let (one, mut rng) = (Likelihood::DeterministicL1, Seed(1).stream("draws"));
    assert_eq!(one.sample(&[1.5], 4.0, &mut rng), 6.0);
    assert_eq!((one.mean(&[1.5], 4.0), one.quantile(&[1.5], 4.0, 0.1)), (6.0, Some(6.0)));
}

// Oracle: the same seed.
#[test]
fn the_same_stream_gives_the_same_draws() {
    for likelihood in Likelihood::ALL {
        let raw: Vec<f32> = (0..likelihood.parameters()).map(|i| (i as f32).sin()).collect();
        let draws = |seed| -> Vec<u32> {
            let mut rng = Seed(seed).stream("draws");
            (0..50).map(|_| likelihood.sample(&raw, 30.0, &mut rng).to_bits()).collect()
        };
        assert_eq!(draws(1), draws(1), "{likelihood}");
        let random = likelihood != Likelihood::DeterministicL1;
        assert_eq!(draws(1) != draws(2), random, "{likelihood}");
    }
}

// Oracle: SciPy; tests/golden/likelihoods.py.
#[test]
fn normal_quantiles_equal_scipy() {
    let levels = golden().normal_quantiles;
    assert!(levels.len() > 10);
    for (level, want) in levels {
        let got = normal::quantile(level);
        assert!((got - want).abs() <= 1e-13 * want.abs().max(1.0), "{level}: {got} is not {want}");
    }
}

// Oracle: which quantile functions have a closed form.
#[test]
fn quantiles_without_a_closed_form_are_left_out() {
    let raw = [0.1, 0.2, 0.3];
    for likelihood in [Likelihood::StudentT, Likelihood::NegativeBinomial, Likelihood::Beta] {
        assert_eq!(likelihood.quantile(&raw[..likelihood.parameters()], 1.0, 0.5), None);
    }
}

// Oracle: distribution functions by SciPy; their inverse at the same points.
#[test]
fn closed_form_quantiles_invert_the_distribution_function() {
    let mut seen = 0;
    for law in golden().samplers {
        let likelihood: Likelihood = law.name.parse().unwrap();
        for &(x, p) in &law.cdf {
            let Some(got) = likelihood.quantile(&law.raw, law.scale, p) else { continue };
            seen += 1;
            assert!((got - x).abs() <= 1e-5 * x.abs(), "{law:?}: {got} at {p}, not {x}");
        }
    }
    assert_eq!(seen, 14, "gaussian and piecewise-linear");
}

proptest! {
    // Oracle: a quantile function never falls.
    #[test]
    fn the_quantile_function_never_falls(
        raw in prop::collection::vec(-50.0..50.0f32, 41),
        a in 0.0..=1.0f64,
        b in 0.0..=1.0f64,
        scale in prop::sample::select(vec![1e-6f32, 1.0, 1e9]),
    ) {
        for likelihood in [Likelihood::PiecewiseLinear, Likelihood::Gaussian] {
            let (a, b) = (a.clamp(1e-9, 1.0 - 1e-9), b.clamp(1e-9, 1.0 - 1e-9));
            let raw = &raw[..likelihood.parameters()];
            let at = |level| likelihood.quantile(raw, scale, level).unwrap();
            prop_assert!(at(a.min(b)) <= at(a.max(b)), "{likelihood}");
        }
    }

    // Oracle: the promise of finite draws within the support.
    #[test]
    fn draws_stay_finite_and_within_the_support(
        raw in prop::collection::vec(-50.0..50.0f32, 41),
        exponent in -6.0..9.0f64,
        seed in 0..u64::MAX,
    ) {
        let mut rng = Seed(seed).stream("draws");
        for likelihood in Likelihood::ALL {
            let (raw, scale) = (&raw[..likelihood.parameters()], 10f64.powf(exponent) as f32);
            for _ in 0..20 {
                let y = likelihood.sample(raw, scale, &mut rng);
                prop_assert!(likelihood.supports(y.into()), "{likelihood} {raw:?} {scale}: {y}");
            }
            let mean = likelihood.mean(raw, scale);
            prop_assert!(mean.is_finite(), "{likelihood} {raw:?} {scale}: mean {mean}");
        }
    }
}
