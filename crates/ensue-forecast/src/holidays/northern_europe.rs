//! Northern Europe.

use jiff::civil::Weekday::{Friday, Monday, Saturday, Sunday, Thursday};

use super::rules::{
    MONDAY_AFTER,
    On::{Date, Easter, From, Nth},
    Rule, rule,
};

/// Denmark.
pub(super) const DK: &[Rule] = &[
    rule("New Year's Day", Date(1, 1)),
    rule("Maundy Thursday", Easter(-3)),
    rule("Good Friday", Easter(-2)),
    rule("Easter Sunday", Easter(0)),
    rule("Easter Monday", Easter(1)),
    rule("Great Prayer Day", Easter(26)).until(2023),
    rule("Ascension Day", Easter(39)),
    rule("Pentecost", Easter(49)),
    rule("Pentecost Monday", Easter(50)),
    rule("Christmas Day", Date(12, 25)),
    rule("Second Day of Christmas", Date(12, 26)),
];

/// Estonia.
pub(super) const EE: &[Rule] = &[
    rule("New Year's Day", Date(1, 1)),
    rule("Independence Day", Date(2, 24)),
    rule("Good Friday", Easter(-2)),
    rule("Easter Sunday", Easter(0)),
    rule("Pentecost", Easter(49)),
    rule("May Day", Date(5, 1)),
    rule("Victory Day", Date(6, 23)),
    rule("Midsummer Day", Date(6, 24)),
    rule("Independence Restoration Day", Date(8, 20)),
    rule("Christmas Eve", Date(12, 24)).since(2005),
    rule("Christmas Day", Date(12, 25)),
    rule("Second Day of Christmas", Date(12, 26)),
];

/// Finland.
pub(super) const FI: &[Rule] = &[
    rule("New Year's Day", Date(1, 1)),
    rule("Epiphany", Date(1, 6)),
    rule("Good Friday", Easter(-2)),
    rule("Easter Sunday", Easter(0)),
    rule("Easter Monday", Easter(1)),
    rule("Ascension Day", Easter(39)),
    rule("Pentecost", Easter(49)),
    rule("May Day", Date(5, 1)),
    rule("Midsummer Eve", From(Friday, 6, 19)),
    rule("Midsummer Day", From(Saturday, 6, 20)),
    rule("All Saints' Day", From(Saturday, 10, 31)),
    rule("Independence Day", Date(12, 6)),
    rule("Christmas Eve", Date(12, 24)),
    rule("Christmas Day", Date(12, 25)),
    rule("Second Day of Christmas", Date(12, 26)),
];

/// Iceland.
pub(super) const IS: &[Rule] = &[
    rule("New Year's Day", Date(1, 1)),
    rule("Maundy Thursday", Easter(-3)),
    rule("Good Friday", Easter(-2)),
    rule("Easter Sunday", Easter(0)),
    rule("Easter Monday", Easter(1)),
    rule("Ascension Day", Easter(39)),
    rule("Pentecost", Easter(49)),
    rule("Pentecost Monday", Easter(50)),
    rule("First Day of Summer", From(Thursday, 4, 19)),
    rule("Labor Day", Date(5, 1)),
    rule("National Day", Date(6, 17)),
    rule("Commerce Day", Nth(1, Monday, 8)),
    rule("Christmas Day", Date(12, 25)),
    rule("Second Day of Christmas", Date(12, 26)),
];

/// Lithuania.
pub(super) const LT: &[Rule] = &[
    rule("New Year's Day", Date(1, 1)),
    rule("Day of Restoration of the State of Lithuania", Date(2, 16)),
    rule("Day of Restoration of Independence of Lithuania", Date(3, 11)),
    rule("Easter Sunday", Easter(0)),
    rule("Easter Monday", Easter(1)),
    rule("International Workers' Day", Date(5, 1)),
    rule("Mother's Day", Nth(1, Sunday, 5)),
    rule("Father's Day", Nth(1, Sunday, 6)),
    rule("Day of Dew and Saint John", Date(6, 24)).since(2003),
    rule("Statehood Day", Date(7, 6)),
    rule("Assumption Day", Date(8, 15)),
    rule("All Saints' Day", Date(11, 1)),
    rule("All Souls' Day", Date(11, 2)).since(2020),
    rule("Christmas Eve", Date(12, 24)),
    rule("Christmas Day", Date(12, 25)),
    rule("Second Day of Christmas", Date(12, 26)),
];

/// Latvia.
pub(super) const LV: &[Rule] = &[
    rule("New Year's Day", Date(1, 1)),
    rule("Good Friday", Easter(-2)),
    rule("Easter Sunday", Easter(0)),
    rule("Easter Monday", Easter(1)),
    rule("Pentecost", Easter(49)),
    rule("Constitutional Assembly Convocation Day", Date(5, 1)),
    rule("Labor Day", Date(5, 1)),
    rule("Proclamation of Declaration of Independence Day", Date(5, 4)).between(2002, 2011),
    rule("Restoration of Independence Day", Date(5, 4)).since(2012).observed(MONDAY_AFTER),
    rule("Mother's Day", Nth(2, Sunday, 5)),
    rule("Midsummer Eve", Date(6, 23)),
    rule("Midsummer Day", Date(6, 24)),
    rule("Republic of Latvia Proclamation Day", Date(11, 18)).observed_since(2007, MONDAY_AFTER),
    rule("Christmas Eve", Date(12, 24)).since(2007),
    rule("Christmas Day", Date(12, 25)),
    rule("Second Day of Christmas", Date(12, 26)),
    rule("New Year's Eve", Date(12, 31)),
];

/// Norway.
pub(super) const NO: &[Rule] = &[
    rule("New Year's Day", Date(1, 1)),
    rule("Maundy Thursday", Easter(-3)),
    rule("Good Friday", Easter(-2)),
    rule("Easter Sunday", Easter(0)),
    rule("Easter Monday", Easter(1)),
    rule("Ascension Day", Easter(39)),
    rule("Pentecost", Easter(49)),
    rule("Pentecost Monday", Easter(50)),
    rule("Labor Day", Date(5, 1)),
    rule("Constitution Day", Date(5, 17)),
    rule("Christmas Day", Date(12, 25)),
    rule("Second Day of Christmas", Date(12, 26)),
];

/// Sweden.
pub(super) const SE: &[Rule] = &[
    rule("New Year's Day", Date(1, 1)),
    rule("Epiphany", Date(1, 6)),
    rule("Good Friday", Easter(-2)),
    rule("Easter Sunday", Easter(0)),
    rule("Easter Monday", Easter(1)),
    rule("Ascension Day", Easter(39)),
    rule("Pentecost", Easter(49)),
    rule("Pentecost Monday", Easter(50)).until(2004),
    rule("May Day", Date(5, 1)),
    rule("National Day", Date(6, 6)).since(2005),
    rule("Midsummer Day", From(Saturday, 6, 20)),
    rule("All Saints' Day", From(Saturday, 10, 31)),
    rule("Christmas Day", Date(12, 25)),
    rule("Second Day of Christmas", Date(12, 26)),
];
