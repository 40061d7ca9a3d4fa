//! Filters, metadata columns, new items and users, within a campaign.

use std::collections::BTreeMap;

use super::*;

fn item(item_id: &str, json: &str) -> PutItem {
    PutItem { item_id: item_id.to_owned(), properties: fields(json) }
}

#[test]
fn filters_are_made_named_used_and_removed() {
    // Oracle: kinds of the items, by hand.
    let campaign = Campaign::new(described_version());
    campaign.create_filter("kind", "INCLUDE ItemID WHERE Items.KIND IN ($KIND)").unwrap();
    let mut request = RecommendRequest::new("p1").with_filter("kind");
    request.filter_values.insert("KIND".to_owned(), r#""odd""#.to_owned());
    request.metadata_columns = vec!["kind".to_owned(), "PRICE_EUR".to_owned()];
    let answer = campaign.recommend(&request).unwrap();
    let mut odd = ids(&answer);
    odd.sort_unstable();
    assert_eq!(odd, ["i1", "i3", "i5"]);
    let i3 = answer.items.iter().find(|line| line.item_id == "i3").unwrap();
    assert_eq!(i3.metadata, Some(fields(r#"{"KIND": "odd", "PRICE_EUR": 3.0}"#)));

    let error = campaign.create_filter("kind", "INCLUDE ItemID WHERE Items.KIND IN ($KIND)");
    assert_eq!(error.unwrap_err(), CampaignError::FilterExists { name: "kind".to_owned() });
    let error = campaign.create_filter("x", "INCLUDE ItemID WHERE Items.COLOR IN ($K)");
    assert!(matches!(error.unwrap_err(), CampaignError::Filter(_)));
    let unknown = campaign.recommend(&RecommendRequest::new("p1").with_filter("x")).unwrap_err();
    assert_eq!(unknown.to_string(), "no filter is called \"x\"; there are kind");
    let missing = campaign.recommend(&RecommendRequest::new("p1").with_filter("kind"));
    assert!(matches!(missing.unwrap_err(), CampaignError::Filter(_)));
    campaign.delete_filter("kind").unwrap();
    assert!(campaign.filters().is_empty());
    assert!(campaign.recommend(&request).is_err());
}

#[test]
fn filters_see_events_that_the_model_does_not() {
    // Oracle: by hand. The data have no event types; an event of a type that came since is seen by a filter made before.
    let campaign = Campaign::new(described_version());
    campaign
        .create_filter("any", "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ($TYPE)")
        .unwrap();
    campaign
        .create_filter("fridge", r#"INCLUDE ItemID WHERE Interactions.DEVICE_TYPE IN ("fridge")"#)
        .unwrap();
    campaign.put_items(&[item("new", r#"{"KIND": "odd"}"#)]).unwrap();
    let put = |event_type: &str, item_id: &str, device: &str| {
        let properties = fields(&format!(r#"{{"deviceType": "{device}"}}"#));
        let event = SessionEvent::new(event_type, item_id, 200_000_000);
        let put = PutEvents {
            session_id: "s".to_owned(),
            user_id: Some("p1".to_owned()),
            event_list: vec![SessionEvent { properties, ..event }],
        };
        campaign.put_events(&put).unwrap()[0]
    };
    assert_eq!(put("Buy", "i2", "phone"), EventOutcome::Learned);
    assert_eq!(put("view", "i3", "fridge"), EventOutcome::Learned);
    let mut request = RecommendRequest::new("p1").with_filter("any");
    request.filter_values.insert("TYPE".to_owned(), "buy".to_owned());
    let answer = campaign.recommend(&request).unwrap();
    assert!(!ids(&answer).contains(&"i2") && ids(&answer).contains(&"i3"), "{answer:?}");
    let answer = campaign.recommend(&RecommendRequest::new("p1").with_filter("fridge")).unwrap();
    assert_eq!(ids(&answer), ["i3"]);
    // The Markov chain does not know the new item; filters do.
    assert_eq!(put("Buy", "new", "fridge"), EventOutcome::UnknownItem);
    let person = campaign.person(Some("p1"));
    let allowed = campaign
        .allowed(&campaign.catalogue.load(), "fridge", &BTreeMap::new(), &person)
        .unwrap()
        .unwrap();
    assert_eq!(allowed.iter().collect::<Vec<_>>(), [3, 6]);
}

#[test]
fn fields_of_users_decide_filters_old_and_new() {
    // Oracle: towns by hand: odd users are of Oslo, p2 of Rome until they move.
    let campaign = Campaign::new(described_version());
    let filter = r#"EXCLUDE ItemID WHERE Items.KIND IN ("odd") IF CurrentUser.TOWN = "Oslo""#;
    campaign.create_filter("town", filter).unwrap();
    let n = |user: &str| {
        campaign.recommend(&RecommendRequest::new(user).with_filter("town")).unwrap().items.len()
    };
    assert_eq!((n("p1"), n("p2"), n("new")), (3, 6, 6));
    let user = |user_id: &str| PutUser {
        user_id: user_id.to_owned(),
        properties: fields(r#"{"town": "Oslo"}"#),
    };
    campaign.put_users(&[user("p2"), user("new")]).unwrap();
    assert_eq!((n("p1"), n("p2"), n("new")), (3, 3, 3));
    let error = campaign.put_users(&[
        user("p3"),
        PutUser { user_id: "p4".to_owned(), properties: fields(r#"{"AGE": 3}"#) },
    ]);
    let message = "user \"p4\": field AGE is not in the schema; there are TOWN";
    assert_eq!(error.unwrap_err().to_string(), message);
    assert_eq!(n("p3"), 3);
}

#[test]
fn new_items_come_into_popular_answers_and_filters() {
    // Oracle: by hand; an item without users is the least popular.
    let campaign = Campaign::new(described_version());
    campaign.create_filter("dear", "INCLUDE ItemID WHERE Items.PRICE_EUR > 4").unwrap();
    let ask = || campaign.recommend(&RecommendRequest::new("nobody").with_filter("dear")).unwrap();
    assert_eq!(ids(&ask()), ["i5"]);
    campaign
        .put_items(&[item("new", r#"{"priceEur": 9}"#), item("i0", r#"{"PRICE_EUR": 8}"#)])
        .unwrap();
    assert_eq!(ids(&ask()), ["i0", "i5", "new"]);
    let error = campaign.put_items(&[item("x", "{}"), item("y", r#"{"KIND": "a", "SIZE": 1}"#)]);
    assert!(error.unwrap_err().to_string().starts_with("item \"y\": field SIZE"));
    assert_eq!(campaign.put_items(&[item("", "{}")]).unwrap_err(), CampaignError::EmptyItemId);
    assert_eq!(campaign.catalogue.load().items.len(), 7);
    // Without metadata there are no fields to give, but items.
    let plain = self::campaign();
    assert!(plain.put_items(&[item("x", r#"{"KIND": "a"}"#)]).is_err());
    plain.put_items(&[item("x", "{}"), item("i1", "{}")]).unwrap();
    let answer = plain.recommend(&RecommendRequest::new("nobody")).unwrap();
    assert_eq!(ids(&answer).last(), Some(&"x"));
}
