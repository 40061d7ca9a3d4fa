//! `[nasty-series]`: 500 series that break forecasting algorithms, and what each algorithm makes of them.

use ensue::core::{Panel, Quantile, Seed, Series, series::Frequency};
use ensue_forecast::{AnyAlgorithm, SeriesForecast, TrainingData};

use crate::{
    Context, recipes,
    report::{Bar, Failure, Report},
};

const SERIES: usize = 500;
const HORIZON: usize = 14;

/// Epochs of the algorithms that have epochs: enough to be led astray.
const EPOCHS: usize = 3;

pub(crate) fn measure(context: &Context) -> Result<Report, Failure> {
    let seed = context.seeds[0];
    let mut report = Report::new(&[seed], context.threads.get());
    let series = ensue_testkit::nasty_series(Seed(seed), SERIES);
    let panel = Panel::new(Frequency::DAILY, series)?;
    for name in AnyAlgorithm::NAMES {
        let algorithm = small(name)?;
        let (failed, remark) = failures(context, &algorithm, &panel, seed);
        let what = format!("{name}: of {SERIES} series not forecast, not finite or crossing");
        report.row_with(what, failed as f64, Bar::Count(0), remark);
    }
    report.note(format!(
        "horizon {HORIZON}, days, 99 quantiles, {EPOCHS} epochs where there are epochs"
    ));
    Ok(report)
}

/// The algorithm with its default settings, but for the number of epochs.
fn small(name: &str) -> Result<AnyAlgorithm, Failure> {
    let mut settings = serde_json::to_value(AnyAlgorithm::by_name(name)?)?;
    if let Some(epochs) = settings.get_mut("epochs") {
        *epochs = EPOCHS.into();
    }
    Ok(serde_json::from_value(settings)?)
}

/// How many series are not well forecast, and the first of them.
fn failures(
    context: &Context,
    algorithm: &AnyAlgorithm,
    panel: &Panel,
    seed: u64,
) -> (usize, String) {
    let data = TrainingData { panel: panel.clone(), horizon: HORIZON };
    let levels: Vec<Quantile> =
        (1..100).filter_map(|percent| Quantile::new(f64::from(percent) / 100.0).ok()).collect();
    let start = std::time::Instant::now();
    let forecasts = match algorithm.fit(&data, &mut recipes::run(context, seed)) {
        Ok(fitted) => {
            fitted.forecast(panel, &levels, Seed(seed)).map_err(|error| error.to_string())
        }
        Err(error) => Err(error.to_string()),
    };
    let forecasts = match forecasts {
        Ok(forecasts) if forecasts.len() == panel.len() => forecasts,
        Ok(forecasts) => return (SERIES, format!("{} forecasts", forecasts.len())),
        Err(error) => return (SERIES, error),
    };
    let bad: Vec<&Series> = panel
        .series()
        .iter()
        .zip(&forecasts)
        .filter(|(_, forecast)| !sound(forecast, levels.len()))
        .map(|(series, _)| series)
        .collect();
    let seconds = start.elapsed().as_secs_f64();
    let first = bad.first().map(|series| format!(", the first {:?}", series.key()));
    (bad.len(), format!("{seconds:.1} seconds{}", first.unwrap_or_default()))
}

/// Whether a forecast has all its numbers, all are finite, and quantiles do not fall when the level rises.
fn sound(forecast: &SeriesForecast, levels: usize) -> bool {
    let rows = &forecast.quantiles;
    let finite = |row: &Vec<f64>| row.len() == HORIZON && row.iter().all(|y| y.is_finite());
    let rises = |pair: &[Vec<f64>]| pair[0].iter().zip(&pair[1]).all(|(low, high)| low <= high);
    rows.len() == levels
        && finite(&forecast.mean)
        && rows.iter().all(finite)
        && rows.windows(2).all(rises)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_not_finite_or_crossing_is_not_sound() {
        // Oracle: by hand.
        let forecast = |mean: f64, low: f64, high: f64| SeriesForecast {
            mean: vec![mean; HORIZON],
            quantiles: vec![vec![low; HORIZON], vec![high; HORIZON]],
        };
        assert!(sound(&forecast(1.0, 0.0, 2.0), 2) && sound(&forecast(1.0, 1.0, 1.0), 2));
        assert!(!sound(&forecast(1.0, 2.0, 0.0), 2) && !sound(&forecast(1.0, 0.0, 2.0), 3));
        assert!(!sound(&forecast(f64::NAN, 0.0, 2.0), 2));
        assert!(!sound(&forecast(1.0, 0.0, f64::INFINITY), 2));
        assert!(!sound(&SeriesForecast { mean: vec![1.0], quantiles: Vec::new() }, 0));
    }
}
