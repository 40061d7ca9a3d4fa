//! Hourly electricity of three clients in 2014, as Amazon's notebook trained its predictors.
//!
//! Data up to 2014-10-31 23:00 and a backtest of one window with an offset of 72: hours to 10-28 23:00 train, 10-29 00:00 to
//! 10-31 23:00 are the answer.

use ensue::core::{
    Panel,
    series::{Frequency, Series},
};
use jiff::civil::{DateTime, date};

use super::{counted, read_separated};
use crate::report::Failure;

/// Hours to forecast.
pub(crate) const HORIZON: usize = 72;

/// Hours of each client up to the end of October.
const HOURS: usize = 7_295;

/// The one client that the notebook forecasts.
pub(crate) fn client_12() -> Result<Panel, Failure> {
    load(&["client_12"])
}

/// All three clients.
pub(crate) fn all() -> Result<Panel, Failure> {
    load(&["client_10", "client_12", "client_111"])
}

/// Time, value and client in each row, without a header.
fn load(clients: &[&str]) -> Result<Panel, Failure> {
    let begin = date(2014, 1, 1).at(1, 0, 0, 0);
    let end = date(2014, 10, 31).at(23, 0, 0, 0);
    let start = Frequency::HOURLY.step_of(begin);
    let mut targets = vec![Vec::new(); clients.len()];
    let mut rows = 0;
    read_separated("electricity-10/item-demand-time.csv.gz", ',', false, |cells| {
        let &[time, value, client] = cells else { return None };
        rows += 1;
        let time: DateTime = time.parse().ok()?;
        let known = clients.iter().position(|&known| known == client);
        if let Some(target) = known.map(|at| &mut targets[at]).filter(|_| time <= end) {
            // Every hour follows the one before.
            if Frequency::HOURLY.step_of(time) != start + target.len() as i64 {
                return None;
            }
            target.push(value.parse().ok()?);
        }
        Some(())
    })?;
    counted("rows of item-demand-time", rows, 23_973)?;
    let mut series = Vec::with_capacity(clients.len());
    for (&client, target) in clients.iter().zip(targets) {
        counted(&format!("hours of {client}"), target.len(), HOURS)?;
        series.push(Series::new([client], start, target));
    }
    Ok(Panel::new(Frequency::HOURLY, series)?)
}
