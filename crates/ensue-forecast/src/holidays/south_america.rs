//! South America.

use jiff::civil::Weekday::Monday;

use super::rules::{
    AFTER_SUNDAY, NEAREST,
    On::{Date, Easter, From},
    Rule, rule,
};

/// Bolivia.
pub(super) const BO: &[Rule] = &[
    rule("New Year's Day", Date(1, 1)).observed(AFTER_SUNDAY),
    rule("Plurinational State Foundation Day", Date(1, 22)).since(2010).observed(AFTER_SUNDAY),
    rule("Carnival", Easter(-48)),
    rule("Carnival", Easter(-47)),
    rule("Good Friday", Easter(-2)),
    rule("Corpus Christi", Easter(60)),
    rule("Labor Day", Date(5, 1)).observed(AFTER_SUNDAY),
    rule("Aymara New Year", Date(6, 21)).since(2009).observed(AFTER_SUNDAY),
    rule("Independence Day", Date(8, 6)).observed(AFTER_SUNDAY),
    rule("National Dignity Day", Date(10, 17)).since(2020),
    rule("All Souls' Day", Date(11, 2)).observed(AFTER_SUNDAY),
    rule("Christmas Day", Date(12, 25)).observed(AFTER_SUNDAY),
];

/// Brazil.
pub(super) const BR: &[Rule] = &[
    rule("Universal Fraternization Day", Date(1, 1)),
    rule("Good Friday", Easter(-2)),
    rule("Tiradentes' Day", Date(4, 21)),
    rule("Worker's Day", Date(5, 1)),
    rule("Independence Day", Date(9, 7)),
    rule("Our Lady of Aparecida", Date(10, 12)),
    rule("All Souls' Day", Date(11, 2)),
    rule("Republic Proclamation Day", Date(11, 15)),
    rule("National Day of Zumbi and Black Awareness", Date(11, 20)).since(2024),
    rule("Christmas Day", Date(12, 25)),
];

/// Colombia.
pub(super) const CO: &[Rule] = &[
    rule("New Year's Day", Date(1, 1)),
    rule("Epiphany", From(Monday, 1, 6)),
    rule("Saint Joseph's Day", From(Monday, 3, 19)),
    rule("Maundy Thursday", Easter(-3)),
    rule("Good Friday", Easter(-2)),
    rule("Ascension Day", Easter(43)),
    rule("Corpus Christi", Easter(64)),
    rule("Sacred Heart", Easter(71)),
    rule("Labor Day", Date(5, 1)),
    rule("Saint Peter and Saint Paul's Day", From(Monday, 6, 29)),
    rule("Day of Our Lady of the Rosary of Chiquinquirá", From(Monday, 7, 9)).since(2026),
    rule("Independence Day", Date(7, 20)),
    rule("Battle of Boyacá", Date(8, 7)),
    rule("Assumption Day", From(Monday, 8, 15)),
    rule("Columbus Day", From(Monday, 10, 12)),
    rule("All Saints' Day", From(Monday, 11, 1)),
    rule("Independence of Cartagena", From(Monday, 11, 11)),
    rule("Immaculate Conception", Date(12, 8)),
    rule("Christmas Day", Date(12, 25)),
];

/// Ecuador.
pub(super) const EC: &[Rule] = &[
    rule("New Year's Day", Date(1, 1)).observed_since(2017, NEAREST),
    rule("Carnival", Easter(-48)),
    rule("Carnival", Easter(-47)),
    rule("Good Friday", Easter(-2)),
    rule("Labor Day", Date(5, 1)).observed_since(2017, [0, -1, 2, 1, 0, -1, 1]),
    rule("The Battle of Pichincha", Date(5, 24)).observed_since(2017, [0, -1, 2, 1, 0, -1, 1]),
    rule("Declaration of Independence of Quito", Date(8, 10))
        .observed_since(2017, [0, -1, 2, 1, 0, -1, 1]),
    rule("Independence of Guayaquil", Date(10, 9)).observed_since(2017, [0, -1, 2, 1, 0, -1, 1]),
    rule("All Souls' Day", Date(11, 2)).observed_since(2017, [0, -1, 2, 0, 0, -1, 2]),
    rule("Independence of Cuenca", Date(11, 3)).observed_since(2017, AFTER_SUNDAY),
    rule("Christmas Day", Date(12, 25)).observed_since(2017, NEAREST),
];

/// Peru.
pub(super) const PE: &[Rule] = &[
    rule("New Year's Day", Date(1, 1)),
    rule("Maundy Thursday", Easter(-3)),
    rule("Good Friday", Easter(-2)),
    rule("Easter Sunday", Easter(0)),
    rule("Labor Day", Date(5, 1)),
    rule("Battle of Arica and Flag Day", Date(6, 7)).since(2024),
    rule("Saint Peter and Saint Paul's Day", Date(6, 29)),
    rule("Peruvian Air Force Day", Date(7, 23)).since(2023),
    rule("Independence Day", Date(7, 28)),
    rule("Great Military Parade Day", Date(7, 29)),
    rule("Battle of Junín Day", Date(8, 6)).since(2022),
    rule("Rose of Lima Day", Date(8, 30)),
    rule("Battle of Angamos Day", Date(10, 8)),
    rule("All Saints' Day", Date(11, 1)),
    rule("Immaculate Conception", Date(12, 8)),
    rule("Battle of Ayacucho Day", Date(12, 9)).since(2022),
    rule("Christmas Day", Date(12, 25)),
];

/// Uruguay.
pub(super) const UY: &[Rule] = &[
    rule("New Year's Day", Date(1, 1)),
    rule("Workers' Day", Date(5, 1)),
    rule("Constitution Day", Date(7, 18)),
    rule("Independence Declaration Day", Date(8, 25)),
    rule("Family Day", Date(12, 25)),
];

/// Venezuela.
pub(super) const VE: &[Rule] = &[
    rule("New Year's Day", Date(1, 1)),
    rule("Carnival Monday", Easter(-48)),
    rule("Carnival Tuesday", Easter(-47)),
    rule("Maundy Thursday", Easter(-3)),
    rule("Good Friday", Easter(-2)),
    rule("Declaration of Independence", Date(4, 19)),
    rule("International Worker's Day", Date(5, 1)),
    rule("Family Day", Date(5, 15)).since(2024),
    rule("Battle of Carabobo", Date(6, 24)),
    rule("Independence Day", Date(7, 5)),
    rule("Birthday of Simon Bolivar", Date(7, 24)),
    rule("Columbus Day", Date(10, 12)).until(2001),
    rule("Day of Indigenous Resistance", Date(10, 12)).since(2002),
    rule("Christmas Eve", Date(12, 24)),
    rule("Christmas Day", Date(12, 25)),
    rule("New Year's Eve", Date(12, 31)),
];
