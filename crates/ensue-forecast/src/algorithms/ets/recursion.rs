//! One pass over a series: errors, likelihood, and the states at its end.
//!
//! The recursions are those of Hyndman et al. 2008, table 2.2, in a form that is the same for both kinds of errors: with
//! `q = level + phi trend`, `p` the value without its season, and `d = p - q`, the level becomes `q + alpha d` and the trend
//! `phi trend + beta d`. The form of the errors only changes how they are counted. One loop is compiled for every
//! combination, so that none of them branches.

use super::model::{Model, Season, Smoothing, States, Trend};

/// Below this a forecast of values of size 1 counts as not positive.
const LOWEST: f64 = 1e-10;

/// Values whose logarithms are taken together: their product neither overflows nor vanishes.
const TOGETHER: usize = 16;

/// What a pass adds up.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sums {
    /// Squares of the errors, relative ones where the model has them.
    pub(super) squares: f64,
    /// Logarithms of the forecasts, where errors are relative.
    pub(super) logs: f64,
}

impl Sums {
    /// -2 times the logarithm of the likelihood, up to what is the same for all models of `n` values (Hyndman et al. 2008,
    /// equation 5.3); infinite where it does not exist.
    pub(super) fn deviance(self, n: usize) -> f64 {
        let n = n as f64;
        // A perfect fit is as good as the rounding of values of size 1.
        let value = n * self.squares.max(n * 1e-26).ln() + 2.0 * self.logs;
        if value.is_finite() { value } else { f64::INFINITY }
    }
}

/// Passes over `values`, which have size 1, and moves `states` from before the first value to after the last.
pub(super) fn pass(model: Model, values: &[f64], by: &Smoothing, states: &mut States) -> Sums {
    let trend = model.trend != Trend::None;
    match (model.season, trend, model.relative) {
        (Season::None, false, false) => plain::<false, false>(values, by, states),
        (Season::None, false, true) => plain::<false, true>(values, by, states),
        (Season::None, true, false) => plain::<true, false>(values, by, states),
        (Season::None, true, true) => plain::<true, true>(values, by, states),
        (Season::Additive, _, false) => seasonal::<false, false>(values, by, states),
        (Season::Additive, _, true) => seasonal::<false, true>(values, by, states),
        (Season::Multiplicative, _, false) => seasonal::<true, false>(values, by, states),
        (Season::Multiplicative, _, true) => seasonal::<true, true>(values, by, states),
    }
}

/// Without a season. The chain of operations from one step to the next decides how long a pass takes, so the recursion is
/// written in forecast and growth: `forecast' = (1 - c) forecast + phi growth + c y` and `growth' = phi growth + phi beta
/// (y - forecast)` with `c = alpha + phi beta`.
fn plain<const TREND: bool, const RELATIVE: bool>(
    values: &[f64],
    by: &Smoothing,
    states: &mut States,
) -> Sums {
    let (beta, phi) = if TREND { (by.beta, by.phi) } else { (0.0, 1.0) };
    let (share, bend) = (by.alpha + phi * beta, phi * beta);
    let kept = 1.0 - share;
    let mut growth = if TREND { phi * states.trend } else { 0.0 };
    let mut forecast = states.level + growth;
    let mut sums = Sums::default();
    let mut lowest = f64::INFINITY;
    for some in values.chunks(TOGETHER) {
        let mut product = 1.0;
        for &y in some {
            let error = y - forecast;
            if RELATIVE {
                let relative = error / forecast;
                sums.squares += relative * relative;
                product *= forecast;
                if forecast < lowest {
                    lowest = forecast;
                }
            } else {
                sums.squares += error * error;
            }
            if TREND {
                let next = kept * forecast + (phi * growth + share * y);
                growth = (phi * growth + bend * y) - bend * forecast;
                forecast = next;
            } else {
                forecast = kept * forecast + share * y;
            }
        }
        if RELATIVE {
            sums.logs += product.ln();
        }
    }
    states.level = forecast - growth;
    if TREND {
        states.trend = growth / phi;
    }
    if RELATIVE && lowest < LOWEST {
        sums.squares = f64::INFINITY;
    }
    sums
}

fn seasonal<const MULTIPLIES: bool, const RELATIVE: bool>(
    values: &[f64],
    by: &Smoothing,
    states: &mut States,
) -> Sums {
    let &Smoothing { alpha, beta, gamma, phi } = by;
    let (mut level, mut trend) = (states.level, states.trend);
    let mut sums = Sums::default();
    let mut lowest = f64::INFINITY;
    for cycle in values.chunks(states.season.len()) {
        for (some, phases) in cycle.chunks(TOGETHER).zip(states.season.chunks_mut(TOGETHER)) {
            let mut product = 1.0;
            for (y, phase) in some.iter().zip(phases) {
                let growth = phi * trend;
                let base = level + growth;
                let forecast = if MULTIPLIES { base * *phase } else { base + *phase };
                let error = y - forecast;
                let difference = if MULTIPLIES { y / *phase - base } else { error };
                if RELATIVE {
                    let relative = error / forecast;
                    sums.squares += relative * relative;
                    product *= forecast;
                    lowest = if forecast < lowest { forecast } else { lowest };
                } else {
                    sums.squares += error * error;
                }
                if MULTIPLIES {
                    lowest = if *phase < lowest { *phase } else { lowest };
                    lowest = if base < lowest { base } else { lowest };
                }
                level = base + alpha * difference;
                trend = growth + beta * difference;
                *phase += gamma * if MULTIPLIES { y / base - *phase } else { error };
            }
            if RELATIVE {
                sums.logs += product.ln();
            }
        }
    }
    (states.level, states.trend) = (level, trend);
    if (RELATIVE || MULTIPLIES) && lowest < LOWEST {
        sums.squares = f64::INFINITY;
    }
    sums
}
