//! What a network is told beside a series' values, decided once from the training data.

use std::collections::HashMap;
use std::num::NonZeroUsize;

use ensue_core::{Panel, Series, series::Frequency};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{ForecastError, TrainingData, calendar::time_features, checks::check_frequency};

use super::{
    Ready, Standard,
    ready::Places,
    standard::{mean_size, usual},
};

/// One related series as a network sees it: against all series, and against its own past.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::algorithms) struct Related {
    name: String,
    pub(super) level: Standard,
    /// Of the differences from what is usual in their own series.
    pub(super) change: Standard,
}

/// A static feature: one embedding row a category, and one for those not known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::algorithms) struct Feature {
    name: String,
    pub(super) categories: Vec<String>,
    pub(in crate::algorithms) dimension: usize,
}

/// A static number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::algorithms) struct Real {
    name: String,
    pub(super) standard: Standard,
}

/// Which related series are used, by how far they are known: Amazon's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RelatedData {
    /// All of them.
    #[default]
    All,
    /// None.
    None,
    /// Those that end with the target.
    Historical,
    /// Those that are known over the whole horizon.
    ForwardLooking,
}

impl RelatedData {
    pub(in crate::algorithms) fn ahead(self) -> bool {
        matches!(self, Self::All | Self::ForwardLooking)
    }

    pub(in crate::algorithms) fn historical(self) -> bool {
        matches!(self, Self::All | Self::Historical)
    }
}

/// What of the data a network is to be told.
#[derive(Debug)]
pub(in crate::algorithms) struct Told<'a> {
    /// Steps before the forecast that it reads.
    pub(in crate::algorithms) context: usize,
    /// Whether calendar features are kept whose cycle the data are too short to show twice.
    pub(in crate::algorithms) whole_calendar: bool,
    pub(in crate::algorithms) related: RelatedData,
    pub(in crate::algorithms) metadata: bool,
    pub(in crate::algorithms) embedding_dimension: Option<NonZeroUsize>,
    pub(in crate::algorithms) holidays: &'a [Date],
}

/// What a network is told beside a series' values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::algorithms) struct Known {
    pub(in crate::algorithms) frequency: Frequency,
    pub(in crate::algorithms) horizon: usize,
    pub(in crate::algorithms) context: usize,
    /// Which of the frequency's time features, by place.
    pub(in crate::algorithms) time_features: Vec<usize>,
    pub(in crate::algorithms) holidays: Vec<Date>,
    /// Those that are known over the horizon.
    pub(in crate::algorithms) related: Vec<Related>,
    /// Those that end with the target.
    pub(in crate::algorithms) historical: Vec<Related>,
    pub(in crate::algorithms) features: Vec<Feature>,
    pub(in crate::algorithms) reals: Vec<Real>,
    /// Log of the mean size of the training series.
    pub(in crate::algorithms) log_scale: Standard,
    /// Scale of a series that nothing is known of.
    pub(in crate::algorithms) default_scale: f64,
    /// Whether no target of the training data is negative.
    pub(in crate::algorithms) non_negative: bool,
}

impl Known {
    /// Names of all that is known beside the target.
    pub(in crate::algorithms) fn covariates(&self) -> Vec<String> {
        let related = self.related.iter().chain(&self.historical).map(|about| &about.name);
        let features = self.features.iter().map(|about| &about.name);
        related.chain(features).chain(self.reals.iter().map(|about| &about.name)).cloned().collect()
    }

    pub(in crate::algorithms) fn new(told: &Told<'_>, data: &TrainingData) -> Self {
        let panel = &data.panel;
        let series = panel.series();
        let sizes = series.iter().filter_map(mean_size).filter(|&size| size > 0.0);
        let logs: Vec<f64> = sizes.map(f64::ln).collect();
        let log_scale = Standard::of(|| logs.iter().copied());
        let related = |ahead: bool| -> Vec<Related> {
            let names = panel.related().iter().enumerate();
            let wanted = names.filter(|&(n, _)| known_ahead(data, n) == ahead);
            wanted.map(|(n, name)| about_related(series, n, name, !ahead)).collect()
        };
        let features = panel.features().iter().map(|feature| {
            let cardinality = feature.categories.len();
            let dimension = told
                .embedding_dimension
                .map_or(cardinality.div_ceil(2).clamp(1, 50), NonZeroUsize::get);
            Feature {
                name: feature.name.clone(),
                categories: feature.categories.clone(),
                dimension,
            }
        });
        let reals = panel.reals().iter().enumerate().map(|(n, name)| {
            let standard = Standard::of(|| series.iter().map(|s| f64::from(s.reals()[n])));
            Real { name: name.clone(), standard }
        });
        let features_of = time_features(panel.frequency());
        let days = days(panel);
        Self {
            frequency: panel.frequency(),
            horizon: data.horizon,
            context: told.context,
            time_features: (0..features_of.len())
                .filter(|&n| told.whole_calendar || features_of[n].cycle_days() * 2.0 <= days)
                .collect(),
            holidays: told.holidays.to_vec(),
            related: if told.related.ahead() { related(true) } else { Vec::new() },
            historical: if told.related.historical() { related(false) } else { Vec::new() },
            features: if told.metadata { features.collect() } else { Vec::new() },
            reals: if told.metadata { reals.collect() } else { Vec::new() },
            log_scale,
            default_scale: if logs.is_empty() { 1.0 } else { log_scale.mean.exp() },
            non_negative: series.iter().all(|s| s.target().iter().all(|&y| y.is_nan() || y >= 0.0)),
        }
    }

    /// Columns of the calendar: time features and holidays.
    pub(in crate::algorithms) fn calendar_columns(&self) -> usize {
        self.time_features.len() + usize::from(!self.holidays.is_empty())
    }

    /// The size of targets: their mean size within the context, `None` where nothing was observed.
    ///
    /// Where the context is all zero, a tenth of the mean size of the whole past stands in, so that
    /// older values stay of a size that the network has seen.
    pub(in crate::algorithms) fn size(&self, context: Option<f64>, past: Option<f64>) -> f64 {
        let floor = 0.1 * past.unwrap_or(0.0);
        context.or(past).unwrap_or(self.default_scale).max(floor)
    }

    /// Whether anything is known of an item without a past.
    pub(in crate::algorithms) fn tells_items_apart(&self) -> bool {
        !(self.features.is_empty() && self.reals.is_empty() && self.related.is_empty())
    }

    /// Whether a series, going by its past or for want of one by all others, is never negative.
    pub(in crate::algorithms) fn never_negative(&self, ready: &Ready) -> bool {
        if ready.past.is_none() {
            self.non_negative
        } else {
            ready.values.iter().all(|&y| y >= 0.0)
        }
    }

    /// Brings every series of `panel` into the form that windows are cut from; `first` stands for the
    /// values before the first observed one.
    ///
    /// # Errors
    /// When the panel lacks a related series, or one ends before the horizon does while `future` is
    /// asked for.
    pub(in crate::algorithms) fn ready(
        &self,
        panel: &Panel,
        first: f32,
        future: bool,
    ) -> Result<Vec<Ready>, ForecastError> {
        check_frequency(panel, self.frequency)?;
        let place = |about: &Related| {
            let found = panel.related().iter().position(|known| *known == about.name);
            found.ok_or_else(|| ForecastError::MissingRelated { name: about.name.clone() })
        };
        let related: Vec<usize> = self.related.iter().map(place).collect::<Result<_, _>>()?;
        let real = |real: &Real| panel.reals().iter().position(|known| *known == real.name);
        let places = Places {
            historical: self.historical.iter().map(place).collect::<Result<_, _>>()?,
            codes: self.features.iter().map(|feature| codes(feature, panel)).collect(),
            reals: self.reals.iter().map(real).collect(),
            related,
        };
        let ready = |series: &Series| {
            if future {
                self.check_future(series, &places.related)?;
            }
            Ok(Ready::new(self, series, first, &places))
        };
        panel.series().iter().map(ready).collect()
    }

    fn check_future(&self, series: &Series, related: &[usize]) -> Result<(), ForecastError> {
        let needed = series.len() + self.horizon;
        for (about, &place) in self.related.iter().zip(related) {
            let values = &series.related()[place];
            let (key, name) = (series.key().to_vec(), about.name.clone());
            if values.len() < needed {
                let found = values.len();
                return Err(ForecastError::ShortRelated { key, name, found, needed });
            }
            let bad = values[series.len()..needed].iter().position(|x| !x.is_finite());
            if let Some(at) = bad {
                return Err(ForecastError::RelatedNotFinite { key, name, at: series.len() + at });
            }
        }
        Ok(())
    }
}

fn about_related(series: &[Series], n: usize, name: &str, historical: bool) -> Related {
    let values = || series.iter().flat_map(move |s| s.related()[n].iter().map(|&x| f64::from(x)));
    let changes = || {
        // Without a past there is nothing to differ from.
        series.iter().filter(|s| !s.is_empty()).flat_map(move |s| {
            let row = &s.related()[n];
            row.iter().zip(usual(row, s.len(), historical)).map(|(&x, own)| f64::from(x) - own)
        })
    };
    let (level, change) = (Standard::of(values), Standard::of(changes));
    Related { name: name.to_owned(), level, change }
}

/// Row of the embedding for each of the panel's categories, whatever their order there.
fn codes(feature: &Feature, panel: &Panel) -> Option<(usize, Vec<i32>)> {
    let place = panel.features().iter().position(|known| known.name == feature.name)?;
    let known: HashMap<&String, usize> =
        feature.categories.iter().enumerate().map(|(row, category)| (category, row)).collect();
    let row = |category: &String| known.get(category).copied().unwrap_or(known.len()) as i32;
    Some((place, panel.features()[place].categories.iter().map(row).collect()))
}

/// Whether related series `n` of any series reaches over the whole horizon. Steps of the target that are held back do not count
/// as such: what is known of them only is not known of the horizon that is forecast in the end.
pub(in crate::algorithms) fn known_ahead(data: &TrainingData, n: usize) -> bool {
    data.panel.series().iter().any(|s| s.related()[n].len() >= known_to(s, data.horizon))
}

/// Where a related series that is known ahead has to end at the earliest.
pub(super) fn known_to(series: &Series, horizon: usize) -> usize {
    series.len() + series.hidden().len() + horizon
}

/// Days from the begin of the first series to the end of the last.
fn days(panel: &Panel) -> f64 {
    let first = panel.series().iter().map(Series::start).min().unwrap_or(0);
    let end = panel.series().iter().map(Series::end).max().unwrap_or(first);
    let time = |step| panel.frequency().start_of(step);
    time(end).duration_since(time(first)).as_secs_f64() / 86_400.0
}
