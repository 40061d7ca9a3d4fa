//! One item's history and forecast as a chart.

use ensue_core::Panel;

use super::Forecast;
use crate::charts::{ChartError, Fan, Picture, owned};

/// Steps of history that are shown: so many horizons, and no fewer than this.
const HORIZONS: usize = 4;
const LEAST: usize = 30;

pub(super) fn chart(
    forecast: &Forecast,
    panel: &Panel,
    key: &[impl AsRef<str>],
) -> Result<String, ChartError> {
    let (found, expected) = (panel.frequency(), forecast.frequency());
    if found != expected {
        return Err(ChartError::Frequency { found, expected });
    }
    let at = forecast.position(key).ok_or_else(|| ChartError::NoForecast { key: owned(key) })?;
    let place = panel.position(key).ok_or_else(|| ChartError::NoSeries { key: owned(key) })?;
    let series = &panel.series()[place];

    // A panel may go on beyond the begin of the forecast; what came then is shown with it.
    let first = forecast.first[at];
    let wanted = (HORIZONS * forecast.horizon()).max(LEAST) as i64;
    let from = (first - wanted - series.start()).clamp(0, series.len() as i64);
    let upto =
        (first + forecast.horizon() as i64 - series.start()).clamp(from, series.len() as i64);
    let history = &series.target()[from as usize..upto as usize];
    let types = forecast.forecast_types();
    let rows = (0..types.len()).map(|one| forecast.values(at, one)).collect();
    let picture = Picture {
        title: format!("{}: forecast by {}", forecast.keys()[at].join(", "), forecast.algorithm()),
        frequency: expected,
        types,
        seen: vec![(series.start() + from, history)],
        fans: vec![Fan { first, rows }],
        nothing: "There is nothing to show of this item.",
    };
    Ok(picture.draw())
}
