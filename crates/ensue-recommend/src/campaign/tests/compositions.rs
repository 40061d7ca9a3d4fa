//! Promotions and exploration.

use super::{super::compose::compose, *};
use crate::ScoredItem;

fn lines(items: &[u32]) -> Vec<ScoredItem> {
    items.iter().map(|&item| ScoredItem { item, score: None }).collect()
}

fn items(
    n: usize,
    ordinary: &[u32],
    promoted: &[u32],
    young: &[u32],
    explores: &[bool],
) -> Vec<u32> {
    let mut draws = explores.iter().copied();
    let explores = || draws.next().unwrap_or_default();
    let (ordinary, promoted, young) = (lines(ordinary), lines(promoted), lines(young));
    let lines = compose(n, &ordinary, &promoted, &young, explores);
    lines.iter().map(|line| line.item.item).collect()
}

#[test]
fn promoted_items_are_spread_and_nothing_is_there_twice() {
    // Oracle: by hand: the middles of equal parts of the answer.
    let ordinary = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
    assert_eq!(items(10, &ordinary, &[20, 21], &[], &[]), [0, 1, 20, 2, 3, 4, 5, 21, 6, 7]);
    assert_eq!(items(4, &ordinary, &[2, 0], &[], &[]), [1, 2, 3, 0]);
    assert_eq!(items(4, &ordinary, &[5, 6, 7, 8], &[], &[]), [5, 6, 7, 8]);
    assert_eq!(items(4, &[1], &[5], &[], &[]), [1, 5]);
    assert_eq!(items(4, &[], &[5], &[], &[]), [5]);
    assert_eq!(items(3, &ordinary, &[], &[1, 30], &[false, true, true]), [0, 1, 30]);
    assert_eq!(items(3, &ordinary, &[], &[0, 30], &[false, true, true]), [0, 30, 1]);
    assert_eq!(items(0, &ordinary, &[], &[], &[]), [0u32; 0]);
}

#[test]
fn a_share_of_the_answer_is_promoted() {
    // Oracle: 40 percent of 4 places are 2 (1.6, rounded): the best two even items by the chain; the filter holds for both.
    let campaign = Campaign::new(described_version());
    campaign.create_filter("even", r#"INCLUDE ItemID WHERE Items.KIND IN ("even")"#).unwrap();
    campaign.create_filter("cheap", "INCLUDE ItemID WHERE Items.PRICE_EUR < 4").unwrap();
    let promotion = |percent| Promotion {
        name: "evens".to_owned(),
        percent_promoted_items: percent,
        filter: "even".to_owned(),
        filter_values: Default::default(),
    };
    let request = |percent| {
        let request = RecommendRequest::new("p1").with_num_results(4);
        request.with_filter("cheap").with_promotion(promotion(percent))
    };
    let plain = RecommendRequest::new("p1").with_filter("cheap");
    let plain = campaign.recommend(&plain).unwrap();
    let even: Vec<&str> =
        ids(&plain).into_iter().filter(|item| ["i0", "i2"].contains(item)).collect();
    let answer = campaign.recommend(&request(40)).unwrap();
    let promoted: Vec<&str> = answer
        .items
        .iter()
        .filter(|line| line.promotion_name.as_deref() == Some("evens"))
        .map(|line| line.item_id.as_str())
        .collect();
    assert_eq!(promoted, even);
    assert_eq!(answer.items.len(), 4);
    let marks = |answer: &Recommendations| -> Vec<bool> {
        answer.items.iter().map(|line| line.promotion_name.is_some()).collect()
    };
    assert_eq!(marks(&answer), [false, true, false, true]);
    // Only two can be promoted: ordinary items fill the rest.
    assert_eq!(marks(&campaign.recommend(&request(100)).unwrap()), [false, true, false, true]);
    let error = |request: RecommendRequest| campaign.recommend(&request).unwrap_err();
    assert!(matches!(error(request(0)), CampaignError::PromotedPercent { percent: 0, .. }));
    assert!(matches!(error(request(101)), CampaignError::PromotedPercent { percent: 101, .. }));
    let two = request(10).with_promotion(promotion(10));
    assert_eq!(error(two), CampaignError::Promotions { found: 2 });
}

#[test]
fn exploration_shows_young_items_as_often_as_asked() {
    // Oracle: i5 is old, the others are young: always exploring never shows it, as long as there are others. An item
    // that nobody had comes first, by the formula. Draws repeat.
    let version = Arc::new(described_version());
    let with = |weight: f64| {
        let config = CampaignConfig { exploration_weight: weight, ..CampaignConfig::default() };
        let campaign = Campaign::with_config(version.clone(), config).unwrap();
        let properties = fields(r#"{"CREATION_TIMESTAMP": 99999999}"#);
        campaign.put_items(&[PutItem { item_id: "new".to_owned(), properties }]).unwrap();
        campaign
    };
    let always = with(1.0);
    let request = RecommendRequest::new("p1").with_num_results(5);
    let answer = always.recommend(&request).unwrap();
    assert_eq!(answer.items.len(), 5);
    assert!(!ids(&answer).contains(&"i5"), "{answer:?}");
    // Popular items: the chain cannot score the new one.
    let stranger = RecommendRequest::new("nobody").with_num_results(7);
    let answer = always.recommend(&stranger).unwrap();
    assert_eq!(ids(&answer).last(), Some(&"i5"));
    assert_eq!(always.recommend(&stranger).unwrap(), answer);
    let place = ids(&answer).iter().position(|&item| item == "new").unwrap();
    assert!(place <= 1, "{answer:?}");
    let bad = CampaignConfig { exploration_weight: 1.5, ..CampaignConfig::default() };
    let error = Campaign::with_config(version, bad).unwrap_err();
    assert_eq!(error.to_string(), "exploration_weight is 1.5, but must be 0 to 1");
}

#[test]
fn draws_are_as_often_as_their_weight_and_repeat() {
    // Oracle: the weight; 6 standard deviations of 20,000 draws are 0.02.
    let config = CampaignConfig { exploration_weight: 0.3, ..CampaignConfig::default() };
    let campaign = Campaign::with_config(described_version(), config).unwrap();
    let draw = |user: &str, events| -> Vec<bool> {
        let mut draws = campaign.draws(user, events);
        (0..20_000).map(|_| draws()).collect()
    };
    let first = draw("ada", 3);
    let share = first.iter().filter(|&&young| young).count() as f64 / 20_000.0;
    assert!((share - 0.3).abs() < 0.02, "{share}");
    assert_eq!(draw("ada", 3), first);
    assert_ne!(draw("ada", 4), first);
    assert_ne!(draw("bob", 3), first);
}
