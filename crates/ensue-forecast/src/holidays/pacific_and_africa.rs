//! Australia, New Zealand and South Africa.

use jiff::civil::Weekday::Monday;

use super::rules::{
    AFTER_SUNDAY, MONDAY_AFTER,
    On::{Date, Easter, Listed, Nth},
    Rule, TWO_LATER, rule,
};

/// Australia.
pub(super) const AU: &[Rule] = &[
    rule("New Year's Day", Date(1, 1)),
    rule("National Day of Mourning for Queen Elizabeth II", Listed(&[(2022, 9, 22)])),
    rule("Australia Day", Date(1, 26)),
    rule("Good Friday", Easter(-2)),
    rule("Easter Monday", Easter(1)),
    rule("ANZAC Day", Date(4, 25)),
    rule("Christmas Day", Date(12, 25)),
    rule("Boxing Day", Date(12, 26)),
];

/// The days of Matariki as the law lists them: Te Kāhui o Matariki Public Holiday Act 2022, schedule 1.
const MATARIKI: &[(i16, i8, i8)] = &[
    (2022, 6, 24),
    (2023, 7, 14),
    (2024, 6, 28),
    (2025, 6, 20),
    (2026, 7, 10),
    (2027, 6, 25),
    (2028, 7, 14),
    (2029, 7, 6),
    (2030, 6, 21),
    (2031, 7, 11),
    (2032, 7, 2),
    (2033, 6, 24),
    (2034, 7, 7),
    (2035, 6, 29),
    (2036, 7, 18),
    (2037, 7, 10),
    (2038, 6, 25),
    (2039, 7, 15),
    (2040, 7, 6),
    (2041, 7, 19),
    (2042, 7, 11),
    (2043, 7, 3),
    (2044, 6, 24),
    (2045, 7, 7),
    (2046, 6, 29),
    (2047, 7, 19),
    (2048, 7, 3),
    (2049, 6, 25),
    (2050, 7, 15),
    (2051, 6, 30),
    (2052, 6, 21),
];

/// New Zealand.
pub(super) const NZ: &[Rule] = &[
    rule("New Year's Day", Date(1, 1)).observed(TWO_LATER),
    rule("Day after New Year's Day", Date(1, 2)).observed(TWO_LATER),
    rule("Waitangi Day", Date(2, 6)).observed_since(2016, MONDAY_AFTER),
    rule("Good Friday", Easter(-2)),
    rule("Easter Monday", Easter(1)),
    rule("Anzac Day", Date(4, 25)).observed_since(2015, MONDAY_AFTER),
    rule("Queen's Birthday", Nth(1, Monday, 6)).until(2022),
    rule("King's Birthday", Nth(1, Monday, 6)).since(2023),
    rule("Matariki", Listed(MATARIKI)),
    rule("Labour Day", Nth(4, Monday, 10)),
    rule("Christmas Day", Date(12, 25)).observed(TWO_LATER),
    rule("Boxing Day", Date(12, 26)).observed(TWO_LATER),
];

/// South Africa.
pub(super) const ZA: &[Rule] = &[
    rule("New Year's Day", Date(1, 1)).observed(AFTER_SUNDAY),
    rule("Human Rights Day", Date(3, 21)).observed(AFTER_SUNDAY),
    rule("Good Friday", Easter(-2)),
    rule("Family Day", Easter(1)),
    rule("Freedom Day", Date(4, 27)).observed(AFTER_SUNDAY),
    rule("Workers' Day", Date(5, 1)).observed(AFTER_SUNDAY),
    rule("Youth Day", Date(6, 16)).observed(AFTER_SUNDAY),
    rule("National Women's Day", Date(8, 9)).observed(AFTER_SUNDAY),
    rule("Heritage Day", Date(9, 24)).observed(AFTER_SUNDAY),
    rule("Day of Reconciliation", Date(12, 16)).observed(AFTER_SUNDAY),
    rule("Christmas Day", Date(12, 25)),
    rule("Day of Goodwill", Date(12, 26)).observed(AFTER_SUNDAY),
];
