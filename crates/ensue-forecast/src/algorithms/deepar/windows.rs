//! Windows of the training series: which ones an epoch sees, and their batches.

use ensue_core::Seed;
use rand::RngExt;

use crate::algorithms::global::{COLD, Calendar, Draws, Ready};

use super::inputs::Inputs;

/// Draws of a window until one with something to learn is found.
const TRIES: usize = 20;

/// What windows are cut from.
#[derive(Debug)]
pub(super) struct Windows {
    pub(super) inputs: Inputs,
    pub(super) series: Vec<Ready>,
    pub(super) calendar: Calendar,
    draws: Draws,
}

/// Windows of `context + horizon` steps.
///
/// # Shapes
/// `x` `[windows, time, columns]`, `anchors` `[windows, time, anchors]`, `targets` and `weights`
/// `[windows, time]`, `scales` `[windows]`, `rows` `[features, windows]`.
#[derive(Debug, Clone)]
pub(super) struct Batch {
    pub(super) x: Vec<f32>,
    /// In units of the scale.
    pub(super) anchors: Vec<f32>,
    /// In original units; 0 where nothing was observed.
    pub(super) targets: Vec<f32>,
    /// What each step counts: nothing where nothing was observed.
    pub(super) weights: Vec<f32>,
    pub(super) scales: Vec<f32>,
    /// Embedding rows.
    pub(super) rows: Vec<i32>,
    pub(super) windows: usize,
    pub(super) events: usize,
}

/// One window: a series, and its first step to be forecast.
#[derive(Debug, Clone, Copy)]
struct Window {
    series: usize,
    split: i64,
    /// Whether the network may not see what lies before the split.
    cold: bool,
}

impl Windows {
    /// `weighting`: share of the draws that are in proportion to the root of a series' mean size.
    pub(super) fn new(inputs: Inputs, series: Vec<Ready>, weighting: f64) -> Self {
        let calendar = Calendar::new(&inputs.known, series.iter());
        let draws = Draws::new(series.iter(), weighting, |size| inputs.scale(Some(size), None));
        Self { inputs, series, calendar, draws }
    }

    /// Steps of a window.
    pub(super) fn time(&self) -> usize {
        self.inputs.context() + self.inputs.horizon()
    }

    /// `batches` batches of `size` windows. Every series comes as often as its chance says, up to one
    /// time more or less, in an order of chance; its windows are spread evenly, too.
    pub(super) fn epoch(
        &self,
        batches: usize,
        size: usize,
        seed: Seed,
    ) -> impl Iterator<Item = Batch> + Send + '_ {
        let mut rng = seed.stream("windows");
        let drawn = self.draws.draw(batches * size, &mut rng);
        (0..batches).map(move |n| {
            let windows: Vec<Window> =
                drawn[n * size..(n + 1) * size].iter().map(|&s| self.draw(s, &mut rng)).collect();
            self.batch(&windows)
        })
    }

    fn draw(&self, series: usize, rng: &mut impl RngExt) -> Window {
        let ready = &self.series[series];
        let last = ready.values.len().saturating_sub(self.inputs.horizon()) as i64;
        let mut split = last;
        for _ in 0..TRIES {
            split = rng.random_range(0..=last);
            let seen = split - self.inputs.context() as i64..split + self.inputs.horizon() as i64;
            if ready.size(seen.start, seen.end).is_some() {
                break;
            }
        }
        let cold = self.inputs.known.tells_items_apart() && rng.random_bool(COLD);
        Window { series, split, cold }
    }

    /// The last window of every series, in batches of `size`.
    #[cfg(test)]
    pub(super) fn last(&self, size: usize) -> impl Iterator<Item = Batch> + '_ {
        let horizon = self.inputs.horizon();
        let windows: Vec<Window> = (0..self.series.len())
            .filter(|&n| self.series[n].values.len() > horizon)
            .map(|series| {
                let split = (self.series[series].values.len() - horizon) as i64;
                Window { series, split, cold: false }
            })
            .collect();
        let batches: Vec<Vec<Window>> = windows.chunks(size).map(<[Window]>::to_vec).collect();
        batches.into_iter().map(|windows| {
            let mut batch = self.batch(&windows);
            // Only what is forecast is measured.
            for weights in batch.weights.chunks_exact_mut(self.time()) {
                weights[..self.inputs.context()].fill(0.0);
            }
            batch
        })
    }

    fn batch(&self, windows: &[Window]) -> Batch {
        let (time, columns) = (self.time(), self.inputs.columns());
        let n = windows.len();
        let mut batch = Batch {
            x: vec![0.0; n * time * columns],
            anchors: Vec::with_capacity(n * time * self.inputs.anchors.len()),
            targets: vec![0.0; n * time],
            weights: vec![0.0; n * time],
            scales: Vec::with_capacity(n),
            rows: vec![0; n * self.inputs.known.features.len()],
            windows: n,
            events: 0,
        };
        let share = 1.0 / (n * time) as f32;
        for (at, window) in windows.iter().enumerate() {
            let x = &mut batch.x[at * time * columns..(at + 1) * time * columns];
            let scale = self.write(window, x);
            batch.scales.push(scale as f32);
            let ready = &self.series[window.series];
            let first = window.split - self.inputs.context() as i64;
            let from = if window.cold { window.split } else { 0 };
            for step in first..first + time as i64 {
                let anchor = |&lag: &usize| {
                    let place = anchor(step, lag, from);
                    let value = place.and_then(|place| ready.values.get(place));
                    value.map_or(0.0, |&y| y / scale as f32)
                };
                batch.anchors.extend(self.inputs.anchors.iter().map(anchor));
            }
            for step in 0..time {
                let Ok(place) = usize::try_from(first + step as i64) else { continue };
                let hidden = window.cold && step < self.inputs.context();
                if ready.observed.get(place) == Some(&true) && !hidden {
                    batch.targets[at * time + step] = ready.values[place];
                    batch.weights[at * time + step] = share;
                    batch.events += 1;
                }
            }
            for (feature, &row) in ready.rows.iter().enumerate() {
                batch.rows[feature * n + at] = row;
            }
        }
        batch
    }

    /// Writes the inputs of a window and gives its scale.
    fn write(&self, window: &Window, x: &mut [f32]) -> f64 {
        let Window { series, split, cold } = *window;
        let ready = &self.series[series];
        let first = split - self.inputs.context() as i64;
        let size = if cold { None } else { ready.size(first, split) };
        // Of the past as it was at the split.
        let past = if cold { None } else { ready.size(0, split) };
        let scale = self.inputs.scale(size, past);
        let from = if cold { split } else { 0 };
        write_steps(&self.inputs, &self.calendar, ready, first, from, scale, x);
        scale
    }
}

/// Writes the inputs of consecutive steps from `first` on, `[time, columns]`, as if the series began at
/// `from`.
pub(super) fn write_steps(
    inputs: &Inputs,
    calendar: &Calendar,
    ready: &Ready,
    first: i64,
    from: i64,
    scale: f64,
    x: &mut [f32],
) {
    let factor = (1.0 / scale) as f32;
    let lags = inputs.lags.len();
    for (at, row) in (first..).zip(x.chunks_exact_mut(inputs.columns())) {
        for (out, &lag) in row.iter_mut().zip(&inputs.lags) {
            let place = at - lag as i64;
            if place >= from {
                // Windows of short series reach beyond their end.
                *out = ready.values.get(place as usize).map_or(0.0, |y| y * factor);
            }
        }
        inputs.write_known(ready, calendar, at, from, scale, &mut row[lags..]);
    }
}

/// Where the value `lag` steps before `at` stands; that of the step before where it lies before `from`, and
/// nowhere if that does, too.
pub(super) fn anchor(at: i64, lag: usize, from: i64) -> Option<usize> {
    let place = at - lag as i64;
    let place = if place >= from { place } else { at - 1 };
    (place >= from).then(|| usize::try_from(place).ok()).flatten()
}
