//! Windows of the training series and the forks in them.

use std::ops::Range;

use ensue_core::Seed;
use rand::{RngExt, seq::index};

use crate::algorithms::global::{COLD, Calendar, Draws, positive};

use super::{
    CnnQr,
    inputs::{Fork, Inputs},
    past::Past,
};

/// Draws of a window until one with something to learn is found.
const TRIES: usize = 20;
/// Share of the windows that begin anywhere; the others where the whole past that a forecast looks at is there.
const ANYWHERE: f64 = 0.1;

/// What windows are cut from.
#[derive(Debug)]
pub(super) struct Windows {
    pub(super) inputs: Inputs,
    pub(super) series: Vec<Past>,
    pub(super) calendar: Calendar,
    draws: Draws,
    /// Steps that the forks of a window lie in.
    pub(super) span: usize,
    /// Forks in a window.
    pub(super) forks: usize,
    /// Share of the unit, not the scale, in what errors are divided by.
    relative: f64,
}

/// Windows of `context + span - 1` steps, each with the same forks.
///
/// # Shapes
/// `x` `[windows, time, encoder]`, `places` `[forks]`, `own` `[windows, forks, fork]`, `decoder` `[windows, forks,
/// horizon, decoder]`, `anchors` `[windows, forks, horizon, anchors]`, `targets` and `weights` `[windows, forks,
/// horizon]`, `rows` `[features, windows]`.
#[derive(Debug, Clone)]
pub(super) struct Batch {
    pub(super) x: Vec<f32>,
    /// Steps of a context.
    pub(super) context: usize,
    /// Steps of the window that lie before each fork, at least the context.
    pub(super) places: Vec<usize>,
    pub(super) own: Vec<f32>,
    pub(super) decoder: Vec<f32>,
    /// In units, from their mean.
    pub(super) anchors: Vec<f32>,
    /// In units, from the mean of the anchors; 0 where nothing was observed.
    pub(super) targets: Vec<f32>,
    /// What each step counts: nothing where nothing was observed.
    pub(super) weights: Vec<f32>,
    /// Embedding rows.
    pub(super) rows: Vec<i32>,
    pub(super) windows: usize,
    pub(super) events: usize,
}

/// One window: a series, and its first fork.
#[derive(Debug, Clone, Copy)]
struct Window {
    series: usize,
    split: i64,
    /// Whether the network may not see what lies before the split.
    cold: bool,
}

impl Windows {
    pub(super) fn new(inputs: Inputs, series: Vec<Past>, settings: &CnnQr) -> Self {
        let ready = series.iter().map(|past| &past.ready);
        let calendar = Calendar::new(&inputs.known, ready.clone());
        let scale = |size| positive(inputs.known.size(Some(size), None));
        let draws = Draws::new(ready, settings.scale_weighting, scale);
        let horizon = inputs.known.horizon;
        let forks = settings.forks(horizon);
        let span = horizon.max(forks);
        let relative = settings.relative;
        Self { inputs, series, calendar, draws, span, forks, relative }
    }

    /// Steps that a window shows the encoder.
    pub(super) fn time(&self) -> usize {
        self.inputs.known.context + self.span - 1
    }

    /// `batches` batches of `size` windows.
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
            let mut places = index::sample(&mut rng, self.span, self.forks).into_vec();
            places.sort_unstable();
            self.batch(&windows, &places)
        })
    }

    fn draw(&self, series: usize, rng: &mut impl RngExt) -> Window {
        let past = &self.series[series];
        let horizon = self.inputs.known.horizon as i64;
        // The last fork is to have its horizon; where a series is short, forks beyond its end count nothing.
        let whole_span = past.len() - horizon - self.span as i64 + 1;
        let last = whole_span.max((past.len() - horizon) / 2).max(0);
        let whole = (self.inputs.reach() as i64).min(last / 2);
        let mut split = last;
        for _ in 0..TRIES {
            let from = if rng.random_bool(ANYWHERE) { 0 } else { whole };
            split = rng.random_range(from..=last);
            if past.ready.count(split, split + self.span as i64 + horizon - 1) > 0 {
                break;
            }
        }
        let cold = self.inputs.known.tells_items_apart() && rng.random_bool(COLD);
        Window { series, split, cold }
    }

    /// `offsets`: places of the forks within the span.
    fn batch(&self, windows: &[Window], offsets: &[usize]) -> Batch {
        let known = &self.inputs.known;
        let (time, horizon, forks) = (self.time(), known.horizon, offsets.len());
        let (encoder, decoder) = (self.inputs.encoder(), self.inputs.decoder());
        let (own, anchors) = (self.inputs.fork(), self.inputs.anchors.len());
        let n = windows.len();
        let steps = n * forks * horizon;
        let mut batch = Batch {
            x: vec![0.0; n * time * encoder],
            context: known.context,
            places: offsets.iter().map(|offset| known.context + offset).collect(),
            own: vec![0.0; n * forks * own],
            decoder: vec![0.0; steps * decoder],
            anchors: vec![0.0; steps * anchors],
            targets: vec![0.0; steps],
            weights: vec![0.0; steps],
            rows: vec![0; n * known.features.len()],
            windows: n,
            events: 0,
        };
        let mut centres = vec![0.0; horizon];
        for (at, &Window { series, split, cold }) in windows.iter().enumerate() {
            let past = &self.series[series];
            let from = if cold { split } else { 0 };
            let units = self.inputs.units(past, from, split);
            let x = &mut batch.x[part(at, time * encoder)];
            let first = split - known.context as i64;
            let end = past.len();
            self.inputs.write_encoder(past, &self.calendar, &units, first, from, end, x);
            let share = (units.unit / units.scale).powf(1.0 - self.relative) / steps as f64;
            for (fork, &offset) in offsets.iter().enumerate() {
                let fork = at * forks + fork;
                let to = split + offset as i64;
                let out = Fork {
                    own: &mut batch.own[part(fork, own)],
                    decoder: &mut batch.decoder[part(fork, horizon * decoder)],
                    anchors: &mut batch.anchors[part(fork, horizon * anchors)],
                    centres: &mut centres,
                };
                self.inputs.write_fork(past, &self.calendar, &units, from, to, out);
                for (step, centre) in centres.iter().enumerate() {
                    let Ok(place) = usize::try_from(to + step as i64) else { continue };
                    if past.ready.observed.get(place) == Some(&true) {
                        let y = (f64::from(past.ready.values[place]) - centre) / units.unit;
                        batch.targets[fork * horizon + step] = y.clamp(-1e6, 1e6) as f32;
                        batch.weights[fork * horizon + step] = share as f32;
                        batch.events += 1;
                    }
                }
            }
            for (feature, &row) in past.ready.rows.iter().enumerate() {
                batch.rows[feature * n + at] = row;
            }
        }
        batch
    }
}

/// Part number `at` of so many elements.
pub(super) fn part(at: usize, size: usize) -> Range<usize> {
    at * size..(at + 1) * size
}
