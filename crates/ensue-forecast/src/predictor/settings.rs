//! What a predictor is made by, and the limits of that.

use ensue_core::{Panel, Quantile, Run};
use serde::{Deserialize, Serialize};

use super::{Predictor, PredictorError, SupplementaryFeature, supplementary, train};
use crate::{AnyAlgorithm, ForecastType, SettingsError, tune::Hpo};

/// Owner of these fields in messages.
const NAME: &str = "predictor";

/// A plan: which algorithm learns to forecast how far, and how it is measured.
///
/// | name | default | meaning | range |
/// |---|---|---|---|
/// | `algorithm` | required | name and settings of the algorithm | [`AnyAlgorithm`] |
/// | `horizon` | required | steps to forecast | 1 or more, by [`Limits`] |
/// | `forecast_types` | 0.1, 0.5, 0.9 | what is said of each step | `mean`, 0.01 to 0.99 by 0.01; 1 to 5 of them |
/// | `backtest.number_of_backtest_windows` | 1 | how often it is measured | 1 to 5 |
/// | `backtest.back_test_window_offset` | the horizon | steps from one window to the next | at least the horizon, less than half the longest series |
/// | `hpo` | none | search for settings on what no backtest window shows first; with `AutoPredictor`, for those of its candidates | [`Hpo`] |
/// | `supplementary_features` | none | related series made from the calendar | `[{"name": "holiday", "value": "US"}]`, see [`SupplementaryFeature`] |
/// | `limits` | `amazon` | which year's limits and point forecast hold | `amazon-2019`, `amazon`, `relaxed` |
///
/// Window `k` hides the last `k * offset` steps of each series and forecasts the first `horizon` of
/// those. What is fitted for a window sees no target after its split; related series stay visible as far
/// as they are known in advance.
///
/// ```
/// use ensue_core::{Panel, Run, Seed, series::{Frequency, Series}};
/// use ensue_forecast::{AnyAlgorithm, PredictorSettings};
///
/// // Four years of months.
/// let sales = (0..48).map(|month| 100.0 + f64::from(month % 12)).collect();
/// let panel = Panel::new(Frequency::MONTHLY, vec![Series::new(["tea"], 0, sales)])?;
///
/// let settings = PredictorSettings::new(AnyAlgorithm::by_name("SeasonalNaive")?, 12);
/// let predictor = settings.train(&panel, &mut Run::new("ndarray"))?;
/// println!("{}", predictor.backtest());
/// assert_eq!(predictor.backtest().own().metrics().expect("there are actual values").wape, 0.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PredictorSettings {
    /// Name and settings of the algorithm.
    pub algorithm: AnyAlgorithm,
    /// Steps to forecast after the end of each series.
    pub horizon: usize,
    /// What is said of each step. Default: the quantiles 0.1, 0.5 and 0.9.
    #[serde(default = "ForecastType::defaults")]
    pub forecast_types: Vec<ForecastType>,
    /// How it is measured. Default: one window of the last `horizon` steps.
    #[serde(default)]
    pub backtest: EvaluationParameters,
    /// Which limits hold, and which point forecast is measured. Default: Amazon's of 2020 and later.
    #[serde(default)]
    pub limits: Limits,
    /// A search for settings before anything else. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hpo: Option<Hpo>,
    /// Related series that are made from the calendar, in training and in every forecast. Default: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub supplementary_features: Vec<SupplementaryFeature>,
}

/// How a predictor is measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EvaluationParameters {
    /// Windows to measure in. Default: 1.
    pub number_of_backtest_windows: usize,
    /// Steps from one window to the next, and from the newest to the end. Default: the horizon.
    pub back_test_window_offset: Option<usize>,
}

impl Default for EvaluationParameters {
    fn default() -> Self {
        Self { number_of_backtest_windows: 1, back_test_window_offset: None }
    }
}

/// Limits of the horizon and of what is measured, and what is measured by Amazon's metrics of a point
/// forecast; lengths are those of the longest series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Limits {
    /// The horizon is at most 500 and a third of the length; RMSE, WAPE, MAPE and MASE are those of the
    /// median, as RMSE and WAPE were before 2020-11-11, and not of the mean.
    #[serde(rename = "amazon-2019")]
    Amazon2019,
    /// The horizon is at most 500; for algorithms that learn across series at most a third of the
    /// length, for others less than the length.
    #[default]
    Amazon,
    /// Only what cannot work is refused: any number of distinct forecast types of any level, any number
    /// of windows (none as well) that leave something to learn from.
    Relaxed,
}

impl Limits {
    /// The point forecast that Amazon measured.
    pub(super) fn point(self) -> ForecastType {
        match self {
            Self::Amazon2019 => ForecastType::Quantile(Quantile::MEDIAN),
            Self::Amazon | Self::Relaxed => ForecastType::Mean,
        }
    }
}

/// Algorithms of Amazon that learn across series, or choose among such.
const GLOBAL: [&str; 3] = ["Deep_AR_Plus", "CNN-QR", "AutoPredictor"];
const MOST_STEPS: usize = 500;
const MOST_TYPES: usize = 5;
const MOST_WINDOWS: usize = 5;

impl PredictorSettings {
    /// A plan with defaults for everything but the algorithm and the horizon.
    pub fn new(algorithm: impl Into<AnyAlgorithm>, horizon: usize) -> Self {
        Self {
            algorithm: algorithm.into(),
            horizon,
            forecast_types: ForecastType::defaults(),
            backtest: EvaluationParameters::default(),
            limits: Limits::default(),
            hpo: None,
            supplementary_features: Vec::new(),
        }
    }

    /// With these forecast types.
    pub fn with_forecast_types(mut self, forecast_types: Vec<ForecastType>) -> Self {
        self.forecast_types = forecast_types;
        self
    }

    /// With so many backtest windows.
    pub fn with_windows(mut self, number_of_backtest_windows: usize) -> Self {
        self.backtest.number_of_backtest_windows = number_of_backtest_windows;
        self
    }

    /// With a search for settings first.
    pub fn with_hpo(mut self, hpo: Hpo) -> Self {
        self.hpo = Some(hpo);
        self
    }

    /// With one more supplementary feature.
    pub fn with_supplementary_feature(mut self, feature: SupplementaryFeature) -> Self {
        self.supplementary_features.push(feature);
        self
    }

    /// With these limits.
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Backtests the algorithm and the baselines (Naive and SeasonalNaive, which every backtest prints),
    /// then fits the algorithm to all data.
    ///
    /// A time budget is split evenly among the fits that are left; a cancelled run ends with an error.
    /// Checkpoints of the fits lie in folders of their own and are removed when all is done.
    ///
    /// # Errors
    /// [`PredictorError`] when the settings contradict themselves or the series, nothing was observed, a fit
    /// fails or the run is cancelled.
    #[expect(clippy::doc_markdown, reason = "SeasonalNaive is a name")]
    pub fn train(&self, panel: &Panel, run: &mut Run) -> Result<Predictor, PredictorError> {
        train::train(self, panel, run)
    }

    /// Checks what needs no series.
    ///
    /// # Errors
    /// [`SettingsError`] names the field, its value and the rule it broke.
    pub fn check(&self) -> Result<(), SettingsError> {
        let field = |name, value: &dyn ToString, rule: String| {
            Err(SettingsError::field(NAME, name, value.to_string(), rule))
        };
        self.algorithm.check()?;
        if let Some(hpo) = &self.hpo {
            hpo.check()?;
        }
        supplementary::check(&self.supplementary_features, NAME)?;
        if self.horizon == 0 {
            return field("horizon", &self.horizon, "must be at least 1".to_owned());
        }
        let amazon = self.limits != Limits::Relaxed;
        let types = &self.forecast_types;
        if types.is_empty() || (amazon && types.len() > MOST_TYPES) {
            let listed: Vec<String> = types.iter().map(ToString::to_string).collect();
            let most = if amazon { format!("1 to {MOST_TYPES}") } else { "1 or more".to_owned() };
            let rule = format!("there must be {most} forecast types, not {}", types.len());
            return field("forecast_types", &format!("[{}]", listed.join(", ")), rule);
        }
        for (at, one) in types.iter().enumerate() {
            if types[..at].iter().any(|other| other.name() == one.name()) {
                return field("forecast_types", one, "may be there only once".to_owned());
            }
            let percent = one.quantile().map_or(1.0, |quantile| quantile.level() * 100.0);
            if amazon && (percent - percent.round()).abs() > 1e-9 {
                let rule = "must be a whole number of hundredths, 0.01 to 0.99".to_owned();
                return field("forecast_types", one, rule);
            }
        }
        let windows = self.backtest.number_of_backtest_windows;
        if amazon && !(1..=MOST_WINDOWS).contains(&windows) {
            let rule = format!("must be 1 to {MOST_WINDOWS}");
            return field("number_of_backtest_windows", &windows, rule);
        }
        if self.offset() < self.horizon {
            let rule = format!("must be at least the horizon, {}", self.horizon);
            return field("back_test_window_offset", &self.offset(), rule);
        }
        Ok(())
    }

    /// Checks what needs the series: their length, and that something was observed.
    ///
    /// # Errors
    /// [`PredictorError`] names the field, its value and the rule it broke.
    pub fn check_panel(&self, panel: &Panel) -> Result<(), PredictorError> {
        if panel.is_empty() {
            return Err(PredictorError::NoSeries { reason: "there is no series" });
        }
        if panel.series().iter().all(|series| series.observed() == 0) {
            return Err(PredictorError::NoSeries { reason: "no series has an observed value" });
        }
        let length = panel.series().iter().map(ensue_core::Series::len).max().unwrap_or(0);
        let field = |name, value: usize, rule: String| {
            Err(PredictorError::Settings(SettingsError::field(NAME, name, value, rule)))
        };
        let third = match self.limits {
            Limits::Amazon2019 => true,
            Limits::Amazon => GLOBAL.contains(&self.algorithm.name()),
            Limits::Relaxed => false,
        };
        let amazon = self.limits != Limits::Relaxed;
        let (most, why) = if third {
            (length / 3, "a third of the longest series")
        } else {
            (length.saturating_sub(1), "less than the longest series")
        };
        if self.horizon > most {
            let rule = format!("must be at most {most}: {why}, which has {length} steps");
            return field("horizon", self.horizon, rule);
        }
        if amazon && self.horizon > MOST_STEPS {
            return field("horizon", self.horizon, format!("must be at most {MOST_STEPS}"));
        }
        let (offset, windows) = (self.offset(), self.backtest.number_of_backtest_windows);
        if amazon && offset.saturating_mul(2) >= length {
            let rule =
                format!("must be less than half of the longest series, which has {length} steps");
            return field("back_test_window_offset", offset, rule);
        }
        if offset.saturating_mul(windows) >= length {
            let rule = format!(
                "that many windows of {offset} steps leave nothing of the longest series, which has {length} steps"
            );
            return field("number_of_backtest_windows", windows, rule);
        }
        Ok(())
    }

    /// Steps from one window to the next.
    pub(super) fn offset(&self) -> usize {
        self.backtest.back_test_window_offset.unwrap_or(self.horizon)
    }

    /// The quantiles among the forecast types.
    pub(super) fn quantiles(&self) -> Vec<Quantile> {
        self.forecast_types.iter().filter_map(|one| one.quantile()).collect()
    }
}
