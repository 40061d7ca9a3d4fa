//! The exact likelihood of an ARMA process with regressors, by a Kalman filter that is linear in the order.

use std::slice;

use super::{
    free::to_natural,
    order::Order,
    polynomial::{autocovariances, product},
    problem::{Problem, Regression, dot},
};
use crate::numeric::bfgs::central_differences;

/// When the filter counts as settled: what is left of its drift, relative to the variance of the noise.
const SETTLED: f64 = 1e-12;

/// Half the logarithm of the variance that fits best, and half the mean logarithm of the variances of the one-step errors in
/// its units, as a function of free parameters (see `polynomial`): the likelihood, but for a constant factor and term.
///
/// ```text
/// -2 log L / n = log(2 pi) + 1 + log(S / n) + sum_t log(F_t) / n,  S = sum_t v_t^2 / F_t
/// ```
///
/// `v_t` and `F_t` are the error and its variance of the best forecast of step `t` from the steps before it. Harvey's state
/// space form (Gardner, Harvey & Phillips 1980, algorithm AS 154, Applied Statistics 29) in the stationary case, where the
/// change of the state's covariance from step to step has rank one: its factor alone is kept (Morf, Sidhu & Kailath 1974, "Some
/// new algorithms for recursive estimation in constant, linear, discrete-time systems", IEEE Transactions on Automatic
/// Control 19). Once that factor is nothing the errors follow from the difference equation itself.
#[derive(Debug)]
pub(super) struct Exact<'a> {
    problem: &'a Problem,
    order: Order,
    natural: Vec<f64>,
    filter: Filter,
    filtered: Vec<Vec<f64>>,
    regression: Regression,
    /// Scratch: the series less its regressors, and that filtered; a point near another.
    alone: [Vec<f64>; 2],
    point: Vec<f64>,
}

/// What the likelihood is made of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Parts {
    /// Sum of the squared standardised errors.
    pub(super) squares: f64,
    /// Sum of the logarithms of the errors' variances.
    pub(super) logs: f64,
}

impl<'a> Exact<'a> {
    pub(super) fn new(problem: &'a Problem, order: Order) -> Self {
        let filtered = vec![vec![0.0; problem.len()]; problem.columns.len()];
        Self {
            problem,
            order,
            natural: Vec::new(),
            filter: Filter::default(),
            filtered,
            regression: Regression::default(),
            alone: [0; 2].map(|_| vec![0.0; problem.len()]),
            point: Vec::new(),
        }
    }

    /// The value at `at`; not a number where there is none.
    pub(super) fn value(&mut self, at: &[f64]) -> f64 {
        self.natural.clear();
        self.natural.extend_from_slice(at);
        to_natural(&self.order, &mut self.natural, self.problem.season);
        let natural = std::mem::take(&mut self.natural);
        let parts = self.parts(&natural);
        self.natural = natural;
        let n = self.problem.len();
        parts.map_or(f64::NAN, |parts| concentrated(parts.squares, parts.logs, n))
    }

    /// The gradient at `at`, where the value was asked for last, by central differences.
    ///
    /// The coefficients of regressors stay where they are: they are at their best, so that the value does not change with them.
    pub(super) fn gradient(&mut self, at: &[f64], _: f64, out: &mut [f64]) {
        let [left, filtered] = &mut self.alone;
        left.copy_from_slice(&self.problem.columns[0]);
        for (column, share) in self.problem.columns[1..].iter().zip(&self.regression.missing) {
            left.iter_mut().zip(column).for_each(|(y, x)| *y -= share * x);
        }
        let (order, season, natural) = (&self.order, self.problem.season, &mut self.natural);
        let mut point = std::mem::take(&mut self.point);
        point.resize(at.len(), 0.0);
        central_differences(&mut self.filter, at, &mut point, out, |filter, at| {
            natural.clear();
            natural.extend_from_slice(at);
            to_natural(order, natural, season);
            filter.set(order, natural, season);
            let (columns, out) = (slice::from_ref(left), slice::from_mut(filtered));
            let logs = filter.run(columns, out);
            logs.map_or(f64::NAN, |logs| concentrated(dot(filtered, filtered), logs, left.len()))
        });
        self.point = point;
    }

    /// The likelihood of the polynomials' own parameters; none where they are not stationary.
    pub(super) fn parts(&mut self, natural: &[f64]) -> Option<Parts> {
        self.filter.set(&self.order, natural, self.problem.season);
        let logs = self.filter.run(&self.problem.columns, &mut self.filtered)?;
        let squares = self.regression.fit(&self.filtered, 0);
        Some(Parts { squares, logs })
    }

    /// What is missing from the coefficients of plain least squares, at the point asked for last.
    pub(super) fn missing(&self) -> &[f64] {
        &self.regression.missing
    }
}

/// The value, given what it is made of.
fn concentrated(squares: f64, logs: f64, steps: usize) -> f64 {
    let n = steps as f64;
    0.5 * ((squares / n).ln() + logs / n)
}

/// The filter and its scratch.
#[derive(Debug, Default)]
struct Filter {
    /// The whole autoregression, and the whole moving average as one (with the other sign).
    ar: Vec<f64>,
    ma: Vec<f64>,
    negated: Vec<f64>,
    seasonal_negated: Vec<f64>,
    /// Both, as long as the state.
    padded: Vec<f64>,
    gain: Vec<f64>,
    factor: Vec<f64>,
    /// The state of each column, and a 0 after it.
    states: Vec<f64>,
    psi: Vec<f64>,
    of_ar: Vec<f64>,
    autocovariances: Vec<f64>,
    first: Vec<f64>,
    triangle: Vec<f64>,
    /// Lags and coefficients that are not 0.
    sparse_ar: Vec<(usize, f64)>,
    sparse_ma: Vec<(usize, f64)>,
}

impl Filter {
    fn set(&mut self, order: &Order, natural: &[f64], season: usize) {
        let [ar, ma, seasonal_ar, seasonal_ma] = order.split(natural);
        product(ar, seasonal_ar, season, &mut self.ar);
        let negate = |from: &[f64], to: &mut Vec<f64>| {
            to.clear();
            to.extend(from.iter().map(|b| -b));
        };
        negate(ma, &mut self.negated);
        negate(seasonal_ma, &mut self.seasonal_negated);
        product(&self.negated, &self.seasonal_negated, season, &mut self.ma);
        for (from, to, sign) in
            [(&self.ar, &mut self.sparse_ar, 1.0), (&self.ma, &mut self.sparse_ma, -1.0)]
        {
            to.clear();
            let terms = from.iter().enumerate().filter(|(_, a)| **a != 0.0);
            to.extend(terms.map(|(i, a)| (i + 1, sign * a)));
        }
    }

    /// Entries of the state.
    fn size(&self) -> usize {
        self.ar.len().max(self.ma.len() + 1)
    }

    /// Covariances of the stationary state with the observation of its step, into `first`, and a 0 after them.
    fn covariances(&mut self) -> bool {
        let (size, q) = (self.size(), self.ma.len());
        self.of_ar.clear();
        self.of_ar.resize(size + q + 1, 0.0);
        if !autocovariances(&self.ar, &mut self.triangle, &mut self.of_ar) {
            return false;
        }
        // Of noise that was averaged: sums over pairs of terms.
        self.autocovariances.clear();
        self.autocovariances.resize(size + 1, 0.0);
        let terms = || [(0, 1.0)].into_iter().chain(self.sparse_ma.iter().copied());
        for (i, b) in terms() {
            for (j, c) in terms() {
                let both = b * c;
                for (k, out) in self.autocovariances.iter_mut().enumerate() {
                    *out += both * self.of_ar[(k + i).abs_diff(j)];
                }
            }
        }
        // Responses of the process to its noise.
        self.psi.clear();
        self.psi.resize(size, 0.0);
        self.psi[0] = 1.0;
        for &(lag, b) in &self.sparse_ma {
            self.psi[lag] += b;
        }
        for k in 1..size {
            let past = self.sparse_ar.iter().filter(|(lag, _)| *lag <= k);
            self.psi[k] += past.map(|(lag, a)| a * self.psi[k - lag]).sum::<f64>();
        }
        self.first.clear();
        self.first.resize(size + 1, 0.0);
        for &(lag, a) in &self.sparse_ar {
            for i in 0..lag {
                self.first[i] += a * self.autocovariances[lag - i];
            }
        }
        for (lag, b) in [(0, 1.0)].into_iter().chain(self.sparse_ma.iter().copied()) {
            for i in 0..=lag {
                self.first[i] += b * self.psi[lag - i];
            }
        }
        true
    }

    /// Filters all columns; the standardised errors into `out`; gives the sum of the logarithms of the errors' variances.
    fn run(&mut self, columns: &[Vec<f64>], out: &mut [Vec<f64>]) -> Option<f64> {
        if !self.covariances() {
            return None;
        }
        let size = self.size();
        let width = size + 1;
        self.padded.clear();
        self.padded.extend_from_slice(&self.ar);
        self.padded.resize(size, 0.0);
        self.gain.clear();
        self.gain.extend((0..size).map(|i| self.padded[i] * self.first[0] + self.first[i + 1]));
        self.factor.clear();
        self.factor.extend_from_slice(&self.gain);
        self.factor.push(0.0);
        self.states.clear();
        self.states.resize(columns.len() * width, 0.0);
        let n = columns[0].len();
        let mut variance = self.first[0];
        let mut weight = -1.0 / variance;
        let mut logs = 0.0;
        // The step from which on nothing of the filter changes.
        let mut settled = None;
        for t in 0..n {
            if variance.is_nan() || variance <= 0.0 {
                return None;
            }
            logs += variance.ln();
            let root = 1.0 / variance.sqrt();
            for ((column, out), state) in
                columns.iter().zip(out.iter_mut()).zip(self.states.chunks_exact_mut(width))
            {
                let observed = state[0];
                let error = column[t] - observed;
                out[t] = error * root;
                advance(state, &self.padded, &self.gain, observed, error / variance);
            }
            match settled {
                Some(from) if t >= from + size && (variance - 1.0).abs() < 1e-9 => {
                    return Some(logs + self.rest(columns, out, t + 1));
                }
                Some(_) => continue,
                None => {}
            }
            let seen = self.factor[0];
            let next = variance + weight * seen * seen;
            shift(&mut self.factor, &mut self.gain, &self.padded, seen, weight * seen, seen / next);
            weight += weight * seen * seen * weight / variance;
            variance = next;
            if t % 8 == 7 {
                let largest = self.factor.iter().fold(0.0_f64, |largest, x| largest.max(x.abs()));
                if weight.abs() * largest * largest < SETTLED {
                    settled = Some(t);
                }
            }
        }
        Some(logs)
    }

    /// The steps from `from` on, when the errors' variance is 1 and those before are known: by the difference equation.
    fn rest(&self, columns: &[Vec<f64>], out: &mut [Vec<f64>], from: usize) -> f64 {
        for (column, out) in columns.iter().zip(out) {
            for t in from..column.len() {
                let mut error = column[t];
                for &(lag, a) in &self.sparse_ar {
                    error -= a * column[t - lag];
                }
                for &(lag, b) in &self.sparse_ma {
                    error -= b * out[t - lag];
                }
                out[t] = error;
            }
        }
        0.0
    }
}

/// Moves a state one step on.
fn advance(state: &mut [f64], ar: &[f64], gain: &[f64], observed: f64, error: f64) {
    let size = ar.len();
    let (state, gain) = (&mut state[..=size], &gain[..size]);
    for i in 0..size {
        state[i] = ar[i] * observed + state[i + 1] + gain[i] * error;
    }
}

/// Moves the factor of the covariance's change, and the gain, one step on.
fn shift(factor: &mut [f64], gain: &mut [f64], ar: &[f64], seen: f64, added: f64, share: f64) {
    let size = ar.len();
    let (factor, gain) = (&mut factor[..=size], &mut gain[..size]);
    for i in 0..size {
        let moved = ar[i] * seen + factor[i + 1];
        gain[i] += added * moved;
        factor[i] = moved - share * gain[i];
    }
}
