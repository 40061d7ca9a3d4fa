//! Which earlier steps a forecast looks at.

use ensue_core::series::{Frequency, FrequencyUnit};

const MINUTES_AN_HOUR: u32 = 60;
const MINUTES_A_DAY: u32 = 24 * MINUTES_AN_HOUR;
const MINUTES_A_WEEK: u32 = 7 * MINUTES_A_DAY;
/// The largest lag there is.
const LARGEST: u32 = 1200;

/// Lags for `frequency`, ascending: 1 to 7, and those up to 1200 that lie one, two, ... hours, days,
/// weeks, months or years back, with their neighbours.
///
/// The same as `get_lags_for_frequency` of GluonTS 0.17 (table in `docs/src/design/deepar.md`).
///
/// ```
/// use ensue_core::series::Frequency;
/// use ensue_forecast::calendar::lags;
///
/// assert_eq!(lags(Frequency::YEARLY), [1, 2, 3, 4, 5, 6, 7]);
/// assert_eq!(lags(Frequency::MONTHLY)[7..], [11, 12, 13, 23, 24, 25, 35, 36, 37]);
/// ```
pub fn lags(frequency: Frequency) -> Vec<usize> {
    let every = frequency.every();
    let mut found: Vec<u32> = Vec::new();
    let mut around = |lag: u32, delta: u32| found.extend(lag.saturating_sub(delta)..=lag + delta);
    match frequency.unit() {
        FrequencyUnit::Year => {}
        FrequencyUnit::Month => (1..=3).for_each(|year| around(12 * year / every, 1)),
        FrequencyUnit::Week => weeks(7 * every, 7, &mut around),
        FrequencyUnit::Day => {
            days(every, 1, &mut around);
            weeks(every, 7, &mut around);
        }
        FrequencyUnit::Hour => {
            (1..=7).for_each(|day| around(24 * day / every, 1));
            days(every, 24, &mut around);
            weeks(every, 7 * 24, &mut around);
        }
        FrequencyUnit::Minute => {
            (1..=3).for_each(|hour| around(MINUTES_AN_HOUR * hour / every, 2));
            (1..=7).for_each(|day| around(MINUTES_A_DAY * day / every, 1));
            days(every, MINUTES_A_DAY, &mut around);
            weeks(every, MINUTES_A_WEEK, &mut around);
        }
    }
    found.extend(1..=7);
    found.retain(|lag| (1..=LARGEST).contains(lag));
    found.sort_unstable();
    found.dedup();
    found.into_iter().map(|lag| lag as usize).collect()
}

/// Lags of the step before and of whole seasons: a day and a week for hours and minutes, a week and a
/// year for days, a year for weeks and months. Where a year is no whole number of steps, the nearest
/// whole number of weeks is taken.
///
/// ```
/// use ensue_core::series::Frequency;
/// use ensue_forecast::calendar::seasons;
///
/// assert_eq!(seasons(Frequency::HOURLY), [1, 24, 168]);
/// assert_eq!(seasons(Frequency::MONTHLY), [1, 12]);
/// ```
pub fn seasons(frequency: Frequency) -> Vec<usize> {
    let every = frequency.every();
    let whole: &[u32] = match frequency.unit() {
        FrequencyUnit::Year => &[],
        FrequencyUnit::Month => &[12],
        FrequencyUnit::Week => &[52],
        FrequencyUnit::Day => &[7, 364],
        FrequencyUnit::Hour => &[24, 168],
        FrequencyUnit::Minute => &[MINUTES_A_DAY, MINUTES_A_WEEK],
    };
    let mut found = vec![1];
    found.extend(
        whole
            .iter()
            .filter(|&&season| season % every == 0)
            .map(|season| (season / every) as usize)
            .filter(|&lag| lag > 1),
    );
    found
}

/// The same day of the week, and of the month; `day` and `every` in one unit.
fn days(every: u32, day: u32, around: &mut impl FnMut(u32, u32)) {
    (1..=4).for_each(|week| around(7 * week * day / every, 1));
    around(30 * day / every, 1);
}

/// The same week of the year, and some weeks back; a `week` of that many units, as `every`.
fn weeks(every: u32, week: u32, around: &mut impl FnMut(u32, u32)) {
    (1..=3).for_each(|year| around(52 * year * week / every, 1));
    for weeks in [4, 8, 12] {
        around(weeks * week / every, 0);
    }
}
