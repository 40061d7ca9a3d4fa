//! Random filters over random data, against an evaluation that looks at one item and one value after the other.

use ensue_core::{Event, History, Interactions, InteractionsBuilder};
use ensue_data::FieldValue;
use proptest::prelude::*;
use proptest::sample::select;

use super::super::syntax::{
    Action, Comparison, Condition, Dataset, Expression, FieldRef, Rule, Target, Test, Value,
};
use super::*;

const N_ITEMS: u32 = 70;
const TYPES: [&str; 3] = ["click", "Buy", "watch"];
/// Quarters, which 32 bits hold exactly.
const NUMBERS: [f64; 6] = [-1.0, 0.0, 0.25, 2.0, 2.5, 300.0];
const TEXTS: [&str; 5] = ["a", "b", "c", "A", "none"];

/// Values of the placeholders `$0` (texts), `$1` (a number) and `$2` (event types).
#[derive(Debug)]
struct Values([Vec<String>; 3]);

/// What a value is held against.
enum Own {
    Texts(Vec<String>),
    EventType(Option<String>),
    Number(Option<f64>),
}

impl Own {
    fn of(field: &FieldRef, fields: &FieldValues) -> Self {
        let value = fields.get(&field.name);
        match field.name.as_str() {
            "GENRE" | "TIER" | "DEVICE" => {
                let text = value.map(FieldValue::text).unwrap_or_default();
                let categories = text.split('|').filter(|category| !category.is_empty());
                Self::Texts(categories.map(str::to_owned).collect())
            }
            _ => Self::Number(value.and_then(FieldValue::number)),
        }
    }

    fn is(&self, value: &Value, values: &Values) -> bool {
        match (self, value) {
            (_, Value::Any) => true,
            (_, Value::Placeholder(name)) => {
                let list = values.0[name.parse::<usize>().unwrap()].iter();
                list.map(|text| Value::Text(text.clone())).any(|value| self.is(&value, values))
            }
            (Self::Texts(own), Value::Text(text)) => own.contains(text),
            (Self::EventType(own), Value::Text(text)) => {
                own.as_ref().is_some_and(|own| own.eq_ignore_ascii_case(text))
            }
            (Self::Number(own), Value::Number(number)) => *own == Some(*number),
            (Self::Number(own), Value::Text(text)) => *own == Some(text.parse().unwrap()),
            _ => panic!("the generator does not pair these"),
        }
    }

    fn meets(&self, test: &Test, values: &Values) -> bool {
        match (self, test) {
            (_, Test::In(list)) => list.iter().any(|value| self.is(value, values)),
            (_, Test::NotIn(list)) => !list.iter().any(|value| self.is(value, values)),
            (_, Test::Compare(Comparison::Equal, value)) => self.is(value, values),
            (Self::Number(None), Test::Compare(..)) => false,
            (Self::Number(Some(own)), Test::Compare(comparison, value)) => {
                let operand = match value {
                    Value::Number(number) => *number,
                    _ => values.0[1][0].parse().unwrap(),
                };
                match comparison {
                    Comparison::Less => *own < operand,
                    Comparison::LessOrEqual => *own <= operand,
                    Comparison::Greater => *own > operand,
                    _ => *own >= operand,
                }
            }
            _ => panic!("the generator does not pair these"),
        }
    }
}

/// Whether a filter allows one item.
fn allows(
    expression: &Expression,
    item: u32,
    shop: &DatasetGroup,
    history: History<'_>,
    user: &FieldValues,
    values: &Values,
) -> bool {
    let events: Vec<Event> = history.events().collect();
    let seen = |at: usize| {
        let newer = events[at + 1..].iter();
        newer.filter(|newer| newer.event_type == events[at].event_type).count() < 100
    };
    let item_fields = shop.item_table.as_ref().unwrap().row(item);
    let on_item = |condition: &Condition| {
        let own = match condition.field.name.as_str() {
            "ITEM_ID" => {
                Own::Texts(shop.items.decode(item).map(str::to_owned).into_iter().collect())
            }
            _ => Own::of(&condition.field, &item_fields),
        };
        own.meets(&condition.test, values)
    };
    let on_event = |condition: &Condition, event: &Event| {
        let own = match condition.field.name.as_str() {
            "EVENT_TYPE" => {
                Own::EventType(event.event_type.map(|code| TYPES[usize::from(code)].to_owned()))
            }
            "EVENT_VALUE" => Own::Number(event.value.map(f64::from)),
            "TIMESTAMP" => Own::Number(Some(event.timestamp as f64)),
            _ => {
                let table = shop.context_table.as_ref().unwrap();
                let context = event.context.map(|context| table.row(context));
                Own::of(&condition.field, &context.unwrap_or_default())
            }
        };
        own.meets(&condition.test, values)
    };
    let matches = |rule: &&Rule| {
        rule.any_of.iter().any(|group| match group[0].field.dataset {
            Dataset::Items => group.iter().all(on_item),
            _ => (0..events.len()).any(|at| {
                events[at].item == item
                    && seen(at)
                    && group.iter().all(|condition| on_event(condition, &events[at]))
            }),
        })
    };
    let applies = |rule: &&Rule| {
        let holds =
            |condition: &Condition| Own::of(&condition.field, user).meets(&condition.test, values);
        rule.only_if.iter().all(holds)
    };
    let rules =
        |action| expression.rules.iter().filter(move |rule| rule.action == action).filter(applies);
    let included = rules(Action::Include).next().is_none()
        || rules(Action::Include).any(|rule| matches(&rule));
    included && !rules(Action::Exclude).any(|rule| matches(&rule))
}

fn texts(of: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::collection::vec(select(of), 0..3).prop_map(|texts| texts.join("|"))
}

fn row(
    category: &'static str,
    number: &'static str,
    time: Option<&'static str>,
) -> impl Strategy<Value = FieldValues> {
    let numbers = || prop::option::of(select(&NUMBERS[..]));
    (texts(&TEXTS[..4]), numbers(), numbers()).prop_map(move |(categories, amount, seconds)| {
        let mut fields = FieldValues::new();
        fields.insert(category.to_owned(), categories.as_str().into());
        fields.extend(amount.map(|amount| (number.to_owned(), amount.into())));
        let seconds = seconds.filter(|&seconds| seconds >= 0.0).map(f64::floor);
        fields.extend(time.zip(seconds).map(|(time, seconds)| (time.to_owned(), seconds.into())));
        fields
    })
}

fn condition(dataset: Dataset) -> impl Strategy<Value = Condition> {
    let fields = match dataset {
        Dataset::Items => vec!["GENRE", "PRICE", "CREATION_TIMESTAMP", "ITEM_ID"],
        Dataset::Interactions => {
            vec!["EVENT_TYPE", "EVENT_TYPE", "EVENT_VALUE", "TIMESTAMP", "DEVICE", "HOUR"]
        }
        _ => vec!["TIER", "AGE"],
    };
    let text = |texts: &'static [&'static str]| {
        select(texts).prop_map(|text| Value::Text(text.to_owned())).boxed()
    };
    let placeholder = |name: &str| Just(Value::Placeholder(name.to_owned()));
    select(fields).prop_flat_map(move |name| {
        let (number, value) = match name {
            "EVENT_TYPE" => (
                false,
                prop_oneof![3 => text(&["CLICK", "buy", "never"]), 1 => Just(Value::Any), 1 => placeholder("2")]
                    .boxed(),
            ),
            "ITEM_ID" => (false, prop_oneof![4 => text(&["a", "b", "f", "zzz"]), 1 => placeholder("0")].boxed()),
            "GENRE" | "TIER" | "DEVICE" => (false, prop_oneof![4 => text(&TEXTS), 1 => placeholder("0")].boxed()),
            _ => {
                let number = select(&NUMBERS[..]).prop_map(Value::Number);
                (true, prop_oneof![4 => number, 1 => placeholder("1")].boxed())
            }
        };
        let comparisons = if number {
            vec![Comparison::Equal, Comparison::Less, Comparison::LessOrEqual, Comparison::Greater, Comparison::GreaterOrEqual]
        } else {
            vec![Comparison::Equal]
        };
        let list = prop::collection::vec(value.clone(), 1..4);
        let alone = value.prop_filter("* stands in lists, lists of texts as well", move |value| {
            number || matches!(value, Value::Text(_))
        });
        let test = prop_oneof![
            list.clone().prop_map(Test::In),
            list.prop_map(Test::NotIn),
            (select(comparisons), alone).prop_map(|(comparison, value)| Test::Compare(comparison, value)),
        ];
        test.prop_map(move |test| Condition { field: FieldRef { dataset, name: name.to_owned() }, test })
    })
}

fn expression() -> impl Strategy<Value = Expression> {
    let groups = select(vec![Dataset::Items, Dataset::Interactions]).prop_flat_map(|dataset| {
        prop::collection::vec(prop::collection::vec(condition(dataset), 1..4), 1..4)
    });
    let only_if = prop_oneof![
        2 => Just(vec![]),
        1 => prop::collection::vec(condition(Dataset::CurrentUser), 1..3),
    ];
    let rule = (select(vec![Action::Include, Action::Exclude]), groups, only_if).prop_map(
        |(action, any_of, only_if)| Rule { action, target: Target::Item, any_of, only_if },
    );
    prop::collection::vec(rule, 1..4).prop_map(|rules| Expression { rules })
}

/// One user's events over the items; few types, so that some are cut at the newest hundred.
fn history() -> impl Strategy<Value = Interactions> {
    let event = (
        0..N_ITEMS,
        select(&NUMBERS[1..]),
        prop_oneof![8 => Just(Some(0)), 1 => (0u8..3).prop_map(Some), 1 => Just(None)],
        prop::option::of(select(&NUMBERS[..])),
        prop::option::of(0u32..6),
    );
    prop_oneof![prop::collection::vec(event.clone(), 0..12), prop::collection::vec(event, 90..160)]
        .prop_map(|events| {
            let mut builder = InteractionsBuilder::new();
            for (item, time, event_type, value, context) in events {
                let value = value.map(|value| value as f32);
                builder
                    .push(0, Event { event_type, value, context, ..Event::new(item, time as i64) });
            }
            builder.event_type_names(TYPES.map(str::to_owned).to_vec()).build(1, N_ITEMS as usize)
        })
}

fn some_values() -> impl Strategy<Value = Values> {
    let list = |texts: &'static [&'static str]| {
        let list = prop::collection::vec(select(texts), 1..4);
        list.prop_map(|texts| texts.into_iter().map(str::to_owned).collect::<Vec<_>>())
    };
    let number = select(&NUMBERS[..]).prop_map(|number| vec![number.to_string()]);
    (list(&["a", "b", "f", "zzz"]), number, list(&["click", "WATCH", "x"]))
        .prop_map(|(texts, number, types)| Values([texts, number, types]))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    // Oracle: `allows`, one item after the other.
    #[test]
    fn filters_allow_what_an_evaluation_item_by_item_allows(
        expression in expression(),
        rows in prop::collection::vec(prop::option::of(row("GENRE", "PRICE", Some("CREATION_TIMESTAMP"))), N_ITEMS as usize - 9),
        contexts in prop::collection::vec(row("DEVICE", "HOUR", None), 5),
        user in row("TIER", "AGE", None),
        history in history(),
        values in some_values(),
    ) {
        // The tables of the shop with other rows; the last items have none.
        thread_local!(static SHOP: DatasetGroup = shop());
        let mut shop = SHOP.with(DatasetGroup::clone);
        for item in 0..N_ITEMS {
            shop.items.insert(&format!("more{item}"));
        }
        for (item, row) in rows.iter().enumerate() {
            if let Some(row) = row {
                shop.item_table.as_mut().unwrap().set_row(item as u32, row).unwrap();
            }
        }
        for (context, row) in contexts.iter().enumerate() {
            shop.context_table.as_mut().unwrap().set_row(context as u32, row).unwrap();
        }
        let item_ids = |id: &str| shop.items.encode(id);
        let tables = FilterTables {
            items: shop.item_table.as_ref(),
            users: shop.user_table.as_ref(),
            contexts: shop.context_table.as_ref(),
            event_type_names: history.event_type_names(),
            has_event_values: true,
            ..FilterTables::new(N_ITEMS as usize, &item_ids)
        };
        let filter = Filter::parse(&expression.to_string()).unwrap();
        let compiled = filter.compile(&tables).unwrap();
        let given = filter.placeholders().map(|name| {
            let list = &values.0[name.parse::<usize>().unwrap()];
            (name.to_owned(), list.iter().map(|text| format!("{text:?}")).collect::<Vec<_>>().join(", "))
        });
        let current = FilterUser {
            fields: Some(&user),
            history: history.user(0),
            contexts: shop.context_table.as_ref(),
        };
        let allowed = compiled.allowed(&current, &given.collect(), &item_ids).unwrap();
        for item in 0..N_ITEMS {
            let expected = allows(&expression, item, &shop, history.user(0), &user, &values);
            let found = allowed.as_ref().is_none_or(|allowed| allowed.contains(item));
            prop_assert_eq!(found, expected, "item {} of {}", item, expression);
        }
    }
}
