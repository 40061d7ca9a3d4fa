//! Avro JSON to [`Schema`]; hand-written because only flat records with extra attributes are needed.

use serde_json::{Map, Value};

use super::{DatasetType, Field, FieldType, Schema, SchemaError};

pub(super) fn schema(json: &str) -> Result<Schema, SchemaError> {
    let value: Value =
        serde_json::from_str(json).map_err(|source| SchemaError::NotJson { source })?;
    let record = value.as_object().ok_or(SchemaError::NotRecord)?;
    if record.get("type").and_then(Value::as_str) != Some("record") {
        return Err(SchemaError::NotRecord);
    }
    let name = record.get("name").and_then(Value::as_str).unwrap_or_default();
    let dataset = match name {
        "Interactions" => DatasetType::Interactions,
        "Users" => DatasetType::Users,
        "Items" => DatasetType::Items,
        _ => return Err(SchemaError::UnknownDataset { name: name.to_owned() }),
    };
    let fields = record.get("fields").and_then(Value::as_array).ok_or(SchemaError::NoFields)?;
    let fields = fields.iter().enumerate().map(|(at, value)| field(at + 1, value));
    Ok(Schema { dataset, fields: fields.collect::<Result<_, _>>()? })
}

fn field(position: usize, value: &Value) -> Result<Field, SchemaError> {
    let object = value.as_object().ok_or(SchemaError::NamelessField { position })?;
    let name = object.get("name").and_then(Value::as_str);
    let name = name.ok_or(SchemaError::NamelessField { position })?;
    let (kind, nullable) = kind(name, object.get("type").unwrap_or(&Value::Null))?;
    let (categorical, textual) =
        (flag(name, object, "categorical")?, flag(name, object, "textual")?);
    Ok(Field { name: name.to_owned(), kind, nullable, categorical, textual })
}

/// Type and nullability of `"long"`, `["null", "long"]`, `["long"]`.
fn kind(name: &str, value: &Value) -> Result<(FieldType, bool), SchemaError> {
    let refused = || SchemaError::FieldType { field: name.to_owned(), found: value.to_string() };
    let names: Vec<&str> = match value {
        Value::String(one) => vec![one],
        Value::Array(union) => {
            union.iter().map(Value::as_str).collect::<Option<_>>().ok_or_else(refused)?
        }
        _ => return Err(refused()),
    };
    let nulls = names.iter().filter(|&&name| name == "null").count();
    let mut kinds = names.iter().filter(|&&name| name != "null");
    let kind = match kinds.next().copied() {
        Some("string") => FieldType::String,
        Some("int") => FieldType::Int,
        Some("long") => FieldType::Long,
        Some("float") => FieldType::Float,
        Some("double") => FieldType::Double,
        Some("boolean") => FieldType::Boolean,
        _ => return Err(refused()),
    };
    if kinds.next().is_some() || nulls > 1 {
        return Err(refused());
    }
    Ok((kind, nulls == 1))
}

fn flag(field: &str, object: &Map<String, Value>, name: &'static str) -> Result<bool, SchemaError> {
    match object.get(name) {
        None => Ok(false),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(_) => Err(SchemaError::NotFlag { field: field.to_owned(), attribute: name }),
    }
}
