//! From paths on the command line to an import request.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use ensue::data::forecast::DatasetType;
use ensue::prelude::*;
use flate2::read::MultiGzDecoder;

use super::options::Tables;
use super::plan::Plan;
use crate::{About, AnyError};

/// Longest header that is looked at, in bytes.
const LONGEST_HEADER: u64 = 1 << 16;

/// The import of the tables as the plan wants it.
pub(super) fn request(tables: &Tables, plan: &Plan) -> Result<ForecastImport, AnyError> {
    let table = |path: &Path, schema: &Option<_>, dataset| match schema {
        Some(file) => by_schema(path, file),
        None => by_header(path, plan, dataset),
    };
    let target = table(&tables.target, &tables.target_schema, DatasetType::TargetTimeSeries)?;
    let mut request = ForecastImport::new(plan.domain, plan.frequency, target)
        .with_dimensions(&plan.dimensions)
        .with_horizon(plan.settings.horizon)
        .with_rules(plan.rules.clone());
    if let Some(related) = &tables.related {
        let source = table(related, &tables.related_schema, DatasetType::RelatedTimeSeries)?;
        request = request.with_related(source);
    }
    if let Some(metadata) = &tables.metadata {
        let source = table(metadata, &tables.metadata_schema, DatasetType::ItemMetadata)?;
        request = request.with_metadata(source);
    }
    Ok(request)
}

fn by_schema(table: &Path, schema: impl AsRef<Path>) -> Result<ForecastSource, AnyError> {
    let path = schema.as_ref();
    let schema = ForecastSchema::from_path(path).map_err(|error| About::file(path, error))?;
    Ok(ForecastSource::new(table, schema))
}

/// A table whose header says what it holds. Names are enough: what the domain does not know can only be a dimension in the
/// target, a dimension or a number in the related series, and a category in the metadata.
fn by_header(table: &Path, plan: &Plan, dataset: DatasetType) -> Result<ForecastSource, AnyError> {
    let flag = match dataset {
        DatasetType::TargetTimeSeries => "--target-schema",
        DatasetType::RelatedTimeSeries => "--related-schema",
        DatasetType::ItemMetadata => "--metadata-schema",
    };
    if table.extension().is_some_and(|extension| extension == "parquet") {
        Err(About::file(table, format!("a Parquet table needs its {flag}")))?;
    }
    let header = header(table).map_err(|error| About::file(table, error))?;
    let names: Vec<&str> = header.split(',').map(|name| name.trim().trim_matches('"')).collect();
    let item = plan.domain.item();
    if !names.contains(&item) {
        let reason = format!(
            "its first line names no {item}, the item of the {} domain; if it is no header, {flag} says what is \
             in the columns",
            plan.domain
        );
        Err(About::file(table, reason))?;
    }
    let known = plan.domain.fields(dataset, plan.rules.era);
    let kind = |name: &str| {
        let field = known.iter().find(|field| field.name == name);
        let number = dataset == DatasetType::RelatedTimeSeries
            && !plan.dimensions.iter().any(|dimension| dimension == name);
        let other = if number { AttributeType::Float } else { AttributeType::String };
        field.map_or(other, |field| field.kind)
    };
    let schema = ForecastSchema::new(names.iter().map(|&name| (name, kind(name))));
    Ok(ForecastSource::new(table, schema).with_header(true))
}

/// The first line of a CSV file, gzipped or not.
fn header(table: &Path) -> io::Result<String> {
    let file = File::open(table)?;
    let gzip = table.extension().is_some_and(|extension| extension == "gz");
    let bytes: Box<dyn Read> =
        if gzip { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
    let mut line = Vec::new();
    BufReader::new(bytes.take(LONGEST_HEADER)).read_until(b'\n', &mut line)?;
    // What is not UTF-8 is refused by the import, with its place.
    let line = String::from_utf8_lossy(&line);
    Ok(line.trim_start_matches('\u{feff}').trim_end().to_owned())
}
