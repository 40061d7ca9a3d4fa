//! What if prices were others: forecasts with other values of the related series, beside the forecast as it is.
//!
//! | file | what it holds |
//! |---|---|
//! | `transformation.rs` | [`TimeSeriesTransformation`]: Amazon's actions and conditions |
//! | `apply.rs` | transformations put to a panel |
//! | `replace.rs` | values of another panel put in their place |
//! | `analysis.rs` | [`WhatIfAnalysis`]: the baseline and each what-if forecast |
//! | `comparison.rs` | [`Comparison`]: totals over the horizon beside each other, as a table |
//! | `chart.rs` | the baseline and the what-if forecasts of one item as a picture |
//!
//! Only values over the horizon change, from the end of each series on: what has happened, has happened. All
//! forecasts of an analysis draw the same random numbers, so that what differs comes from the change and not
//! from chance.
//!
//! ```
//! use ensue_core::{Panel, Series, series::Frequency};
//! use ensue_forecast::what_if::{Condition, Operation, TimeSeriesTransformation, WhatIf};
//!
//! // Four days of sales, and the price of six.
//! let tea = Series::new(["tea"], 0, vec![3.0; 4]).with_related(vec![vec![5.0; 6]]);
//! let [dimensions, related] = [["item_id".to_owned()], ["price".to_owned()]].map(Vec::from);
//! let panel = Panel::with(Frequency::DAILY, dimensions, related, Vec::new(), Vec::new(), vec![tea])?;
//!
//! let halved = TimeSeriesTransformation::new("price", Operation::Multiply, 0.5)
//!     .when("item_id", Condition::Equals, "tea")
//!     .when("timestamp", Condition::GreaterThan, "1970-01-05");
//! let changed = WhatIf::new(vec![halved]).apply(&panel, 2)?;
//! assert_eq!(changed.series()[0].related()[0], [5.0, 5.0, 5.0, 5.0, 5.0, 2.5]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod analysis;
mod apply;
mod chart;
mod comparison;
mod error;
mod replace;
#[cfg(test)]
mod tests;
mod transformation;

use std::collections::HashSet;

use ensue_core::{Panel, Seed};
use serde::Deserialize;

pub use analysis::WhatIfAnalysis;
pub use comparison::{Comparison, ComparisonRow};
pub use error::WhatIfError;
pub use transformation::{
    Action, Condition, Operation, TimeSeriesCondition, TimeSeriesTransformation,
};

use crate::Predictor;

/// Longest name of a what-if forecast (Amazon's limit).
const LONGEST_NAME: usize = 63;

/// Other values of the related series over the horizon: by transformations, or by a panel that has them.
///
/// In JSON it is Amazon's list of `TimeSeriesTransformations`.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "Vec<TimeSeriesTransformation>")]
pub struct WhatIf {
    change: Change,
}

#[derive(Debug, Clone)]
enum Change {
    Transformations(Vec<TimeSeriesTransformation>),
    Replacement(Box<Panel>),
}

impl WhatIf {
    /// The values there are, transformed: one transformation after the other, each upon what those before it
    /// left. At most 30 of them with at most 10 conditions each (Amazon's limits).
    pub fn new(transformations: Vec<TimeSeriesTransformation>) -> Self {
        Self { change: Change::Transformations(transformations) }
    }

    /// The values of another panel, found by key, name and step.
    ///
    /// It may have some of the series and some of the related series only: where it has none, or
    /// not-a-number, the values stay as they are.
    pub fn replacement(panel: Panel) -> Self {
        Self { change: Change::Replacement(Box::new(panel)) }
    }

    /// The panel with other values in the `horizon` steps after the end of each series.
    ///
    /// # Errors
    /// [`WhatIfError`] names the transformation, field, value and rule, or the series that the change does not
    /// fit.
    pub fn apply(&self, panel: &Panel, horizon: usize) -> Result<Panel, WhatIfError> {
        match &self.change {
            Change::Transformations(transformations) => {
                apply::transformed(panel, horizon, transformations)
            }
            Change::Replacement(other) => replace::replaced(panel, horizon, other),
        }
    }
}

impl From<Vec<TimeSeriesTransformation>> for WhatIf {
    fn from(transformations: Vec<TimeSeriesTransformation>) -> Self {
        Self::new(transformations)
    }
}

/// A what-if with a name: one forecast of an analysis.
///
/// In JSON it is Amazon's `CreateWhatIfForecast`: `{"WhatIfForecastName": "half_price",
/// "TimeSeriesTransformations": [{"Action": {"AttributeName": "price", "Operation": "MULTIPLY", "Value": 0.5},
/// "TimeSeriesConditions": [{"AttributeName": "item_id", "AttributeValue": "tea", "Condition": "EQUALS"}]}]}`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WhatIfForecast {
    /// Its name, unique within the analysis: 1 to 63 letters, digits and `_`, a letter first.
    #[serde(rename = "WhatIfForecastName")]
    pub name: String,
    /// What is other.
    #[serde(rename = "TimeSeriesTransformations")]
    pub what_if: WhatIf,
}

impl WhatIfForecast {
    /// A what-if with a name.
    pub fn new(name: impl Into<String>, what_if: WhatIf) -> Self {
        Self { name: name.into(), what_if }
    }

    fn check_name(&self) -> Result<(), WhatIfError> {
        let letters = self.name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let begins = self.name.starts_with(|c: char| c.is_ascii_alphabetic());
        if letters && begins && self.name.len() <= LONGEST_NAME {
            return Ok(());
        }
        let rule = "must be 1 to 63 letters, digits and _, a letter first";
        Err(WhatIfError::Name { name: self.name.clone(), rule })
    }
}

impl Predictor {
    /// Forecasts the series of `panel` as they are, and under each what-if, all with the same random numbers.
    ///
    /// # Errors
    /// [`WhatIfError`] when a name is there twice or not acceptable, a what-if does not fit the panel, or the
    /// predictor cannot forecast it.
    pub fn what_if(
        &self,
        panel: &Panel,
        forecasts: &[WhatIfForecast],
        seed: Seed,
    ) -> Result<WhatIfAnalysis, WhatIfError> {
        let mut names = HashSet::new();
        for one in forecasts {
            one.check_name()?;
            if !names.insert(one.name.as_str()) {
                return Err(WhatIfError::Name { name: one.name.clone(), rule: "is there twice" });
            }
        }
        // All changes are checked before any time is spent on forecasting.
        let horizon = self.model().horizon();
        let changed = forecasts.iter().map(|one| one.what_if.apply(panel, horizon));
        let changed = changed.collect::<Result<Vec<Panel>, WhatIfError>>()?;
        let ask = |name: &str, panel: &Panel| {
            let forecast = self.create_forecast(panel, seed);
            forecast.map_err(|source| WhatIfError::Forecast { name: name.to_owned(), source })
        };
        let baseline = ask("baseline", panel)?;
        let forecasts = forecasts.iter().zip(&changed);
        let forecasts =
            forecasts.map(|(one, panel)| Ok((one.name.clone(), ask(&one.name, panel)?)));
        Ok(WhatIfAnalysis::new(baseline, forecasts.collect::<Result<_, WhatIfError>>()?))
    }
}
