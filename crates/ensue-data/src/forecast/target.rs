//! The target series: rows to one value a step.

use std::ops::Range;

use ensue_core::{Frequency, Run};
use jiff::civil::DateTime;

use super::domain::TIMESTAMP;
use super::fill::{Fillings, fill};
use super::keys::{self, Keys, fault};
use super::numbers::Number;
use super::statistics::{DatasetStatistics, Tally};
use super::steps::Steps;
use super::table::Table;
use super::time::{Clock, written};
use super::{Aggregation, DatasetType, ForecastImport, Schema};
use crate::Vocabulary;
use crate::error::{DataError, Rule};
use crate::read::Block;
use crate::read::cells::Faults;

/// The target series before their gaps are filled.
pub(super) struct Target {
    /// Items, then the values of each forecast dimension.
    pub(super) parts: Vec<Vocabulary>,
    /// The series by their parts.
    pub(super) keys: Keys,
    /// Their values; empty where a series has none.
    pub(super) series: Vec<Steps<f64>>,
    /// First and last step with a value over all series, the latter not included.
    pub(super) span: Range<i64>,
    /// Row of the latest time.
    latest: u64,
    pub(super) statistics: DatasetStatistics,
    pub(super) warnings: Vec<String>,
    /// Rows with a value whose step had one already.
    pub(super) aggregated: u64,
}

pub(super) fn import(request: &ForecastImport, run: &Run) -> Result<Target, DataError> {
    let source = &request.target;
    let table = Table::open(source, DatasetType::TargetTimeSeries)?;
    let columns = Columns::of(request);
    let mut warnings: Vec<_> = columns.unused(&source.schema).into_iter().collect();
    let data_frequency = source.frequency.unwrap_or(request.frequency);
    let clock = Clock::new(data_frequency, table.time_unit(columns.time));
    let mut reader = Reader::new(request, columns, clock);
    let counted = table.read(run, |block, tallies, faults| reader.take(block, tallies, faults))?;
    let Reader { columns, parts, keys, buckets, span, latest, aggregated, .. } = reader;
    let Some(span) = span else {
        return Err(DataError::too_small(&source.path, Rule::NoUsableSeries));
    };
    let statistics = counted.statistics(source, |column| {
        let part = columns.parts.iter().position(|&part| part == column)?;
        Some(parts[part].len() as u64)
    });
    let series = buckets.into_iter().map(Buckets::finish).collect();
    let mut target =
        Target { parts, keys, series, span, latest, statistics, warnings: Vec::new(), aggregated };
    if source.frequency.is_none() {
        warnings.extend(target.coarser(request.frequency));
    }
    target.warnings = warnings;
    Ok(target)
}

impl Target {
    /// Refuses times so far apart that the series between them would not fit into memory.
    pub(super) fn check_points(&self, request: &ForecastImport) -> Result<(), DataError> {
        let lengths = self.series.iter().filter(|steps| !steps.is_empty());
        let points: u64 = lengths.map(|steps| self.span.end.abs_diff(steps.start())).sum();
        let limit = request.rules.max_points;
        if points > limit {
            let rule = too_many(limit, request.frequency, &self.span);
            return Err(DataError::row(&request.target.path, self.latest, rule));
        }
        Ok(())
    }

    /// The values of each series from its first step to the last of all, with the gaps filled, as
    /// (number, first step, values); series without a value come with none, at the end.
    pub(super) fn filled(&mut self, request: &ForecastImport) -> Vec<(u32, i64, Vec<f64>)> {
        let end = self.span.end;
        let set = request.rules.of(request.domain.target());
        let fillings = Fillings::of_target(&set);
        let series = std::mem::take(&mut self.series).into_iter().enumerate();
        let filled = series.map(|(number, steps)| {
            if steps.is_empty() {
                return (number as u32, end, Vec::new());
            }
            let start = steps.start();
            let mut values = steps.into_values();
            let back = values.len();
            values.resize((end - start) as usize, f64::NAN);
            values.shrink_to_fit();
            let future = values.len();
            fill(&mut values, fillings, back, future);
            (number as u32, start, values)
        });
        filled.collect()
    }

    /// A warning when no series has values in two steps that follow each other.
    fn coarser(&self, frequency: Frequency) -> Option<String> {
        let (mut least, mut pairs) = (i64::MAX, 0);
        for steps in &self.series {
            let mut last = None;
            for step in steps.start()..steps.end() {
                if steps.get(step).is_some_and(|value| !value.is_nan())
                    && let Some(last) = last.replace(step)
                {
                    least = least.min(step - last);
                    pairs += 1;
                }
                if least == 1 {
                    return None;
                }
            }
        }
        (pairs > 1).then(|| {
            format!(
                "no series of {} has values in two successive steps of {frequency}, but at best every \
                 {least}: are the data coarser than the forecast frequency?",
                DatasetType::TargetTimeSeries.name()
            )
        })
    }
}

pub(super) fn too_many(limit: u64, frequency: Frequency, span: &Range<i64>) -> Rule {
    let from = written(frequency.start_of(span.start));
    let to = written(frequency.start_of(span.end - 1));
    Rule::TooManyPoints { limit, from, to }
}

/// Where the columns stand in the schema.
struct Columns {
    time: usize,
    target: usize,
    /// The item and the forecast dimensions.
    parts: Vec<usize>,
    /// Dimensions that are not forecast dimensions.
    rest: Vec<usize>,
}

impl Columns {
    fn of(request: &ForecastImport) -> Self {
        let (schema, domain) = (&request.target.schema, request.domain);
        let find = |name: &str| schema.position(name).expect("the request was checked");
        let dimensions = request.dimensions.iter().map(|name| find(name));
        let parts: Vec<usize> = [find(domain.item())].into_iter().chain(dimensions).collect();
        let (time, target) = (find(TIMESTAMP), find(domain.target()));
        let rest = (0..schema.attributes.len())
            .filter(|at| ![time, target].contains(at) && !parts.contains(at));
        Self { time, target, rest: rest.collect(), parts }
    }

    fn unused(&self, schema: &Schema) -> Option<String> {
        let names = self.rest.iter().map(|&at| schema.attributes[at].name.as_str());
        let names: Vec<_> = names.collect();
        (!names.is_empty()).then(|| {
            let dataset = DatasetType::TargetTimeSeries.name();
            let names = names.join(", ");
            format!("{dataset} is aggregated over what is no forecast dimension: {names}")
        })
    }
}

/// The rows of one series.
#[derive(Default)]
struct Buckets {
    values: Steps<f64>,
    /// How many values a step has; for the mean.
    counts: Steps<u32>,
    /// When the value was observed; for the first.
    times: Steps<DateTime>,
}

impl Buckets {
    /// Adds a value; says whether its step had one already.
    fn add(&mut self, step: i64, time: DateTime, value: f64, how: Aggregation) -> bool {
        let known = self.values.at(step, f64::NAN);
        let is_new = known.is_nan();
        match how {
            _ if is_new => *known = value,
            Aggregation::Sum | Aggregation::Avg => *known += value,
            Aggregation::Min => *known = known.min(value),
            Aggregation::Max => *known = known.max(value),
            Aggregation::First => {}
        }
        match how {
            Aggregation::Avg => *self.counts.at(step, 0) += 1,
            Aggregation::First => {
                let first = self.times.at(step, DateTime::MAX);
                if is_new || time < *first {
                    (*first, *known) = (time, value);
                }
            }
            Aggregation::Sum | Aggregation::Min | Aggregation::Max => {}
        }
        !is_new
    }

    fn finish(self) -> Steps<f64> {
        let Self { mut values, counts, .. } = self;
        for step in counts.start()..counts.end() {
            if let Some(count) = counts.get(step).filter(|&count| count > 1) {
                *values.at(step, f64::NAN) /= f64::from(count);
            }
        }
        values
    }
}

struct Reader<'a> {
    request: &'a ForecastImport,
    columns: Columns,
    clock: Clock,
    how: Aggregation,
    parts: Vec<Vocabulary>,
    keys: Keys,
    buckets: Vec<Buckets>,
    span: Option<Range<i64>>,
    /// Row of the latest time with a value.
    latest: u64,
    /// Steps of all series.
    points: u64,
    aggregated: u64,
    // The columns of one block; kept for their memory.
    times: Vec<DateTime>,
    values: Vec<f64>,
    codes: Vec<Vec<u32>>,
}

impl<'a> Reader<'a> {
    fn new(request: &'a ForecastImport, columns: Columns, clock: Clock) -> Self {
        let how = request.rules.of(request.domain.target()).aggregation.unwrap_or_default();
        let parts = columns.parts.len();
        Self {
            request,
            columns,
            clock,
            how,
            parts: vec![Vocabulary::new(); parts],
            keys: Keys::new(parts),
            buckets: Vec::new(),
            span: None,
            latest: 0,
            points: 0,
            aggregated: 0,
            times: Vec::new(),
            values: Vec::new(),
            codes: vec![Vec::new(); parts],
        }
    }

    /// Checks and converts a block column by column, then adds its rows.
    fn take(&mut self, block: &Block, tallies: &mut [Tally], faults: &mut Faults) {
        let Self { request, columns, clock, parts, times, values, codes, .. } = self;
        times.clear();
        values.clear();
        let (at, tally) = (columns.time, &mut tallies[columns.time]);
        faults.walk(at, block.column(at), |cell| {
            let time = clock.read(cell)?;
            tally.time(time);
            times.push(time);
            Ok(())
        });
        let (at, tally) = (columns.target, &mut tallies[columns.target]);
        let kind = request.target.schema.attributes[at].kind;
        faults.walk(at, block.column(at), |cell| {
            let number = Number::read(cell, kind)?;
            tally.number(number);
            values.push(number.or_nan());
            Ok(())
        });
        for ((&at, vocabulary), codes) in columns.parts.iter().zip(parts).zip(codes) {
            codes.clear();
            tallies[at].skip_distinct();
            tallies[at].rows(block.len());
            keys::encode(at, block, vocabulary, codes, faults);
        }
        for &at in &columns.rest {
            for text in keys::texts(at, block, faults) {
                tallies[at].text(text);
            }
        }
        if faults.is_empty() {
            self.add(block, faults);
        }
    }

    fn add(&mut self, block: &Block, faults: &mut Faults) {
        let Self { request, columns, how, keys, buckets, codes, .. } = self;
        for (index, (&time, &value)) in self.times.iter().zip(&self.values).enumerate() {
            let number = keys.insert(codes.iter().map(|codes| codes[index])) as usize;
            if buckets.len() <= number {
                buckets.resize_with(number + 1, Buckets::default);
            }
            if value.is_nan() {
                continue;
            }
            let step = request.frequency.step_of(time);
            let span = self.span.get_or_insert(step..step);
            span.start = span.start.min(step);
            if span.end <= step {
                (span.end, self.latest) = (step + 1, block.row(index));
            }
            let bucket = &mut buckets[number];
            self.points = self.points.saturating_add(bucket.values.growth(step));
            if self.points > request.rules.max_points {
                let rule = too_many(request.rules.max_points, request.frequency, span);
                faults.add(fault(block, index, columns.time, rule));
                return;
            }
            self.aggregated += u64::from(bucket.add(step, time, value, *how));
            if bucket.values.get(step).is_some_and(f64::is_infinite) {
                let rule = Rule::InfiniteSum(written(request.frequency.start_of(step)));
                faults.add(fault(block, index, columns.target, rule));
                return;
            }
        }
    }
}
