use super::*;
use crate::interactions::{Event, InteractionsBuilder};

/// User `u` has the histories given; item `i` of it at the time given.
fn data(histories: &[&[(u32, i64)]]) -> Interactions {
    let mut rows = InteractionsBuilder::new();
    for (user, history) in histories.iter().enumerate() {
        for &(item, timestamp) in *history {
            rows.push(user as u32, Event::new(item, timestamp));
        }
    }
    rows.build(histories.len(), 100)
}

/// `n` events of the items 0, 1, .. at the times 0, 1, ..
fn line(n: u32) -> Vec<(u32, i64)> {
    (0..n).map(|at| (at, i64::from(at))).collect()
}

fn answers(split: &Split) -> Vec<(u32, &[u32], &[u32])> {
    split
        .queries
        .iter()
        .map(|query| (query.user, query.history.as_history().items, &query.relevant[..]))
        .collect()
}

#[test]
fn the_temporal_holdout_is_what_pandas_ranks_above_nine_tenths() {
    // Oracle: Python's `sum(k / n > 0.9 for k in range(1, n + 1))`, which is what `rank(pct=True,
    // method="first")` computes over distinct timestamps (18 / 20 is exactly 0.9, not above it).
    for (n, held_out) in [(1, 1), (2, 1), (9, 1), (10, 1), (11, 2), (20, 2), (21, 3), (73, 8)] {
        let split = split(&data(&[&line(n)]), EvaluationMode::TemporalHoldout, Seed(0));
        assert_eq!(split.queries[0].relevant.len(), held_out, "{n} events");
        assert_eq!(split.train.len(), n as usize - held_out, "{n} events");
    }
}

#[test]
fn ties_are_held_out_in_the_order_of_the_file() {
    // Oracle: by hand. Eleven events of one moment but for a late old one: ranks 10 and 11 of 11
    // are above 0.9, and those are the last two of the file among the tied.
    let mut history: Vec<(u32, i64)> = (0..10).rev().map(|item| (item, 500)).collect();
    history.push((77, 1));
    let split = split(&data(&[&history]), EvaluationMode::TemporalHoldout, Seed(0));
    assert_eq!(split.queries[0].relevant, [1, 0]);
    assert_eq!(split.train.user(0).items, [77, 9, 8, 7, 6, 5, 4, 3, 2]);
}

#[test]
fn the_temporal_holdout_asks_for_every_user_with_an_event() {
    // Oracle: by hand; a user of one event has an empty input, one of none is not asked for.
    let split = split(&data(&[&line(1), &[], &line(3)]), EvaluationMode::TemporalHoldout, Seed(0));
    assert_eq!(answers(&split), [(0, &[][..], &[0][..]), (2, &[0, 1], &[2])]);
    assert_eq!(split.train.all_events().items, [0, 1]);
    assert_eq!((split.train.n_users(), split.train.n_items()), (3, 100));
}

#[test]
fn last_item_holds_out_one_event_of_users_with_two() {
    // Oracle: by hand; the single event of user 1 still trains.
    let split = split(&data(&[&line(12), &line(1), &[]]), EvaluationMode::LastItem, Seed(0));
    assert_eq!(split.queries.len(), 1);
    assert_eq!(split.queries[0].relevant, [11]);
    assert_eq!(split.queries[0].history.len(), 11);
    assert_eq!(split.train.user(0).len(), 11);
    assert_eq!(split.train.user(1).len(), 1);
}

#[test]
fn newest_tenth_draws_a_tenth_of_the_users_and_does_not_train_on_them() {
    // Oracle: the definition; 40 users of whom 20 have two events or more, so 2 are drawn.
    let (long, short) = (line(11), line(1));
    let histories: Vec<&[(u32, i64)]> =
        (0..40).map(|user| if user % 2 == 0 { &long[..] } else { &short[..] }).collect();
    let interactions = data(&histories);
    let split = split(&interactions, EvaluationMode::NewestTenth, Seed(5));
    assert_eq!(split.queries.len(), 2);
    for query in &split.queries {
        assert_eq!(query.user % 2, 0);
        assert_eq!(split.train.user(query.user).len(), 0);
        assert_eq!(query.history.as_history(), interactions.user(query.user).first(9));
        assert_eq!(query.relevant, [9, 10]);
    }
    assert_eq!(split.train.len(), interactions.len() - 22);
}

#[test]
fn newest_tenth_follows_the_seed() {
    // Oracle: the same seed; and of 20 other seeds at least one draws other users.
    let long = line(5);
    let interactions = data(&vec![&long[..]; 50]);
    let users = |seed| -> Vec<u32> {
        let split = split(&interactions, EvaluationMode::NewestTenth, Seed(seed));
        split.queries.iter().map(|query| query.user).collect()
    };
    assert_eq!(users(1), users(1));
    assert_eq!(users(1).len(), 5);
    assert!((2..22).any(|seed| users(seed) != users(1)));
}

#[test]
fn a_tenth_of_few_users_is_one_and_of_none_is_none() {
    // Oracle: the definition.
    let count = |histories: &[&[(u32, i64)]]| {
        split(&data(histories), EvaluationMode::NewestTenth, Seed(0)).queries.len()
    };
    assert_eq!(count(&[&line(2), &line(2)]), 1);
    assert_eq!(count(&[&line(1), &[]]), 0);
    assert_eq!(count(&[]), 0);
}

#[test]
fn a_repeated_answer_stands_once_where_it_came_first() {
    // Oracle: by hand; 21 events hold out 3, here of the items 8, 4, 8.
    let mut history = line(18);
    history.extend([(8, 100), (4, 101), (8, 102)]);
    let split = split(&data(&[&history]), EvaluationMode::TemporalHoldout, Seed(0));
    assert_eq!(split.queries[0].relevant, [8, 4]);
}

#[test]
fn validation_keeps_older_events_in_training() {
    // Oracle: by hand; all users drawn, those with one event have nothing to give.
    let split = validation_split(&data(&[&line(20), &line(1), &line(2)]), Seed(0), 1.0);
    assert_eq!(answers(&split).iter().map(|(user, ..)| *user).collect::<Vec<_>>(), [0, 2]);
    assert_eq!(split.queries[0].relevant, [18, 19]);
    assert_eq!(split.train.user(0).len(), 18);
    assert_eq!(split.train.user(1).len(), 1);
    assert_eq!(split.train.user(2).items, [0]);
}

#[test]
fn validation_draws_its_share_of_users() {
    // Oracle: the definition; 30 users able, a fifth of them, one at least, none for 0.
    let history = line(4);
    let interactions = data(&vec![&history[..]; 30]);
    for (fraction, users) in [(0.2, 6), (0.001, 1), (0.0, 0), (1.0, 30), (7.0, 30), (f64::NAN, 0)] {
        let split = validation_split(&interactions, Seed(3), fraction);
        assert_eq!(split.queries.len(), users, "{fraction}");
        assert_eq!(split.train.len(), interactions.len() - users, "{fraction}");
    }
}

#[test]
fn modes_have_one_name_everywhere() {
    // Oracle: serde's own name.
    for mode in EvaluationMode::ALL {
        assert_eq!(serde_json::to_value(mode).unwrap(), mode.name());
        assert_eq!(mode.name().parse::<EvaluationMode>().unwrap(), mode);
        assert_eq!(mode.to_string(), mode.name());
    }
    assert_eq!(EvaluationMode::default().name(), "newest-tenth");
    let error = "newest".parse::<EvaluationMode>().unwrap_err();
    for mode in EvaluationMode::ALL {
        assert!(error.to_string().contains(mode.name()));
    }
}

#[test]
fn the_notebooks_ndcg_goes_with_the_notebooks_split() {
    // Oracle: the protocol.
    let forms = EvaluationMode::ALL.map(EvaluationMode::ndcg_form);
    assert_eq!(forms, [NdcgForm::Amazon, NdcgForm::Amazon, NdcgForm::AmazonSample]);
}
