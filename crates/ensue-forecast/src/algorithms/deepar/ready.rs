//! One series in the form that windows are cut from.

use std::collections::BTreeSet;

use ensue_core::{Series, series::UNKNOWN_CATEGORY};
use jiff::civil::Date;

use crate::calendar::{moment, time_features};

use super::inputs::{Inputs, mean_size, own_mean};

/// A series in the form that windows are cut from.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) start: i64,
    /// The target; where nothing was observed the value before it, 0 at the begin.
    pub(super) values: Vec<f32>,
    /// Whether each of `values` was observed.
    pub(super) observed: Vec<bool>,
    /// `[time, 2 * related]`, as far as all related series reach.
    related: Vec<f32>,
    /// Embedding row of each static feature.
    pub(super) rows: Vec<i32>,
    reals: Vec<f32>,
    /// Mean size of all that was observed.
    pub(super) past: Option<f64>,
    /// Sum of the sizes, and number, of what was observed before each step, and at the end.
    sums: Vec<(f64, u32)>,
}

impl Ready {
    /// `related`: place of each related series in the panel; `codes`: of each feature, with the rows
    /// of its categories; `reals`: of each static number.
    pub(super) fn new(
        inputs: &Inputs,
        series: &Series,
        related: &[usize],
        codes: &[Option<(usize, Vec<i32>)>],
        reals: &[Option<usize>],
    ) -> Self {
        let mut last = inputs.likelihood.value_in_support() as f32;
        let mut values = Vec::with_capacity(series.len());
        for &y in series.target() {
            if !y.is_nan() {
                last = y as f32;
            }
            values.push(last);
        }
        let length = related.iter().map(|&n| series.related()[n].len()).min().unwrap_or(0);
        let mut columns = vec![0.0; length * 2 * related.len()];
        for (n, (about, &place)) in inputs.related.iter().zip(related).enumerate() {
            let row = &series.related()[place];
            let own = own_mean(row, series.len());
            for (at, &x) in row[..length].iter().enumerate() {
                let x = f64::from(x);
                let to = &mut columns[at * 2 * related.len() + 2 * n..];
                (to[0], to[1]) = (about.level.apply(x), about.change.apply(x - own));
            }
        }
        let row = |(feature, place): (&super::inputs::Feature, &Option<(usize, Vec<i32>)>)| {
            let unknown = feature.categories.len() as i32;
            let Some((place, rows)) = place else { return unknown };
            match series.categories()[*place] {
                UNKNOWN_CATEGORY => unknown,
                code => rows[code as usize],
            }
        };
        let real = |(about, place): (&super::inputs::Real, &Option<usize>)| {
            about.standard.apply(place.map_or(f64::NAN, |n| f64::from(series.reals()[n])))
        };
        let mut sums = Vec::with_capacity(series.len() + 1);
        let (mut sum, mut count) = (0.0, 0);
        sums.push((sum, count));
        for y in series.target() {
            if !y.is_nan() {
                (sum, count) = (sum + y.abs(), count + 1);
            }
            sums.push((sum, count));
        }
        Self {
            sums,
            start: series.start(),
            values,
            observed: series.target().iter().map(|y| !y.is_nan()).collect(),
            related: columns,
            rows: inputs.features.iter().zip(codes).map(row).collect(),
            reals: inputs.reals.iter().zip(reals).map(real).collect(),
            past: mean_size(series),
        }
    }

    /// Mean size of what was observed in steps `from..to`, which may reach outside the series.
    pub(super) fn size(&self, from: i64, to: i64) -> Option<f64> {
        let place = |at: i64| self.sums[at.clamp(0, self.values.len() as i64) as usize];
        let ((before, none), (sum, count)) = (place(from), place(to));
        (count > none).then(|| (sum - before) / f64::from(count - none))
    }

    /// Writes all columns after the lags of step `at` (from the start of the series; may be
    /// negative, or in the future) of a series that begins at `from`.
    pub(super) fn write_known(
        &self,
        inputs: &Inputs,
        calendar: &Calendar,
        at: i64,
        from: i64,
        scale: f64,
        out: &mut [f32],
    ) {
        let mut age = 0;
        if let Some(standard) = inputs.log_scale {
            out[0] = standard.apply(scale.ln());
            age = 1;
        }
        // Age: how much of the series lies before (GluonTS: log10 of 2 + t).
        let steps = usize::try_from(at - from).unwrap_or(0).min(inputs.oldest);
        out[age] = (2.0 + steps as f32).log10();
        let next = age + 1 + calendar.width;
        calendar.write(inputs, self.start + at, &mut out[age + 1..next]);
        let width = 2 * inputs.related.len();
        let place = usize::try_from(at).ok().filter(|_| at >= from).map(|at| at * width);
        match place.and_then(|at| self.related.get(at..at + width)) {
            Some(row) => out[next..next + width].copy_from_slice(row),
            // Before the series, and beyond what is known of training series that are shorter than
            // the horizon: nothing unusual.
            None => out[next..next + width].fill(0.0),
        }
        out[next + width..].copy_from_slice(&self.reals);
    }
}

/// Steps of which time features are kept; beyond, they are computed anew each time.
const KEPT: i64 = 1 << 24;

/// Time features and holidays of all steps that are asked about, computed once where they are not
/// too many.
#[derive(Debug)]
pub(super) struct Calendar {
    first: i64,
    width: usize,
    rows: Vec<f32>,
    /// Steps that hold a holiday.
    holidays: BTreeSet<i64>,
}

impl Calendar {
    /// Of all steps that windows of these series can reach.
    pub(super) fn new(inputs: &Inputs, series: &[Ready]) -> Self {
        let day = |day: &Date| {
            let step = |time| inputs.frequency.step_of(time);
            step(day.at(0, 0, 0, 0))..=step(day.at(23, 59, 59, 0))
        };
        let holidays: BTreeSet<i64> = inputs.holidays.iter().flat_map(day).collect();
        let width = inputs.calendar_columns();
        let reach = inputs.context as i64;
        let first = series.iter().map(|s| s.start).min().unwrap_or(0) - reach;
        let last = series.iter().map(|s| s.start + s.values.len() as i64).max().unwrap_or(0);
        let steps = last + inputs.horizon as i64 - first;
        let mut calendar = Self { first, width, rows: Vec::new(), holidays };
        if steps <= KEPT {
            let mut rows = vec![0.0; steps as usize * width];
            if width > 0 {
                for (step, row) in (first..).zip(rows.chunks_exact_mut(width)) {
                    calendar.compute(inputs, step, row);
                }
            }
            calendar.rows = rows;
        }
        calendar
    }

    fn write(&self, inputs: &Inputs, step: i64, out: &mut [f32]) {
        let at = (step - self.first) as usize * self.width;
        match self.rows.get(at..at + self.width) {
            Some(row) => out.copy_from_slice(row),
            None => self.compute(inputs, step, out),
        }
    }

    fn compute(&self, inputs: &Inputs, step: i64, out: &mut [f32]) {
        let features = time_features(inputs.frequency);
        let time = moment(inputs.frequency, step);
        for (out, &place) in out.iter_mut().zip(&inputs.time_features) {
            *out = features[place].at(time);
        }
        if let Some(out) = out.get_mut(inputs.time_features.len()) {
            *out = f32::from(u8::from(self.holidays.contains(&step)));
        }
    }
}
