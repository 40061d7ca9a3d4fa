//! A test of whether a series wanders, or stays about a level.

/// What the statistic of a series that stays about a level exceeds in 5 of 100 cases: Kwiatkowski, Phillips, Schmidt & Shin
/// 1992, table 1.
pub(crate) const WANDERS: f64 = 0.463;

/// The statistic of Kwiatkowski, Phillips, Schmidt and Shin for a series about a level, with `lags` lags and Bartlett's window.
///
/// ```text
/// sum of (partial sums of e)^2 / (n^2 s^2),  e = y - mean,
/// s^2 = (sum e_t^2 + 2 sum_{k <= lags} (1 - k / (lags + 1)) sum_t e_t e_{t-k}) / n
/// ```
///
/// Source: their paper, "Testing the null hypothesis of stationarity against the alternative of a unit root", Journal of
/// Econometrics 54, 1992, equations 10 and 13. 0 for a constant series.
pub(crate) fn kpss(y: &[f64], lags: usize) -> f64 {
    let n = y.len() as f64;
    let mean = y.iter().sum::<f64>() / n;
    let e: Vec<f64> = y.iter().map(|y| y - mean).collect();
    let product = |lag: usize| -> f64 {
        e.get(lag..).unwrap_or_default().iter().zip(&e).map(|(a, b)| a * b).sum()
    };
    let weighted = |lag: usize| 2.0 * (1.0 - lag as f64 / (lags as f64 + 1.0)) * product(lag);
    let variance = (product(0) + (1..=lags).map(weighted).sum::<f64>()) / n;
    let partial = e.iter().scan(0.0, |sum, e| {
        *sum += e;
        Some(*sum * *sum)
    });
    let statistic = partial.sum::<f64>() / (n * n * variance);
    if variance > 0.0 { statistic } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statistic_is_that_of_statsmodels() {
        // Oracle: statsmodels.tsa.stattools.kpss(y, "c", nlags=2) of 0.15.
        let y = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0, 5.0, 3.0, 5.0, 8.0];
        let found = kpss(&y, 2);
        assert!((found - KPSS_2).abs() < 1e-12, "{found}");
        let found = kpss(&y, 0);
        assert!((found - KPSS_0).abs() < 1e-12, "{found}");
    }

    const KPSS_2: f64 = 0.378_124_999_999_999_7;
    const KPSS_0: f64 = 0.317_085_953_878_406_43;

    #[test]
    fn a_walk_wanders_and_a_level_does_not() {
        // Oracle: what the test is for.
        let noise =
            |t: u32| f64::from(t.wrapping_mul(2_654_435_761) >> 8) / f64::from(1 << 24) - 0.5;
        let level: Vec<f64> = (0..200).map(noise).collect();
        let walk: Vec<f64> = (0..200)
            .scan(0.0, |at, t| {
                *at += noise(t) + 0.1;
                Some(*at)
            })
            .collect();
        assert!(kpss(&level, 3) < WANDERS && kpss(&walk, 3) > WANDERS);
        assert_eq!(kpss(&[5.0; 9], 1), 0.0);
    }
}
