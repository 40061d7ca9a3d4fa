//! Many time series of one frequency.

use super::{Frequency, Series, UNKNOWN_CATEGORY};
use crate::hash::Fnv1a;

/// A static feature of the series: its name and the categories behind the codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaticFeature {
    /// Its name, such as `brand`.
    pub name: String,
    /// The categories, by code.
    pub categories: Vec<String>,
}

/// Time series of one frequency with their related series and static features: what forecasting
/// algorithms learn from.
///
/// ```
/// use ensue_core::series::{Frequency, Panel, Series};
///
/// let panel = Panel::new(Frequency::HOURLY, vec![Series::new(["tea"], 0, vec![3.0, 4.0])])?;
/// assert_eq!(panel.len(), 1);
/// assert_eq!(panel.cut(1).series()[0].target(), [3.0]);
/// # Ok::<(), ensue_core::series::PanelError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Panel {
    frequency: Frequency,
    dimensions: Vec<String>,
    related: Vec<String>,
    features: Vec<StaticFeature>,
    reals: Vec<String>,
    series: Vec<Series>,
}

/// A series that does not fit its panel.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PanelError {
    /// A series has more or fewer of something than the panel.
    #[error("series {key:?} has {found} {what}, the panel {expected}")]
    Count {
        /// The key of the series.
        key: Vec<String>,
        /// What is counted: key parts, related series, categories, static reals.
        what: &'static str,
        /// How many the series has.
        found: usize,
        /// How many the panel has.
        expected: usize,
    },
    /// A related series is shorter than the target.
    #[error("series {key:?}: related series {name:?} has {found} values, its target {target}")]
    ShortRelated {
        /// The key of the series.
        key: Vec<String>,
        /// The related series.
        name: String,
        /// How many values it has.
        found: usize,
        /// How many the target has.
        target: usize,
    },
    /// A category's code is beyond the feature's categories.
    #[error("series {key:?}: feature {name:?} has no category {code}")]
    Category {
        /// The key of the series.
        key: Vec<String>,
        /// The feature.
        name: String,
        /// The code.
        code: u32,
    },
    /// Two series have the same key.
    #[error("series {key:?} is there twice")]
    Duplicate {
        /// The key of both.
        key: Vec<String>,
    },
    /// A target is infinite.
    #[error("series {key:?} has an infinite target at step {at}")]
    Infinite {
        /// The key of the series.
        key: Vec<String>,
        /// Index within the series.
        at: usize,
    },
}

impl Panel {
    /// A panel of targets alone; the key of each series is its item id.
    ///
    /// # Errors
    /// As [`with`](Self::with).
    pub fn new(frequency: Frequency, series: Vec<Series>) -> Result<Self, PanelError> {
        let dimensions = vec!["item_id".to_owned()];
        Self::with(frequency, dimensions, Vec::new(), Vec::new(), Vec::new(), series)
    }

    /// A panel with everything: `dimensions` names the parts of the keys (the item id first),
    /// `related` the related series, `features` the static categories, `reals` the static numbers.
    ///
    /// # Errors
    /// [`PanelError`] names the first series that does not fit.
    pub fn with(
        frequency: Frequency,
        dimensions: Vec<String>,
        related: Vec<String>,
        features: Vec<StaticFeature>,
        reals: Vec<String>,
        series: Vec<Series>,
    ) -> Result<Self, PanelError> {
        let panel = Self { frequency, dimensions, related, features, reals, series };
        let mut keys = std::collections::HashSet::new();
        for series in &panel.series {
            panel.check(series)?;
            if !keys.insert(series.key()) {
                return Err(PanelError::Duplicate { key: series.key().to_vec() });
            }
        }
        Ok(panel)
    }

    fn check(&self, series: &Series) -> Result<(), PanelError> {
        let key = || series.key().to_vec();
        let counts = [
            ("key parts", series.key().len(), self.dimensions.len()),
            ("related series", series.related().len(), self.related.len()),
            ("categories", series.categories().len(), self.features.len()),
            ("static reals", series.reals().len(), self.reals.len()),
        ];
        for (what, found, expected) in counts {
            if found != expected {
                return Err(PanelError::Count { key: key(), what, found, expected });
            }
        }
        let target = series.len();
        for (name, values) in self.related.iter().zip(series.related()) {
            let found = values.len();
            if found < target {
                return Err(PanelError::ShortRelated {
                    key: key(),
                    name: name.clone(),
                    found,
                    target,
                });
            }
        }
        for (feature, &code) in self.features.iter().zip(series.categories()) {
            if code != UNKNOWN_CATEGORY && code as usize >= feature.categories.len() {
                return Err(PanelError::Category { key: key(), name: feature.name.clone(), code });
            }
        }
        if let Some(at) = series.target().iter().position(|y| y.is_infinite()) {
            return Err(PanelError::Infinite { key: key(), at });
        }
        Ok(())
    }

    /// The frequency of all series.
    pub fn frequency(&self) -> Frequency {
        self.frequency
    }

    /// Names of the parts of the keys, the item id's first.
    pub fn dimensions(&self) -> &[String] {
        &self.dimensions
    }

    /// Names of the related series.
    pub fn related(&self) -> &[String] {
        &self.related
    }

    /// The static categorical features.
    pub fn features(&self) -> &[StaticFeature] {
        &self.features
    }

    /// Names of the static numbers.
    pub fn reals(&self) -> &[String] {
        &self.reals
    }

    /// The series.
    pub fn series(&self) -> &[Series] {
        &self.series
    }

    /// Number of series.
    pub fn len(&self) -> usize {
        self.series.len()
    }

    /// Whether there are no series.
    pub fn is_empty(&self) -> bool {
        self.series.is_empty()
    }

    /// Index of the series with this key.
    pub fn position(&self, key: &[impl AsRef<str>]) -> Option<usize> {
        let same = |series: &Series| {
            series.key().len() == key.len()
                && series.key().iter().zip(key).all(|(a, b)| a == b.as_ref())
        };
        self.series.iter().position(same)
    }

    /// The same panel with the last `steps` steps of every series hidden, as [`Series::cut`] does.
    pub fn cut(&self, steps: usize) -> Self {
        self.map(|series| series.cut(steps))
    }

    /// The same panel with each series [cut](Series::cut) as `change` says.
    pub fn map(&self, change: impl Fn(&Series) -> Series) -> Self {
        let series = self.series.iter().map(change).collect();
        Self { series, ..self.without_series() }
    }

    /// The same panel with only the series for which `keep` holds.
    pub fn filtered(&self, keep: impl Fn(&Series) -> bool) -> Self {
        let series = self.series.iter().filter(|series| keep(series)).cloned().collect();
        Self { series, ..self.without_series() }
    }

    /// A number that changes with anything in the panel, as 16 hexadecimal digits.
    pub fn fingerprint(&self) -> String {
        let mut hash = Fnv1a::default();
        let mut text = |text: &str| {
            hash.update(&(text.len() as u64).to_le_bytes());
            hash.update(text.as_bytes());
        };
        text(&self.frequency.to_string());
        self.dimensions.iter().chain(&self.related).chain(&self.reals).for_each(|name| text(name));
        for feature in &self.features {
            text(&feature.name);
            feature.categories.iter().for_each(|category| text(category));
        }
        for series in &self.series {
            series.key().iter().for_each(|part| text(part));
        }
        for series in &self.series {
            hash.update(&series.start().to_le_bytes());
            hash.update(&(series.len() as u64).to_le_bytes());
            series.target().iter().for_each(|y| hash.update(&y.to_le_bytes()));
            series.related().iter().flatten().for_each(|x| hash.update(&x.to_le_bytes()));
            series.categories().iter().for_each(|code| hash.update(&code.to_le_bytes()));
            series.reals().iter().for_each(|x| hash.update(&x.to_le_bytes()));
        }
        hash.hex()
    }

    fn without_series(&self) -> Self {
        Self {
            frequency: self.frequency,
            dimensions: self.dimensions.clone(),
            related: self.related.clone(),
            features: self.features.clone(),
            reals: self.reals.clone(),
            series: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_change_changes_the_fingerprint() {
        // Oracle: panels that differ in one thing each.
        let of = |frequency, key: &str, start, target: &[f64]| {
            let series = vec![Series::new([key], start, target.to_vec())];
            Panel::new(frequency, series).unwrap().fingerprint()
        };
        let base = of(Frequency::DAILY, "a", 0, &[1.0, 2.0]);
        assert_eq!(base, of(Frequency::DAILY, "a", 0, &[1.0, 2.0]));
        for other in [
            of(Frequency::HOURLY, "a", 0, &[1.0, 2.0]),
            of(Frequency::DAILY, "b", 0, &[1.0, 2.0]),
            of(Frequency::DAILY, "a", 1, &[1.0, 2.0]),
            of(Frequency::DAILY, "a", 0, &[1.0, 2.5]),
            of(Frequency::DAILY, "a", 0, &[1.0]),
        ] {
            assert_ne!(base, other);
        }
    }

    #[test]
    fn a_series_that_does_not_fit_is_named() {
        // Oracle: each variant of the error by a panel that breaks one rule.
        let build = |series: Vec<Series>| {
            Panel::with(
                Frequency::DAILY,
                vec!["item_id".to_owned()],
                vec!["price".to_owned()],
                vec![StaticFeature { name: "brand".to_owned(), categories: vec!["x".to_owned()] }],
                Vec::new(),
                series,
            )
        };
        let good = || {
            Series::new(["a"], 0, vec![1.0, 2.0])
                .with_related(vec![vec![1.0; 3]])
                .with_categories(vec![UNKNOWN_CATEGORY])
        };
        let panel = build(vec![good()]).unwrap();
        assert_eq!(
            (panel.len(), panel.position(&["a"]), panel.position(&["b"])),
            (1, Some(0), None)
        );
        for (series, expected) in [
            (good().with_related(Vec::new()), "related series"),
            (good().with_related(vec![vec![1.0]]), "has 1 values, its target 2"),
            (good().with_categories(vec![1]), "no category 1"),
            (good().with_reals(vec![1.0]), "static reals"),
        ] {
            let error = build(vec![series]).unwrap_err().to_string();
            assert!(error.contains(expected) && error.contains("\"a\""), "{error}");
        }
        assert!(matches!(build(vec![good(), good()]), Err(PanelError::Duplicate { .. })));
        let infinite = Series::new(["a"], 0, vec![1.0, f64::INFINITY])
            .with_related(vec![vec![1.0; 2]])
            .with_categories(vec![0]);
        assert!(matches!(build(vec![infinite]), Err(PanelError::Infinite { at: 1, .. })));
    }
}
