//! `ensue forecast explain`.

use ensue::prelude::*;
use serde_json::{Map, Value, json};

use super::options::ExplainOptions;
use super::what_if::{asked, check_table};
use crate::AnyError;

pub(super) fn explain(options: &ExplainOptions) -> Result<(), AnyError> {
    check_table(options.out.as_deref())?;
    let (predictor, panel, seed) = asked(&options.asked)?;
    let mut settings =
        ExplainSettings { forecast_type: options.forecast_type, ..ExplainSettings::default() };
    if options.relaxed {
        settings = settings.with_limits(ExplainabilityLimits::Relaxed);
    }
    for item in &options.items {
        let ours = || panel.series().iter().filter(|series| series.key().first() == Some(item));
        if ours().next().is_none() {
            Err(format!("there is no item {item:?} to explain"))?;
        }
        settings.series.extend(ours().map(|series| series.key().to_vec()));
    }
    let explained = predictor.explain(&panel, &settings, seed)?;
    if let Some(file) = &options.out {
        explained.export(file)?;
    }
    if options.json {
        let named = |impacts: Vec<f64>| -> Value {
            let named =
                explained.attributes().iter().cloned().zip(impacts.into_iter().map(Value::from));
            named.collect::<Map<String, Value>>().into()
        };
        let series = explained.keys().iter().enumerate();
        let series =
            series.map(|(at, key)| json!({"key": key, "impact": named(explained.item_impact(at))}));
        let answer = json!({
            "seed": seed,
            "forecast_type": explained.forecast_type(),
            "impact": named(explained.impact()),
            "series": series.collect::<Vec<Value>>(),
        });
        println!("{answer}");
        return Ok(());
    }
    print!("{explained}");
    if let Some(file) = &options.out {
        println!("written: {}", file.display());
    }
    Ok(())
}
