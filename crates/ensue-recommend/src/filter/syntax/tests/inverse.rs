//! Writing is the inverse of reading, for generated expressions and for random texts.

use proptest::prelude::*;

use super::super::*;
use super::{DOCUMENTED, OTHERS};

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[A-Za-z_][A-Za-z0-9_]{0,8}",
        "[\\p{L}\\p{Nd}_]{1,5}",
        prop::sample::select(vec!["IN", "NOT", "IF", "where", "AND", "Items", "1e5"])
            .prop_map(str::to_owned),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        prop_oneof!["[a-z|*\"\\\\ ]{0,6}", "\\PC{0,8}", any::<String>()]
            .prop_filter("`*` alone stands for any", |text| text != "*")
            .prop_map(Value::Text),
        prop_oneof![
            any::<f64>().prop_filter("numbers are finite", |number| number.is_finite()),
            (-2000i32..2000).prop_map(f64::from),
        ]
        .prop_map(Value::Number),
        name().prop_map(Value::Placeholder),
    ]
}

fn condition(dataset: Dataset) -> impl Strategy<Value = Condition> {
    let names = prop_oneof![name(), Just("EVENT_TYPE".to_owned())];
    let comparison = prop::sample::select(vec![
        Comparison::Equal,
        Comparison::Less,
        Comparison::LessOrEqual,
        Comparison::Greater,
        Comparison::GreaterOrEqual,
    ]);
    let list = || prop::collection::vec(value(), 1..4);
    let test = prop_oneof![
        list().prop_map(Test::In),
        list().prop_map(Test::NotIn),
        (comparison, value()).prop_map(|(comparison, value)| Test::Compare(comparison, value)),
    ];
    (names, test, any::<bool>()).prop_map(move |(name, mut test, any)| {
        let field = FieldRef { dataset, name };
        if let Test::In(values) | Test::NotIn(values) = &mut test
            && any
            && field.is_event_type()
        {
            values.push(Value::Any);
        }
        Condition { field, test }
    })
}

fn rule(target: Target) -> impl Strategy<Value = Rule> {
    let own = if target == Target::Item { Dataset::Items } else { Dataset::Users };
    let dataset = prop::sample::select(vec![own, Dataset::Interactions]);
    let groups = dataset.prop_flat_map(|dataset| {
        prop::collection::vec(prop::collection::vec(condition(dataset), 1..4), 1..4)
    });
    let most = if target == Target::Item { 2 } else { 0 };
    let only_if = prop::collection::vec(condition(Dataset::CurrentUser), 0..=most);
    let action = prop::sample::select(vec![Action::Include, Action::Exclude]);
    (action, groups, only_if).prop_map(move |(action, any_of, only_if)| Rule {
        action,
        target,
        any_of,
        only_if,
    })
}

fn expression() -> impl Strategy<Value = Expression> {
    prop::sample::select(vec![Target::Item, Target::User])
        .prop_flat_map(|target| prop::collection::vec(rule(target), 1..4))
        .prop_map(|rules| Expression { rules })
}

/// Texts near the language: pieces of it in any order, and expressions with a piece cut out or put in.
fn near() -> impl Strategy<Value = String> {
    let pieces = vec![
        "INCLUDE",
        "exclude",
        " ItemID",
        " UserID",
        " WHERE ",
        "Items.A",
        "Interactions.EVENT_TYPE",
        "Users.B",
        "CurrentUser.C",
        " IN ",
        " NOT IN ",
        "(",
        ")",
        "\"x\"",
        "\"*\"",
        "*",
        "$P",
        ",",
        " AND ",
        " OR ",
        " IF ",
        " | ",
        "=",
        "<",
        ">=",
        "1",
        "-2.5e7",
        "\"\\\"",
        "\\",
        "é",
        " ",
    ];
    let soup = prop::collection::vec(prop::sample::select(pieces.clone()), 0..25)
        .prop_map(|pieces| pieces.concat());
    let sentences: Vec<&str> = DOCUMENTED.iter().chain(&OTHERS).copied().collect();
    let bent = (prop::sample::select(sentences), any::<prop::sample::Index>(), 0..4usize)
        .prop_flat_map(move |(text, at, cut)| {
            let characters: Vec<char> = text.chars().collect();
            let at = at.index(characters.len());
            let before: String = characters[..at].iter().collect();
            let rest: String = characters[(at + cut).min(characters.len())..].iter().collect();
            prop_oneof![Just(""), prop::sample::select(pieces.clone())]
                .prop_map(move |piece| format!("{before}{piece}{rest}"))
        });
    prop_oneof![soup, bent, any::<String>()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    // Oracle: the generated expression.
    #[test]
    fn what_is_printed_is_read_back(expression in expression()) {
        let text = expression.to_string();
        prop_assert_eq!(Expression::parse(&text), Ok(expression), "{}", text);
    }

    // Oracle: the definition of canonical; a fault lies within the text, at a boundary of characters.
    #[test]
    fn whatever_is_read_prints_canonically_and_every_fault_has_a_place(text in near()) {
        match Expression::parse(&text) {
            Ok(expression) => {
                let canonical = expression.to_string();
                prop_assert_eq!(Expression::parse(&canonical), Ok(expression), "{}", canonical);
            }
            Err(error) => {
                prop_assert!(text.is_char_boundary(error.offset));
                prop_assert_eq!(error.column, text[..error.offset].chars().count() + 1);
            }
        }
    }
}
