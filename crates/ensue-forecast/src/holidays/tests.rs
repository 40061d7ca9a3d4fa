use std::collections::BTreeMap;

use ensue_core::{Frequency, Panel, Series};
use jiff::civil::{Date, date};
use serde_json::Value;

use super::{
    easter::{easter, orthodox_easter},
    *,
};

/// The calendars of 2019.
const FIRST: [&str; 5] = ["AU", "DE", "JP", "UK", "US"];

/// Of `holidays` 0.109 and `dateutil` 2.9.0, written by `benches/peers/holidays_golden.py`.
fn golden() -> Value {
    serde_json::from_str(include_str!("../../tests/golden/holidays.json")).unwrap()
}

fn month_and_day(date: Date) -> String {
    format!("{:02}{:02}", date.month(), date.day())
}

/// Days of a year, each once.
fn days(code: &str, year: i16) -> Vec<String> {
    let found = Holidays::of(code).unwrap().between(date(year, 1, 1), date(year, 12, 31));
    let mut days: Vec<String> = found.iter().map(|holiday| month_and_day(holiday.date)).collect();
    days.dedup();
    days
}

#[test]
fn easter_is_that_of_dateutil() {
    // Oracle: dateutil.easter of 200 years, both churches.
    let golden = golden();
    for (name, rule) in
        [("western", easter as fn(i16) -> Option<Date>), ("orthodox", orthodox_easter)]
    {
        let expected = golden["easter"][name].as_str().unwrap();
        for (year, expected) in (1900..2100).zip(expected.split(' ')) {
            assert_eq!(month_and_day(rule(year).unwrap()), expected, "{name} {year}");
        }
        assert_eq!(rule(1582), None);
    }
    // A leap day of the Julian calendar makes no difference to its own rule: 2100 and 2200, from Meeus's tables.
    assert_eq!(orthodox_easter(2100), Some(date(2100, 5, 2)));
}

#[test]
fn the_calendars_of_2019_are_those_of_a_second_source() {
    // Oracle: `holidays` of PyPI: every name and day of 2019, every day of 2000 to 2050, days off in lieu, equinoxes and
    // Japan's days between two holidays among them.
    let golden = golden();
    for code in FIRST {
        let expected: BTreeMap<String, String> =
            serde_json::from_value(golden["names"][code].clone()).unwrap();
        let year = Holidays::of(code).unwrap().between(date(2019, 1, 1), date(2019, 12, 31));
        let found: BTreeMap<String, String> =
            year.into_iter().map(|holiday| (month_and_day(holiday.date), holiday.name)).collect();
        assert_eq!(found, expected, "{code}");
        for year in 2000..=2050 {
            let expected = golden["days"][code][year.to_string()].as_str().unwrap();
            assert_eq!(days(code, year).join(" "), expected, "{code} {year}");
        }
    }
}

#[test]
fn known_days_of_2019_are_there() {
    // Oracle: the official lists for 2019: US Office of Personnel Management, gov.uk (what all four nations share), Cabinet
    // Office of Japan, and the German and Australian federal governments.
    let of = |code| Holidays::of(code).unwrap().between(date(2019, 1, 1), date(2019, 12, 31));
    let names = |code| of(code).into_iter().map(|holiday| (holiday.date, holiday.name)).collect();
    let us: BTreeMap<Date, String> = names("US");
    assert_eq!(us.len(), 10);
    assert_eq!(us[&date(2019, 11, 28)], "Thanksgiving Day");
    assert_eq!(us[&date(2019, 5, 27)], "Memorial Day");
    let uk: BTreeMap<Date, String> = names("UK");
    assert_eq!(uk[&date(2019, 5, 6)], "May Day");
    assert_eq!(uk[&date(2019, 4, 19)], "Good Friday");
    // Ten days off in a row, as the emperor changed.
    let japan: BTreeMap<Date, String> = names("JP");
    assert_eq!(japan.range(date(2019, 4, 29)..=date(2019, 5, 6)).count(), 8);
    assert_eq!(japan.len(), 22);
    let germany: BTreeMap<Date, String> = names("DE");
    assert_eq!(germany[&date(2019, 5, 30)], "Ascension Day");
    assert_eq!(germany.len(), 9);
    let australia: BTreeMap<Date, String> = names("AU");
    assert_eq!(australia[&date(2019, 4, 25)], "ANZAC Day");
}

/// Where our calendars and `holidays` differ in the years that are compared: calendar, year, `+` a day of ours, `-` one of theirs.
/// Theirs are days that were traded for a Saturday or decreed once (BG, BO, BY, GR, HU, LV, ME, PA, RU, UA, UY, VE, ZA); in
/// Spain, ours are holidays on a Sunday, which the regions move or not; Spain before 2008, Montenegro and Serbia before 2007 and
/// Ukraine since 2023 are not compared.
const DIFFERENCES: &str = "
BG 2005 -0304 -0523 -0905 -0923
BG 2012 -0102 -0430 -0525 -0907 -1231
BO 2012 -0430
BY 2005 -0307
BY 2012 -0309 -0423 -0702 -1224 -1231
BY 2019 -0506 -0508 -1108
BY 2024 -0513 -1108
ES 2012 +0101
ES 2019 +0106 +1208
ES 2024 +1208
ES 2030 +0106 +1208
GR 2024 -0507
HU 2005 -0314 -1031
HU 2012 -0316 -0430 -1022 -1102 -1224 -1231
HU 2019 -0819 -1224 -1227
HU 2024 -0819 -1224 -1227
LV 2012 -0430
LV 2024 -1223 -1230
ME 2024 -1114
PA 2019 -0701
PA 2024 -0701
RU 2005 -0106 -0110 -0307 -0502 -0510 -0613
RU 2012 -0106 -0109 -0309 -0430 -0507 -0508 -0611 -1105 -1231
RU 2019 -0502 -0503 -0510
RU 2024 -0429 -0430 -0510 -1230 -1231
UA 2005 -0307 -0510 -0627
UA 2012 -0309 -0430 -0629 -1231
UA 2019 -0430 -1230 -1231
UY 2005 -0301
VE 2019 -0228 -0301 -0311 -0312 -0326
ZA 2019 -0508
ZA 2024 -0529";

#[test]
fn the_other_calendars_differ_from_a_second_source_only_where_known() {
    // Oracle: `holidays` of PyPI, five years of each; the differences are listed above, each of a kind that plain rules cannot
    // give.
    let golden = golden();
    let mut found = String::new();
    let mut compared = 0;
    for code in Holidays::codes().into_iter().filter(|code| !FIRST.contains(code)) {
        for (year, theirs) in golden["days"][code].as_object().unwrap() {
            let theirs: Vec<&str> = theirs.as_str().unwrap().split_whitespace().collect();
            if theirs.is_empty() {
                continue;
            }
            compared += 1;
            let ours = days(code, year.parse().unwrap());
            let more = ours.iter().filter(|day| !theirs.contains(&day.as_str()));
            let less = theirs.iter().filter(|day| !ours.iter().any(|own| own == *day));
            let differences: String = more
                .map(|day| format!(" +{day}"))
                .chain(less.map(|day| format!(" -{day}")))
                .collect();
            if !differences.is_empty() {
                found.extend(["\n", code, " ", year, &differences]);
            }
        }
    }
    assert_eq!(found, DIFFERENCES);
    assert_eq!(compared, 48 * 5 - 5);
}

#[test]
fn an_unknown_code_names_the_calendars_there_are() {
    // Oracle: the codes of the module's tables; Amazon prints UK, not GB.
    let error = Holidays::of("GB").unwrap_err();
    assert!(error.to_string().contains("\"GB\"") && error.known.contains("UK, US"), "{error}");
    for code in ["KR", "us", ""] {
        assert!(Holidays::of(code).is_err(), "{code}");
    }
    let codes = Holidays::codes();
    assert_eq!(codes.len(), 53);
    assert!(codes.iter().all(|code| Holidays::of(code).unwrap().code() == *code));
}

#[test]
fn every_holiday_has_one_of_the_names() {
    // Oracle: the list of names, and that each is used in some year from 2000 to 2050.
    for code in Holidays::codes() {
        let calendar = Holidays::of(code).unwrap();
        let mut found: Vec<String> = calendar
            .between(date(2000, 1, 1), date(2050, 12, 31))
            .into_iter()
            .map(|holiday| holiday.name)
            .collect();
        found.sort_unstable();
        found.dedup();
        assert_eq!(found, calendar.names(), "{code}");
    }
}

fn panel(frequency: &str, start: Date, steps: usize) -> Panel {
    let frequency: Frequency = frequency.parse().unwrap();
    let first = frequency.step_of(start.at(0, 0, 0, 0));
    Panel::new(frequency, vec![Series::new(["a"], first, vec![1.0; steps])]).unwrap()
}

/// Steps that are not 0, with their values.
fn marked(panel: &Panel, name: &str) -> Vec<(usize, f32)> {
    let at = panel.related().iter().position(|other| other == name).unwrap();
    let row = &panel.series()[0].related()[at];
    row.iter().copied().enumerate().filter(|(_, value)| *value != 0.0).collect()
}

#[test]
fn a_holiday_marks_its_steps_beyond_the_end_too() {
    // Oracle: by hand; 2019-12-25 was a Wednesday.
    let us = Holidays::of("US").unwrap();
    let christmas = "holiday_US: Christmas Day";
    let start = date(2019, 12, 23);
    let daily = with_holidays(&panel("D", start, 1), &us, 2);
    assert_eq!(daily.related(), [christmas]);
    assert_eq!(daily.series()[0].related()[0], [0.0, 0.0, 1.0]);
    let hourly = with_holidays(&panel("H", start, 24), &us, 48);
    assert_eq!(marked(&hourly, christmas), (48..72).map(|at| (at, 1.0)).collect::<Vec<_>>());
    // Steps of five hours: the first and the last only touch the day.
    let odd = with_holidays(&panel("5H", start, 1), &us, 20);
    let length = marked(&odd, christmas).len();
    assert!(
        (5..=6).contains(&length) && marked(&odd, christmas).iter().all(|(_, value)| *value == 1.0)
    );
    let weekly = with_holidays(&panel("W", start, 1), &us, 0);
    assert_eq!(marked(&weekly, christmas), [(0, 1.0)]);
    // Two days of one name in a month count as two.
    let slovenia = Holidays::of("SI").unwrap();
    let monthly = with_holidays(&panel("M", date(2019, 5, 1), 1), &slovenia, 0);
    assert_eq!(marked(&monthly, "holiday_SI: Labor Day"), [(0, 2.0)]);
    // Nothing on the day after the last.
    let before = with_holidays(&panel("D", start, 2), &us, 0);
    assert!(before.related().is_empty());
}

#[test]
fn what_was_there_stays_and_hidden_steps_are_covered() {
    // Oracle: the panel before; the rows reach as far beyond the whole target as asked, whatever is hidden of it.
    let series = Series::new(["a"], 18_253, vec![1.0; 10]).with_related(vec![vec![7.0; 10]]);
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let panel = Panel::with(
        Frequency::DAILY,
        names(&["item_id"]),
        names(&["price"]),
        Vec::new(),
        Vec::new(),
        vec![series],
    )
    .unwrap();
    let us = Holidays::of("US").unwrap();
    let whole = with_holidays(&panel, &us, 3);
    assert_eq!(whole.related()[0], "price");
    assert_eq!(whole.series()[0].related()[0], [7.0; 10]);
    assert!(whole.related().len() > 1);
    assert!(whole.series()[0].related()[1..].iter().all(|row| row.len() == 13));
    let cut = with_holidays(&panel.cut(4), &us, 3);
    assert_eq!(cut.related(), whole.related());
    assert_eq!(cut.series()[0].related()[1..], whole.series()[0].related()[1..]);
    // Once more changes nothing.
    let twice = with_holidays(&whole, &us, 3);
    assert_eq!(twice.fingerprint(), whole.fingerprint());
}
