//! One order fitted to one series.

use super::{
    css::Css,
    free::{alone, driven_out, keeps_distance, make_free, to_natural},
    likelihood::Exact,
    order::Order,
    problem::{Problem, dot},
};
use crate::numeric::bfgs::minimise;

/// Steps of a search, and what two steps in a row have to bring: thousandths of the criterion at most.
const CSS_EFFORT: (usize, f64) = (100, 1e-8);
const EXACT_EFFORT: (usize, f64) = (100, 1e-9);

/// A fitted model.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fit {
    pub(crate) order: Order,
    /// Parameters of the polynomials, in the order `p`, `q`, `P`, `Q`.
    pub(crate) parameters: Vec<f64>,
    /// Coefficients of the constant, where there is one, and of the regressors.
    pub(crate) coefficients: Vec<f64>,
    /// Variance of the noise, with the degrees of freedom of R's `forecast`.
    pub(crate) variance: f64,
    /// Corrected information criterion of Akaike.
    pub(crate) aicc: f64,
}

/// `-2 log L` with a correction for the number of parameters: Hurvich & Tsai 1989, "Regression and time series model selection
/// in small samples", Biometrika 76; infinite where there are too few steps for it.
fn corrected(twice_negative: f64, parameters: usize, steps: usize) -> f64 {
    let (k, n) = (parameters as f64, steps as f64);
    if n - k - 1.0 <= 0.0 || twice_negative.is_nan() {
        return f64::INFINITY;
    }
    twice_negative + 2.0 * k + 2.0 * k * (k + 1.0) / (n - k - 1.0)
}

/// Parameters of a model, with the variance.
fn counted(order: &Order, problem: &Problem) -> usize {
    order.terms() + problem.start.len() + 1
}

/// The parameters with the least conditional sum of squares, and its mean square; none where the order is not to be believed.
fn least_css(problem: &Problem, order: Order) -> Option<(Vec<f64>, f64)> {
    let mut css = Css::new(problem, order)?;
    let start = vec![0.0; order.terms()];
    let mut found = minimise(&mut css, &start, CSS_EFFORT, Css::value, Css::gradient)?.at;
    if !keeps_distance(&order, &found, problem.season) {
        if !alone(&order, &found, problem.season) {
            return None;
        }
        // Again, within bounds.
        make_free(&order, &mut found, problem.season);
        let (value, gradient) = (Css::bounded, Css::bounded_gradient);
        found = minimise(&mut css, &found, CSS_EFFORT, value, gradient)?.at;
        to_natural(&order, &mut found, problem.season);
    }
    let variance = css.variance(&found);
    Some((found, variance))
}

/// An order's criterion by its conditional sum of squares, but for what is the same for all orders with these differences;
/// infinite where there are too few steps.
pub(super) fn quick(problem: &Problem, order: Order) -> f64 {
    let Some((_, variance)) = least_css(problem, order) else {
        return f64::INFINITY;
    };
    let steps = problem.len();
    corrected(steps as f64 * variance.ln(), counted(&order, problem), steps)
}

/// The most likely parameters, from those of the conditional sum of squares; none where there are too few steps.
pub(super) fn exact(problem: &Problem, order: Order) -> Option<Fit> {
    let (mut start, _) = least_css(problem, order)?;
    make_free(&order, &mut start, problem.season);
    let mut likelihood = Exact::new(problem, order);
    let (value, gradient) = (Exact::value, Exact::gradient);
    let mut parameters = minimise(&mut likelihood, &start, EXACT_EFFORT, value, gradient)?.at;
    to_natural(&order, &mut parameters, problem.season);
    if driven_out(&order, &parameters, problem.season) {
        return None;
    }
    let parts = likelihood.parts(&parameters)?;
    let (steps, count) = (problem.len(), counted(&order, problem));
    let n = steps as f64;
    let twice_negative =
        n * (std::f64::consts::TAU.ln() + 1.0 + (parts.squares / n).ln()) + parts.logs;
    let aicc = corrected(twice_negative, count, steps);
    let fit = Fit {
        order,
        parameters,
        coefficients: problem.coefficients(likelihood.missing()),
        variance: parts.squares / (steps - count.min(steps) + 1).max(1) as f64,
        aicc,
    };
    aicc.is_finite().then_some(fit)
}

/// The model without any term: a constant and regressors by plain least squares.
pub(super) fn plain(problem: &Problem, order: Order) -> Fit {
    let squares = dot(&problem.columns[0], &problem.columns[0]);
    let free = (problem.len() + 1).saturating_sub(problem.start.len() + 1).max(1);
    Fit {
        order,
        parameters: Vec::new(),
        coefficients: problem.start.clone(),
        variance: squares / free as f64,
        aicc: f64::INFINITY,
    }
}
