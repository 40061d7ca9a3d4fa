//! Related series: held against the target and the horizon.

use ensue_core::{Frequency, Run};
use jiff::civil::DateTime;

use super::domain::TIMESTAMP;
use super::fill::{Fillings, fill};
use super::keys::{self, Keys, fault};
use super::numbers::Number;
use super::statistics::{DatasetStatistics, Tally};
use super::steps::Steps;
use super::table::Table;
use super::target::too_many;
use super::time::{Clock, written};
use super::{DatasetType, Era, ForecastImport, Source};
use crate::Vocabulary;
use crate::error::{DataError, Rule};
use crate::read::Block;
use crate::read::cells::Faults;

/// Related series as they were read.
pub(super) struct Related {
    /// Names of the features.
    pub(super) names: Vec<String>,
    /// Which parts of a series' key they have.
    parts: Vec<usize>,
    keys: Keys,
    /// For each key the values of each feature; no vector where the key has no value at all.
    values: Vec<Vec<Steps<f32>>>,
    features: Vec<Feature>,
    /// The step after the last of the target.
    end: i64,
    horizon: Option<usize>,
    frequency: Frequency,
    era: Era,
    pub(super) statistics: DatasetStatistics,
    pub(super) warnings: Vec<String>,
}

struct Feature {
    fillings: Fillings,
    /// Whether it has values in the horizon, and so must cover it.
    forward: bool,
}

/// What the rules say about one series.
pub(super) enum Coverage {
    /// Its rows, one for each feature.
    Rows(Vec<Vec<f32>>),
    /// It has no related series.
    Nothing,
}

/// A rule that a related series breaks.
pub(super) struct Broken {
    /// Index of the feature.
    pub(super) feature: usize,
    pub(super) step: i64,
    pub(super) rule: Rule,
}

/// Reads the file. `parts` are the values that the target and the metadata have; rows with others are
/// not used. `end` is the step after the last of the target.
pub(super) fn import(
    source: &Source,
    request: &ForecastImport,
    parts: &[Vocabulary],
    end: i64,
    run: &Run,
) -> Result<Related, DataError> {
    let schema = &source.schema;
    let names = [request.domain.item()].into_iter();
    let names = names.chain(request.dimensions.iter().map(String::as_str)).enumerate();
    let key: Vec<(usize, usize)> =
        names.filter_map(|(part, name)| Some((part, schema.position(name)?))).collect();
    let columns = schema.features();
    let table = Table::open(source, DatasetType::RelatedTimeSeries)?;
    let time = schema.position(TIMESTAMP).expect("the schema was checked");
    let clock = Clock::new(request.frequency, table.time_unit(time));
    let features = columns.iter().map(|(_, attribute)| {
        let fillings = Fillings::of_related(&request.rules.of(&attribute.name));
        Feature { fillings, forward: fillings.future.is_some() }
    });
    let mut reader = Reader {
        request,
        source,
        parts,
        clock,
        time,
        key: &key,
        columns: columns.iter().map(|(at, _)| *at).collect(),
        limit: request
            .horizon
            .map(|horizon| end.saturating_add(i64::try_from(horizon).unwrap_or(i64::MAX))),
        end,
        keys: Keys::new(key.len()),
        series: Vec::new(),
        points: vec![0; columns.len()],
        features: features.collect(),
        foreign: 0,
        beyond: false,
        times: Vec::new(),
        codes: vec![Vec::new(); key.len()],
        values: vec![Vec::new(); columns.len()],
    };
    let counted = table.read(run, |block, tallies, faults| reader.take(block, tallies, faults))?;
    let Reader { keys, series: values, features, foreign, beyond, .. } = reader;
    let mut warnings = Vec::new();
    let dataset = DatasetType::RelatedTimeSeries.name();
    if foreign > 0 {
        warnings.push(format!(
            "{foreign} rows of {dataset} belong to no item of the target series or the metadata and are \
             not used"
        ));
    }
    if beyond && request.rules.era == Era::Later {
        warnings.push(format!("{dataset} reaches beyond the horizon; what lies there is not used"));
    }
    let statistics = counted.statistics(source, |_| None);
    Ok(Related {
        names: columns.iter().map(|(_, attribute)| attribute.name.clone()).collect(),
        parts: key.iter().map(|(part, _)| *part).collect(),
        keys,
        values,
        features,
        end,
        horizon: request.horizon,
        frequency: request.frequency,
        era: request.rules.era,
        statistics,
        warnings,
    })
}

impl Related {
    /// The rows of the series with these codes that starts at `start`, filled and held against the rules.
    pub(super) fn of(&self, codes: &[u32], start: i64) -> Result<Coverage, Broken> {
        let codes: Vec<u32> = self.parts.iter().map(|&part| codes[part]).collect();
        let known = self.keys.get(&codes).and_then(|key| self.values.get(key as usize));
        let Some(values) = known.filter(|values| !values.is_empty()) else {
            if start == self.end && self.features.iter().all(|feature| !self.is_forward(feature)) {
                return Ok(Coverage::Rows(vec![Vec::new(); self.features.len()]));
            }
            if self.era == Era::Y2019 && start < self.end {
                return Err(Broken { feature: 0, step: start, rule: Rule::NoRelated });
            }
            return Ok(Coverage::Nothing);
        };
        let rows = self.features.iter().zip(values).enumerate();
        let rows = rows.map(|(at, (feature, steps))| {
            let row = self.row(feature, steps, start);
            row.map_err(|(step, rule)| Broken { feature: at, step, rule })
        });
        rows.collect::<Result<_, _>>().map(Coverage::Rows)
    }

    /// Whether a feature must cover the horizon.
    fn is_forward(&self, feature: &Feature) -> bool {
        feature.forward || (self.era == Era::Y2019 && self.horizon.is_some())
    }

    fn row(
        &self,
        feature: &Feature,
        steps: &Steps<f32>,
        start: i64,
    ) -> Result<Vec<f32>, (i64, Rule)> {
        let number = |step| steps.get(step).filter(|value| !value.is_nan());
        let until = match self.horizon {
            _ if !self.is_forward(feature) => self.end,
            Some(horizon) => self.end + horizon as i64,
            // Without a horizon to hold it against, as far as it goes.
            None => {
                let known = (self.end..steps.end()).take_while(|&step| number(step).is_some());
                self.end + known.count() as i64
            }
        };
        if until == start {
            return Ok(Vec::new());
        }
        // Steps begin and end with a value.
        if steps.is_empty() || steps.start() > start {
            return Err((start, Rule::RelatedStartsLate));
        }
        let from = steps.start();
        let missing = f64::NAN;
        let value = |step| steps.get(step).map_or(missing, f64::from);
        let mut values: Vec<f64> = (from..until).map(value).collect();
        let index = |step: i64| (step - from).max(0) as usize;
        fill(&mut values, feature.fillings, index(steps.end()), index(self.end));
        let row: Vec<f32> = values[index(start)..].iter().map(|&value| value as f32).collect();
        match (start..).zip(&row).find(|(_, value)| value.is_nan()) {
            Some((step, _)) => Err((step, self.gap(step, steps.end()))),
            None => Ok(row),
        }
    }

    /// The rule that a missing value breaks; the series has values up to `last`.
    fn gap(&self, step: i64, last: i64) -> Rule {
        let begins = |step| written(self.frequency.start_of(step));
        let may_be_filled = |name| Some(name).filter(|_| self.era == Era::Later);
        match self.horizon {
            Some(horizon) if step >= self.end && step >= last => {
                let last = begins(self.end + horizon as i64 - 1);
                Rule::RelatedTooShort { horizon, last }
            }
            _ if step >= self.end => Rule::RelatedGap { filling: may_be_filled("futurefill") },
            _ if step >= last => Rule::RelatedEndsEarly { last: begins(self.end - 1) },
            _ => Rule::RelatedGap { filling: may_be_filled("middlefill") },
        }
    }
}

struct Reader<'a> {
    request: &'a ForecastImport,
    source: &'a Source,
    parts: &'a [Vocabulary],
    clock: Clock,
    time: usize,
    /// Parts of the key, and the columns that hold them.
    key: &'a [(usize, usize)],
    /// The columns of the features.
    columns: Vec<usize>,
    /// Steps from here on are not used.
    limit: Option<i64>,
    end: i64,
    keys: Keys,
    series: Vec<Vec<Steps<f32>>>,
    /// Steps of all series, for each feature.
    points: Vec<u64>,
    features: Vec<Feature>,
    /// Rows of items that are not known.
    foreign: u64,
    beyond: bool,
    // The columns of one block; kept for their memory.
    times: Vec<DateTime>,
    codes: Vec<Vec<Option<u32>>>,
    values: Vec<Vec<f32>>,
}

impl Reader<'_> {
    fn take(&mut self, block: &Block, tallies: &mut [Tally], faults: &mut Faults) {
        let Self { source, parts, clock, key, columns, times, codes, values, .. } = self;
        times.clear();
        let (at, tally) = (self.time, &mut tallies[self.time]);
        faults.walk(at, block.column(at), |cell| {
            let time = clock.read(cell)?;
            tally.time(time);
            times.push(time);
            Ok(())
        });
        for (&(part, at), codes) in key.iter().zip(codes) {
            let texts = keys::texts(at, block, faults);
            for text in &texts {
                tallies[at].text(text);
            }
            codes.clear();
            codes.extend(texts.iter().map(|text| parts[part].encode(text)));
        }
        for (&at, values) in columns.iter().zip(values) {
            values.clear();
            let (kind, tally) = (source.schema.attributes[at].kind, &mut tallies[at]);
            faults.walk(at, block.column(at), |cell| {
                let number = Number::read(cell, kind)?;
                let value = number.or_nan() as f32;
                if value.is_infinite() {
                    return Err(Rule::Infinite);
                }
                tally.number(number);
                values.push(value);
                Ok(())
            });
        }
        if faults.is_empty() {
            self.add(block, faults);
        }
    }

    fn add(&mut self, block: &Block, faults: &mut Faults) {
        let Self { request, columns, keys, series, codes, values, .. } = self;
        let mut key = Vec::with_capacity(codes.len());
        for (index, &time) in self.times.iter().enumerate() {
            key.clear();
            key.extend(codes.iter().map_while(|codes| codes[index]));
            if key.len() < codes.len() {
                self.foreign += 1;
                continue;
            }
            let step = request.frequency.step_of(time);
            let is_beyond = self.limit.is_some_and(|limit| step >= limit);
            let number = keys.insert(key.iter().copied()) as usize;
            if series.len() <= number {
                series.resize_with(number + 1, Vec::new);
            }
            for (at, values) in values.iter().enumerate() {
                let value = values[index];
                if value.is_nan() {
                    continue;
                }
                self.features[at].forward |= step >= self.end;
                if is_beyond {
                    self.beyond = true;
                    continue;
                }
                let features = &mut series[number];
                features.resize_with(columns.len(), Steps::default);
                self.points[at] = self.points[at].saturating_add(features[at].growth(step));
                if self.points[at] > request.rules.max_points {
                    let span = step.min(features[at].start())..(step + 1).max(features[at].end());
                    let rule = too_many(request.rules.max_points, request.frequency, &span);
                    faults.add(fault(block, index, self.time, rule));
                    return;
                }
                let known = features[at].at(step, f32::NAN);
                if !known.is_nan() {
                    let forecast = request.frequency.to_string();
                    let time = written(request.frequency.start_of(step));
                    let rule = Rule::SecondInStep { time, forecast };
                    faults.add(fault(block, index, columns[at], rule));
                    return;
                }
                *known = value;
            }
        }
    }
}
