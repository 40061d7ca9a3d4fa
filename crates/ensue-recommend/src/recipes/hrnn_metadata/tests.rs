use std::{num::NonZeroUsize, sync::Arc};

use ensue_core::{Bitmap, Event, History, InteractionsBuilder, OwnedHistory, Seed};
use ensue_data::{FieldKind, FieldValues, MetadataTable};

use super::*;
use crate::{
    Context, Query, Recommend,
    conformance::{Conformance, ITEMS, KnownAnswer, checkerboard},
};

/// Each item's square and colour, and how far around the board it is.
pub(crate) fn squares() -> MetadataTable {
    let mut table = MetadataTable::with_fields([
        ("COLOR", FieldKind::Categorical),
        ("SQUARE", FieldKind::Categorical),
        ("AROUND", FieldKind::Number),
    ]);
    for item in 0..ITEMS {
        table.set_row(item, &square(item)).unwrap();
    }
    table
}

/// Fields of the item on a square.
pub(crate) fn square(item: u32) -> FieldValues {
    let color = if item.is_multiple_of(2) { "white" } else { "black" };
    fields(&format!(r#"{{"COLOR": "{color}", "SQUARE": "s{item}|any", "AROUND": {item}}}"#))
}

pub(crate) fn fields(json: &str) -> FieldValues {
    serde_json::from_str(json).unwrap()
}

pub(crate) fn small() -> Hrnn {
    let count = |n| NonZeroUsize::new(n).unwrap();
    Hrnn {
        hidden_dimension: count(16),
        lanes: count(4),
        bptt: count(8),
        epochs: count(20),
        learning_rate: 0.02,
        ..Hrnn::default()
    }
}

impl Conformance for HrnnMetadata {
    const ANSWER: KnownAnswer = KnownAnswer::NextSquare;

    fn small() -> Self {
        Self { network: small(), id_dropout: 0.1 }
    }

    fn data() -> TrainingData {
        let data = TrainingData::from_interactions(checkerboard());
        TrainingData { item_table: Some(Arc::new(squares())), ..data }
    }
}

fn run() -> Run {
    Run::new("ndarray").with_seed(Seed(3))
}

fn after(items: &[u32]) -> OwnedHistory {
    items.iter().zip(0..).map(|(&item, at)| Event::new(item, 60 * at)).collect()
}

// Oracle: HRNN's own scores, bit for bit.
#[test]
fn without_fields_it_is_hrnn() {
    let data = TrainingData::from_interactions(checkerboard());
    let hrnn = small().fit(&data, &mut run()).unwrap();
    let settings = HrnnMetadata { network: small(), id_dropout: 0.0 };
    let metadata = settings.fit(&data, &mut run()).unwrap();
    let history = after(&[1, 3, 5]);
    let query = Query::from_history(history.as_history());
    assert_eq!(metadata.scores(&[query]).unwrap(), hrnn.scores(&[query]).unwrap());
}

// Oracle: how the data are made. Everybody starts at item 0 and what comes next is decided by a field of the user (even
// users), by the context of the next event (odd users).
#[test]
fn fields_of_users_and_moments_decide() {
    let mut users = MetadataTable::with_fields([("PET", FieldKind::Categorical)]);
    let mut contexts = MetadataTable::with_fields([("RAIN", FieldKind::Boolean)]);
    contexts.set_row(0, &fields(r#"{"RAIN": false}"#)).unwrap();
    contexts.set_row(1, &fields(r#"{"RAIN": true}"#)).unwrap();
    let mut rows = InteractionsBuilder::new();
    for user in 0..80u32 {
        let pet = if user % 4 < 2 { "cat" } else { "dog" };
        let known = if user % 2 == 0 { format!(r#"{{"PET": "{pet}"}}"#) } else { "{}".to_owned() };
        users.set_row(user, &fields(&known)).unwrap();
        for at in 0..3u32 {
            let rain = (user / 2 + at) % 2;
            let next = if user % 2 == 0 { 1 + u32::from(user % 4 >= 2) } else { 3 + rain };
            let context = Some(if user % 2 == 1 { rain } else { u32::MAX });
            let item = if at == 0 { 0 } else { next };
            rows.push(user, Event { context, ..Event::new(item, i64::from(at)) });
        }
    }
    let data = TrainingData {
        user_table: Some(Arc::new(users)),
        context_table: Some(Arc::new(contexts)),
        ..TrainingData::from_interactions(rows.build(80, 5))
    };
    let network = Hrnn { repeat_term: false, epochs: NonZeroUsize::new(40).unwrap(), ..small() };
    let model = HrnnMetadata { network, id_dropout: 0.0 }.fit(&data, &mut run()).unwrap();
    let first = |query: Query<'_>| model.recommend(&[query], 1).unwrap()[0][0].item;
    let start = after(&[0]);
    let query = Query::from_history(start.as_history());
    assert_eq!(first(Query { user: Some(0), ..query }), 1, "a cat");
    assert_eq!(first(Query { user: Some(2), ..query }), 2, "a dog");
    let (cat, dog) = (fields(r#"{"PET": "cat"}"#), fields(r#"{"PET": "dog", "AGE": 3}"#));
    assert_eq!(first(Query { user_fields: Some(&cat), ..query }), 1, "somebody new with a cat");
    assert_eq!(first(Query { user_fields: Some(&dog), ..query }), 2);
    assert_eq!(first(Query { user: Some(0), user_fields: Some(&dog), ..query }), 2, "a new pet");
    assert_eq!(first(Query { context: Some(Context::Known(0)), ..query }), 3, "dry");
    assert_eq!(first(Query { context: Some(Context::Known(1)), ..query }), 4, "rain");
    let rain = fields(r#"{"RAIN": true}"#);
    assert_eq!(first(Query { context: Some(Context::Given(&rain)), ..query }), 4);
    let nobody = Query::from_history(History::default());
    let scores = |query| model.scores(&[query]).unwrap();
    assert_ne!(
        scores(Query { user_fields: Some(&cat), ..nobody }),
        scores(Query { user_fields: Some(&dog), ..nobody }),
        "somebody without a history is answered by fields"
    );
}

// Oracle: a new item with the fields of a known one ranks beside it, the others keep their scores.
#[test]
fn items_added_later_are_scored_by_their_fields() {
    let data = HrnnMetadata::data();
    let settings = HrnnMetadata { network: small(), id_dropout: 0.5 };
    let model = settings.fit(&data, &mut run()).unwrap();
    let mut items = squares();
    items.set_row(ITEMS, &square(4)).unwrap();
    items.set_row(ITEMS + 1, &square(9)).unwrap();
    let larger = model.with_items(&items).unwrap();
    assert_eq!(larger.n_items(), ITEMS as usize + 2);
    let history = after(&[0, 2]);
    let query = Query::from_history(history.as_history());
    let (before, after) = (model.scores(&[query]).unwrap(), larger.scores(&[query]).unwrap());
    for (a, b) in before.row(0).iter().zip(after.row(0)) {
        // Sums over more bags may round differently in the last digit.
        assert!((a - b).abs() <= 1e-5 * b.abs().max(1.0), "{a} and {b}");
    }
    let new = &after.row(0)[ITEMS as usize..];
    assert!(new[0] > new[1], "square 4 comes after 0 and 2, square 9 never: {new:?}");
    assert!(model.with_items(&squares()).is_some());
    let plain = small().fit(&data, &mut run()).unwrap();
    assert!(plain.with_items(&items).is_none(), "HRNN knows no fields");
}

// Oracle: the model before, asked about the same person by their old number.
#[test]
fn users_numbered_anew_keep_their_fields_and_the_others_leave_none() {
    let mut users = MetadataTable::with_fields([("PET", FieldKind::Categorical)]);
    for user in 0..120 {
        let pet = if user % 2 == 0 { "cat" } else { "dog" };
        users.set_row(user, &fields(&format!(r#"{{"PET": "{pet}"}}"#))).unwrap();
    }
    let data = TrainingData { user_table: Some(Arc::new(users)), ..HrnnMetadata::data() };
    let model = HrnnMetadata::small().fit(&data, &mut run()).unwrap();
    assert!(model.uses_user_fields());
    let kept = model.with_users(&[3, 4, 9], &Bitmap::default()).unwrap();
    let history = after(&[1, 3]);
    let scores = |model: &dyn Recommend, user| {
        let query = Query { user, ..Query::from_history(history.as_history()) };
        model.scores(&[query]).unwrap()
    };
    for (new, old) in [(0, 3), (1, 4), (2, 9)] {
        assert_eq!(scores(&*kept, Some(new)), scores(&model, Some(old)));
    }
    assert_ne!(scores(&model, Some(3)), scores(&model, Some(4)), "a cat is not a dog");
    assert_eq!(scores(&*kept, Some(3)), scores(&model, None), "nobody is left there");
}

// Oracle: the message.
#[test]
fn settings_out_of_range_are_refused_by_name() {
    let settings = HrnnMetadata { id_dropout: 1.5, ..HrnnMetadata::default() };
    let message = settings.check().unwrap_err().to_string();
    let expected = "aws-hrnn-metadata: id_dropout is 1.5, but must be between 0 and 1";
    assert_eq!(message, expected);
    let network = Hrnn { learning_rate: -1.0, ..Hrnn::default() };
    let settings = HrnnMetadata { network, ..HrnnMetadata::default() };
    assert!(settings.check().unwrap_err().to_string().starts_with("aws-hrnn-metadata: learning"));
}
