//! Trend and season of a series by local regression (STL).
//!
//! Source: Cleveland, Cleveland, `McRae` & Terpenning 1990, "STL: a seasonal-trend decomposition procedure based on loess",
//! Journal of Official Statistics 6; the names of the windows are theirs. Not the robust form, and no steps are skipped.

/// A series taken apart: season, trend and the rest add up to it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Parts {
    /// What repeats.
    pub(crate) season: Vec<f64>,
    /// What moves slowly.
    pub(crate) trend: Vec<f64>,
    /// What is left.
    pub(crate) rest: Vec<f64>,
}

/// Widths of the windows and number of rounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Windows {
    /// Seasons that smooth the values of one phase.
    pub(crate) season: usize,
    /// Steps that smooth the trend.
    pub(crate) trend: usize,
    /// Steps of the filter that keeps the trend out of the season.
    pub(crate) low_pass: usize,
    /// Rounds.
    pub(crate) rounds: usize,
}

impl Windows {
    /// Those of statsmodels: a season window, a trend of a season and a half of it, rounded up to odd numbers, 5 rounds.
    pub(crate) fn usual(period: usize, season: usize) -> Self {
        let odd = |width: usize| width + 1 - width % 2;
        let trend = (1.5 * period as f64 / (1.0 - 1.5 / season as f64)).ceil() as usize;
        Self { season, trend: odd(trend), low_pass: odd(period + 1), rounds: 5 }
    }
}

/// Takes `y`, at least two seasons of `period` (2 or more) steps, apart; the season of a phase is a local mean, trends are
/// local lines.
pub(crate) fn stl(y: &[f64], period: usize, windows: Windows) -> Parts {
    let n = y.len();
    let mut trend = vec![0.0; n];
    let mut season = vec![0.0; n];
    let mut flat = vec![0.0; n];
    let mut cycle = vec![0.0; n + 2 * period];
    let mut weights = Vec::new();
    for _ in 0..windows.rounds {
        for at in 0..n {
            flat[at] = y[at] - trend[at];
        }
        smooth_phases(&flat, period, windows.season, &mut weights, &mut cycle);
        let thrice = moving_mean(&moving_mean(&moving_mean(&cycle, period), period), 3);
        let low = Loess { y: &thrice, width: windows.low_pass, line: true };
        for at in 0..n {
            season[at] = cycle[at + period] - low.at(at as f64, &mut weights);
        }
        for at in 0..n {
            flat[at] = y[at] - season[at];
        }
        let slow = Loess { y: &flat, width: windows.trend, line: true };
        for (at, trend) in trend.iter_mut().enumerate() {
            *trend = slow.at(at as f64, &mut weights);
        }
    }
    let rest = (0..n).map(|at| y[at] - season[at] - trend[at]).collect();
    Parts { season, trend, rest }
}

/// Smooths the values of each phase, and adds one season before and one after them.
fn smooth_phases(y: &[f64], period: usize, width: usize, weights: &mut Vec<f64>, out: &mut [f64]) {
    for phase in 0..period {
        let own: Vec<f64> = y.iter().skip(phase).step_by(period).copied().collect();
        let loess = Loess { y: &own, width, line: false };
        for at in 0..own.len() + 2 {
            out[phase + at * period] = loess.at(at as f64 - 1.0, weights);
        }
    }
}

/// Means of `width` neighbours; shorter than `y` by one less than that.
fn moving_mean(y: &[f64], width: usize) -> Vec<f64> {
    y.windows(width).map(|window| window.iter().sum::<f64>() / width as f64).collect()
}

/// Local regression on the values at 0, 1, ...
struct Loess<'a> {
    y: &'a [f64],
    /// Values that are looked at.
    width: usize,
    /// Whether lines are fitted, and not means.
    line: bool,
}

impl Loess<'_> {
    /// The fit at `x`; `weights` is scratch.
    fn at(&self, x: f64, weights: &mut Vec<f64>) -> f64 {
        let n = self.y.len();
        let width = self.width.min(n);
        let left = (x as usize).saturating_sub((self.width - 1) / 2).min(n - width);
        let near = left..left + width;
        let beyond = (self.width - width) / 2;
        let reach = (x - left as f64).max((near.end - 1) as f64 - x) + beyond as f64;
        weights.clear();
        weights.extend(near.clone().map(|at| {
            let share = (at as f64 - x).abs() / reach;
            if share > 0.999 {
                0.0
            } else if share <= 0.001 {
                1.0
            } else {
                (1.0 - share.powi(3)).powi(3)
            }
        }));
        let total: f64 = weights.iter().sum();
        if total <= 0.0 {
            return self.y[(x.max(0.0) as usize).min(n - 1)];
        }
        for weight in weights.iter_mut() {
            *weight /= total;
        }
        if self.line {
            let of = || near.clone().map(|at| at as f64).zip(weights.iter());
            let centre: f64 = of().map(|(at, weight)| at * weight).sum();
            let spread: f64 = of().map(|(at, weight)| weight * (at - centre).powi(2)).sum();
            // As published: where all weight is in one place a line says nothing.
            if spread.sqrt() > 0.001 * (n - 1) as f64 {
                let slope = (x - centre) / spread;
                for (at, weight) in near.clone().zip(weights.iter_mut()) {
                    *weight *= 1.0 + slope * (at as f64 - centre);
                }
            }
        }
        weights.iter().zip(&self.y[near]).map(|(weight, y)| weight * y).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_those_of_statsmodels() {
        // Oracle: statsmodels.tsa.seasonal.STL(y, period=4, seasonal=11, seasonal_deg=0).fit() of 0.15.
        let noise = |t: usize| ((t * 7919 + 13) % 101) as f64 / 101.0;
        let season = [3.0, -1.0, -4.0, 2.0];
        let y: Vec<f64> =
            (0..40).map(|t| 10.0 + 0.2 * t as f64 + season[t % 4] + noise(t)).collect();
        let parts = stl(&y, 4, Windows::usual(4, 11));
        let places = [0, 1, 17, 38, 39];
        let seasons =
            [2.924_754_479_3, -1.041_172_323_5, -1.020_685_049, -3.981_746_246_8, 2.018_098_679_4];
        let trends = [
            10.390_153_607_4,
            10.672_053_187_3,
            13.792_372_114_9,
            18.237_959_921_1,
            18.538_135_021,
        ];
        for (i, at) in places.into_iter().enumerate() {
            assert!((parts.season[at] - seasons[i]).abs() < 1e-8, "{at}: {}", parts.season[at]);
            assert!((parts.trend[at] - trends[i]).abs() < 1e-8, "{at}: {}", parts.trend[at]);
            assert!((parts.season[at] + parts.trend[at] + parts.rest[at] - y[at]).abs() < 1e-12);
        }
    }

    #[test]
    fn a_line_with_a_season_has_no_rest() {
        // Oracle: what local lines and repeated phases leave of a line and a season: nothing, but for what five rounds leave.
        let y: Vec<f64> =
            (0..36).map(|t| f64::from(t) + if t % 3 == 1 { 6.0 } else { -3.0 }).collect();
        let parts = stl(&y, 3, Windows::usual(3, 7));
        assert!(parts.rest.iter().all(|rest| rest.abs() < 1e-5), "{:?}", parts.rest);
    }
}
