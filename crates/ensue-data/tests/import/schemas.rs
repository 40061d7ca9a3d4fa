//! What schemas may say. Oracle of all: Amazon's rules, by hand.

use std::error::Error;

use ensue_data::schema::{FieldType, SchemaRules};
use ensue_data::{Schema, SchemaError};

use super::schema;

fn parsed(fields: &str) -> Result<Schema, SchemaError> {
    Schema::parse(&format!(r#"{{"type": "record", "name": "Items", "fields": [{fields}]}}"#))
}

#[test]
fn nullable_types_are_unions_with_null_in_any_order() {
    let kind = |kind: &str| {
        let parsed = parsed(&format!(r#"{{"name": "A", "type": {kind}}}"#));
        parsed.map(|schema| (schema.fields[0].kind, schema.fields[0].nullable)).ok()
    };
    assert_eq!(kind(r#""long""#), Some((FieldType::Long, false)));
    assert_eq!(kind(r#"["null", "long"]"#), Some((FieldType::Long, true)));
    assert_eq!(kind(r#"["boolean", "null"]"#), Some((FieldType::Boolean, true)));
    assert_eq!(kind(r#"["double"]"#), Some((FieldType::Double, false)));
    let refused = [
        r#""null""#,
        r#"["null"]"#,
        r#"["int", "long"]"#,
        r#"["null", "null", "int"]"#,
        "[]",
        "7",
        r#""bytes""#,
        r#"{"type": "array", "items": "string"}"#,
        r#"["null", {"type": "map", "values": "int"}]"#,
    ];
    for refused in refused {
        assert_eq!(kind(refused), None, "{refused}");
    }
}

#[test]
fn text_that_is_no_schema_is_refused() {
    let said = |json: &str| {
        let error = Schema::parse(json).unwrap_err();
        error.source().map_or(error.to_string(), |source| format!("{error}: {source}"))
    };
    let table = [
        ("{", "the schema is not JSON: EOF while parsing an object at line 1 column 1"),
        ("[]", "the schema must be an object with \"type\": \"record\""),
        (r#"{"type": "enum"}"#, "the schema must be an object with \"type\": \"record\""),
        (
            r#"{"type": "record", "name": "Events"}"#,
            "the record is named \"Events\", it must be Interactions, Users or Items",
        ),
        (r#"{"type": "record", "name": "Users"}"#, "the record has no list of fields"),
        (
            r#"{"type": "record", "name": "Users", "fields": [{"type": "int"}]}"#,
            "field 1 has no name",
        ),
        (
            r#"{"type": "record", "name": "Users", "fields": [{"name": "A", "type": {"type": "array"}}]}"#,
            "field A has type {\"type\":\"array\"}; it must be string, int, long, float, double or \
             boolean, alone or in a union with null",
        ),
        (
            r#"{"type": "record", "name": "Users", "fields": [{"name": "A", "type": "int", "categorical": 1}]}"#,
            "categorical of field A must be true or false",
        ),
    ];
    for (json, expected) in table {
        assert_eq!(said(json), expected);
    }
}

#[test]
fn schemas_that_break_a_rule_are_refused() {
    let interactions = ["USER_ID string", "ITEM_ID string", "TIMESTAMP long"];
    let with = |more: &[&'static str]| [&interactions[..], more].concat();
    let table: &[(&str, Vec<&str>, &str)] = &[
        (
            "Interactions",
            interactions[..2].to_vec(),
            "Interactions needs field TIMESTAMP of type long",
        ),
        ("Users", vec!["AGE int"], "Users needs field USER_ID of type string"),
        ("Users", vec!["USER_ID long"], "field USER_ID must be of type string"),
        ("Items", vec!["ITEM_ID string?"], "field ITEM_ID must be of type string"),
        (
            "Interactions",
            with(&["EVENT_VALUE long"]),
            "field EVENT_VALUE must be of type float or null",
        ),
        ("Interactions", with(&["EVENT_TYPE string?"]), "field EVENT_TYPE must be of type string"),
        (
            "Interactions",
            with(&["EVENT_TYPE string categorical"]),
            "reserved field EVENT_TYPE must not be categorical",
        ),
        (
            "Users",
            vec!["USER_ID string", "ITEM_ID string"],
            "ITEM_ID is a reserved name and means nothing in Users",
        ),
        (
            "Items",
            vec!["ITEM_ID string", "TIMESTAMP long"],
            "TIMESTAMP is a reserved name and means nothing in Items",
        ),
        (
            "Users",
            vec!["USER_ID string", "AGE-GROUP int"],
            "field name \"AGE-GROUP\" must consist of letters, digits and underscores",
        ),
        ("Users", vec!["USER_ID string", "AGE int", "AGE int"], "field AGE appears more than once"),
        (
            "Users",
            vec!["USER_ID string", "GENRES_FIELD_1 int", "GENRESFIELD1 int"],
            "fields GENRES_FIELD_1 and GENRESFIELD1 differ only by underscores",
        ),
        (
            "Users",
            vec!["USER_ID string", "USERID int"],
            "fields USER_ID and USERID differ only by underscores",
        ),
        (
            "Users",
            vec!["USER_ID string", "NAME string"],
            "string field NAME must be \"categorical\": true to be of use",
        ),
        (
            "Users",
            vec!["USER_ID string", "AGE int categorical"],
            "field AGE is a int and must not be categorical",
        ),
        (
            "Users",
            vec!["USER_ID string", "A string textual"],
            "textual is for one field of Items that is not categorical, not for A of Users",
        ),
        (
            "Items",
            vec!["ITEM_ID string", "A string textual", "B string textual"],
            "textual is for one field of Items that is not categorical, not for B of Items",
        ),
        (
            "Users",
            vec!["USER_ID string", "A int", "B int", "C int", "D int", "E int", "F int"],
            "Users has 6 metadata fields, at most 5 are allowed",
        ),
    ];
    for (dataset, fields, expected) in table {
        let error = schema(dataset, fields).check(&SchemaRules::default()).unwrap_err();
        assert_eq!(error.to_string(), *expected);
    }
    let six = schema("Users", &table[table.len() - 1].1);
    let rules = SchemaRules { max_metadata_fields: 6, ..SchemaRules::default() };
    assert_eq!(six.check(&rules).unwrap(), [""; 0]);
}

#[test]
fn the_session_column_is_no_metadata() {
    let fields = ["USER_ID string", "ITEM_ID string", "TIMESTAMP long", "INVOICE string"];
    let session_column = Some("INVOICE".to_owned());
    let rules = SchemaRules { max_metadata_fields: 0, session_column };
    assert_eq!(schema("Interactions", &fields).check(&rules).unwrap(), [""; 0]);
    let fields = ["USER_ID string", "ITEM_ID string", "TIMESTAMP long", "INVOICE float"];
    let error = schema("Interactions", &fields).check(&rules).unwrap_err();
    let expected = "session column INVOICE is a float, it must be a string, an int or a long";
    assert_eq!(error.to_string(), expected);
}
