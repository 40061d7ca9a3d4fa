//! Backtests as tables, in the column layout of Amazon's predictor backtest export.

use std::path::{Path, PathBuf};

use ensue_core::AccuracyMetrics;
use ensue_data::write::{Kind, TableFormat, WriteError};

use super::{Predictor, items::to_numbers};
use crate::table::{Cell, Table, key_cells, key_columns, stamp};

const NOT_DEFINED: &str = "not defined";

pub(super) fn export(
    predictor: &Predictor,
    folder: &Path,
    format: TableFormat,
) -> Result<(), WriteError> {
    let file = format!("part0.{}", format.extension());
    let path = |name: &str| -> PathBuf { folder.join(name).join(&file) };
    forecasted_values(predictor, &path("forecasted-values"))?;
    accuracy_metrics(predictor, &path("accuracy-metrics-values"))
}

/// First and last time of an item's window.
fn times(predictor: &Predictor, first: i64) -> [Cell; 2] {
    let last = first + predictor.settings.horizon as i64 - 1;
    [first, last].map(|step| Cell::Text(stamp(predictor.frequency.start_of(step))))
}

fn forecasted_values(predictor: &Predictor, path: &Path) -> Result<(), WriteError> {
    let types = &predictor.settings.forecast_types;
    let mut columns = key_columns(&predictor.dimensions);
    let fixed = [
        ("timestamp", Kind::Text),
        ("target_value", Kind::Number),
        ("backtestwindow_start_time", Kind::Text),
        ("backtestwindow_end_time", Kind::Text),
    ];
    columns.extend(fixed.map(|(name, kind)| (name.to_owned(), kind)));
    columns.extend(types.iter().map(|one| (one.name(), Kind::Number)));
    let mut table = Table::create(path, &columns, "")?;
    for (item, key) in predictor.keys.iter().enumerate() {
        for window in predictor.items.iter().rev() {
            // Amazon evaluates an item in a window only with complete data there.
            if window.actual(item).iter().any(|actual| actual.is_nan()) {
                continue;
            }
            let first = window.first_step(item);
            for (step, &actual) in window.actual(item).iter().enumerate() {
                let time = stamp(predictor.frequency.start_of(first + step as i64));
                let values = (0..types.len()).map(|one| window.values(item, one)[step]);
                let row = key_cells(key)
                    .chain([Cell::Text(time), Cell::Number(actual)])
                    .chain(times(predictor, first))
                    .chain(values.map(Cell::Number));
                table.row(row)?;
            }
        }
    }
    table.finish()
}

fn accuracy_metrics(predictor: &Predictor, path: &Path) -> Result<(), WriteError> {
    let levels = predictor.settings.quantiles();
    let mut columns = key_columns(&predictor.dimensions);
    let fixed = ["backtest_window", "backtestwindow_start_time", "backtestwindow_end_time"];
    columns.extend(fixed.map(|name| (name.to_owned(), Kind::Text)));
    let losses = levels.iter().map(|level| format!("wQL[{level}]"));
    // The order of `to_numbers`.
    let others = ["Average wQL", "RMSE", "WAPE", "MAPE", "MASE"].map(str::to_owned);
    columns.extend(losses.chain(others).map(|name| (name, Kind::Number)));
    let mut table = Table::create(path, &columns, NOT_DEFINED)?;
    for (item, key) in predictor.keys.iter().enumerate() {
        let mut row = |what: &str, times: [Cell; 2], metrics: Option<&AccuracyMetrics>| {
            let numbers = to_numbers(metrics, &levels).into_iter().map(Cell::Number);
            let what = [Cell::Text(what.to_owned())];
            table.row(key_cells(key).chain(what).chain(times).chain(numbers))
        };
        let windows = || predictor.items.iter().rev();
        for window in windows() {
            row("Computed", times(predictor, window.first_step(item)), window.metrics(item))?;
        }
        let (Some(oldest), Some(newest)) = (windows().next(), windows().next_back()) else {
            continue;
        };
        let [start, _] = times(predictor, oldest.first_step(item));
        let [_, end] = times(predictor, newest.first_step(item));
        let summary = AccuracyMetrics::summary(windows().filter_map(|window| window.metrics(item)));
        row("Summary", [start, end], summary.as_ref())?;
    }
    table.finish()
}
