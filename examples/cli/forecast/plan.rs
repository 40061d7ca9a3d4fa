//! From a settings file and flags to predictor settings and what is needed to read the tables.
//!
//! ```toml
//! horizon = 28
//!
//! [algorithm]
//! algorithm = "Deep_AR_Plus"
//! epochs = 50
//!
//! [backtest]
//! number_of_backtest_windows = 2
//!
//! [import]
//! domain = "RETAIL"
//! frequency = "D"
//! featurizations = [{ attribute = "demand", backfill = "nan" }]
//! ```

use ensue::prelude::*;
use serde_json::{Map, Value, from_value, json};

use super::options::{Tables, TrainOptions};
use crate::AnyError;
use crate::options::Settings;
use crate::settings::{read, set, set_named};

const DEFAULT_ALGORITHM: &str = "Deep_AR_Plus";

/// What to train on, and how.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) settings: PredictorSettings,
    pub(super) domain: Domain,
    pub(super) frequency: Frequency,
    pub(super) dimensions: Vec<String>,
    pub(super) rules: ForecastRules,
}

/// The settings file, overridden by flags, overridden by named settings.
pub(super) fn plan(options: &TrainOptions) -> Result<Plan, AnyError> {
    let mut tree = options.settings.file.as_deref().map_or_else(|| Ok(json!({})), read)?;
    if let Some(algorithm) = &options.algorithm {
        // Settings of another algorithm make no sense to this one.
        if tree.pointer("/algorithm/algorithm").is_some_and(|named| named != algorithm.as_str()) {
            tree["algorithm"] = json!({});
        }
        set(&mut tree, "algorithm.algorithm", json!(algorithm))?;
    } else if tree.pointer("/algorithm/algorithm").is_none() {
        set(&mut tree, "algorithm.algorithm", json!(DEFAULT_ALGORITHM))?;
    }
    set_tables(&mut tree, &options.tables)?;
    let flags = [
        ("horizon", options.horizon.map(|horizon| json!(horizon))),
        ("forecast_types", (!options.quantiles.is_empty()).then(|| json!(options.quantiles))),
        ("backtest.number_of_backtest_windows", options.windows.map(|windows| json!(windows))),
        ("backtest.back_test_window_offset", options.offset.map(|offset| json!(offset))),
        (
            "supplementary_features",
            options.holidays.as_ref().map(|code| json!([{"name": "holiday", "value": code}])),
        ),
    ];
    for (name, value) in flags {
        if let Some(value) = value {
            set(&mut tree, name, value)?;
        }
    }
    options.search.set(&mut tree)?;
    set_named(&mut tree, &options.settings)?;
    let import = Import::take(&mut tree)?;
    let Some(frequency) = import.frequency else {
        return Err("how often the forecast has a step is not said: --frequency D, for one".into());
    };
    if tree.get("horizon").is_none() {
        return Err("how many steps to forecast is not said: --horizon 28, for one".into());
    }
    let plan = Plan {
        domain: import.domain,
        frequency,
        dimensions: import.dimensions.unwrap_or_default(),
        rules: import.rules,
        settings: from_value(tree).map_err(|error| format!("settings: {error}"))?,
    };
    plan.settings.check()?;
    Ok(plan)
}

/// How the tables of a trained predictor are read again: frequency and dimensions are the predictor's, the domain and the
/// rules those of the settings of its training.
pub(super) fn again(
    predictor: &Predictor,
    tables: &Tables,
    settings: &Settings,
) -> Result<Plan, AnyError> {
    let mut tree = settings.file.as_deref().map_or_else(|| Ok(json!({})), read)?;
    set_tables(&mut tree, tables)?;
    let about_import = |name: &str| name.split('.').next() == Some("import");
    if let Some((name, _)) = settings.named.iter().find(|(name, _)| !about_import(name)) {
        Err(format!(
            "setting {name}: the predictor is trained; only settings of the import count here"
        ))?;
    }
    set_named(&mut tree, settings)?;
    let import = Import::take(&mut tree)?;
    let dimensions: Vec<String> = predictor.dimensions().iter().skip(1).cloned().collect();
    let other = |names: &Vec<String>| {
        names.len() != dimensions.len() || !names.iter().all(|name| dimensions.contains(name))
    };
    if let Some(names) = import.dimensions.filter(other) {
        let [names, dimensions] = [names, dimensions].map(|names| names.join(", "));
        return Err(format!("dimensions: {names:?}, but the predictor has {dimensions:?}").into());
    }
    Ok(Plan {
        domain: import.domain,
        frequency: import.frequency.unwrap_or(predictor.frequency()),
        dimensions,
        rules: import.rules,
        settings: predictor.settings().clone(),
    })
}

/// Flags that say how tables are read.
fn set_tables(tree: &mut Value, tables: &Tables) -> Result<(), AnyError> {
    let flags = [
        ("import.domain", tables.domain.map(|domain| json!(domain))),
        ("import.frequency", tables.frequency.map(|frequency| json!(frequency))),
        ("import.dimensions", (!tables.dimensions.is_empty()).then(|| json!(tables.dimensions))),
    ];
    for (name, value) in flags {
        if let Some(value) = value {
            set(tree, name, value)?;
        }
    }
    Ok(())
}

/// What settings say of reading tables.
struct Import {
    domain: Domain,
    frequency: Option<Frequency>,
    dimensions: Option<Vec<String>>,
    rules: ForecastRules,
}

impl Import {
    fn take(tree: &mut Value) -> Result<Self, AnyError> {
        let import = tree.as_object_mut().and_then(|tree| tree.remove("import"));
        let mut import = match import {
            None => Map::new(),
            Some(Value::Object(import)) => import,
            Some(_) => return Err("settings: import: not a table of settings".into()),
        };
        let mut take = |name: &str| import.remove(name).unwrap_or_default();
        let (domain, frequency, dimensions) =
            (take("domain"), take("frequency"), take("dimensions"));
        let about = |what: &'static str| move |error| format!("settings: {what}: {error}");
        let domain: Option<Domain> = from_value(domain).map_err(about("import.domain"))?;
        Ok(Self {
            domain: domain.unwrap_or(Domain::Custom),
            frequency: from_value(frequency).map_err(about("import.frequency"))?,
            dimensions: from_value(dimensions).map_err(about("import.dimensions"))?,
            rules: from_value(Value::Object(import)).map_err(about("import"))?,
        })
    }
}
