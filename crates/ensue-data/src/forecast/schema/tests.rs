use super::AttributeType::{Float, Geolocation, Integer, String as Text, Timestamp};
use super::*;
use crate::forecast::DatasetType::{ItemMetadata, RelatedTimeSeries, TargetTimeSeries};
use crate::forecast::{DatasetType, Domain, Era};

fn said(
    domain: Domain,
    dataset: DatasetType,
    era: Era,
    attributes: &[(&str, AttributeType)],
) -> String {
    let schema = Schema::new(attributes.iter().copied());
    let dimensions = ["location".to_owned()];
    match schema.check(domain, dataset, &dimensions, era) {
        Ok(()) => "accepted".to_owned(),
        Err(error) => error.to_string(),
    }
}

// Oracle: the two spellings of the documentation, and the schema by hand.
#[test]
fn json_is_read_with_keys_of_either_case() {
    let expected = Schema::new([("timestamp", Timestamp), ("demand", Float), ("item_id", Text)]);
    let json = serde_json::to_string(&expected).unwrap();
    let upper = r#"{"Attributes":[{"AttributeName":"timestamp","AttributeType":"timestamp"},"#;
    assert!(json.starts_with(upper), "{json}");
    assert_eq!(Schema::parse(&json).unwrap(), expected);
    let lower = json.replace("Attribute", "attribute").replace("Name\"", "name\"");
    assert_eq!(Schema::parse(&lower).unwrap(), expected);
}

// Oracle: each text breaks the form in one way.
#[test]
fn json_that_is_no_attribute_list_is_refused() {
    for (json, expected) in [
        ("[", "the schema is not JSON"),
        ("[]", "the schema must be an object with a list \"Attributes\""),
        (r#"{"Attributes": {}}"#, "the schema must be an object with a list \"Attributes\""),
        (
            r#"{"Attributes": [{"AttributeType": "float"}]}"#,
            "attribute 1 must be an object with an \"AttributeName\"",
        ),
        (
            r#"{"Attributes": [{"AttributeName": "x", "AttributeType": "double"}]}"#,
            "attribute x has type \"double\"; types are string, integer, float, timestamp and \
             geolocation",
        ),
        (
            r#"{"Attributes": [{"AttributeName": "x"}]}"#,
            "attribute x has type \"\"; types are string, integer, float, timestamp and geolocation",
        ),
    ] {
        assert_eq!(Schema::parse(json).unwrap_err().to_string(), expected, "{json}");
    }
    let read = Schema::from_path("no such file").unwrap_err().to_string();
    assert_eq!(read, "cannot read the schema no such file");
}

// Oracle: the rules of B1 and B2 of the feature map; the target's fields are right but for one thing.
#[test]
fn target_schemas_that_break_a_rule_are_refused() {
    let keys = [("item_id", Text), ("timestamp", Timestamp), ("demand", Float)];
    let with = |more: &[(&str, AttributeType)]| {
        said(Domain::Retail, TargetTimeSeries, Era::Later, &[&keys[..], more].concat())
    };
    assert_eq!(with(&[("location", Text), ("shop", Text), ("place", Geolocation)]), "accepted");
    let name = |name: &str| {
        format!(
            "attribute name {name:?} must begin with a letter and have letters, digits and underscores \
             only, at most 63"
        )
    };
    let long = "x".repeat(64);
    for wrong in ["", "_x", "1x", "a-b", "a b", "größe", long.as_str()] {
        assert_eq!(with(&[(wrong, Text)]), name(wrong));
    }
    assert_eq!(with(&[(&long[..63], Text)]), "accepted");
    for reserved in ["type", "Value", "YEAR", "a", "class"] {
        assert_eq!(with(&[(reserved, Text)]), format!("attribute name {reserved} is reserved"));
    }
    assert_eq!(with(&[("demand", Float)]), "attribute demand appears more than once");
    assert_eq!(
        with(&[("price", Float)]),
        "attribute price of TARGET_TIME_SERIES is of type float: beside demand there may be dimensions \
         only, which are strings; numbers belong in RELATED_TIME_SERIES"
    );
    let many: Vec<_> = (0..11).map(|at| (format!("dim_{at}"), Text)).collect();
    let many: Vec<_> = many.iter().map(|(name, kind)| (name.as_str(), *kind)).collect();
    assert_eq!(with(&many), "TARGET_TIME_SERIES has 11 dimensions, at most 10 are allowed");
    assert_eq!(
        said(Domain::Retail, TargetTimeSeries, Era::Later, &keys[..2]),
        "TARGET_TIME_SERIES of the RETAIL domain needs the attribute demand of type float"
    );
    let wrong = [("item_id", Integer), keys[1], keys[2]];
    assert_eq!(
        said(Domain::Retail, TargetTimeSeries, Era::Later, &wrong),
        "attribute item_id is of type integer and must be string"
    );
    let wrong = [keys[0], ("timestamp", Text), keys[2]];
    assert_eq!(
        said(Domain::Retail, TargetTimeSeries, Era::Later, &wrong),
        "attribute timestamp is of type string and must be timestamp"
    );
    let wrong = [keys[0], keys[1], ("demand", Text)];
    assert_eq!(
        said(Domain::Retail, TargetTimeSeries, Era::Later, &wrong),
        "attribute demand is of type string and must be integer or float"
    );
    let place = [keys[0], keys[1], keys[2], ("place", Geolocation)];
    assert_eq!(
        said(Domain::Retail, TargetTimeSeries, Era::Y2019, &place),
        "attribute place is of type geolocation, which the rules of 2019 do not know"
    );
}

// Oracle: `value` is on the list of reserved names and the target of WEB_TRAFFIC; elsewhere it is refused.
#[test]
fn fields_of_the_domain_are_exempt_from_the_reserved_names() {
    let keys = [("item_id", Text), ("timestamp", Timestamp)];
    let web = [keys[0], keys[1], ("value", Float)];
    assert_eq!(said(Domain::WebTraffic, TargetTimeSeries, Era::Y2019, &web), "accepted");
    assert_eq!(
        said(Domain::WebTraffic, RelatedTimeSeries, Era::Y2019, &web),
        "attribute name value is reserved"
    );
    let custom = [keys[0], keys[1], ("target_value", Float), ("value", Text)];
    assert_eq!(
        said(Domain::Custom, TargetTimeSeries, Era::Later, &custom),
        "attribute name value is reserved"
    );
}

// Oracle: the rules of B2 and B6; `location` is the forecast dimension.
#[test]
fn related_schemas_that_break_a_rule_are_refused() {
    let keys = [("item_id", Text), ("timestamp", Timestamp)];
    let with = |more: &[(&str, AttributeType)]| {
        said(Domain::Retail, RelatedTimeSeries, Era::Later, &[&keys[..], more].concat())
    };
    assert_eq!(with(&[("price", Float), ("location", Text), ("deal", Integer)]), "accepted");
    assert_eq!(
        with(&[("price", Float), ("mood", Text), ("place", Geolocation)]),
        "the attribute(s) [mood, place] present in the RELATED_TIME_SERIES schema should be of numeric \
         type such as `integer` or `float`, or be added as a forecast dimension"
    );
    assert_eq!(
        with(&[("price", Float), ("demand", Float)]),
        "RELATED_TIME_SERIES must not contain the target, demand"
    );
    let none = "RELATED_TIME_SERIES needs at least one feature of type integer or float";
    assert_eq!(with(&[]), none);
    assert_eq!(with(&[("location", Text)]), none);
    assert_eq!(
        with(&[("location", Float)]),
        "attribute location is of type float and must be string, as it is a forecast dimension"
    );
    let many: Vec<_> = (0..14).map(|at| (format!("feature_{at}"), Float)).collect();
    let many: Vec<_> = many.iter().map(|(name, kind)| (name.as_str(), *kind)).collect();
    assert_eq!(with(&many), "RELATED_TIME_SERIES has 14 features, at most 13 are allowed");
}

// Oracle: B1 documents wages as a float although metadata must be strings.
#[test]
fn metadata_are_strings_but_for_fields_of_the_domain() {
    let item = ("workforce_type", Text);
    let with = |more: &[(&str, AttributeType)]| {
        said(Domain::WorkForce, ItemMetadata, Era::Later, &[&[item], more].concat())
    };
    assert_eq!(with(&[("wages", Float), ("shift_length", Integer), ("team", Text)]), "accepted");
    assert_eq!(with(&[("wages", Text)]), "accepted");
    assert_eq!(
        with(&[("height", Float)]),
        "attribute height of ITEM_METADATA is of type float: metadata are categories and must be string"
    );
    let many: Vec<_> = (0..10).map(|at| (format!("feature_{at}"), Text)).collect();
    let many: Vec<_> = many.iter().map(|(name, kind)| (name.as_str(), *kind)).collect();
    assert_eq!(with(&many), "ITEM_METADATA has 11 attributes, at most 10 are allowed");
}

// Oracle: the number that the documentation's list has.
#[test]
fn all_reserved_names_are_known() {
    assert_eq!(include_str!("../reserved_names.txt").lines().count(), 822);
}
