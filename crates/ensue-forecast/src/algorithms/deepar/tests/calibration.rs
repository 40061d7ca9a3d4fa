//! Quantiles on series whose distribution is known.

use ensue_core::{Panel, Quantile, Seed};
use ensue_nn::likelihood::Likelihood;
use rand::{Rng, RngExt};
use rand_distr::{Distribution, Gamma, Normal, Poisson, StudentT};

use super::{DeepAr, count, daily, fit, quick};
use crate::Forecaster;

const SERIES: usize = 150;
const LENGTH: usize = 120;
const HORIZON: usize = 14;

/// Series with a weekly season, each draw independent given its place in the week.
fn panel<R: Rng>(mut rng: R, draw: impl Fn(&mut R, f64) -> f64) -> Panel {
    let series = (0..SERIES).map(|n| {
        let level = 5.0 + 20.0 * (n as f64 / SERIES as f64);
        (0..LENGTH)
            .map(|t| draw(&mut rng, level * (1.0 + 0.5 * f64::from(t as u32 % 7 == 2))))
            .collect()
    });
    daily(series.collect())
}

/// Share of actual values at or below each quantile, against binomial bounds.
fn check(likelihood: Likelihood, panel: &Panel) {
    let settings = DeepAr {
        likelihood,
        epochs: count(24),
        batches_per_epoch: count(50),
        num_eval_samples: count(400),
        ..quick()
    };
    let fitted = fit(&settings, &panel.cut(HORIZON), HORIZON);
    let levels = [0.1, 0.25, 0.5, 0.75, 0.9];
    let quantiles = levels.map(|level| Quantile::new(level).unwrap());
    let forecasts = fitted.forecast(&panel.cut(HORIZON), &quantiles, Seed(9)).unwrap();
    let points = (SERIES * HORIZON) as f64;
    for (n, level) in levels.into_iter().enumerate() {
        let (mut below, mut at) = (0.0, 0.0);
        for (series, forecast) in panel.series().iter().zip(&forecasts) {
            let actual = &series.target()[LENGTH - HORIZON..];
            for (&y, &q) in actual.iter().zip(&forecast.quantiles[n]) {
                below += f64::from(u8::from(y < q));
                // Counts fall on their quantile often: half of those ties count.
                at += f64::from(u8::from(y == q));
            }
        }
        let (low, high) = (below / points, (below + at) / points);
        // Four standard errors of 2,100 draws, and two percent for what was not learned.
        let slack = 4.0 * (level * (1.0 - level) / points).sqrt() + 0.02;
        assert!(
            low <= level + slack && high >= level - slack,
            "{likelihood} {level}: {low} to {high}"
        );
    }
}

#[test]
fn the_student_t_head_covers_what_it_says() {
    // Oracle: binomial bounds around the levels; the noise is a t distribution of 4 degrees.
    let t = StudentT::new(4.0).unwrap();
    check(
        Likelihood::StudentT,
        &panel(Seed(1).stream("t"), |rng, level| level + 0.1 * level * t.sample(rng)),
    );
}

#[test]
fn the_negative_binomial_head_covers_what_it_says() {
    // Oracle: binomial bounds; counts are Poisson around a gamma of shape 4: negative binomial.
    check(
        Likelihood::NegativeBinomial,
        &panel(Seed(2).stream("nb"), |rng, level| {
            let rate: f64 = Gamma::new(4.0, level / 4.0).unwrap().sample(rng);
            Poisson::new(rate.max(1e-9)).unwrap().sample(rng)
        }),
    );
}

#[test]
fn the_piecewise_linear_head_covers_what_it_says() {
    // Oracle: binomial bounds; two humps that no single-humped distribution has.
    let normal = Normal::new(0.0, 0.05).unwrap();
    check(
        Likelihood::PiecewiseLinear,
        &panel(Seed(3).stream("humps"), |rng, level| {
            let hump = if rng.random_bool(0.4) { 0.6 } else { 1.3 };
            level * (hump + normal.sample(rng))
        }),
    );
}
