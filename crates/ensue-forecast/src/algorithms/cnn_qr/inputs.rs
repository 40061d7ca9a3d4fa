//! What the network sees of a series, decided once from the training data.

use ensue_core::{Panel, Series};
use serde::{Deserialize, Serialize};

use crate::{
    ForecastError, TrainingData,
    algorithms::global::{Calendar, Known, Told, positive},
    calendar::seasons,
};

use super::{CnnQr, anchors::Anchor, past::Past, settings::ItemMetadata};

/// Changes that a unit is a mean of at least.
const FEW: u32 = 3;
/// The unit is never smaller than this share of the scale.
const LEAST: f64 = 1e-3;
/// Values further than this from the usual, in units, look the same.
const FARTHEST: f64 = 1e4;

/// What the network sees of a series.
///
/// Columns of a step of the encoder: whether it was observed; its value in units of the scale; its difference from the
/// context's mean, and from the values one step and whole seasons before, in units, compressed; calendar; related series,
/// two columns each, those known ahead first. Of a step of the decoder: the anchors in units, compressed; their mean in
/// units of the scale; calendar; related series known ahead. Of a fork: the unit by the scale; how much lies before; static
/// numbers; after these the network appends the embeddings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Inputs {
    pub(super) known: Known,
    pub(super) anchors: Vec<Anchor>,
    /// Lags of the differences that the encoder sees.
    lags: Vec<usize>,
    /// Lags of the changes that the unit is the mean size of.
    copied: Vec<usize>,
}

/// What the numbers of a window are measured in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Units {
    /// Mean size of the values.
    pub(super) scale: f64,
    /// How wrong a copy of the past is.
    pub(super) unit: f64,
    /// Mean of the context.
    pub(super) centre: f64,
}

impl Inputs {
    pub(super) fn new(settings: &CnnQr, data: &TrainingData) -> Self {
        let told = Told {
            context: settings.context(data.horizon, data.panel.frequency()),
            whole_calendar: false,
            related: settings.use_related_data,
            metadata: settings.use_item_metadata == ItemMetadata::All,
            embedding_dimension: settings.embedding_dimension,
            holidays: &settings.holidays,
        };
        let longest = data.panel.series().iter().map(Series::len).max().unwrap_or(0);
        let frequency = data.panel.frequency();
        let mut lags = seasons(frequency);
        lags.retain(|&lag| lag == 1 || 2 * lag <= longest);
        let half = data.horizon.div_ceil(2);
        let mut copied: Vec<usize> = lags.iter().map(|&lag| lag * half.div_ceil(lag)).collect();
        copied.dedup();
        let anchors = Anchor::all(frequency, data.horizon, told.context, longest);
        Self { known: Known::new(&told, data), anchors, lags, copied }
    }

    /// Columns of a step of the encoder.
    pub(super) fn encoder(&self) -> usize {
        3 + self.lags.len() + self.moment() + 2 * self.known.historical.len()
    }

    /// Columns of a step of the decoder.
    pub(super) fn decoder(&self) -> usize {
        self.anchors.len() + 1 + self.moment()
    }

    /// Columns of a fork that the host writes: all but the embeddings.
    pub(super) fn fork(&self) -> usize {
        2 + self.known.reals.len()
    }

    fn moment(&self) -> usize {
        self.known.calendar_columns() + 2 * self.known.related.len()
    }

    /// Steps before a forecast beyond which nothing is looked at.
    pub(super) fn reach(&self) -> usize {
        let anchors = self.anchors.iter().map(|anchor| anchor.reach(self.known.horizon));
        anchors.max().unwrap_or(0).max(self.known.context)
    }

    /// Brings every series of `panel` into the form that windows are cut from.
    ///
    /// # Errors
    /// As [`Known::ready`].
    pub(super) fn past(&self, panel: &Panel, future: bool) -> Result<Vec<Past>, ForecastError> {
        let ready = self.known.ready(panel, 0.0, future)?;
        Ok(ready.into_iter().map(|ready| Past::new(ready, &self.copied)).collect())
    }

    /// Units of a window whose past is `from..to`.
    pub(super) fn units(&self, past: &Past, from: i64, to: i64) -> Units {
        let context = (to - self.known.context as i64).max(from);
        let known = |a: i64| (to > a).then(|| past.ready.size(a, to)).flatten();
        let scale = positive(self.known.size(known(context), known(from)));
        let smallest = |first: i64| {
            let change =
                |(n, &lag): (usize, &usize)| past.change(n, first.max(from + lag as i64), to, FEW);
            self.copied.iter().enumerate().filter_map(change).min_by(f64::total_cmp)
        };
        let unit = if to > from { smallest(context).or_else(|| smallest(from)) } else { None };
        let unit = unit.unwrap_or(scale).max(LEAST * scale);
        let centre = if to > from { past.mean(context, to) } else { None };
        Units { scale, unit, centre: centre.unwrap_or(0.0) }
    }

    /// Writes consecutive steps of the encoder from `first` on, `[time, columns]`, as if the series began at `from` and
    /// nothing were known from `to` on.
    #[expect(clippy::too_many_arguments, reason = "what a window is made of")]
    pub(super) fn write_encoder(
        &self,
        past: &Past,
        calendar: &Calendar,
        units: &Units,
        first: i64,
        from: i64,
        to: i64,
        x: &mut [f32],
    ) {
        let ready = &past.ready;
        for (at, row) in (first..).zip(x.chunks_exact_mut(self.encoder())) {
            let (own, rest) = row.split_at_mut(3 + self.lags.len());
            if let Some(value) = past.at(at, from, to) {
                own[0] = f32::from(u8::from(ready.observed[at as usize]));
                own[1] = ((value / units.scale) as f32).clamp(-10.0, 10.0);
                own[2] = compressed(value - units.centre, units.unit);
                for (out, &lag) in own[3..].iter_mut().zip(&self.lags) {
                    let before = past.at(at - lag as i64, from, to);
                    *out = before.map_or(0.0, |before| compressed(value - before, units.unit));
                }
            }
            let (moment, historical) = rest.split_at_mut(self.moment());
            ready.write_moment(&self.known, calendar, at, from, moment);
            ready.write_historical(at, from, historical);
        }
    }

    /// Writes a fork after the past `from..to`: its own columns, and for each step of the horizon those of the decoder,
    /// `[horizon, columns]`, and the anchors in units from their mean, `[horizon, anchors]`. `centres` gets these means.
    pub(super) fn write_fork(
        &self,
        past: &Past,
        calendar: &Calendar,
        units: &Units,
        from: i64,
        to: i64,
        out: Fork<'_>,
    ) {
        let ready = &past.ready;
        let before = ready.count(from.max(to - self.known.context as i64), to);
        out.own[0] = ((units.unit / units.scale).ln() / 3.0) as f32;
        out.own[1] = (2.0 + before as f32).log10();
        out.own[2..].copy_from_slice(&ready.reals);
        let count = self.anchors.len();
        let steps = out.decoder.chunks_exact_mut(self.decoder());
        let steps = steps.zip(out.anchors.chunks_exact_mut(count)).zip(out.centres);
        let mut values = vec![0.0; count];
        for (ahead, ((columns, anchors), centre)) in (1..).zip(steps) {
            for (value, anchor) in values.iter_mut().zip(&self.anchors) {
                *value = anchor.value(past, ahead, from, to);
            }
            *centre = values.iter().sum::<f64>() / count as f64;
            for ((&value, anchor), column) in values.iter().zip(anchors).zip(columns.iter_mut()) {
                *anchor = ((value - *centre) / units.unit).clamp(-FARTHEST, FARTHEST) as f32;
                *column = compressed(value - *centre, units.unit);
            }
            columns[count] = ((*centre / units.scale) as f32).clamp(-10.0, 10.0);
            let at = to - 1 + ahead as i64;
            ready.write_moment(&self.known, calendar, at, from, &mut columns[count + 1..]);
        }
    }
}

/// Where a fork is written to.
#[derive(Debug)]
pub(super) struct Fork<'a> {
    pub(super) own: &'a mut [f32],
    pub(super) decoder: &'a mut [f32],
    pub(super) anchors: &'a mut [f32],
    pub(super) centres: &'a mut [f64],
}

/// A difference in units, small ones as they are and large ones by their logarithm.
fn compressed(difference: f64, unit: f64) -> f32 {
    let x = (difference / unit) as f32;
    (x.abs() + (x * x + 1.0).sqrt()).ln().min(12.0).copysign(x)
}
