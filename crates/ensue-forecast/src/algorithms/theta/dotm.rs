//! The dynamic optimised theta model: its recursion, its estimation and its forecasts.
//!
//! Fiorucci, Pellegrini, Louzada, Petropoulos and Koehler 2016, "Models for optimising the theta method and their
//! relationship to state space models", section 3.2 (DOTM). With the level `l`, the least squares line `A + B t` through the
//! values so far, and `w = 1 - 1 / theta`, the forecast of step `t + 1` is
//!
//! ```text
//! l + w ((1 - alpha)^t A + (1 - (1 - alpha)^(t + 1)) / alpha B)
//! ```
//!
//! At a given alpha it is linear in `w` and in the level before the first value, so these two follow from least squares and
//! only alpha is searched for, where the general search of others has three variables.
//!
//! Values that are all higher by `c` have forecasts that are all higher by `c`, from a level that was higher by `(1 - w) c`. So
//! the mean is taken out first: small changes of a large value would be lost in the products that least squares adds up.

use crate::numeric::nelder_mead::{NelderMead, Stop};

/// Bounds of alpha, as in the authors' and others' implementations.
const ALPHA: (f64, f64) = (0.1, 0.99);

/// The highest `1 - 1 / theta`; theta is at least 1.
const MOST: f64 = 1.0 - 1e-10;

/// Errors that are not counted: the line has hardly begun.
const SKIPPED: usize = 3;

/// Fewest values that are fitted.
pub(super) const FEWEST: usize = 6;

/// Level, mean and line after some values.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct State {
    level: f64,
    mean: f64,
    /// Where the line meets step 0, and its slope.
    intercept: f64,
    slope: f64,
}

impl State {
    /// The state after one more value, `before` values having been seen.
    fn next(self, y: f64, alpha: f64, before: usize) -> Self {
        let t = before as f64;
        let mean = (t * self.mean + y) / (t + 1.0);
        let slope = ((t - 1.0) * self.slope + 6.0 * (y - self.mean) / (t + 1.0)) / (t + 2.0);
        Self {
            level: alpha * y + (1.0 - alpha) * self.level,
            mean,
            intercept: mean - slope * (t + 2.0) / 2.0,
            slope,
        }
    }

    /// What the line adds to the forecast of the next value, before it is weighed.
    fn pull(self, alpha: f64, before: usize) -> f64 {
        let left = (1.0 - alpha).powi(before as i32);
        left * self.intercept + (1.0 - left * (1.0 - alpha)) / alpha * self.slope
    }
}

/// An estimated model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Dotm {
    pub(super) alpha: f64,
    /// `1 - 1 / theta`.
    pub(super) weight: f64,
    /// Sum of squared errors, but for the first few.
    pub(super) squares: f64,
    /// Variance of the errors.
    pub(super) variance: f64,
    seen: usize,
    /// Mean of the values, which the state leaves out.
    base: f64,
    state: State,
}

impl Dotm {
    /// Estimates the model of at least [`FEWEST`] values of size 1.
    pub(super) fn fit(values: &[f64]) -> Self {
        let base = values.iter().sum::<f64>() / values.len() as f64;
        let centred: Vec<f64> = values.iter().map(|y| y - base).collect();
        Self { base, ..Self::fit_centred(&centred) }
    }

    /// The model of values that average 0.
    fn fit_centred(values: &[f64]) -> Self {
        let lines = lines(values);
        let look = |alpha: f64| Sums::of(values, &lines, alpha).solve(values[0]);
        let mut point = [0.5];
        let mut lowest = f64::INFINITY;
        for tenth in 1..=9 {
            let alpha = f64::from(tenth) / 10.0;
            let squares = look(alpha).2;
            if squares < lowest {
                (point, lowest) = ([alpha], squares);
            }
        }
        let stop = Stop { evaluations: 60, spread: 1e-9 };
        // The logarithm makes the search stop alike for good and for bad fits.
        let value = |point: &[f64]| look(point[0]).2.max(f64::MIN_POSITIVE).ln();
        NelderMead::default().minimise(&mut point, &[0.05], &[ALPHA], stop, value);
        let alpha = point[0];
        let (level, weight, squares) = look(alpha);
        Self::after(values, alpha, weight, level, squares)
    }

    /// The model after all values.
    pub(super) fn after(values: &[f64], alpha: f64, weight: f64, level: f64, squares: f64) -> Self {
        let mut state = State {
            level: alpha * values[0] + (1.0 - alpha) * level,
            mean: values[0],
            intercept: values[0],
            slope: 0.0,
        };
        let (mut sum, mut square) = (0.0, 0.0);
        for (before, &y) in values.iter().enumerate().skip(1) {
            if before >= SKIPPED {
                let error = y - state.level - weight * state.pull(alpha, before);
                sum += error;
                square += error * error;
            }
            state = state.next(y, alpha, before);
        }
        let count = (values.len() - SKIPPED) as f64;
        let variance = ((square - sum * sum / count) / (count - 1.0)).max(0.0);
        Self { alpha, weight, squares, variance, seen: values.len(), base: 0.0, state }
    }

    /// Means and variances of the next steps.
    ///
    /// Forecasts are linear in the values, so that what the errors of earlier steps add to the variance is known: the
    /// squares of what one error of size 1 does to the steps after it.
    pub(super) fn forecast(&self, horizon: usize) -> (Vec<f64>, Vec<f64>) {
        let mut means = Vec::with_capacity(horizon);
        let mut variances = vec![self.variance; horizon];
        let mut state = self.state;
        for step in 0..horizon {
            let (mean, next) = self.step(state, self.seen + step);
            means.push(self.base + mean);
            state = next;
            let mut change = State::default().next(1.0, self.alpha, self.seen + step);
            for (later, variance) in variances.iter_mut().enumerate().skip(step + 1) {
                let (moved, next) = self.step(change, self.seen + later);
                *variance += self.variance * moved * moved;
                change = next;
            }
        }
        (means, variances)
    }

    /// The forecast of the next value, and the state when it comes true.
    fn step(&self, state: State, before: usize) -> (f64, State) {
        let mean = state.level + self.weight * state.pull(self.alpha, before);
        (mean, state.next(mean, self.alpha, before))
    }
}

/// Intercept and slope of the line through the values before each step: they do not depend on alpha.
fn lines(values: &[f64]) -> Vec<(f64, f64)> {
    let mut state = State { mean: values[0], intercept: values[0], ..State::default() };
    let mut lines = vec![(0.0, 0.0)];
    for (before, &y) in values.iter().enumerate().skip(1) {
        lines.push((state.intercept, state.slope));
        state = state.next(y, 0.0, before);
    }
    lines
}

/// What least squares at one alpha needs: products of the errors of a model without line that starts at level 0, of what
/// the level before the first value adds to forecasts, and of what the line does.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    errors: f64,
    error_level: f64,
    error_line: f64,
    levels: f64,
    level_line: f64,
    lines: f64,
}

impl Sums {
    fn of(values: &[f64], lines: &[(f64, f64)], alpha: f64) -> Self {
        let kept = 1.0 - alpha;
        let mut sums = Self::default();
        let mut level = 0.0;
        // (1 - alpha)^t
        let mut left = 1.0;
        for (at, (&y, &(intercept, slope))) in values.iter().zip(lines).enumerate() {
            if at >= SKIPPED {
                let error = y - level;
                let line = left * intercept + (1.0 - left * kept) / alpha * slope;
                sums.errors += error * error;
                sums.error_level += error * left;
                sums.error_line += error * line;
                sums.levels += left * left;
                sums.level_line += left * line;
                sums.lines += line * line;
            }
            level = kept * level + alpha * y;
            left *= kept;
        }
        sums
    }

    /// Level before the first value, weight of the line, and the sum of squares they leave; `first` is the level where
    /// nothing else says it.
    fn solve(self, first: f64) -> (f64, f64, f64) {
        let determinant = self.levels * self.lines - self.level_line * self.level_line;
        let alone = determinant <= 1e-9 * self.levels * self.lines;
        let weight = if alone {
            (self.error_line - first * self.level_line) / self.lines
        } else {
            (self.error_line * self.levels - self.error_level * self.level_line) / determinant
        };
        let weight = if weight.is_nan() { 0.0 } else { weight.clamp(0.0, MOST) };
        let level =
            if alone { first } else { (self.error_level - weight * self.level_line) / self.levels };
        let squares = self.errors + level * level * self.levels + weight * weight * self.lines
            - 2.0 * (level * self.error_level + weight * self.error_line)
            + 2.0 * level * weight * self.level_line;
        (level, weight, squares.max(0.0))
    }
}
