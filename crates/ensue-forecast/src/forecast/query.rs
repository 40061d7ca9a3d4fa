//! Questions to a forecast, in the shapes of Amazon's `QueryForecast`.

use std::collections::BTreeMap;

use jiff::civil::DateTime;
use serde::{Deserialize, Serialize};

use super::Forecast;

/// Which item's forecast, and which part of it.
///
/// In JSON it is Amazon's request: `{"Filters": {"item_id": "tea", "store": "north"}, "StartDate":
/// "2019-10-01T00:00:00"}`. Every dimension of the forecast must be among the filters; both dates are
/// inclusive and may be left out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ForecastQuery {
    /// The value of each dimension, by name; the item id's name is `item_id` in most domains.
    pub filters: BTreeMap<String, String>,
    /// The first time wanted. Default: the first of the forecast.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_date: Option<DateTime>,
    /// The last time wanted. Default: the last of the forecast.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_date: Option<DateTime>,
}

impl ForecastQuery {
    /// The whole forecast of an item.
    pub fn item(item_id: impl Into<String>) -> Self {
        Self::default().with("item_id", item_id)
    }

    /// With the value of another dimension.
    pub fn with(mut self, dimension: impl Into<String>, value: impl Into<String>) -> Self {
        self.filters.insert(dimension.into(), value.into());
        self
    }

    /// Only the steps from `start` to `end`, both inclusive.
    pub fn between(mut self, start: DateTime, end: DateTime) -> Self {
        (self.start_date, self.end_date) = (Some(start), Some(end));
        self
    }
}

/// The answer: in JSON `{"Forecast": {"Predictions": {"p10": [{"Timestamp": .., "Value": ..}]}}}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ForecastAnswer {
    /// The forecast.
    pub forecast: Predictions,
}

/// The values of each forecast type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Predictions {
    /// By name of the forecast type: `p10`, `mean`.
    pub predictions: BTreeMap<String, Vec<DataPoint>>,
}

/// One step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DataPoint {
    /// When it begins.
    pub timestamp: DateTime,
    /// The value.
    pub value: f64,
}

/// A query that cannot be answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// A dimension is not among the filters.
    #[error("the filters have no {dimension:?}; all dimensions must be given: {known}")]
    MissingDimension {
        /// The dimension.
        dimension: String,
        /// All dimensions of the forecast.
        known: String,
    },
    /// A filter names no dimension of the forecast.
    #[error("{dimension:?} is no dimension of the forecast; there are {known}")]
    UnknownDimension {
        /// The name given.
        dimension: String,
        /// All dimensions of the forecast.
        known: String,
    },
    /// No series has this key.
    #[error("nothing was forecast for {key}")]
    UnknownItem {
        /// The key, as `dimension = "value"`.
        key: String,
    },
    /// The dates hold no step of the forecast.
    #[error("no step lies between the dates; the forecast of the item is from {first} to {last}")]
    NoSteps {
        /// The first step of the item's forecast.
        first: DateTime,
        /// The last step of the item's forecast.
        last: DateTime,
    },
}

pub(super) fn answer(
    forecast: &Forecast,
    query: &ForecastQuery,
) -> Result<ForecastAnswer, QueryError> {
    let dimensions = forecast.dimensions();
    let known = || dimensions.join(", ");
    if let Some(dimension) = query.filters.keys().find(|name| !dimensions.contains(name)) {
        let dimension = dimension.clone();
        return Err(QueryError::UnknownDimension { dimension, known: known() });
    }
    let mut key = Vec::with_capacity(dimensions.len());
    for dimension in dimensions {
        let Some(value) = query.filters.get(dimension) else {
            let dimension = dimension.clone();
            return Err(QueryError::MissingDimension { dimension, known: known() });
        };
        key.push(value);
    }
    let Some(series) = forecast.position(&key) else {
        let parts = dimensions.iter().zip(&key).map(|(name, value)| format!("{name} = {value:?}"));
        return Err(QueryError::UnknownItem { key: parts.collect::<Vec<_>>().join(", ") });
    };
    let times: Vec<DateTime> = forecast.times(series).collect();
    let wanted: Vec<usize> = (0..times.len())
        .filter(|&step| query.start_date.is_none_or(|start| times[step] >= start))
        .filter(|&step| query.end_date.is_none_or(|end| times[step] <= end))
        .collect();
    if let (Some(first), Some(last), true) = (times.first(), times.last(), wanted.is_empty()) {
        return Err(QueryError::NoSteps { first: *first, last: *last });
    }
    let predictions = forecast.forecast_types().iter().enumerate().map(|(at, one)| {
        let values = forecast.values(series, at);
        let point = |&step: &usize| DataPoint { timestamp: times[step], value: values[step] };
        (one.name(), wanted.iter().map(point).collect())
    });
    Ok(ForecastAnswer { forecast: Predictions { predictions: predictions.collect() } })
}
