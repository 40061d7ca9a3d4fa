//! The forecast as a table, in the column layout of Amazon's forecast export.

use std::path::Path;

use ensue_data::write::{Kind, TableFormat, WriteError};
use jiff::civil::DateTime;

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

/// The name of a file of an export as Amazon's export jobs have it:
/// `<ExportJobName>_<yyyy-MM-ddTHH-mm-ssZ>_part<number>.csv`, or `.parquet`. `time` is when the job ran, `part` counts from 0.
///
/// ```
/// use ensue_data::write::TableFormat;
/// use ensue_forecast::forecast::export_file_name;
/// use jiff::civil::date;
///
/// let name = export_file_name("tea", date(2019, 2, 1).at(3, 4, 5, 0), 0, TableFormat::Csv);
/// assert_eq!(name, "tea_2019-02-01T03-04-05Z_part0.csv");
/// ```
pub fn export_file_name(job: &str, time: DateTime, part: usize, format: TableFormat) -> String {
    let stamp = time.strftime("%Y-%m-%dT%H-%M-%SZ");
    format!("{job}_{stamp}_part{part}.{}", format.extension())
}
