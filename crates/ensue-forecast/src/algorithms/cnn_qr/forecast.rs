//! Forecasts: one fork at the end of every series.

use burn::tensor::Device;
use ensue_core::{Panel, Quantile, Series};

use crate::{ForecastError, SeriesForecast, algorithms::global::Calendar};

use super::{
    NAME,
    inputs::{Fork, Inputs, Units},
    network::{Network, quantiles_on_host},
    past::Past,
    quantiles::{Between, MIDDLE},
    windows::{Batch, part},
};

/// Numbers that are kept at once, which bounds how many series are forecast together.
const NUMBERS: usize = 1 << 24;

/// Everything a forecast needs.
#[derive(Debug)]
pub(super) struct Forecasting<'a> {
    pub(super) network: &'a Network,
    pub(super) inputs: &'a Inputs,
    pub(super) device: &'a Device,
}

/// Forks at the end of some series.
struct Ends {
    batch: Batch,
    units: Vec<Units>,
    /// Means of the anchors, `[series, horizon]`.
    centres: Vec<f64>,
}

impl Forecasting<'_> {
    pub(super) fn forecast(
        &self,
        panel: &Panel,
        quantiles: &[Quantile],
    ) -> Result<Vec<SeriesForecast>, ForecastError> {
        let inputs = self.inputs;
        let series = inputs.past(panel, true)?;
        let calendar = Calendar::ahead(&inputs.known, series.iter().map(|past| &past.ready));
        let levels: Vec<Between> = quantiles.iter().map(|&level| Between::new(level)).collect();
        let one = inputs.known.context * inputs.encoder()
            + inputs.known.horizon * (inputs.decoder() + 2 * inputs.anchors.len() + 64);
        let together = (NUMBERS / one).clamp(1, 1024);
        let mut forecasts = Vec::with_capacity(series.len());
        for (chunk, named) in series.chunks(together).zip(panel.series().chunks(together)) {
            let ends = self.ends(chunk, &calendar);
            let raw = self.network.forward(&ends.batch, None, self.device).into_data();
            let raw = raw.try_to_vec::<f32>().map_err(|_| not_finite(&named[0]))?;
            for (at, (past, series)) in chunk.iter().zip(named).enumerate() {
                let forecast = self.one(&ends, &raw, at, past, &levels);
                let finite = |values: &[f64]| values.iter().all(|x| x.is_finite());
                if !finite(&forecast.mean) || !forecast.quantiles.iter().all(|q| finite(q)) {
                    return Err(not_finite(series));
                }
                forecasts.push(forecast);
            }
        }
        Ok(forecasts)
    }

    fn ends(&self, series: &[Past], calendar: &Calendar) -> Ends {
        let inputs = self.inputs;
        let known = &inputs.known;
        let (time, horizon, n) = (known.context, known.horizon, series.len());
        let (encoder, decoder) = (inputs.encoder(), inputs.decoder());
        let (own, anchors) = (inputs.fork(), inputs.anchors.len());
        let mut batch = Batch {
            x: vec![0.0; n * time * encoder],
            context: time,
            places: vec![time],
            own: vec![0.0; n * own],
            decoder: vec![0.0; n * horizon * decoder],
            anchors: vec![0.0; n * horizon * anchors],
            targets: Vec::new(),
            weights: Vec::new(),
            rows: vec![0; n * known.features.len()],
            windows: n,
            events: 0,
        };
        let mut centres = vec![0.0; n * horizon];
        let mut all = Vec::with_capacity(n);
        for (at, past) in series.iter().enumerate() {
            let to = past.len();
            let units = inputs.units(past, 0, to);
            let x = &mut batch.x[part(at, time * encoder)];
            inputs.write_encoder(past, calendar, &units, to - time as i64, 0, to, x);
            let out = Fork {
                own: &mut batch.own[part(at, own)],
                decoder: &mut batch.decoder[part(at, horizon * decoder)],
                anchors: &mut batch.anchors[part(at, horizon * anchors)],
                centres: &mut centres[part(at, horizon)],
            };
            inputs.write_fork(past, calendar, &units, 0, to, out);
            for (feature, &row) in past.ready.rows.iter().enumerate() {
                batch.rows[feature * n + at] = row;
            }
            all.push(units);
        }
        Ends { batch, units: all, centres }
    }

    /// The forecast of series number `at` of a chunk; its mean is the median, as Amazon's.
    fn one(
        &self,
        ends: &Ends,
        raw: &[f32],
        at: usize,
        past: &Past,
        levels: &[Between],
    ) -> SeriesForecast {
        let known = &self.inputs.known;
        let (horizon, anchors) = (known.horizon, self.inputs.anchors.len());
        let least = if known.never_negative(&past.ready) { 0.0 } else { f64::NEG_INFINITY };
        let outputs = raw.len() / (ends.units.len() * horizon);
        let mut mean = Vec::with_capacity(horizon);
        let mut quantiles = vec![Vec::with_capacity(horizon); levels.len()];
        for step in at * horizon..(at + 1) * horizon {
            let values = quantiles_on_host(
                &raw[part(step, outputs)],
                &ends.batch.anchors[part(step, anchors)],
            );
            let back = |x: f64| (ends.centres[step] + x * ends.units[at].unit).max(least);
            mean.push(back(values[MIDDLE]));
            for (out, level) in quantiles.iter_mut().zip(levels) {
                out.push(back(level.of(&values)));
            }
        }
        SeriesForecast { mean, quantiles }
    }
}

fn not_finite(series: &Series) -> ForecastError {
    ForecastError::NotFinite { algorithm: NAME, key: series.key().to_vec() }
}
