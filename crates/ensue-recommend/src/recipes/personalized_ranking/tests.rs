use ensue_core::{Event, OwnedHistory, Seed};

use super::*;
use crate::{
    conformance::{Conformance, ITEMS, KnownAnswer, checkerboard},
    recipes::hrnn_metadata::tests::small,
};

impl Conformance for PersonalizedRanking {
    const ANSWER: KnownAnswer = KnownAnswer::NextSquare;

    fn small() -> Self {
        Self { network: small(), ..Self::default() }
    }
}

fn fit(candidate_popularity: f64) -> FittedPersonalizedRanking {
    let data = TrainingData::from_interactions(checkerboard());
    let settings = PersonalizedRanking { network: small(), candidate_popularity };
    settings.fit(&data, &mut Run::new("ndarray").with_seed(Seed(2))).unwrap()
}

// Oracle: the formula over the whole catalogue's scores.
#[test]
fn the_order_is_that_of_the_score_less_log_q() {
    let history: OwnedHistory =
        [1, 3].into_iter().zip(0..).map(|(i, t)| Event::new(i, t)).collect();
    let query = Query::from_history(history.as_history());
    let counts = checkerboard().item_counts();
    let list: Vec<u32> = (0..ITEMS).rev().collect();
    for power in [0.0, 0.5, 1.0] {
        let model = fit(power);
        let scores = model.scores(&[query]).unwrap();
        let value = |item: u32| {
            let count = f64::from(counts[item as usize]);
            f64::from(scores.row(0)[item as usize]) - power * (count + 1.0).ln()
        };
        let total: f64 = list.iter().map(|&item| value(item).exp()).sum();
        let answer = model.rerank(&[query], &[&list]).unwrap().remove(0);
        assert_eq!(answer.len(), ITEMS as usize);
        for line in &answer {
            let expected = value(line.item).exp() / total;
            let found = f64::from(line.score.unwrap());
            assert!((found - expected).abs() < 1e-5 * expected.max(1e-3), "{found} {expected}");
        }
    }
}

// Oracle: the defaults that Amazon published, and the message.
#[test]
fn defaults_are_its_own_and_stay_when_others_are_given() {
    let settings: PersonalizedRanking = serde_json::from_str(r#"{"bptt": 8}"#).unwrap();
    assert_eq!(settings.network.hidden_dimension.get(), 149);
    assert_eq!(settings.network.bptt.get(), 8);
    let wrong = PersonalizedRanking { candidate_popularity: 2.0, ..settings };
    assert!(wrong.check().unwrap_err().to_string().contains("candidate_popularity is 2"));
}
