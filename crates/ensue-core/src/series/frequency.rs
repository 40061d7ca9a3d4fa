//! How often a series is observed.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use jiff::civil::{Date, DateTime, Time, date};
use serde::{Deserialize, Serialize};

const SECONDS_A_DAY: i64 = 86_400;
/// 1969-12-29, the Monday of the week that holds 1970-01-01.
const FIRST_MONDAY: i64 = -3;
const EPOCH: Date = date(1970, 1, 1);

/// The unit of a [`Frequency`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum FrequencyUnit {
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

/// How often a series is observed: a unit of the calendar, or a multiple of it.
///
/// As text it is Amazon Forecast's name: `Y`, `M`, `W`, `D`, `H`, `min`, with a multiple before it
/// where it is not one: `15min`, `2H`, `3M`.
///
/// ```
/// use ensue_core::series::Frequency;
/// use jiff::civil::date;
///
/// let hourly: Frequency = "H".parse()?;
/// let step = hourly.step_of(date(1970, 1, 2).at(3, 20, 0, 0));
/// assert_eq!(step, 27);
/// assert_eq!(hourly.start_of(step), date(1970, 1, 2).at(3, 0, 0, 0));
/// # Ok::<(), ensue_core::series::FrequencyError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Frequency {
    unit: FrequencyUnit,
    every: NonZeroU32,
}

/// A text that is no frequency.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is no frequency: use Y, M, W, D, H or min, with a whole number before it \
     (1-59 min, 1-23 H, 1-6 D, 1-4 W, 1-11 M)"
)]
pub struct FrequencyError {
    text: String,
}

impl Frequency {
    /// Once a year.
    pub const YEARLY: Self = Self::once(FrequencyUnit::Year);
    /// Once a month.
    pub const MONTHLY: Self = Self::once(FrequencyUnit::Month);
    /// Once a week, from Monday.
    pub const WEEKLY: Self = Self::once(FrequencyUnit::Week);
    /// Once a day.
    pub const DAILY: Self = Self::once(FrequencyUnit::Day);
    /// Once an hour.
    pub const HOURLY: Self = Self::once(FrequencyUnit::Hour);

    const fn once(unit: FrequencyUnit) -> Self {
        Self { unit, every: NonZeroU32::MIN }
    }

    /// Once in `every` units. `None` when that is more than Amazon's limit: 59 minutes, 23 hours, 6
    /// days, 4 weeks, 11 months, 1 year.
    pub fn new(unit: FrequencyUnit, every: u32) -> Option<Self> {
        let most = match unit {
            FrequencyUnit::Minute => 59,
            FrequencyUnit::Hour => 23,
            FrequencyUnit::Day => 6,
            FrequencyUnit::Week => 4,
            FrequencyUnit::Month => 11,
            FrequencyUnit::Year => 1,
        };
        let every = NonZeroU32::new(every).filter(|every| every.get() <= most)?;
        Some(Self { unit, every })
    }

    /// The unit.
    pub fn unit(self) -> FrequencyUnit {
        self.unit
    }

    /// How many units one step takes.
    pub fn every(self) -> u32 {
        self.every.get()
    }

    /// Number of the step that holds `time`; see the [module](super).
    ///
    /// A week begins on Monday. Multiples are counted from the unit that holds 1970-01-01, which for
    /// parts of an hour, of a day or of a year is the same as counting from its begin.
    pub fn step_of(self, time: DateTime) -> i64 {
        let every = i64::from(self.every.get());
        let days = days(time.date());
        let seconds = || days * SECONDS_A_DAY + seconds(time.time());
        let units = match self.unit {
            FrequencyUnit::Year => i64::from(time.year()) - 1970,
            FrequencyUnit::Month => {
                (i64::from(time.year()) - 1970) * 12 + i64::from(time.month()) - 1
            }
            FrequencyUnit::Week => (days - FIRST_MONDAY).div_euclid(7),
            FrequencyUnit::Day => days,
            FrequencyUnit::Hour => seconds().div_euclid(3600),
            FrequencyUnit::Minute => seconds().div_euclid(60),
        };
        units.div_euclid(every)
    }

    /// When a step begins; the first or last moment that can be written where it lies outside the
    /// years -9999 to 9999.
    pub fn start_of(self, step: i64) -> DateTime {
        let outside = if step < 0 { DateTime::MIN } else { DateTime::MAX };
        self.checked_start_of(step).unwrap_or(outside)
    }

    fn checked_start_of(self, step: i64) -> Option<DateTime> {
        let units = step.checked_mul(i64::from(self.every.get()))?;
        let at_day = |days: i64| date_of(days).map(|day| day.at(0, 0, 0, 0));
        match self.unit {
            FrequencyUnit::Year => {
                let year = units.checked_add(1970)?.try_into().ok()?;
                Some(Date::new(year, 1, 1).ok()?.at(0, 0, 0, 0))
            }
            FrequencyUnit::Month => {
                let year = units.div_euclid(12).checked_add(1970)?.try_into().ok()?;
                let month = units.rem_euclid(12) as i8 + 1;
                Some(Date::new(year, month, 1).ok()?.at(0, 0, 0, 0))
            }
            FrequencyUnit::Week => at_day(units.checked_mul(7)?.checked_add(FIRST_MONDAY)?),
            FrequencyUnit::Day => at_day(units),
            FrequencyUnit::Hour => moment(units.checked_mul(3600)?),
            FrequencyUnit::Minute => moment(units.checked_mul(60)?),
        }
    }

    /// Whether steps of `self` are at least as long as those of `data`, so that `data` can be
    /// aggregated to `self`.
    pub fn is_no_finer_than(self, data: Self) -> bool {
        self.rough_minutes() >= data.rough_minutes()
    }

    /// Length of a step in minutes; months and years in the mean.
    fn rough_minutes(self) -> u64 {
        let minutes = match self.unit {
            FrequencyUnit::Minute => 1,
            FrequencyUnit::Hour => 60,
            FrequencyUnit::Day => 1_440,
            FrequencyUnit::Week => 10_080,
            FrequencyUnit::Month => 43_830,
            FrequencyUnit::Year => 525_960,
        };
        minutes * u64::from(self.every.get())
    }

    /// Steps after which the calendar repeats, as GluonTS 0.17 (`get_seasonality`) sets it for
    /// metrics and the seasonal naive: minutes 1440, hours 24, days 1, weeks 1, months 12, years 1,
    /// divided by the multiple; 1 where that is no whole number.
    pub fn seasonality(self) -> usize {
        let base = match self.unit {
            FrequencyUnit::Minute => 1_440,
            FrequencyUnit::Hour => 24,
            FrequencyUnit::Month => 12,
            FrequencyUnit::Day | FrequencyUnit::Week | FrequencyUnit::Year => 1,
        };
        let every = self.every.get() as usize;
        if base % every == 0 { base / every } else { 1 }
    }
}

/// Days since 1970-01-01.
fn days(date: Date) -> i64 {
    date.duration_since(EPOCH).as_hours() / 24
}

fn date_of(days: i64) -> Option<Date> {
    let days = i32::try_from(days).ok()?;
    EPOCH.checked_add(jiff::Span::new().try_days(days).ok()?).ok()
}

/// Seconds since midnight.
fn seconds(time: Time) -> i64 {
    i64::from(time.hour()) * 3600 + i64::from(time.minute()) * 60 + i64::from(time.second())
}

/// The moment `seconds` after 1970-01-01 00:00.
fn moment(seconds: i64) -> Option<DateTime> {
    let day = date_of(seconds.div_euclid(SECONDS_A_DAY))?;
    let rest = seconds.rem_euclid(SECONDS_A_DAY);
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    Some(day.at(hour as i8, minute as i8, second as i8, 0))
}

impl fmt::Display for Frequency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.unit {
            FrequencyUnit::Year => "Y",
            FrequencyUnit::Month => "M",
            FrequencyUnit::Week => "W",
            FrequencyUnit::Day => "D",
            FrequencyUnit::Hour => "H",
            FrequencyUnit::Minute => "min",
        };
        match self.every.get() {
            // Amazon writes one minute with its number.
            1 if self.unit != FrequencyUnit::Minute => f.write_str(unit),
            every => write!(f, "{every}{unit}"),
        }
    }
}

impl FromStr for Frequency {
    type Err = FrequencyError;

    fn from_str(text: &str) -> Result<Self, FrequencyError> {
        let wrong = || FrequencyError { text: text.to_owned() };
        let at = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
        let (every, unit) = text.split_at(at);
        let unit = match unit {
            "Y" => FrequencyUnit::Year,
            "M" => FrequencyUnit::Month,
            "W" => FrequencyUnit::Week,
            "D" => FrequencyUnit::Day,
            "H" => FrequencyUnit::Hour,
            "min" => FrequencyUnit::Minute,
            _ => return Err(wrong()),
        };
        let every = if every.is_empty() { 1 } else { every.parse().map_err(|_| wrong())? };
        Self::new(unit, every).ok_or_else(wrong)
    }
}

impl TryFrom<String> for Frequency {
    type Error = FrequencyError;

    fn try_from(text: String) -> Result<Self, FrequencyError> {
        text.parse()
    }
}

impl From<Frequency> for String {
    fn from(frequency: Frequency) -> Self {
        frequency.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frequency(text: &str) -> Frequency {
        text.parse().unwrap()
    }

    #[test]
    fn times_fall_into_the_buckets_that_amazon_documents() {
        // Oracle: `aggregation boundaries` of the Forecast developer guide: 1 January, first of the
        // month, most recent Monday, midnight, full hour, multiple within the hour.
        let time = date(2018, 5, 16).at(14, 47, 59, 0); // a Wednesday
        for (text, start) in [
            ("Y", date(2018, 1, 1).at(0, 0, 0, 0)),
            ("M", date(2018, 5, 1).at(0, 0, 0, 0)),
            ("W", date(2018, 5, 14).at(0, 0, 0, 0)),
            ("D", date(2018, 5, 16).at(0, 0, 0, 0)),
            ("H", date(2018, 5, 16).at(14, 0, 0, 0)),
            ("30min", date(2018, 5, 16).at(14, 30, 0, 0)),
            ("15min", date(2018, 5, 16).at(14, 45, 0, 0)),
            ("1min", date(2018, 5, 16).at(14, 47, 0, 0)),
            ("3M", date(2018, 4, 1).at(0, 0, 0, 0)),
        ] {
            let f = frequency(text);
            assert_eq!(f.start_of(f.step_of(time)), start, "{text}");
        }
    }

    #[test]
    fn steps_and_starts_are_inverse_before_and_after_1970() {
        // Oracle: the inverse; and the last moment of a step belongs to it.
        for text in ["Y", "M", "2M", "W", "2W", "D", "3D", "H", "6H", "30min", "7min", "1min"] {
            let f = frequency(text);
            for step in [-2000, -1, 0, 1, 2, 59, 1001] {
                let start = f.start_of(step);
                assert_eq!(f.step_of(start), step, "{text} {start}");
                let end = f.start_of(step + 1) - jiff::SignedDuration::from_secs(1);
                assert_eq!(f.step_of(end), step, "{text} {end}");
            }
        }
    }

    #[test]
    fn steps_outside_the_calendar_stop_at_its_ends() {
        // Oracle: jiff's first and last moment.
        for text in ["Y", "M", "W", "D", "H", "1min"] {
            let f = frequency(text);
            assert_eq!(f.start_of(i64::MAX), DateTime::MAX, "{text}");
            assert_eq!(f.start_of(i64::MIN), DateTime::MIN, "{text}");
        }
    }

    #[test]
    fn names_are_amazons_and_come_back() {
        // Oracle: the enumeration of CreatePredictor, 2019, and the later multiples.
        for text in ["Y", "M", "W", "D", "H", "30min", "15min", "10min", "5min", "1min", "2H", "4W"]
        {
            assert_eq!(frequency(text).to_string(), text);
        }
        assert_eq!(frequency("min"), frequency("1min"));
        for text in ["", "0H", "24H", "7D", "5W", "12M", "2Y", "60min", "h", "H2", "1.5H", "-1D"] {
            assert!(text.parse::<Frequency>().is_err(), "{text}");
        }
    }

    #[test]
    fn seasonality_is_that_of_gluonts() {
        // Oracle: gluonts.time_feature.get_seasonality of 0.17.
        for (text, season) in
            [("H", 24), ("2H", 12), ("5H", 1), ("D", 1), ("W", 1), ("M", 12), ("3M", 4), ("Y", 1)]
        {
            assert_eq!(frequency(text).seasonality(), season, "{text}");
        }
        assert_eq!(frequency("30min").seasonality(), 48);
    }

    #[test]
    fn only_coarser_frequencies_can_be_aggregated_to() {
        // Oracle: the order of the units.
        assert!(frequency("D").is_no_finer_than(frequency("H")));
        assert!(frequency("D").is_no_finer_than(frequency("D")));
        assert!(!frequency("H").is_no_finer_than(frequency("D")));
        assert!(!frequency("3D").is_no_finer_than(frequency("W")));
    }
}
