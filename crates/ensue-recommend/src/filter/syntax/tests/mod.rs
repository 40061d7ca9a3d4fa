//! What is an expression, what is not and where it fails; writing is the inverse of reading.

mod faults;
mod inverse;

use super::*;

/// Expressions of Amazon's documentation, and of its API reference (which writes names in other cases).
const DOCUMENTED: [&str; 27] = [
    r#"EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("purchase")"#,
    r#"EXCLUDE itemId WHERE INTERACTIONS.event_type in ("click")"#,
    r#"EXCLUDE itemId WHERE INTERACTIONS.event_type in ("*")"#,
    r#"EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ($EVENT_TYPE)"#,
    r#"EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("click", "stream")"#,
    r#"INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("click")"#,
    r#"INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")"#,
    r#"EXCLUDE ItemID WHERE Items.CATEGORY IN ($CATEGORY)"#,
    r#"EXCLUDE ItemID WHERE Items.CATEGORY IN ("shoe") AND Items.DESCRIPTION NOT IN ("boot")"#,
    r#"EXCLUDE ItemID WHERE Items.CATEGORY_L1 IN ("shoe") AND Items.CATEGORY_L2 NOT IN ("boot")"#,
    r#"INCLUDE ItemID WHERE Items.NUMBER_OF_DOWNLOADS < 20"#,
    r#"INCLUDE ItemID WHERE Items.PRICE <= $PRICE"#,
    r#"INCLUDE ItemID WHERE Items.CREATION_TIMESTAMP < $DATE"#,
    r#"INCLUDE ItemID WHERE Items.GENRE IN ($GENRE)"#,
    r#"EXCLUDE ItemID WHERE Items.GENRE IN ($GENRE) IF CurrentUser.AGE = $AGE"#,
    r#"EXCLUDE ItemID WHERE Items.NUMBER_OF_DOWNLOADS < 20 IF CurrentUser.AGE > 18 AND CurrentUser.AGE < 30"#,
    r#"INCLUDE ItemID WHERE Items.CATEGORY IN ("watch") AND Items.DESCRIPTION IN ("luxury") IF CurrentUser.AGE > 18"#,
    r#"INCLUDE ItemID WHERE Items.CATEGORY_L1 IN ("watch") AND Items.CATEGORY_L2 IN ("luxury") IF CurrentUser.AGE > 18"#,
    r#"INCLUDE ItemID WHERE Items.GENRE IN ("drama") | EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("click", "stream")"#,
    r#"INCLUDE ItemID WHERE Items.CATEGORY IN ($CATEGORY) | INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("favorite")"#,
    r#"INCLUDE ItemID WHERE Items.GENRE IN ($GENRE) | EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("click", "stream")"#,
    r#"INCLUDE ItemID WHERE Items.genres = "Comedy""#,
    r#"EXCLUDE itemId WHERE INTERACTIONS.event_type = "click""#,
    r#"INCLUDE UserID WHERE Users.MEMBERSHIP_STATUS IN ($MEMBERSHIP)"#,
    r#"EXCLUDE UserID WHERE Users.AGE < $AGE"#,
    r#"INCLUDE UserID WHERE Interactions.EVENT_TYPE IN ("click", "rating")"#,
    r#"EXCLUDE UserID WHERE Interactions.EVENT_TYPE IN ($EVENT_TYPE)"#,
];

/// As [`DOCUMENTED`], of each part of the grammar that those do not use.
const OTHERS: [&str; 8] = [
    r#"INCLUDE ItemID WHERE Items.A IN ("x") OR Items.B >= 2 AND Items.C > -1.5e3 OR Items.D = 0"#,
    r#"exclude ITEMID where items.ITEM_ID not in ("a\"b\\c", "", "|", " é ")"#,
    r#"EXCLUDE ItemID WHERE Interactions.EVENT_TYPE NOT IN (*, $A, "b", 3) AND Interactions.EVENT_VALUE<.5"#,
    "\n\tINCLUDE\u{a0}ItemID\r\nWHERE Items.YEAR IN(1990,1991)\n|\nEXCLUDE ItemID WHERE Items.YEAR=$Y",
    r#"INCLUDE ItemID WHERE Items.where IN ("IF") IF CurrentUser.AND NOT IN ("OR") AND CurrentUser.if IN ($in, $2)"#,
    r#"INCLUDE ItemID WHERE Items._9 = +7"#,
    r#"INCLUDE ItemID WHERE Interactions.TIMESTAMP > 1700000000 AND Interactions.DEVICE IN ("tv")"#,
    r#"EXCLUDE ItemID WHERE Items.PREIS = 1 | EXCLUDE ItemID WHERE Items.GRÖSSE = 2 | INCLUDE ItemID WHERE Items.A=3"#,
];

// Oracle: the definition of canonical.
#[test]
fn every_documented_expression_is_read_and_its_canonical_text_is_the_same_expression() {
    for text in DOCUMENTED.iter().chain(&OTHERS) {
        let expression = Expression::parse(text).unwrap_or_else(|error| panic!("{text}\n{error}"));
        let canonical = expression.to_string();
        assert_eq!(Expression::parse(&canonical).as_ref(), Ok(&expression), "{canonical}");
        assert_eq!(Expression::parse(&canonical).unwrap().to_string(), canonical);
    }
}

fn condition(dataset: Dataset, name: &str, test: Test) -> Condition {
    Condition { field: FieldRef { dataset, name: name.to_owned() }, test }
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

// Oracle: by hand.
#[test]
fn and_binds_tighter_than_or_and_each_part_finds_its_place() {
    let expression = Expression::parse(
        r#"include itemid WHERE items.A in ("x\"\\", $P) OR ITEMS.B >= -2.5 and Items.C NOT IN (1)
           if currentuser.D = $P AND CurrentUser.E < 3
         | EXCLUDE ItemID WHERE Interactions.event_type NOT IN ("*", *)"#,
    );
    let items = |name, test| condition(Dataset::Items, name, test);
    let placeholder = || Value::Placeholder("P".to_owned());
    let user = |name, test| condition(Dataset::CurrentUser, name, test);
    let first = Rule {
        action: Action::Include,
        target: Target::Item,
        any_of: vec![
            vec![items("A", Test::In(vec![text("x\"\\"), placeholder()]))],
            vec![
                items("B", Test::Compare(Comparison::GreaterOrEqual, Value::Number(-2.5))),
                items("C", Test::NotIn(vec![Value::Number(1.0)])),
            ],
        ],
        only_if: vec![
            user("D", Test::Compare(Comparison::Equal, placeholder())),
            user("E", Test::Compare(Comparison::Less, Value::Number(3.0))),
        ],
    };
    let any = Test::NotIn(vec![Value::Any, Value::Any]);
    let second = Rule {
        action: Action::Exclude,
        target: Target::Item,
        any_of: vec![vec![condition(Dataset::Interactions, "event_type", any)]],
        only_if: vec![],
    };
    assert_eq!(expression, Ok(Expression { rules: vec![first, second] }));
}

// Oracle: by hand.
#[test]
fn placeholders_are_named_once_in_the_order_of_the_text() {
    let text = "INCLUDE ItemID WHERE Items.A IN ($b, $a) AND Items.C < $b IF CurrentUser.D = $A";
    assert_eq!(Expression::parse(text).unwrap().placeholders(), ["b", "a", "A"]);
}

// Oracle: by hand.
#[test]
fn the_canonical_text_has_capitals_single_spaces_and_short_numbers() {
    for (text, canonical) in [
        ("include itemid where items.a<=007.50", "INCLUDE ItemID WHERE Items.a <= 7.5"),
        (
            "Exclude UserId Where users.B In(\"*x\",1e-30,12345678901234567890123)or USERS.c=$d",
            "EXCLUDE UserID WHERE Users.B IN (\"*x\", 1e-30, 1.2345678901234568e22) OR Users.c = $d",
        ),
        (
            "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN(*)|INCLUDE ItemID WHERE Items.A = \"\\\\\"IF CurrentUser.B>.5",
            "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (\"*\") | INCLUDE ItemID WHERE Items.A = \"\\\\\" IF CurrentUser.B > 0.5",
        ),
    ] {
        assert_eq!(Expression::parse(text).unwrap().to_string(), canonical);
    }
}
