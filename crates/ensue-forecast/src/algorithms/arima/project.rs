//! What a fitted model says of the steps to come.

use super::{
    fit::Fit,
    order::Order,
    polynomial::product,
    problem::{constant_at, differenced},
    state::State,
};

/// Mean and standard deviation of each step.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Projection {
    pub(crate) mean: Vec<f64>,
    pub(crate) deviation: Vec<f64>,
}

/// The normal distribution of the `horizon` steps after `y`; `regressors` reach over these steps.
///
/// Mean and variance are exact, given the parameters: that of the state at the end of `y` (which is known but for what lies
/// before its beginning), and the noise of the steps ahead, through the responses of the whole model with its differences
/// (Box & Jenkins 1976, "Time series analysis", 5.1; Harvey 1989, "Forecasting, structural time series models and the Kalman
/// filter", 3.2.3).
pub(crate) fn project(
    fit: &Fit,
    y: &[f64],
    regressors: &[Vec<f64>],
    season: usize,
    horizon: usize,
) -> Projection {
    let order = &fit.order;
    let [ar, ma, seasonal_ar, seasonal_ma] = order.split(&fit.parameters);
    let negated = |b: &[f64]| b.iter().map(|b| -b).collect::<Vec<_>>();
    let (mut whole_ar, mut whole_ma) = (Vec::new(), Vec::new());
    product(ar, seasonal_ar, season, &mut whole_ar);
    product(&negated(ma), &negated(seasonal_ma), season, &mut whole_ma);

    let level = |t: usize| explained(fit, regressors, t);
    let mut path: Vec<f64> = y.iter().enumerate().map(|(t, y)| y - level(t)).collect();
    let small = differenced(&differenced(&path, season, order.seasonal_d), 1, order.d);
    let mut state = State::stationary(&whole_ar, &whole_ma);
    state.observe(&small, |_| ());

    let differences = differences(order, season);
    let begin = path.len();
    let mut ahead = vec![0.0; horizon];
    for step in 0..horizon {
        let own = state.mean.get(step).copied().unwrap_or(0.0);
        ahead[step] = own + recalled(&whole_ar, &ahead[..step]);
        path.push(ahead[step] + recalled(&differences, &path));
    }
    let mean = (0..horizon).map(|step| path[begin + step] + level(begin + step)).collect();
    let deviation = deviations(fit, &whole_ar, &whole_ma, &differences, &state, horizon);
    Projection { mean, deviation }
}

/// What constant and regressors add to step `t`.
fn explained(fit: &Fit, regressors: &[Vec<f64>], t: usize) -> f64 {
    let constant = fit.order.constant.then(|| constant_at(t, &fit.order));
    let values = constant.into_iter().chain(regressors.iter().map(|column| column[t]));
    values.zip(&fit.coefficients).map(|(x, share)| x * share).sum()
}

/// `(1 - B)^d (1 - B^season)^D` as an autoregression.
fn differences(order: &Order, season: usize) -> Vec<f64> {
    let (mut whole, mut next) = (Vec::new(), Vec::new());
    for (lag, times) in [(1, order.d), (season, order.seasonal_d)] {
        for _ in 0..times {
            product(&whole, &[1.0], lag, &mut next);
            std::mem::swap(&mut whole, &mut next);
        }
    }
    whole
}

/// What an autoregression makes of the last values; those before the first are 0.
fn recalled(a: &[f64], values: &[f64]) -> f64 {
    a.iter().zip(values.iter().rev()).map(|(a, value)| a * value).sum()
}

/// The standard deviation of every step.
fn deviations(
    fit: &Fit,
    ar: &[f64],
    negated: &[f64],
    differences: &[f64],
    state: &State,
    horizon: usize,
) -> Vec<f64> {
    let mut whole = Vec::new();
    product(ar, differences, 1, &mut whole);
    let mut response: Vec<f64> = Vec::with_capacity(horizon);
    let mut psi: Vec<f64> = Vec::with_capacity(horizon);
    for step in 0..horizon {
        let start = if step == 0 { 1.0 } else { 0.0 };
        response.push(start + recalled(&whole, &response));
        psi.push(response[step] - recalled(negated, &response[..step]));
    }
    let size = state.size();
    // Of the noise after the first step.
    let mut known = 0.0;
    let mut out = Vec::with_capacity(horizon);
    for step in 0..horizon {
        // Of the state as forecast for the first step, which holds that step's noise already.
        let reach = size.min(step + 1);
        let rows = (0..reach).map(|i| {
            let row = &state.covariance[i * size..i * size + reach];
            let inner: f64 = row.iter().enumerate().map(|(j, c)| c * response[step - j]).sum();
            inner * response[step - i]
        });
        let variance = known + rows.sum::<f64>();
        known += psi[step] * psi[step];
        out.push((fit.variance * variance.max(0.0)).sqrt());
    }
    out
}
