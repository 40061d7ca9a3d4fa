#![doc = include_str!("README.md")]

mod cholesky;
mod equations;
mod fitted;
mod lasso;
mod map;
mod spread;
#[cfg(test)]
mod tests;

use ensue_core::{Quantile, Run, Seed, artifact::ArtifactReader};
use jiff::civil::date;
use serde::{Deserialize, Serialize};

use self::fitted::{Data, Fitted, Season, Shape};
use crate::{
    Algorithm, FitError, LoadError, SeriesForecast, SettingsError, TrainingData,
    algorithms::local::{Local, LocalAlgorithm, OneSeries},
};

/// Waves of a season, at most: beyond that they only follow the noise.
const MOST_WAVES: u32 = 200;

/// Shape of the trend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Growth {
    /// Straight lines with changepoints.
    #[default]
    Linear,
    /// A level.
    Flat,
}

/// How seasons and trend come together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SeasonalityMode {
    /// Seasons are added to the trend.
    #[default]
    Additive,
    /// Seasons are shares of the trend.
    Multiplicative,
}

/// Whether there is a season: `"auto"`, `true`, `false`, or how many pairs of waves it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Seasonality {
    /// There is, with as many waves as usual, or there is not.
    Is(bool),
    /// There is, with so many pairs of waves; none at 0.
    Waves(u32),
    /// Where the history is long enough and its values near enough.
    When(Auto),
}

/// The word `auto`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Auto {
    /// `auto`.
    Auto,
}

impl Seasonality {
    /// `"auto"`.
    pub const AUTO: Self = Self::When(Auto::Auto);

    /// Pairs of waves, given the usual number and whether there is enough to see.
    fn waves(self, usual: u32, enough: bool) -> usize {
        let waves = match self {
            Self::Is(true) => usual,
            Self::Is(false) => 0,
            Self::Waves(waves) => waves,
            Self::When(Auto::Auto) => usual * u32::from(enough),
        };
        waves as usize
    }
}

/// Settings of `Prophet`: a trend with changepoints, seasons, and related series. Names and defaults are those of the Python
/// package.
///
/// | name | default | meaning | range |
/// |---|---|---|---|
/// | `growth` | `linear` | shape of the trend | `linear`, `flat` |
/// | `n_changepoints` | 25 | times at which the slope may change, at most | 0 to 1000 |
/// | `changepoint_range` | 0.8 | share of the history that they lie in | 0 to 1 |
/// | `changepoint_prior_scale` | 0.05 | how readily the slope changes | above 0 |
/// | `seasonality_mode` | `additive` | whether seasons are added to the trend or are shares of it | `additive`, `multiplicative` |
/// | `yearly_seasonality` | `auto` | 10 pairs of waves over 365.25 days; `auto`: from 730 days on | `auto`, true, false, 0 to 200 pairs |
/// | `weekly_seasonality` | `auto` | 3 pairs over 7 days; `auto`: from 14 days on, values less than 7 days apart | the same |
/// | `daily_seasonality` | `auto` | 4 pairs over a day; `auto`: from 2 days on, values less than a day apart | the same |
/// | `seasonality_prior_scale` | 10 | how strong seasons may be | above 0 |
/// | `holidays_prior_scale` | 10 | how strong related series, holidays among them, may be | above 0 |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Prophet {
    /// Shape of the trend. Default: linear.
    pub growth: Growth,
    /// Times at which the slope may change, at most. Default: 25.
    pub n_changepoints: usize,
    /// Share of the history that they lie in. Default: 0.8.
    pub changepoint_range: f64,
    /// Scale of the Laplace distribution of the slope's changes. Default: 0.05.
    pub changepoint_prior_scale: f64,
    /// Whether seasons are added to the trend or are shares of it. Default: additive.
    pub seasonality_mode: SeasonalityMode,
    /// The season of a year. Default: auto.
    pub yearly_seasonality: Seasonality,
    /// The season of a week. Default: auto.
    pub weekly_seasonality: Seasonality,
    /// The season of a day. Default: auto.
    pub daily_seasonality: Seasonality,
    /// Standard deviation of the waves' heights. Default: 10.
    pub seasonality_prior_scale: f64,
    /// Standard deviation of the related series' factors. Default: 10.
    pub holidays_prior_scale: f64,
}

impl Default for Prophet {
    fn default() -> Self {
        Self {
            growth: Growth::Linear,
            n_changepoints: 25,
            changepoint_range: 0.8,
            changepoint_prior_scale: 0.05,
            seasonality_mode: SeasonalityMode::Additive,
            yearly_seasonality: Seasonality::AUTO,
            weekly_seasonality: Seasonality::AUTO,
            daily_seasonality: Seasonality::AUTO,
            seasonality_prior_scale: 10.0,
            holidays_prior_scale: 10.0,
        }
    }
}

impl Prophet {
    /// The seasons of a history of so many days, whose nearest values are so many days apart.
    fn seasons(&self, span: f64, spacing: f64) -> Vec<Season> {
        let yearly = self.yearly_seasonality.waves(10, span >= 730.0);
        let weekly = self.weekly_seasonality.waves(3, span >= 14.0 && spacing < 7.0);
        let daily = self.daily_seasonality.waves(4, span >= 2.0 && spacing < 1.0);
        let all = [(365.25, yearly), (7.0, weekly), (1.0, daily)];
        all.into_iter().filter(|&(_, waves)| waves > 0).collect()
    }

    fn shape(&self) -> Shape {
        Shape {
            linear: self.growth == Growth::Linear,
            multiplicative: self.seasonality_mode == SeasonalityMode::Multiplicative,
            changepoints: self.n_changepoints,
            range: self.changepoint_range,
            scales: (
                self.changepoint_prior_scale,
                self.seasonality_prior_scale,
                self.holidays_prior_scale,
            ),
        }
    }
}

impl Algorithm for Prophet {
    const NAME: &'static str = "Prophet";
    type Fitted = Local<Self>;

    fn check(&self) -> Result<(), SettingsError> {
        for (field, value) in [
            ("changepoint_prior_scale", self.changepoint_prior_scale),
            ("seasonality_prior_scale", self.seasonality_prior_scale),
            ("holidays_prior_scale", self.holidays_prior_scale),
        ] {
            if !(value > 0.0 && value.is_finite()) {
                return Err(SettingsError::field(Self::NAME, field, value, "must be above 0"));
            }
        }
        let range = self.changepoint_range;
        if !(0.0..=1.0).contains(&range) {
            let rule = "must be 0 to 1";
            return Err(SettingsError::field(Self::NAME, "changepoint_range", range, rule));
        }
        if self.n_changepoints > 1000 {
            let (points, rule) = (self.n_changepoints, "must be at most 1000");
            return Err(SettingsError::field(Self::NAME, "n_changepoints", points, rule));
        }
        for (field, season) in [
            ("yearly_seasonality", self.yearly_seasonality),
            ("weekly_seasonality", self.weekly_seasonality),
            ("daily_seasonality", self.daily_seasonality),
        ] {
            if let Seasonality::Waves(waves) = season
                && waves > MOST_WAVES
            {
                let rule = format!("must be at most {MOST_WAVES} pairs of waves");
                return Err(SettingsError::field(Self::NAME, field, waves, rule));
            }
        }
        Ok(())
    }

    fn fit(&self, data: &TrainingData, run: &mut Run) -> Result<Self::Fitted, FitError> {
        Local::fit(self, data, run)
    }

    fn load(&self, reader: &ArtifactReader, _device: &str) -> Result<Self::Fitted, LoadError> {
        Local::load(reader)
    }
}

impl LocalAlgorithm for Prophet {
    const USES_RELATED: bool = true;

    fn one(
        &self,
        series: &OneSeries<'_>,
        quantiles: &[Quantile],
        _seed: Seed,
    ) -> Option<SeriesForecast> {
        let epoch = date(1970, 1, 1).at(0, 0, 0, 0);
        let steps = series.start()..series.end() + series.horizon() as i64;
        let begin = |step| series.frequency().start_of(step);
        let days: Vec<f64> =
            steps.map(|step| begin(step).duration_since(epoch).as_secs_f64() / 86_400.0).collect();
        let data = Data { days: &days, target: series.target(), regressors: series.related() };
        let fitted = Fitted::new(data, &self.shape(), |span, spacing| self.seasons(span, spacing))?;
        let levels: Vec<f64> = quantiles.iter().map(|quantile| quantile.level()).collect();
        let (mean, quantiles) = fitted.forecast(series.horizon(), &levels);
        Some(SeriesForecast { mean, quantiles })
    }
}
