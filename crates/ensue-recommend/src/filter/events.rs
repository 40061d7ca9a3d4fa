//! Conditions on a user's events: from the conditions of a rule to the set of items with such an event.

use ensue_core::interactions::NO_EVENT_TYPE;
use ensue_core::{Bitmap, Event};
use ensue_data::{Categories, MISSING_TIMESTAMP, MetadataColumn, MetadataTable};

use super::operands::{FieldTest, NumberTest, Numbers, TextTest};
use super::values::Given;
use super::{FilterUser, MAX_INTERACTIONS};

/// A condition on a field of events.
#[derive(Debug, Clone)]
pub(super) enum EventTest {
    Type(TextTest),
    Value(NumberTest),
    Time(NumberTest),
    Context { field: String, test: FieldTest },
}

/// An [`EventTest`] whose names have become numbers.
#[derive(Debug)]
enum Resolved<'a> {
    /// Whether it holds, by the code of the type.
    Type(Box<[bool; 256]>),
    Value(Numbers),
    Time(Numbers),
    Categories {
        of: &'a Categories,
        codes: Vec<u32>,
        negated: bool,
    },
    Numbers {
        column: &'a [f32],
        numbers: Numbers,
    },
    Timestamps {
        column: &'a [i64],
        numbers: Numbers,
    },
    /// The contexts have no such column: everything is missing.
    Missing(bool),
}

/// The items among `n_items` of which an event, of those that filters see, meets all conditions of any group.
pub(super) fn matches(
    groups: &[Vec<EventTest>],
    n_items: usize,
    event_type_names: &[String],
    user: &FilterUser<'_>,
    given: &Given,
) -> Bitmap {
    let resolve = |test| resolved(test, event_type_names, user.contexts, given);
    let groups: Vec<Vec<Resolved<'_>>> =
        groups.iter().map(|group| group.iter().map(resolve).collect()).collect();
    let mut matches = Bitmap::zeros(n_items);
    let mut seen = [0; 256];
    for event in user.history.events().rev() {
        let seen = &mut seen[usize::from(event.event_type.unwrap_or(NO_EVENT_TYPE))];
        *seen += 1;
        if *seen <= MAX_INTERACTIONS
            && (event.item as usize) < n_items
            && groups.iter().any(|group| group.iter().all(|test| test.holds(&event)))
        {
            matches.insert(event.item);
        }
    }
    matches
}

fn resolved<'a>(
    test: &EventTest,
    event_type_names: &[String],
    contexts: Option<&'a MetadataTable>,
    given: &Given,
) -> Resolved<'a> {
    match test {
        EventTest::Type(test) => Resolved::Type(types(test, event_type_names, given)),
        EventTest::Value(test) => Resolved::Value(test.numbers(given)),
        EventTest::Time(test) => Resolved::Time(test.numbers(given)),
        EventTest::Context { field, test } => {
            match (contexts.and_then(|contexts| contexts.column(field)), test) {
                (Some(MetadataColumn::Categorical(of)), FieldTest::Texts(test)) => {
                    let code = |text| of.vocabulary().encode(text);
                    let codes = test.texts(given).filter_map(code).collect();
                    Resolved::Categories { of, codes, negated: test.negated }
                }
                (Some(MetadataColumn::Number(column)), FieldTest::Numbers(test)) => {
                    Resolved::Numbers { column, numbers: test.numbers(given) }
                }
                (Some(MetadataColumn::Timestamp(column)), FieldTest::Numbers(test)) => {
                    Resolved::Timestamps { column, numbers: test.numbers(given) }
                }
                _ => Resolved::Missing(test.holds(None, given)),
            }
        }
    }
}

/// Whether the test holds for each code; names are compared without regard to case.
fn types(test: &TextTest, names: &[String], given: &Given) -> Box<[bool; 256]> {
    let listed: Vec<String> = test.texts(given).map(str::to_lowercase).collect();
    let any = test.any || listed.iter().any(|listed| listed == "*");
    let mut holds = Box::new([any != test.negated; 256]);
    for (holds, name) in holds.iter_mut().zip(names) {
        *holds = (any || listed.contains(&name.to_lowercase())) != test.negated;
    }
    holds
}

impl Resolved<'_> {
    fn holds(&self, event: &Event) -> bool {
        let context = event.context.map(|context| context as usize);
        match self {
            Self::Type(holds) => holds[usize::from(event.event_type.unwrap_or(NO_EVENT_TYPE))],
            Self::Value(numbers) => numbers.holds(event.value.map_or(f64::NAN, f64::from)),
            Self::Time(numbers) => numbers.holds(event.timestamp as f64),
            Self::Categories { of, codes, negated } => {
                let own = event.context.map_or(&[][..], |context| of.of(context));
                own.iter().any(|code| codes.contains(code)) != *negated
            }
            Self::Numbers { column, numbers } => {
                let number = context.and_then(|context| column.get(context).copied());
                numbers.holds(number.map_or(f64::NAN, f64::from))
            }
            Self::Timestamps { column, numbers } => {
                let time = context.and_then(|context| column.get(context).copied());
                let time = time.filter(|&time| time != MISSING_TIMESTAMP);
                numbers.holds(time.map_or(f64::NAN, |time| time as f64))
            }
            Self::Missing(holds) => *holds,
        }
    }
}
