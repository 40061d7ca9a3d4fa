//! Car parts: monthly sales of 2,674 parts, 51 months, the last 12 of them the answer. What is missing counts as none sold.
//!
//! The file carries no times; January 1998 is the first month here.

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
    let mut names: Vec<String> = Vec::new();
    let mut columns: Vec<Vec<f64>> = Vec::new();
    read_separated("carparts-hospital/carparts.csv.gz", ',', false, |cells| {
        if names.is_empty() {
            names = cells.iter().map(|&name| name.to_owned()).collect();
            columns = vec![Vec::new(); names.len()];
            return Some(());
        }
        if cells.len() != columns.len() {
            return None;
        }
        for (column, &cell) in columns.iter_mut().zip(cells) {
            let missing = cell.is_empty() || cell == "NA" || cell == "nan";
            column.push(if missing { 0.0 } else { cell.parse().ok()? });
        }
        Some(())
    })?;
    counted("series of car parts", columns.len(), 2_674)?;
    counted("months of car parts", columns[0].len(), 51)?;
    let start = Frequency::MONTHLY.step_of(date(1998, 1, 1).at(0, 0, 0, 0));
    let series = names.into_iter().zip(columns);
    let series = series.map(|(name, target)| Series::new([name], start, target)).collect();
    Ok(Panel::new(Frequency::MONTHLY, series)?)
}
