//! What the network sees of a series, decided once from the training data.

use ensue_core::{Panel, Series};
use ensue_nn::likelihood::Likelihood;
use serde::{Deserialize, Serialize};

use crate::{
    ForecastError, TrainingData,
    algorithms::global::{Calendar, Known, Ready, RelatedData, Standard, Told, positive},
    calendar::{lags, seasons},
};

use super::DeepAr;

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
    pub(super) known: Known,
    pub(super) likelihood: Likelihood,
    pub(super) lags: Vec<usize>,
    /// Lags of the values that the location is a mean of; none where it is not.
    pub(super) anchors: Vec<usize>,
    /// `None` where it is no feature.
    pub(super) log_scale: Option<Standard>,
    /// Where age stands still.
    pub(super) oldest: usize,
}

impl Inputs {
    pub(super) fn new(settings: &DeepAr, data: &TrainingData) -> Self {
        let panel = &data.panel;
        let all = settings.all_features;
        let context = settings.context(data.horizon);
        let told = Told {
            context,
            whole_calendar: all,
            related: RelatedData::ForwardLooking,
            metadata: true,
            embedding_dimension: settings.embedding_dimension,
            holidays: &settings.holidays,
        };
        let known = Known::new(&told, data);
        let longest = panel.series().iter().map(Series::len).max().unwrap_or(0);
        let located =
            !matches!(settings.likelihood, Likelihood::NegativeBinomial | Likelihood::Beta);
        let mut anchors =
            if settings.anchors && located { seasons(panel.frequency()) } else { Vec::new() };
        anchors.retain(|&lag| lag == 1 || 2 * lag <= longest);
        let lags = lags(panel.frequency());
        Self {
            likelihood: settings.likelihood,
            lags: lags.into_iter().filter(|&lag| all || 2 * lag <= longest || lag == 1).collect(),
            anchors,
            log_scale: all.then_some(known.log_scale),
            oldest: if all { usize::MAX } else { context },
            known,
        }
    }

    pub(super) fn horizon(&self) -> usize {
        self.known.horizon
    }

    pub(super) fn context(&self) -> usize {
        self.known.context
    }

    /// Columns that the host writes: all but the embeddings.
    pub(super) fn columns(&self) -> usize {
        let scale = usize::from(self.log_scale.is_some());
        self.lags.len()
            + scale
            + 1
            + self.known.calendar_columns()
            + 2 * self.known.related.len()
            + self.known.reals.len()
    }

    /// Width of the network's input.
    pub(super) fn width(&self) -> usize {
        self.columns() + self.known.features.iter().map(|feature| feature.dimension).sum::<usize>()
    }

    /// The scale of targets: their mean size within the context. `None` where nothing was observed.
    ///
    /// Counts get one more, as in the paper (section 3.3).
    pub(super) fn scale(&self, context: Option<f64>, past: Option<f64>) -> f64 {
        if self.likelihood == Likelihood::Beta {
            return 1.0;
        }
        let counts = self.likelihood == Likelihood::NegativeBinomial;
        let extra = if counts { 1.0 } else { 0.0 };
        positive(self.known.size(context, past) + extra)
    }

    /// Outputs of the head: the distribution's parameters, and the weights of the anchors.
    pub(super) fn outputs(&self) -> usize {
        self.likelihood.parameters() + self.anchors.len()
    }

    /// Whether the correction of the location is in units of the second parameter, the spread.
    pub(super) fn spread(&self) -> bool {
        matches!(self.likelihood, Likelihood::StudentT | Likelihood::Gaussian)
    }

    /// Brings every series of `panel` into the form that windows are cut from.
    ///
    /// # Errors
    /// As [`Known::ready`].
    pub(super) fn ready(&self, panel: &Panel, future: bool) -> Result<Vec<Ready>, ForecastError> {
        self.known.ready(panel, self.likelihood.value_in_support() as f32, future)
    }

    /// Writes all columns after the lags of step `at` (from the start of the series; may be
    /// negative, or in the future) of a series that begins at `from`.
    pub(super) fn write_known(
        &self,
        ready: &Ready,
        calendar: &Calendar,
        at: i64,
        from: i64,
        scale: f64,
        out: &mut [f32],
    ) {
        let mut age = 0;
        if let Some(standard) = self.log_scale {
            out[0] = standard.apply(scale.ln());
            age = 1;
        }
        // Age: how much of the series lies before (GluonTS: log10 of 2 + t).
        let steps = usize::try_from(at - from).unwrap_or(0).min(self.oldest);
        out[age] = (2.0 + steps as f32).log10();
        let reals = out.len() - ready.reals.len();
        ready.write_moment(&self.known, calendar, at, from, &mut out[age + 1..reals]);
        out[reals..].copy_from_slice(&ready.reals);
    }
}
