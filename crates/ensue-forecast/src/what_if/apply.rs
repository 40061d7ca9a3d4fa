//! Transformations put to a panel.

use std::cell::Cell;

use ensue_core::{Panel, Series};
use jiff::civil::DateTime;

use super::{
    Condition, Operation, TimeSeriesCondition, TimeSeriesTransformation, WhatIfError, error::listed,
};

/// Most transformations (Amazon's limit).
const MOST_TRANSFORMATIONS: usize = 30;
/// Most conditions of a transformation (Amazon's limit).
const MOST_CONDITIONS: usize = 10;
/// Names of the time, where no related series, dimension or metadata field has them.
const TIMES: [&str; 2] = ["timestamp", "date"];

/// A transformation whose names were found in the panel.
struct Ready {
    /// Place of the related series that changes.
    row: usize,
    operation: Operation,
    value: f64,
    tests: Vec<(Condition, About)>,
}

/// What a condition compares with what.
enum About {
    /// Part of the key.
    Key(usize, String),
    /// Category of a static feature.
    Category(usize, u32),
    /// Static number.
    Real(usize, f32),
    /// Value of a related series at a step.
    Related(usize, f32),
    /// When a step begins.
    Time(DateTime),
}

pub(super) fn transformed(
    panel: &Panel,
    horizon: usize,
    transformations: &[TimeSeriesTransformation],
) -> Result<Panel, WhatIfError> {
    limited("transformations".to_owned(), transformations.len(), MOST_TRANSFORMATIONS)?;
    let ready = transformations.iter().enumerate().map(|(at, one)| ready(panel, at + 1, one));
    let ready = ready.collect::<Result<Vec<Ready>, _>>()?;
    let series = panel.series().iter().map(|series| changed(panel, horizon, series, &ready));
    Ok(with_series(panel, &series.collect::<Result<Vec<Series>, _>>()?))
}

/// The panel with other series in the places of its own, with the same keys.
pub(super) fn with_series(panel: &Panel, series: &[Series]) -> Panel {
    let at = Cell::new(0);
    panel.map(|_| series[at.replace(at.get() + 1)].clone())
}

fn limited(what: String, found: usize, most: usize) -> Result<(), WhatIfError> {
    if found > most { Err(WhatIfError::TooMany { what, found, most }) } else { Ok(()) }
}

/// Checks a transformation, and finds its names in the panel.
fn ready(
    panel: &Panel,
    number: usize,
    one: &TimeSeriesTransformation,
) -> Result<Ready, WhatIfError> {
    let wrong = |field, value: String, rule: String| {
        Err(WhatIfError::Transformation { number, field, value, rule })
    };
    let action = &one.action;
    let found = panel.related().iter().position(|name| *name == action.attribute_name);
    let Some(row) = found else {
        let known = listed(panel.related());
        let rule = format!("only related series can change, and there are: {known}");
        return wrong("Action.AttributeName", action.attribute_name.clone(), rule);
    };
    if !action.value.is_finite() {
        let rule = "it must be a finite number".to_owned();
        return wrong("Action.Value", action.value.to_string(), rule);
    }
    if action.operation == Operation::Divide && action.value == 0.0 {
        let rule = "nothing can be divided by it".to_owned();
        return wrong("Action.Value", action.value.to_string(), rule);
    }
    let conditions = &one.time_series_conditions;
    limited(format!("conditions of transformation {number}"), conditions.len(), MOST_CONDITIONS)?;
    let tests = conditions.iter().map(|condition| {
        let wrong =
            |(field, value, rule)| WhatIfError::Transformation { number, field, value, rule };
        Ok((condition.condition, about(panel, condition).map_err(wrong)?))
    });
    let tests = tests.collect::<Result<_, WhatIfError>>()?;
    Ok(Ready { row, operation: action.operation, value: action.value, tests })
}

/// A field, its value, and the rule it broke.
type Wrong = (&'static str, String, String);

/// Checks a condition, and finds its names in the panel.
fn about(panel: &Panel, one: &TimeSeriesCondition) -> Result<About, Wrong> {
    let (name, value) = (&one.attribute_name, &one.attribute_value);
    let wrong_value = |rule: String| ("AttributeValue", value.clone(), rule);
    let number = || {
        let number = value.trim().parse().ok().filter(|x: &f32| x.is_finite());
        number.ok_or_else(|| wrong_value(format!("{name} is compared with a number")))
    };
    let text = || match one.condition {
        Condition::Equals | Condition::NotEquals => Ok(()),
        Condition::LessThan | Condition::GreaterThan => {
            let rule = format!("{name} is a text, which can be EQUALS or NOT_EQUALS only");
            Err(("Condition", one.condition.name().to_owned(), rule))
        }
    };
    if let Some(row) = panel.related().iter().position(|known| known == name) {
        return Ok(About::Related(row, number()?));
    }
    if let Some(part) = panel.dimensions().iter().position(|known| known == name) {
        text()?;
        // A value that nothing has is a mistake in writing: it would change nothing, silently.
        if !panel.series().iter().any(|series| series.key()[part] == *value) {
            return Err(wrong_value(format!("no series has it as its {name}")));
        }
        return Ok(About::Key(part, value.clone()));
    }
    if let Some(feature) = panel.features().iter().position(|known| known.name == *name) {
        text()?;
        let code = panel.features()[feature].categories.iter().position(|known| known == value);
        let code = code.ok_or_else(|| wrong_value(format!("no item has it as its {name}")))?;
        return Ok(About::Category(feature, code as u32));
    }
    if let Some(real) = panel.reals().iter().position(|known| known == name) {
        return Ok(About::Real(real, number()?));
    }
    if TIMES.contains(&name.as_str()) {
        let rule = || wrong_value("a time is written 2025-02-04 or 2025-02-04T18:00:00".to_owned());
        let time: DateTime = value.trim().parse().map_err(|_| rule())?;
        let begin = panel.frequency().start_of(panel.frequency().step_of(time));
        // It would be true of no step, or of all, silently.
        if matches!(one.condition, Condition::Equals | Condition::NotEquals) && begin != time {
            return Err(wrong_value(format!("no step begins then; one begins at {begin}")));
        }
        return Ok(About::Time(time));
    }
    let features = panel.features().iter().map(|feature| &feature.name);
    let known = panel.related().iter().chain(panel.dimensions()).chain(features);
    let known = listed(known.chain(panel.reals()));
    let rule = format!("conditions are about the timestamp or one of these: {known}");
    Err(("AttributeName", name.clone(), rule))
}

/// A series after all transformations, one after the other.
fn changed(
    panel: &Panel,
    horizon: usize,
    series: &Series,
    transformations: &[Ready],
) -> Result<Series, WhatIfError> {
    // Most transformations are about a few series: the others share their numbers with the panel.
    let ours: Vec<&Ready> = transformations
        .iter()
        .filter(|one| one.tests.iter().all(|test| may(series, test)))
        .collect();
    if ours.is_empty() {
        return Ok(series.clone());
    }
    let needed = series.len() + horizon;
    let mut rows = series.related().to_vec();
    for one in ours {
        let name = || panel.related()[one.row].clone();
        let found = rows[one.row].len();
        if found < needed {
            let key = series.key().to_vec();
            return Err(WhatIfError::Short { key, name: name(), found, needed });
        }
        for at in series.len()..needed {
            let time = panel.frequency().start_of(series.start() + at as i64);
            let holds = |(condition, about): &(Condition, About)| match about {
                // A related series that ends earlier has no value that could be compared.
                About::Related(row, value) => {
                    rows[*row].get(at).is_some_and(|x| condition.holds(x, value))
                }
                About::Time(value) => condition.holds(&time, value),
                About::Key(..) | About::Category(..) | About::Real(..) => true,
            };
            if !one.tests.iter().all(holds) {
                continue;
            }
            let before = f64::from(rows[one.row][at]);
            let after = one.operation.of(before, one.value) as f32;
            if before.is_finite() && !after.is_finite() {
                let (key, value) = (series.key().to_vec(), f64::from(after));
                return Err(WhatIfError::NotFinite { key, name: name(), time, value });
            }
            rows[one.row][at] = after;
        }
    }
    Ok(series.clone().with_related(rows))
}

/// Whether a condition holds, or may hold at some step.
fn may(series: &Series, (condition, about): &(Condition, About)) -> bool {
    match about {
        About::Key(part, value) => condition.holds(&series.key()[*part], value),
        About::Category(feature, code) => condition.holds(&series.categories()[*feature], code),
        About::Real(real, value) => condition.holds(&series.reals()[*real], value),
        About::Related(..) | About::Time(_) => true,
    }
}
