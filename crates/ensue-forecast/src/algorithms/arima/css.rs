//! The conditional sum of squares: the quick stand-in for the likelihood.

use super::{
    free::to_natural,
    order::Order,
    problem::{Problem, Regression, dot},
};

/// Half the logarithm of the mean square of the residuals, as a function of the parameters of the polynomials, and its
/// gradient.
///
/// The first `p + P season` steps are taken as given, and the residuals before and in them as 0 (Box & Jenkins 1976, "Time
/// series analysis", 7.1.3). Coefficients of regressors are at their best for every point, so that they have no part in the
/// gradient. The gradient is exact: the derivatives of the filter, run backwards.
#[derive(Debug)]
pub(super) struct Css<'a> {
    problem: &'a Problem,
    order: Order,
    natural: Vec<f64>,
    /// Steps that are taken as given.
    from: usize,
    /// Residuals of the series and of every regressor.
    filtered: Vec<Vec<f64>>,
    regression: Regression,
    /// Scratch: the series less its regressors, half filtered in different ways, and the sensitivities.
    scratch: [Vec<f64>; 4],
}

impl<'a> Css<'a> {
    /// None where the series is too short.
    pub(super) fn new(problem: &'a Problem, order: Order) -> Option<Self> {
        let n = problem.len();
        let from = order.p + order.seasonal_p * problem.season;
        if n <= from + problem.start.len() + 1 {
            return None;
        }
        let filtered = vec![vec![0.0; n]; problem.columns.len()];
        let scratch = [0; 4].map(|_| vec![0.0; n]);
        Some(Self {
            problem,
            order,
            natural: Vec::new(),
            from,
            filtered,
            regression: Regression::default(),
            scratch,
        })
    }

    /// The value at `at`.
    pub(super) fn value(&mut self, at: &[f64]) -> f64 {
        0.5 * self.variance(at).ln()
    }

    /// The value at free parameters.
    pub(super) fn bounded(&mut self, at: &[f64]) -> f64 {
        let mut natural = std::mem::take(&mut self.natural);
        natural.clear();
        natural.extend_from_slice(at);
        to_natural(&self.order, &mut natural, self.problem.season);
        let value = self.value(&natural);
        self.natural = natural;
        value
    }

    /// The gradient at free parameters, where the value was asked for last.
    pub(super) fn bounded_gradient(&mut self, at: &[f64], value: f64, out: &mut [f64]) {
        const WIDTH: f64 = 1e-6;
        let season = self.problem.season;
        let own = |at: &[f64], i: usize, width: f64| {
            let mut moved = at.to_vec();
            moved[i] += width;
            to_natural(&self.order, &mut moved, season);
            moved
        };
        let moves: Vec<[Vec<f64>; 2]> =
            (0..at.len()).map(|i| [own(at, i, WIDTH), own(at, i, -WIDTH)]).collect();
        let mut natural = at.to_vec();
        to_natural(&self.order, &mut natural, season);
        let mut slope = vec![0.0; at.len()];
        self.gradient(&natural, value, &mut slope);
        for (out, [above, below]) in out.iter_mut().zip(&moves) {
            let changes = above.iter().zip(below).zip(&slope);
            *out = changes.map(|((a, b), slope)| (a - b) / (2.0 * WIDTH) * slope).sum();
        }
    }

    /// The mean square of the residuals at `at`.
    pub(super) fn variance(&mut self, at: &[f64]) -> f64 {
        let [ar, ma, seasonal_ar, seasonal_ma] = self.order.split(at);
        let season = self.problem.season;
        let half = &mut self.scratch[0];
        for (column, out) in self.problem.columns.iter().zip(&mut self.filtered) {
            forward(column, seasonal_ar, season, 0, half);
            forward(half, ar, 1, self.from, out);
            out[..self.from].fill(0.0);
            invert(out, ma, 1, self.from);
            invert(out, seasonal_ma, season, self.from);
        }
        self.regression.fit(&self.filtered, self.from) / (self.problem.len() - self.from) as f64
    }

    /// The gradient at `at`, where the value was asked for last.
    pub(super) fn gradient(&mut self, at: &[f64], _: f64, out: &mut [f64]) {
        let [ar, ma, seasonal_ar, seasonal_ma] = self.order.split(at);
        let (season, from, n) = (self.problem.season, self.from, self.problem.len());
        let errors = &self.regression.rest;
        let [series, half, other, sensitive] = &mut self.scratch;
        series.copy_from_slice(&self.problem.columns[0]);
        for (column, share) in self.problem.columns[1..].iter().zip(&self.regression.missing) {
            series.iter_mut().zip(column).for_each(|(y, x)| *y -= share * x);
        }
        sensitive.copy_from_slice(errors);
        sensitive[..from].fill(0.0);
        invert_backwards(sensitive, seasonal_ma, season, from);
        invert_backwards(sensitive, ma, 1, from);
        let scale = -1.0 / dot(&errors[from..], &errors[from..]);
        let lagged = |values: &[f64], lag: usize| {
            let begin = from.max(lag);
            scale * dot(&sensitive[begin..], &values[begin - lag..n - lag])
        };
        forward(series, seasonal_ar, season, 0, half);
        forward(series, ar, 1, 0, other);
        let mut slot = out.iter_mut();
        let mut put = |value: f64| {
            if let Some(slot) = slot.next() {
                *slot = value;
            }
        };
        for i in 1..=ar.len() {
            put(lagged(half, i));
        }
        // From here on `half` is the residuals with one of the moving averages put back.
        apply(errors, seasonal_ma, season, from, half);
        for j in 1..=ma.len() {
            put(if j < n { lagged(half, j) } else { 0.0 });
        }
        for i in 1..=seasonal_ar.len() {
            put(lagged(other, i * season));
        }
        apply(errors, ma, 1, from, half);
        for j in 1..=seasonal_ma.len() {
            put(if j * season < n { lagged(half, j * season) } else { 0.0 });
        }
    }
}

/// `(1 - sum a_i B^(i lag)) y` from step `from` on, and wherever the history reaches that far; before, `y` itself.
fn forward(y: &[f64], a: &[f64], lag: usize, from: usize, out: &mut [f64]) {
    out.copy_from_slice(y);
    let from = from.max(a.len() * lag).min(y.len());
    for (i, a) in a.iter().enumerate() {
        let shift = (i + 1) * lag;
        let past = &y[from - shift..y.len() - shift];
        out[from..].iter_mut().zip(past).for_each(|(out, past)| *out -= a * past);
    }
}

/// `(1 + sum b_j B^(j lag)) e`, where `e` is 0 before step `from`.
fn apply(e: &[f64], b: &[f64], lag: usize, from: usize, out: &mut [f64]) {
    out.copy_from_slice(e);
    out[..from].fill(0.0);
    for (j, b) in b.iter().enumerate() {
        let begin = from + (j + 1) * lag;
        if begin < e.len() {
            let past = &e[from..e.len() - (j + 1) * lag];
            out[begin..].iter_mut().zip(past).for_each(|(out, past)| *out += b * past);
        }
    }
}

/// Solves `(1 + sum b_j B^(j lag)) e = y` in place; everything before step `from` is 0.
fn invert(y: &mut [f64], b: &[f64], lag: usize, from: usize) {
    for t in from..y.len() {
        let mut value = y[t];
        for (j, b) in b.iter().enumerate() {
            let back = (j + 1) * lag;
            if t < from + back {
                break;
            }
            value -= b * y[t - back];
        }
        y[t] = value;
    }
}

/// The same with time turned round; everything after the last step is 0.
fn invert_backwards(y: &mut [f64], b: &[f64], lag: usize, from: usize) {
    let n = y.len();
    for t in (from..n).rev() {
        let mut value = y[t];
        for (j, b) in b.iter().enumerate() {
            let ahead = t + (j + 1) * lag;
            if ahead >= n {
                break;
            }
            value -= b * y[ahead];
        }
        y[t] = value;
    }
}
