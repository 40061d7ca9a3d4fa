//! The normal distribution.

use std::f64::consts::{FRAC_2_SQRT_PI, PI, SQRT_2, TAU};

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// Mass of the standard normal distribution between two points, `low <= high`.
pub(super) fn mass(low: f64, high: f64) -> f64 {
    // Each tail is computed where it is small, so that differences far out keep their digits.
    if low > 0.0 {
        upper(low) - upper(high)
    } else if high < 0.0 {
        upper(-high) - upper(-low)
    } else {
        1.0 - upper(-low) - upper(high)
    }
}

/// Mass above a point, 0 or larger.
fn upper(z: f64) -> f64 {
    0.5 * erfc(z / SQRT_2)
}

/// Complementary error function of 0 or more.
///
/// Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.6 (series) and 7.1.14 (continued fraction).
fn erfc(x: f64) -> f64 {
    if x < 2.5 {
        let (mut term, mut sum, mut n) = (x, x, 1.0);
        while term > sum * 1e-17 {
            term *= 2.0 * x * x / (2.0 * n + 1.0);
            sum += term;
            n += 1.0;
        }
        1.0 - FRAC_2_SQRT_PI * (-x * x).exp() * sum
    } else {
        let fraction = (1..60).rev().fold(x, |rest, k| x + f64::from(k) / 2.0 / rest);
        (-x * x).exp() / PI.sqrt() / fraction
    }
}

/// A draw from the normal distribution with this mean, in 0 to 1, and standard deviation, up to about 1, cut off
/// outside 0 to 1.
pub(super) fn draw_within_unit(mean: f64, sd: f64, random: &mut ChaCha8Rng) -> f64 {
    // A third of the draws and more lies inside, as the mean does.
    loop {
        // Box and Muller, "A note on the generation of random normal deviates", Annals of Mathematical Statistics,
        // 1958.
        let radius = (-2.0 * (1.0 - random.random::<f64>()).ln()).sqrt();
        let value = mean + sd * radius * (TAU * random.random::<f64>()).cos();
        if (0.0..=1.0).contains(&value) {
            return value;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tails_have_their_digits() {
        // Oracle: erfc at these points in the tables of Abramowitz and Stegun, and by arbitrary-precision arithmetic.
        let known = [
            (0.0, 1.0),
            (0.5, 0.479_500_122_186_953_5),
            (1.0, 0.157_299_207_050_285_13),
            (2.0, 0.004_677_734_981_047_266),
            (3.0, 2.209_049_699_858_544e-5),
            (5.0, 1.537_459_794_428_034_8e-12),
        ];
        for (x, expected) in known {
            assert!((erfc(x) / expected - 1.0).abs() < 1e-12, "{x}: {}", erfc(x));
        }
        assert!((mass(-1.0, 1.0) - 0.682_689_492_137_085_9).abs() < 1e-14);
        assert!((mass(6.0, 7.0) / mass(-7.0, -6.0) - 1.0).abs() < 1e-15);
        // The piecewise definition is continuous where its parts meet.
        assert!((erfc(2.5) / erfc(2.5 - 1e-12) - 1.0).abs() < 1e-10);
    }
}
