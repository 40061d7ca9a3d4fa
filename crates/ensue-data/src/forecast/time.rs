//! Cells to times: `yyyy-MM-dd HH:mm:ss` and `yyyy-MM-dd`, nothing else, or what Parquet has typed.

use ensue_core::Frequency;
use ensue_core::series::FrequencyUnit;
use jiff::SignedDuration;
use jiff::civil::{Date, DateTime, Time, date};

use crate::error::Rule;
use crate::read::TimeUnit;
use crate::read::cells::Cell;

const EPOCH: DateTime = date(1970, 1, 1).at(0, 0, 0, 0);
const SECONDS_A_DAY: i64 = 86_400;

/// Reads the times of one column.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    /// Whether a date without a time of day is a time.
    short: bool,
    /// What typed times count.
    unit: Option<TimeUnit>,
}

impl Clock {
    /// For data of this frequency.
    pub(super) fn new(frequency: Frequency, unit: Option<TimeUnit>) -> Self {
        let short = !matches!(frequency.unit(), FrequencyUnit::Hour | FrequencyUnit::Minute);
        Self { short, unit }
    }

    pub(super) fn read(self, cell: Cell<'_>) -> Result<DateTime, Rule> {
        match (cell, self.unit) {
            (Cell::Missing, _) => Err(Rule::Empty),
            (Cell::Text(text), _) => self.parse(text.as_bytes()),
            (Cell::Whole(count), Some(unit)) => self.count(count, unit),
            _ => Err(Rule::NotTime { short: self.short }),
        }
    }

    fn parse(self, text: &[u8]) -> Result<DateTime, Rule> {
        let wrong = || Rule::NotTime { short: self.short };
        let number = |at: usize, digits: usize| {
            text[at..at + digits].iter().try_fold(0_i16, |number, byte| {
                byte.is_ascii_digit().then(|| number * 10 + i16::from(byte - b'0'))
            })
        };
        let long = match text.len() {
            10 => false,
            19 => true,
            _ => return Err(wrong()),
        };
        let is_date = text[4] == b'-' && text[7] == b'-';
        let is_time = !long || text[10] == b' ' && text[13] == b':' && text[16] == b':';
        let day = (number(0, 4), number(5, 2), number(8, 2));
        let (true, true, (Some(year), Some(month), Some(day))) = (is_date, is_time, day) else {
            return Err(wrong());
        };
        let date = Date::new(year, month as i8, day as i8).map_err(|_| Rule::NoSuchTime)?;
        if !long {
            return if self.short { Ok(date.at(0, 0, 0, 0)) } else { Err(Rule::ShortTime) };
        }
        let (Some(hour), Some(minute), Some(second)) =
            (number(11, 2), number(14, 2), number(17, 2))
        else {
            return Err(wrong());
        };
        let time = Time::new(hour as i8, minute as i8, second as i8, 0);
        Ok(date.to_datetime(time.map_err(|_| Rule::NoSuchTime)?))
    }

    fn count(self, count: i64, unit: TimeUnit) -> Result<DateTime, Rule> {
        let whole = |parts: i64| {
            if count % parts == 0 { Ok(count / parts) } else { Err(Rule::PartOfSecond) }
        };
        let seconds = match unit {
            TimeUnit::Days if !self.short => return Err(Rule::ShortTime),
            TimeUnit::Days => count.checked_mul(SECONDS_A_DAY).ok_or(Rule::NoSuchTime)?,
            TimeUnit::Milliseconds => whole(1_000)?,
            TimeUnit::Microseconds => whole(1_000_000)?,
            TimeUnit::Nanoseconds => whole(1_000_000_000)?,
        };
        EPOCH.checked_add(SignedDuration::from_secs(seconds)).map_err(|_| Rule::NoSuchTime)
    }
}

/// A time as the long form writes it.
pub(super) fn written(time: DateTime) -> String {
    format!("{} {}", time.date(), time.time())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(frequency: &str, unit: Option<TimeUnit>) -> Clock {
        Clock::new(frequency.parse().unwrap(), unit)
    }

    // Oracle: the calendar, and the two forms to the letter.
    #[test]
    fn two_forms_are_read_and_nothing_else() {
        let daily = |text| clock("D", None).read(Cell::Text(text));
        let time = date(2020, 2, 29).at(23, 59, 59, 0);
        assert_eq!(daily("2020-02-29 23:59:59"), Ok(time));
        assert_eq!(daily("2020-02-29"), Ok(date(2020, 2, 29).at(0, 0, 0, 0)));
        assert_eq!(written(time), "2020-02-29 23:59:59");
        assert_eq!(written(date(800, 1, 2).at(0, 0, 0, 0)), "0800-01-02 00:00:00");
        for wrong in [
            "2020-2-29",
            "29-02-2020",
            "2020/02/29",
            "20200229",
            "2020-02-29T00:00:00",
            "2020-02-29 00:00",
            "2020-02-29 00:00:00Z",
            "2020-02-29 00:00:00.0",
            " 2020-02-29",
            "2020-02-2x",
            "2020-02-29 0x:00:00",
            "2020-02-29 00.00.00",
            "-020-02-29",
            "2020-02-ä",
            "1582934400",
            "today",
        ] {
            assert_eq!(daily(wrong), Err(Rule::NotTime { short: true }), "{wrong}");
        }
        for impossible in [
            "2019-02-29",
            "2020-13-01",
            "2020-00-01",
            "2020-04-31",
            "2020-01-01 24:00:00",
            "2020-01-01 00:60:00",
            "2020-01-01 00:00:60",
        ] {
            assert_eq!(daily(impossible), Err(Rule::NoSuchTime), "{impossible}");
        }
        assert_eq!(clock("D", None).read(Cell::Missing), Err(Rule::Empty));
        assert_eq!(clock("D", None).read(Cell::Whole(0)), Err(Rule::NotTime { short: true }));
    }

    // Oracle: B3: hours and minutes need the long form.
    #[test]
    fn hours_and_minutes_need_the_long_form() {
        for frequency in ["H", "2H", "1min", "30min"] {
            let read = |text| clock(frequency, None).read(Cell::Text(text));
            assert_eq!(read("2020-02-29"), Err(Rule::ShortTime));
            assert!(read("2020-02-29 01:00:00").is_ok());
            assert_eq!(read("2020"), Err(Rule::NotTime { short: false }));
        }
        for frequency in ["D", "W", "M", "Y"] {
            assert!(clock(frequency, None).read(Cell::Text("2020-02-29")).is_ok());
        }
    }

    // Oracle: 2020-02-29 is day 18,321.
    #[test]
    fn typed_times_count_from_1970() {
        let day = date(2020, 2, 29).at(0, 0, 0, 0);
        let seconds = 18_321 * SECONDS_A_DAY + 1;
        for (unit, count, expected) in [
            (TimeUnit::Days, 18_321, Ok(day)),
            (TimeUnit::Milliseconds, seconds * 1_000, Ok(day + SignedDuration::from_secs(1))),
            (TimeUnit::Microseconds, seconds * 1_000_000, Ok(day + SignedDuration::from_secs(1))),
            (TimeUnit::Nanoseconds, -1_000_000_000, Ok(EPOCH - SignedDuration::from_secs(1))),
            (TimeUnit::Milliseconds, 1, Err(Rule::PartOfSecond)),
            (TimeUnit::Days, i64::MAX, Err(Rule::NoSuchTime)),
            (TimeUnit::Milliseconds, i64::MAX / 1_000 * 1_000, Err(Rule::NoSuchTime)),
        ] {
            assert_eq!(clock("D", Some(unit)).read(Cell::Whole(count)), expected, "{unit:?}");
        }
        let hourly = clock("H", Some(TimeUnit::Days));
        assert_eq!(hourly.read(Cell::Whole(1)), Err(Rule::ShortTime));
    }
}
