//! Impacts by item and time, and over all.

use ensue_core::{Frequency, Panel, Seed, Series};
use jiff::civil::DateTime;

use super::{ExplainSettings, shapley::Shapley};
use crate::{ForecastType, Forecaster};

/// What moves the forecast of some series: the impact of each attribute at each step, of each item, and over all. Made
/// by [`Predictor::explain`](crate::Predictor::explain).
///
/// Vectors of impacts have the order of [`attributes`](Self::attributes). What impacts are is told in
/// [`explain`](crate::explain).
#[derive(Debug, Clone, PartialEq)]
pub struct Explainability {
    pub(super) algorithm: String,
    seed: Seed,
    frequency: Frequency,
    pub(super) dimensions: Vec<String>,
    horizon: usize,
    pub(super) forecast_type: ForecastType,
    attributes: Vec<String>,
    keys: Vec<Vec<String>>,
    /// The first step forecast of each series.
    first: Vec<i64>,
    /// `[series, step]`.
    forecast: Vec<f64>,
    /// `[series, step]`.
    reference: Vec<f64>,
    /// `[series, attribute, step]`.
    raw: Vec<f64>,
}

impl Explainability {
    /// `told`: places of the attributes behind the players of `found`.
    pub(super) fn new(
        model: &dyn Forecaster,
        panel: &Panel,
        attributes: Vec<String>,
        told: &[usize],
        found: Shapley,
        settings: &ExplainSettings,
        seed: Seed,
    ) -> Self {
        let (horizon, count) = (model.horizon(), attributes.len());
        let mut raw = vec![0.0; panel.len() * count * horizon];
        for (&attribute, values) in told.iter().zip(&found.values) {
            for (series, values) in values.chunks_exact(horizon.max(1)).enumerate() {
                raw[(series * count + attribute) * horizon..][..horizon].copy_from_slice(values);
            }
        }
        Self {
            algorithm: model.algorithm().to_owned(),
            seed,
            frequency: panel.frequency(),
            dimensions: panel.dimensions().to_vec(),
            horizon,
            forecast_type: settings.forecast_type,
            attributes,
            keys: panel.series().iter().map(|series| series.key().to_vec()).collect(),
            first: panel.series().iter().map(Series::end).collect(),
            forecast: found.everybody,
            reference: found.nobody,
            raw,
        }
    }

    /// Name of the algorithm.
    pub fn algorithm(&self) -> &str {
        &self.algorithm
    }

    /// Seed of the forecasts.
    pub fn seed(&self) -> Seed {
        self.seed
    }

    /// What is explained: a quantile, or the mean.
    pub fn forecast_type(&self) -> ForecastType {
        self.forecast_type
    }

    /// Names of the attributes.
    pub fn attributes(&self) -> &[String] {
        &self.attributes
    }

    /// Keys of the series that are explained, in the panel's order.
    pub fn keys(&self) -> &[Vec<String>] {
        &self.keys
    }

    /// Steps that are explained of each series.
    pub fn horizon(&self) -> usize {
        self.horizon
    }

    /// When each step of a series begins.
    pub fn times(&self, series: usize) -> impl ExactSizeIterator<Item = DateTime> + '_ {
        let first = self.first[series];
        (0..self.horizon).map(move |step| self.frequency.start_of(first + step as i64))
    }

    /// The forecast of a series, which knows all attributes.
    pub fn forecast(&self, series: usize) -> &[f64] {
        &self.forecast[series * self.horizon..][..self.horizon]
    }

    /// What the forecast would be without knowing any: with the raw impacts it adds up to the forecast.
    pub fn reference(&self, series: usize) -> &[f64] {
        &self.reference[series * self.horizon..][..self.horizon]
    }

    /// The raw impact of an attribute on each step of a series, in the target's unit.
    pub fn raw(&self, series: usize, attribute: usize) -> &[f64] {
        let row = series * self.attributes.len() + attribute;
        &self.raw[row * self.horizon..][..self.horizon]
    }

    /// The impact of each attribute on one step of a series.
    pub fn step_impact(&self, series: usize, step: usize) -> Vec<f64> {
        self.shares(|attribute| self.raw(series, attribute)[step..=step].iter())
    }

    /// The impact of each attribute on a series.
    pub fn item_impact(&self, series: usize) -> Vec<f64> {
        self.shares(|attribute| self.raw(series, attribute).iter())
    }

    /// The impact of each attribute on all series.
    pub fn impact(&self) -> Vec<f64> {
        let all = 0..self.keys.len();
        self.shares(|attribute| all.clone().flat_map(move |series| self.raw(series, attribute)))
    }

    /// Relative impacts: sizes added up, as shares of all; the sign is that of the sum.
    fn shares<'a, I: Iterator<Item = &'a f64>>(&self, raw: impl Fn(usize) -> I) -> Vec<f64> {
        let places = 0..self.attributes.len();
        let sizes: Vec<f64> = places.map(|at| raw(at).map(|x| x.abs()).sum()).collect();
        let total: f64 = sizes.iter().sum();
        let share = |(at, &size): (usize, &f64)| {
            if size == 0.0 {
                return 0.0;
            }
            let sum: f64 = raw(at).sum();
            if sum < 0.0 { -size / total } else { size / total }
        };
        sizes.iter().enumerate().map(share).collect()
    }
}
