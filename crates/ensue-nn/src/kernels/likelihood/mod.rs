//! Losses of the likelihood heads: value and gradient of every target, in double precision.
//!
//! | file | what it holds |
//! |---|---|
//! | [`density`] | student-t, gaussian, negative binomial, beta; absolute error |
//! | [`curve`] | CRPS of the piecewise linear quantile function |
//! | [`special`] | gamma and digamma beyond Stirling's formula |

mod curve;
mod density;
mod special;
#[cfg(test)]
mod tests;

use super::lanes::Element;
use super::threads::split;
use crate::likelihood::{Likelihood, MOST_PARAMETERS};

/// Targets that are worth a thread: some tens of microseconds.
const GRAIN: usize = 256;

/// What the loss reads.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LikelihoodArgs<'a, E> {
    pub(crate) likelihood: Likelihood,
    /// `[batch, time, parameters]`
    pub(crate) raw: &'a [E],
    /// `[batch, time]`; anything where the weight is 0
    pub(crate) target: &'a [E],
    /// `[batch]`
    pub(crate) scale: &'a [E],
    /// `[batch, time]`
    pub(crate) weights: &'a [E],
}

/// The sum of all weighted losses and, if asked for, its gradient in `raw`.
pub(crate) fn likelihood_loss<E: Element>(
    args: &LikelihoodArgs<'_, E>,
    gradient: bool,
) -> (E, Option<Vec<E>>) {
    let &LikelihoodArgs { likelihood, raw, target, scale, weights } = args;
    let steps = target.len();
    assert_eq!(raw.len(), steps * likelihood.parameters(), "raw is not [batch, time, parameters]");
    assert_eq!(weights.len(), steps, "weights is not [batch, time]");
    assert_eq!(steps % scale.len().max(1), 0, "scale is not [batch]");
    let parts = split(steps, GRAIN, |_, range| part(args, range, gradient));
    let loss = parts.iter().map(|(loss, _)| loss).sum();
    let gradient = gradient.then(|| {
        let mut parts = parts.into_iter().map(|(_, gradient)| gradient);
        let mut all = parts.next().unwrap_or_default();
        parts.for_each(|part| all.extend(part));
        all
    });
    (E::from_f64(loss), gradient)
}

/// Loss and gradient of a run of steps.
fn part<E: Element>(
    args: &LikelihoodArgs<'_, E>,
    range: std::ops::Range<usize>,
    gradient: bool,
) -> (f64, Vec<E>) {
    let width = args.likelihood.parameters();
    let time = args.target.len() / args.scale.len().max(1);
    let (mut raw, mut grad) = ([0.0; MOST_PARAMETERS], [0.0; MOST_PARAMETERS]);
    let (raw, grad) = (&mut raw[..width], &mut grad[..width]);
    let mut out = Vec::with_capacity(if gradient { range.len() * width } else { 0 });
    let mut loss = 0.0;
    for i in range {
        let weight = args.weights[i].to_f64();
        if weight == 0.0 {
            // Not computed at all: the target may be a NaN.
            out.resize(if gradient { out.len() + width } else { 0 }, E::ZERO);
            continue;
        }
        raw.iter_mut().zip(&args.raw[i * width..]).for_each(|(to, from)| *to = from.to_f64());
        let (target, scale) = (args.target[i].to_f64(), args.scale[i / time].to_f64());
        loss += weight * one(args.likelihood, raw, target, scale, grad);
        if gradient {
            out.extend(grad.iter().map(|g| E::from_f64(weight * g)));
        }
    }
    (loss, out)
}

/// Loss of one target; writes its gradient.
fn one(likelihood: Likelihood, raw: &[f64], target: f64, scale: f64, grad: &mut [f64]) -> f64 {
    match likelihood {
        Likelihood::StudentT => density::student_t(raw, target, scale, grad),
        Likelihood::Gaussian => density::gaussian(raw, target, scale, grad),
        Likelihood::NegativeBinomial => density::negative_binomial(raw, target, scale, grad),
        Likelihood::Beta => density::beta(raw, target, grad),
        Likelihood::PiecewiseLinear => curve::crps(raw, target, scale, grad),
        Likelihood::DeterministicL1 => density::absolute(raw, target, scale, grad),
    }
}
