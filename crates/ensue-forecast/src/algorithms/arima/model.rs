//! From a series to the model that was chosen for it.

use super::{
    fit::Fit,
    project::{Projection, project},
    search::best,
};

/// Seasons from this length on are described by waves.
const LONG_SEASON: usize = 24;
/// Longest season that has terms of its own: their cost grows with its square.
pub(in crate::algorithms) const LONGEST_TERMS: usize = 60;

/// A model that was chosen for a series.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Model {
    fit: Fit,
    /// The series, in units of `scale`.
    y: Vec<f64>,
    scale: f64,
    /// Steps of a season of the model, 1 where it has none.
    season: usize,
    /// Pairs of waves, and the season that they describe.
    waves: (usize, usize),
}

impl Model {
    /// The best model of `y`, which is finite; none for an empty series.
    ///
    /// A season of 24 steps or more, seen at least twice, is described by `terms` pairs of sine and cosine waves with errors
    /// that have no season, as far as the series has 3 values for each wave. Without waves, a season of more than 60 steps is
    /// not seen.
    pub(crate) fn choose(y: &[f64], season: usize, terms: usize) -> Option<Self> {
        let scale = scale(y)?;
        let y: Vec<f64> = y.iter().map(|y| y / scale).collect();
        let long = season >= LONG_SEASON && terms > 0 && y.len() >= 2 * season;
        let count = if long { terms.min((season - 1) / 2).min(y.len() / 6) } else { 0 };
        let waves = (count, season);
        let season = if count > 0 || season > LONGEST_TERMS { 1 } else { season };
        let fit = best(&y, &regressors(waves, y.len()), season);
        Some(Self { fit, y, scale, season, waves })
    }

    /// What was fitted.
    pub(crate) fn fit(&self) -> &Fit {
        &self.fit
    }

    /// Pairs of waves.
    pub(crate) fn waves(&self) -> usize {
        self.waves.0
    }

    /// The criterion in the units of the series; infinite where nothing is left to chance.
    pub(crate) fn aicc(&self) -> f64 {
        let order = &self.fit.order;
        let steps = self.y.len() - order.d - order.seasonal_d * self.season;
        self.fit.aicc + 2.0 * steps as f64 * self.scale.ln()
    }

    /// The steps after the series.
    pub(crate) fn project(&self, horizon: usize) -> Projection {
        let regressors = regressors(self.waves, self.y.len() + horizon);
        let mut found = project(&self.fit, &self.y, &regressors, self.season, horizon);
        for value in found.mean.iter_mut().chain(&mut found.deviation) {
            *value *= self.scale;
        }
        found
    }
}

/// The spread of a series; of a constant one its size, of one that is all zero 1. None of an empty one.
fn scale(y: &[f64]) -> Option<f64> {
    let size = y.iter().fold(0.0_f64, |size, y| size.max(y.abs()));
    if y.is_empty() {
        return None;
    }
    if size == 0.0 {
        return Some(1.0);
    }
    // In units of the largest value: squares of what is huge or tiny are no numbers.
    let n = y.len() as f64;
    let mean = y.iter().map(|y| y / size).sum::<f64>() / n;
    let spread = (y.iter().map(|y| (y / size - mean).powi(2)).sum::<f64>() / n).sqrt();
    Some(if spread > 1e-9 { spread * size } else { size })
}

/// `(terms, season)` waves: sine and cosine of `k t / season` turns, `k = 1..=terms`.
fn regressors((terms, season): (usize, usize), n: usize) -> Vec<Vec<f64>> {
    let turn = std::f64::consts::TAU / season as f64;
    let wave = |k: usize, of: fn(f64) -> f64| -> Vec<f64> {
        // The phase is reduced first: no precision is lost late in a long series.
        (0..n).map(|t| of(turn * (k * (t + 1) % season) as f64)).collect()
    };
    (1..=terms).flat_map(|k| [wave(k, f64::sin), wave(k, f64::cos)]).collect()
}
