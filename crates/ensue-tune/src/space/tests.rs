use proptest::prelude::*;

use super::*;

fn space() -> Space {
    Space::builder()
        .integer("layers", 1..=4, Scale::Linear)
        .float("rate", 1e-4..=1e-1, Scale::Logarithmic)
        .categorical("optimizer", ["adam", "sgd", "none"])
        .flag("momentum")
        .only_if("optimizer", ["sgd"])
        .float("decay", 0.9..=0.999, Scale::ReverseLogarithmic)
        .only_if("momentum", [true])
        .build()
        .unwrap()
}

fn assignment(json: &str) -> Assignment {
    serde_json::from_str(json).unwrap()
}

#[test]
fn whole_and_real_numbers_stay_apart_in_json() {
    // Oracle: JSON's two spellings, both ways.
    let text = r#"{"a":1,"b":1.0,"c":true,"d":"1"}"#;
    let read = assignment(text);
    assert_eq!(read.get("a"), Some(&Value::Integer(1)));
    assert_eq!(read.get("b"), Some(&Value::Number(1.0)));
    assert_eq!(read.get("d"), Some(&Value::from("1")));
    assert_eq!(serde_json::to_string(&read).unwrap(), text);
}

#[test]
fn numbers_are_written_as_their_domain_writes_them() {
    // Oracle: by hand.
    let space = Space::builder()
        .integer("n", 1..=9, Scale::Linear)
        .float("x", 0.0..=9.0, Scale::Linear)
        .categorical("c", [Value::Number(2.0), Value::from("two")])
        .build()
        .unwrap();
    let read = assignment(r#"{"n": 3.0, "x": 4, "c": 2}"#);
    let normal = space.normalize(read).unwrap();
    assert_eq!(normal, assignment(r#"{"n": 3, "x": 4.0, "c": 2.0}"#));
    space.check(&assignment(r#"{"n": 3, "x": 4, "c": "two"}"#)).unwrap();
    assert!(space.normalize(assignment(r#"{"n": 3.5, "x": 4, "c": 2}"#)).is_err());
    assert!(space.normalize(assignment(r#"{"n": 1e300, "x": 4, "c": 2}"#)).is_err());
}

#[test]
fn what_is_unsound_is_refused() {
    // Oracle: the rules of the documentation, one case each; the message names the hyperparameter.
    let log = Scale::Logarithmic;
    let reverse = Scale::ReverseLogarithmic;
    let start =
        || Space::builder().categorical("kind", ["a", "b"]).integer("n", 0..=3, Scale::Linear);
    #[expect(clippy::reversed_empty_ranges, reason = "that is the case")]
    let cases = [
        (start().integer("bad", 3..=2, Scale::Linear), "before it starts"),
        (start().integer("bad", 0..=2, log), "above 0"),
        (start().integer("bad", 1..=2, reverse), "real numbers"),
        (start().integer("bad", 0..=i64::MAX, Scale::Linear), "2^53"),
        (start().float("bad", 1.0..=0.5, Scale::Linear), "before it starts"),
        (start().float("bad", f64::NAN..=0.5, Scale::Linear), "finite"),
        (start().float("bad", -1.7e308..=1.7e308, Scale::Linear), "finite"),
        (start().float("bad", 0.0..=0.5, log), "above 0"),
        (start().float("bad", 0.0..=1.0, reverse), "below 1"),
        (start().float("bad", -0.1..=0.9, reverse), "below 1"),
        (start().categorical("bad", Vec::<Value>::new()), "there is none"),
        (start().categorical("bad", [1.0, f64::NAN]), "finite"),
        (start().categorical("bad", [Value::Integer(1), Value::Number(1.0)]), "comes twice"),
        (start().flag("bad").flag("bad"), "taken"),
        (start().flag("bad").only_if("other", ["a"]), "earlier"),
        (start().flag("bad").only_if("bad", [true]), "earlier"),
        (start().flag("bad").only_if("n", [1]), "categorical"),
        (start().flag("bad").only_if("kind", ["c"]), "not for \"c\""),
        (start().flag("bad").only_if("kind", Vec::<Value>::new()), "name a value"),
    ];
    for (builder, part) in cases {
        let message = builder.build().unwrap_err().to_string();
        assert!(message.contains(part) && message.contains("\"bad\""), "{message}");
    }
    let first = Space::builder().only_if("kind", ["a"]).flag("x").build().unwrap_err();
    assert_eq!(first, SpaceError::ConditionFirst { on: "kind".to_owned() });
}

#[test]
fn json_is_checked_and_comes_back() {
    // Oracle: the same space before and after; a rule broken in JSON by hand.
    let text = serde_json::to_string(&space()).unwrap();
    assert_eq!(serde_json::from_str::<Space>(&text).unwrap(), space());
    let text = r#"[{"name": "x", "domain": {"type": "integer", "low": 2, "high": 1}}]"#;
    let message = serde_json::from_str::<Space>(text).unwrap_err().to_string();
    assert!(message.contains("the range 2 to 1 must not end before it starts"), "{message}");
}

#[test]
fn assignments_are_held_to_the_space() {
    // Oracle: by hand.
    let check = |json: &str| space().check(&assignment(json)).map_err(|error| error.to_string());
    assert_eq!(check(r#"{"layers": 1, "rate": 0.01, "optimizer": "adam"}"#), Ok(()));
    let full = r#"{"layers": 1, "rate": 0.01, "optimizer": "sgd", "momentum": true, "decay": 0.9}"#;
    assert_eq!(check(full), Ok(()));
    let cases = [
        (
            r#"{"layers": 5, "rate": 0.01, "optimizer": "adam"}"#,
            "\"layers\" is 5, and must be a whole number from 1 to 4",
        ),
        (r#"{"layers": 1.0, "rate": 0.01, "optimizer": "adam"}"#, "\"layers\" is 1.0, and"),
        (r#"{"layers": 1, "rate": 0.2, "optimizer": "adam"}"#, "\"rate\" is 0.2, and"),
        (
            r#"{"layers": 1, "rate": 0.01, "optimizer": "x"}"#,
            "must be \"adam\", \"sgd\" or \"none\"",
        ),
        (r#"{"layers": 1, "optimizer": "adam"}"#, "\"rate\" has no value"),
        (r#"{"layers": 1, "rate": 0.01, "optimizer": "sgd"}"#, "\"momentum\" has no value"),
        (
            r#"{"layers": 1, "rate": 0.01, "optimizer": "adam", "momentum": true}"#,
            "only counts if \"optimizer\" is \"sgd\"",
        ),
        (
            r#"{"layers": 1, "rate": 0.01, "optimizer": "adam", "other": 1}"#,
            "\"other\" has a value, and is not",
        ),
    ];
    for (json, part) in cases {
        let message = check(json).unwrap_err();
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn scales_lay_out_as_they_say() {
    // Oracle: closed forms: the geometric mean, 1 - the geometric mean of the distances from 1, cells of a quarter.
    let point = |u| space().from_unit(&[u, u, 0.5, u, u]);
    assert!((point(0.5).number("rate").unwrap() - 10f64.powf(-2.5)).abs() < 1e-15);
    let decay = point(0.5).number("decay").unwrap();
    assert!((decay - (1.0 - (0.1f64 * 0.001).sqrt())).abs() < 1e-14);
    let layers =
        [0.0, 0.249, 0.251, 0.5, 0.74, 0.76, 1.0].map(|u| point(u).integer("layers").unwrap());
    assert_eq!(layers, [1, 1, 2, 3, 3, 4, 4]);
    let adam = space().to_unit(&assignment(r#"{"layers": 2, "rate": 0.1, "optimizer": "adam"}"#));
    assert_eq!(adam, [Some(0.375), Some(1.0), Some(0.5 / 3.0), None, None]);
}

#[test]
fn inactive_parents_make_inactive_children() {
    // Oracle: `decay` asks for `momentum`, which asks for sgd.
    let values = assignment(r#"{"optimizer": "adam", "momentum": true}"#);
    assert!(!space().is_active("momentum", &values) && !space().is_active("decay", &values));
    assert!(space().is_active("rate", &values) && !space().is_active("unknown", &values));
}

prop_compose! {
    fn domains()(
        low in -1000i64..1000,
        width in 0i64..100_000,
        a in 1e-6f64..1.0,
        b in 1.0f64..1e6,
        kind in 0..6,
        n in 1i64..9,
    ) -> Domain {
        match kind {
            0 => Domain::Integer { low, high: low + width, scale: Scale::Linear },
            1 => Domain::Integer { low: low.abs() + 1, high: low.abs() + 1 + width, scale: Scale::Logarithmic },
            2 => Domain::Float { low: -a, high: b, scale: Scale::Linear },
            3 => Domain::Float { low: a, high: b, scale: Scale::Logarithmic },
            4 => Domain::Float { low: a / 3.0, high: 1.0 - a / 3.0, scale: Scale::ReverseLogarithmic },
            _ => Domain::Categorical { choices: (0..n).map(Value::Integer).collect() },
        }
    }
}

proptest! {
    #[test]
    fn any_point_is_an_assignment_and_comes_back(
        domains in prop::collection::vec(domains(), 1..6),
        point in prop::collection::vec(-0.1f64..1.1, 0..6),
    ) {
        // Oracle: `check`, and the identity.
        let names = ["a", "b", "c", "d", "e"];
        let mut builder = Space::builder();
        let mut parent = None;
        for (name, domain) in names.into_iter().zip(domains) {
            let choice = match &domain {
                Domain::Categorical { choices } => Some((name, choices[0].clone())),
                _ => None,
            };
            builder = builder.parameter(name, domain);
            if let Some((parent, value)) = parent.take() {
                builder = builder.only_if(parent, [value]);
            }
            parent = choice;
        }
        let space = builder.build().unwrap();
        let first = space.from_unit(&point);
        prop_assert_eq!(space.check(&first), Ok(()));
        let units = space.to_unit(&first);
        let dense: Vec<f64> = units.iter().map(|unit| unit.unwrap_or(0.3)).collect();
        let second = space.from_unit(&dense);
        prop_assert_eq!(first.0.len(), second.0.len());
        for (name, value) in &first.0 {
            match (value, second.get(name)) {
                (Value::Number(a), Some(Value::Number(b))) => {
                    prop_assert!((a - b).abs() <= 1e-9 * a.abs().max(1e-3), "{} {}", a, b);
                }
                (a, b) => prop_assert_eq!(Some(a), b),
            }
        }
    }

    #[test]
    fn cells_hold_their_number(domain in domains(), unit in 0.0f64..1.0) {
        // Oracle: both inner ends of a cell have the number of its middle.
        if let Some((low, high)) = domain.cell(unit) {
            prop_assert!(low <= unit + 1e-12 && unit <= high + 1e-12);
            let inset = (high - low) * 1e-6;
            prop_assert_eq!(domain.from_unit(low + inset), domain.from_unit(unit.clamp(low + inset, high - inset)));
            prop_assert_eq!(domain.from_unit(high - inset), domain.from_unit(low + inset));
        }
    }
}
