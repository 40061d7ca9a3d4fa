//! Impacts as text, and as tables in Amazon's layout.

use std::{fmt, path::Path};

use ensue_data::write::{Kind, WriteError};

use super::{Explainability, attributes::unique};
use crate::table::{Cell, Table, key_cells, key_columns, stamp};

/// Series that are printed; all are exported.
const PRINTED: usize = 20;
/// Longest bar, in characters.
const LONGEST: f64 = 24.0;

impl Explainability {
    /// Writes the impacts at each step: `item_id,<dimensions>,date`, a column of impacts for each attribute, and one of raw
    /// impacts, `<attribute>_raw`; to CSV or Parquet by the end of the name. A name that another column has is numbered, as
    /// in `location_2`.
    ///
    /// # Errors
    /// [`WriteError`] when the file cannot be written; an older one stands there still.
    pub fn export(&self, path: impl AsRef<Path>) -> Result<(), WriteError> {
        let mut columns = key_columns(&self.dimensions);
        columns.push(("date".to_owned(), Kind::Text));
        columns.extend(self.attributes().iter().map(|name| (name.clone(), Kind::Number)));
        columns.extend(self.attributes().iter().map(|name| (format!("{name}_raw"), Kind::Number)));
        unique(columns.iter_mut().map(|(name, _)| name));
        let mut table = Table::create(path.as_ref(), &columns, "")?;
        for (series, key) in self.keys().iter().enumerate() {
            for (step, time) in self.times(series).enumerate() {
                let raw = (0..self.attributes().len()).map(|at| self.raw(series, at)[step]);
                let impacts = self.step_impact(series, step).into_iter().chain(raw);
                let date = [Cell::Text(stamp(time))];
                table.row(key_cells(key).chain(date).chain(impacts.map(Cell::Number)))?;
            }
        }
        table.finish()
    }

    /// Writes the impacts on each series: `item_id,<dimensions>` and a column for each attribute; the last row, whose key
    /// is empty, is for all series.
    ///
    /// # Errors
    /// As [`export`](Self::export).
    pub fn export_aggregated(&self, path: impl AsRef<Path>) -> Result<(), WriteError> {
        let mut columns = key_columns(&self.dimensions);
        columns.extend(self.attributes().iter().map(|name| (name.clone(), Kind::Number)));
        unique(columns.iter_mut().map(|(name, _)| name));
        let mut table = Table::create(path.as_ref(), &columns, "")?;
        for (series, key) in self.keys().iter().enumerate() {
            let impacts = self.item_impact(series).into_iter().map(Cell::Number);
            table.row(key_cells(key).chain(impacts))?;
        }
        let nobody = vec![String::new(); self.dimensions.len()];
        table.row(key_cells(&nobody).chain(self.impact().into_iter().map(Cell::Number)))?;
        table.finish()
    }
}

impl fmt::Display for Explainability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, kind) = (self.keys().len(), self.forecast_type.name());
        writeln!(f, "impact on {kind} of {}, {count} series", self.algorithm)?;
        let names = self.attributes();
        let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
        let all = self.impact();
        let mut order: Vec<usize> = (0..names.len()).collect();
        order.sort_by(|&a, &b| all[b].abs().total_cmp(&all[a].abs()));
        for &at in &order {
            let bar = "#".repeat((all[at].abs() * LONGEST).round() as usize);
            writeln!(f, "{:width$}  {:+.4}  {bar}", names[at], all[at])?;
        }
        if count < 2 {
            return Ok(());
        }
        let title = self.dimensions.join(" ");
        let keys: Vec<String> = self.keys().iter().take(PRINTED).map(|key| key.join(" ")).collect();
        let first = keys.iter().map(|key| key.chars().count()).max().unwrap_or(0);
        let first = first.max(title.chars().count());
        let column = |at: usize| names[at].chars().count().max(7);
        write!(f, "\n{title:first$}")?;
        for &at in &order {
            write!(f, "  {:>1$}", names[at], column(at))?;
        }
        writeln!(f)?;
        for (series, key) in keys.iter().enumerate() {
            let impacts = self.item_impact(series);
            write!(f, "{key:first$}")?;
            for &at in &order {
                write!(f, "  {:>+1$.4}", impacts[at], column(at))?;
            }
            writeln!(f)?;
        }
        if count > PRINTED {
            writeln!(f, "and {} more series", count - PRINTED)?;
        }
        Ok(())
    }
}
