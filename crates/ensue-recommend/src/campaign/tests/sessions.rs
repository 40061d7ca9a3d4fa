//! Sessions before and after login, contexts, duplicates, and what is refused as a whole.

use super::*;

fn events(session: &str, user: Option<&str>, items: &[(&str, i64)]) -> PutEvents {
    let event_list =
        items.iter().map(|(item, time)| SessionEvent::new("view", *item, *time)).collect();
    PutEvents { session_id: session.to_owned(), user_id: user.map(str::to_owned), event_list }
}

#[test]
fn a_session_moves_to_its_user_at_login_once() {
    // Oracle: the ring, by hand.
    let campaign = campaign();
    campaign.put_events(&events("s", None, &[("i1", 10_000), ("i3", 10_010)])).unwrap();
    assert_eq!(first(&campaign, "s"), "i4");
    campaign.put_events(&events("s", Some("u2"), &[("i5", 10_005)])).unwrap();
    // In time: .. i7 (u2's last), i1, i5, i3.
    assert_eq!(first(&campaign, "u2"), "i4");
    assert!(!campaign.recommend(&RecommendRequest::new("s")).unwrap().known_user);
    // Later events of the session are the user's, too.
    campaign.put_events(&events("s", None, &[("i6", 10_020)])).unwrap();
    assert_eq!(first(&campaign, "u2"), "i7");
    assert_eq!(campaign.live_user("u2").events.len(), 6 + 4);
    // A user whose id is that of a session is not moved.
    campaign.put_events(&events("u5", Some("u6"), &[("i0", 10_000)])).unwrap();
    assert!(campaign.recommend(&RecommendRequest::new("u5")).unwrap().known_user);
}

#[test]
fn calls_are_taken_whole_or_refused_whole() {
    // Oracle: the error meant for each, and nothing counted.
    let campaign = Campaign::new(described_version());
    let good = SessionEvent::new("view", "i1", 1);
    let refused = |bad: SessionEvent| {
        let put = PutEvents {
            session_id: "s".to_owned(),
            user_id: Some("p1".to_owned()),
            event_list: vec![good.clone(), bad],
        };
        campaign.put_events(&put).unwrap_err().to_string()
    };
    let bad = |properties: &str| SessionEvent { properties: fields(properties), ..good.clone() };
    assert_eq!(refused(SessionEvent::new("view", "i1", -1)), "the timestamp -1 is negative");
    assert_eq!(refused(SessionEvent::new("view", "", 1)), "the item id is empty");
    assert_eq!(
        refused(bad(r#"{"weather": "wet"}"#)),
        "an event on item \"i1\": field weather is not in the schema; there are DEVICE_TYPE"
    );
    for found in [0, 11] {
        let put = events("s", None, &vec![("i1", 5); found]);
        assert_eq!(campaign.put_events(&put).unwrap_err(), CampaignError::EventCount { found });
    }
    let put = events("", None, &[("i1", 5)]);
    assert_eq!(campaign.put_events(&put).unwrap_err(), CampaignError::EmptySessionId);
    assert_eq!(campaign.event_counts(), EventCounts::default());
}

#[test]
fn an_event_told_twice_counts_once() {
    // Oracle: Amazon's rule: of equal time and properties one is kept.
    let campaign = Campaign::new(described_version());
    let put = |time: i64, device: &str| {
        let properties = fields(&format!(r#"{{"DEVICE_TYPE": "{device}"}}"#));
        let event = SessionEvent { properties, ..SessionEvent::new("view", "i1", time) };
        let user_id = Some("p1".to_owned());
        let put = PutEvents { session_id: "s".to_owned(), user_id, event_list: vec![event] };
        campaign.put_events(&put).unwrap()[0]
    };
    for _ in 0..2 {
        for device in ["phone", "fridge"] {
            put(200_000_000, device);
        }
    }
    assert_eq!(put(200_000_000, "phone"), EventOutcome::Duplicate);
    assert_eq!(put(200_000_001, "phone"), EventOutcome::Learned);
    let counts = EventCounts { received: 6, duplicates: 3, ..EventCounts::default() };
    assert_eq!(campaign.event_counts(), counts);
    assert_eq!(campaign.live_user("p1").events.len(), 4 + 3);
}

#[test]
fn amazons_names_are_read() {
    // Oracle: the request of Amazon's documentation with its spelling.
    let json = r#"{"sessionId": "s", "userId": "u", "eventList": [{"eventType": "click", "sentAt": 5, "eventId": "e",
        "itemId": "i", "eventValue": 2.5, "properties": {"deviceType": "phone"}, "impression": ["i", "j"],
        "recommendationId": "r"}]}"#;
    let put: PutEvents = serde_json::from_str(json).unwrap();
    assert_eq!((put.session_id.as_str(), put.event_list[0].event_value), ("s", Some(2.5)));
    let json =
        r#"{"userId": "u", "numResults": 3, "filterValues": {"A": "b"}, "metadataColumns": ["K"]}"#;
    assert_eq!(serde_json::from_str::<RecommendRequest>(json).unwrap().num_results, 3);
    assert!(serde_json::from_str::<RecommendRequest>(r#"{"usr": "u"}"#).is_err());
}
