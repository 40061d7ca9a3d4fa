use ensue_core::{Event, InteractionsBuilder, OwnedHistory};

use super::*;
use crate::conformance::{Conformance, KnownAnswer};

impl Conformance for Markov {
    const ANSWER: KnownAnswer = KnownAnswer::NextSquare;
}

/// Streams 0 1 2 1 2 and 2 2 3 over a catalogue of 5.
fn fitted() -> FittedMarkov {
    let mut events = InteractionsBuilder::new();
    for (user, stream) in [(0, &[0, 1, 2, 1, 2][..]), (1, &[2, 2, 3])] {
        for (time, &item) in stream.iter().enumerate() {
            events.push(user, Event::new(item, time as i64));
        }
    }
    let data = TrainingData::from_interactions(events.build(2, 5));
    Markov::default().fit(&data, &mut Run::new("ndarray")).unwrap()
}

fn after(items: &[u32]) -> OwnedHistory {
    let mut history = OwnedHistory::default();
    for (time, &item) in items.iter().enumerate() {
        history.push(Event::new(item, time as i64));
    }
    history
}

#[test]
fn successions_are_counted_within_a_user() {
    // Oracle: counted by hand; the end of user 0 and the start of user 1 are no succession.
    let model = fitted();
    assert_eq!(model.successors(0).collect::<Vec<_>>(), [(1, 1)]);
    assert_eq!(model.successors(1).collect::<Vec<_>>(), [(2, 2)]);
    assert_eq!(model.successors(2).collect::<Vec<_>>(), [(1, 1), (2, 1), (3, 1)]);
    assert_eq!(model.successors(3).count() + model.successors(4).count(), 0);
}

#[test]
fn successions_across_sessions_count_unless_told_otherwise() {
    // Oracle: by hand; 0 and 1 are one session, 2 the next.
    let mut events = InteractionsBuilder::new();
    for (item, session) in [(0, 7), (1, 7), (2, 8)] {
        events.push(0, Event { session: Some(session), ..Event::new(item, i64::from(item)) });
    }
    let data = TrainingData::from_interactions(events.build(1, 3));
    for (within_sessions, after_1) in [(false, vec![(2, 1)]), (true, vec![])] {
        let model = Markov { within_sessions }.fit(&data, &mut Run::new("ndarray")).unwrap();
        assert_eq!(model.successors(0).collect::<Vec<_>>(), [(1, 1)]);
        assert_eq!(model.successors(1).collect::<Vec<_>>(), after_1);
    }
}

#[test]
fn popularity_orders_what_successions_leave_equal() {
    // Oracle: by hand. Counts are 0: 1, 1: 2, 2: 4, 3: 1, 4: 0; after 2 came 1, 2 and 3 once each.
    let model = fitted();
    let answer = |items: &[u32]| -> Vec<u32> {
        let history = after(items);
        let query = Query::from_history(history.as_history());
        model.recommend(&[query], 5).unwrap()[0].iter().map(|line| line.item).collect()
    };
    assert_eq!(answer(&[2]), [2, 1, 3, 0, 4]);
    assert_eq!(answer(&[0]), [1, 2, 0, 3, 4]);
    assert_eq!(answer(&[4]), [2, 1, 0, 3, 4]);
    assert_eq!(answer(&[]), [2, 1, 0, 3, 4]);
}

#[test]
fn scores_are_the_documented_formula() {
    // Oracle: c + 1e-6 n by hand.
    let history = after(&[1]);
    let scores = fitted().scores(&[Query::from_history(history.as_history())]).unwrap();
    assert_eq!(scores.row(0), [1e-6, 2e-6, 2.000_004, 1e-6, 0.0]);
}
