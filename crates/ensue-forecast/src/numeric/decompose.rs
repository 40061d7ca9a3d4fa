//! Classical decomposition: the figure of a season.
//!
//! Kendall and Stuart 1983, "The advanced theory of statistics", volume 3, as R's `decompose` and statsmodels'
//! `seasonal_decompose` have it: the trend is a centred moving average over one season, each phase's figure is the mean of
//! what is left of its steps, and the figures are moved to sum to 0 (or to average 1).

/// What season and trend do to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// They are added.
    Additive,
    /// They are multiplied; the values are positive.
    Multiplicative,
}

/// The figure of each phase of a season of `season` steps, phase 0 first; `values` cover two seasons or more.
pub(crate) fn season_figure(values: &[f64], season: usize, kind: Kind) -> Vec<f64> {
    let half = season / 2;
    let mut sums = vec![(0.0, 0_u32); season];
    for at in half..values.len() - half {
        let window = &values[at - half..=at + half];
        let mut sum: f64 = window.iter().sum();
        if season.is_multiple_of(2) {
            // A season of even length has no middle: its outer steps count half.
            sum -= 0.5 * (window[0] + window[window.len() - 1]);
        }
        let trend = sum / season as f64;
        let rest = match kind {
            Kind::Additive => values[at] - trend,
            Kind::Multiplicative => values[at] / trend,
        };
        let phase = &mut sums[at % season];
        *phase = (phase.0 + rest, phase.1 + 1);
    }
    let mut figure: Vec<f64> =
        sums.into_iter().map(|(sum, count)| sum / f64::from(count.max(1))).collect();
    let mean = figure.iter().sum::<f64>() / season as f64;
    for value in &mut figure {
        match kind {
            Kind::Additive => *value -= mean,
            Kind::Multiplicative => *value /= mean,
        }
    }
    figure
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_season_around_a_line_is_found_again() {
        // Oracle: how the values are made; a moving average leaves a line as it is.
        for own in [vec![2.0, -1.0, -1.0], vec![3.0, -1.0, -3.0, 1.0]] {
            let m = own.len();
            let values: Vec<f64> = (0..=(5 * m)).map(|t| 9.0 + t as f64 + own[t % m]).collect();
            for (found, own) in season_figure(&values, m, Kind::Additive).iter().zip(&own) {
                assert!((found - own).abs() < 1e-12, "{found}, not {own}");
            }
        }
    }

    #[test]
    fn figures_are_those_of_statsmodels() {
        // Oracle: statsmodels 0.15.0, seasonal_decompose([5, 9, 4, 6, 6, 12, 4, 7, 8, 13, 5], period=4).seasonal[:4].
        let values = [5.0, 9.0, 4.0, 6.0, 6.0, 12.0, 4.0, 7.0, 8.0, 13.0, 5.0];
        for (kind, expected) in [(Kind::Additive, ADDITIVE), (Kind::Multiplicative, MULTIPLICATIVE)]
        {
            for (found, expected) in season_figure(&values, 4, kind).iter().zip(expected) {
                assert!((found - expected).abs() < 1e-12, "{found}, not {expected}");
            }
        }
    }

    const ADDITIVE: [f64; 4] = [-0.75, 4.6875, -3.0, -0.9375];
    const MULTIPLICATIVE: [f64; 4] = [
        0.899_392_288_516_563_7,
        1.644_912_915_563_518,
        0.579_356_232_675_518,
        0.876_338_563_244_400_5,
    ];
}
