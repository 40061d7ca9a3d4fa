//! `ensue forecast query`.

use ensue::prelude::*;
use serde_json::json;

use super::forecast_in;
use super::options::QueryOptions;
use crate::AnyError;

pub(super) fn query(options: &QueryOptions) -> Result<(), AnyError> {
    let forecast = Forecast::load(forecast_in(&options.predictor))?;
    let mut query = ForecastQuery::default();
    // Some domains have another name for the item.
    if let Some(item) = forecast.dimensions().first() {
        query = query.with(item, &options.item);
    }
    for (name, value) in &options.dimensions {
        query = query.with(name, value);
    }
    if let Some(from) = &options.from {
        query.start_date = Some(from.parse()?);
    }
    if let Some(to) = &options.to {
        query.end_date = Some(to.parse()?);
    }
    let answer = forecast.query(&query)?;
    if options.json {
        println!("{}", json!(answer));
        return Ok(());
    }
    let names: Vec<String> = forecast.forecast_types().iter().map(|one| one.name()).collect();
    let columns: Vec<_> =
        names.iter().filter_map(|name| answer.forecast.predictions.get(name)).collect();
    print!("{:19}", "timestamp");
    for name in &names {
        print!("  {name:>12}");
    }
    println!();
    for step in 0..columns.first().map_or(0, |column| column.len()) {
        print!("{:19}", columns[0][step].timestamp.to_string());
        for column in &columns {
            print!("  {:>12.4}", column[step].value);
        }
        println!();
    }
    Ok(())
}
