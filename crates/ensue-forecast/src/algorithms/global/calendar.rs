//! Time features and holidays of steps.

use std::collections::BTreeSet;

use jiff::civil::Date;

use crate::calendar::{moment, time_features};

use super::{Known, Ready};

/// Steps of which time features are kept; beyond, they are computed anew each time.
const KEPT: i64 = 1 << 24;

/// Time features and holidays of all steps that are asked about, computed once where they are not
/// too many.
#[derive(Debug)]
pub(in crate::algorithms) struct Calendar {
    first: i64,
    width: usize,
    rows: Vec<f32>,
    /// Steps that hold a holiday.
    holidays: BTreeSet<i64>,
}

impl Calendar {
    /// Of all steps that windows of these series can reach.
    pub(in crate::algorithms) fn new<'a>(
        known: &Known,
        series: impl Iterator<Item = &'a Ready> + Clone,
    ) -> Self {
        let first = series.clone().map(|s| s.start).min().unwrap_or(0);
        Self::between(known, first, series)
    }

    /// Of all steps that forecasts after the ends of these series can reach.
    pub(in crate::algorithms) fn ahead<'a>(
        known: &Known,
        series: impl Iterator<Item = &'a Ready> + Clone,
    ) -> Self {
        let first = series.clone().map(Ready::end).min().unwrap_or(0);
        Self::between(known, first, series)
    }

    /// From a context before `first` to a horizon after the last end.
    fn between<'a>(known: &Known, first: i64, series: impl Iterator<Item = &'a Ready>) -> Self {
        let day = |day: &Date| {
            let step = |time| known.frequency.step_of(time);
            step(day.at(0, 0, 0, 0))..=step(day.at(23, 59, 59, 0))
        };
        let holidays: BTreeSet<i64> = known.holidays.iter().flat_map(day).collect();
        let width = known.calendar_columns();
        let first = first - known.context as i64;
        let last = series.map(Ready::end).max().unwrap_or(0);
        let steps = last + known.horizon as i64 - first;
        let mut calendar = Self { first, width, rows: Vec::new(), holidays };
        if steps <= KEPT {
            let mut rows = vec![0.0; steps as usize * width];
            if width > 0 {
                for (step, row) in (first..).zip(rows.chunks_exact_mut(width)) {
                    calendar.compute(known, step, row);
                }
            }
            calendar.rows = rows;
        }
        calendar
    }

    pub(super) fn write(&self, known: &Known, step: i64, out: &mut [f32]) {
        let kept = usize::try_from(step - self.first).ok().map(|at| at * self.width);
        match kept.and_then(|at| self.rows.get(at..at + self.width)) {
            Some(row) => out.copy_from_slice(row),
            None => self.compute(known, step, out),
        }
    }

    fn compute(&self, known: &Known, step: i64, out: &mut [f32]) {
        let features = time_features(known.frequency);
        let time = moment(known.frequency, step);
        for (out, &place) in out.iter_mut().zip(&known.time_features) {
            *out = features[place].at(time);
        }
        if let Some(out) = out.get_mut(known.time_features.len()) {
            *out = f32::from(u8::from(self.holidays.contains(&step)));
        }
    }
}
