//! Item metadata: categories of each item.

use ensue_core::Run;
use ensue_core::series::{StaticFeature, UNKNOWN_CATEGORY};

use super::keys;
use super::numbers::Number;
use super::statistics::DatasetStatistics;
use super::table::Table;
use super::{DatasetType, Domain, Source};
use crate::Vocabulary;
use crate::error::DataError;
use crate::read::cells::Cell;

/// What is known about items.
pub(super) struct Metadata {
    /// Names and categories of the features.
    pub(super) features: Vec<StaticFeature>,
    /// For each feature the category of each item, by the item's code.
    codes: Vec<Vec<u32>>,
    pub(super) statistics: DatasetStatistics,
    pub(super) warnings: Vec<String>,
}

/// Reads the file; its new items join the vocabulary.
pub(super) fn import(
    source: &Source,
    domain: Domain,
    items: &mut Vocabulary,
    run: &Run,
) -> Result<Metadata, DataError> {
    let dataset = DatasetType::ItemMetadata;
    let schema = &source.schema;
    let item = schema.position(domain.item()).expect("the schema was checked");
    let mut columns: Vec<Column> =
        (0..schema.attributes.len()).filter(|&at| at != item).map(Column::new).collect();
    let mut known = vec![false; items.len()];
    let mut replaced = 0;
    let table = Table::open(source, dataset)?;
    let mut first = table.doubtful.then(|| FirstRow::new(items.len()));
    let counted = table.read(run, |block, tallies, faults| {
        let texts = keys::texts(item, block, faults);
        for text in &texts {
            tallies[item].text(text);
        }
        for column in &mut columns {
            let (at, kind) = (column.at, schema.attributes[column.at].kind);
            let (tally, Column { categories, rows, .. }) = (&mut tallies[at], column);
            rows.clear();
            faults.walk(at, block.column(at), |cell| {
                rows.push(match cell {
                    Cell::Missing => {
                        tally.null();
                        UNKNOWN_CATEGORY
                    }
                    Cell::Text(text) if kind.is_text() => {
                        tally.text(text);
                        categories.insert(text)
                    }
                    cell => {
                        let number = Number::read(cell, kind)?;
                        tally.number(number);
                        match number {
                            // A number is a category by its value: 10 and 10.0 are one.
                            Number::Known(value) => categories.insert(&value.to_string()),
                            Number::Null | Number::Nan => UNKNOWN_CATEGORY,
                        }
                    }
                });
                Ok(())
            });
        }
        if !faults.is_empty() {
            return;
        }
        let mut codes = Vec::with_capacity(texts.len());
        items.insert_all(&texts, &mut codes);
        known.resize(items.len(), false);
        for (row, &item) in codes.iter().enumerate() {
            replaced += usize::from(std::mem::replace(&mut known[item as usize], true));
            for column in &mut columns {
                if column.items.len() < items.len() {
                    column.items.resize(items.len(), UNKNOWN_CATEGORY);
                }
                column.items[item as usize] = column.rows[row];
            }
            if let Some(first) = &mut first {
                first.compare(item, columns.iter().map(|column| column.rows[row]));
            }
        }
    })?;
    let mut warnings = Vec::new();
    if replaced > 0 {
        warnings.push(format!(
            "{replaced} rows of {} have an item that a later row repeats; the later row counts",
            dataset.name()
        ));
    }
    if let Some(item) = first.and_then(|first| first.stranger()) {
        let item = items.decode(item).expect("the code is the vocabulary's");
        warnings.push(format!(
            "the first row of {} makes an item {item:?} that the target series do not have, while most \
             other rows are of items that they have; if it is a header, it must have the schema's names",
            dataset.name()
        ));
    }
    if columns.is_empty() {
        warnings.push(format!("{} has no feature, only items", dataset.name()));
    }
    let (mut features, mut codes) = (Vec::new(), Vec::new());
    for column in columns {
        let name = schema.attributes[column.at].name.clone();
        let (categories, items) = column.sorted();
        features.push(StaticFeature { name, categories });
        codes.push(items);
    }
    let statistics = counted.statistics(source, |_| None);
    Ok(Metadata { features, codes, statistics, warnings })
}

impl Metadata {
    /// The category of an item for each feature.
    pub(super) fn of(&self, item: u32) -> Vec<u32> {
        let code = |codes: &Vec<u32>| codes.get(item as usize).copied();
        self.codes.iter().map(|codes| code(codes).unwrap_or(UNKNOWN_CATEGORY)).collect()
    }
}

/// The first row of a file against the others: a header has nothing in common with them.
struct FirstRow {
    /// Items that the target series have; their codes are the first.
    items: usize,
    /// Codes of its item and of its categories; none before there is a row.
    codes: Vec<u32>,
    /// Whether it can be a header by all that was seen.
    alone: bool,
    /// How many other rows are of items that the target series have, and of others.
    known: u64,
    new: u64,
}

impl FirstRow {
    fn new(items: usize) -> Self {
        Self { items, codes: Vec::new(), alone: true, known: 0, new: 0 }
    }

    /// Takes the first row, then each other.
    fn compare(&mut self, item: u32, categories: impl Iterator<Item = u32>) {
        let (row, is_known) = ([item].into_iter().chain(categories), (item as usize) < self.items);
        if self.codes.is_empty() {
            self.codes.extend(row);
            self.alone = !is_known && !self.codes.contains(&UNKNOWN_CATEGORY);
        } else if self.alone {
            self.alone = row.zip(&self.codes).all(|(code, &first)| code != first);
            *(if is_known { &mut self.known } else { &mut self.new }) += 1;
        }
    }

    /// Its item, when it has little to do with the rows that follow.
    fn stranger(&self) -> Option<u32> {
        (self.alone && self.known > self.new).then(|| self.codes[0])
    }
}

/// One feature.
struct Column {
    at: usize,
    categories: Vocabulary,
    /// Categories of a block's rows.
    rows: Vec<u32>,
    /// Categories of all items.
    items: Vec<u32>,
}

impl Column {
    fn new(at: usize) -> Self {
        Self { at, categories: Vocabulary::new(), rows: Vec::new(), items: Vec::new() }
    }

    /// The categories sorted, so that the order of the rows does not matter, and the items' codes.
    fn sorted(self) -> (Vec<String>, Vec<u32>) {
        let mut order: Vec<(&str, u32)> = self.categories.iter().zip(0..).collect();
        order.sort_unstable();
        let mut codes = vec![0; order.len()];
        for (new, (_, old)) in (0..).zip(&order) {
            codes[*old as usize] = new;
        }
        let code = |code: &u32| codes.get(*code as usize).copied().unwrap_or(UNKNOWN_CATEGORY);
        let names = order.iter().map(|(name, _)| (*name).to_owned()).collect();
        (names, self.items.iter().map(code).collect())
    }
}
