//! Symmetric positive definite systems.

use super::lasso::dot;

/// Share of a diagonal entry below which what is left of it is rounding.
const ROUNDING: f64 = 1e-12;

/// The lower triangle `L` of `L L'`; its space is used again by the next one.
#[derive(Debug, Default)]
pub(super) struct Cholesky {
    size: usize,
    lower: Vec<f64>,
}

impl Cholesky {
    /// Factors the matrix with these entries, of which the lower triangle is looked at. Where it is singular up to rounding,
    /// the diagonal is taken to be a little larger.
    pub(super) fn of(&mut self, size: usize, entry: impl Fn(usize, usize) -> f64) {
        self.size = size;
        self.lower.clear();
        self.lower.resize(size * size, 0.0);
        for i in 0..size {
            let (done, rest) = self.lower.split_at_mut(i * size);
            let row = &mut rest[..size];
            for j in 0..i {
                let other = &done[j * size..][..=j];
                row[j] = (entry(i, j) - dot(&row[..j], &other[..j])) / other[j];
            }
            let whole = entry(i, i);
            let left = whole - dot(&row[..i], &row[..i]);
            row[i] = left.max(ROUNDING * whole.abs()).max(f64::MIN_POSITIVE).sqrt();
        }
    }

    /// Solves `L x = b` in place.
    pub(super) fn forward(&self, b: &mut [f64]) {
        for i in 0..self.size {
            let row = &self.lower[i * self.size..][..=i];
            b[i] = (b[i] - dot(&row[..i], &b[..i])) / row[i];
        }
    }

    /// Solves `L' x = b` in place.
    pub(super) fn backward(&self, b: &mut [f64]) {
        for i in (0..self.size).rev() {
            let row = &self.lower[i * self.size..][..=i];
            b[i] /= row[i];
            let value = b[i];
            for (b, l) in b[..i].iter_mut().zip(row) {
                *b -= l * value;
            }
        }
    }

    /// Solves `L L' x = b` in place.
    pub(super) fn solve(&self, b: &mut [f64]) {
        self.forward(b);
        self.backward(b);
    }
}
