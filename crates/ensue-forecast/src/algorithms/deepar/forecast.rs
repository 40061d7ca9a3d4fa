//! Forecasts: sample paths from the end of every series on, and their quantiles.

use burn::tensor::{Device, Tensor, TensorData};
use ensue_core::{Panel, Quantile, Seed};
use ensue_nn::{likelihood::Likelihood, recurrent::PathSource};
use rand_chacha::ChaCha8Rng;

use crate::{
    ForecastError, SeriesForecast,
    algorithms::global::{Calendar, Feature, Ready},
};

use super::{
    NAME,
    inputs::Inputs,
    network::{Network, located_on_host},
    windows::{anchor, write_steps},
};

/// Draws that are kept at once, which bounds how many series are forecast together.
const DRAWS: usize = 1 << 24;
/// Draws further than this from zero, in units of the scale, are held back: one wild draw of a heavy
/// tail must not end in infinity after it was fed back a hundred times.
const FARTHEST: f32 = 1e5;

/// Everything a forecast needs.
#[derive(Debug)]
pub(super) struct Forecasting<'a> {
    pub(super) network: &'a Network,
    pub(super) inputs: &'a Inputs,
    pub(super) device: &'a Device,
    pub(super) paths: usize,
}

impl Forecasting<'_> {
    pub(super) fn forecast(
        &self,
        panel: &Panel,
        quantiles: &[Quantile],
        seed: Seed,
    ) -> Result<Vec<SeriesForecast>, ForecastError> {
        let series = self.inputs.ready(panel, true)?;
        let calendar = Calendar::ahead(&self.inputs.known, series.iter());
        let tables: Vec<Vec<f32>> =
            self.network.embeddings.iter().map(|table| values(table.val())).collect();
        let decoder = self.network.stack.decoder();
        let head = (self.network.head.val(), self.network.bias.val());
        // Every path of a point forecast is the same.
        let paths =
            if self.inputs.likelihood == Likelihood::DeterministicL1 { 1 } else { self.paths };
        let horizon = self.inputs.horizon();
        let together = (DRAWS / (paths * horizon)).clamp(1, 1024);
        let mut forecasts = Vec::with_capacity(series.len());
        for (chunk, known) in series.chunks(together).zip(panel.series().chunks(together)) {
            let scales: Vec<f64> = chunk.iter().map(|ready| self.scale(ready)).collect();
            let states = self.network.encode(
                self.context(chunk, &scales, &calendar),
                &rows(chunk, self.inputs.known.features.len()),
            );
            let embedded =
                chunk.iter().map(|ready| embedded(self.inputs, ready, &tables)).collect();
            let noise =
                known.iter().map(|series| seed.child(&series.key().join("\u{1f}")).stream("paths"));
            let future = Future {
                inputs: self.inputs,
                calendar: &calendar,
                series: chunk,
                scales: &scales,
                embedded,
                noise: noise.collect(),
                columns: (0..self.inputs.lags.len()).collect(),
            };
            let drawn = decoder.paths(&states, head.clone(), paths, horizon, &future);
            let drawn = drawn.chunks_exact(paths * horizon);
            for ((series, ready), drawn) in known.iter().zip(chunk).zip(drawn) {
                let least =
                    if self.inputs.known.never_negative(ready) { 0.0 } else { f32::NEG_INFINITY };
                let forecast = summary(drawn, paths, horizon, least, quantiles);
                let finite = |values: &[f64]| values.iter().all(|x| x.is_finite());
                if !finite(&forecast.mean) || !forecast.quantiles.iter().all(|q| finite(q)) {
                    let key = series.key().to_vec();
                    return Err(ForecastError::NotFinite { algorithm: NAME, key });
                }
                forecasts.push(forecast);
            }
        }
        Ok(forecasts)
    }

    fn scale(&self, ready: &Ready) -> f64 {
        let end = ready.values.len() as i64;
        self.inputs.scale(ready.size(end - self.inputs.context() as i64, end), ready.past)
    }

    /// Inputs of the context, `[series, context, columns]`.
    fn context(&self, series: &[Ready], scales: &[f64], calendar: &Calendar) -> Tensor<3> {
        let (time, columns) = (self.inputs.context(), self.inputs.columns());
        let mut x = vec![0.0; series.len() * time * columns];
        for ((ready, &scale), x) in
            series.iter().zip(scales).zip(x.chunks_exact_mut(time * columns))
        {
            let first = ready.values.len() as i64 - time as i64;
            write_steps(self.inputs, calendar, ready, first, 0, scale, x);
        }
        Tensor::from_data(TensorData::new(x, [series.len(), time, columns]), self.device)
    }
}

fn values(table: Tensor<2>) -> Vec<f32> {
    table.into_data().try_to_vec::<f32>().expect("weights are f32")
}

/// Embedding rows, `[features, series]`.
fn rows(series: &[Ready], features: usize) -> Vec<i32> {
    (0..features).flat_map(|n| series.iter().map(move |ready| ready.rows[n])).collect()
}

/// The embeddings of one series, side by side.
fn embedded(inputs: &Inputs, ready: &Ready, tables: &[Vec<f32>]) -> Vec<f32> {
    let parts = tables.iter().zip(&ready.rows).zip(&inputs.known.features);
    let part = |((table, &row), feature): ((&Vec<f32>, &i32), &Feature)| {
        let at = row as usize * feature.dimension;
        table[at..at + feature.dimension].to_vec()
    };
    parts.flat_map(part).collect()
}

/// The inputs of the steps to forecast, and the draws.
struct Future<'a> {
    inputs: &'a Inputs,
    calendar: &'a Calendar,
    series: &'a [Ready],
    scales: &'a [f64],
    /// Embeddings of each series.
    embedded: Vec<Vec<f32>>,
    /// A generator for each series; its paths are streams of it.
    noise: Vec<ChaCha8Rng>,
    /// Numbers of the columns of lags.
    columns: Vec<usize>,
}

/// What is a path's own.
struct Own {
    noise: ChaCha8Rng,
    /// Its draws so far, where anchors look back at them.
    past: Vec<f32>,
    /// Outputs of the head at one step.
    outputs: Vec<f32>,
}

impl PathSource for Future<'_> {
    type Noise = Own;

    fn start(&self, series: usize, path: usize) -> Own {
        let mut noise = self.noise[series].clone();
        noise.set_stream(path as u64);
        Own { noise, past: Vec::new(), outputs: Vec::new() }
    }

    /// Lags that reach into the forecast; they stand first and ascend.
    fn own_columns(&self, step: usize) -> Option<&[usize]> {
        Some(&self.columns[..self.inputs.lags.partition_point(|&lag| lag <= step)])
    }

    fn shared(&self, series: usize, step: usize, x: &mut [f32]) {
        let (ready, scale) = (&self.series[series], self.scales[series]);
        let (x, embedded) = x.split_at_mut(self.inputs.columns());
        let at = (ready.values.len() + step) as i64;
        x.fill(0.0);
        write_steps(self.inputs, self.calendar, ready, at, 0, scale, x);
        embedded.copy_from_slice(&self.embedded[series]);
    }

    fn input(&self, series: usize, _: usize, step: usize, past: &[f32], x: &mut [f32]) {
        let factor = (1.0 / self.scales[series]) as f32;
        for (x, &lag) in x.iter_mut().zip(&self.inputs.lags) {
            *x = past[step - lag] * factor;
        }
    }

    fn draw(&self, own: &mut Own, series: usize, _: usize, step: usize, raw: &[f32]) -> f32 {
        let scale = self.scales[series] as f32;
        let Own { noise, past, outputs } = own;
        outputs.clear();
        outputs.extend_from_slice(raw);
        let values = &self.series[series].values;
        let anchors = self.inputs.anchors.iter().map(|&lag| {
            let place = anchor((values.len() + step) as i64, lag, 0);
            let value = place.map(|at| values.get(at).unwrap_or_else(|| &past[at - values.len()]));
            value.map_or(0.0, |y| y / scale)
        });
        let raw = located_on_host(self.inputs, outputs, anchors);
        let most = FARTHEST * scale;
        let y = self.inputs.likelihood.sample(raw, scale, noise).clamp(-most, most);
        if !self.inputs.anchors.is_empty() {
            past.push(y);
        }
        y
    }
}

/// Mean and quantiles of the paths of one series, `[path, step]`, no value below `least`.
///
/// Draws below it were fed back as they are: held back there, they would drift upwards.
fn summary(
    drawn: &[f32],
    paths: usize,
    horizon: usize,
    least: f32,
    quantiles: &[Quantile],
) -> SeriesForecast {
    let mut mean = Vec::with_capacity(horizon);
    let mut levels = vec![Vec::with_capacity(horizon); quantiles.len()];
    let mut sorted = Vec::with_capacity(paths);
    for step in 0..horizon {
        sorted.clear();
        sorted.extend((0..paths).map(|path| drawn[path * horizon + step].max(least)));
        sorted.sort_unstable_by(f32::total_cmp);
        let sum: f64 = sorted.iter().map(|&y| f64::from(y)).sum();
        mean.push(sum / paths as f64);
        for (level, out) in quantiles.iter().zip(&mut levels) {
            out.push(at_level(&sorted, level.level()));
        }
    }
    SeriesForecast { mean, quantiles: levels }
}

/// The quantile of sorted draws, linear between them (Hyndman & Fan 1996, type 7).
fn at_level(sorted: &[f32], level: f64) -> f64 {
    let place = level * (sorted.len() - 1) as f64;
    let low = place.floor() as usize;
    let high = (low + 1).min(sorted.len() - 1);
    let share = place - low as f64;
    f64::from(sorted[low]) * (1.0 - share) + f64::from(sorted[high]) * share
}
