//! Holidays as related series.

use ensue_core::{Frequency, Panel, Series, series::FrequencyUnit};
use jiff::{ToSpan, civil::Date};

use super::{Holiday, Holidays};

/// The panel with one more related series for each holiday that occurs: `holiday_US: Christmas Day` and the like.
///
/// Its value is 1 in the steps of that date, 0 in others; where steps are longer than a day, the number of such days in the step.
/// The rows reach `horizon` steps beyond the end of every target, hidden steps included, so that holidays are known in every
/// backtest window and in the forecast. Related series that are there stay, those of the same name among them.
pub fn with_holidays(panel: &Panel, calendar: &Holidays, horizon: usize) -> Panel {
    let spans = panel.series().iter().map(|series| span(series, panel.frequency(), horizon));
    let span = spans.reduce(|(a, b), (c, d)| (a.min(c), b.max(d)));
    let found = span.map_or_else(Vec::new, |(from, to)| calendar.between(from, to));
    let mut names: Vec<String> = found.into_iter().map(|holiday| holiday.name).collect();
    names.sort_unstable();
    names.dedup();
    extended(panel, calendar, horizon, &names)
}

/// The same with every holiday that the calendar has in some year, so that any two panels get the same related series.
pub(crate) fn with_all_holidays(panel: &Panel, calendar: &Holidays, horizon: usize) -> Panel {
    extended(panel, calendar, horizon, &calendar.names())
}

fn extended(panel: &Panel, calendar: &Holidays, horizon: usize, names: &[String]) -> Panel {
    let full = |name: &String| format!("holiday_{}: {name}", calendar.code());
    let new: Vec<&String> =
        names.iter().filter(|name| !panel.related().contains(&full(name))).collect();
    let frequency = panel.frequency();
    let extend = |series: &Series| {
        let length = series.len() + series.hidden().len() + horizon;
        let (from, to) = span(series, frequency, horizon);
        let holidays = calendar.between(from, to);
        let row = |name: &&String| {
            let own = holidays.iter().filter(|holiday| holiday.name == **name);
            row(own, series.start(), length, frequency)
        };
        let rows = series.related().iter().cloned().chain(new.iter().map(row)).collect();
        series.clone().with_related(rows)
    };
    let related = panel.related().iter().cloned().chain(new.iter().map(|name| full(name)));
    Panel::with(
        frequency,
        panel.dimensions().to_vec(),
        related.collect(),
        panel.features().to_vec(),
        panel.reals().to_vec(),
        panel.series().iter().map(extend).collect(),
    )
    .expect("the panel was good, and each series has one more row for each new name, none shorter than its target")
}

/// The first and last date that a series and what follows it touch.
fn span(series: &Series, frequency: Frequency, horizon: usize) -> (Date, Date) {
    let steps = (series.len() + series.hidden().len() + horizon) as i64;
    let start = frequency.start_of(series.start());
    let end = frequency.start_of(series.start().saturating_add(steps));
    // The moment before the step after the last.
    let last = end.checked_sub(1.second()).unwrap_or(end);
    (start.date(), last.date())
}

/// One holiday in each of `length` steps from `start` on.
fn row<'a>(
    holidays: impl Iterator<Item = &'a Holiday>,
    start: i64,
    length: usize,
    frequency: Frequency,
) -> Vec<f32> {
    let finer = matches!(frequency.unit(), FrequencyUnit::Minute | FrequencyUnit::Hour);
    let mut row = vec![0.0; length];
    for Holiday { date, .. } in holidays {
        let first = frequency.step_of(date.at(0, 0, 0, 0));
        let last = frequency.step_of(date.at(23, 59, 59, 0));
        for step in first..=last {
            let place = usize::try_from(step - start).ok().and_then(|at| row.get_mut(at));
            if let Some(place) = place {
                *place = if finer { 1.0 } else { *place + 1.0 };
            }
        }
    }
    row
}
