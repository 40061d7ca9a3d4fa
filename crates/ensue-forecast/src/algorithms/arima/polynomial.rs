//! Polynomials in the backward shift: products, and parameters that keep them admissible.
//!
//! Everything is written for autoregressions, `1 - a_1 B - a_2 B^2 - ...`; a moving average `1 + b_1 B + ...` is one with
//! `a = -b`.

/// The coefficients of `(1 - sum a_i B^i)(1 - sum b_j B^(j season))` in the same form, into `out`.
pub(super) fn product(a: &[f64], b: &[f64], season: usize, out: &mut Vec<f64>) {
    out.clear();
    out.resize(a.len() + season * b.len(), 0.0);
    out[..a.len()].copy_from_slice(a);
    for (j, &b) in b.iter().enumerate() {
        let shift = (j + 1) * season;
        out[shift - 1] += b;
        for (i, &a) in a.iter().enumerate() {
            out[shift + i] -= a * b;
        }
    }
}

/// The stationary autoregression that belongs to any real numbers, in place: their hyperbolic tangents are its partial
/// autocorrelations. Source: Jones 1980, "Maximum likelihood fitting of ARMA models to time series with missing observations",
/// Technometrics 22, section 2.
pub(super) fn from_free(values: &mut [f64]) {
    for value in values.iter_mut() {
        *value = value.tanh();
    }
    for k in 1..values.len() {
        let partial = values[k];
        let (mut low, mut high) = (0, k - 1);
        while low < high {
            let (a, b) = (values[low], values[high]);
            values[low] = a - partial * b;
            values[high] = b - partial * a;
            low += 1;
            high -= 1;
        }
        if low == high {
            values[low] *= 1.0 - partial;
        }
    }
}

/// The way back from a stationary autoregression; false, and nothing of use, where it is not stationary.
pub(super) fn to_free(values: &mut [f64]) -> bool {
    let stationary = step_down(values);
    for value in values.iter_mut() {
        *value = value.atanh();
    }
    stationary
}

/// Turns an autoregression into its partial autocorrelations (the recursion of Levinson and Durbin, backwards); false where
/// one of them is 1 or more in size: it is not stationary.
fn step_down(values: &mut [f64]) -> bool {
    for k in (0..values.len()).rev() {
        let partial = values[k];
        let share = 1.0 - partial * partial;
        // Not a number fails too.
        if share.is_nan() || share <= 0.0 {
            return false;
        }
        if k == 0 {
            break;
        }
        let (mut low, mut high) = (0, k - 1);
        while low < high {
            let (a, b) = (values[low], values[high]);
            values[low] = (a + partial * b) / share;
            values[high] = (b + partial * a) / share;
            low += 1;
            high -= 1;
        }
        if low == high {
            values[low] *= (1.0 + partial) / share;
        }
    }
    true
}

/// Whether all roots of `1 - sum a_i z^(i season)` are farther than `radius` from 0.
pub(super) fn roots_beyond(a: &[f64], season: usize, radius: f64) -> bool {
    // Of the polynomial in radius * z they must be farther than 1: it is a stationary autoregression.
    let mut scaled = a.to_vec();
    for (i, value) in scaled.iter_mut().enumerate() {
        *value *= radius.powi(((i + 1) * season) as i32);
    }
    step_down(&mut scaled)
}

/// Moves the roots of an autoregression away from 0 until it is stationary by a margin.
pub(super) fn tame(a: &mut [f64]) {
    const MARGIN: f64 = 1.02;
    const SHRINK: f64 = 0.95;
    for _ in 0..200 {
        if roots_beyond(a, 1, MARGIN) {
            return;
        }
        let mut power = 1.0;
        for value in a.iter_mut() {
            power *= SHRINK;
            *value *= power;
        }
    }
    a.fill(0.0);
}

/// Autocovariances of the stationary autoregression `a` driven by noise of variance 1, at lags 0 to `out.len() - 1`; false
/// where it is not stationary. `triangle` is scratch.
///
/// The recursion of Levinson and Durbin run down to the partial autocorrelations and up again (Brockwell & Davis 1991, "Time
/// series: theory and methods", 5.2).
pub(super) fn autocovariances(a: &[f64], triangle: &mut Vec<f64>, out: &mut [f64]) -> bool {
    let p = a.len();
    // Row k holds the predictor of order k + 1.
    triangle.clear();
    triangle.resize(p * p, 0.0);
    let mut noise = 1.0;
    if p > 0 {
        triangle[(p - 1) * p..].copy_from_slice(a);
        for k in (0..p).rev() {
            let (lower, upper) = triangle.split_at_mut(k * p);
            let partial = upper[k];
            let share = 1.0 - partial * partial;
            if share.is_nan() || share <= 0.0 {
                return false;
            }
            noise *= share;
            if k > 0 {
                let below = &mut lower[(k - 1) * p..];
                for i in 0..k {
                    below[i] = (upper[i] + partial * upper[k - 1 - i]) / share;
                }
            }
        }
    }
    let mut error = 1.0 / noise;
    for k in 0..out.len() {
        out[k] = if k == 0 {
            error
        } else if k <= p {
            let row = &triangle[(k - 1) * p..];
            let partial = row[k - 1];
            let shorter = if k > 1 { &triangle[(k - 2) * p..(k - 2) * p + k - 1] } else { &[] };
            let predicted: f64 = shorter.iter().enumerate().map(|(i, a)| a * out[k - 1 - i]).sum();
            let value = predicted + partial * error;
            error *= 1.0 - partial * partial;
            value
        } else {
            a.iter().enumerate().map(|(i, a)| a * out[k - 1 - i]).sum()
        };
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_multiplied_out() {
        // Oracle: by hand, (1 - .5 B)(1 - .4 B^3) = 1 - .5 B - .4 B^3 + .2 B^4.
        let mut out = Vec::new();
        product(&[0.5], &[0.4], 3, &mut out);
        assert_eq!(out, [0.5, 0.0, 0.4, -0.2]);
    }

    #[test]
    fn free_parameters_give_stationary_autoregressions_and_back() {
        // Oracle: for two partial autocorrelations r, s by hand: (r - s r, s); the way back.
        let mut values = [0.3, -0.8];
        from_free(&mut values);
        let (r, s) = (0.3_f64.tanh(), (-0.8_f64).tanh());
        assert!((values[0] - (r - s * r)).abs() < 1e-15 && values[1] == s);
        for free in [&[2.0][..], &[0.1, -3.0, 0.7], &[1.0, -1.0, 0.5, 2.0, -0.3]] {
            let mut values = free.to_vec();
            from_free(&mut values);
            assert!(to_free(&mut values));
            for (found, expected) in values.iter().zip(free) {
                assert!((found - expected).abs() < 1e-8, "{values:?} {free:?}");
            }
        }
        assert!(!to_free(&mut [1.2, 0.1]));
    }

    #[test]
    fn roots_are_found_where_they_are() {
        // Oracle: by hand: 1 - z / 1.5 has the root 1.5; 1 - z^4 / 16 has roots of size 2; (1 - z / 2)(1 - z / 1.25).
        let near = |a: &[f64], season, root: f64| {
            roots_beyond(a, season, root - 1e-9) && !roots_beyond(a, season, root + 1e-9)
        };
        assert!(near(&[1.0 / 1.5], 1, 1.5));
        assert!(near(&[1.0 / 16.0], 4, 2.0));
        assert!(near(&[0.5 + 0.8, -0.4], 1, 1.25));
        assert!(!roots_beyond(&[f64::NAN], 1, 1.0));
    }

    #[test]
    fn what_is_not_stationary_is_tamed() {
        // Oracle: the margin asked for.
        for mut a in [vec![1.5], vec![2.0, -1.0], vec![0.0, 0.0, -3.0]] {
            tame(&mut a);
            assert!(roots_beyond(&a, 1, 1.02), "{a:?}");
        }
    }

    #[test]
    fn autocovariances_are_those_of_the_process() {
        // Oracle: closed forms: AR(1) a^k / (1 - a^2); AR(2) by the Yule-Walker equations, checked by insertion.
        let mut out = [0.0; 5];
        assert!(autocovariances(&[-0.6], &mut Vec::new(), &mut out));
        for (k, found) in out.iter().enumerate() {
            assert!((found - (-0.6_f64).powi(k as i32) / 0.64).abs() < 1e-14);
        }
        let a = [0.5, 0.3, -0.2];
        assert!(autocovariances(&a, &mut Vec::new(), &mut out));
        let lagged = |k: usize| -> f64 { (0..3).map(|i| a[i] * out[k.abs_diff(i + 1)]).sum() };
        assert!((out[0] - lagged(0) - 1.0).abs() < 1e-13);
        assert!((1..5).all(|k| (out[k] - lagged(k)).abs() < 1e-13));
        assert!(!autocovariances(&[1.0], &mut Vec::new(), &mut out));
        assert!(
            autocovariances(&[], &mut Vec::new(), &mut out) && out == [1.0, 0.0, 0.0, 0.0, 0.0]
        );
    }
}
