//! One item's backtests as a chart.

use super::{Predictor, WindowItems};
use crate::charts::{ChartError, Fan, Picture, owned};

pub(super) fn chart(predictor: &Predictor, key: &[impl AsRef<str>]) -> Result<String, ChartError> {
    let same =
        |other: &Vec<String>| other.iter().map(String::as_str).eq(key.iter().map(AsRef::as_ref));
    let at = predictor.keys.iter().position(same);
    let at = at.ok_or_else(|| ChartError::NoForecast { key: owned(key) })?;
    let types = &predictor.settings.forecast_types;
    // The oldest window first; not those in which the item had no past and was not forecast.
    let forecast = |window: &&WindowItems| window.values(at, 0).iter().any(|y| y.is_finite());
    let windows = || predictor.items.iter().rev().filter(forecast);
    let algorithm = predictor.settings.algorithm.name();
    let picture = Picture {
        title: format!("{}: backtest of {algorithm}", predictor.keys[at].join(", ")),
        frequency: predictor.frequency,
        types,
        seen: windows().map(|window| (window.first_step(at), window.actual(at))).collect(),
        fans: windows()
            .map(|window| Fan {
                first: window.first_step(at),
                rows: (0..types.len()).map(|one| window.values(at, one)).collect(),
            })
            .collect(),
        nothing: "No backtest window has been measured for this item.",
    };
    Ok(picture.draw())
}
