//! M4's hourly and weekly series: the train file, and after it the test file's steps.
//!
//! The files carry no times. As GluonTS fakes it, every series starts at 1750-01-01 00:00 (hourly) or in the week of Monday
//! 1750-01-05 (weekly).

use ensue::core::{
    Panel,
    series::{Frequency, Series},
};
use jiff::civil::date;

use super::{counted, read_separated};
use crate::report::Failure;

/// Steps of the hourly test file.
pub(crate) const HOURLY_HORIZON: usize = 48;
/// Steps of the weekly test file.
pub(crate) const WEEKLY_HORIZON: usize = 13;

/// 414 series of 700 to 960 hours, 353,500 together, and 48 more each.
pub(crate) fn hourly() -> Result<Panel, Failure> {
    let start = Frequency::HOURLY.step_of(date(1750, 1, 1).at(0, 0, 0, 0));
    let rows = Rows { file: "m4-hourly/Hourly", series: 414, values: 353_500, lengths: [700, 960] };
    rows.panel(Frequency::HOURLY, start, HOURLY_HORIZON)
}

/// 359 series of 80 to 2,597 weeks, and 13 more each.
pub(crate) fn weekly() -> Result<Panel, Failure> {
    let start = Frequency::WEEKLY.step_of(date(1750, 1, 5).at(0, 0, 0, 0));
    let rows =
        Rows { file: "m4-weekly/Weekly", series: 359, values: 366_912, lengths: [80, 2_597] };
    rows.panel(Frequency::WEEKLY, start, WEEKLY_HORIZON)
}

/// What a pair of files has to hold.
struct Rows {
    file: &'static str,
    series: usize,
    values: usize,
    lengths: [usize; 2],
}

impl Rows {
    fn panel(&self, frequency: Frequency, start: i64, horizon: usize) -> Result<Panel, Failure> {
        let &Self { file, series, values, lengths } = self;
        let train = read(&format!("{file}-train.csv.gz"))?;
        let test = read(&format!("{file}-test.csv.gz"))?;
        counted(&format!("series of {file}"), train.len(), series)?;
        counted(&format!("test series of {file}"), test.len(), series)?;
        let found: Vec<usize> = train.iter().map(|(_, values)| values.len()).collect();
        counted(&format!("values of {file}"), found.iter().sum(), values)?;
        let [shortest, longest] = lengths;
        counted("the shortest", found.iter().copied().min().unwrap_or(0), shortest)?;
        counted("the longest", found.iter().copied().max().unwrap_or(0), longest)?;
        let mut all = Vec::with_capacity(series);
        for ((id, mut target), (again, future)) in train.into_iter().zip(test) {
            if id != again {
                let reason = format!("{file}: {id} is tested as {again}");
                return Err(Failure::NotMeasured(reason));
            }
            counted(&format!("test steps of {id}"), future.len(), horizon)?;
            target.extend(future);
            all.push(Series::new([id], start, target));
        }
        Ok(Panel::new(frequency, all)?)
    }
}

/// One series a row: the id, then its values; after the last come empty cells.
fn read(file: &str) -> Result<Vec<(String, Vec<f64>)>, Failure> {
    let mut series = Vec::new();
    read_separated(file, ',', true, |cells| {
        let cell = |at: usize| cells[at].trim_matches('"');
        let length = (1..cells.len()).take_while(|&at| !cell(at).is_empty()).count();
        if (length + 1..cells.len()).any(|at| !cell(at).is_empty()) {
            return None;
        }
        let values: Option<Vec<f64>> = (1..=length).map(|at| cell(at).parse().ok()).collect();
        series.push((cell(0).to_owned(), values?));
        Some(())
    })?;
    Ok(series)
}
