//! What survives a restart, and what a damaged log says.

use std::{fs, io::Write};

use super::*;

fn everything(campaign: &Campaign) {
    campaign.create_filter("even", r#"INCLUDE ItemID WHERE Items.KIND IN ("even")"#).unwrap();
    campaign.create_filter("gone", "EXCLUDE ItemID WHERE Items.PRICE_EUR > 3").unwrap();
    campaign.delete_filter("gone").unwrap();
    campaign.put_event(&PutEvent::new("p1", "i0", 200_000_000)).unwrap();
    let item = |item_id: &str, json: &str| PutItem {
        item_id: item_id.to_owned(),
        properties: fields(json),
    };
    campaign.put_items(&[item("new", r#"{"kind": "even"}"#)]).unwrap();
    let user = PutUser { user_id: "p2".to_owned(), properties: fields(r#"{"TOWN": "Bern"}"#) };
    campaign.put_users(&[user]).unwrap();
    let events = PutEvents {
        session_id: "visit".to_owned(),
        user_id: None,
        event_list: vec![SessionEvent {
            properties: fields(r#"{"deviceType": "fridge"}"#),
            ..SessionEvent::new("view", "i3", 200_000_100)
        }],
    };
    campaign.put_events(&events).unwrap();
    let login = PutEvents { user_id: Some("late".to_owned()), ..events.clone() };
    let login =
        PutEvents { event_list: vec![SessionEvent::new("view", "new", 200_000_200)], ..login };
    campaign.put_events(&login).unwrap();
    campaign.delete_user("p3").unwrap();
}

fn answers(campaign: &Campaign) -> Vec<Recommendations> {
    let users = ["p0", "p1", "p2", "p3", "late", "visit", "nobody"];
    let plain = users.map(|user| RecommendRequest::new(user).with_exclude_seen(user == "p1"));
    let even = users.map(|user| RecommendRequest::new(user).with_filter("even"));
    let requests = plain.into_iter().chain(even);
    requests.map(|request| campaign.recommend(&request).unwrap()).collect()
}

#[test]
fn a_campaign_opened_again_answers_as_before() {
    // Oracle: the campaign that wrote the log; another one that never wrote one, but was told the same.
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("log");
    let config = CampaignConfig {
        exploration_weight: 0.5,
        sync_every: Some(2),
        ..CampaignConfig::default()
    };
    let open = || Campaign::open_with(described_version(), &log, config.clone()).unwrap();
    let first = open();
    everything(&first);
    first.sync().unwrap();
    let silent = Campaign::with_config(described_version(), config.clone()).unwrap();
    everything(&silent);
    let expected = answers(&first);
    assert_eq!(answers(&silent), expected);
    let error = Campaign::open(described_version(), &log).unwrap_err();
    assert!(matches!(error, CampaignError::Log(LogError::InUse { .. })), "{error}");
    drop(first);
    let second = open();
    assert_eq!(answers(&second), expected);
    assert_eq!(second.filters().len(), 1);
    drop(second);
    assert_eq!(answers(&open()), expected);
}

#[test]
fn a_torn_last_line_is_dropped_and_told() {
    // Oracle: the campaign before the event whose line is torn, at every length of it.
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("log");
    let version = Arc::new(described_version());
    let campaign = Campaign::open(version.clone(), &log).unwrap();
    campaign.put_event(&PutEvent::new("p1", "i0", 200_000_000)).unwrap();
    let before = campaign.recommend(&RecommendRequest::new("p1")).unwrap();
    let whole = fs::read(&log).unwrap();
    campaign.put_event(&PutEvent::new("p1", "i3", 200_000_001)).unwrap();
    drop(campaign);
    let longer = fs::read(&log).unwrap();
    for end in [whole.len() + 1, whole.len() + 20, longer.len() - 1] {
        fs::write(&log, &longer[..end]).unwrap();
        let campaign = Campaign::open(version.clone(), &log).unwrap();
        assert!(campaign.warnings()[0].contains("torn"), "{:?}", campaign.warnings());
        assert_eq!(campaign.recommend(&RecommendRequest::new("p1")).unwrap(), before);
        assert_eq!(fs::read(&log).unwrap(), whole);
        campaign.put_event(&PutEvent::new("p1", "i3", 200_000_001)).unwrap();
        drop(campaign);
        assert_eq!(fs::read(&log).unwrap(), longer);
    }
}

#[test]
fn damage_is_named_by_its_line() {
    // Oracle: the line that was spoilt.
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("log");
    let version = Arc::new(described_version());
    let campaign = Campaign::open(version.clone(), &log).unwrap();
    for step in 0..3 {
        campaign.put_event(&PutEvent::new("p1", "i0", 200_000_000 + step)).unwrap();
    }
    drop(campaign);
    let whole = fs::read_to_string(&log).unwrap();
    let spoilt = whole.replacen("\"event\"", "\"evnt\"", 2);
    fs::write(&log, spoilt).unwrap();
    let error = Campaign::open(version.clone(), &log).unwrap_err();
    assert!(matches!(error, CampaignError::Log(LogError::Damaged { line: 2, .. })), "{error}");
    let other = whole.replace(version.data_fingerprint(), "0000");
    fs::write(&log, other).unwrap();
    let error = Campaign::open(version.clone(), &log).unwrap_err();
    assert!(matches!(error, CampaignError::Log(LogError::OtherVersion { .. })), "{error}");
    let mut file = fs::File::create(&log).unwrap();
    file.write_all(b"{\"hello\": 1}\n").unwrap();
    let error = Campaign::open(version, &log).unwrap_err();
    assert!(matches!(error, CampaignError::Log(LogError::Damaged { line: 1, .. })), "{error}");
}
