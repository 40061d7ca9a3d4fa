//! Amazon's JSON to a [`Schema`].

use serde_json::{Map, Value};

use super::{Attribute, AttributeType, Schema, SchemaError};

pub(super) fn schema(json: &str) -> Result<Schema, SchemaError> {
    let value: Value =
        serde_json::from_str(json).map_err(|source| SchemaError::NotJson { source })?;
    let object = value.as_object().ok_or(SchemaError::NoList)?;
    let list = get(object, "Attributes").and_then(Value::as_array).ok_or(SchemaError::NoList)?;
    let attributes = list.iter().enumerate().map(|(at, value)| attribute(at + 1, value));
    Ok(Schema { attributes: attributes.collect::<Result<_, _>>()? })
}

fn attribute(position: usize, value: &Value) -> Result<Attribute, SchemaError> {
    let text = |key| value.as_object().and_then(|object| get(object, key)?.as_str());
    let name = text("AttributeName").ok_or(SchemaError::Nameless { position })?.to_owned();
    let kind = match text("AttributeType").unwrap_or_default() {
        "string" => AttributeType::String,
        "integer" => AttributeType::Integer,
        "float" => AttributeType::Float,
        "timestamp" => AttributeType::Timestamp,
        "geolocation" => AttributeType::Geolocation,
        found => return Err(SchemaError::UnknownType { attribute: name, found: found.to_owned() }),
    };
    Ok(Attribute { name, kind })
}

/// The reference writes `AttributeName`, an example of the guide `attributename`.
fn get<'a>(object: &'a Map<String, Value>, key: &str) -> Option<&'a Value> {
    object.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value)
}
