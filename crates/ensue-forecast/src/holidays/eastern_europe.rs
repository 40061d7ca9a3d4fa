//! Eastern Europe.

use super::rules::{
    AFTER_SUNDAY, MONDAY_AFTER,
    On::{Date, Easter, Orthodox},
    Rule, SECOND_DAY, TWO_LATER, rule,
};

/// Bulgaria.
pub(super) const BG: &[Rule] = &[
    rule("New Year's Day", Date(1, 1)).observed_since(2017, MONDAY_AFTER),
    rule("Liberation Day", Date(3, 3)).observed_since(2017, MONDAY_AFTER),
    rule("Good Friday", Orthodox(-2)).since(2010),
    rule("Holy Saturday", Orthodox(-1)).since(2010),
    rule("Easter", Orthodox(0)),
    rule("Easter", Orthodox(1)),
    rule("Labor Day and International Workers' Solidarity Day", Date(5, 1))
        .observed_since(2017, MONDAY_AFTER),
    rule("Saint George's Day, Day of the Bulgarian Army", Date(5, 6))
        .observed_since(2017, MONDAY_AFTER),
    rule("Day of Bulgarian Enlightenment and Culture and Slavonic Alphabet", Date(5, 24))
        .until(2020)
        .observed_since(2017, MONDAY_AFTER),
    rule("Day of Slavonic Alphabet, Bulgarian Enlightenment and Culture", Date(5, 24))
        .since(2021)
        .observed_since(2017, MONDAY_AFTER),
    rule("Unification Day", Date(9, 6)).observed_since(2017, MONDAY_AFTER),
    rule("Independence Day", Date(9, 22)).observed_since(2017, MONDAY_AFTER),
    rule("Christmas Eve", Date(12, 24)).observed_since(2017, [0, 0, 0, 0, 0, 3, 3]),
    rule("Christmas Day", Date(12, 25)).observed_since(2017, [0, 0, 0, 0, 0, 2, 3]),
    rule("Christmas Day", Date(12, 26)).observed_since(2017, TWO_LATER),
];

/// Belarus.
pub(super) const BY: &[Rule] = &[
    rule("New Year's Day", Date(1, 1)),
    rule("New Year's Day", Date(1, 2)).since(2020),
    rule("Orthodox Christmas Day", Date(1, 7)),
    rule("Women's Day", Date(3, 8)),
    rule("Catholic Easter", Easter(0)),
    rule("Orthodox Easter", Orthodox(0)),
    rule("Radunitsa (Day of Rejoicing)", Orthodox(9)),
    rule("Labor Day", Date(5, 1)),
    rule("Victory Day", Date(5, 9)),
    rule("Independence Day of the Republic of Belarus (Day of the Republic)", Date(7, 3)),
    rule("October Revolution Day", Date(11, 7)),
    rule("Catholic Christmas Day", Date(12, 25)),
];

/// Greece.
pub(super) const GR: &[Rule] = &[
    rule("New Year's Day", Date(1, 1)),
    rule("Epiphany", Date(1, 6)),
    rule("Independence Day", Date(3, 25)),
    rule("Green Monday", Orthodox(-48)),
    rule("Good Friday", Orthodox(-2)),
    rule("Easter Monday", Orthodox(1)),
    rule("Pentecost Monday", Orthodox(50)),
    rule("Labor Day", Date(5, 1)).until(2023),
    rule("Labor Day", Date(5, 1)).since(2025),
    rule("Dormition of the Mother of God", Date(8, 15)),
    rule("Ohi Day", Date(10, 28)),
    rule("Christmas Day", Date(12, 25)),
    rule("Glorifying Mother of God", Date(12, 26)),
];

/// Croatia.
pub(super) const HR: &[Rule] = &[
    rule("New Year's Day", Date(1, 1)),
    rule("Epiphany", Date(1, 6)).until(2001),
    rule("Epiphany", Date(1, 6)).since(2003),
    rule("Easter Sunday", Easter(0)).since(2009),
    rule("Easter Monday", Easter(1)),
    rule("Corpus Christi", Easter(60)).since(2002),
    rule("Labor Day", Date(5, 1)),
    rule("Statehood Day", Date(5, 30)).until(2001),
    rule("Statehood Day", Date(5, 30)).since(2020),
    rule("Anti-Fascist Struggle Day", Date(6, 22)),
    rule("Statehood Day", Date(6, 25)).between(2002, 2019),
    rule("Victory and Homeland Thanksgiving Day", Date(8, 5)).until(2007),
    rule("Victory and Homeland Thanksgiving Day and Croatian Veterans Day", Date(8, 5)).since(2008),
    rule("Assumption Day", Date(8, 15)),
    rule("Independence Day", Date(10, 8)).between(2002, 2019),
    rule("All Saints' Day", Date(11, 1)),
    rule("Remembrance Day", Date(11, 18)).since(2020),
    rule("Christmas Day", Date(12, 25)),
    rule("Saint Stephen's Day", Date(12, 26)),
];

/// Moldova.
pub(super) const MD: &[Rule] = &[
    rule("New Year's Day", Date(1, 1)),
    rule("Christmas Day", Date(1, 7)).until(2013),
    rule("Christmas Day (by old style)", Date(1, 7)).since(2014),
    rule("Christmas Day", Date(1, 8)).until(2013),
    rule("Christmas Day (by old style)", Date(1, 8)).since(2014),
    rule("International Women's Day", Date(3, 8)),
    rule("Easter", Orthodox(0)),
    rule("Easter", Orthodox(1)),
    rule("Day of Rejoicing", Orthodox(8)),
    rule("International Workers' Solidarity Day", Date(5, 1)),
    rule(
        "Victory Day and Commemoration of the heroes fallen for Independence of Fatherland",
        Date(5, 9),
    ),
    rule("Europe Day", Date(5, 9)).since(2017),
    rule("International Children's Day", Date(6, 1)).since(2016),
    rule("Republic of Moldova Independence Day", Date(8, 27)),
    rule("National Language Day", Date(8, 31)),
    rule("Christmas Day (by new style)", Date(12, 25)).since(2013),
];

/// Montenegro.
pub(super) const ME: &[Rule] = &[
    rule("New Year's Day", Date(1, 1)).since(2007).observed(TWO_LATER),
    rule("New Year's Day", Date(1, 2)).since(2007).observed(SECOND_DAY),
    rule("Labor Day", Date(5, 1)).since(2007).observed(TWO_LATER),
    rule("Labor Day", Date(5, 2)).since(2007).observed(SECOND_DAY),
    rule("Independence Day", Date(5, 21)).since(2007).observed(TWO_LATER),
    rule("Independence Day", Date(5, 22)).since(2007).observed(SECOND_DAY),
    rule("Statehood Day", Date(7, 13)).since(2007).observed(TWO_LATER),
    rule("Statehood Day", Date(7, 14)).since(2007).observed(SECOND_DAY),
    rule("Njegos Day", Date(11, 13)).since(2022).observed(AFTER_SUNDAY),
];

/// Romania.
pub(super) const RO: &[Rule] = &[
    rule("New Year's Day", Date(1, 1)),
    rule("New Year's Day", Date(1, 2)),
    rule("Epiphany", Date(1, 6)).since(2024),
    rule("Saint John the Baptist", Date(1, 7)).since(2024),
    rule("Unification of the Romanian Principalities Day", Date(1, 24)).since(2017),
    rule("Good Friday", Orthodox(-2)).since(2018),
    rule("Easter", Orthodox(0)),
    rule("Easter", Orthodox(1)),
    rule("Pentecost", Orthodox(49)).since(2009),
    rule("Pentecost", Orthodox(50)).since(2009),
    rule("Labor Day", Date(5, 1)),
    rule("Children's Day", Date(6, 1)).since(2017),
    rule("Dormition of the Mother of God", Date(8, 15)).since(2009),
    rule("Saint Andrew's Day", Date(11, 30)).since(2012),
    rule("National Day", Date(12, 1)),
    rule("Christmas Day", Date(12, 25)),
    rule("Christmas Day", Date(12, 26)),
];

/// Serbia.
pub(super) const RS: &[Rule] = &[
    rule("New Year's Day", Date(1, 1)).since(2007).observed(TWO_LATER),
    rule("New Year's Day", Date(1, 2)).since(2007).observed(SECOND_DAY),
    rule("Orthodox Christmas Day", Date(1, 7)).since(2007),
    rule("Statehood Day", Date(2, 15)).since(2007).observed(TWO_LATER),
    rule("Statehood Day", Date(2, 16)).since(2007).observed(SECOND_DAY),
    rule("Good Friday", Orthodox(-2)).since(2007),
    rule("Holy Saturday", Orthodox(-1)).since(2007),
    rule("Easter Sunday", Orthodox(0)).since(2007),
    rule("Easter Monday", Orthodox(1)).since(2007),
    rule("Labor Day", Date(5, 1)).since(2007).observed(TWO_LATER),
    rule("Labor Day", Date(5, 2)).since(2007).observed(SECOND_DAY),
    rule("Armistice Day", Date(11, 11)).since(2007).observed(AFTER_SUNDAY),
];

/// Russia.
pub(super) const RU: &[Rule] = &[
    rule("New Year's Day", Date(1, 1)).until(2004),
    rule("New Year Holidays", Date(1, 1)).since(2005),
    rule("New Year's Day", Date(1, 2)).until(2004),
    rule("New Year Holidays", Date(1, 2)).since(2005),
    rule("New Year Holidays", Date(1, 3)).since(2005),
    rule("New Year Holidays", Date(1, 4)).since(2005),
    rule("New Year Holidays", Date(1, 5)).since(2005),
    rule("New Year Holidays", Date(1, 6)).since(2013),
    rule("Christmas Day", Date(1, 7)),
    rule("New Year Holidays", Date(1, 8)).since(2013),
    rule("Defender of the Fatherland Day", Date(2, 23)).since(2002),
    rule("International Women's Day", Date(3, 8)),
    rule("Holiday of Spring and Labor", Date(5, 1)),
    rule("Holiday of Spring and Labor", Date(5, 2)).until(2004),
    rule("Victory Day", Date(5, 9)),
    rule(
        "Day of the Adoption of the Declaration of Sovereignty of the Russian Federation",
        Date(6, 12),
    )
    .until(2001),
    rule("Russia Day", Date(6, 12)).since(2002),
    rule("Unity Day", Date(11, 4)).since(2005),
    rule("Day of consent and reconciliation", Date(11, 7)).until(2004),
    rule("Constitution Day", Date(12, 12)).until(2004),
];

/// Ukraine, until the holidays were suspended in 2022.
pub(super) const UA: &[Rule] = &[
    rule("New Year's Day", Date(1, 1)).until(2022).observed(MONDAY_AFTER),
    rule("Christmas Day", Date(1, 7)).until(2022).observed(MONDAY_AFTER),
    rule("International Women's Day", Date(3, 8)).until(2022).observed(MONDAY_AFTER),
    rule("Easter Sunday (Pascha)", Orthodox(0)).until(2021).observed(AFTER_SUNDAY),
    rule("Pentecost", Orthodox(49)).until(2021).observed(AFTER_SUNDAY),
    rule("International Workers' Solidarity Day", Date(5, 1)).until(2017).observed(TWO_LATER),
    rule("Labor Day", Date(5, 1)).between(2018, 2021),
    rule("International Workers' Solidarity Day", Date(5, 2))
        .until(2017)
        .observed([1, 0, 0, 0, 0, 2, 1]),
    rule("Victory Day", Date(5, 9)).until(2015).observed(MONDAY_AFTER),
    rule("Day of Victory over Nazism in World War II (Victory Day)", Date(5, 9))
        .between(2016, 2021),
    rule("Day of the Constitution of Ukraine", Date(6, 28)).until(2021).observed(MONDAY_AFTER),
    rule("Independence Day", Date(8, 24)).until(2021).observed(MONDAY_AFTER),
    rule("Defender of Ukraine Day", Date(10, 14)).between(2015, 2020),
    rule("Christmas Day", Date(12, 25)).between(2017, 2021),
];
