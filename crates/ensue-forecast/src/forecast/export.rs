//! The forecast as a table, in the column layout of Amazon's forecast export.

use std::path::Path;

use ensue_data::write::{Kind, WriteError};

use super::Forecast;
use crate::table::{Cell, Table, key_cells, key_columns, stamp};

pub(super) fn export(forecast: &Forecast, path: &Path) -> Result<(), WriteError> {
    let types = forecast.forecast_types();
    let mut columns = key_columns(forecast.dimensions());
    columns.push(("date".to_owned(), Kind::Text));
    columns.extend(types.iter().map(|one| (one.name(), Kind::Number)));
    let mut table = Table::create(path, &columns, "")?;
    for (series, key) in forecast.keys().iter().enumerate() {
        for (step, time) in forecast.times(series).enumerate() {
            let values = (0..types.len()).map(|one| forecast.values(series, one)[step]);
            let date = [Cell::Text(stamp(time))];
            table.row(key_cells(key).chain(date).chain(values.map(Cell::Number)))?;
        }
    }
    table.finish()
}
