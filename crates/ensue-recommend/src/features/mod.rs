//! Fields of users, items and moments as rows of an embedding table.
//!
//! A value becomes a *bag*: rows with weights, whose weighted sum of vectors stands for it. One bag holds all fields of an
//! id.
//!
//! | field | bag |
//! |---|---|
//! | categories | each with weight 1; one that fitting did not see is left out |
//! | number, timestamp | the two knots around the value, the nearer one more (piecewise linear encoding: Gorishniy et al., *On Embeddings for Numerical Features in Tabular Deep Learning*, NeurIPS 2022); knots are quantiles of the values |
//! | boolean | one of two rows |
//! | missing | nothing |

mod bags;
#[cfg(test)]
mod tests;

pub(crate) use bags::{Bag, Bags, sums};
use ensue_data::{
    FieldValue, FieldValues, MISSING_TIMESTAMP, MetadataColumn, MetadataTable, Vocabulary,
};
use serde::{Deserialize, Serialize};

/// Most knots of a number.
const KNOTS: usize = 16;

/// How the fields of one table become bags; fixed when a recipe is fitted, and stored with it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fields {
    #[serde(rename = "fields")]
    all: Vec<Field>,
    rows: u32,
    /// Whether every bag has one more row, the last: what all ids have in common.
    constant: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Field {
    name: String,
    /// Its first row of the embedding table.
    first: u32,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Categories(Vocabulary),
    /// Knots, ascending.
    Number(Vec<f64>),
    Boolean,
}

impl Fields {
    /// Fits the columns of a table; those without any value are left out.
    pub(crate) fn fit(table: &MetadataTable) -> Self {
        let mut fitted = Self::default();
        for (name, column) in table.columns() {
            let (kind, rows) = match column {
                MetadataColumn::Categorical(categories) => {
                    let names = categories.vocabulary();
                    (Kind::Categories(names.clone()), names.len())
                }
                MetadataColumn::Number(numbers) => {
                    let known = numbers.iter().filter(|n| n.is_finite());
                    let knots = knots(known.map(|&n| f64::from(n)).collect());
                    (Kind::Number(knots.clone()), knots.len())
                }
                MetadataColumn::Timestamp(times) => {
                    let known = times.iter().filter(|&&t| t != MISSING_TIMESTAMP);
                    let knots = knots(known.map(|&t| t as f64).collect());
                    (Kind::Number(knots.clone()), knots.len())
                }
                MetadataColumn::Boolean(flags) => {
                    (Kind::Boolean, if flags.iter().any(Option::is_some) { 2 } else { 0 })
                }
                _ => continue,
            };
            if rows > 0 {
                let first = fitted.rows;
                fitted.all.push(Field { name: name.to_owned(), first, kind });
                fitted.rows += rows as u32;
            }
        }
        fitted
    }

    /// The same with a row that is in every bag, so that an id without a known value has a vector, too; as they are without
    /// any field.
    pub(crate) fn with_constant(self) -> Self {
        if self.rows == 0 {
            return self;
        }
        Self { rows: self.rows + 1, constant: true, ..self }
    }

    fn constant(&self) -> Option<(u32, f32)> {
        self.constant.then(|| (self.rows - 1, 1.0))
    }

    /// Rows of the embedding table.
    pub(crate) fn rows(&self) -> usize {
        self.rows as usize
    }

    /// The bags of the ids of a table; columns are found by name.
    pub(crate) fn bags(&self, table: &MetadataTable) -> Bags {
        let mut bags = Bags::default();
        // Codes of the table's own vocabularies to rows, one field after the other.
        let columns: Vec<(&Field, Source<'_>)> = (self.all.iter())
            .filter_map(|field| Some((field, Source::of(field, table.column(&field.name)?)?)))
            .collect();
        for id in 0..table.len() as u32 {
            let values = columns.iter().flat_map(|(field, source)| source.bag(field, id));
            bags.push(values.chain(self.constant()));
        }
        bags
    }

    /// The bag of values by name. Names that are no field are ignored, and so are values of another type.
    pub(crate) fn bag(&self, values: &FieldValues) -> Bag {
        let fields = self.all.iter();
        fields
            .filter_map(|field| Some(field.bag(values.get(&field.name)?)))
            .flatten()
            .chain(self.constant())
            .collect()
    }
}

impl Field {
    fn bag(&self, value: &FieldValue) -> Bag {
        match &self.kind {
            Kind::Categories(names) => {
                let text = value.text();
                let mut codes: Vec<u32> =
                    text.split('|').filter_map(|name| names.encode(name)).collect();
                codes.sort_unstable();
                codes.dedup();
                codes.into_iter().map(|code| (self.first + code, 1.0)).collect()
            }
            Kind::Number(knots) => {
                value.number().map_or_else(Bag::new, |value| self.number(knots, value))
            }
            Kind::Boolean => {
                let flag = value.boolean();
                flag.map_or_else(Bag::new, |flag| vec![(self.first + u32::from(flag), 1.0)])
            }
        }
    }

    fn number(&self, knots: &[f64], value: f64) -> Bag {
        let above = knots.partition_point(|&knot| knot <= value);
        if above == 0 || above == knots.len() {
            let nearest = above.saturating_sub(1) as u32;
            return vec![(self.first + nearest, 1.0)];
        }
        let (low, high) = (knots[above - 1], knots[above]);
        let share = ((value - low) / (high - low)) as f32;
        let before = self.first + above as u32 - 1;
        let mut bag = vec![(before, 1.0 - share), (before + 1, share)];
        bag.retain(|&(_, weight)| weight > 0.0);
        bag
    }
}

/// A column of a table, read for one field.
enum Source<'a> {
    /// The column, and the field's code of each of its own.
    Categories(&'a ensue_data::Categories, Vec<Option<u32>>),
    Numbers(&'a [f64], &'a [f32]),
    Times(&'a [f64], &'a [i64]),
    Flags(&'a [Option<bool>]),
}

impl<'a> Source<'a> {
    /// `None` when the column is of another kind than the field.
    fn of(field: &'a Field, column: &'a MetadataColumn) -> Option<Self> {
        match (&field.kind, column) {
            (Kind::Categories(names), MetadataColumn::Categorical(categories)) => {
                let codes = categories.vocabulary().iter().map(|name| names.encode(name));
                Some(Self::Categories(categories, codes.collect()))
            }
            (Kind::Number(knots), MetadataColumn::Number(numbers)) => {
                Some(Self::Numbers(knots, numbers))
            }
            (Kind::Number(knots), MetadataColumn::Timestamp(times)) => {
                Some(Self::Times(knots, times))
            }
            (Kind::Boolean, MetadataColumn::Boolean(flags)) => Some(Self::Flags(flags)),
            _ => None,
        }
    }

    fn bag(&self, field: &Field, id: u32) -> Bag {
        let at = id as usize;
        match self {
            Self::Categories(categories, codes) => {
                let known = categories.of(id).iter().filter_map(|&code| codes[code as usize]);
                known.map(|code| (field.first + code, 1.0)).collect()
            }
            Self::Numbers(knots, numbers) if numbers[at].is_finite() => {
                field.number(knots, f64::from(numbers[at]))
            }
            Self::Times(knots, times) if times[at] != MISSING_TIMESTAMP => {
                field.number(knots, times[at] as f64)
            }
            Self::Flags(flags) => {
                let flag = flags[at];
                flag.map_or_else(Bag::new, |flag| vec![(field.first + u32::from(flag), 1.0)])
            }
            _ => Bag::new(),
        }
    }
}

/// Distinct quantiles of the values, ascending, at most [`KNOTS`]; empty without values.
fn knots(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_unstable_by(f64::total_cmp);
    if values.is_empty() {
        return values;
    }
    let last = values.len() - 1;
    let mut knots: Vec<f64> =
        (0..KNOTS).map(|knot| values[(knot * last + (KNOTS - 1) / 2) / (KNOTS - 1)]).collect();
    knots.dedup();
    knots
}
