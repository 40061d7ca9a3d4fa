//! What a fitted model forecasts: means, and variances by formula.

use super::{
    fit::Fit,
    model::{Model, Season, Smoothing, States},
};

/// Means and variances of the next steps, in the size of the values that were fitted.
///
/// Variances are those of Hyndman et al. 2008: section 6.3 (class 1, exact) for additive errors; section 6.3 (class 2, exact)
/// for relative ones. With a season that multiplies (class 3) the book's approximation, section 6.5, lets level and season
/// err apart; here the same error moves both, which is nearly exact where errors are small. All three
/// follow from what an error adds to the forecast `j` steps later: `c_j = alpha + beta (phi + ... + phi^j) + gamma [j is a
/// whole number of seasons]`.
pub(super) fn forecast(fit: &Fit, horizon: usize) -> (Vec<f64>, Vec<f64>) {
    let m = fit.end.season.len().max(1);
    let multiplies = fit.model.season == Season::Multiplicative;
    let (base, phases): (Vec<f64>, Vec<f64>) =
        path(fit.model, &fit.by, &fit.end, fit.phase).take(horizon).unzip();
    let damping: Vec<f64> = damping(&fit.by).take(horizon).collect();
    let weights: Vec<f64> =
        (1..horizon).map(|j| fit.by.alpha + fit.by.beta * damping[j - 1]).collect();
    let turn = |j: usize| if j.is_multiple_of(m) { fit.by.gamma } else { 0.0 };
    let mut variances = if fit.model.relative {
        relative(&base, fit.variance, |step, j| {
            // An error moves a season that multiplies in proportion to the level of then.
            let moved = if multiplies { turn(j) * base[step] / base[step - j] } else { turn(j) };
            weights[j - 1] + moved
        })
    } else {
        additive(fit.variance, horizon, |j| weights[j - 1] + turn(j))
    };
    for (variance, phase) in variances.iter_mut().zip(&phases) {
        *variance *= phase * phase;
    }
    let means = base.iter().zip(&phases).map(|(base, phase)| base * phase).collect();
    (means, variances)
}

/// Steps ahead of `states`, whose next phase of the season is the `first`: without a season that multiplies, and that phase of it
/// (1 where there is none). The mean is their product.
pub(super) fn path(
    model: Model,
    by: &Smoothing,
    states: &States,
    first: usize,
) -> impl Iterator<Item = (f64, f64)> {
    let m = states.season.len().max(1);
    damping(by).enumerate().map(move |(step, growth)| {
        let trend = states.level + growth * states.trend;
        let phase = states.season.get((first + step) % m).copied();
        match model.season {
            Season::None => (trend, 1.0),
            Season::Additive => (trend + phase.unwrap_or(0.0), 1.0),
            Season::Multiplicative => (trend, phase.unwrap_or(1.0)),
        }
    })
}

/// How often the trend has been added after 1, 2, ... steps: `phi + ... + phi^j`.
fn damping(by: &Smoothing) -> impl Iterator<Item = f64> + use<> {
    let phi = by.phi;
    std::iter::successors(Some((phi, phi)), move |(sum, power)| {
        let power = power * phi;
        Some((sum + power, power))
    })
    .map(|(sum, _)| sum)
}

/// Errors that are added: `variance (1 + sum of c_j^2)`.
fn additive(variance: f64, horizon: usize, weight: impl Fn(usize) -> f64) -> Vec<f64> {
    let mut sum = 1.0;
    let each = (0..horizon).map(|step| {
        if step > 0 {
            sum += weight(step).powi(2);
        }
        variance * sum
    });
    each.collect()
}

/// Errors relative to forecasts `mean`: `(1 + variance) theta_h - mean_h^2` with `theta_h = mean_h^2 + variance sum of c_j^2
/// theta_(h - j)`; `weight` gives `c_j` of a step.
fn relative(means: &[f64], variance: f64, weight: impl Fn(usize, usize) -> f64) -> Vec<f64> {
    let mut theta: Vec<f64> = Vec::with_capacity(means.len());
    for (step, mean) in means.iter().enumerate() {
        let before: f64 = (1..=step).map(|j| weight(step, j).powi(2) * theta[step - j]).sum();
        theta.push(mean * mean + variance * before);
    }
    let all = theta.iter().zip(means);
    all.map(|(theta, mean)| ((1.0 + variance) * theta - mean * mean).max(0.0)).collect()
}
