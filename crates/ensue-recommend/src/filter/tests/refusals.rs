//! What is refused beyond malformed text, and with which words.

use super::*;

// Oracle: the limits of Amazon's interface; characters are counted, not bytes.
#[test]
fn expressions_have_a_length_and_a_number_of_placeholders() {
    let around = "INCLUDE ItemID WHERE Items.GENRE IN (\"\")".len();
    let text = |length: usize| {
        format!("INCLUDE ItemID WHERE Items.GENRE IN (\"{}\")", "é".repeat(length - around))
    };
    assert!(Filter::parse(&text(2500)).is_ok());
    let refused = Filter::parse(&text(2501)).unwrap_err();
    assert_eq!(refused, FilterError::TooLong { characters: 2501 });
    assert_eq!(refused.to_string(), "the filter expression has 2501 characters, 2500 are allowed");
    let list = |n: usize| {
        let names: Vec<String> = (0..n).map(|at| format!("$p{at}")).collect();
        format!("INCLUDE ItemID WHERE Items.GENRE IN ({}, $p0)", names.join(","))
    };
    assert_eq!(Filter::parse(&list(25)).unwrap().placeholders().count(), 25);
    assert_eq!(
        Filter::parse(&list(26)).unwrap_err().to_string(),
        "the filter expression has 26 placeholders, 25 are allowed"
    );
}

// Oracle: the messages.
#[test]
fn what_does_not_fit_the_data_is_refused() {
    let shop = shop();
    for (filter, message) in [
        (
            "INCLUDE ItemID WHERE Items.TITLE IN (\"Tea\")",
            "the filter names Items.TITLE, but the fields it can name there are ITEM_ID, GENRE, PRICE, NEW, \
             CREATION_TIMESTAMP (textual fields cannot be filtered on)",
        ),
        (
            "EXCLUDE ItemID WHERE Interactions.GENRE IN (\"Tea\")",
            "the filter names Interactions.GENRE, but the fields it can name there are EVENT_TYPE, TIMESTAMP, \
             EVENT_VALUE, DEVICE, HOUR (textual fields cannot be filtered on)",
        ),
        (
            "EXCLUDE ItemID WHERE Items.PRICE > 1 IF CurrentUser.PRICE = 1",
            "the filter names CurrentUser.PRICE, but the fields it can name there are TIER, AGE, MEMBER (textual fields cannot be filtered on)",
        ),
        (
            "INCLUDE ItemID WHERE Items.NEW = \"true\"",
            "Items.NEW holds booleans: booleans cannot be filtered on; a categorical field of \"True\" and \"False\" or \
             one of 0 and 1 can",
        ),
        (
            "INCLUDE ItemID WHERE Items.PRICE > 1 IF CurrentUser.MEMBER IN ($M)",
            "CurrentUser.MEMBER holds booleans: booleans cannot be filtered on; a categorical field of \"True\" and \
             \"False\" or one of 0 and 1 can",
        ),
        (
            "INCLUDE ItemID WHERE Items.genre >= \"drama\"",
            "Items.genre holds categories: >= compares numbers and timestamps only",
        ),
        (
            "INCLUDE ItemID WHERE Interactions.EVENT_TYPE < $T",
            "Interactions.EVENT_TYPE holds event types: < compares numbers and timestamps only",
        ),
        (
            "INCLUDE ItemID WHERE Items.ITEM_ID IN (\"7\", 7)",
            "Items.ITEM_ID holds ids: 7 must be in double quotes to be one of them",
        ),
        (
            "INCLUDE ItemID WHERE Items.PRICE IN (7, \"cheap\")",
            "Items.PRICE holds numbers: \"cheap\" is not a number",
        ),
        (
            "INCLUDE ItemID WHERE Items.CREATION_TIMESTAMP > \"2020-01-01\"",
            "Items.CREATION_TIMESTAMP holds timestamps: \"2020-01-01\" is not a number",
        ),
        (
            "INCLUDE UserID WHERE Users.AGE > 30",
            "the filter selects users (UserID), which is for user segments; recommendations of items take rules of ItemID",
        ),
    ] {
        assert_eq!(compile(&shop, filter).unwrap_err().to_string(), message);
    }
}

// Oracle: the messages; with no tables there is nothing but ids and times.
#[test]
fn data_without_metadata_types_and_values() {
    let tables = FilterTables::new(3, &|_| None);
    let compile = |filter: &str| Filter::parse(filter).unwrap().compile(&tables);
    for (filter, message) in [
        (
            "INCLUDE ItemID WHERE Items.GENRE IN (\"a\")",
            "the filter names Items.GENRE, but the fields it can name there are ITEM_ID (textual fields cannot be filtered on)",
        ),
        (
            "INCLUDE ItemID WHERE Items.ITEM_ID IN (\"a\") IF CurrentUser.AGE > 1",
            "the filter names CurrentUser.AGE, but the fields it can name there are none (textual fields cannot be filtered on)",
        ),
        (
            "INCLUDE ItemID WHERE Interactions.EVENT_VALUE > 3",
            "the filter names Interactions.EVENT_VALUE, but the fields it can name there are EVENT_TYPE, TIMESTAMP \
             (textual fields cannot be filtered on)",
        ),
        (
            "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (\"purchase\")",
            "Interactions.EVENT_TYPE holds nothing: the data have no event types, so that * alone can stand for them",
        ),
    ] {
        assert_eq!(compile(filter).unwrap_err().to_string(), message);
    }
    let any = compile("EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (\"*\", $T)").unwrap();
    let allowed =
        |given: &str| any.allowed(&FilterUser::default(), &values(&[("T", given)]), &|_| None);
    assert_eq!(allowed("*").unwrap().unwrap().count(), 3);
    assert_eq!(
        allowed("purchase").unwrap_err().to_string(),
        "the value of $T is \"purchase\", but the data have no event types, so that * alone can stand for them"
    );
}

// Oracle: the messages, which are the same for every user.
#[test]
fn values_must_be_those_that_the_filter_asks_for() {
    let shop = shop();
    let filter = "INCLUDE ItemID WHERE Items.GENRE IN ($GENRE) AND Items.PRICE < $PRICE IF CurrentUser.AGE > 18";
    let filter = compile(&shop, filter).unwrap();
    let good = [("GENRE", "\"drama\",\"comedy\""), ("PRICE", "3")];
    assert_eq!(try_allowed(&shop, &filter, "ann", &good).as_deref(), Ok("a"));
    assert_eq!(try_allowed(&shop, &filter, "bob", &good).as_deref(), Ok("all"));
    for (given, message) in [
        (&[("GENRE", "drama")][..], "the filter asks for a value of $PRICE, but none is given"),
        (
            &[("GENRE", "drama"), ("PRICE", "3"), ("price", "3")],
            "a value of price is given, but the filter has $GENRE, $PRICE",
        ),
        (
            &[("GENRE", "drama,comedy"), ("PRICE", "3")],
            "the value of $GENRE is \"drama,comedy\", but it must be one value, or several in double quotes and \
             separated by commas",
        ),
        (
            &[("GENRE", "drama"), ("PRICE", "\"3\",\"4\"")],
            "the value of $PRICE is \"\\\"3\\\",\\\"4\\\"\", but Items.PRICE is compared with it, so that it must be one \
             value",
        ),
        (
            &[("GENRE", "drama"), ("PRICE", "cheap")],
            "the value of $PRICE is \"cheap\", but Items.PRICE is held against it as a number",
        ),
    ] {
        for user in ["ann", "bob", "nobody"] {
            assert_eq!(try_allowed(&shop, &filter, user, given).unwrap_err().to_string(), message);
        }
    }
    let fixed = compile(&shop, "INCLUDE ItemID WHERE Items.PRICE < 3").unwrap();
    assert_eq!(
        try_allowed(&shop, &fixed, "ann", &[("PRICE", "3")]).unwrap_err().to_string(),
        "a value of PRICE is given, but the filter has no placeholder"
    );
}

// Oracle: by hand.
#[test]
fn names_that_differ_in_case_alone_must_be_written_as_they_are() {
    let fields = [
        ("Genre", fields::Kind::Categories),
        ("GENRE", fields::Kind::Numbers),
        ("AGE", fields::Kind::Numbers),
    ];
    let find = |name: &str| {
        let field = syntax::FieldRef { dataset: syntax::Dataset::Items, name: name.to_owned() };
        fields::find(&field, &fields).map(|(name, _)| name)
    };
    assert_eq!(find("Genre"), Ok("Genre"));
    assert_eq!(find("GENRE"), Ok("GENRE"));
    assert_eq!(find("age"), Ok("AGE"));
    assert!(find("genre").is_err());
}

// Oracle: the text itself; what serde reads is parsed.
#[test]
fn a_filter_is_its_text() {
    let text = "include itemid where Items.A in ($x)";
    let filter: Filter = text.parse().unwrap();
    assert_eq!(filter.to_string(), text);
    assert_eq!(filter.expression().to_string(), "INCLUDE ItemID WHERE Items.A IN ($x)");
    let json = serde_json::to_string(&filter).unwrap();
    assert_eq!(json, "\"include itemid where Items.A in ($x)\"");
    assert_eq!(serde_json::from_str::<Filter>(&json).unwrap(), filter);
    assert_eq!(filter, Filter::parse("INCLUDE ItemID WHERE Items.A IN ($x)").unwrap());
    let error = serde_json::from_str::<Filter>("\"INCLUDE\"").unwrap_err();
    assert!(error.to_string().starts_with("filter expression, column 8: found the end"), "{error}");
}
