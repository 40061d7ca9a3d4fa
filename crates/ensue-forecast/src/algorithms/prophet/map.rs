//! The most probable parameters.

use super::{
    cholesky::Cholesky,
    equations::Equations,
    lasso::{Lasso, dot},
};

/// Noise below which nothing is told apart, as a share of the largest value.
const LEAST_NOISE: f64 = 1e-6;
const ROUNDS: usize = 200;

/// What is believed before the data is seen, for values scaled to at most 1.
#[derive(Debug, Clone)]
pub(super) struct Priors {
    /// Standard deviation of each column's factor: of the offset, of the slope, and of the others.
    pub(super) columns: Vec<f64>,
    /// Scale of the Laplace distribution of a slope's change.
    pub(super) change: f64,
    /// Standard deviation of the half-normal distribution of the noise.
    pub(super) noise: f64,
}

/// The most probable parameters.
#[derive(Debug)]
pub(super) struct Estimate {
    /// Offset, slope, and the factor of each other column.
    pub(super) columns: Vec<f64>,
    lasso: Lasso,
    /// Standard deviation of the noise.
    pub(super) noise: f64,
    factor: Cholesky,
    response: Vec<f64>,
    mixed: Vec<f64>,
    quadratic: Vec<f64>,
    linear: Vec<f64>,
}

impl Estimate {
    pub(super) fn new(columns: usize, ramps: usize) -> Self {
        Self {
            columns: vec![0.0; columns],
            lasso: Lasso::new(ramps),
            noise: 1.0,
            factor: Cholesky::default(),
            response: vec![0.0; columns],
            mixed: vec![0.0; columns * ramps],
            quadratic: vec![0.0; ramps * ramps],
            linear: vec![0.0; ramps],
        }
    }

    /// Change of the slope at each changepoint.
    pub(super) fn changes(&self) -> &[f64] {
        &self.lasso.x
    }

    /// Factors and changes one after the other, to be set again.
    pub(super) fn parameters(&self) -> Vec<f64> {
        [&self.columns[..], self.changes()].concat()
    }

    /// Sets factors and changes to those of `from`, or this share of the way to `to`.
    pub(super) fn set(&mut self, from: &[f64], to: &[f64], share: f64) {
        let places = self.columns.iter_mut().chain(&mut self.lasso.x);
        for (place, (from, to)) in places.zip(from.iter().zip(to)) {
            *place = from + share * (to - from);
        }
    }

    /// Sets the noise to the most probable one of this sum of squared errors; says the logarithm of the posterior density
    /// there, less what no parameter changes.
    pub(super) fn density(&mut self, error: f64, rows: usize, priors: &Priors) -> f64 {
        let variance = noise(error, rows, priors);
        self.noise = variance.sqrt();
        let factors =
            self.columns.iter().zip(&priors.columns).map(|(x, prior)| (x / prior).powi(2));
        let changes = self.changes().iter().map(|x| x.abs()).sum::<f64>() / priors.change;
        let data = rows as f64 * self.noise.ln() + error / (2.0 * variance);
        -(data + f64::midpoint(variance / priors.noise.powi(2), factors.sum::<f64>()) + changes)
    }

    /// Goes to where the posterior density of factors, changes and noise is highest: given the noise, the rest is a convex
    /// problem without a step size; given the rest, the noise is the root of a quadratic. Both are solved in turns, from the
    /// noise that there is. The density only rises.
    pub(super) fn find(&mut self, equations: &Equations, rows: usize, priors: &Priors) {
        for _ in 0..ROUNDS {
            let variance = self.noise * self.noise;
            self.given_noise(equations, priors, variance);
            let found = noise(self.error(equations), rows, priors);
            self.noise = found.sqrt();
            if (found - variance).abs() <= 1e-9 * variance {
                break;
            }
        }
    }

    /// Factors and changes, given the variance of the noise. The factors are eliminated (a Schur complement), so that what is
    /// left is one equation for each changepoint, with the Laplace distribution's absolute values.
    fn given_noise(&mut self, equations: &Equations, priors: &Priors, variance: f64) {
        let (columns, ramps) = (self.columns.len(), self.changes().len());
        let width = columns + 1;
        let Equations { gram, mixed, ramp_gram, .. } = equations;
        self.factor.of(columns, |i, j| {
            let ridge = if i == j { variance / priors.columns[i].powi(2) } else { 0.0 };
            gram[i * width + j] + ridge
        });
        self.response.copy_from_slice(&gram[columns * width..][..columns]);
        self.factor.forward(&mut self.response);
        for i in 0..ramps {
            let row = &mut self.mixed[i * columns..][..columns];
            row.copy_from_slice(&mixed[i * width..][..columns]);
            self.factor.forward(row);
        }
        for i in 0..ramps {
            let row = &self.mixed[i * columns..][..columns];
            self.linear[i] = mixed[i * width + columns] - dot(row, &self.response);
            for j in 0..=i {
                let entry =
                    ramp_gram[i * ramps + j] - dot(row, &self.mixed[j * columns..][..columns]);
                self.quadratic[i * ramps + j] = entry;
                self.quadratic[j * ramps + i] = entry;
            }
        }
        self.lasso.solve(&self.quadratic, &self.linear, variance / priors.change);
        self.columns.copy_from_slice(&self.response);
        for (i, &change) in self.lasso.x.iter().enumerate() {
            for (column, w) in self.columns.iter_mut().zip(&self.mixed[i * columns..]) {
                *column -= w * change;
            }
        }
        self.factor.backward(&mut self.columns);
    }

    /// Sum of squared errors.
    fn error(&self, equations: &Equations) -> f64 {
        let (columns, ramps) = (self.columns.len(), self.changes().len());
        let width = columns + 1;
        let Equations { gram, mixed, ramp_gram, .. } = equations;
        let mut error = gram[columns * width + columns];
        for (i, &factor) in self.columns.iter().enumerate() {
            let row = &gram[i * width..][..=i];
            let others = dot(row, &self.columns[..i]);
            error += factor * (2.0 * others + row[i] * factor - 2.0 * gram[columns * width + i]);
        }
        for (i, &change) in self.changes().iter().enumerate() {
            let row = &mixed[i * width..][..width];
            let others = dot(&row[..columns], &self.columns);
            let changes = dot(&ramp_gram[i * ramps..][..ramps], self.changes());
            error += change * (2.0 * others + changes - 2.0 * row[columns]);
        }
        error.max(0.0)
    }
}

/// The most probable variance of the noise, given the sum of squared errors. Where `n ln s + error / (2 s^2) + s^2 / (2 p^2)` is
/// lowest, `s^4 / p^2 + n s^2 - error` is 0.
fn noise(error: f64, rows: usize, priors: &Priors) -> f64 {
    let n = rows as f64;
    let root = (n * n + 4.0 * error / priors.noise.powi(2)).sqrt();
    (2.0 * error / (n + root)).max(LEAST_NOISE * LEAST_NOISE)
}
