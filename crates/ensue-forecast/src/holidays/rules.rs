//! When a holiday is.

use jiff::{
    ToSpan,
    civil::{Date, Weekday},
};

use super::easter::{easter, orthodox_easter};

/// On which day of a year a holiday is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum On {
    /// Month and day.
    Date(i8, i8),
    /// The so many-th weekday of a month.
    Nth(i8, Weekday, i8),
    /// The last such weekday of a month.
    Last(Weekday, i8),
    /// The first such weekday on or after a month and day.
    From(Weekday, i8, i8),
    /// So many days after Easter Sunday of the western churches.
    Easter(i16),
    /// The same after Easter Sunday of the Orthodox churches.
    Orthodox(i16),
    /// Month and day, moved by so many days according to its weekday, from Monday on.
    Moved(i8, i8, ByWeekday),
    /// Month and day, but only every so many years, one of which is the second number.
    Every(i16, i16, i8, i8),
    /// Year, month and day, one by one.
    Listed(&'static [(i16, i8, i8)]),
}

/// Days for each weekday, from Monday on; 0 for none.
pub(super) type ByWeekday = [i8; 7];

/// Nothing is moved.
const NEVER: ByWeekday = [0; 7];
/// A weekend's holiday on the Monday after.
pub(super) const MONDAY_AFTER: ByWeekday = [0, 0, 0, 0, 0, 2, 1];
/// A Sunday's holiday on the Monday after.
pub(super) const AFTER_SUNDAY: ByWeekday = [0, 0, 0, 0, 0, 0, 1];
/// A Saturday's holiday on the Friday before, a Sunday's on the Monday after.
pub(super) const NEAREST: ByWeekday = [0, 0, 0, 0, 0, -1, 1];
/// A weekend's holiday two days later, where the other of two days in a row takes the Monday.
pub(super) const TWO_LATER: ByWeekday = [0, 0, 0, 0, 0, 2, 2];
/// The second of two days in a row, where the first may be a Sunday's, which takes the Monday.
pub(super) const SECOND_DAY: ByWeekday = [1, 0, 0, 0, 0, 0, 1];

/// A holiday, from a year to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rule {
    /// Its name.
    pub(super) name: &'static str,
    on: On,
    since: i16,
    until: i16,
    observed: ByWeekday,
    observed_since: i16,
}

/// A holiday of every year.
pub(super) const fn rule(name: &'static str, on: On) -> Rule {
    Rule { name, on, since: i16::MIN, until: i16::MAX, observed: NEVER, observed_since: i16::MIN }
}

impl Rule {
    /// From this year on.
    pub(super) const fn since(self, since: i16) -> Self {
        Self { since, ..self }
    }

    /// Up to this year.
    pub(super) const fn until(self, until: i16) -> Self {
        Self { until, ..self }
    }

    /// From a year up to another.
    pub(super) const fn between(self, since: i16, until: i16) -> Self {
        Self { since, until, ..self }
    }

    /// A day off in lieu, so many days from it according to its weekday.
    pub(super) const fn observed(self, observed: ByWeekday) -> Self {
        Self { observed, ..self }
    }

    /// The same from this year on.
    pub(super) const fn observed_since(self, observed_since: i16, observed: ByWeekday) -> Self {
        Self { observed, observed_since, ..self }
    }

    /// Whether there may be a day off in lieu.
    pub(super) fn has_observed(&self) -> bool {
        self.observed != NEVER
    }

    /// The holiday of a year, and the day off in lieu of it.
    pub(super) fn days(&self, year: i16) -> Option<(Date, Option<Date>)> {
        if !(self.since..=self.until).contains(&year) {
            return None;
        }
        let day = self.on.day(year)?;
        let shift = if year < self.observed_since { 0 } else { by_weekday(self.observed, day) };
        let observed = if shift == 0 { None } else { add(day, shift.into()) };
        Some((day, observed))
    }
}

impl On {
    fn day(self, year: i16) -> Option<Date> {
        let fixed = |month, day| Date::new(year, month, day).ok();
        match self {
            Self::Date(month, day) => fixed(month, day),
            Self::Nth(nth, weekday, month) => {
                fixed(month, 1)?.nth_weekday_of_month(nth, weekday).ok()
            }
            Self::Last(weekday, month) => fixed(month, 1)?.nth_weekday_of_month(-1, weekday).ok(),
            Self::From(weekday, month, day) => {
                let day = fixed(month, day)?;
                add(day, day.weekday().until(weekday).into())
            }
            Self::Easter(days) => add(easter(year)?, days.into()),
            Self::Orthodox(days) => add(orthodox_easter(year)?, days.into()),
            Self::Moved(month, day, moves) => {
                let day = fixed(month, day)?;
                add(day, by_weekday(moves, day).into())
            }
            Self::Every(years, one, month, day) => {
                if (year - one) % years == 0 {
                    fixed(month, day)
                } else {
                    None
                }
            }
            Self::Listed(days) => {
                let (_, month, day) = days.iter().find(|(listed, _, _)| *listed == year)?;
                fixed(*month, *day)
            }
        }
    }
}

fn by_weekday(days: ByWeekday, date: Date) -> i8 {
    // From 0 to 6.
    days[date.weekday().to_monday_zero_offset() as usize]
}

/// So many days later; none beyond the calendar.
pub(super) fn add(date: Date, days: i64) -> Option<Date> {
    date.checked_add(days.days()).ok()
}
