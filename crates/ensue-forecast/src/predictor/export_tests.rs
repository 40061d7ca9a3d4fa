//! Both exports against files made by hand: `tests/golden/export`.
//!
//! Two windows of two days. The algorithm weighs all past values alike, so that a mean is the mean of the past and a
//! quantile one of its values: of the sorted past the first whose share reaches the level.
//!
//! ```text
//! tea, north   2 4 6 8 | 8 8 | 64 64
//!   before 5 February   mean 5  p65 6 (third of four)  p90 8
//!     errors 3, 3       wQL[0.65] = 2 (0.65 * 2 + 0.65 * 2) / 16 = 0.325   wQL[0.9] = 0   RMSE 3   WAPE = MAPE = 3 / 8
//!                       MASE = 3 / mean(2, 2, 2)
//!   before 7 February   mean 6  p65 8 (fourth of six)  p90 8
//!     errors 58, 58     wQL[0.65] = 2 * 0.65 * 112 / 128   wQL[0.9] = 2 * 0.9 * 112 / 128   RMSE 58   WAPE = MAPE = 58 / 64
//!                       MASE = 58 / mean(2, 2, 2, 0, 0) = 145 / 3
//!   before 9 February   mean 164 / 8   p65 8 (sixth of eight)   p90 64
//! tea, south   1 2 3 4 | 4 4 | ? 10: half of the above in the first window; not defined in the second, in which a value is
//!                missing; then mean 28 / 7, p65 4 (fifth of seven), p90 10
//! jam, red     8 every day: no error; no MASE, because the past never changed
//! ```

use std::fs;

use ensue_core::{Frequency, Panel, Run, Seed, Series};
use ensue_data::write::TableFormat;
use jiff::civil::date;

use super::*;
use crate::{
    ForecastType,
    algorithms::npts::{KernelType, Npts},
    forecast::export_file_name,
};

const FORECAST: &str = include_str!("../../tests/golden/export/forecast.csv");
const VALUES: &str = include_str!("../../tests/golden/export/forecasted-values.csv");
const METRICS: &str = include_str!("../../tests/golden/export/accuracy-metrics-values.csv");

fn panel() -> Panel {
    let start = Frequency::DAILY.step_of(date(2019, 2, 1).at(0, 0, 0, 0));
    let rows = [
        (["tea", "north"], [2.0, 4.0, 6.0, 8.0, 8.0, 8.0, 64.0, 64.0]),
        (["tea", "south"], [1.0, 2.0, 3.0, 4.0, 4.0, 4.0, f64::NAN, 10.0]),
        (["jam, red", "north"], [8.0; 8]),
    ];
    let series = rows.map(|(key, target)| Series::new(key, start, target.to_vec()));
    let dimensions = vec!["item_id".to_owned(), "shop".to_owned()];
    let (none, features, reals) = (Vec::new(), Vec::new(), Vec::new());
    Panel::with(Frequency::DAILY, dimensions, none, features, reals, series.into()).unwrap()
}

fn predictor() -> Predictor {
    let climate =
        Npts { kernel_type: KernelType::Uniform, use_seasonal_model: false, ..Npts::default() };
    PredictorSettings::new(climate, 2)
        .with_windows(2)
        .with_forecast_types(vec![
            ForecastType::Mean,
            "0.65".parse().unwrap(),
            "0.9".parse().unwrap(),
        ])
        .train(&panel(), &mut Run::new("ndarray"))
        .unwrap()
}

#[test]
fn exported_forecasts_are_the_file_made_by_hand() {
    // Oracle: the file, in the column layout of Amazon's forecast export; arithmetic above.
    let dir = tempfile::tempdir().unwrap();
    let name = export_file_name("tea_2019", date(2019, 2, 9).at(6, 5, 4, 0), 0, TableFormat::Csv);
    let path = dir.path().join(&name);
    predictor().create_forecast(&panel(), Seed(0)).unwrap().export(&path).unwrap();
    assert_eq!(fs::read_to_string(path).unwrap(), FORECAST);
}

#[test]
fn exported_backtests_are_the_files_made_by_hand() {
    // Oracle: the files, in the column layouts of Amazon's backtest export; arithmetic above.
    let dir = tempfile::tempdir().unwrap();
    predictor().export_backtest(dir.path(), TableFormat::Csv).unwrap();
    let read = |name: &str| fs::read_to_string(dir.path().join(name).join("part0.csv")).unwrap();
    assert_eq!(read("forecasted-values"), VALUES);
    assert_eq!(read("accuracy-metrics-values"), METRICS);
}

#[test]
fn files_of_an_export_job_are_called_as_amazons() {
    // Oracle: Amazon's pattern <ExportJobName>_<yyyy-MM-ddTHH-mm-ssZ>_<Part>.csv.
    let time = date(2019, 2, 1).at(3, 4, 5, 678);
    let name = |part, format| export_file_name("daily_export", time, part, format);
    assert_eq!(name(0, TableFormat::Csv), "daily_export_2019-02-01T03-04-05Z_part0.csv");
    assert_eq!(name(12, TableFormat::Parquet), "daily_export_2019-02-01T03-04-05Z_part12.parquet");
}
