//! Conditions on fields of the items: from a condition to the set of items it holds for.

use std::sync::Arc;

use ensue_core::Bitmap;
use ensue_data::{Categories, MISSING_TIMESTAMP, MetadataColumn, Vocabulary};

use super::ItemIds;
use super::operands::{FieldTest, Numbers, TextTest};
use super::values::Given;

/// A field of the items in the form in which conditions read it.
#[derive(Debug, Clone)]
pub(super) enum ItemColumn {
    /// The item's own id.
    Id,
    Categories(Arc<Postings>),
    Numbers(Arc<Vec<f32>>),
    Timestamps(Arc<Vec<i64>>),
}

/// The items of each category.
#[derive(Debug)]
pub(super) struct Postings {
    vocabulary: Vocabulary,
    /// Category `c` has the items `offsets[c]..offsets[c + 1]`.
    offsets: Vec<usize>,
    items: Vec<u32>,
}

/// A condition on a field of the items.
#[derive(Debug, Clone)]
pub(super) struct ItemTest {
    pub(super) column: ItemColumn,
    pub(super) test: FieldTest,
}

impl ItemColumn {
    /// The column of the first `n_items` items; `None` where it holds what cannot be filtered on.
    pub(super) fn new(column: &MetadataColumn, n_items: usize) -> Option<Self> {
        Some(match column {
            MetadataColumn::Categorical(categories) => {
                Self::Categories(Arc::new(Postings::new(categories, n_items)))
            }
            MetadataColumn::Number(numbers) => Self::Numbers(Arc::new(numbers.clone())),
            MetadataColumn::Timestamp(times) => Self::Timestamps(Arc::new(times.clone())),
            _ => return None,
        })
    }
}

impl Postings {
    fn new(categories: &Categories, n_items: usize) -> Self {
        let vocabulary = categories.vocabulary().clone();
        let mut offsets = vec![0; vocabulary.len() + 1];
        let codes = |item: usize| categories.of(item as u32).iter().map(|&code| code as usize);
        for code in (0..n_items).flat_map(codes) {
            offsets[code + 1] += 1;
        }
        for at in 1..offsets.len() {
            offsets[at] += offsets[at - 1];
        }
        let mut items = vec![0; offsets.last().copied().unwrap_or_default()];
        let mut next = offsets.clone();
        for item in 0..n_items {
            for code in codes(item) {
                items[next[code]] = item as u32;
                next[code] += 1;
            }
        }
        Self { vocabulary, offsets, items }
    }

    fn of(&self, category: &str) -> &[u32] {
        let Some(code) = self.vocabulary.encode(category) else { return &[] };
        &self.items[self.offsets[code as usize]..self.offsets[code as usize + 1]]
    }
}

impl ItemTest {
    /// The items that it holds for, among `n_items`.
    pub(super) fn matches(&self, n_items: usize, given: &Given, item_ids: &ItemIds<'_>) -> Bitmap {
        match (&self.column, &self.test) {
            (ItemColumn::Categories(postings), FieldTest::Texts(test)) => {
                let items = test.texts(given).flat_map(|category| postings.of(category));
                listed(n_items, test, items.copied())
            }
            (ItemColumn::Id, FieldTest::Texts(test)) => {
                listed(n_items, test, test.texts(given).filter_map(item_ids))
            }
            (ItemColumn::Numbers(column), FieldTest::Numbers(test)) => {
                scanned(n_items, column, &test.numbers(given), f64::NAN, |&number| {
                    f64::from(number)
                })
            }
            (ItemColumn::Timestamps(column), FieldTest::Numbers(test)) => {
                let seconds =
                    |&time: &i64| if time == MISSING_TIMESTAMP { f64::NAN } else { time as f64 };
                scanned(n_items, column, &test.numbers(given), f64::NAN, seconds)
            }
            // The compiler pairs each column with a test of its own type.
            _ => Bitmap::zeros(n_items),
        }
    }
}

/// The items of a list, or all others.
fn listed(n_items: usize, test: &TextTest, items: impl Iterator<Item = u32>) -> Bitmap {
    let mut matches = Bitmap::zeros(n_items);
    items.filter(|&item| (item as usize) < n_items).for_each(|item| matches.insert(item));
    if test.negated {
        matches.complement();
    }
    matches
}

/// The items whose number passes; items beyond the column have none.
fn scanned<T>(
    n_items: usize,
    column: &[T],
    numbers: &Numbers,
    missing: f64,
    number: impl Fn(&T) -> f64,
) -> Bitmap {
    let at = |item: u32| column.get(item as usize).map_or(missing, &number);
    Bitmap::from_fn(n_items, |item| numbers.holds(at(item)))
}
