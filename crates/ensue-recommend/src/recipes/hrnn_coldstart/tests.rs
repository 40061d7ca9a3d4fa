use std::sync::Arc;

use ensue_core::{Event, InteractionsBuilder, OwnedHistory, Seed};
use ensue_data::{FieldKind, MetadataTable};

use super::*;
use crate::{
    Query, Recommend,
    conformance::{Conformance, ITEMS, KnownAnswer, checkerboard},
    recipes::hrnn_metadata::tests::{fields, small, square, squares},
};

impl Conformance for HrnnColdstart {
    const ANSWER: KnownAnswer = KnownAnswer::NextSquare;

    fn small() -> Self {
        Self {
            network: small(),
            min_cold_items: 0,
            candidates: Candidates::AllItems,
            id_dropout: 0.3,
            whole_history: false,
            ..Self::default()
        }
    }

    fn data() -> TrainingData {
        let data = TrainingData::from_interactions(checkerboard());
        TrainingData { item_table: Some(Arc::new(squares())), ..data }
    }
}

fn run() -> Run {
    Run::new("ndarray").with_seed(Seed(5))
}

const DAY: i64 = 86_400;

/// Items 0..4: often and old, often and new, rare and old, rare and new; 4 has no event and no time of its own.
fn ages() -> TrainingData {
    let mut rows = InteractionsBuilder::new();
    for user in 0..20 {
        rows.push(user, Event::new(0, 0));
        rows.push(user, Event::new(1, 100 * DAY));
    }
    rows.push(0, Event::new(2, 0));
    rows.push(0, Event::new(3, 98 * DAY));
    let mut items = MetadataTable::with_fields([("KIND", FieldKind::Categorical)]);
    for item in 0..5 {
        items.set_row(item, &fields(r#"{"KIND": "x"}"#)).unwrap();
    }
    let data = TrainingData::from_interactions(rows.build(20, 5));
    TrainingData { item_table: Some(Arc::new(items)), ..data }
}

// Oracle: the rule, by hand; against the clock everything of 1970 is old.
#[test]
fn a_cold_item_is_rare_and_young() {
    let cold = |settings: HrnnColdstart| settings.cold_items(&ages());
    let base = HrnnColdstart::default();
    assert_eq!(cold(base.clone()), [false, false, false, true, true]);
    let short = HrnnColdstart { cold_start_max_duration: 1.0, ..base.clone() };
    assert_eq!(cold(short), [false, false, false, false, true]);
    let clock = RelativeFrom::CurrentTime;
    let clock = HrnnColdstart { cold_start_relative_from: clock, ..base.clone() };
    assert_eq!(cold(clock), [false; 5]);
    let many = NonZeroU32::new(21).unwrap();
    let many = HrnnColdstart { cold_start_max_interactions: many, ..base };
    assert_eq!(cold(many), [false, true, false, true, true]);
}

// Oracle: the messages.
#[test]
fn too_few_or_too_many_cold_items_and_missing_metadata_are_refused() {
    let refused = |settings: HrnnColdstart, data: &TrainingData| {
        settings.fit(data, &mut run()).unwrap_err().to_string()
    };
    let message = refused(HrnnColdstart::default(), &ages());
    assert!(message.starts_with("aws-hrnn-coldstart: 2 items are cold"), "{message}");
    assert!(message.contains("but 100 to 80000 must be"), "{message}");
    let few = HrnnColdstart { min_cold_items: 0, max_cold_items: 1, ..HrnnColdstart::default() };
    assert!(refused(few, &ages()).contains("but 0 to 1 must be"));
    let bare = TrainingData { item_table: None, ..ages() };
    let expected = "aws-hrnn-coldstart: needs metadata of the items, and the data have none";
    assert_eq!(refused(HrnnColdstart::default(), &bare), expected);
    let crossed =
        HrnnColdstart { min_cold_items: 9, max_cold_items: 8, ..HrnnColdstart::default() };
    assert!(refused(crossed, &ages()).contains("max_cold_items is 8"));
}

// Oracle: the checkerboard. Two items that nobody had are described as the squares after and before where a user stands; only
// they are answers, and the one of the user's colour and square comes first.
#[test]
fn cold_items_are_found_by_their_fields_alone() {
    let mut items = squares();
    items.set_row(ITEMS, &square(4)).unwrap();
    items.set_row(ITEMS + 1, &square(9)).unwrap();
    let mut rows = InteractionsBuilder::new();
    for (user, history) in checkerboard().users() {
        history.events().for_each(|event| rows.push(user, event));
    }
    let interactions = rows.build(120, ITEMS as usize + 2);
    let data = TrainingData {
        item_table: Some(Arc::new(items.clone())),
        ..TrainingData::from_interactions(interactions)
    };
    let settings = HrnnColdstart {
        network: small(),
        min_cold_items: 1,
        cold_start_max_duration: 1e-3,
        whole_history: false,
        ..HrnnColdstart::default()
    };
    let cold = settings.cold_items(&data);
    assert_eq!(cold.iter().filter(|&&cold| cold).count(), 2, "{cold:?}");
    let model = settings.fit(&data, &mut run()).unwrap();
    let ask = |model: &dyn Recommend, walked: [u32; 2]| -> Vec<u32> {
        let events = walked.into_iter().zip(0..).map(|(item, at)| Event::new(item, 60 * at));
        let history: OwnedHistory = events.collect();
        let query = Query::from_history(history.as_history());
        model.recommend(&[query], 25).unwrap()[0].iter().map(|line| line.item).collect()
    };
    assert_eq!(ask(&model, [0, 2]), [ITEMS, ITEMS + 1]);
    assert_eq!(ask(&model, [5, 7]), [ITEMS + 1, ITEMS]);
    // One that comes later is cold as well.
    items.set_row(ITEMS + 2, &square(6)).unwrap();
    let larger = model.with_items(&items).unwrap();
    assert_eq!(ask(&*larger, [2, 4])[0], ITEMS + 2);
    assert_eq!(ask(&*larger, [2, 4]).len(), 3);
}
