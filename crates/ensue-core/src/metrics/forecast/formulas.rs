//! Formulas on the steps of one series.

/// The steps with an actual value, each with its forecast.
pub(super) fn observed<'a>(
    actual: &'a [f64],
    forecast: &'a [f64],
) -> impl Iterator<Item = (f64, f64)> + 'a {
    actual.iter().copied().zip(forecast.iter().copied()).filter(|(actual, _)| actual.is_finite())
}

/// Mean of the numbers; not-a-number where there are none.
pub(super) fn mean(numbers: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = numbers.fold((0.0, 0_usize), |(sum, count), x| (sum + x, count + 1));
    if count == 0 { f64::NAN } else { sum / count as f64 }
}

/// Twice the pinball loss of one quantile, summed over the steps.
///
/// ```text
/// 2 * sum over t of  level * max(y - q, 0) + (1 - level) * max(q - y, 0)
/// ```
///
/// For the median it is the absolute error. Source: Amazon Forecast developer guide, "evaluating
/// predictor accuracy"; GluonTS `quantile_loss`.
///
/// ```
/// use ensue_core::metrics::forecast::quantile_loss;
/// assert_eq!(quantile_loss(&[4.0, 4.0, f64::NAN], &[2.0, 6.0, 9.0], 0.75), 2.0 * (1.5 + 0.5));
/// ```
pub fn quantile_loss(actual: &[f64], forecast: &[f64], level: f64) -> f64 {
    let pinball =
        |(y, q): (f64, f64)| if y > q { level * (y - q) } else { (1.0 - level) * (q - y) };
    2.0 * observed(actual, forecast).map(pinball).sum::<f64>()
}

/// Mean absolute difference between values one season (`m` steps) apart: what scaled errors are
/// divided by.
///
/// ```text
/// mean over t of |y[t] - y[t - m]|,  m = 1 where the series is not longer than the season
/// ```
///
/// Pairs with a missing value are left out; not-a-number without a pair. Source: Hyndman & Koehler
/// 2006; the fall-back to `m = 1` is GluonTS's (`calculate_seasonal_error`).
///
/// ```
/// use ensue_core::metrics::forecast::seasonal_error;
/// assert_eq!(seasonal_error(&[1.0, 5.0, 2.0, 9.0], 2), 2.5);
/// assert_eq!(seasonal_error(&[1.0, 5.0], 2), 4.0);
/// assert!(seasonal_error(&[1.0], 2).is_nan());
/// ```
pub fn seasonal_error(past: &[f64], season: usize) -> f64 {
    let lag = if season < past.len() { season.max(1) } else { 1 };
    let later = past.get(lag..).unwrap_or_default();
    let differences = past.iter().zip(later).map(|(before, after)| (after - before).abs());
    mean(differences.filter(|difference| difference.is_finite()))
}

/// Mean interval score of a central prediction interval that should miss a share `alpha`.
///
/// ```text
/// mean over t of  U - L  +  2 / alpha * (L - y) where y < L  +  2 / alpha * (y - U) where y > U
/// ```
///
/// Not-a-number where no step has an actual value. Source: Gneiting & Raftery 2007, section 6.2; the
/// M4 competition's MSIS is this over the [`seasonal_error`].
///
/// ```
/// use ensue_core::metrics::forecast::interval_score;
/// // Inside, then 1 above an interval of width 2.
/// assert_eq!(interval_score(&[5.0, 7.0], &[4.0, 4.0], &[6.0, 6.0], 0.5), (2.0 + 6.0) / 2.0);
/// ```
pub fn interval_score(actual: &[f64], lower: &[f64], upper: &[f64], alpha: f64) -> f64 {
    let score = |((y, lower), upper): ((f64, f64), f64)| {
        let outside = (lower - y).max(0.0) + (y - upper).max(0.0);
        upper - lower + 2.0 / alpha * outside
    };
    let steps = actual.iter().copied().zip(lower.iter().copied()).zip(upper.iter().copied());
    mean(steps.filter(|((y, _), _)| y.is_finite()).map(score))
}
