//! An axis of steps with dates.

use ensue_core::{Frequency, series::FrequencyUnit};
use ensue_tune::charts::draw::Axis;
use jiff::civil::DateTime;

/// Ticks that a chart has room for.
const MOST: i64 = 6;

/// An axis from step `first` to step `last`, with a date at every so many steps, at midnight, in January or at another round
/// time where the frequency has it.
pub(super) fn axis(frequency: Frequency, first: i64, last: i64) -> Axis {
    let words = ticks(frequency, first, last);
    let words = words.into_iter().map(|(step, date)| (step as f64, date)).collect();
    // A single step stands in the middle.
    let room = if last > first { 0.0 } else { 0.5 };
    Axis::with_words(first as f64 - room, last as f64 + room, words)
}

/// The steps with a tick, and their dates; at least one.
fn ticks(frequency: Frequency, first: i64, last: i64) -> Vec<(i64, String)> {
    let (apart, form) = spacing(frequency, last - first);
    let start = first + (apart - first.rem_euclid(apart)) % apart;
    // Where no round time lies within, the first step says when it is.
    let start = if start > last { first } else { start };
    let steps = (0..).map(|tick| start + tick * apart).take_while(|&step| step <= last);
    steps.map(|step| (step, form.write(frequency.start_of(step)))).collect()
}

/// How a date is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Year,
    Month,
    Day,
    Time,
}

impl Form {
    fn write(self, time: DateTime) -> String {
        let form = match self {
            Self::Year => "%Y",
            Self::Month => "%Y-%m",
            Self::Day => "%Y-%m-%d",
            Self::Time => "%m-%d %H:%M",
        };
        time.strftime(form).to_string()
    }
}

/// Steps from one tick to the next over a span of so many steps, and how the ticks are written.
fn spacing(frequency: Frequency, span: i64) -> (i64, Form) {
    // Round numbers of the unit: of minutes, hours, days, and so on. Steps are counted from 1970-01-01 on, so that round
    // numbers of them begin at round times.
    let (round, form): (&[i64], Form) = match frequency.unit() {
        FrequencyUnit::Minute => (
            &[1, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1_440, 2_880, 10_080, 20_160, 40_320],
            Form::Time,
        ),
        FrequencyUnit::Hour => (&[1, 2, 3, 6, 12, 24, 48, 168, 336, 672, 2_184, 4_368], Form::Time),
        FrequencyUnit::Day => (&[1, 2, 7, 14, 28, 91, 182, 364, 728], Form::Day),
        FrequencyUnit::Week => (&[1, 2, 4, 13, 26, 52, 104], Form::Day),
        FrequencyUnit::Month => (&[1, 2, 3, 6, 12, 24, 60, 120], Form::Month),
        FrequencyUnit::Year => (&[1, 2, 5, 10, 20, 50, 100], Form::Year),
    };
    let every = i64::from(frequency.every());
    let fits = |units: &&i64| {
        let steps = **units / every;
        **units % every == 0 && span / steps < MOST && steps <= span.max(1)
    };
    let Some(units) = round.iter().find(fits) else {
        // Longer than anything foreseen, or steps that divide nothing round.
        return (span / MOST + 1, if form == Form::Time { Form::Day } else { form });
    };
    let days = match frequency.unit() {
        FrequencyUnit::Minute => units % 1_440 == 0,
        FrequencyUnit::Hour => units % 24 == 0,
        _ => false,
    };
    (units / every, if days { Form::Day } else { form })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn ticks_are_at_round_times() {
        // Oracle: the calendar; at most seven ticks, at the times named.
        let start = date(2019, 2, 27).at(21, 0, 0, 0);
        for (text, span, count, first, last) in [
            ("15min", 40, 5, "02-27 22:00", "02-28 06:00"),
            ("H", 30, 5, "02-28 00:00", "03-01 00:00"),
            ("H", 200, 4, "2019-03-01", "2019-03-07"),
            ("D", 40, 6, "2019-02-28", "2019-04-04"),
            ("W", 60, 4, "2019-04-29", "2020-01-27"),
            ("M", 30, 5, "2019-07", "2021-07"),
            ("3M", 30, 4, "2020-01", "2026-01"),
            ("Y", 30, 3, "2020", "2040"),
        ] {
            let frequency: Frequency = text.parse().unwrap();
            let from = frequency.step_of(start);
            let found = ticks(frequency, from, from + span);
            let ends = (found[0].1.as_str(), found[found.len() - 1].1.as_str());
            assert_eq!((found.len(), ends), (count, (first, last)), "{text}");
        }
    }

    #[test]
    fn any_span_has_an_axis() {
        // Oracle: at least one tick and few, all of them within the span and evenly apart.
        for text in ["1min", "7min", "H", "5H", "D", "3D", "W", "M", "11M", "Y"] {
            let frequency: Frequency = text.parse().unwrap();
            for span in [0, 1, 5, 100, 10_000, 1_000_000] {
                for first in [-1_000, 0, 17] {
                    let found = ticks(frequency, first, first + span);
                    assert!((1..=7).contains(&found.len()), "{text} {span}: {found:?}");
                    let within = |(step, _): &(i64, String)| (first..=first + span).contains(step);
                    assert!(found.iter().all(within), "{text} {span}: {found:?}");
                    let apart: Vec<i64> =
                        found.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
                    assert!(apart.iter().all(|&steps| steps == apart[0] && steps > 0));
                }
            }
        }
    }
}
