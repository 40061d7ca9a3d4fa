//! National holidays: when they are, and how they become related series.
//!
//! | file | what it holds |
//! |---|---|
//! | `mod.rs` | [`Holidays`]: the calendar of a country |
//! | `series.rs` | [`with_holidays`]: a related series for each holiday |
//! | `rules.rs`, `easter.rs` | on which day of a year a holiday is |
//! | `north_america.rs`, `western_europe.rs`, ... | the rules of the countries, a table each |
//! | `japan.rs` | Japan's, with what a table cannot say |
//!
//! Codes are Amazon Forecast's: two letters, `UK` for the United Kingdom. There are those of 2019 (AU, DE, JP, UK, US) and those
//! of the later list whose holidays follow from the calendar by plain rules. Of that list these are not there: AE, AL, BA, ET,
//! IN, KZ, MK and NG, whose holidays follow the sighting of the moon or another calendar, KR (lunar), and AR, CL, CR and PY, which
//! move and add days by decree.
//!
//! What is there are holidays of the whole country, right from 2000 on. Where one falls on a weekend and the law gives another day
//! off, that day is there too, as `Christmas Day (observed)`. What is not there: holidays of single states or towns, days off that a
//! government trades for a working Saturday year by year (BG until 2016, BY, HU, LV, RU, UA), and most of what was decreed once,
//! such as a day of mourning.

mod central_europe;
mod easter;
mod eastern_europe;
mod japan;
mod north_america;
mod northern_europe;
mod pacific_and_africa;
mod rules;
mod series;
mod south_america;
#[cfg(test)]
mod tests;
mod western_europe;

use jiff::civil::Date;

pub(crate) use series::with_all_holidays;
pub use series::with_holidays;

use rules::Rule;

/// A holiday.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Holiday {
    /// Its day.
    pub date: Date,
    /// Its name, in English; the same in every year.
    pub name: String,
}

/// The national holidays of a country.
///
/// ```
/// use ensue_forecast::holidays::Holidays;
/// use jiff::civil::date;
///
/// let november = Holidays::of("US")?.between(date(2019, 11, 1), date(2019, 11, 30));
/// assert_eq!(november[1].name, "Thanksgiving Day");
/// assert_eq!(november[1].date, date(2019, 11, 28));
/// # Ok::<(), ensue_forecast::holidays::UnknownCalendar>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Holidays {
    code: &'static str,
    rules: &'static [Rule],
}

/// There is no calendar of this code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no holiday calendar {code:?}; there are {known}")]
pub struct UnknownCalendar {
    /// The code asked for.
    pub code: String,
    /// All codes, separated by commas.
    pub known: String,
}

/// Lists the calendars: a module, and the codes of its tables.
macro_rules! calendars {
    ($($module:ident: $($code:ident)+;)+) => {
        const CALENDARS: &[Holidays] =
            &[$($(Holidays { code: stringify!($code), rules: $module::$code },)+)+];
    };
}

calendars! {
    pacific_and_africa: AU NZ ZA;
    japan: JP;
    north_america: CA MX NI PA US;
    south_america: BO BR CO EC PE UY VE;
    western_europe: AT BE CH DE ES FR IE IT LI LU MT NL PT UK;
    northern_europe: DK EE FI IS LT LV NO SE;
    central_europe: CZ HU PL SI SK;
    eastern_europe: BG BY GR HR MD ME RO RS RU UA;
}

/// What the name of a day off in lieu ends with.
const OBSERVED: &str = " (observed)";

impl Holidays {
    /// The calendar of a code such as `US`.
    ///
    /// # Errors
    /// [`UnknownCalendar`] lists the codes there are.
    pub fn of(code: &str) -> Result<Self, UnknownCalendar> {
        CALENDARS.iter().find(|calendar| calendar.code == code).copied().ok_or_else(|| {
            let known = Self::codes().join(", ");
            UnknownCalendar { code: code.to_owned(), known }
        })
    }

    /// The codes there are, in alphabetical order.
    pub fn codes() -> Vec<&'static str> {
        let mut codes: Vec<_> = CALENDARS.iter().map(|calendar| calendar.code).collect();
        codes.sort_unstable();
        codes
    }

    /// Its code.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// Every name that a holiday of it has in some year, in alphabetical order.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.rules.iter().map(|rule| rule.name.to_owned()).collect();
        let observed = self.rules.iter().filter(|rule| rule.has_observed());
        names.extend(observed.map(|rule| format!("{}{OBSERVED}", rule.name)));
        if self.code == "JP" {
            names.extend(japan::COMPUTED.map(str::to_owned));
        }
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The holidays from a day to another, both included, by date and then by name.
    pub fn between(&self, from: Date, to: Date) -> Vec<Holiday> {
        let mut found = Vec::new();
        // A day off in lieu may lie in the year before or after.
        for year in from.year().saturating_sub(1)..=to.year().saturating_add(1) {
            self.year(year, &mut found);
        }
        found.retain(|holiday| (from..=to).contains(&holiday.date));
        found.sort_unstable();
        found.dedup();
        found
    }

    fn year(&self, year: i16, found: &mut Vec<Holiday>) {
        let days = self.rules.iter().filter_map(|rule| Some((rule, rule.days(year)?)));
        if self.code == "JP" {
            let mut days: Vec<_> = days.map(|(rule, (date, _))| (date, rule.name)).collect();
            japan::complete(year, &mut days);
            found.extend(days.into_iter().map(|(date, name)| Holiday { date, name: name.into() }));
            return;
        }
        for (rule, (date, observed)) in days {
            found.push(Holiday { date, name: rule.name.to_owned() });
            found.extend(
                observed.map(|date| Holiday { date, name: format!("{}{OBSERVED}", rule.name) }),
            );
        }
    }
}

impl PartialEq for Holidays {
    fn eq(&self, other: &Self) -> bool {
        self.code == other.code
    }
}

impl Eq for Holidays {}
