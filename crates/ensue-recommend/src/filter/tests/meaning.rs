//! What filters allow, on the small shop.

use ensue_core::{Event, InteractionsBuilder};

use super::*;

// Oracle: by hand, from the table of items: f has no row, c no price, d neither genre nor date.
#[test]
fn conditions_on_items() {
    let shop = shop();
    for (condition, expected) in [
        (r#"Items.GENRE IN ("comedy")"#, "ab"),
        (r#"Items.GENRE = "comedy""#, "ab"),
        (r#"ITEMS.genre in ("drama", "action", "western")"#, "ae"),
        (r#"Items.GENRE IN ("DRAMA")"#, ""),
        (r#"Items.GENRE IN ("drama|comedy")"#, ""),
        (r#"Items.GENRE NOT IN ("comedy")"#, "cdef"),
        ("Items.PRICE < 10", "ad"),
        ("Items.PRICE <= 10", "abd"),
        ("Items.PRICE > 2.5", "be"),
        ("Items.PRICE >= 2.5", "abe"),
        // 0.1 is kept with 32 bits, and so compared.
        ("Items.PRICE = 0.1", "d"),
        ("Items.PRICE <= 0.1", "d"),
        ("Items.PRICE < 0.1", ""),
        ("Items.PRICE IN (10, \"1e3\", 7)", "be"),
        ("Items.PRICE NOT IN (10, 1000)", "acdf"),
        ("Items.CREATION_TIMESTAMP > 200", "ce"),
        ("Items.CREATION_TIMESTAMP NOT IN (200)", "acdef"),
        (r#"Items.ITEM_ID IN ("b", "f", "nothing")"#, "bf"),
        (r#"Items.ITEM_ID NOT IN ("b", "f", "nothing")"#, "acde"),
        (r#"Items.ITEM_ID = "c""#, "c"),
        // AND binds tighter than OR.
        (r#"Items.PRICE > 500 OR Items.GENRE IN ("comedy") AND Items.PRICE < 5"#, "ae"),
        (r#"Items.GENRE IN ("comedy") AND Items.PRICE < 5 OR Items.PRICE > 500"#, "ae"),
    ] {
        let include = format!("INCLUDE ItemID WHERE {condition}");
        assert_eq!(allowed(&shop, &include, "ann", &[]), expected, "{condition}");
        let others: String = "abcdef".chars().filter(|item| !expected.contains(*item)).collect();
        let exclude = format!("EXCLUDE ItemID WHERE {condition}");
        assert_eq!(allowed(&shop, &exclude, "ann", &[]), others, "{condition}");
    }
}

// Oracle: by hand, from the events of ann (c's has no value) and bob; `nobody` has none.
#[test]
fn conditions_on_interactions() {
    let shop = shop();
    for (condition, ann, bob) in [
        (r#"Interactions.EVENT_TYPE IN ("Click")"#, "ac", "df"),
        (r#"INTERACTIONS.event_type in ("CLICK", "purchase")"#, "abc", "df"),
        (r#"INTERACTIONS.event_type = "click""#, "ac", "df"),
        (r#"Interactions.EVENT_TYPE IN ("*")"#, "abc", "def"),
        (r#"Interactions.EVENT_TYPE NOT IN ("click")"#, "ab", "e"),
        ("Interactions.EVENT_TYPE NOT IN (*)", "", ""),
        (r#"Interactions.EVENT_TYPE IN ("never")"#, "", ""),
        ("Interactions.EVENT_VALUE >= 2", "ab", "d"),
        ("Interactions.EVENT_VALUE = 0.1", "", "f"),
        ("Interactions.EVENT_VALUE NOT IN (1, 4.5)", "bc", "def"),
        ("Interactions.TIMESTAMP < 25", "ab", "d"),
        (r#"Interactions.DEVICE IN ("phone")"#, "b", "d"),
        (r#"Interactions.DEVICE NOT IN ("tv")"#, "ab", "f"),
        ("Interactions.HOUR <= 8", "a", "e"),
        // Both conditions of one event: a's click came before its rating of 4.5.
        (r#"Interactions.EVENT_TYPE IN ("click") AND Interactions.EVENT_VALUE > 4"#, "", ""),
        (r#"Interactions.EVENT_TYPE IN ("rating") AND Interactions.EVENT_VALUE > 4"#, "a", ""),
        (r#"Interactions.EVENT_TYPE IN ("rating") OR Interactions.EVENT_VALUE > 4"#, "ab", ""),
    ] {
        let include = format!("INCLUDE ItemID WHERE {condition}");
        let found = ["ann", "bob", "nobody"].map(|user| allowed(&shop, &include, user, &[]));
        assert_eq!(found, [ann, bob, ""], "{condition}");
        let exclude = format!("EXCLUDE ItemID WHERE {condition}");
        let others: String = "abcdef".chars().filter(|item| !ann.contains(*item)).collect();
        assert_eq!(allowed(&shop, &exclude, "ann", &[]), others, "{condition}");
        assert_eq!(allowed(&shop, &exclude, "nobody", &[]), "abcdef", "{condition}");
    }
}

// Oracle: by hand: ann is 30, gold and early; bob is 17; of nobody nothing is known.
#[test]
fn a_rule_whose_if_does_not_hold_is_not_there() {
    let shop = shop();
    for (only_if, holds) in [
        ("CurrentUser.AGE > 18", [true, false, false]),
        ("CurrentUser.age <= 17", [false, true, false]),
        ("CurrentUser.AGE = 30", [true, false, false]),
        ("CurrentUser.AGE NOT IN (30)", [false, true, true]),
        (r#"CurrentUser.TIER IN ("early")"#, [true, false, false]),
        (r#"currentuser.TIER = "gold""#, [true, false, false]),
        (r#"CurrentUser.TIER NOT IN ("gold")"#, [false, true, true]),
        (r#"CurrentUser.TIER IN ("gold") AND CurrentUser.AGE < 30"#, [false, false, false]),
        (r#"CurrentUser.TIER NOT IN ("gold") AND CurrentUser.AGE < 30"#, [false, true, false]),
    ] {
        let users = ["ann", "bob", "nobody"];
        for (user, holds) in users.into_iter().zip(holds) {
            let include = format!(r#"INCLUDE ItemID WHERE Items.GENRE IN ("comedy") IF {only_if}"#);
            let expected = if holds { "ab" } else { "all" };
            assert_eq!(allowed(&shop, &include, user, &[]), expected, "{only_if}");
            let second = format!(r#"{include} | EXCLUDE ItemID WHERE Items.ITEM_ID IN ("a", "c")"#);
            let expected = if holds { "b" } else { "bdef" };
            assert_eq!(allowed(&shop, &second, user, &[]), expected, "{only_if}");
        }
    }
}

// Oracle: by hand, (include or include) less (exclude or exclude) in every order.
#[test]
fn rules_unite_and_what_is_excluded_is_taken_from_what_is_included() {
    let shop = shop();
    let rules = [
        r#"INCLUDE ItemID WHERE Items.GENRE IN ("comedy")"#,
        r#"INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")"#,
        "EXCLUDE ItemID WHERE Items.PRICE = 10",
        r#"EXCLUDE ItemID WHERE Items.ITEM_ID IN ("f")"#,
    ];
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]] {
        let filter = order.map(|at| rules[at]).join(" | ");
        let found = ["ann", "bob", "nobody"].map(|user| allowed(&shop, &filter, user, &[]));
        assert_eq!(found, ["ac", "ade", "a"]);
    }
}

// Oracle: the same expression with the value written out.
#[test]
fn placeholders_stand_for_values() {
    let shop = shop();
    for (filter, given, written) in [
        ("INCLUDE ItemID WHERE Items.GENRE IN ($G)", r#""drama","action""#, r#""drama", "action""#),
        ("INCLUDE ItemID WHERE Items.GENRE IN ($G)", "comedy", r#""comedy""#),
        ("INCLUDE ItemID WHERE Items.GENRE IN (\"action\", $G)", "none", r#""none""#),
        ("EXCLUDE ItemID WHERE Items.GENRE NOT IN ($G)", r#""comedy""#, r#""comedy""#),
        ("INCLUDE ItemID WHERE Items.GENRE = $G", r#""Drama""#, r#""Drama""#),
        ("INCLUDE ItemID WHERE Items.PRICE <= $G", "10", "10"),
        ("INCLUDE ItemID WHERE Items.PRICE > $G AND Items.PRICE < 500", "\"2.5\"", "2.5"),
        ("INCLUDE ItemID WHERE Items.PRICE IN ($G)", r#""10","0.1""#, "10, 0.1"),
        ("INCLUDE ItemID WHERE Items.CREATION_TIMESTAMP < $G", "300", "300"),
        ("INCLUDE ItemID WHERE Items.ITEM_ID NOT IN ($G, \"e\")", r#""a","zzz""#, r#""a", "zzz""#),
        ("EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ($G)", r#""CLICK""#, r#""click""#),
        ("EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ($G)", r#""*""#, r#""*""#),
        ("INCLUDE ItemID WHERE Interactions.DEVICE IN ($G)", "phone", r#""phone""#),
        ("INCLUDE ItemID WHERE Interactions.HOUR > $G", "8", "8"),
        ("INCLUDE ItemID WHERE Items.PRICE > 1 IF CurrentUser.AGE = $G", "17", "17"),
        ("INCLUDE ItemID WHERE Items.PRICE > 1 IF CurrentUser.TIER IN ($G)", "early", "\"early\""),
    ] {
        let fixed = filter.replace("$G", written);
        for user in ["ann", "bob", "nobody"] {
            let found = allowed(&shop, filter, user, &[("G", given)]);
            assert_eq!(found, allowed(&shop, &fixed, user, &[]), "{filter} {given}");
        }
    }
}

// Oracle: by hand: 150 clicks on items 0 to 149 and before them a purchase of item 150; the newest 100 clicks are seen,
// and the purchase, which is the only one of its type.
#[test]
fn the_newest_hundred_events_of_each_type_are_seen() {
    let mut builder = InteractionsBuilder::new();
    builder.push(0, Event { event_type: Some(1), ..Event::new(150, 0) });
    for item in 0..150 {
        builder.push(0, Event { event_type: Some(0), ..Event::new(item, 1 + i64::from(item)) });
    }
    let names = vec!["click".to_owned(), "purchase".to_owned()];
    let events = builder.event_type_names(names).build(1, 151);
    let tables = FilterTables {
        event_type_names: events.event_type_names(),
        ..FilterTables::new(151, &|_| None)
    };
    let filter = Filter::parse("INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (\"*\")").unwrap();
    let filter = filter.compile(&tables).unwrap();
    let user = FilterUser { history: events.user(0), ..FilterUser::default() };
    let allowed = filter.allowed(&user, &BTreeMap::new(), &|_| None).unwrap().unwrap();
    assert_eq!(allowed.iter().collect::<Vec<_>>(), (50..=150).collect::<Vec<_>>());
}

// Oracle: by hand: an event on an item beyond the catalogue changes nothing.
#[test]
fn events_without_a_type_match_the_star_and_not_in() {
    let mut builder = InteractionsBuilder::new();
    builder.push(0, Event { event_type: Some(0), ..Event::new(0, 1) });
    builder.push(0, Event::new(1, 2));
    builder.push(0, Event::new(7, 3));
    let events = builder.event_type_names(vec!["click".to_owned()]).build(1, 8);
    let tables = FilterTables {
        event_type_names: events.event_type_names(),
        ..FilterTables::new(3, &|_| None)
    };
    let user = FilterUser { history: events.user(0), ..FilterUser::default() };
    for (test, expected) in
        [("IN (\"*\")", &[0, 1][..]), ("NOT IN (\"click\")", &[1]), ("IN (\"click\")", &[0])]
    {
        let filter = format!("INCLUDE ItemID WHERE Interactions.EVENT_TYPE {test}");
        let filter = Filter::parse(&filter).unwrap().compile(&tables).unwrap();
        let allowed = filter.allowed(&user, &BTreeMap::new(), &|_| None).unwrap().unwrap();
        assert_eq!(allowed.iter().collect::<Vec<_>>(), expected);
    }
}

// Oracle: by hand.
#[test]
fn a_compiled_filter_says_what_it_reads() {
    let shop = shop();
    for (filter, fields, history) in [
        ("INCLUDE ItemID WHERE Items.PRICE > 1", false, false),
        ("INCLUDE ItemID WHERE Items.PRICE > 1 IF CurrentUser.AGE > 1", true, false),
        (
            "INCLUDE ItemID WHERE Items.PRICE > 1 | EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (*)",
            false,
            true,
        ),
    ] {
        let filter = compile(&shop, filter).unwrap();
        assert_eq!((filter.uses_fields(), filter.uses_history()), (fields, history));
        assert_eq!(filter.n_items(), 6);
    }
}
