//! Values by field name as callers give them: names of the schema or Amazon's camel case, checked, in one form.

use ensue_data::{FieldError, FieldValue, FieldValues, MetadataColumn, MetadataTable};

use super::CampaignError;

/// The values under the names of the table, each in the form in which [`MetadataTable::row`] gives it back.
pub(super) fn normalised(
    table: Option<&MetadataTable>,
    given: &FieldValues,
) -> Result<FieldValues, FieldError> {
    let Some(table) = table else {
        return match given.keys().next() {
            None => Ok(FieldValues::new()),
            Some(field) => {
                Err(FieldError::Unknown { field: field.clone(), known: "none".to_owned() })
            }
        };
    };
    let named: FieldValues = given
        .iter()
        .map(|(key, value)| (column_name(table, key).unwrap_or(key).to_owned(), value.clone()))
        .collect();
    table.check(&named)?;
    let value = |name: &str, value: &FieldValue| match table.column(name)? {
        MetadataColumn::Categorical(_) => categories(&value.text()),
        MetadataColumn::Boolean(_) => value.boolean().map(FieldValue::Boolean),
        MetadataColumn::Timestamp(_) => value.number().map(|n| FieldValue::Number(n.trunc())),
        _ => value.number().map(|n| FieldValue::Number(f64::from(n as f32))),
    };
    Ok(named.iter().filter_map(|(name, given)| Some((name.clone(), value(name, given)?))).collect())
}

/// As [`normalised`], without the fields that the table does not have.
pub(super) fn known(
    table: Option<&MetadataTable>,
    given: &FieldValues,
) -> Result<FieldValues, FieldError> {
    let Some(table) = table else { return Ok(FieldValues::new()) };
    let known = given.iter().filter(|(key, _)| column_name(table, key).is_some());
    normalised(Some(table), &known.map(|(key, value)| (key.clone(), value.clone())).collect())
}

/// The error of one who gave the fields.
pub(super) fn of(what: &str, id: &str) -> impl FnOnce(FieldError) -> CampaignError {
    let of = if id.is_empty() { what.to_owned() } else { format!("{what} {id:?}") };
    move |source| CampaignError::Field { of, source }
}

/// Categories joined by `|`, each once; none where there is none.
fn categories(cell: &str) -> Option<FieldValue> {
    let mut names: Vec<&str> = Vec::new();
    for name in cell.split('|').filter(|name| !name.is_empty()) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    (!names.is_empty()).then(|| FieldValue::Text(names.join("|")))
}

/// The column that a key names: by its own name, or in Amazon's camel case (`numRatings` for `NUM_RATINGS`).
pub(super) fn column_name<'a>(table: &'a MetadataTable, key: &str) -> Option<&'a str> {
    let exact = table.columns().map(|(name, _)| name).find(|name| *name == key);
    exact.or_else(|| table.columns().map(|(name, _)| name).find(|name| camel_case(name) == key))
}

/// Amazon's form of a name in events and items.
fn camel_case(name: &str) -> String {
    let mut camel = String::with_capacity(name.len());
    for (at, word) in name.split('_').filter(|word| !word.is_empty()).enumerate() {
        let word = word.to_lowercase();
        let mut letters = word.chars();
        match letters.next() {
            Some(first) if at > 0 => camel.extend(first.to_uppercase()),
            first => camel.extend(first),
        }
        camel.push_str(letters.as_str());
    }
    camel
}
