//! Where in its hour, day, week, month and year a step lies.

use ensue_core::series::{Frequency, FrequencyUnit};
use jiff::civil::DateTime;

/// A place in the calendar as a number from -0.5 to 0.5.
///
/// ```text
/// place / (places - 1) - 0.5
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeFeature {
    /// 60 places.
    MinuteOfHour,
    /// 24 places.
    HourOfDay,
    /// 7 places, from Monday.
    DayOfWeek,
    /// 31 places.
    DayOfMonth,
    /// 366 places.
    DayOfYear,
    /// 53 places: the week of ISO 8601.
    WeekOfYear,
    /// 12 places.
    MonthOfYear,
}

impl TimeFeature {
    /// The feature of the step that `time` stands for; see [`moment`].
    pub fn at(self, time: DateTime) -> f32 {
        f32::from(self.place(time)) / f32::from(self.places() - 1) - 0.5
    }

    /// The place of the step that `time` stands for, from 0; see [`moment`].
    pub fn place(self, time: DateTime) -> u16 {
        // Every one of them is there and not negative.
        let count = |place: i16, first: i16| place.abs_diff(first);
        match self {
            Self::MinuteOfHour => count(time.minute().into(), 0),
            Self::HourOfDay => count(time.hour().into(), 0),
            Self::DayOfWeek => count(time.weekday().to_monday_zero_offset().into(), 0),
            Self::DayOfMonth => count(time.day().into(), 1),
            Self::DayOfYear => count(time.day_of_year(), 1),
            Self::WeekOfYear => count(time.date().iso_week_date().week().into(), 1),
            Self::MonthOfYear => count(time.month().into(), 1),
        }
    }

    /// How many places there are.
    pub fn places(self) -> u16 {
        match self {
            Self::MinuteOfHour => 60,
            Self::HourOfDay => 24,
            Self::DayOfWeek => 7,
            Self::DayOfMonth => 31,
            Self::DayOfYear => 366,
            Self::WeekOfYear => 53,
            Self::MonthOfYear => 12,
        }
    }
}

impl TimeFeature {
    /// Days after which the feature comes around again.
    pub fn cycle_days(self) -> f64 {
        match self {
            Self::MinuteOfHour => 1.0 / 24.0,
            Self::HourOfDay => 1.0,
            Self::DayOfWeek => 7.0,
            Self::DayOfMonth => 31.0,
            Self::DayOfYear | Self::WeekOfYear | Self::MonthOfYear => 366.0,
        }
    }
}

/// The moment whose place in the calendar stands for a step: its begin; for weeks their last day, as in
/// GluonTS (pandas).
pub fn moment(frequency: Frequency, step: i64) -> DateTime {
    match frequency.unit() {
        FrequencyUnit::Week => {
            let next = frequency.start_of(step.saturating_add(1));
            next.checked_sub(jiff::Span::new().days(1)).unwrap_or(next)
        }
        _ => frequency.start_of(step),
    }
}

/// The features that mean something at `frequency`: those of GluonTS 0.17
/// (`time_features_from_frequency_str`), which are Amazon's for `DeepAR+`.
pub fn time_features(frequency: Frequency) -> &'static [TimeFeature] {
    use TimeFeature as F;
    match frequency.unit() {
        FrequencyUnit::Year => &[],
        FrequencyUnit::Month => &[F::MonthOfYear],
        FrequencyUnit::Week => &[F::DayOfMonth, F::WeekOfYear],
        FrequencyUnit::Day => &[F::DayOfWeek, F::DayOfMonth, F::DayOfYear],
        FrequencyUnit::Hour => &[F::HourOfDay, F::DayOfWeek, F::DayOfMonth, F::DayOfYear],
        FrequencyUnit::Minute => {
            &[F::MinuteOfHour, F::HourOfDay, F::DayOfWeek, F::DayOfMonth, F::DayOfYear]
        }
    }
}
