//! Free parameters: any real numbers give a model that is stationary and invertible by a margin.

use super::{
    order::Order,
    polynomial::{from_free, roots_beyond, tame, to_free},
};

/// Roots of the polynomials are kept this far from 0, as auto.arima of R's `forecast` wants them: there, models whose most
/// likely parameters have nearer ones are thrown away; here, the likeliest parameters that keep the distance are found.
const NEAREST_ROOT: f64 = 1.01;

/// The four parts of the parameters, each with the distance that its roots keep, and whether it is a moving average.
fn parts<'a>(
    order: &Order,
    parameters: &'a mut [f64],
    season: usize,
) -> [(&'a mut [f64], f64, bool); 4] {
    let (ar, rest) = parameters.split_at_mut(order.p);
    let (ma, rest) = rest.split_at_mut(order.q);
    let (seasonal_ar, seasonal_ma) = rest.split_at_mut(order.seasonal_p);
    // In `B^season` a root is the power of those in `B`.
    let far = NEAREST_ROOT.powi(season as i32);
    [
        (ar, NEAREST_ROOT, false),
        (ma, NEAREST_ROOT, true),
        (seasonal_ar, far, false),
        (seasonal_ma, far, true),
    ]
}

/// Multiplies the coefficient of each power by that power of `factor`, and all by the sign.
fn scale(part: &mut [f64], factor: f64, negate: bool) {
    let mut power = if negate { -1.0 } else { 1.0 };
    for value in part {
        power *= factor;
        *value *= power;
    }
}

/// The polynomials' own parameters of free ones, in place.
pub(super) fn to_natural(order: &Order, parameters: &mut [f64], season: usize) {
    for (part, distance, average) in parts(order, parameters, season) {
        from_free(part);
        scale(part, 1.0 / distance, average);
    }
}

/// Free parameters of the polynomials' own, in place; those whose roots are too near are moved first.
pub(super) fn make_free(order: &Order, parameters: &mut [f64], season: usize) {
    for (part, distance, average) in parts(order, parameters, season) {
        scale(part, distance, average);
        tame(part);
        to_free(part);
    }
}

/// Whether all roots keep their distance.
pub(super) fn keeps_distance(order: &Order, parameters: &[f64], season: usize) -> bool {
    let mut own = parameters.to_vec();
    parts(order, &mut own, season).into_iter().all(|(part, distance, average)| {
        scale(part, distance, average);
        roots_beyond(part, 1, 1.0)
    })
}

/// Whether the roots that are too near belong to polynomials of one term only.
///
/// Several terms with a root near the unit circle on either side mostly cancel each other: the order is too high. One alone says
/// that the series was differenced once more than needed, or should be once more.
pub(super) fn alone(order: &Order, parameters: &[f64], season: usize) -> bool {
    let mut own = parameters.to_vec();
    if order.p == 1 && order.seasonal_p == 0 {
        own[0] = 0.0;
    }
    if order.q == 1 && order.seasonal_q == 0 {
        own[order.p] = 0.0;
    }
    keeps_distance(order, &own, season)
}

/// Whether a polynomial of several terms was driven to the bound.
///
/// The likelihood of a single moving average piles up there in short series, without anything being wrong with the order
/// (Sargan & Bhargava 1983, "Maximum likelihood estimation of regression models with first order moving average errors when the
/// root lies on the unit circle", Econometrica 51).
pub(super) fn driven_out(order: &Order, parameters: &[f64], season: usize) -> bool {
    const NEAR: f64 = 1.001;
    let mut own = parameters.to_vec();
    parts(order, &mut own, season).into_iter().any(|(part, distance, average)| {
        scale(part, distance * NEAR, average);
        part.len() > 1 && !roots_beyond(part, 1, 1.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_parameters_keep_the_distance_and_come_back() {
        // Oracle: the way back; far out, a single root lies at 1.01, in a season of 4 at its fourth power.
        let order = Order {
            p: 2,
            d: 0,
            q: 1,
            seasonal_p: 1,
            seasonal_d: 0,
            seasonal_q: 1,
            constant: false,
        };
        let free = [0.4, -1.1, 0.3, 0.9, -0.2];
        let mut own = free;
        to_natural(&order, &mut own, 4);
        assert!(keeps_distance(&order, &own, 4));
        make_free(&order, &mut own, 4);
        for (found, expected) in own.iter().zip(free) {
            assert!((found - expected).abs() < 1e-12, "{own:?}");
        }
        let mut far = [0.0, 0.0, 30.0, 30.0, -30.0];
        to_natural(&order, &mut far, 4);
        let expected = [0.0, 0.0, -1.0 / 1.01, 1.01_f64.powi(-4), 1.01_f64.powi(-4)];
        for (found, expected) in far.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-12, "{far:?}");
        }
        assert!(!keeps_distance(&order, &[0.0, 0.0, 0.995, 0.0, 0.0], 4));
    }
}
