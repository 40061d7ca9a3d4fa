//! Whether a series has a season, and the series without it.

use crate::numeric::decompose::{Kind, season_figure};

/// The value that a standard normal variable exceeds with probability 0.05.
const LIMIT: f64 = 1.644_853_626_951_472_2;

/// The shortest season that is tested for.
const SHORTEST: usize = 4;

/// A figure that multiplies by less than this is not believed.
const LOWEST: f64 = 0.01;

/// A season that was found.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Found {
    pub(super) kind: Kind,
    /// One number a phase, phase 0 first.
    pub(super) figure: Vec<f64>,
}

impl Found {
    /// The season of `m` steps, where the autocorrelation at that lag is larger than those of a series without one:
    /// Fiorucci et al. 2016, section 4.1. It multiplies where all values are positive.
    pub(super) fn look(values: &[f64], m: usize) -> Option<Self> {
        if m < SHORTEST || values.len() < 2 * m || !seasonal(values, m) {
            return None;
        }
        if values.iter().all(|&y| y > 0.0) {
            let figure = season_figure(values, m, Kind::Multiplicative);
            if figure.iter().all(|&phase| phase >= LOWEST) {
                return Some(Self { kind: Kind::Multiplicative, figure });
            }
        }
        Some(Self { kind: Kind::Additive, figure: season_figure(values, m, Kind::Additive) })
    }

    /// The figure of step `at`.
    pub(super) fn at(&self, at: usize) -> f64 {
        self.figure[at % self.figure.len()]
    }

    /// Takes the season out.
    pub(super) fn remove(&self, values: &mut [f64]) {
        for (at, y) in values.iter_mut().enumerate() {
            match self.kind {
                Kind::Additive => *y -= self.at(at),
                Kind::Multiplicative => *y /= self.at(at),
            }
        }
    }
}

/// Whether the autocorrelation at lag `m` is significant (Bartlett's variance, 90 %).
fn seasonal(values: &[f64], m: usize) -> bool {
    let n = values.len();
    let mean = values.iter().sum::<f64>() / n as f64;
    let square: f64 = values.iter().map(|y| (y - mean).powi(2)).sum();
    let correlation = |lag: usize| {
        let products =
            values[lag..].iter().zip(values).map(|(y, before)| (y - mean) * (before - mean));
        products.sum::<f64>() / square
    };
    let nearer: f64 = (1..m).map(|lag| correlation(lag).powi(2)).sum();
    correlation(m).abs() > LIMIT * ((1.0 + 2.0 * nearer) / n as f64).sqrt()
}
