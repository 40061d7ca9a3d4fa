//! How much is wanted at a step, by each method.

use super::smooth::smoothed;

/// Forecasts that are compared when the method is chosen.
const ORIGINS: usize = 12;

/// A way to the rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    Croston,
    Sba,
    Tsb,
    Adida,
}

const RULES: [Rule; 4] = [Rule::Croston, Rule::Sba, Rule::Tsb, Rule::Adida];

/// Room for what a method smooths.
#[derive(Debug, Default)]
pub(super) struct Room {
    sizes: Vec<f64>,
    intervals: Vec<f64>,
    others: Vec<f64>,
}

/// The demand to expect at each step after `values`; 0 where there was none.
///
/// ```text
/// size = smoothed demands that are not 0        interval = smoothed steps from one of them to the next
/// Croston   size / interval                                   Croston 1972
/// SBA       (1 - a / 2) size / interval                       Syntetos and Boylan 2005, equation 5; a smooths intervals
/// TSB       size * smoothed share of steps with demand        Teunter, Syntetos and Babai 2011, section 3
/// ADIDA     smoothed sums of k steps / k, k = mean interval   Nikolopoulos et al. 2011, section 2
/// ```
pub(super) fn rate(values: &[f64], rule: Rule, smoothing: Option<f64>, room: &mut Room) -> f64 {
    let Room { sizes, intervals, others } = room;
    sizes.clear();
    intervals.clear();
    others.clear();
    let mut last = 0;
    for (step, &value) in (1..).zip(values).filter(|(_, value)| **value != 0.0) {
        sizes.push(value);
        intervals.push((step - last) as f64);
        last = step;
    }
    if sizes.is_empty() {
        return 0.0;
    }
    if rule == Rule::Adida {
        // Demands come `mean` steps apart, so that a sum over them rarely is 0. The steps left over are the oldest.
        let mean = intervals.iter().sum::<f64>() / intervals.len() as f64;
        let steps = (mean.round_ties_even() as usize).max(1);
        let whole = &values[values.len() % steps..];
        others.extend(whole.chunks(steps).map(|chunk| chunk.iter().sum::<f64>()));
        return smoothed(others, smoothing).0 / steps as f64;
    }
    let size = smoothed(sizes, smoothing).0;
    if rule == Rule::Tsb {
        others.extend(values.iter().map(|&value| f64::from(u8::from(value != 0.0))));
        return size * smoothed(others, smoothing).0;
    }
    let (interval, constant) = smoothed(intervals, smoothing);
    let rate = size / interval;
    if rule == Rule::Sba { rate * (1.0 - constant / 2.0) } else { rate }
}

/// The method whose rate was nearest to what came after it, in up to twelve forecasts from within the last horizon: the least
/// sum of squares of rate and mean demand, by the steps that the mean is of.
pub(super) fn best(
    values: &[f64],
    horizon: usize,
    smoothing: Option<f64>,
    room: &mut Room,
) -> Rule {
    let back = horizon.min(values.len().saturating_sub(1));
    let origins = back.min(ORIGINS);
    let mut errors = [0.0; RULES.len()];
    for origin in 0..origins {
        let at = values.len() - back + origin * back / origins;
        let (past, after) = values.split_at(at);
        let mean = after.iter().sum::<f64>() / after.len() as f64;
        for (error, &rule) in errors.iter_mut().zip(&RULES) {
            *error += (rate(past, rule, smoothing, room) - mean).powi(2) * after.len() as f64;
        }
    }
    let pairs = RULES.into_iter().zip(errors);
    let least = pairs.min_by(|(_, one), (_, other)| one.total_cmp(other));
    // Where there is nothing to compare all errors are 0.
    least.filter(|_| origins > 0).map_or(Rule::Sba, |(rule, _)| rule)
}
