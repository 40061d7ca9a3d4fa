//! Simple exponential smoothing, and the constant that suits it best.

use std::cmp::Ordering;

/// Where the best constant is looked for: as statsforecast does (`CrostonOptimized`, `ADIDA`).
const RANGE: (f64, f64) = (0.1, 0.3);

/// Cuts of the range, each to 0.618 of it: to within 2e-5.
const CUTS: usize = 20;

/// The level after the last value; the first value is the first level. `values` is not empty.
fn level(values: &[f64], smoothing: f64) -> f64 {
    values[1..].iter().fold(values[0], |level, value| level + smoothing * (value - level))
}

/// Squares of the errors one step ahead, summed.
fn squares(values: &[f64], smoothing: f64) -> f64 {
    let mut level = values[0];
    let mut sum = 0.0;
    for value in &values[1..] {
        let error = value - level;
        sum += error * error;
        level += smoothing * error;
    }
    sum
}

/// The level after the last of `values` (there is one), and the constant that it was smoothed with: `smoothing`, or the one
/// with the least squares one step ahead.
///
/// The minimum by golden sections: Kiefer 1953, "Sequential minimax search for a maximum".
pub(super) fn smoothed(values: &[f64], smoothing: Option<f64>) -> (f64, f64) {
    let best = smoothing.unwrap_or_else(|| {
        let share = (5_f64.sqrt() - 1.0) / 2.0;
        let (mut low, mut high) = RANGE;
        let (mut left, mut right) = (high - share * (high - low), low + share * (high - low));
        let (mut at_left, mut at_right) = (squares(values, left), squares(values, right));
        for _ in 0..CUTS {
            match at_left.total_cmp(&at_right) {
                Ordering::Less => {
                    (high, right, at_right) = (right, left, at_left);
                    left = high - share * (high - low);
                    at_left = squares(values, left);
                }
                Ordering::Greater => {
                    (low, left, at_left) = (left, right, at_right);
                    right = low + share * (high - low);
                    at_right = squares(values, right);
                }
                // The minimum lies between them; of constants that make no difference the middle one is taken.
                Ordering::Equal => {
                    (low, high) = (left, right);
                    (left, right) = (high - share * (high - low), low + share * (high - low));
                    (at_left, at_right) = (squares(values, left), squares(values, right));
                }
            }
        }
        f64::midpoint(low, high)
    });
    (level(values, best), best)
}
