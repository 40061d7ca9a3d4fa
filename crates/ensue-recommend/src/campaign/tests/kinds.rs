//! Campaigns of recipes that differ in what they answer for: SIMS for items, HRNN-Coldstart for items that come later.

use std::{collections::BTreeSet, num::NonZeroUsize};

use super::*;
use crate::recipes::{
    hrnn::Hrnn,
    hrnn_coldstart::{Candidates, HrnnColdstart},
    sims::Sims,
};

fn sims() -> Campaign {
    let recipe = Sims {
        min_cointeraction_count: 0,
        min_user_history_length_percentile: 0.0,
        max_user_history_length_percentile: 1.0,
        min_item_interaction_count_percentile: 0.0,
        max_item_interaction_count_percentile: 1.0,
        ..Sims::default()
    };
    let solution = Solution { evaluation: EvaluationMode::LastItem, ..Solution::new(recipe) };
    Campaign::new(solution.train(&group(), &mut Run::new("ndarray")).unwrap())
}

#[test]
fn a_campaign_for_items_answers_for_items() {
    // Oracle: on the ring an item shares most walkers with its two neighbours, fewer with the next two.
    let campaign = sims();
    let answer = campaign.recommend(&RecommendRequest::for_item("i4").with_num_results(4)).unwrap();
    assert!(answer.known_user);
    let sets = |ids: &[&str]| -> BTreeSet<String> { ids.iter().map(ToString::to_string).collect() };
    let ids = ids(&answer);
    assert_eq!(sets(&ids[..2]), sets(&["i3", "i5"]));
    assert_eq!(sets(&ids[2..]), sets(&["i2", "i6"]));
    // What a user had can be left out: u2 walked i2 .. i7.
    let request = RecommendRequest {
        user_id: Some("u2".to_owned()),
        ..RecommendRequest::for_item("i4").with_exclude_seen(true)
    };
    let answer = campaign.recommend(&request).unwrap();
    assert!(!answer.items.is_empty());
    for line in &answer.items {
        assert!(["i0", "i1", "i8", "i9"].contains(&line.item_id.as_str()), "{line:?}");
    }
}

#[test]
fn an_item_that_is_not_known_gets_popular_items_and_a_user_what_goes_with_their_last() {
    // Oracle: i9 has 20 users more than any other item; u2 ended on i7; the errors meant for each.
    let campaign = sims();
    let answer = campaign.recommend(&RecommendRequest::for_item("never seen")).unwrap();
    assert!(!answer.known_user);
    assert_eq!(answer.items[0].item_id, "i9");
    let of_user = campaign.recommend(&RecommendRequest::new("u2")).unwrap();
    assert_eq!(of_user, campaign.recommend(&RecommendRequest::for_item("i7")).unwrap());
    let error = campaign.recommend(&RecommendRequest::default()).unwrap_err();
    assert!(matches!(error, CampaignError::NobodyAsked { .. }), "{error}");
    let error = campaign.rank(&RankRequest::new("u2", ["i1"])).unwrap_err();
    assert!(matches!(error, CampaignError::NoRanking { .. }), "{error}");
    let error = super::campaign().recommend(&RecommendRequest::for_item("i1")).unwrap_err();
    assert!(matches!(error, CampaignError::ItemAsked { .. }), "{error}");
}

#[test]
fn items_are_asked_about_in_a_batch() {
    // Oracle: the same questions one by one.
    let campaign = sims();
    let input: String = (0..12).map(|item| format!("{{\"itemId\":\"i{item}\"}}\n")).collect();
    let mut output = Vec::new();
    let options = BatchOptions { num_results: 3, ..BatchOptions::default() };
    let run = Run::new("ndarray");
    let report = campaign.batch_inference(input.as_bytes(), &mut output, &options, &run).unwrap();
    assert_eq!(report, BatchReport { lines: 12, answered: 12, failed: 0 });
    let output = String::from_utf8(output).unwrap();
    for (item, line) in output.lines().enumerate() {
        let request = RecommendRequest::for_item(format!("i{item}")).with_num_results(3);
        let single = campaign.recommend(&request).unwrap();
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["output"]["recommendedItems"], serde_json::json!(ids(&single)));
    }
}

/// HRNN-Coldstart on [`described`], whose items all count as cold or not.
fn cold_version() -> SolutionVersion {
    let count = |n| NonZeroUsize::new(n).unwrap();
    let network = Hrnn {
        hidden_dimension: count(8),
        lanes: count(4),
        bptt: count(4),
        epochs: count(5),
        ..Hrnn::default()
    };
    let recipe = HrnnColdstart {
        network,
        min_cold_items: 0,
        candidates: Candidates::AllItems,
        ..HrnnColdstart::default()
    };
    let solution = Solution { evaluation: EvaluationMode::LastItem, ..Solution::new(recipe) };
    solution.train(&described(), &mut Run::new("ndarray")).unwrap()
}

fn same(a: &Recommendations, b: &Recommendations) {
    assert_eq!(ids(a), ids(b));
    for (a, b) in a.items.iter().zip(&b.items) {
        let difference = a.score.unwrap() - b.score.unwrap();
        assert!(difference.abs() < 1e-5, "{a:?} {b:?}");
    }
}

#[test]
fn a_new_item_is_recommended_at_once_and_after_a_restart() {
    // Oracle: an item with the fields of i4 scores as another one with the same fields; the log gives the same answers.
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("events.jsonl");
    let version = Arc::new(cold_version());
    let campaign = Campaign::open(Arc::clone(&version), &log).unwrap();
    let request = RecommendRequest::new("p1");
    let before = campaign.recommend(&request).unwrap();
    assert_eq!(before.items.len(), 6);
    let put = |id: &str, price: u32| PutItem {
        item_id: id.to_owned(),
        properties: fields(&format!(r#"{{"KIND": "even", "PRICE_EUR": {price}}}"#)),
    };
    campaign.put_items(&[put("new", 4), put("twin", 4)]).unwrap();
    let after = campaign.recommend(&request).unwrap();
    assert_eq!(after.items.len(), 8);
    let score = |answer: &Recommendations, id: &str| {
        answer.items.iter().find(|line| line.item_id == id).unwrap().score.unwrap()
    };
    assert_eq!(score(&after, "new"), score(&after, "twin"));
    let total: f32 = after.items.iter().map(|line| line.score.unwrap()).sum();
    assert!((total - 1.0).abs() < 1e-4, "{total}");
    // An event on the new item is part of the history.
    campaign.put_event(&PutEvent::new("p1", "new", 200_000_000)).unwrap();
    let moved = campaign.recommend(&request).unwrap();
    assert_ne!(score(&moved, "i0"), score(&after, "i0"));
    campaign.sync().unwrap();
    drop(campaign);
    let again = Campaign::open(version, &log).unwrap();
    same(&again.recommend(&request).unwrap(), &moved);
}

#[test]
fn a_remembered_state_answers_as_the_whole_history_does() {
    // Oracle: the batch, which starts from the whole history; the single answers go on from the state kept of the last one.
    let campaign = Campaign::new(cold_version());
    for turn in 0..6 {
        let event = PutEvent::new("p3", format!("i{}", turn * 5 % 6), 200_000_000 + turn * 60);
        campaign.put_event(&event).unwrap();
        let single = campaign.recommend(&RecommendRequest::new("p3")).unwrap();
        let mut output = Vec::new();
        let run = Run::new("ndarray");
        let line = &b"{\"userId\": \"p3\"}"[..];
        campaign.batch_inference(line, &mut output, &BatchOptions::default(), &run).unwrap();
        let line: serde_json::Value = serde_json::from_slice(&output).unwrap();
        assert_eq!(line["output"]["recommendedItems"], serde_json::json!(ids(&single)));
        for (at, line) in single.items.iter().enumerate() {
            let whole = serde_json::from_value::<f64>(line_score(&output, at)).unwrap();
            assert!((f64::from(line.score.unwrap()) - whole).abs() < 1e-5);
        }
    }
}

fn line_score(output: &[u8], at: usize) -> serde_json::Value {
    let line: serde_json::Value = serde_json::from_slice(output).unwrap();
    line["output"]["scores"][at].clone()
}

#[test]
fn few_states_are_remembered_and_answers_stay() {
    // Oracle: a campaign that remembers everybody; the number kept is within the limit.
    let version = Arc::new(cold_version());
    let config = CampaignConfig { remembered_users: 3, ..CampaignConfig::default() };
    let small = Campaign::with_config(Arc::clone(&version), config).unwrap();
    let large = Campaign::new(version);
    for turn in 0..30 {
        let request = RecommendRequest::new(format!("p{}", turn * 7 % 12));
        let answers = [&small, &large].map(|campaign| campaign.recommend(&request).unwrap());
        assert_eq!(answers[0], answers[1]);
        assert!(small.remembered.len() <= 3);
    }
    assert_eq!(large.remembered.len(), 12);
}
