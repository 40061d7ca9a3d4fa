//! When Easter is.

use jiff::civil::Date;

use super::rules::add;

/// Easter Sunday of the western churches; none before 1583.
///
/// Source: the anonymous Gregorian computus, Meeus 1991, "Astronomical algorithms", chapter 8.
pub(super) fn easter(year: i16) -> Option<Date> {
    if year < 1583 {
        return None;
    }
    let y = i32::from(year);
    let (golden, century, of_century) = (y % 19, y / 100, y % 100);
    let moon_shift = (century - (century + 8) / 25 + 1) / 3;
    let epact = (19 * golden + century - century / 4 - moon_shift + 15) % 30;
    let to_sunday = (32 + 2 * (century % 4) + 2 * (of_century / 4) - epact - of_century % 4) % 7;
    let late = (golden + 11 * epact + 22 * to_sunday) / 451;
    month_and_day(year, epact + to_sunday - 7 * late + 114)
}

/// Easter Sunday of the Orthodox churches, by today's calendar; none before 1583.
///
/// Source: the Julian computus, Meeus 1991, chapter 8; the calendars are `century - century / 4 - 2` days apart.
pub(super) fn orthodox_easter(year: i16) -> Option<Date> {
    if year < 1583 {
        return None;
    }
    let y = i32::from(year);
    let moon = (19 * (y % 19) + 15) % 30;
    let to_sunday = (2 * (y % 4) + 4 * (y % 7) - moon + 34) % 7;
    let julian = month_and_day(year, moon + to_sunday + 114)?;
    let century = i64::from(y / 100);
    add(julian, century - century / 4 - 2)
}

/// The day of March or April that both rules give as `31 * month + day - 1`.
fn month_and_day(year: i16, number: i32) -> Option<Date> {
    let (month, day) = (number / 31, number % 31 + 1);
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}
