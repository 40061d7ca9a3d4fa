//! What a fitted model forecasts: means, and variances by formula.

use super::{
    fit::Fit,
    model::{Season, Trend},
};

/// Means and variances of the next steps, in the size of the values that were fitted.
///
/// Variances are those of Hyndman et al. 2008: section 6.3 (class 1, exact) for additive errors; section 6.3 (class 2, exact)
/// for relative ones; section 6.5 (class 3, nearly exact where errors are small) with a season that multiplies. All three
/// follow from what an error adds to the forecast `j` steps later: `c_j = alpha + beta (phi + ... + phi^j) + gamma [j is a
/// whole number of seasons]`.
pub(super) fn forecast(fit: &Fit, horizon: usize) -> (Vec<f64>, Vec<f64>) {
    let m = fit.end.season.len().max(1);
    let multiplies = fit.model.season == Season::Multiplicative;
    let damping: Vec<f64> = (0..=horizon)
        .scan(0.0, |sum, step| {
            if step > 0 {
                *sum += if fit.model.trend == Trend::Damped {
                    fit.by.phi.powi(step as i32)
                } else {
                    1.0
                };
            }
            Some(*sum)
        })
        .collect();
    let phase = |step: usize| fit.end.season.get((fit.phase + step) % m).copied();
    // Without a season that multiplies.
    let base: Vec<f64> = (0..horizon)
        .map(|step| {
            let trend = fit.end.level + damping[step + 1] * fit.end.trend;
            if multiplies { trend } else { trend + phase(step).unwrap_or(0.0) }
        })
        .collect();
    let weight = |j: usize| {
        let season = if !multiplies && j % m == 0 { fit.by.gamma } else { 0.0 };
        fit.by.alpha + fit.by.beta * damping[j] + season
    };
    let squares: Vec<f64> = (1..horizon).map(|j| weight(j).powi(2)).collect();
    let mut variances = if fit.model.relative {
        relative(&base, &squares, fit.variance)
    } else {
        additive(&squares, fit.variance, horizon)
    };
    let mut means = base;
    if multiplies {
        for (step, (mean, variance)) in means.iter_mut().zip(&mut variances).enumerate() {
            let phase = phase(step).unwrap_or(1.0);
            let seasons = (step / m) as i32;
            // What `relative` took off once more, before the season's own spread widens it.
            let square = *mean * *mean;
            let spread = (1.0 + fit.by.gamma.powi(2) * fit.variance).powi(seasons);
            *variance = phase * phase * ((*variance + square) * spread - square);
            *mean *= phase;
        }
    }
    (means, variances)
}

/// Errors that are added: `variance (1 + sum of c_j^2)`.
fn additive(squares: &[f64], variance: f64, horizon: usize) -> Vec<f64> {
    let sums = squares.iter().scan(1.0, |sum, square| {
        *sum += square;
        Some(*sum)
    });
    [1.0].into_iter().chain(sums).take(horizon).map(|sum| variance * sum).collect()
}

/// Errors relative to forecasts `mean`: `(1 + variance) theta_h - mean_h^2` with `theta_h = mean_h^2 + variance sum of c_j^2
/// theta_(h - j)`.
fn relative(means: &[f64], squares: &[f64], variance: f64) -> Vec<f64> {
    let mut theta: Vec<f64> = Vec::with_capacity(means.len());
    for mean in means {
        let before = theta.iter().rev().zip(squares).map(|(theta, square)| theta * square);
        theta.push(mean * mean + variance * before.sum::<f64>());
    }
    let all = theta.iter().zip(means);
    all.map(|(theta, mean)| (1.0 + variance) * theta - mean * mean).collect()
}
