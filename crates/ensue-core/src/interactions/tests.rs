use super::*;

fn event(item: u32, timestamp: i64) -> Event {
    Event::new(item, timestamp)
}

/// Two users out of order, with every optional column, each with a gap.
fn full() -> Interactions {
    let mut rows = InteractionsBuilder::new().event_type_names(vec!["view".into(), "buy".into()]);
    rows.push(2, Event { event_type: Some(1), ..event(5, 30) });
    rows.push(0, Event { value: Some(4.5), ..event(1, 20) });
    rows.push(2, Event { session: Some(7), ..event(3, 10) });
    rows.push(0, event(0, 10));
    rows.build(3, 6)
}

#[test]
fn rows_are_ordered_by_user_and_time() {
    // Oracle: the rows of `full` sorted by hand.
    let interactions = full();
    assert_eq!(interactions.offsets(), [0, 2, 2, 4]);
    assert_eq!(interactions.all_events().items, [0, 1, 3, 5]);
    assert_eq!(interactions.all_events().timestamps, [10, 20, 10, 30]);
    assert_eq!((interactions.n_users(), interactions.n_items(), interactions.len()), (3, 6, 4));
    assert!(interactions.user(1).is_empty());
    assert!(interactions.user(99).is_empty());
}

#[test]
fn ties_in_time_keep_the_order_of_the_file() {
    // Oracle: the order of the pushes; users interleaved so that the counting sort has to move
    // them, and one late row so that the sort by time has to.
    let mut rows = InteractionsBuilder::new();
    for item in 0..50 {
        rows.push(item % 2, event(item, 7));
    }
    rows.push(0, event(50, 1));
    let interactions = rows.build(2, 51);
    let evens: Vec<u32> = [50].into_iter().chain((0..50).step_by(2)).collect();
    let odds: Vec<u32> = (1..50).step_by(2).collect();
    assert_eq!(interactions.user(0).items, evens);
    assert_eq!(interactions.user(1).items, odds);
}

#[test]
fn optional_columns_follow_their_event() {
    // Oracle: the rows of `full`.
    let interactions = full();
    let last = interactions.user(2).event(1);
    assert_eq!(last, Event { event_type: Some(1), ..event(5, 30) });
    assert_eq!(interactions.user(2).event(0).session, Some(7));
    assert_eq!(interactions.user(0).event(1).value, Some(4.5));
    assert_eq!(interactions.user(0).event(0), event(0, 10));
    assert!(interactions.has_event_types() && interactions.has_values());
    assert!(interactions.has_sessions());
    assert_eq!(interactions.event_type_names(), ["view", "buy"]);
}

#[test]
fn columns_that_nobody_needs_are_not_there() {
    // Oracle: the definition; the codes for "none" and not-a-number make no column either.
    let mut rows = InteractionsBuilder::new();
    rows.push(0, Event { value: Some(f32::NAN), session: Some(NO_SESSION), ..event(0, 0) });
    rows.push(0, Event { event_type: Some(NO_EVENT_TYPE), ..event(0, 1) });
    let interactions = rows.build(1, 1);
    assert!(!interactions.has_values() && !interactions.has_sessions());
    assert!(!interactions.has_event_types());
    assert_eq!(interactions.user(0).event(1), event(0, 1));
}

#[test]
fn an_event_takes_twelve_bytes_and_a_user_eight() {
    // Oracle: 4 bytes of item and 8 of timestamp, one offset per user and one more.
    let (users, events) = (1000_u32, 100_000_u32);
    let mut rows = InteractionsBuilder::new();
    for at in 0..events {
        rows.push((at * 7919) % users, event(at % 100, i64::from(at)));
    }
    let interactions = rows.build(users as usize, 100);
    assert_eq!(interactions.heap_bytes(), 12 * events as usize + 8 * (users as usize + 1));
}

#[test]
fn counts_are_of_events_and_of_distinct_users() {
    // Oracle: by hand. Item 1: three events of two users; user 0 comes back to it.
    let mut rows = InteractionsBuilder::new();
    for (user, item) in [(0, 1), (0, 0), (0, 1), (1, 1)] {
        rows.push(user, event(item, 0));
    }
    let interactions = rows.build(2, 3);
    assert_eq!(interactions.item_counts(), [1, 3, 0]);
    assert_eq!(interactions.item_user_counts(), [1, 2, 0]);
}

#[test]
fn filter_and_truncated_keep_id_spaces_and_columns() {
    // Oracle: the rows of `full` by hand.
    let all = full();
    let typed = all.filter(|user, event| user == 2 && event.event_type == Some(1));
    assert_eq!(typed.all_events().items, [5]);
    assert_eq!((typed.n_users(), typed.n_items()), (3, 6));
    assert!(typed.has_values(), "columns stay, though no event left has a value");
    let first = all.truncated(|user, _| if user == 0 { 99 } else { 1 });
    assert_eq!(first.all_events().items, [0, 1, 3]);
    assert_eq!(first.event_type_names(), all.event_type_names());
    assert_eq!(all.truncated(|_, history| history.len()), all);
    assert!(all.filter(|_, _| false).is_empty());
}

#[test]
fn first_last_and_range_cut_every_column() {
    // Oracle: the rows of `full` by hand.
    let interactions = full();
    let history = interactions.user(2);
    assert_eq!(history.first(1).event(0), history.event(0));
    assert_eq!(history.last(1).event(0), history.event(1));
    assert_eq!(history.range(1..), history.last(1));
    assert_eq!(history.range(..=0), history.first(1));
    assert_eq!((history.first(9), history.last(9)), (history, history));
    assert!(history.first(0).is_empty() && history.last(0).is_empty());
}

#[test]
fn a_late_event_goes_after_those_of_its_time() {
    // Oracle: by hand.
    let mut history = OwnedHistory::default();
    for (item, time) in [(0, 10), (1, 20), (2, 10), (3, 5), (4, 20)] {
        history.push(event(item, time));
    }
    history.push(Event { value: Some(1.0), ..event(5, 15) });
    let history = history.as_history();
    assert_eq!(history.items, [3, 0, 2, 5, 1, 4]);
    let values: Vec<_> = history.events().map(|event| event.value).collect();
    assert_eq!(values, [None, None, None, Some(1.0), None, None]);
}

#[test]
fn an_owned_history_survives_json_with_its_gaps() {
    // Oracle: the history itself; and the JSON by hand, where a missing value is null.
    let interactions = full();
    let history = interactions.user(0).to_owned();
    let json = serde_json::to_string(&history).unwrap();
    assert!(json.contains("\"values\":[null,4.5]"), "{json}");
    assert_eq!(serde_json::from_str::<OwnedHistory>(&json).unwrap(), history);
}

#[test]
fn a_history_that_contradicts_itself_is_refused() {
    // Oracle: the rule in the message.
    for (json, rule) in [
        (r#"{"items":[1,2],"timestamps":[1]}"#, "`timestamps` has 1 entries, expected 2"),
        (r#"{"items":[1],"timestamps":[1],"sessions":[]}"#, "`sessions` has 0 entries"),
        (r#"{"items":[1,2],"timestamps":[2,1]}"#, "not in ascending order"),
        (r#"{"items":[1],"timestamps":[2],"item":1}"#, "unknown field"),
    ] {
        let error = serde_json::from_str::<OwnedHistory>(json).unwrap_err().to_string();
        assert!(error.contains(rule), "{error}");
    }
}

#[test]
fn stored_interactions_come_back() {
    // Oracle: the interactions themselves, with and without optional columns, and empty ones.
    let mut plain = InteractionsBuilder::new();
    plain.push(0, event(2, -5));
    for interactions in [
        full(),
        plain.build(1, 3),
        InteractionsBuilder::new().build(0, 0),
        full().truncated(|_, _| 0),
    ] {
        let mut bytes = Vec::new();
        interactions.write_to(&mut bytes).unwrap();
        assert_eq!(Interactions::read_from(&bytes).unwrap(), interactions);
    }
}

#[test]
fn stored_interactions_cut_anywhere_are_refused() {
    // Oracle: only the whole is whole; one byte more is too much.
    let mut bytes = Vec::new();
    full().write_to(&mut bytes).unwrap();
    for end in 0..bytes.len() {
        assert!(Interactions::read_from(&bytes[..end]).is_err(), "{end} of {} bytes", bytes.len());
    }
    bytes.push(0);
    let length = bytes.len();
    let error = Interactions::read_from(&bytes).unwrap_err();
    assert_eq!(error, DecodeError::Length { found: length, part: "the end" });
}

#[test]
fn stored_interactions_that_contradict_themselves_are_refused() {
    // Oracle: the documented layout: 8 magic, 4 version, 3 * 8 sizes, 1 flags, 4 names count, then
    // 4 offsets of 8 bytes for the 3 users, 2 items, 2 timestamps.
    let mut rows = InteractionsBuilder::new();
    rows.push(1, event(0, 10));
    rows.push(1, event(1, 20));
    let mut good = Vec::new();
    rows.build(3, 2).write_to(&mut good).unwrap();
    let offsets = 8 + 4 + 24 + 1 + 4;
    let items = offsets + 4 * 8;
    let timestamps = items + 2 * 4;
    assert_eq!(good.len(), timestamps + 2 * 8);
    let with = |at: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[at] = byte;
        Interactions::read_from(&bytes).unwrap_err()
    };
    assert_eq!(with(0, b'x'), DecodeError::Foreign);
    assert_eq!(with(8, 9), DecodeError::Version { found: 9 });
    assert_eq!(with(19, 0xff), DecodeError::Inconsistent { part: "the header" }); // users
    assert_eq!(with(36, 16), DecodeError::Inconsistent { part: "the header" }); // flags
    assert_eq!(with(offsets, 1), DecodeError::Inconsistent { part: "offsets" });
    assert_eq!(with(offsets + 16, 9), DecodeError::Inconsistent { part: "offsets" });
    assert_eq!(with(items, 2), DecodeError::Inconsistent { part: "items" });
    assert_eq!(with(timestamps, 30), DecodeError::Inconsistent { part: "timestamps" });
    // A length that asks for more memory than there are bytes fails before it is asked for.
    assert!(matches!(with(28 + 6, 0xff), DecodeError::Length { part: "items", .. }));
}

#[test]
fn the_fingerprint_follows_content_and_nothing_else() {
    // Oracle: equal content has the same; a change anywhere does
    // not. The digits are from an independent Python script of the documented layout: they stand
    // in saved models and must not move.
    let reference = full();
    assert_eq!(reference.fingerprint(), full().fingerprint());
    assert_eq!(reference.fingerprint(), "515a5b09fdcddb1c");
    let changed = [
        reference.filter(|_, event| event.item != 5),
        InteractionsBuilder::new().build(3, 6),
        InteractionsBuilder::new().build(3, 7),
        InteractionsBuilder::new().build(4, 6),
        InteractionsBuilder::new().event_type_names(vec!["a".into()]).build(3, 6),
        InteractionsBuilder::new().event_type_names(vec!["b".into()]).build(3, 6),
    ];
    let mut prints: Vec<_> = changed.iter().map(Interactions::fingerprint).collect();
    prints.push(reference.fingerprint());
    prints.sort();
    prints.dedup();
    assert_eq!(prints.len(), changed.len() + 1);
}

#[test]
#[should_panic(expected = "item 6 of 6")]
fn an_item_outside_its_space_is_a_bug() {
    // Oracle: the documented panic.
    let mut rows = InteractionsBuilder::new();
    rows.push(0, event(6, 0));
    rows.build(1, 6);
}
