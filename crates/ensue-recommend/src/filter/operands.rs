//! Conditions without their field: a list of texts, or numbers and how they compare.

use ensue_data::FieldValue;

use super::syntax::Comparison;
use super::values::Given;

/// What is asked of a field, by what the field holds.
#[derive(Debug, Clone)]
pub(super) enum FieldTest {
    Texts(TextTest),
    Numbers(NumberTest),
}

/// One of the texts is in the list, or none is.
#[derive(Debug, Clone)]
pub(super) struct TextTest {
    /// Whether none may be in the list.
    pub(super) negated: bool,
    /// Whether `*` is in the list.
    pub(super) any: bool,
    pub(super) literals: Vec<String>,
    /// Numbers of the placeholders in the list.
    pub(super) placeholders: Vec<usize>,
}

/// The number is in the list, is not, or compares so with the one value in it.
#[derive(Debug, Clone)]
pub(super) struct NumberTest {
    pub(super) operator: Operator,
    /// Whether the field holds numbers of 32 bits, to which operands are then rounded.
    pub(super) single: bool,
    pub(super) literals: Vec<f64>,
    /// Numbers of the placeholders among the operands.
    pub(super) placeholders: Vec<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    In,
    NotIn,
    Compare(Comparison),
}

/// A [`NumberTest`] whose placeholders have values.
#[derive(Debug)]
pub(super) struct Numbers {
    operator: Operator,
    single: bool,
    operands: Vec<f64>,
}

impl FieldTest {
    /// Whether it needs nothing from a query.
    pub(super) fn is_fixed(&self) -> bool {
        match self {
            Self::Texts(test) => test.placeholders.is_empty(),
            Self::Numbers(test) => test.placeholders.is_empty(),
        }
    }

    /// Whether it holds for a value given by name.
    pub(super) fn holds(&self, value: Option<&FieldValue>, given: &Given) -> bool {
        match self {
            Self::Texts(test) => {
                let text = value.map(FieldValue::text).unwrap_or_default();
                let mut own = text.split('|').filter(|category| !category.is_empty());
                test.negated != own.any(|own| test.texts(given).any(|listed| listed == own))
            }
            Self::Numbers(test) => {
                test.numbers(given).holds(value.and_then(FieldValue::number).unwrap_or(f64::NAN))
            }
        }
    }
}

impl TextTest {
    /// The texts in the list.
    pub(super) fn texts<'a>(&'a self, given: &'a Given) -> impl Iterator<Item = &'a str> {
        let placeholders = self.placeholders.iter().flat_map(|&at| given.texts(at));
        self.literals.iter().map(String::as_str).chain(placeholders)
    }
}

impl NumberTest {
    pub(super) fn numbers(&self, given: &Given) -> Numbers {
        let Self { operator, single, .. } = *self;
        let placeholders = self.placeholders.iter().flat_map(|&at| given.numbers(at));
        let operands = self.literals.iter().copied().chain(placeholders);
        let operands = operands.map(|number| rounded(number, single)).collect();
        Numbers { operator, single, operands }
    }
}

fn rounded(number: f64, single: bool) -> f64 {
    if single { f64::from(number as f32) } else { number }
}

impl Numbers {
    /// Whether it holds for a number, not-a-number where there is none.
    pub(super) fn holds(&self, number: f64) -> bool {
        let number = rounded(number, self.single);
        match (self.operator, self.operands.as_slice()) {
            (Operator::In, list) => list.contains(&number),
            (Operator::NotIn, list) => !list.contains(&number),
            (Operator::Compare(comparison), &[operand]) => match comparison {
                Comparison::Equal => number == operand,
                Comparison::Less => number < operand,
                Comparison::LessOrEqual => number <= operand,
                Comparison::Greater => number > operand,
                Comparison::GreaterOrEqual => number >= operand,
            },
            (Operator::Compare(_), _) => false,
        }
    }
}
