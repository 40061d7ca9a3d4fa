//! Lists ranked for a user, and questions that the recipe does not answer.

use super::*;
use crate::{conformance::Conformance, recipes::hrnn::Hrnn};

fn order(answer: &PersonalizedRanking) -> Vec<&str> {
    answer.personalized_ranking.iter().map(|line| line.item_id.as_str()).collect()
}

#[test]
fn a_list_is_ranked_known_items_first() {
    // Oracle: the ring: after i7 comes i8; i9 is the most popular of the rest; what is unknown keeps its order.
    let campaign = campaign();
    let list = ["ghost", "i3", "i8", "i3", "spook", "i9", "ghost"];
    let answer = campaign.rank(&RankRequest::new("u2", list)).unwrap();
    assert!(answer.known_user);
    assert_eq!(order(&answer), ["i8", "i9", "i3", "ghost", "spook"]);
    let answer = campaign.rank(&RankRequest::new("nobody", list)).unwrap();
    assert!(!answer.known_user);
    // Oracle: the popular items as recommended.
    let popular = campaign.recommend(&RecommendRequest::new("nobody")).unwrap();
    let listed = ids(&popular).into_iter().filter(|item| list.contains(item));
    let expected: Vec<&str> = listed.chain(["ghost", "spook"]).collect();
    assert_eq!(order(&answer), expected);
    assert!(answer.personalized_ranking.iter().all(|line| line.score.is_none()));
    assert!(order(&campaign.rank(&RankRequest::new("u2", [""; 0])).unwrap()).is_empty());
    let long = RankRequest::new("u2", (0..501).map(|item| item.to_string()));
    assert_eq!(campaign.rank(&long).unwrap_err(), CampaignError::InputList { found: 501 });
}

#[test]
fn scores_sum_to_one_over_the_known_items_of_the_list() {
    // Oracle: the definition.
    let solution = Solution { recipe: Hrnn::small().into(), ..solution() };
    let campaign = Campaign::new(solution.train(&group(), &mut Run::new("ndarray")).unwrap());
    let answer = campaign.rank(&RankRequest::new("u2", ["i3", "ghost", "i8", "i9"])).unwrap();
    assert_eq!(order(&answer)[0], "i8");
    let scores: Vec<f32> =
        answer.personalized_ranking.iter().filter_map(|line| line.score).collect();
    assert_eq!((scores.len(), order(&answer)[3]), (3, "ghost"));
    assert!((scores.iter().sum::<f32>() - 1.0).abs() < 1e-5);
    assert!(scores.is_sorted_by(|a, b| a >= b));
}

#[test]
fn filters_take_items_out_of_a_list() {
    // Oracle: by hand: even items are known to be allowed, an unknown one is not.
    let campaign = Campaign::new(described_version());
    campaign.create_filter("even", r#"INCLUDE ItemID WHERE Items.KIND IN ("even")"#).unwrap();
    let request = RankRequest::new("p1", ["i1", "i2", "ghost", "i4"]);
    let request = RankRequest { filter: Some("even".to_owned()), ..request };
    let answer = campaign.rank(&request).unwrap();
    let mut left = order(&answer);
    left.sort_unstable();
    assert_eq!(left, ["i2", "i4"]);
}

#[test]
fn questions_of_the_wrong_kind_are_refused() {
    // Oracle: the messages.
    let campaign = campaign();
    let error = campaign.recommend(&RecommendRequest::for_item("i1")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "markov answers for users: item_id \"i1\" would be ignored, leave it out"
    );
    let error = campaign.recommend(&RecommendRequest::default()).unwrap_err();
    let message = "markov is asked about a user (user_id), but none is given";
    assert_eq!(error.to_string(), message);
}
