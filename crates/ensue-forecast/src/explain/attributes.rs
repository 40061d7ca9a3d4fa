//! What can be explained of a panel, and series that do without some of it.

use std::collections::HashSet;

use ensue_core::{Panel, Series};

/// The attributes of a panel: related series in their order (the holidays of a country as one), static categories,
/// static numbers.
#[derive(Debug)]
pub(super) struct Attributes {
    names: Vec<String>,
    kinds: Vec<Kind>,
    /// Names of the panel's columns behind each attribute.
    columns: Vec<Vec<String>>,
    /// What stands in for each related series where its own history has no number.
    usual: Vec<f32>,
    horizon: usize,
}

/// What an attribute is made of.
#[derive(Debug)]
enum Kind {
    /// Places of related series; whether they are holidays, of which there usually is none.
    Related(Vec<usize>, bool),
    /// Place of a static category.
    Category(usize),
    /// Place of a static number.
    Real(usize),
}

/// `Holiday_DE` of a related series called `holiday_DE: Karfreitag`.
fn holidays(name: &str) -> Option<String> {
    let (country, _) = name.strip_prefix("holiday_")?.split_once(": ")?;
    (!country.is_empty()).then(|| format!("Holiday_{country}"))
}

/// Numbers names that were there before: `price`, `price_2`.
pub(super) fn unique<'a>(names: impl IntoIterator<Item = &'a mut String>) {
    let mut taken = HashSet::new();
    for name in names {
        let own = name.clone();
        for number in 2.. {
            if taken.insert(name.clone()) {
                break;
            }
            *name = format!("{own}_{number}");
        }
    }
}

/// Mean of the finite ones.
fn mean<'a>(values: impl Iterator<Item = &'a f32>) -> Option<f32> {
    let finite = values.filter(|x| x.is_finite());
    let (sum, count) =
        finite.fold((0.0, 0_u32), |(sum, count), &x| (sum + f64::from(x), count + 1));
    (count > 0).then(|| (sum / f64::from(count)) as f32)
}

impl Attributes {
    pub(super) fn of(panel: &Panel, horizon: usize) -> Self {
        let (mut names, mut kinds, mut columns) = (Vec::new(), Vec::new(), Vec::new());
        let mut add = |name: String, kind, column: &String| {
            names.push(name);
            kinds.push(kind);
            columns.push(vec![column.clone()]);
        };
        for (place, column) in panel.related().iter().enumerate() {
            let country = holidays(column);
            let kind = Kind::Related(vec![place], country.is_some());
            add(country.unwrap_or_else(|| column.clone()), kind, column);
        }
        for (place, feature) in panel.features().iter().enumerate() {
            add(feature.name.clone(), Kind::Category(place), &feature.name);
        }
        for (place, name) in panel.reals().iter().enumerate() {
            add(name.clone(), Kind::Real(place), name);
        }
        let usual = (0..panel.related().len()).map(|place| {
            let rows =
                || panel.series().iter().map(|series| (series.len(), &series.related()[place]));
            let past = mean(rows().flat_map(|(past, row)| &row[..past.min(row.len())]));
            past.or_else(|| mean(rows().flat_map(|(_, row)| row))).unwrap_or(0.0)
        });
        let usual = usual.collect();
        let mut attributes = Self { names, kinds, columns, usual, horizon };
        attributes.join_holidays();
        unique(&mut attributes.names);
        attributes
    }

    /// Makes one attribute of the holidays of each country, in the place of the first.
    fn join_holidays(&mut self) {
        let mut at = 0;
        while at < self.names.len() {
            let first = self.names[..at].iter().position(|name| *name == self.names[at]);
            let first = first.filter(|&first| {
                let holidays = |at: usize| matches!(self.kinds[at], Kind::Related(_, true));
                holidays(first) && holidays(at)
            });
            let Some(first) = first else {
                at += 1;
                continue;
            };
            self.names.remove(at);
            let (kind, columns) = (self.kinds.remove(at), self.columns.remove(at));
            self.columns[first].extend(columns);
            if let (Kind::Related(more, _), Kind::Related(places, _)) =
                (kind, &mut self.kinds[first])
            {
                places.extend(more);
            }
        }
    }

    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    pub(super) fn into_names(self) -> Vec<String> {
        self.names
    }

    /// Whether a column behind the attribute is among these.
    pub(super) fn is_among(&self, at: usize, columns: &[String]) -> bool {
        self.columns[at].iter().any(|column| columns.contains(column))
    }

    /// Whether the attribute is metadata.
    pub(super) fn is_static(&self, at: usize) -> bool {
        !matches!(self.kinds[at], Kind::Related(..))
    }

    /// The series without the attributes that are not present, with the metadata of `donor` in the place of its own.
    pub(super) fn altered(&self, series: &Series, present: &[bool], donor: &Series) -> Series {
        let absent = || self.kinds.iter().zip(present).filter(|(_, present)| !**present);
        let mut rows = None;
        let mut categories = None;
        let mut reals = None;
        for (kind, _) in absent() {
            match kind {
                Kind::Related(places, holidays) => {
                    let rows = rows.get_or_insert_with(|| series.related().to_vec());
                    for &place in places {
                        self.level(&mut rows[place], place, series.len(), *holidays);
                    }
                }
                Kind::Category(place) => {
                    let codes = categories.get_or_insert_with(|| series.categories().to_vec());
                    codes[*place] = donor.categories()[*place];
                }
                Kind::Real(place) => {
                    let numbers = reals.get_or_insert_with(|| series.reals().to_vec());
                    numbers[*place] = donor.reals()[*place];
                }
            }
        }
        let mut altered = series.clone();
        if let Some(rows) = rows {
            altered = altered.with_related(rows);
        }
        if let Some(categories) = categories {
            altered = altered.with_categories(categories);
        }
        if let Some(reals) = reals {
            altered = altered.with_reals(reals);
        }
        altered
    }

    /// Puts what is usual in the place of a related series over the horizon.
    fn level(&self, row: &mut [f32], place: usize, past: usize, holidays: bool) {
        let past = past.min(row.len());
        let usual =
            if holidays { 0.0 } else { mean(row[..past].iter()).unwrap_or(self.usual[place]) };
        let end = row.len().min(past + self.horizon);
        row[past..end].fill(usual);
    }
}
