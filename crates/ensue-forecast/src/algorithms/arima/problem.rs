//! A series and its regressors, differenced: what the parameters of a model are fitted to.

use super::order::Order;
use crate::numeric::least_squares::least_squares;

/// Differences of `y` at a lag, as often as asked; shorter by the lag each time.
pub(super) fn differenced(y: &[f64], lag: usize, times: usize) -> Vec<f64> {
    let mut values = y.to_vec();
    for _ in 0..times {
        let later = values.get(lag..).unwrap_or_default();
        values = later.iter().zip(&values).map(|(y, before)| y - before).collect();
    }
    values
}

/// A differenced series, less what its regressors explain by plain least squares, and the differenced regressors.
///
/// Each step of the likelihoods is linear in the coefficients of regressors: they are found by least squares at every point of
/// the search for the other parameters, as what is missing from `start`.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    /// The series, then each regressor.
    pub(super) columns: Vec<Vec<f64>>,
    /// Coefficients of the regressors by plain least squares.
    pub(super) start: Vec<f64>,
    /// Steps of a season.
    pub(super) season: usize,
}

impl Problem {
    /// The problem of `y`, differenced as `order` has it, with its constant and `regressors` as long as `y`.
    pub(crate) fn new(y: &[f64], regressors: &[Vec<f64>], order: &Order, season: usize) -> Self {
        let difference = |column: &[f64]| {
            differenced(&differenced(column, season, order.seasonal_d), 1, order.d)
        };
        let constant = order.constant.then(|| constant(y.len(), order));
        let regressors: Vec<Vec<f64>> =
            constant.iter().chain(regressors).map(|column| difference(column)).collect();
        let mut own = difference(y);
        let start = least_squares(&regressors, &own);
        for (column, share) in regressors.iter().zip(&start) {
            own.iter_mut().zip(column).for_each(|(y, x)| *y -= share * x);
        }
        let columns = [own].into_iter().chain(regressors).collect();
        Self { columns, start, season }
    }

    /// Steps after the differences.
    pub(super) fn len(&self) -> usize {
        self.columns[0].len()
    }

    /// The coefficients of all regressors, given what is missing from those of plain least squares.
    pub(super) fn coefficients(&self, missing: &[f64]) -> Vec<f64> {
        self.start.iter().zip(missing).map(|(start, missing)| start + missing).collect()
    }
}

/// The regressor behind a constant, before any difference: 1 for a mean, the number of the step for a drift.
fn constant(n: usize, order: &Order) -> Vec<f64> {
    (0..n).map(|t| constant_at(t, order)).collect()
}

/// The same at one step.
pub(super) fn constant_at(t: usize, order: &Order) -> f64 {
    if order.differences() == 0 { 1.0 } else { t as f64 }
}

/// Least squares of the filtered series on the filtered regressors.
#[derive(Debug, Default)]
pub(super) struct Regression {
    matrix: Vec<f64>,
    /// What is missing from the coefficients of plain least squares.
    pub(super) missing: Vec<f64>,
    /// What is left of the series.
    pub(super) rest: Vec<f64>,
}

impl Regression {
    /// Fits from step `from` on; gives the sum of squares of what is left.
    pub(super) fn fit(&mut self, filtered: &[Vec<f64>], from: usize) -> f64 {
        let (y, columns) = (&filtered[0], &filtered[1..]);
        let n = columns.len();
        self.missing.clear();
        self.rest.clear();
        self.rest.extend_from_slice(y);
        if n > 0 {
            self.matrix.clear();
            self.matrix.resize(n * n, 0.0);
            for (i, column) in columns.iter().enumerate() {
                for (j, other) in columns[..=i].iter().enumerate() {
                    self.matrix[i * n + j] = dot(&column[from..], &other[from..]);
                }
                self.missing.push(dot(&column[from..], &y[from..]));
            }
            crate::numeric::least_squares::solve_symmetric(&mut self.matrix, &mut self.missing);
            for (column, &share) in columns.iter().zip(&self.missing) {
                self.rest.iter_mut().zip(column).for_each(|(y, x)| *y -= share * x);
            }
        }
        dot(&self.rest[from..], &self.rest[from..])
    }
}

/// The sum of products.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    // Four sums at a time: one alone waits for itself.
    let (mut sums, [head_a, head_b]) = ([0.0; 4], [a, b].map(|x| x.chunks_exact(4)));
    let tail: f64 = head_a.remainder().iter().zip(head_b.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in head_a.zip(head_b) {
        for i in 0..4 {
            sums[i] += a[i] * b[i];
        }
    }
    sums.iter().sum::<f64>() + tail
}
