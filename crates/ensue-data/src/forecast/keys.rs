//! Item and dimensions to the number of a series.

use std::collections::HashMap;

use crate::read::Block;
use crate::read::cells::{self, Cell, Fault, Faults};
use crate::{Vocabulary, error::Rule};

/// Combinations of codes, numbered in the order in which they came.
///
/// A combination is built up part by part: each further part joins the number of those before it, so
/// that no combination is stored longer than two numbers.
#[derive(Debug, Default)]
pub(super) struct Keys {
    joins: Vec<Join>,
}

#[derive(Debug, Default)]
struct Join {
    numbers: HashMap<(u32, u32), u32>,
    pairs: Vec<(u32, u32)>,
}

impl Keys {
    /// For combinations of so many parts, at least one.
    pub(super) fn new(parts: usize) -> Self {
        Self { joins: (1..parts).map(|_| Join::default()).collect() }
    }

    /// The number of a combination, which is added when it is new.
    pub(super) fn insert(&mut self, mut codes: impl Iterator<Item = u32>) -> u32 {
        let first = codes.next().expect("a key has an item");
        self.joins.iter_mut().zip(codes).fold(first, |number, (join, code)| {
            let next = join.pairs.len() as u32;
            *join.numbers.entry((number, code)).or_insert_with(|| {
                join.pairs.push((number, code));
                next
            })
        })
    }

    /// The number of a combination, if it is known; of one part alone it is always its code.
    pub(super) fn get(&self, codes: &[u32]) -> Option<u32> {
        let (&first, rest) = codes.split_first()?;
        let mut joins = self.joins.iter().zip(rest);
        joins.try_fold(first, |number, (join, &code)| join.numbers.get(&(number, code)).copied())
    }

    /// The combination of a number.
    pub(super) fn codes(&self, number: u32) -> Vec<u32> {
        let mut codes = Vec::with_capacity(self.joins.len() + 1);
        let mut number = number;
        for join in self.joins.iter().rev() {
            let (before, code) = join.pairs[number as usize];
            codes.push(code);
            number = before;
        }
        codes.push(number);
        codes.reverse();
        codes
    }
}

/// Numbers the texts of a column, which may not be missing.
pub(super) fn encode(
    position: usize,
    block: &Block,
    vocabulary: &mut Vocabulary,
    codes: &mut Vec<u32>,
    faults: &mut Faults,
) {
    let texts = texts(position, block, faults);
    vocabulary.insert_all(&texts, codes);
}

/// The texts of a column, which may not be missing.
pub(super) fn texts<'a>(position: usize, block: &'a Block, faults: &mut Faults) -> Vec<&'a str> {
    let mut texts = Vec::with_capacity(block.len());
    faults.walk(position, block.column(position), |cell| match cell {
        Cell::Text(text) => {
            texts.push(text);
            Ok(())
        }
        _ => Err(Rule::Empty),
    });
    texts
}

/// A fault that only shows beside other rows.
pub(super) fn fault(block: &Block, index: usize, column: usize, rule: Rule) -> Fault {
    let value = cells::shown(block.column(column), index);
    Fault { index, column, value, rule }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Oracle: by hand; equal combinations have equal numbers, and every number gives its combination.
    #[test]
    fn combinations_are_numbered_and_come_back() {
        let combinations = [[3, 1, 4], [3, 1, 5], [3, 2, 4], [3, 1, 4], [9, 1, 4]];
        let mut keys = Keys::new(3);
        let numbers = combinations.map(|codes| keys.insert(codes.into_iter()));
        assert_eq!(numbers, [0, 1, 2, 0, 3]);
        for (codes, number) in combinations.iter().zip(numbers) {
            assert_eq!(keys.codes(number), codes);
            assert_eq!(keys.get(codes), Some(number));
        }
        assert_eq!(keys.get(&[9, 2, 4]), None);
        let mut items = Keys::new(1);
        assert_eq!(items.insert([7].into_iter()), 7);
        assert_eq!((items.codes(7), items.get(&[7])), (vec![7], Some(7)));
    }
}
