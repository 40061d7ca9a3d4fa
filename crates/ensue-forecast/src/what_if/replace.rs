//! Values of another panel put in the place of a panel's own.

use std::collections::HashMap;

use ensue_core::{Panel, Series};

use super::{WhatIfError, apply::with_series, error::listed};

pub(super) fn replaced(panel: &Panel, horizon: usize, other: &Panel) -> Result<Panel, WhatIfError> {
    let (found, expected) = (other.frequency(), panel.frequency());
    if found != expected {
        return Err(WhatIfError::Frequency { found, expected });
    }
    if other.dimensions() != panel.dimensions() {
        let (found, expected) = (listed(other.dimensions()), listed(panel.dimensions()));
        return Err(WhatIfError::Dimensions { found, expected });
    }
    let place = |name: &String| {
        let found = panel.related().iter().position(|known| known == name);
        found.ok_or_else(|| WhatIfError::UnknownRelated {
            name: name.clone(),
            known: listed(panel.related()),
        })
    };
    let places = other.related().iter().map(place).collect::<Result<Vec<usize>, _>>()?;
    let mut others: HashMap<&[String], &Series> =
        other.series().iter().map(|series| (series.key(), series)).collect();
    let mut change = |series: &Series| match others.remove(series.key()) {
        Some(other) => changed(panel, horizon, series, other, &places),
        None => Ok(series.clone()),
    };
    let series = panel.series().iter().map(&mut change).collect::<Result<Vec<Series>, _>>()?;
    // Whatever is left has no series of its key; in the order of the replacement, for one message always.
    let left = other.series().iter().find(|series| others.contains_key(series.key()));
    if let Some(series) = left {
        return Err(WhatIfError::UnknownSeries { key: series.key().to_vec() });
    }
    Ok(with_series(panel, &series))
}

fn changed(
    panel: &Panel,
    horizon: usize,
    series: &Series,
    other: &Series,
    places: &[usize],
) -> Result<Series, WhatIfError> {
    let needed = series.len() + horizon;
    let mut rows = series.related().to_vec();
    for (values, &place) in other.related().iter().zip(places) {
        let (row, name) = (&mut rows[place], || panel.related()[place].clone());
        if row.len() < needed {
            let (key, found) = (series.key().to_vec(), row.len());
            return Err(WhatIfError::Short { key, name: name(), found, needed });
        }
        for (at, own) in row[..needed].iter_mut().enumerate().skip(series.len()) {
            let step = series.start() + at as i64;
            let there = usize::try_from(step - other.start()).ok().and_then(|at| values.get(at));
            match there {
                Some(value) if value.is_infinite() => {
                    let (key, time) = (series.key().to_vec(), panel.frequency().start_of(step));
                    let value = f64::from(*value);
                    return Err(WhatIfError::NotFinite { key, name: name(), time, value });
                }
                Some(value) if !value.is_nan() => *own = *value,
                // Not said: it stays as it is.
                _ => {}
            }
        }
    }
    Ok(series.clone().with_related(rows))
}
