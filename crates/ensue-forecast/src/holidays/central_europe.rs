//! Central Europe.

use super::rules::{
    On::{Date, Easter},
    Rule, rule,
};

/// Czechia.
pub(super) const CZ: &[Rule] = &[
    rule("Independent Czech State Restoration Day", Date(1, 1)),
    rule("New Year's Day", Date(1, 1)),
    rule("Good Friday", Easter(-2)).since(2016),
    rule("Easter Monday", Easter(1)),
    rule("Labor Day", Date(5, 1)),
    rule("Victory Day", Date(5, 8)),
    rule("Saints Cyril and Methodius Day", Date(7, 5)),
    rule("Jan Hus Day", Date(7, 6)),
    rule("Statehood Day", Date(9, 28)),
    rule("Independent Czechoslovak State Day", Date(10, 28)),
    rule("Struggle for Freedom and Democracy Day", Date(11, 17)).until(2018),
    rule("Struggle for Freedom and Democracy Day and International Students' Day", Date(11, 17))
        .since(2019),
    rule("Christmas Eve", Date(12, 24)),
    rule("Christmas Day", Date(12, 25)),
    rule("Second Day of Christmas", Date(12, 26)),
];

/// Hungary.
pub(super) const HU: &[Rule] = &[
    rule("New Year's Day", Date(1, 1)),
    rule("National Day", Date(3, 15)),
    rule("Good Friday", Easter(-2)).since(2017),
    rule("Easter", Easter(0)),
    rule("Easter Monday", Easter(1)),
    rule("Pentecost", Easter(49)),
    rule("Pentecost Monday", Easter(50)),
    rule("Labor Day", Date(5, 1)),
    rule("State Foundation Day", Date(8, 20)),
    rule("National Day", Date(10, 23)),
    rule("All Saints' Day", Date(11, 1)),
    rule("Christmas Eve", Date(12, 24)).since(2026),
    rule("Christmas Day", Date(12, 25)),
    rule("Second Day of Christmas", Date(12, 26)),
];

/// Poland.
pub(super) const PL: &[Rule] = &[
    rule("New Year's Day", Date(1, 1)),
    rule("Epiphany", Date(1, 6)).since(2011),
    rule("Easter Sunday", Easter(0)),
    rule("Easter Monday", Easter(1)),
    rule("Pentecost", Easter(49)),
    rule("Corpus Christi", Easter(60)),
    rule("National Day", Date(5, 1)),
    rule("National Day of the Third of May", Date(5, 3)),
    rule("Assumption Day", Date(8, 15)),
    rule("All Saints' Day", Date(11, 1)),
    rule("National Independence Day", Date(11, 11)),
    rule("Christmas Eve", Date(12, 24)).since(2025),
    rule("Christmas Day", Date(12, 25)),
    rule("Second Day of Christmas", Date(12, 26)),
];

/// Slovenia.
pub(super) const SI: &[Rule] = &[
    rule("New Year's Day", Date(1, 1)),
    rule("New Year's Day", Date(1, 2)).until(2012),
    rule("New Year's Day", Date(1, 2)).since(2017),
    rule("Prešeren's Day, the Slovenian Cultural Holiday", Date(2, 8)),
    rule("Easter Sunday", Easter(0)),
    rule("Easter Monday", Easter(1)),
    rule("Pentecost", Easter(49)),
    rule("Day of Uprising Against Occupation", Date(4, 27)),
    rule("Labor Day", Date(5, 1)),
    rule("Labor Day", Date(5, 2)),
    rule("Statehood Day", Date(6, 25)),
    rule("Assumption Day", Date(8, 15)),
    rule("Reformation Day", Date(10, 31)),
    rule("Day of Remembrance for the Dead", Date(11, 1)),
    rule("Christmas Day", Date(12, 25)),
    rule("Independence Day", Date(12, 26)).until(2004),
    rule("Independence and Unity Day", Date(12, 26)).since(2005),
];

/// Slovakia.
pub(super) const SK: &[Rule] = &[
    rule("Day of the Establishment of the Slovak Republic", Date(1, 1)),
    rule("Epiphany (Three Kings' Day and Orthodox Christmas)", Date(1, 6)),
    rule("Good Friday", Easter(-2)),
    rule("Easter Monday", Easter(1)),
    rule("Labor Day", Date(5, 1)),
    rule("Day of Victory over Fascism", Date(5, 8)).until(2025),
    rule("Day of Victory over Fascism", Date(5, 8)).since(2027),
    rule("Saints Cyril and Methodius Day", Date(7, 5)),
    rule("Slovak National Uprising Anniversary", Date(8, 29)),
    rule("Constitution Day", Date(9, 1)).until(2023),
    rule("Day of Our Lady of the Seven Sorrows", Date(9, 15)).until(2025),
    rule("Day of Our Lady of the Seven Sorrows", Date(9, 15)).since(2027),
    rule("All Saints' Day", Date(11, 1)),
    rule("Struggle for Freedom and Democracy Day", Date(11, 17)).between(2001, 2024),
    rule("Christmas Eve", Date(12, 24)),
    rule("Christmas Day", Date(12, 25)),
    rule("Second Day of Christmas", Date(12, 26)),
];
