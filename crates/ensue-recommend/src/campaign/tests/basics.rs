use super::{
    super::{live::LiveUser, *},
    *,
};
use crate::{LoadError, Solution, SolutionError, conformance::Conformance, recipes::hrnn::Hrnn};
use ensue_core::{Event, InteractionsBuilder, Run};

#[test]
fn a_known_user_gets_what_follows_their_history() {
    // Oracle: user u2 walked i2 .. i7 (6 steps), so i8 is next on the ring.
    let answer = campaign().recommend(&RecommendRequest::new("u2")).unwrap();
    assert!(answer.known_user);
    assert_eq!(
        answer.items[0],
        RecommendedItem { item_id: "i8".into(), ..RecommendedItem::default() }
    );
    assert_eq!(answer.items.len(), 10, "25 are asked for, the catalogue has 10");
}

#[test]
fn an_unknown_user_gets_the_popular_items() {
    // Oracle: i9 has 20 users more than any other item.
    let answer = campaign().recommend(&RecommendRequest::new("nobody")).unwrap();
    assert!(!answer.known_user);
    assert_eq!(answer.items[0].item_id, "i9");
}

#[test]
fn numbers_of_results_from_0_to_500_are_accepted() {
    // Oracle: Amazon's range.
    let campaign = campaign();
    for (num_results, found) in [(0, 0), (1, 1), (10, 10), (500, 10)] {
        let request = RecommendRequest::new("u2").with_num_results(num_results);
        assert_eq!(campaign.recommend(&request).unwrap().items.len(), found);
    }
    let request: RecommendRequest = serde_json::from_str(r#"{"user_id": "u2"}"#).unwrap();
    assert_eq!(request.num_results, 25);
}

#[test]
fn bad_questions_and_events_are_refused() {
    // Oracle: the error meant for each, and a campaign that answers as before.
    let campaign = campaign();
    let before = campaign.recommend(&RecommendRequest::new("u2")).unwrap();
    let ask = |user: &str, num_results| {
        campaign.recommend(&RecommendRequest::new(user).with_num_results(num_results)).unwrap_err()
    };
    let put = |user: &str, item: &str, timestamp| {
        campaign.put_event(&PutEvent::new(user, item, timestamp)).unwrap_err()
    };
    let long = "é".repeat(257);
    let cases = [
        (ask("", 25), CampaignError::EmptyUserId),
        (ask("u2", 501), CampaignError::NumResults { num_results: 501 }),
        (ask("u2", usize::MAX), CampaignError::NumResults { num_results: usize::MAX }),
        (ask(&long, 25), CampaignError::LongUserId { length: 257 }),
        (put("", "i1", 0), CampaignError::EmptyUserId),
        (put("u2", "", 0), CampaignError::EmptyItemId),
        (put("u2", "i1", -1), CampaignError::NegativeTimestamp { timestamp: -1 }),
    ];
    for (found, expected) in cases {
        assert_eq!(found, expected);
    }
    assert_eq!(ask("u2", 501).to_string(), "501 results are asked for, 0 to 500 are allowed");
    assert!(campaign.recommend(&RecommendRequest::new("é".repeat(256))).is_ok());
    assert_eq!(campaign.recommend(&RecommendRequest::new("u2")).unwrap(), before);
    assert_eq!(campaign.event_counts(), EventCounts::default());
}

#[test]
fn a_new_event_changes_the_next_answer_of_that_user_only() {
    // Oracle: the ring.
    let campaign = campaign();
    let other = first(&campaign, "u5");
    assert_eq!(first(&campaign, "u2"), "i8");
    let outcome = campaign.put_event(&PutEvent::new("u2", "i4", 10_000)).unwrap();
    assert_eq!(outcome, EventOutcome::Learned);
    assert_eq!(first(&campaign, "u2"), "i5");
    assert_eq!(first(&campaign, "u5"), other);
}

#[test]
fn a_new_user_becomes_known_with_the_first_event() {
    // Oracle: the ring.
    let campaign = campaign();
    campaign.put_event(&PutEvent::new("new", "i6", 1)).unwrap();
    let answer = campaign.recommend(&RecommendRequest::new("new")).unwrap();
    assert!(answer.known_user);
    assert_eq!(answer.items[0].item_id, "i7");
}

#[test]
fn a_late_event_takes_its_place_in_time() {
    // Oracle: u2's last event in time stays i7.
    let campaign = campaign();
    campaign.put_event(&PutEvent::new("u2", "i4", 1)).unwrap();
    assert_eq!(first(&campaign, "u2"), "i8");
}

#[test]
fn events_on_unknown_items_are_counted_and_change_nothing() {
    // Oracle: the answers before.
    let campaign = campaign();
    let before = campaign.recommend(&RecommendRequest::new("u2")).unwrap();
    for user in ["u2", "new"] {
        let outcome = campaign.put_event(&PutEvent::new(user, "never sold", 10_000)).unwrap();
        assert_eq!(outcome, EventOutcome::UnknownItem);
    }
    assert_eq!(campaign.recommend(&RecommendRequest::new("u2")).unwrap(), before);
    assert!(!campaign.recommend(&RecommendRequest::new("new")).unwrap().known_user);
    let counts = EventCounts { received: 2, unknown_item: 2, ..EventCounts::default() };
    assert_eq!(campaign.event_counts(), counts);
}

#[test]
fn seen_items_are_left_out_when_asked() {
    // Oracle: u2 walked i2 .. i7 and then, live, i8.
    let campaign = campaign();
    campaign.put_event(&PutEvent::new("u2", "i8", 10_000)).unwrap();
    let request = RecommendRequest::new("u2").with_exclude_seen(true);
    let mut items: Vec<String> =
        campaign.recommend(&request).unwrap().items.into_iter().map(|line| line.item_id).collect();
    items.sort();
    assert_eq!(items, ["i0", "i1", "i9"]);
}

#[test]
fn events_that_the_solution_leaves_out_are_counted_only() {
    // Oracle: the rule of the solution: type "buy", value at least 2.
    let mut group = group();
    let mut events = InteractionsBuilder::new();
    for (user, history) in group.interactions.users() {
        for event in history.events() {
            events.push(user, Event { event_type: Some(0), value: Some(2.0), ..event });
        }
    }
    let (n_users, n_items) = (group.interactions.n_users(), group.interactions.n_items());
    group.interactions =
        events.event_type_names(vec!["buy".into(), "view".into()]).build(n_users, n_items);
    let solution =
        Solution { event_type: Some("buy".into()), event_value_threshold: Some(2.0), ..solution() };
    let campaign = Campaign::new(solution.train(&group, &mut Run::new("ndarray")).unwrap());
    let put = |event_type: Option<&str>, event_value| {
        let event_type = event_type.map(str::to_owned);
        let event = PutEvent { event_type, event_value, ..PutEvent::new("u2", "i4", 10_000) };
        campaign.put_event(&event).unwrap()
    };
    assert_eq!(put(Some("view"), Some(3.0)), EventOutcome::NotSelected);
    assert_eq!(put(None, Some(3.0)), EventOutcome::NotSelected);
    assert_eq!(put(Some("buy"), Some(1.0)), EventOutcome::NotSelected);
    assert_eq!(put(Some("buy"), None), EventOutcome::NotSelected);
    assert_eq!(first(&campaign, "u2"), "i8");
    assert_eq!(put(Some("buy"), Some(2.0)), EventOutcome::Learned);
    assert_eq!(first(&campaign, "u2"), "i5");
    assert_eq!(campaign.event_counts().not_selected, 4);
}

#[test]
fn sessions_of_new_events_follow_names_or_the_gap() {
    // Oracle: by hand. The trained history is session 0; a name opens one and holds it; without a name 30 minutes decide.
    let first = Event { session: Some(0), ..Event::new(0, 0) };
    let mut user = LiveUser::new(None, [first].into_iter().collect());
    let mut push = |name: Option<&str>, timestamp: i64| {
        let session = user.session(name, timestamp);
        let event = Event { session: Some(session), ..Event::new(0, timestamp) };
        user.push(Some(event), event);
        session
    };
    assert_eq!(push(None, 1800), 0);
    assert_eq!(push(None, 3601), 1);
    assert_eq!(push(Some("visit"), 3602), 2);
    assert_eq!(push(Some("visit"), 9000), 2);
    assert_eq!(push(Some("another"), 9001), 3);
    assert_eq!(push(None, 9002), 3);
}

#[test]
fn campaigns_cross_threads() {
    // Oracle: the compiler.
    fn shared<T: Send + Sync>() {}
    shared::<Campaign>();
    shared::<SolutionVersion>();
    shared::<Box<dyn Recommend>>();
}

#[test]
fn readers_and_a_writer_share_a_campaign() {
    // Oracle: each reader sees answers that belong to some state of the ring walk, and no event is lost.
    let campaign = campaign();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..500 {
                    let answer = campaign.recommend(&RecommendRequest::new("u2")).unwrap();
                    assert_eq!(answer.items.len(), 10);
                    assert!(answer.known_user);
                }
            });
        }
        scope.spawn(|| {
            for step in 0..2000 {
                let item = format!("i{}", step % 10);
                let user = if step % 2 == 0 { "u2" } else { "fresh" };
                campaign.put_event(&PutEvent::new(user, item, 10_000 + step)).unwrap();
            }
        });
    });
    assert_eq!(campaign.event_counts().received, 2000);
    assert_eq!(campaign.live_user("u2").events.len(), 1000 + 6);
    assert_eq!(campaign.live_user("fresh").events.len(), 1000);
    assert_eq!(first(&campaign, "u2"), "i9");
}

#[test]
fn a_reloaded_version_serves_the_same_answers() {
    // Oracle: the campaign on the version in memory.
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("version");
    let before = campaign();
    before.version().save(&path).unwrap();
    let after = Campaign::new(SolutionVersion::load(&path, "ndarray").unwrap());
    for user in ["u0", "u2", "u39", "once3", "nobody"] {
        let request = RecommendRequest::new(user);
        assert_eq!(after.recommend(&request).unwrap(), before.recommend(&request).unwrap());
    }
}

/// A small network trained on the ring.
fn hrnn() -> Campaign {
    let solution = Solution { recipe: Hrnn::small().into(), ..solution() };
    Campaign::new(solution.train(&group(), &mut Run::new("ndarray")).unwrap())
}

#[test]
fn probabilities_sum_to_one_over_the_catalogue_and_follow_new_events() {
    // Oracle: the definition of a probability, and the ring for what is most likely.
    let campaign = hrnn();
    let ask = |user: &str| campaign.recommend(&RecommendRequest::new(user)).unwrap();
    let total = |answer: &Recommendations| -> f64 {
        answer.items.iter().map(|line| f64::from(line.score.unwrap())).sum()
    };
    let before = ask("u2");
    assert_eq!(before.items.len(), 10);
    assert!((total(&before) - 1.0).abs() < 1e-5);
    assert_eq!(before.items[0].item_id, "i8");

    campaign.put_event(&PutEvent::new("u2", "i8", 360)).unwrap();
    let after = ask("u2");
    assert_eq!(after.items[0].item_id, "i9");
    assert!((total(&after) - 1.0).abs() < 1e-5);

    // A probability is over the whole catalogue, whatever is left out of the answer.
    let rest = campaign.recommend(&RecommendRequest::new("u2").with_exclude_seen(true)).unwrap();
    for line in &rest.items {
        assert!(after.items.contains(line), "{line:?} has another probability");
    }
    assert!(total(&rest) < 1.0);
    // Popular items carry none.
    assert!(ask("nobody").items.iter().all(|line| line.score.is_none()));
}

#[test]
fn a_network_needs_its_device_and_its_whole_weights() {
    // Oracle: a device that no build has; the weights cut in half.
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("version");
    hrnn().version().save(&path).unwrap();
    let error = SolutionVersion::load(&path, "abacus").unwrap_err();
    assert!(matches!(error, SolutionError::Load(LoadError::Device(_))), "{error}");
    assert!(error.to_string().contains("ndarray"), "it should list the devices: {error}");

    let weights = path.join("hrnn.safetensors");
    let whole = std::fs::read(&weights).unwrap();
    std::fs::write(&weights, &whole[..whole.len() / 2]).unwrap();
    let error = SolutionVersion::load(&path, "ndarray").unwrap_err().to_string();
    assert!(error.contains("hrnn.safetensors") && error.contains("bytes"), "{error}");
    std::fs::write(&weights, &whole).unwrap();
    assert!(SolutionVersion::load(&path, "ndarray").is_ok());
}
