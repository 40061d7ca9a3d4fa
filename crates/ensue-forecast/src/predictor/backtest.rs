//! One algorithm in every window: hide the end, fit, forecast, measure.

use std::time::Instant;

use ensue_core::{
    AccuracyAccumulator, AccuracyMetrics, EvaluatorAccumulator, Frequency, Outcome, Panel,
    Progress, Quantile, Run, evaluator_quantiles,
};

use super::{
    AlgorithmEvaluation, EvaluationType, PredictorError, PredictorSettings, TestWindow,
    WindowItems, train::Fits,
};
use crate::{FitError, ForecastType, Forecaster, SeriesForecast, TrainingData};

/// Fits what is measured.
pub(super) type Fit<'a> =
    dyn Fn(&TrainingData, &mut Run) -> Result<Box<dyn Forecaster>, FitError> + 'a;

/// What was measured of one algorithm, and what it forecast of each item in each window.
pub(super) struct Measured {
    pub(super) evaluation: AlgorithmEvaluation,
    pub(super) items: Vec<WindowItems>,
}

/// Measures one algorithm in every window, the newest first.
pub(super) fn measure(
    name: &'static str,
    fit: &Fit<'_>,
    settings: &PredictorSettings,
    panel: &Panel,
    fits: &mut Fits<'_>,
    run: &mut Run,
) -> Result<Measured, PredictorError> {
    let levels = levels(settings);
    let mut sums = Sums::new(settings, panel.frequency());
    let count = settings.backtest.number_of_backtest_windows;
    let mut items = Vec::with_capacity(count);
    let mut windows = Vec::with_capacity(count + 1);
    let mut seconds = 0.0;
    for window in 1..=count {
        let what = format!("{name}, backtest window {window} of {count}");
        run.emit(Progress::Started { what: what.clone(), total_steps: None });
        let hidden = window * settings.offset();
        let data = TrainingData { panel: panel.cut(hidden), horizon: settings.horizon };
        let start = Instant::now();
        let model = fits.next(run, &format!("window-{window}"), |run| fit(&data, run))?;
        seconds += start.elapsed().as_secs_f64();
        let seed = run.seed.child(&format!("backtest window {window}"));
        let forecasts = model
            .forecast(&data.panel, &levels, seed)
            .map_err(|source| PredictorError::Backtest { algorithm: name, window, source })?;
        if run.is_cancelled() {
            return Err(FitError::Cancelled.into());
        }
        let (measured, own) = sums.window(panel, &data.panel, hidden, &levels, &forecasts);
        if let Some(metrics) = &measured.metrics {
            run.emit(Progress::Evaluated { what, metrics: metrics.to_map() });
        } else {
            let message =
                format!("{what}: no item has all actual values there, so it is not measured");
            run.emit(Progress::Warning { message });
        }
        windows.push(measured);
        items.push(own);
    }
    windows.insert(0, sums.summary(&windows));
    let test_windows = windows;
    let evaluation = AlgorithmEvaluation {
        algorithm: name.to_owned(),
        test_windows,
        fit_seconds: Some(seconds),
    };
    Ok(Measured { evaluation, items })
}

/// The quantiles that a window is forecast with: those of the forecast types and of GluonTS's evaluator.
fn levels(settings: &PredictorSettings) -> Vec<Quantile> {
    let mut levels = evaluator_quantiles();
    for quantile in settings.quantiles() {
        if index_of(&levels, quantile).is_none() {
            levels.push(quantile);
        }
    }
    levels
}

fn index_of(levels: &[Quantile], quantile: Quantile) -> Option<usize> {
    levels.iter().position(|known| (known.level() - quantile.level()).abs() < 1e-9)
}

/// Adds up the metrics of windows.
struct Sums {
    horizon: usize,
    frequency: Frequency,
    types: Vec<ForecastType>,
    /// What Amazon's metrics of a point forecast measure.
    point: ForecastType,
    quantiles: Vec<Quantile>,
    all_windows: EvaluatorAccumulator,
}

impl Sums {
    fn new(settings: &PredictorSettings, frequency: Frequency) -> Self {
        Self {
            horizon: settings.horizon,
            frequency,
            types: settings.forecast_types.clone(),
            point: settings.limits.point(),
            quantiles: settings.quantiles(),
            all_windows: EvaluatorAccumulator::new(frequency.seasonality()),
        }
    }

    /// Measures one window; `past` is `panel` with the window and what follows, `hidden` steps, hidden.
    fn window(
        &mut self,
        panel: &Panel,
        past: &Panel,
        hidden: usize,
        levels: &[Quantile],
        forecasts: &[SeriesForecast],
    ) -> (TestWindow, WindowItems) {
        let season = self.frequency.seasonality();
        let mut metrics = AccuracyAccumulator::new(&self.quantiles, season);
        let mut evaluator = EvaluatorAccumulator::new(season);
        let mut items = WindowItems::new(self.horizon, self.types.len());
        let (mut count, mut span) = (0, None);
        for ((full, past), forecast) in panel.series().iter().zip(past.series()).zip(forecasts) {
            let first = full.end() - hidden as i64;
            let mut own = AccuracyAccumulator::new(&self.quantiles, season);
            items.first.push(first);
            if past.is_empty() {
                items.actual.extend(vec![f64::NAN; self.horizon]);
                items.values.extend(vec![f64::NAN; self.horizon * self.types.len()]);
            } else {
                let actual = &full.target()[past.len()..][..self.horizon];
                let outcome = Outcome {
                    past: past.target(),
                    actual,
                    mean: &forecast.mean,
                    levels,
                    quantiles: &forecast.quantiles,
                };
                let amazon = Outcome { mean: value_of(self.point, levels, forecast), ..outcome };
                own.add(&amazon);
                metrics.add(&amazon);
                evaluator.add(&outcome);
                self.all_windows.add(&outcome);
                if outcome.is_complete() {
                    count += 1;
                    let (low, high) = span.unwrap_or((first, first));
                    span = Some((first.min(low), first.max(high)));
                }
                items.actual.extend(actual);
                for one in &self.types {
                    items.values.extend(value_of(*one, levels, forecast));
                }
            }
            items.metrics.push(own.finish());
        }
        let window = TestWindow {
            evaluation_type: EvaluationType::Computed,
            test_window_start: span.map(|(low, _)| self.frequency.start_of(low)),
            test_window_end: span
                .map(|(_, high)| self.frequency.start_of(high + self.horizon as i64 - 1)),
            item_count: count,
            metrics: metrics.finish(),
            evaluator: evaluator.finish(),
        };
        (window, items)
    }

    fn summary(&self, windows: &[TestWindow]) -> TestWindow {
        TestWindow {
            evaluation_type: EvaluationType::Summary,
            test_window_start: windows.iter().filter_map(|window| window.test_window_start).min(),
            test_window_end: windows.iter().filter_map(|window| window.test_window_end).max(),
            item_count: windows.iter().map(|window| window.item_count).max().unwrap_or(0),
            metrics: AccuracyMetrics::summary(
                windows.iter().filter_map(|window| window.metrics.as_ref()),
            ),
            evaluator: self.all_windows.finish(),
        }
    }
}

/// The steps of one forecast type.
fn value_of<'a>(one: ForecastType, levels: &[Quantile], forecast: &'a SeriesForecast) -> &'a [f64] {
    match one {
        ForecastType::Mean => &forecast.mean,
        ForecastType::Quantile(quantile) => {
            let at =
                index_of(levels, quantile).expect("the levels hold those of the forecast types");
            &forecast.quantiles[at]
        }
    }
}
