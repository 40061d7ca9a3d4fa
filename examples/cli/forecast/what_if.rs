//! `ensue forecast what-if`.

use std::fs;
use std::path::Path;

use ensue::forecast::what_if::ComparisonRow;
use ensue::prelude::*;
use serde_json::{Value, from_value, json};

use super::data::request;
use super::options::{Asked, WhatIfOptions};
use super::plan::again;
use super::predictor_in;
use crate::search::write;
use crate::train::run;
use crate::{About, AnyError};

pub(super) fn what_if(options: &WhatIfOptions) -> Result<(), AnyError> {
    // A mistake in what is asked shall not cost the time of an import or of a forecast first.
    let forecasts = read(&options.what_if)?;
    check_table(options.out.as_deref())?;
    let (predictor, panel, seed) = asked(&options.asked)?;
    let drawn = options.chart.as_ref().zip(options.item.as_ref());
    let drawn = drawn.map(|(file, item)| {
        let key = key(&predictor, item, &options.dimension_values)?;
        let missing = || format!("there is no series {key:?} to draw");
        panel.position(&key).map(|_| (file, key.clone())).ok_or_else(|| AnyError::from(missing()))
    });
    let drawn = drawn.transpose()?;
    let analysis = predictor.what_if(&panel, &forecasts, seed)?;
    let comparison = analysis.comparison();
    if let Some(file) = &options.out {
        comparison.export(file)?;
    }
    if let Some((file, key)) = &drawn {
        let chart = analysis.chart(&panel, key);
        write(file, &chart.ok_or("the series is not in the forecast")?)?;
    }
    if options.json {
        let row = |row: &ComparisonRow| {
            json!({
                "key": row.key,
                "what_if_forecast": row.what_if,
                "forecast_type": row.forecast_type,
                "baseline": row.baseline,
                "what_if": row.changed,
                "change_percent": row.percent(),
            })
        };
        let [totals, rows] =
            [comparison.totals(), comparison.rows()].map(|rows| rows.iter().map(row).collect());
        let (totals, rows): (Vec<Value>, Vec<Value>) = (totals, rows);
        println!("{}", json!({"seed": seed, "totals": totals, "series": rows}));
        return Ok(());
    }
    print!("{comparison}");
    for file in options.out.iter().chain(&options.chart) {
        println!("written: {}", file.display());
    }
    Ok(())
}

/// A predictor, what it is asked about, and the seed.
pub(super) fn asked(asked: &Asked) -> Result<(Predictor, Panel, Seed), AnyError> {
    let predictor = Predictor::load(predictor_in(&asked.predictor), &asked.machine.device)?;
    let plan = again(&predictor, &asked.tables, &asked.settings)?;
    let mut run = run(&asked.machine);
    let group = ForecastGroup::import(&request(&asked.tables, &plan)?, &mut run)?;
    let seed = asked.machine.seed.map_or(predictor.seed(), Seed);
    Ok((predictor, group.panel, seed))
}

/// Refuses a name of a table that says no format.
pub(super) fn check_table(out: Option<&Path>) -> Result<(), AnyError> {
    let Some(out) = out else { return Ok(()) };
    if TableFormat::of(out).is_none() {
        Err(About::file(out, "a table is written as .csv or .parquet"))?;
    }
    Ok(())
}

fn read(file: &Path) -> Result<Vec<WhatIfForecast>, AnyError> {
    let text = fs::read_to_string(file).map_err(|error| About::file(file, error))?;
    let value: Value = serde_json::from_str(&text).map_err(|error| About::file(file, error))?;
    let list = if value.is_array() { value } else { json!([value]) };
    Ok(from_value(list).map_err(|error| About::file(file, error))?)
}

/// The key of an item, with the values of the other dimensions in the predictor's order.
fn key(
    predictor: &Predictor,
    item: &str,
    values: &[(String, String)],
) -> Result<Vec<String>, AnyError> {
    let others = predictor.dimensions().get(1..).unwrap_or_default();
    if let Some((name, _)) = values.iter().find(|(name, _)| !others.contains(name)) {
        Err(format!("{name:?} is no dimension of the forecast"))?;
    }
    let mut key = vec![item.to_owned()];
    for name in others {
        let value = values.iter().find(|(known, _)| known == name);
        let (_, value) = value.ok_or_else(|| format!("--dimension {name}=.. is missing"))?;
        key.push(value.clone());
    }
    Ok(key)
}
