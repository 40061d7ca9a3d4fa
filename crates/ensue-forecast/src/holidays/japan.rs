//! Japan, with the equinoxes, the days off in lieu and the days between two holidays.

use jiff::civil::{
    Date,
    Weekday::{Monday, Sunday},
};

use super::rules::{
    On::{Date as OnDate, Listed, Nth},
    Rule, add, rule,
};

/// What is not computed.
pub(super) const JP: &[Rule] = &[
    rule("New Year's Day", OnDate(1, 1)),
    rule("Coming of Age Day", Nth(2, Monday, 1)).since(2000),
    rule("Coming of Age Day", OnDate(1, 15)).until(1999),
    rule("Foundation Day", OnDate(2, 11)),
    rule("Emperor's Birthday", OnDate(12, 23)).between(1989, 2018),
    rule("Emperor's Birthday", OnDate(2, 23)).since(2020),
    rule("Greenery Day", OnDate(4, 29)).between(1989, 2006),
    rule("Showa Day", OnDate(4, 29)).since(2007),
    rule("Emperor's Enthronement Day", Listed(&[(2019, 5, 1)])),
    rule("Constitution Day", OnDate(5, 3)),
    rule("Greenery Day", OnDate(5, 4)).since(2007),
    rule("Children's Day", OnDate(5, 5)),
    rule("Marine Day", OnDate(7, 20)).between(1996, 2002),
    rule("Marine Day", Nth(3, Monday, 7)).between(2003, 2019),
    rule("Marine Day", Listed(&[(2020, 7, 23), (2021, 7, 22)])),
    rule("Marine Day", Nth(3, Monday, 7)).since(2022),
    rule("Mountain Day", OnDate(8, 11)).between(2016, 2019),
    rule("Mountain Day", Listed(&[(2020, 8, 10), (2021, 8, 8)])),
    rule("Mountain Day", OnDate(8, 11)).since(2022),
    rule("Respect for the Aged Day", OnDate(9, 15)).until(2002),
    rule("Respect for the Aged Day", Nth(3, Monday, 9)).since(2003),
    rule("Physical Education Day", OnDate(10, 10)).until(1999),
    rule("Physical Education Day", Nth(2, Monday, 10)).between(2000, 2019),
    rule("Sports Day", Listed(&[(2020, 7, 24), (2021, 7, 23)])),
    rule("Sports Day", Nth(2, Monday, 10)).since(2022),
    rule("Emperor's Enthronement Day", Listed(&[(2019, 10, 22)])),
    rule("Culture Day", OnDate(11, 3)),
    rule("Labor Thanksgiving Day", OnDate(11, 23)),
];

/// Names of what is computed.
pub(super) const COMPUTED: [&str; 4] = [SPRING, AUTUMN, SUBSTITUTE, BETWEEN];
const SPRING: &str = "Vernal Equinox Day";
const AUTUMN: &str = "Autumnal Equinox Day";
const SUBSTITUTE: &str = "Substitute Holiday";
const BETWEEN: &str = "National Holiday";

/// Adds the computed days of a year to the others of that year.
///
/// A holiday on a Sunday gives the next day off that is none; before 2007 only the Monday. A day between two holidays is one
/// too, unless it is a Sunday or a day off already. Source: Act on National Holidays, articles 2 and 3, with its changes of
/// 2003 and 2007.
pub(super) fn complete(year: i16, days: &mut Vec<(Date, &'static str)>) {
    days.extend(equinox(year, 3, 20.8431).map(|day| (day, SPRING)));
    days.extend(equinox(year, 9, 23.2488).map(|day| (day, AUTUMN)));
    days.sort_unstable();
    let proper = days.clone();
    let is_holiday = |date: Date| proper.iter().any(|(day, _)| *day == date);
    for &(day, _) in &proper {
        if day.weekday() == Sunday {
            let following = (1..7).map_while(|days| add(day, days));
            let mut following = following.take(if year < 2007 { 1 } else { 6 });
            days.extend(following.find(|&day| !is_holiday(day)).map(|day| (day, SUBSTITUTE)));
        }
    }
    for &(day, _) in &proper {
        let (Some(middle), Some(after)) = (add(day, 1), add(day, 2)) else { continue };
        let free = days.iter().any(|(day, _)| *day == middle);
        if is_holiday(after) && !free && middle.weekday() != Sunday {
            days.push((middle, BETWEEN));
        }
    }
}

/// The day of an equinox from 1980 to 2099, in Japan: `at` days into the month in 1980, a little later each year, less a day for
/// each leap year. Source: the formula of the Japan Coast Guard's hydrographic department, which the Cabinet's yearly notices
/// have followed.
fn equinox(year: i16, month: i8, at: f64) -> Option<Date> {
    if !(1980..=2099).contains(&year) {
        return None;
    }
    let since = year - 1980;
    let day = (at + 0.242_194 * f64::from(since)).floor() as i16 - since / 4;
    Date::new(year, month, i8::try_from(day).ok()?).ok()
}
