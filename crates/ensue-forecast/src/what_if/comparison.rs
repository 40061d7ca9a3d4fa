//! What-if forecasts beside the baseline, as a table.

use std::{fmt, path::Path};

use ensue_data::write::{Kind, WriteError};

use super::WhatIfAnalysis;
use crate::{
    Forecast,
    table::{Cell, Table, key_cells, key_columns},
};

/// Series that are printed; all are exported.
const PRINTED: usize = 20;

/// Totals over the horizon, the baseline's beside those of each what-if forecast. Made by
/// [`WhatIfAnalysis::comparison`].
///
/// As text it has a line for all series together and one for each of the first twenty.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    dimensions: Vec<String>,
    totals: Vec<ComparisonRow>,
    rows: Vec<ComparisonRow>,
}

/// One series (or all together), one what-if forecast, one forecast type.
#[derive(Debug, Clone, PartialEq)]
pub struct ComparisonRow {
    /// Key of the series; empty for all together.
    pub key: Vec<String>,
    /// Name of the what-if forecast.
    pub what_if: String,
    /// Name of the forecast type: `p50`, `mean`.
    pub forecast_type: String,
    /// The baseline's sum over the horizon, in the target's unit. Of a quantile it is the sum of the steps'
    /// quantiles, which is not the quantile of the sum.
    pub baseline: f64,
    /// The same of the what-if forecast.
    pub changed: f64,
}

impl ComparisonRow {
    /// The change in percent of the baseline's size; none where the baseline is 0 and the what-if is not.
    pub fn percent(&self) -> Option<f64> {
        let change = self.changed - self.baseline;
        if change == 0.0 {
            return Some(0.0);
        }
        (self.baseline != 0.0).then(|| 100.0 * change / self.baseline.abs())
    }
}

impl Comparison {
    pub(super) fn of(analysis: &WhatIfAnalysis) -> Self {
        let baseline = analysis.baseline();
        let types: Vec<String> = baseline.forecast_types().iter().map(|one| one.name()).collect();
        let sum = |forecast: &Forecast, series, at| forecast.values(series, at).iter().sum::<f64>();
        let row = |key: &[String], what_if: &str, at: usize, baseline, changed| ComparisonRow {
            key: key.to_vec(),
            what_if: what_if.to_owned(),
            forecast_type: types[at].clone(),
            baseline,
            changed,
        };
        let (mut totals, mut rows) = (Vec::new(), Vec::new());
        for (name, forecast) in analysis.forecasts() {
            for at in 0..types.len() {
                let total = |of: &Forecast| (0..of.len()).map(|series| sum(of, series, at)).sum();
                totals.push(row(&[], name, at, total(baseline), total(forecast)));
            }
        }
        for (series, key) in baseline.keys().iter().enumerate() {
            for (name, forecast) in analysis.forecasts() {
                for at in 0..types.len() {
                    let (before, after) = (sum(baseline, series, at), sum(forecast, series, at));
                    rows.push(row(key, name, at, before, after));
                }
            }
        }
        Self { dimensions: baseline.dimensions().to_vec(), totals, rows }
    }

    /// All series together: a row for each what-if forecast and forecast type.
    pub fn totals(&self) -> &[ComparisonRow] {
        &self.totals
    }

    /// Each series by itself: in the forecast's order, by what-if forecast, by forecast type.
    pub fn rows(&self) -> &[ComparisonRow] {
        &self.rows
    }

    /// Writes the rows of the series as a table: `item_id,<dimensions>,what_if_forecast,forecast_type,
    /// baseline,what_if,change_percent`; to CSV or Parquet by the end of the name.
    ///
    /// # Errors
    /// [`WriteError`] when the file cannot be written; an older one stands there still.
    pub fn export(&self, path: impl AsRef<Path>) -> Result<(), WriteError> {
        let mut columns = key_columns(&self.dimensions);
        let texts = ["what_if_forecast", "forecast_type"].map(|name| (name, Kind::Text));
        let numbers = ["baseline", "what_if", "change_percent"].map(|name| (name, Kind::Number));
        columns
            .extend(texts.into_iter().chain(numbers).map(|(name, kind)| (name.to_owned(), kind)));
        let mut table = Table::create(path.as_ref(), &columns, "")?;
        for row in &self.rows {
            let texts = [&row.what_if, &row.forecast_type].map(|text| Cell::Text(text.clone()));
            let percent = row.percent().unwrap_or(f64::NAN);
            let numbers = [row.baseline, row.changed, percent].map(Cell::Number);
            table.row(key_cells(&row.key).chain(texts).chain(numbers))?;
        }
        table.finish()
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let series = self.rows.len() / self.totals.len().max(1);
        let shown = || self.totals.iter().chain(self.rows.iter().take(PRINTED * self.totals.len()));
        let name = |row: &ComparisonRow| match row.key.as_slice() {
            [] => format!("all {series} series"),
            key => key.join(" "),
        };
        let width = |of: &dyn Fn(&ComparisonRow) -> usize, least: usize| {
            shown().map(of).max().unwrap_or(0).max(least)
        };
        let head = self.dimensions.join(" ");
        let first = width(&|row| name(row).chars().count(), head.chars().count());
        let second = width(&|row| row.what_if.len(), "what-if".len());
        write!(f, "{head:first$}  {:second$}  type  ", "what-if")?;
        writeln!(f, "{:>12}  {:>12}  {:>9}", "baseline", "what-if", "change")?;
        for row in shown() {
            write!(f, "{:first$}  {:second$}  {:4}  ", name(row), row.what_if, row.forecast_type)?;
            let percent =
                row.percent().map_or("-".to_owned(), |percent| format!("{percent:+.1} %"));
            writeln!(f, "{:>12.2}  {:>12.2}  {percent:>9}", row.baseline, row.changed)?;
        }
        if series > PRINTED {
            writeln!(f, "and {} more series", series - PRINTED)?;
        }
        Ok(())
    }
}
