//! Hospital: monthly patient counts of 767 products, 84 months, the last 12 of them the answer.
//!
//! The file carries no times; January 2000 is the first month here.

use ensue::core::{
    Panel,
    series::{Frequency, Series},
};
use jiff::civil::date;

use super::{counted, read_separated};
use crate::report::Failure;

/// Months to forecast.
pub(crate) const HORIZON: usize = 12;

/// One column a series, one row a month.
pub(crate) fn load() -> Result<Panel, Failure> {
    let file = "carparts-hospital/hospital.csv.gz";
    let mut names: Vec<String> = Vec::new();
    let mut columns: Vec<Vec<f64>> = Vec::new();
    read_separated(file, ',', false, |cells| {
        if names.is_empty() {
            names = cells.iter().map(|&name| name.to_owned()).collect();
            columns = vec![Vec::new(); names.len()];
            return Some(());
        }
        if cells.len() != columns.len() {
            return None;
        }
        for (column, cell) in columns.iter_mut().zip(cells) {
            column.push(cell.parse().ok()?);
        }
        Some(())
    })?;
    counted("series of hospital", columns.len(), 767)?;
    counted("months of hospital", columns[0].len(), 84)?;
    let start = Frequency::MONTHLY.step_of(date(2000, 1, 1).at(0, 0, 0, 0));
    let series = names.into_iter().zip(columns);
    let series = series.map(|(name, target)| Series::new([name], start, target)).collect();
    Ok(Panel::new(Frequency::MONTHLY, series)?)
}
