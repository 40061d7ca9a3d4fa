//! A predictor's directory.
//!
//! | file | what |
//! |---|---|
//! | `manifest.json` | format number, kind, version of ensue, sizes and checksums |
//! | `predictor.json` | the settings, the seed, frequency and dimensions of the series |
//! | `tuning.json` | what a search tried, where there was one |
//! | `keys.json` | keys of the series |
//! | `backtest.json` | the metrics |
//! | `backtest/` | what was forecast of each item in each window: first steps, actual values, forecasts, metrics |
//! | the algorithm's own | weights |

use std::path::Path;

use ensue_core::{
    Frequency, Seed,
    artifact::{ArtifactError, ArtifactReader, ArtifactWriter},
};
use serde::{Deserialize, Serialize};

use super::{
    Backtest, Predictor, PredictorError, PredictorSettings, WindowItems,
    items::{from_numbers, metric_count, to_numbers},
};
use crate::columns;

const KIND: &str = "predictor";
const PREDICTOR: &str = "predictor.json";
const TUNING: &str = "tuning.json";
const KEYS: &str = "keys.json";
const BACKTEST: &str = "backtest.json";
const FIRST: &str = "backtest/first.i64";
const ACTUAL: &str = "backtest/actual.f64";
const VALUES: &str = "backtest/values.f64";
const METRICS: &str = "backtest/metrics.f64";

/// What `predictor.json` holds.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    settings: PredictorSettings,
    seed: Seed,
    frequency: Frequency,
    dimensions: Vec<String>,
}

pub(super) fn save(predictor: &Predictor, dir: &Path) -> Result<(), PredictorError> {
    let mut out = ArtifactWriter::create(dir)?.with_kind(KIND);
    write(predictor, &mut out)?;
    Ok(out.commit()?)
}

/// Everything but the commit.
fn write(predictor: &Predictor, out: &mut ArtifactWriter) -> Result<(), ArtifactError> {
    let header = Header {
        settings: predictor.settings.clone(),
        seed: predictor.seed,
        frequency: predictor.frequency,
        dimensions: predictor.dimensions.clone(),
    };
    out.write_json(PREDICTOR, &header)?;
    if let Some(tuning) = &predictor.tuning {
        out.write_json(TUNING, tuning)?;
    }
    out.write_json(KEYS, &predictor.keys)?;
    out.write_json(BACKTEST, &predictor.backtest)?;
    let windows = || predictor.items.iter();
    let numbers = |column: fn(&WindowItems) -> &Vec<f64>| {
        windows().flat_map(column).map(|number| number.to_le_bytes())
    };
    let levels = predictor.settings.quantiles();
    let first = windows().flat_map(|window| &window.first).map(|step| step.to_le_bytes());
    columns::write(out, FIRST, first)?;
    columns::write(out, ACTUAL, numbers(|window| &window.actual))?;
    columns::write(out, VALUES, numbers(|window| &window.values))?;
    let metrics = windows()
        .flat_map(|window| &window.metrics)
        .flat_map(|metrics| to_numbers(metrics.as_ref(), &levels));
    columns::write(out, METRICS, metrics.map(f64::to_le_bytes))?;
    predictor.model.save(out)
}

pub(super) fn load(dir: &Path, device: &str) -> Result<Predictor, PredictorError> {
    let reader = ArtifactReader::open(dir)?.expect_kind(KIND)?;
    let Header { settings, seed, frequency, dimensions } = reader.read_json(PREDICTOR)?;
    settings.check()?;
    let keys: Vec<Vec<String>> = reader.read_json(KEYS)?;
    if keys.iter().any(|key| key.len() != dimensions.len()) {
        let reason = format!("a key does not have {} parts", dimensions.len());
        return Err(reader.invalid(KEYS, reason).into());
    }
    let backtest: Backtest = reader.read_json(BACKTEST)?;
    let windows = settings.backtest.number_of_backtest_windows;
    let sound = backtest
        .predictor_evaluation_results
        .iter()
        .all(|result| result.test_windows.len() == windows + 1);
    let own = backtest.predictor_evaluation_results.first();
    if !sound || own.is_none_or(|own| own.algorithm != settings.algorithm.name()) {
        let reason = format!("it is not of the {windows} windows of {PREDICTOR}");
        return Err(reader.invalid(BACKTEST, reason).into());
    }
    let items = items(&reader, &settings, keys.len())?;
    let model = settings.algorithm.load(&reader, device)?;
    // The files are whole, but may come from different predictors.
    if model.horizon() != settings.horizon {
        let reason = format!(
            "its horizon is {}, that of the fitted algorithm {}",
            settings.horizon,
            model.horizon()
        );
        return Err(reader.invalid(PREDICTOR, reason).into());
    }
    let tuning = reader.contains(TUNING).then(|| reader.read_json(TUNING)).transpose()?;
    Ok(Predictor { settings, seed, frequency, dimensions, backtest, tuning, keys, items, model })
}

fn items(
    reader: &ArtifactReader,
    settings: &PredictorSettings,
    items: usize,
) -> Result<Vec<WindowItems>, ArtifactError> {
    let (horizon, types) = (settings.horizon, settings.forecast_types.len());
    let levels = settings.quantiles();
    let rows = settings.backtest.number_of_backtest_windows * items;
    let read = |name, each: usize| columns::read(reader, name, rows * each, f64::from_le_bytes);
    let first = columns::read(reader, FIRST, rows, i64::from_le_bytes)?;
    let actual = read(ACTUAL, horizon)?;
    let values = read(VALUES, types * horizon)?;
    let metrics = read(METRICS, metric_count(&levels))?;
    let windows = (0..settings.backtest.number_of_backtest_windows).map(|window| {
        let part = |numbers: &[f64], each: usize| {
            numbers[window * items * each..][..items * each].to_vec()
        };
        let numbers = part(&metrics, metric_count(&levels));
        let metrics = numbers.chunks_exact(metric_count(&levels));
        WindowItems {
            horizon,
            types,
            first: first[window * items..][..items].to_vec(),
            actual: part(&actual, horizon),
            values: part(&values, types * horizon),
            metrics: metrics.map(|numbers| from_numbers(numbers, &levels)).collect(),
        }
    });
    Ok(windows.collect())
}
