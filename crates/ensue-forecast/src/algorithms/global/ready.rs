//! One series in the form that windows are cut from.

use ensue_core::{Series, series::UNKNOWN_CATEGORY};

use super::{
    Calendar, Known,
    known::{Feature, Real, Related},
    standard::{mean_size, usual},
};

/// Where the panel holds what a network is told.
#[derive(Debug)]
pub(super) struct Places {
    /// Of each related series that is known ahead.
    pub(super) related: Vec<usize>,
    /// Of each related series that ends with the target.
    pub(super) historical: Vec<usize>,
    /// Of each feature, with the rows of its categories.
    pub(super) codes: Vec<Option<(usize, Vec<i32>)>>,
    /// Of each static number.
    pub(super) reals: Vec<Option<usize>>,
}

/// A series in the form that windows are cut from.
#[derive(Debug)]
pub(in crate::algorithms) struct Ready {
    pub(in crate::algorithms) start: i64,
    /// The target; where nothing was observed the value before it.
    pub(in crate::algorithms) values: Vec<f32>,
    /// Whether each of `values` was observed.
    pub(in crate::algorithms) observed: Vec<bool>,
    /// `[time, 2 * related]`, as far as all related series reach.
    related: Vec<f32>,
    /// The same of those that end with the target.
    historical: Vec<f32>,
    /// Embedding row of each static feature.
    pub(in crate::algorithms) rows: Vec<i32>,
    pub(in crate::algorithms) reals: Vec<f32>,
    /// Mean size of all that was observed.
    pub(in crate::algorithms) past: Option<f64>,
    /// Sum of the sizes, and number, of what was observed before each step, and at the end.
    sums: Vec<(f64, u32)>,
}

impl Ready {
    /// `first` stands for the values before the first observed one.
    pub(super) fn new(known: &Known, series: &Series, first: f32, places: &Places) -> Self {
        let mut last = first;
        let mut values = Vec::with_capacity(series.len());
        for &y in series.target() {
            if !y.is_nan() {
                last = y as f32;
            }
            values.push(last);
        }
        let row = |(feature, place): (&Feature, &Option<(usize, Vec<i32>)>)| {
            let unknown = feature.categories.len() as i32;
            let Some((place, rows)) = place else { return unknown };
            match series.categories()[*place] {
                UNKNOWN_CATEGORY => unknown,
                code => rows[code as usize],
            }
        };
        let real = |(about, place): (&Real, &Option<usize>)| {
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
            related: columns(series, &known.related, &places.related, false),
            historical: columns(series, &known.historical, &places.historical, true),
            rows: known.features.iter().zip(&places.codes).map(row).collect(),
            reals: known.reals.iter().zip(&places.reals).map(real).collect(),
            past: mean_size(series),
        }
    }

    /// The step after the last.
    pub(super) fn end(&self) -> i64 {
        self.start + self.values.len() as i64
    }

    /// Mean size of what was observed in steps `from..to`, which may reach outside the series.
    pub(in crate::algorithms) fn size(&self, from: i64, to: i64) -> Option<f64> {
        let ((before, none), (sum, count)) = (self.sum_before(from), self.sum_before(to));
        (count > none).then(|| (sum - before) / f64::from(count - none))
    }

    /// How many of steps `from..to` were observed.
    pub(in crate::algorithms) fn count(&self, from: i64, to: i64) -> u32 {
        self.sum_before(to).1 - self.sum_before(from).1
    }

    fn sum_before(&self, at: i64) -> (f64, u32) {
        self.sums[at.clamp(0, self.values.len() as i64) as usize]
    }

    /// Writes calendar and related series known ahead of step `at` (from the start of the series; may
    /// be negative, or in the future) of a series that begins at `from`.
    pub(in crate::algorithms) fn write_moment(
        &self,
        known: &Known,
        calendar: &Calendar,
        at: i64,
        from: i64,
        out: &mut [f32],
    ) {
        let (moment, related) = out.split_at_mut(known.calendar_columns());
        calendar.write(known, self.start + at, moment);
        write_row(&self.related, at, from, related);
    }

    /// Writes the related series that end with the target, as [`write_moment`](Self::write_moment).
    pub(in crate::algorithms) fn write_historical(&self, at: i64, from: i64, out: &mut [f32]) {
        write_row(&self.historical, at, from, out);
    }
}

/// Row `at` of a table as wide as `out`. Before the series, and beyond what is known (of training series
/// that are shorter than the horizon): nothing unusual.
fn write_row(table: &[f32], at: i64, from: i64, out: &mut [f32]) {
    let width = out.len();
    let place = usize::try_from(at).ok().filter(|_| at >= from).map(|at| at * width);
    match place.and_then(|at| table.get(at..at + width)) {
        Some(row) => out.copy_from_slice(row),
        None => out.fill(0.0),
    }
}

/// `[time, 2 * related]`, as far as all of them reach.
fn columns(series: &Series, about: &[Related], places: &[usize], historical: bool) -> Vec<f32> {
    let length = places.iter().map(|&n| series.related()[n].len()).min().unwrap_or(0);
    let mut columns = vec![0.0; length * 2 * places.len()];
    for (n, (about, &place)) in about.iter().zip(places).enumerate() {
        let row = &series.related()[place];
        let usual = usual(row, series.len(), historical);
        for (at, (&x, own)) in row[..length].iter().zip(usual).enumerate() {
            let x = f64::from(x);
            let to = &mut columns[at * 2 * places.len() + 2 * n..];
            (to[0], to[1]) = (about.level.apply(x), about.change.apply(x - own));
        }
    }
    columns
}
