//! Bike rentals of Washington, D.C., by day: sums of the hours, on the first 19 days of each month of two years.
//!
//! The other days were held back by the competition that the set was made for; they are missing here.

use ensue::core::{
    Panel,
    series::{Frequency, Series},
};
use jiff::civil::Date;

use super::{counted, read_separated};
use crate::report::Failure;

/// Days to forecast: the first 19 of December 2012, all that there are of that month.
pub(crate) const HORIZON: usize = 19;

/// What is known of each day, and the column it stands in.
const RELATED: [(&str, usize); 5] =
    [("holiday", 2), ("workingday", 3), ("temp", 5), ("humidity", 7), ("windspeed", 8)];

/// Days from the first to the last one.
const DAYS: usize = 719;

/// One series up to the end of November 2012, with what is known of each day, a mean over its hours, up to 19 days later; or
/// without it.
pub(crate) fn daily(with_related: bool) -> Result<Panel, Failure> {
    let mut sums = vec![(0, 0.0, [0.0; RELATED.len()]); DAYS];
    let mut first = None;
    let mut hours = 0;
    read_separated("bike-hourly/kaggle_bike_train.csv.gz", ',', true, |cells| {
        let date: Date = cells.first()?.get(..10)?.parse().ok()?;
        let step = Frequency::DAILY.step_of(date.at(0, 0, 0, 0));
        let start = *first.get_or_insert(step);
        let (count, rented, known) = sums.get_mut(usize::try_from(step - start).ok()?)?;
        *count += 1;
        *rented += cells.get(11)?.parse::<f64>().ok()?;
        for (sum, (_, column)) in known.iter_mut().zip(RELATED) {
            *sum += cells.get(column)?.parse::<f64>().ok()?;
        }
        hours += 1;
        Some(())
    })?;
    counted("hours of bike-hourly", hours, 10_886)?;
    let observed = sums.iter().filter(|(count, _, _)| *count > 0).count();
    counted("days of bike-hourly", observed, 456)?;
    let target = sums[..DAYS - HORIZON].iter();
    let target = target.map(|&(count, rented, _)| if count > 0 { rented } else { f64::NAN });
    let start = first.ok_or_else(|| Failure::NotMeasured("bike-hourly is empty".to_owned()))?;
    let series = Series::new(["bike"], start, target.collect());
    if !with_related {
        return Ok(Panel::new(Frequency::DAILY, vec![series])?);
    }
    // What is not known of a day on which nothing was counted is not looked at.
    let mean = |at: usize| {
        sums.iter().map(move |(count, _, known)| (known[at] / f64::from((*count).max(1))) as f32)
    };
    let rows = (0..RELATED.len()).map(|at| mean(at).collect()).collect();
    let names = RELATED.map(|(name, _)| name.to_owned()).to_vec();
    let dimensions = vec!["item_id".to_owned()];
    let series = vec![series.with_related(rows)];
    Ok(Panel::with(Frequency::DAILY, dimensions, names, Vec::new(), Vec::new(), series)?)
}
