//! North and Central America.

use jiff::civil::Weekday::{Monday, Thursday};

use super::rules::{
    AFTER_SUNDAY, MONDAY_AFTER, NEAREST,
    On::{Date, Easter, Every, Last, Nth},
    Rule, rule,
};

/// Canada.
pub(super) const CA: &[Rule] = &[
    rule("New Year's Day", Date(1, 1)).observed(MONDAY_AFTER),
    rule("Good Friday", Easter(-2)),
    rule("Canada Day", Date(7, 1)),
    rule("Labor Day", Nth(1, Monday, 9)),
    rule("Christmas Day", Date(12, 25)).observed(MONDAY_AFTER),
];

/// Mexico.
pub(super) const MX: &[Rule] = &[
    rule("New Year's Day", Date(1, 1)),
    rule("Constitution Day", Nth(1, Monday, 2)).since(2006),
    rule("Constitution Day", Date(2, 5)).until(2005),
    rule("Benito Juárez's birthday", Nth(3, Monday, 3)).since(2007),
    rule("Benito Juárez's birthday", Date(3, 21)).until(2006),
    rule("Labor Day", Date(5, 1)),
    rule("Independence Day", Date(9, 16)),
    rule("Revolution Day", Nth(3, Monday, 11)).since(2006),
    rule("Revolution Day", Date(11, 20)).until(2006),
    rule("Christmas Day", Date(12, 25)),
    rule("Change of Federal Government", Every(6, 2000, 12, 1)).until(2018),
    rule("Change of Federal Government", Every(6, 2024, 10, 1)).since(2024),
];

/// Nicaragua.
pub(super) const NI: &[Rule] = &[
    rule("New Year's Day", Date(1, 1)),
    rule("Maundy Thursday", Easter(-3)),
    rule("Good Friday", Easter(-2)),
    rule("Labor Day", Date(5, 1)),
    rule("Mother's Day", Date(5, 30)).since(2022),
    rule("Revolution Day", Date(7, 19)),
    rule("Battle of San Jacinto Day", Date(9, 14)),
    rule("Independence Day", Date(9, 15)),
    rule("Immaculate Conception", Date(12, 8)),
    rule("Christmas Day", Date(12, 25)),
];

/// Panama.
pub(super) const PA: &[Rule] = &[
    rule("New Year's Day", Date(1, 1)).observed(AFTER_SUNDAY),
    rule("Martyrs' Day", Date(1, 9)).observed(AFTER_SUNDAY),
    rule("Carnival Tuesday", Easter(-47)),
    rule("Good Friday", Easter(-2)),
    rule("Labor Day", Date(5, 1)).observed(AFTER_SUNDAY),
    rule("Separation Day", Date(11, 3)).observed(AFTER_SUNDAY),
    rule("Colon Day", Date(11, 5)).since(2002).observed(AFTER_SUNDAY),
    rule("Los Santos Uprising Day", Date(11, 10)).observed(AFTER_SUNDAY),
    rule("Independence Day", Date(11, 28)).observed(AFTER_SUNDAY),
    rule("Mother's Day", Date(12, 8)).observed(AFTER_SUNDAY),
    rule("National Mourning Day", Date(12, 20)).since(2022).observed(AFTER_SUNDAY),
    rule("Christmas Day", Date(12, 25)).observed(AFTER_SUNDAY),
];

/// United States, federal.
pub(super) const US: &[Rule] = &[
    rule("New Year's Day", Date(1, 1)).observed(NEAREST),
    rule("Martin Luther King Jr. Day", Nth(3, Monday, 1)),
    rule("Washington's Birthday", Nth(3, Monday, 2)),
    rule("Memorial Day", Last(Monday, 5)),
    rule("Juneteenth National Independence Day", Date(6, 19)).since(2021).observed(NEAREST),
    rule("Independence Day", Date(7, 4)).observed(NEAREST),
    rule("Labor Day", Nth(1, Monday, 9)),
    rule("Columbus Day", Nth(2, Monday, 10)),
    rule("Veterans Day", Date(11, 11)).observed(NEAREST),
    rule("Thanksgiving Day", Nth(4, Thursday, 11)),
    rule("Christmas Day", Date(12, 25)).observed(NEAREST),
];
