//! A forecast's directory: `forecast.json`, `keys.json`, and the numbers.

use std::path::Path;

use ensue_core::artifact::{ArtifactError, ArtifactReader, ArtifactWriter};

use super::{Forecast, Header};
use crate::columns;

const KIND: &str = "forecast";
const HEADER: &str = "forecast.json";
const KEYS: &str = "keys.json";
const FIRST: &str = "first.i64";
const VALUES: &str = "values.f64";

pub(super) fn save(forecast: &Forecast, dir: &Path) -> Result<(), ArtifactError> {
    let mut out = ArtifactWriter::create(dir)?.with_kind(KIND);
    out.write_json(HEADER, &forecast.header)?;
    out.write_json(KEYS, &forecast.keys)?;
    columns::write(&mut out, FIRST, forecast.first.iter().map(|step| step.to_le_bytes()))?;
    columns::write(&mut out, VALUES, forecast.values.iter().map(|value| value.to_le_bytes()))?;
    out.commit()
}

pub(super) fn load(dir: &Path) -> Result<Forecast, ArtifactError> {
    let reader = ArtifactReader::open(dir)?.expect_kind(KIND)?;
    let header: Header = reader.read_json(HEADER)?;
    let keys: Vec<Vec<String>> = reader.read_json(KEYS)?;
    if keys.iter().any(|key| key.len() != header.dimensions.len()) {
        let reason = format!("a key does not have {} parts", header.dimensions.len());
        return Err(reader.invalid(KEYS, reason));
    }
    let first = columns::read(&reader, FIRST, keys.len(), i64::from_le_bytes)?;
    let count = keys.len() * header.forecast_types.len() * header.horizon;
    let values = columns::read(&reader, VALUES, count, f64::from_le_bytes)?;
    Ok(Forecast::from_parts(header, keys, first, values))
}
