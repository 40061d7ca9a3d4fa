//! What the network sees of a series, decided once from the training data.

use std::collections::HashMap;

use ensue_core::{Panel, Series, series::Frequency};
use ensue_nn::likelihood::Likelihood;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{
    ForecastError, TrainingData,
    calendar::{lags, seasons, time_features},
    checks::check_frequency,
};

use super::{DeepAr, ready::Ready};

/// Mean and standard deviation that make numbers comparable.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Standard {
    mean: f64,
    deviation: f64,
}

impl Standard {
    /// Of the finite ones among `values`.
    fn of<I: Iterator<Item = f64>>(values: impl Fn() -> I) -> Self {
        let finite = || values().filter(|x| x.is_finite());
        let count = finite().count().max(1) as f64;
        let mean = finite().sum::<f64>() / count;
        let variance = finite().map(|x| (x - mean).powi(2)).sum::<f64>() / count;
        let deviation = variance.sqrt();
        // What never varies says nothing; a deviation of rounding errors would make it shout.
        let deviation = if deviation > 1e-9 * mean.abs().max(1e-30) { deviation } else { 1.0 };
        Self { mean, deviation }
    }

    /// `x` in standard deviations from the mean, within five; the mean where it is no number.
    pub(super) fn apply(self, x: f64) -> f32 {
        if x.is_finite() {
            (((x - self.mean) / self.deviation) as f32).clamp(-5.0, 5.0)
        } else {
            0.0
        }
    }
}

/// One related series as the network sees it: against all series, and against its own past.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Related {
    pub(super) name: String,
    pub(super) level: Standard,
    /// Of the differences from the mean of their own series.
    pub(super) change: Standard,
}

/// A static feature: one embedding row a category, and one for those not known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Feature {
    pub(super) name: String,
    pub(super) categories: Vec<String>,
    pub(super) dimension: usize,
}

/// A static number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Real {
    pub(super) name: String,
    pub(super) standard: Standard,
}

/// What the network sees of a series.
///
/// Columns of an input, in this order: scaled lags; log of the scale (if all features are asked for);
/// age; time features; holiday (if any are known); related series, two columns each; static numbers; after
/// these the network appends the embeddings. Unless all features are asked for, lags and time features
/// that the training data are too short to show twice are left out, and age stands still at the context's
/// length.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Inputs {
    pub(super) frequency: Frequency,
    pub(super) horizon: usize,
    pub(super) context: usize,
    pub(super) likelihood: Likelihood,
    pub(super) lags: Vec<usize>,
    /// Lags of the values that the location is a mean of; none where it is not.
    pub(super) anchors: Vec<usize>,
    /// Which of the frequency's time features, by place.
    pub(super) time_features: Vec<usize>,
    pub(super) holidays: Vec<Date>,
    pub(super) related: Vec<Related>,
    pub(super) features: Vec<Feature>,
    pub(super) reals: Vec<Real>,
    /// `None` where it is no feature.
    pub(super) log_scale: Option<Standard>,
    /// Where age stands still.
    pub(super) oldest: usize,
    /// Scale of a series that nothing is known of.
    pub(super) default_scale: f64,
    /// Whether no target of the training data is negative.
    pub(super) non_negative: bool,
}

impl Inputs {
    pub(super) fn new(settings: &DeepAr, data: &TrainingData) -> Self {
        let panel = &data.panel;
        let series = panel.series();
        let sizes = series.iter().filter_map(mean_size).filter(|&size| size > 0.0);
        let logs: Vec<f64> = sizes.map(f64::ln).collect();
        let log_scale = Standard::of(|| logs.iter().copied());
        let ahead = panel.related().iter().enumerate().filter(|&(n, _)| known_ahead(data, n));
        let related = ahead.map(|(n, name)| {
            let values =
                || series.iter().flat_map(move |s| s.related()[n].iter().map(|&x| f64::from(x)));
            let changes = || {
                // Without a past there is nothing to differ from.
                series.iter().filter(|s| !s.is_empty()).flat_map(move |s| {
                    let own = own_mean(&s.related()[n], s.len());
                    s.related()[n].iter().map(move |&x| f64::from(x) - own)
                })
            };
            let (level, change) = (Standard::of(values), Standard::of(changes));
            Related { name: name.clone(), level, change }
        });
        let features = panel.features().iter().map(|feature| {
            let cardinality = feature.categories.len();
            let dimension = settings
                .embedding_dimension
                .map_or(cardinality.div_ceil(2).clamp(1, 50), std::num::NonZeroUsize::get);
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
        let all = settings.all_features;
        let (lags, features_of) = (lags(panel.frequency()), time_features(panel.frequency()));
        let longest = series.iter().map(Series::len).max().unwrap_or(0);
        let days = days(panel);
        let located =
            !matches!(settings.likelihood, Likelihood::NegativeBinomial | Likelihood::Beta);
        let mut anchors =
            if settings.anchors && located { seasons(panel.frequency()) } else { Vec::new() };
        anchors.retain(|&lag| lag == 1 || 2 * lag <= longest);
        Self {
            frequency: panel.frequency(),
            horizon: data.horizon,
            context: settings.context(data.horizon),
            likelihood: settings.likelihood,
            lags: lags.into_iter().filter(|&lag| all || 2 * lag <= longest || lag == 1).collect(),
            anchors,
            time_features: (0..features_of.len())
                .filter(|&n| all || features_of[n].cycle_days() * 2.0 <= days)
                .collect(),
            holidays: settings.holidays.clone(),
            related: related.collect(),
            features: features.collect(),
            reals: reals.collect(),
            log_scale: all.then_some(log_scale),
            oldest: if all { usize::MAX } else { settings.context(data.horizon) },
            default_scale: if logs.is_empty() { 1.0 } else { log_scale.mean.exp() },
            non_negative: series.iter().all(|s| s.target().iter().all(|&y| y.is_nan() || y >= 0.0)),
        }
    }

    /// Names of all that is known beside the target.
    pub(super) fn covariates(&self) -> impl Iterator<Item = &str> {
        let related = self.related.iter().map(|about| about.name.as_str());
        let features = self.features.iter().map(|about| about.name.as_str());
        related.chain(features).chain(self.reals.iter().map(|about| about.name.as_str()))
    }

    /// Columns that the host writes: all but the embeddings.
    pub(super) fn columns(&self) -> usize {
        let scale = usize::from(self.log_scale.is_some());
        self.lags.len()
            + scale
            + 1
            + self.calendar_columns()
            + 2 * self.related.len()
            + self.reals.len()
    }

    /// Columns of the calendar: time features and holidays.
    pub(super) fn calendar_columns(&self) -> usize {
        self.time_features.len() + usize::from(!self.holidays.is_empty())
    }

    /// Width of the network's input.
    pub(super) fn width(&self) -> usize {
        self.columns() + self.features.iter().map(|feature| feature.dimension).sum::<usize>()
    }

    /// The scale of targets: their mean size within the context. `None` where nothing was observed.
    ///
    /// Counts get one more, as in the paper (section 3.3); where the context is all zero, a tenth of the mean size of the whole
    /// past stands in, so that older lags stay of a size that the network has seen.
    pub(super) fn scale(&self, context: Option<f64>, past: Option<f64>) -> f64 {
        if self.likelihood == Likelihood::Beta {
            return 1.0;
        }
        let counts = self.likelihood == Likelihood::NegativeBinomial;
        let extra = if counts { 1.0 } else { 0.0 };
        let floor = 0.1 * past.unwrap_or(0.0);
        let size = context.or(past).unwrap_or(self.default_scale).max(floor) + extra;
        if size > 1e-10 { size } else { 1.0 }
    }

    /// Outputs of the head: the distribution's parameters, and the weights of the anchors.
    pub(super) fn outputs(&self) -> usize {
        self.likelihood.parameters() + self.anchors.len()
    }

    /// Whether the correction of the location is in units of the second parameter, the spread.
    pub(super) fn spread(&self) -> bool {
        matches!(self.likelihood, Likelihood::StudentT | Likelihood::Gaussian)
    }

    /// Whether anything is known of an item without a past.
    pub(super) fn tells_items_apart(&self) -> bool {
        !(self.features.is_empty() && self.reals.is_empty() && self.related.is_empty())
    }

    /// Brings every series of `panel` into the form that windows are cut from.
    ///
    /// # Errors
    /// When the panel lacks a related series, or one ends before the horizon does while `future` is
    /// asked for.
    pub(super) fn ready(&self, panel: &Panel, future: bool) -> Result<Vec<Ready>, ForecastError> {
        check_frequency(panel, self.frequency)?;
        let place = |name: &str| {
            let found = panel.related().iter().position(|known| known == name);
            found.ok_or_else(|| ForecastError::MissingRelated { name: name.to_owned() })
        };
        let related: Vec<usize> =
            self.related.iter().map(|r| place(&r.name)).collect::<Result<_, _>>()?;
        let codes: Vec<Option<(usize, Vec<i32>)>> =
            self.features.iter().map(|feature| codes(feature, panel)).collect();
        let reals: Vec<Option<usize>> = self
            .reals
            .iter()
            .map(|real| panel.reals().iter().position(|known| *known == real.name))
            .collect();
        let ready = |series: &Series| {
            if future {
                self.check_future(series, &related)?;
            }
            Ok(Ready::new(self, series, &related, &codes, &reals))
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

/// Row of the embedding for each of the panel's categories, whatever their order there.
fn codes(feature: &Feature, panel: &Panel) -> Option<(usize, Vec<i32>)> {
    let place = panel.features().iter().position(|known| known.name == feature.name)?;
    let known: HashMap<&String, usize> =
        feature.categories.iter().enumerate().map(|(row, category)| (category, row)).collect();
    let row = |category: &String| known.get(category).copied().unwrap_or(known.len()) as i32;
    Some((place, panel.features()[place].categories.iter().map(row).collect()))
}

/// Whether related series `n` of any series reaches over the whole horizon.
pub(super) fn known_ahead(data: &TrainingData, n: usize) -> bool {
    data.panel.series().iter().any(|s| s.related()[n].len() >= s.len() + data.horizon)
}

/// Days from the begin of the first series to the end of the last.
fn days(panel: &Panel) -> f64 {
    let first = panel.series().iter().map(Series::start).min().unwrap_or(0);
    let end = panel.series().iter().map(Series::end).max().unwrap_or(first);
    let time = |step| panel.frequency().start_of(step);
    time(end).duration_since(time(first)).as_secs_f64() / 86_400.0
}

/// Mean size of what was observed of a series; `None` for nothing.
pub(super) fn mean_size(series: &Series) -> Option<f64> {
    let (sum, count) = series
        .target()
        .iter()
        .filter(|y| !y.is_nan())
        .fold((0.0, 0usize), |(sum, count), y| (sum + y.abs(), count + 1));
    (count > 0).then(|| sum / count as f64)
}

/// Mean of what is known of a related series up to the end of the target, so that the horizon cannot
/// change what was seen before it; of all of it where nothing is past. 0 where there is no number.
pub(super) fn own_mean(row: &[f32], past: usize) -> f64 {
    mean(&row[..past]).or_else(|| mean(row)).unwrap_or(0.0)
}

/// Mean of the finite ones.
fn mean(values: &[f32]) -> Option<f64> {
    let (sum, count) = values
        .iter()
        .filter(|x| x.is_finite())
        .fold((0.0, 0usize), |(sum, count), &x| (sum + f64::from(x), count + 1));
    (count > 0).then(|| sum / count as f64)
}
