//! How far the future may lie from the mean.

use std::f64::consts::{FRAC_1_PI, PI};

/// Waves that the distribution is made of, at most.
const WAVES: f64 = 2048.0;

/// How many standard deviations of the noise a wave must be shorter than to count for nothing: `exp(-7.5^2 / 2)` is 6e-13.
const FINE: f64 = 7.5;

/// Noise, and a slope that goes on to change as it did.
///
/// The slope changes at the times of a Poisson process, each time by a Laplace variable. A change `s` before the end of a span
/// `h` moves the end by `s` times its size, so the sum of all has the characteristic function
///
/// ```text
/// ln phi(w) = -rate * integral_0^h (1 - 1 / (1 + (change s w)^2)) ds - (noise w)^2 / 2
///           = -rate * (h - atan(change h w) / (change w)) - (noise w)^2 / 2
/// ```
///
/// which Prophet draws samples of. Here the quantiles are computed from it: no seed, no sampling error. Source of the model:
/// Taylor & Letham 2018, "Forecasting at scale", section 3.1.4.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Spread {
    /// Standard deviation of the noise.
    pub(super) noise: f64,
    /// Mean absolute change of the slope.
    pub(super) change: f64,
    /// Changes in a unit of time.
    pub(super) rate: f64,
    /// Time from the last observed value.
    pub(super) span: f64,
}

/// The distribution as a sum of waves over `-reach..reach`, beyond which nothing lies; its space is used again.
#[derive(Debug, Default)]
pub(super) struct Waves {
    reach: f64,
    heights: Vec<f64>,
}

impl Waves {
    /// Prepares a distribution. Cosine series of a density: Fang & Oosterlee 2008, "A novel pricing method for European options
    /// based on Fourier-cosine series expansions", section 2.
    pub(super) fn prepare(&mut self, spread: &Spread) {
        let Spread { noise, change, rate, span } = *spread;
        let jump = change * span;
        let deviation = (noise * noise + rate * span * jump * jump * 2.0 / 3.0).sqrt();
        self.heights.clear();
        self.reach = 10.0 * deviation + 20.0 * if rate * span > 0.0 { jump } else { 0.0 };
        if self.reach <= 0.0 || !self.reach.is_finite() {
            self.reach = 0.0;
            return;
        }
        // Without noise, all may lie in one point, which no number of waves shows: it is made this wide at least.
        let noise = noise.max(FINE * self.reach * FRAC_1_PI / WAVES);
        let count = (FINE * self.reach * FRAC_1_PI / noise).ceil();
        self.heights.extend((1..=count as usize).map(|wave| {
            let w = wave as f64 * PI / self.reach;
            let x = jump * w;
            // 1 - atan(x) / x, without the difference of equals near 0.
            let share = if x < 1e-3 { x * x / 3.0 } else { 1.0 - x.atan() / x };
            (-rate * span * share - (noise * w).powi(2) / 2.0).exp()
        }));
    }

    /// What lies between the mean and `x`, and the density there.
    fn at(&self, x: f64) -> (f64, f64) {
        let (sin, cos) = (PI * x / self.reach).sin_cos();
        let (mut s, mut c) = (0.0, 1.0);
        let (mut within, mut density) = (0.0, 0.5);
        for (wave, height) in self.heights.iter().enumerate() {
            (s, c) = (s * cos + c * sin, c * cos - s * sin);
            within += height * s / (wave + 1) as f64;
            density += height * c;
        }
        (x / (2.0 * self.reach) + within * FRAC_1_PI, density / self.reach)
    }

    /// The quantile of `level`, as a distance from the mean: Newton's steps, halved intervals where they leave them.
    pub(super) fn quantile(&self, level: f64) -> f64 {
        let wanted = (level - 0.5).abs();
        if self.heights.is_empty() || wanted == 0.0 {
            return 0.0;
        }
        let (mut low, mut high) = (0.0, self.reach);
        let mut x = self.reach / 10.0 * wanted;
        for _ in 0..60 {
            let (within, density) = self.at(x);
            if within < wanted {
                low = x;
            } else {
                high = x;
            }
            let next = x + (wanted - within) / density;
            let next = if next > low && next < high { next } else { f64::midpoint(low, high) };
            let near = (next - x).abs() <= 1e-10 * self.reach;
            x = next;
            if near {
                break;
            }
        }
        x.copysign(level - 0.5)
    }
}
