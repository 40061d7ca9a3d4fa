//! The metric after each epoch.

use std::cell::Cell;

use ensue_core::{AccuracyAccumulator, Outcome, Panel, Progress, Quantile, Run};

use crate::{ForecastError, SeriesForecast};

/// Series that are measured on at most.
const SERIES: usize = 500;

/// Quantiles that are measured.
const LEVELS: [f64; 3] = [0.1, 0.5, 0.9];

/// Series that have their last horizon, which those of the training lack.
#[derive(Debug)]
pub(in crate::algorithms) struct Validation {
    past: Panel,
    whole: Panel,
    horizon: usize,
}

impl Validation {
    /// Splits the last `horizon` steps off every series that is long enough, if that is `wanted`: what
    /// to measure on, which is nothing where no series is, and what to train on.
    pub(in crate::algorithms) fn split(
        panel: &Panel,
        horizon: usize,
        wanted: bool,
    ) -> (Option<Self>, Panel) {
        let measured = wanted.then(|| panel.filtered(|s| s.len() > 2 * horizon));
        match measured.filter(|measured| !measured.is_empty()) {
            Some(measured) => (Some(Self::new(&measured, horizon)), without_last(panel, horizon)),
            None => (None, panel.clone()),
        }
    }

    /// Warns that nothing could be split off, though it was wanted.
    pub(in crate::algorithms) fn say_that_there_is_none(algorithm: &str, run: &Run) {
        let message = format!(
            "{algorithm}: no series is longer than two horizons, so nothing is kept from training to validate on"
        );
        run.emit(Progress::Warning { message });
    }

    /// The last `horizon` steps of these series, or of some of them that are spread over all.
    fn new(panel: &Panel, horizon: usize) -> Self {
        let every = panel.series().len().div_ceil(SERIES).max(1);
        let at = Cell::new(0usize);
        let some = panel.filtered(|_| at.replace(at.get() + 1).is_multiple_of(every));
        Self { past: some.cut(horizon), whole: some, horizon }
    }

    /// The negative mean weighted quantile loss of what `forecast` says, or of a network that cannot
    /// forecast a very low number.
    pub(in crate::algorithms) fn measure(
        &self,
        forecast: impl Fn(&Panel, &[Quantile]) -> Result<Vec<SeriesForecast>, ForecastError>,
    ) -> f64 {
        /// Worse than any forecast, and still a number.
        const WORST: f64 = -1e9;
        let levels: Vec<Quantile> =
            LEVELS.iter().map(|&level| Quantile::new(level).expect("a level")).collect();
        let Ok(forecasts) = forecast(&self.past, &levels) else {
            return WORST;
        };
        let mut metrics = AccuracyAccumulator::new(&levels, 1);
        let series = self.whole.series().iter().zip(self.past.series()).zip(&forecasts);
        for ((whole, past), forecast) in series {
            metrics.add(&Outcome {
                past: past.target(),
                actual: &whole.target()[past.len()..][..self.horizon],
                mean: &forecast.mean,
                levels: &levels,
                quantiles: &forecast.quantiles,
            });
        }
        let loss = metrics.finish().and_then(|metrics| metrics.average_weighted_quantile_loss);
        loss.filter(|loss| loss.is_finite()).map_or(WORST, |loss| (-loss).max(WORST))
    }
}

/// The panel without the last `steps` of every series that has more than twice as many.
fn without_last(panel: &Panel, steps: usize) -> Panel {
    panel.map(|series| if series.len() > 2 * steps { series.cut(steps) } else { series.clone() })
}
