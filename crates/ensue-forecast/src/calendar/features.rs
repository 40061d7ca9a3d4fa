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
        let (place, last) = match self {
            Self::MinuteOfHour => (f32::from(time.minute()), 59.0),
            Self::HourOfDay => (f32::from(time.hour()), 23.0),
            Self::DayOfWeek => (f32::from(time.weekday().to_monday_zero_offset()), 6.0),
            Self::DayOfMonth => (f32::from(time.day()) - 1.0, 30.0),
            Self::DayOfYear => (f32::from(time.day_of_year()) - 1.0, 365.0),
            Self::WeekOfYear => (f32::from(time.date().iso_week_date().week()) - 1.0, 52.0),
            Self::MonthOfYear => (f32::from(time.month()) - 1.0, 11.0),
        };
        place / last - 0.5
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
