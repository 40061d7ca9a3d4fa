use ensue_core::{Event, InteractionsBuilder};

use super::*;
use crate::conformance::{Conformance, KnownAnswer};

impl Conformance for PopularityCount {
    const ANSWER: KnownAnswer = KnownAnswer::MostPopular;
}

/// User 0 has item 1 three times and item 0 once; users 1 and 2 have item 0 and item 2 once each.
fn data() -> TrainingData {
    let mut events = InteractionsBuilder::new();
    for (user, item) in [(0, 1), (0, 1), (0, 1), (0, 0), (1, 0), (2, 2)] {
        events.push(user, Event::new(item, 0));
    }
    TrainingData::from_interactions(events.build(3, 4))
}

fn fit(count_by: CountBy) -> FittedPopularityCount {
    PopularityCount { count_by }.fit(&data(), &mut Run::new("ndarray")).unwrap()
}

#[test]
fn distinct_users_count_once_and_events_every_time() {
    // Oracle: counted by hand; equal counts keep catalogue order.
    assert_eq!(fit(CountBy::DistinctUsers).counts(), [2, 1, 1, 0]);
    assert_eq!(fit(CountBy::DistinctUsers).ranking(), [0, 1, 2, 3]);
    assert_eq!(fit(CountBy::Events).counts(), [2, 3, 1, 0]);
    assert_eq!(fit(CountBy::Events).ranking(), [1, 0, 2, 3]);
}

#[test]
fn settings_say_which_count() {
    // Oracle: the documented spelling.
    let settings: PopularityCount = serde_json::from_str(r#"{"count_by": "events"}"#).unwrap();
    assert_eq!(settings.count_by, CountBy::Events);
    let error = serde_json::from_str::<PopularityCount>(r#"{"count_by": "rows"}"#).unwrap_err();
    assert!(error.to_string().contains("distinct-users"), "{error}");
}
