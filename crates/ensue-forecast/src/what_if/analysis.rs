//! The baseline and the what-if forecasts.

use ensue_core::Panel;

use super::{Comparison, chart};
use crate::Forecast;

/// The forecast as it is and each what-if forecast, drawn with the same random numbers. Made by
/// [`Predictor::what_if`](crate::Predictor::what_if).
#[derive(Debug, Clone, PartialEq)]
pub struct WhatIfAnalysis {
    baseline: Forecast,
    forecasts: Vec<(String, Forecast)>,
}

impl WhatIfAnalysis {
    pub(super) fn new(baseline: Forecast, forecasts: Vec<(String, Forecast)>) -> Self {
        Self { baseline, forecasts }
    }

    /// The forecast of the series as they are.
    pub fn baseline(&self) -> &Forecast {
        &self.baseline
    }

    /// Each what-if forecast with its name, in the order asked for; they can be queried, saved and exported
    /// as the baseline can.
    pub fn forecasts(&self) -> impl ExactSizeIterator<Item = (&str, &Forecast)> {
        self.forecasts.iter().map(|(name, forecast)| (name.as_str(), forecast))
    }

    /// The what-if forecast with this name.
    pub fn forecast(&self, name: &str) -> Option<&Forecast> {
        self.forecasts().find(|(known, _)| *known == name).map(|(_, forecast)| forecast)
    }

    /// Totals over the horizon, the baseline's beside those of each what-if forecast.
    pub fn comparison(&self) -> Comparison {
        Comparison::of(self)
    }

    /// Draws the baseline and every what-if forecast of one series as an SVG document: a line each (the
    /// median where there is one), and the range of the baseline's quantiles. `panel` is what was forecast;
    /// the end of its history is drawn before them. None where the series is not in the forecast.
    pub fn chart(&self, panel: &Panel, key: &[impl AsRef<str>]) -> Option<String> {
        let at = self.baseline.position(key)?;
        Some(chart::draw(self, at, panel.position(key).map(|at| &panel.series()[at])))
    }
}
