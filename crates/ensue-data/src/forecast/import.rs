//! The request, and the import from end to end.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::path::PathBuf;

use ensue_core::series::FrequencyUnit;
use ensue_core::{Frequency, Panel, Progress, Run, Series};

use super::metadata::{self, Metadata};
use super::related::{self, Coverage, Related};
use super::schema::MAX_DIMENSIONS;
use super::statistics::DatasetStatistics;
use super::target::{self, Target, too_many};
use super::time::written;
use super::{DatasetType, Domain, Era, Rules, Schema};
use crate::Vocabulary;
use crate::error::{DataError, Rule};
use crate::import::Format;

/// A file of a forecast dataset group, and what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Where it is.
    pub path: PathBuf,
    /// Its columns.
    pub schema: Schema,
    /// How it is written; `None` goes by the file name.
    pub format: Option<Format>,
    /// Whether a CSV file begins with a header; `None` looks at its first record, which is a header when
    /// a cell is the name of an attribute or no cell of a time or number has a digit. Of metadata with
    /// text alone, a first record under other names than the schema's is a row; there is a warning
    /// where that shows.
    pub header: Option<bool>,
    /// How often the data are observed. For the target `None` takes the forecast frequency; related
    /// series must have the forecast frequency in any case.
    pub frequency: Option<Frequency>,
}

impl Source {
    /// A file whose name tells its format, with or without a header.
    pub fn new(path: impl Into<PathBuf>, schema: Schema) -> Self {
        Self { path: path.into(), schema, format: None, header: None, frequency: None }
    }

    /// The same in this format.
    pub fn with_format(self, format: Format) -> Self {
        Self { format: Some(format), ..self }
    }

    /// The same with or without a header, whatever its first record looks like.
    pub fn with_header(self, header: bool) -> Self {
        Self { header: Some(header), ..self }
    }

    /// The same, observed this often.
    pub fn with_frequency(self, frequency: Frequency) -> Self {
        Self { frequency: Some(frequency), ..self }
    }
}

/// Which files make a forecast dataset group, what is to be forecast from them, and under which rules.
#[derive(Clone, Debug, PartialEq)]
pub struct ForecastImport {
    /// What is forecast; gives names to the fields.
    pub domain: Domain,
    /// How often a forecast has a step.
    pub frequency: Frequency,
    /// Forecast dimensions beside the item: columns of the target. Without one, what they hold apart is
    /// aggregated.
    pub dimensions: Vec<String>,
    /// Steps that will be forecast; related series are held against them. `None` leaves that to later.
    pub horizon: Option<usize>,
    /// What is forecast.
    pub target: Source,
    /// What is known beside it at each step.
    pub related: Option<Source>,
    /// What is known about each item.
    pub metadata: Option<Source>,
    /// What is accepted, and what is made of it.
    pub rules: Rules,
}

impl ForecastImport {
    /// Target series alone, by item, under the default rules.
    pub fn new(domain: Domain, frequency: Frequency, target: Source) -> Self {
        Self {
            domain,
            frequency,
            dimensions: Vec::new(),
            horizon: None,
            target,
            related: None,
            metadata: None,
            rules: Rules::default(),
        }
    }

    /// The same with these forecast dimensions beside the item.
    pub fn with_dimensions<N: Into<String>>(self, dimensions: impl IntoIterator<Item = N>) -> Self {
        Self { dimensions: dimensions.into_iter().map(Into::into).collect(), ..self }
    }

    /// The same with so many steps to forecast.
    pub fn with_horizon(self, horizon: usize) -> Self {
        Self { horizon: Some(horizon), ..self }
    }

    /// The same with related series.
    pub fn with_related(self, related: Source) -> Self {
        Self { related: Some(related), ..self }
    }

    /// The same with metadata of the items.
    pub fn with_metadata(self, metadata: Source) -> Self {
        Self { metadata: Some(metadata), ..self }
    }

    /// The same under other rules.
    pub fn with_rules(self, rules: Rules) -> Self {
        Self { rules, ..self }
    }

    /// Holds schemas, dimensions, frequencies and rules against each other; no file is opened.
    ///
    /// # Errors
    /// For the first that does not fit, with the rule it breaks.
    pub fn check(&self) -> Result<(), DataError> {
        let schema = |source: &Source, dataset| {
            let Self { domain, dimensions, rules, .. } = self;
            let checked = source.schema.check(*domain, dataset, dimensions, rules.era);
            checked.map_err(|error| DataError::attributes(&source.path, error))
        };
        schema(&self.target, DatasetType::TargetTimeSeries)?;
        self.check_dimensions().map_err(|rule| DataError::setting("dimensions", rule))?;
        if let Some(related) = &self.related {
            schema(related, DatasetType::RelatedTimeSeries)?;
        }
        if let Some(metadata) = &self.metadata {
            schema(metadata, DatasetType::ItemMetadata)?;
        }
        self.check_frequencies()?;
        if self.horizon == Some(0) {
            return Err(DataError::setting("horizon", Rule::AtLeastOne));
        }
        let related = self.related.as_ref().map(|source| &source.schema);
        self.rules.check(self.domain, related, self.horizon)
    }

    fn check_dimensions(&self) -> Result<(), Rule> {
        let not = |name: &String, reason| Rule::NotDimension { name: name.clone(), reason };
        let found = self.dimensions.len();
        if found > MAX_DIMENSIONS {
            return Err(Rule::TooManyDimensions { found, limit: MAX_DIMENSIONS });
        }
        for (at, name) in self.dimensions.iter().enumerate() {
            if self.dimensions[..at].contains(name) {
                return Err(Rule::NamedTwice(name.clone()));
            }
            let Some(attribute) = self.target.schema.attribute(name) else {
                let of = "TARGET_TIME_SERIES";
                return Err(Rule::NoSuchAttribute { name: name.clone(), of });
            };
            if name == self.domain.item() {
                return Err(not(name, "the item always is one"));
            }
            if !attribute.kind.is_text() {
                return Err(not(name, "it is no string"));
            }
        }
        Ok(())
    }

    fn check_frequencies(&self) -> Result<(), DataError> {
        let forecast = self.frequency;
        let old = match forecast.unit() {
            FrequencyUnit::Minute => [1, 5, 10, 15, 30].contains(&forecast.every()),
            _ => forecast.every() == 1,
        };
        let refused = |rule| Err(DataError::setting("frequency", rule));
        if self.rules.era == Era::Y2019 && !old {
            return refused(Rule::FrequencyOf2019(forecast.to_string()));
        }
        if let Some(data) = self.target.frequency.filter(|&data| !forecast.is_no_finer_than(data)) {
            let (forecast, data) = (forecast.to_string(), data.to_string());
            return refused(Rule::FrequencyTooFine { forecast, data });
        }
        if let Some(related) = &self.related
            && let Some(found) = related.frequency.filter(|&found| found != forecast)
        {
            let (found, forecast) = (found.to_string(), forecast.to_string());
            let rule = Rule::RelatedFrequency { found, forecast };
            return Err(DataError::file(&related.path, rule));
        }
        Ok(())
    }
}

/// Steps that take as much memory as a series without any.
const STEPS_OF_EMPTY_SERIES: u64 = 32;

/// Everything that forecasting algorithms learn from.
#[derive(Clone, Debug)]
pub struct ForecastGroup {
    /// What is forecast.
    pub domain: Domain,
    /// The series, sorted by item and dimensions. All of them end with the latest step of the target
    /// over all items; those without history have no target.
    pub panel: Panel,
    /// What each file holds.
    pub statistics: Vec<DatasetStatistics>,
    /// Rows of the target whose step had a value already.
    pub aggregated_rows: u64,
    /// What was accepted but deserves a look.
    pub warnings: Vec<String>,
}

impl ForecastGroup {
    /// Reads a forecast dataset group from its files.
    ///
    /// Rows are read in blocks, so that memory grows with the number of steps, and not with that of the
    /// rows. Progress and warnings go to the run; its cancel flag ends the import.
    ///
    /// # Errors
    /// For the first rule that a file, a schema or the request breaks, with its place; see
    /// [`DataError`]. Nothing is returned then.
    pub fn import(request: &ForecastImport, run: &mut Run) -> Result<Self, DataError> {
        request.check()?;
        let mut target = target::import(request, run)?;
        target.check_points(request)?;
        let mut warnings = std::mem::take(&mut target.warnings);
        let with_rows = target.parts[0].len();
        let metadata = match &request.metadata {
            Some(source) => {
                let items = &mut target.parts[0];
                Some(metadata::import(source, request.domain, items, run)?)
            }
            None => None,
        };
        let end = target.span.end;
        let related = match &request.related {
            Some(source) => Some(related::import(source, request, &target.parts, end, run)?),
            None => None,
        };
        let mut drafts = drafts(request, &mut target, with_rows, &mut warnings)?;
        if related.is_some() {
            check_horizon(request, &target, drafts.len())?;
        }
        drafts.sort_by(|one, other| one.compare(other, &target.parts));
        let series = Assembly {
            request,
            parts: &target.parts,
            metadata: metadata.as_ref(),
            related: related.as_ref(),
        };
        let series = series.build(drafts, &mut warnings)?;
        let mut statistics = vec![target.statistics];
        let (mut names, mut features) = (Vec::new(), Vec::new());
        if let Some(related) = related {
            statistics.push(related.statistics);
            warnings.extend(related.warnings);
            names = related.names;
        }
        if let Some(metadata) = metadata {
            let (domain, era) = (request.domain, request.rules.era);
            if domain.fields(DatasetType::ItemMetadata, era).len() == 1 {
                let dataset = DatasetType::ItemMetadata.name();
                warnings.push(format!("the {domain} domain has no {dataset}; it is used as it is"));
            }
            statistics.push(metadata.statistics);
            warnings.extend(metadata.warnings);
            features = metadata.features;
        }
        let item = request.domain.item().to_owned();
        let dimensions = [item].into_iter().chain(request.dimensions.iter().cloned()).collect();
        let panel = Panel::with(request.frequency, dimensions, names, features, Vec::new(), series)
            .expect("keys are distinct, values finite, and counts those of the request");
        for message in &warnings {
            run.emit(Progress::Warning { message: message.clone() });
        }
        let (domain, aggregated_rows) = (request.domain, target.aggregated);
        Ok(Self { domain, panel, statistics, aggregated_rows, warnings })
    }
}

/// Refuses a horizon over which the related series would not fit into memory.
fn check_horizon(
    request: &ForecastImport,
    target: &Target,
    series: usize,
) -> Result<(), DataError> {
    let limit = request.rules.max_points;
    let horizon = request.horizon.unwrap_or_default();
    if (horizon as u64).saturating_mul(series as u64) <= limit {
        return Ok(());
    }
    let horizon = i64::try_from(horizon).unwrap_or(i64::MAX);
    let span = target.span.start..target.span.end.saturating_add(horizon);
    Err(DataError::setting("horizon", too_many(limit, request.frequency, &span)))
}

/// Refuses more series of items that only the metadata have than would fit into memory.
fn check_without_history(
    request: &ForecastImport,
    items: usize,
    combinations: usize,
) -> Result<(), DataError> {
    let Some(metadata) = &request.metadata else { return Ok(()) };
    let (steps, limit) = (STEPS_OF_EMPTY_SERIES, request.rules.max_points);
    let (items, combinations) = (items as u64, combinations as u64);
    if items.saturating_mul(combinations).saturating_mul(steps) <= limit {
        return Ok(());
    }
    let rule = Rule::TooManyWithoutHistory { items, combinations, steps, limit };
    Err(DataError::file(&metadata.path, rule))
}

/// A series to be.
struct Draft {
    /// Codes of its key's parts.
    codes: Vec<u32>,
    start: i64,
    target: Vec<f64>,
}

impl Draft {
    fn key<'a>(&'a self, parts: &'a [Vocabulary]) -> impl Iterator<Item = &'a str> {
        let codes = self.codes.iter().zip(parts);
        codes.map(|(&code, part)| part.decode(code).expect("the code is the vocabulary's"))
    }

    fn compare(&self, other: &Self, parts: &[Vocabulary]) -> Ordering {
        self.key(parts).cmp(other.key(parts))
    }
}

/// The series of the target, and those without history of items that only the metadata have.
fn drafts(
    request: &ForecastImport,
    target: &mut Target,
    with_rows: usize,
    warnings: &mut Vec<String>,
) -> Result<Vec<Draft>, DataError> {
    let filled = target.filled(request).into_iter().map(|(number, start, target_values)| Draft {
        codes: target.keys.codes(number),
        start,
        target: target_values,
    });
    let mut drafts: Vec<Draft> = filled.collect();
    let empty = drafts.iter().filter(|draft| draft.target.is_empty()).count();
    if empty > 0 {
        warnings.push(format!(
            "{empty} series of {} have no value; they are series without history",
            DatasetType::TargetTimeSeries.name()
        ));
    }
    let others: BTreeSet<Vec<u32>> = drafts.iter().map(|draft| draft.codes[1..].to_vec()).collect();
    check_without_history(request, target.parts[0].len() - with_rows, others.len())?;
    let start = target.span.end;
    for item in with_rows..target.parts[0].len() {
        drafts.extend(others.iter().map(|others| Draft {
            codes: [item as u32].iter().chain(others).copied().collect(),
            start,
            target: Vec::new(),
        }));
    }
    Ok(drafts)
}

/// What makes series of drafts.
struct Assembly<'a> {
    request: &'a ForecastImport,
    parts: &'a [Vocabulary],
    metadata: Option<&'a Metadata>,
    related: Option<&'a Related>,
}

impl Assembly<'_> {
    fn build(
        &self,
        drafts: Vec<Draft>,
        warnings: &mut Vec<String>,
    ) -> Result<Vec<Series>, DataError> {
        let (mut series, all) = (Vec::with_capacity(drafts.len()), drafts.len());
        for draft in drafts {
            let rows = match self.related {
                Some(related) => match self.rows(related, &draft)? {
                    Coverage::Rows(rows) => rows,
                    Coverage::Nothing => continue,
                },
                None => Vec::new(),
            };
            let categories = self.metadata.map_or_else(Vec::new, |known| known.of(draft.codes[0]));
            let key: Vec<_> = draft.key(self.parts).map(str::to_owned).collect();
            let one = Series::new(key, draft.start, draft.target);
            series.push(one.with_related(rows).with_categories(categories));
        }
        let left_out = all - series.len();
        if left_out > 0 {
            warnings.push(format!(
                "{left_out} of {all} series have no related series and are left out: related series \
                 restrict the group to their items"
            ));
        }
        if !series.iter().any(|one| !one.is_empty()) {
            return Err(DataError::too_small(&self.request.target.path, Rule::NothingCovered));
        }
        Ok(series)
    }

    fn rows(&self, related: &Related, draft: &Draft) -> Result<Coverage, DataError> {
        related.of(&draft.codes, draft.start).map_err(|broken| {
            let source = self.request.related.as_ref().expect("there are related series");
            DataError::Related {
                file: source.path.clone(),
                key: draft.key(self.parts).map(str::to_owned).collect(),
                feature: related.names[broken.feature].as_str().into(),
                time: written(self.request.frequency.start_of(broken.step)).into(),
                rule: broken.rule.into(),
            }
        })
    }
}
