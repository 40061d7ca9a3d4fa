//! Draws, means and quantiles of one step.

use rand::{Rng, RngExt};
use rand_distr::{Distribution, Gamma, Poisson, StandardNormal};

use super::parameters::{EDGE, counts, curve, curve_mean, freedom, location, shapes};
use super::{Likelihood, MOST_PARAMETERS as CURVE, normal};

/// Poisson draws of a higher rate are normal ones, rounded: their distribution functions differ by less
/// than 1e-4 there, and f32 soon has no odd numbers.
const NORMAL_RATE: f64 = 1e6;

impl Likelihood {
    /// One draw in original units, from the raw outputs of one step (`[parameters]`).
    ///
    /// Finite for finite outputs; a share keeps 2^-20 away from 0 and 1, a count is whole.
    ///
    /// ```
    /// use ensue_nn::likelihood::Likelihood;
    /// let mut rng = ensue_core::Seed(7).stream("paths");
    /// let y = Likelihood::NegativeBinomial.sample(&[0.5, -1.0], 12.0, &mut rng);
    /// assert!(Likelihood::NegativeBinomial.supports(y.into()));
    /// ```
    pub fn sample(self, raw: &[f32], scale: f32, rng: &mut impl Rng) -> f32 {
        let scale = f64::from(scale);
        let value = match self {
            Self::StudentT => {
                let raw = wide::<3>(raw);
                let ([mu, sigma], half) = (location(&raw), 0.5 * freedom(&raw));
                let normal: f64 = StandardNormal.sample(rng);
                // A chi-square of 2 half degrees is twice this.
                scale * (mu + sigma * normal * (half / gamma(half, rng)).sqrt())
            }
            Self::Gaussian => {
                let [mu, sigma] = location(&wide::<2>(raw));
                let normal: f64 = StandardNormal.sample(rng);
                scale * (mu + sigma * normal)
            }
            Self::NegativeBinomial => {
                let [mean, r] = counts(&wide::<2>(raw), scale);
                poisson(gamma(r, rng) * (mean / r), rng)
            }
            Self::Beta => {
                let [a, b] = shapes(&wide::<2>(raw));
                let odds = (log_gamma_draw(b, rng) - log_gamma_draw(a, rng)).exp();
                (1.0 / (1.0 + odds)).clamp(EDGE, 1.0 - EDGE)
            }
            Self::PiecewiseLinear => scale * curve(&wide::<CURVE>(raw), rng.random()),
            Self::DeterministicL1 => scale * f64::from(raw[0]),
        };
        value as f32
    }

    /// Mean of the distribution in original units, from the raw outputs of one step.
    ///
    /// For [`Self::DeterministicL1`] the forecast itself.
    pub fn mean(self, raw: &[f32], scale: f32) -> f64 {
        let scale = f64::from(scale);
        match self {
            Self::StudentT | Self::Gaussian | Self::DeterministicL1 => scale * f64::from(raw[0]),
            Self::NegativeBinomial => counts(&wide::<2>(raw), scale)[0],
            Self::Beta => {
                let [a, b] = shapes(&wide::<2>(raw));
                a / (a + b)
            }
            Self::PiecewiseLinear => scale * curve_mean(&wide::<CURVE>(raw)),
        }
    }

    /// The value that is not exceeded with probability `level` (above 0, below 1), in original units.
    ///
    /// `None` for student-T, negative-binomial and beta, whose quantile functions have no closed
    /// form: sort draws instead.
    pub fn quantile(self, raw: &[f32], scale: f32, level: f64) -> Option<f64> {
        let scale = f64::from(scale);
        match self {
            Self::Gaussian => {
                let [mu, sigma] = location(&wide::<2>(raw));
                Some(scale * (mu + sigma * normal::quantile(level)))
            }
            Self::PiecewiseLinear => Some(scale * curve(&wide::<CURVE>(raw), level)),
            Self::DeterministicL1 => Some(scale * f64::from(raw[0])),
            Self::StudentT | Self::NegativeBinomial | Self::Beta => None,
        }
    }
}

/// The raw outputs of a step in double precision.
fn wide<const N: usize>(raw: &[f32]) -> [f64; N] {
    assert_eq!(raw.len(), N, "raw outputs of a step");
    std::array::from_fn(|i| raw[i].into())
}

/// A draw of the gamma distribution with unit scale.
fn gamma(shape: f64, rng: &mut impl Rng) -> f64 {
    // Parameters are positive by their floors; a NaN must come out as one.
    Gamma::new(shape, 1.0).map_or(f64::NAN, |gamma| gamma.sample(rng))
}

/// Logarithm of a draw of the gamma distribution: of a small shape the draw itself underflows.
fn log_gamma_draw(shape: f64, rng: &mut impl Rng) -> f64 {
    if shape >= 1.0 {
        return gamma(shape, rng).ln();
    }
    // Marsaglia and Tsang (2000), section 6: the power of a uniform number takes 1 off the shape.
    let uniform: f64 = rng.sample(rand_distr::Open01);
    gamma(shape + 1.0, rng).ln() + uniform.ln() / shape
}

fn poisson(rate: f64, rng: &mut impl Rng) -> f64 {
    if rate >= NORMAL_RATE {
        let normal: f64 = StandardNormal.sample(rng);
        return (rate + rate.sqrt() * normal).round();
    }
    if rate == 0.0 {
        // A small shape's draw that underflowed.
        return 0.0;
    }
    Poisson::new(rate).map_or(f64::NAN, |poisson| poisson.sample(rng))
}
