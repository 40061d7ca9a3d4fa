//! Western Europe.

use jiff::civil::Weekday::{Monday, Sunday};

use super::rules::{
    MONDAY_AFTER,
    On::{Date, Easter, Every, Last, Listed, Moved, Nth},
    Rule, TWO_LATER, rule,
};

/// Austria.
pub(super) const AT: &[Rule] = &[
    rule("New Year's Day", Date(1, 1)),
    rule("Epiphany", Date(1, 6)),
    rule("Easter Monday", Easter(1)),
    rule("Ascension Day", Easter(39)),
    rule("Pentecost Monday", Easter(50)),
    rule("Corpus Christi", Easter(60)),
    rule("Labor Day", Date(5, 1)),
    rule("Assumption Day", Date(8, 15)),
    rule("National Day", Date(10, 26)),
    rule("All Saints' Day", Date(11, 1)),
    rule("Immaculate Conception", Date(12, 8)),
    rule("Christmas Day", Date(12, 25)),
    rule("Saint Stephen's Day", Date(12, 26)),
];

/// Belgium.
pub(super) const BE: &[Rule] = &[
    rule("New Year's Day", Date(1, 1)),
    rule("Easter Sunday", Easter(0)),
    rule("Easter Monday", Easter(1)),
    rule("Ascension Day", Easter(39)),
    rule("Pentecost", Easter(49)),
    rule("Pentecost Monday", Easter(50)),
    rule("Labor Day", Date(5, 1)),
    rule("National Day", Date(7, 21)),
    rule("Assumption Day", Date(8, 15)),
    rule("All Saints' Day", Date(11, 1)),
    rule("Armistice Day", Date(11, 11)),
    rule("Christmas Day", Date(12, 25)),
];

/// Switzerland.
pub(super) const CH: &[Rule] = &[
    rule("New Year's Day", Date(1, 1)),
    rule("Ascension Day", Easter(39)),
    rule("National Day", Date(8, 1)),
    rule("Christmas Day", Date(12, 25)),
];

/// Germany.
pub(super) const DE: &[Rule] = &[
    rule("New Year's Day", Date(1, 1)),
    rule("Good Friday", Easter(-2)),
    rule("Easter Monday", Easter(1)),
    rule("Ascension Day", Easter(39)),
    rule("Pentecost Monday", Easter(50)),
    rule("Labor Day", Date(5, 1)),
    rule("German Unity Day", Date(10, 3)),
    rule("Reformation Day", Listed(&[(2017, 10, 31)])),
    rule("Christmas Day", Date(12, 25)),
    rule("Second Day of Christmas", Date(12, 26)),
];

/// Spain.
pub(super) const ES: &[Rule] = &[
    rule("New Year's Day", Date(1, 1)),
    rule("Epiphany", Date(1, 6)),
    rule("Good Friday", Easter(-2)),
    rule("Labor Day", Date(5, 1)),
    rule("Assumption Day", Date(8, 15)),
    rule("National Day", Date(10, 12)),
    rule("All Saints' Day", Date(11, 1)),
    rule("Constitution Day", Date(12, 6)),
    rule("Immaculate Conception", Date(12, 8)),
    rule("Christmas Day", Date(12, 25)),
];

/// France.
pub(super) const FR: &[Rule] = &[
    rule("New Year's Day", Date(1, 1)),
    rule("Easter Monday", Easter(1)),
    rule("Ascension Day", Easter(39)),
    rule("Pentecost Monday", Easter(50)).until(2004),
    rule("Pentecost Monday", Easter(50)).since(2008),
    rule("Labor Day", Date(5, 1)),
    rule("Victory Day", Date(5, 8)),
    rule("National Day", Date(7, 14)),
    rule("Assumption Day", Date(8, 15)),
    rule("All Saints' Day", Date(11, 1)),
    rule("Armistice Day", Date(11, 11)),
    rule("Christmas Day", Date(12, 25)),
];

/// Ireland.
pub(super) const IE: &[Rule] = &[
    rule("New Year's Day", Date(1, 1)),
    rule("Saint Brigid's Day", Moved(2, 1, [0, 6, 5, 4, 0, 2, 1])).since(2023),
    rule("Saint Patrick's Day", Date(3, 17)),
    rule("Easter Monday", Easter(1)),
    rule("May Bank Holiday", Nth(1, Monday, 5)),
    rule("June Bank Holiday", Nth(1, Monday, 6)),
    rule("August Bank Holiday", Nth(1, Monday, 8)),
    rule("October Bank Holiday", Last(Monday, 10)),
    rule("Christmas Day", Date(12, 25)),
    rule("Saint Stephen's Day", Date(12, 26)),
];

/// Italy.
pub(super) const IT: &[Rule] = &[
    rule("New Year's Day", Date(1, 1)),
    rule("Epiphany", Date(1, 6)),
    rule("Easter Sunday", Easter(0)),
    rule("Easter Monday", Easter(1)),
    rule("Liberation Day", Date(4, 25)),
    rule("Labor Day", Date(5, 1)),
    rule("Republic Day", Date(6, 2)).since(2001),
    rule("Assumption Of Mary Day", Date(8, 15)),
    rule("Saint Francis of Assisi, Patron Saint of Italy", Date(10, 4)).since(2026),
    rule("All Saints' Day", Date(11, 1)),
    rule("National Unity Day", Nth(1, Sunday, 11)),
    rule("Immaculate Conception", Date(12, 8)),
    rule("Christmas Day", Date(12, 25)),
    rule("Saint Stephen's Day", Date(12, 26)),
];

/// Liechtenstein.
pub(super) const LI: &[Rule] = &[
    rule("New Year's Day", Date(1, 1)),
    rule("Epiphany", Date(1, 6)),
    rule("Candlemas", Date(2, 2)),
    rule("Saint Joseph's Day", Date(3, 19)),
    rule("Easter Sunday", Easter(0)),
    rule("Easter Monday", Easter(1)),
    rule("Ascension Day", Easter(39)),
    rule("Pentecost", Easter(49)),
    rule("Pentecost Monday", Easter(50)),
    rule("Corpus Christi", Easter(60)),
    rule("Labor Day", Date(5, 1)),
    rule("National Day", Date(8, 15)),
    rule("Nativity of Mary", Date(9, 8)),
    rule("All Saints' Day", Date(11, 1)),
    rule("Immaculate Conception", Date(12, 8)),
    rule("Christmas Day", Date(12, 25)),
    rule("Saint Stephen's Day", Date(12, 26)),
];

/// Luxembourg.
pub(super) const LU: &[Rule] = &[
    rule("New Year's Day", Date(1, 1)),
    rule("Easter Monday", Easter(1)),
    rule("Ascension Day", Easter(39)),
    rule("Pentecost Monday", Easter(50)),
    rule("Labor Day", Date(5, 1)),
    rule("Europe Day", Date(5, 9)).since(2019),
    rule("National Day", Date(6, 23)),
    rule("Assumption Day", Date(8, 15)),
    rule("All Saints' Day", Date(11, 1)),
    rule("Christmas Day", Date(12, 25)),
    rule("Saint Stephen's Day", Date(12, 26)),
];

/// Malta.
pub(super) const MT: &[Rule] = &[
    rule("New Year's Day", Date(1, 1)),
    rule("Feast of Saint Paul's Shipwreck", Date(2, 10)),
    rule("Feast of Saint Joseph", Date(3, 19)),
    rule("Freedom Day", Date(3, 31)),
    rule("Good Friday", Easter(-2)),
    rule("Worker's Day", Date(5, 1)),
    rule("Sette Giugno", Date(6, 7)),
    rule("Feast of Saint Peter and Saint Paul", Date(6, 29)),
    rule("Feast of the Assumption", Date(8, 15)),
    rule("Feast of Our Lady of Victories", Date(9, 8)),
    rule("Independence Day", Date(9, 21)),
    rule("Feast of the Immaculate Conception", Date(12, 8)),
    rule("Republic Day", Date(12, 13)),
    rule("Christmas Day", Date(12, 25)),
];

/// Netherlands.
pub(super) const NL: &[Rule] = &[
    rule("New Year's Day", Date(1, 1)),
    rule("Good Friday", Easter(-2)),
    rule("Easter Sunday", Easter(0)),
    rule("Easter Monday", Easter(1)),
    rule("Ascension Day", Easter(39)),
    rule("Pentecost", Easter(49)),
    rule("Pentecost Monday", Easter(50)),
    rule("King's Day", Moved(4, 27, [0, 0, 0, 0, 0, 0, -1])).since(2014),
    rule("Queen's Day", Moved(4, 30, [0, 0, 0, 0, 0, 0, -1])).until(2013),
    rule("Christmas Day", Date(12, 25)),
    rule("Second Day of Christmas", Date(12, 26)),
    rule("Liberation Day", Every(5, 2000, 5, 5)),
];

/// Portugal.
pub(super) const PT: &[Rule] = &[
    rule("New Year's Day", Date(1, 1)),
    rule("Good Friday", Easter(-2)),
    rule("Easter Sunday", Easter(0)),
    rule("Corpus Christi", Easter(60)).until(2012),
    rule("Corpus Christi", Easter(60)).since(2016),
    rule("Freedom Day", Date(4, 25)),
    rule("Labor Day", Date(5, 1)),
    rule("Day of Portugal, Camões, and the Portuguese Communities", Date(6, 10)),
    rule("Assumption Day", Date(8, 15)),
    rule("Republic Day", Date(10, 5)).until(2012),
    rule("Republic Day", Date(10, 5)).since(2016),
    rule("All Saints' Day", Date(11, 1)).until(2012),
    rule("All Saints' Day", Date(11, 1)).since(2016),
    rule("Restoration of Independence Day", Date(12, 1)).until(2012),
    rule("Restoration of Independence Day", Date(12, 1)).since(2016),
    rule("Immaculate Conception", Date(12, 8)),
    rule("Christmas Day", Date(12, 25)),
];

/// United Kingdom: what England, Wales, Scotland and Northern Ireland share.
pub(super) const UK: &[Rule] = &[
    rule("New Year's Day", Date(1, 1)).observed(MONDAY_AFTER),
    rule("Good Friday", Easter(-2)),
    rule("May Day", Nth(1, Monday, 5)).until(2019),
    rule("May Day", Listed(&[(2020, 5, 8)])),
    rule("May Day", Nth(1, Monday, 5)).since(2021),
    rule("Spring Bank Holiday", Last(Monday, 5)).until(2001),
    rule("Spring Bank Holiday", Listed(&[(2002, 6, 4), (2012, 6, 4), (2022, 6, 2)])),
    rule("Spring Bank Holiday", Last(Monday, 5)).between(2003, 2011),
    rule("Spring Bank Holiday", Last(Monday, 5)).between(2013, 2021),
    rule("Spring Bank Holiday", Last(Monday, 5)).since(2023),
    rule("Golden Jubilee of Elizabeth II", Listed(&[(2002, 6, 3)])),
    rule("Wedding of William and Catherine", Listed(&[(2011, 4, 29)])),
    rule("Diamond Jubilee of Elizabeth II", Listed(&[(2012, 6, 5)])),
    rule("Platinum Jubilee of Elizabeth II", Listed(&[(2022, 6, 3)])),
    rule("State Funeral of Queen Elizabeth II", Listed(&[(2022, 9, 19)])),
    rule("Coronation of Charles III", Listed(&[(2023, 5, 8)])),
    rule("Christmas Day", Date(12, 25)).observed(TWO_LATER),
    rule("Boxing Day", Date(12, 26)).observed(TWO_LATER),
];
