//! Baselines on real data, digit for digit: a model's figure means nothing before these are reproduced.
//!
//! The data is found through `ENSUE_DATASETS`; without it these tests are ignored, and say so.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    collections::HashMap,
    io::{BufRead, BufReader},
    path::Path,
};

use ensue_core::{
    EvaluationMode, Event, Interactions, InteractionsBuilder, OwnedHistory, Run, Seed, split,
};
use ensue_recommend::{
    AnyRecipe, EvaluationOptions, Recipe, Recommend, TrainingData, evaluate, evaluate_next_item,
    recipes::sims::Sims,
};

/// Tab-separated cells of each line of a gzip file.
fn rows(file: &str) -> Vec<Vec<String>> {
    let folder = std::env::var_os("ENSUE_DATASETS").expect("ENSUE_DATASETS names a folder");
    let file = std::fs::File::open(Path::new(&folder).join(file)).unwrap();
    let lines = BufReader::new(flate2::read::GzDecoder::new(file)).lines();
    lines.map(|line| line.unwrap().split('\t').map(str::to_owned).collect()).collect()
}

/// Settings as a user writes them; the protocol counts events, not users.
const POPULARITY: &str = r#"{"recipe": "aws-popularity-count", "count_by": "events"}"#;
const MARKOV: &str = r#"{"recipe": "markov"}"#;

fn fit(recipe: &str, train: &Interactions) -> Box<dyn Recommend> {
    let data = TrainingData::from_interactions(train.clone());
    let recipe: AnyRecipe = serde_json::from_str(recipe).unwrap();
    recipe.fit(&data, &mut Run::new("ndarray")).unwrap()
}

fn movielens() -> Interactions {
    let mut events = InteractionsBuilder::new();
    for row in rows("movielens-100k/u.data.gz") {
        let number = |cell: usize| row[cell].parse::<u32>().unwrap();
        events.push(number(0) - 1, Event::new(number(1) - 1, i64::from(number(3))));
    }
    let interactions = events.build(943, 1682);
    assert_eq!(interactions.len(), 100_000);
    interactions
}

/// Four decimals, as printed in the protocol.
fn digits(value: f64) -> String {
    format!("{value:.4}")
}

#[test]
#[cfg_attr(not(ensue_datasets), ignore = "needs ENSUE_DATASETS")]
fn movielens_baselines_are_reproduced_digit_for_digit() {
    // Oracle: the table of the protocol (temporal holdout, 25 items), computed by an independent script whose popularity
    // and split equal Amazon's printed digits on MovieLens-1M.
    let interactions = movielens();
    let mode = EvaluationMode::TemporalHoldout;
    let split = split(&interactions, mode, Seed(0));
    for (recipe, exclude_seen, expected) in [
        (POPULARITY, false, ["0.0893", "0.0274", "0.0283", "0.0971", "0.1563"]),
        (POPULARITY, true, ["0.1788", "0.0736", "0.0677", "0.1807", "0.2504"]),
        (MARKOV, false, ["0.1690", "0.0594", "0.0543", "0.1898", "0.2693"]),
        (MARKOV, true, ["0.2480", "0.0993", "0.0813", "0.2510", "0.3414"]),
    ] {
        let model = fit(recipe, &split.train);
        let options = EvaluationOptions::new(mode.ndcg_form()).with_exclude_seen(exclude_seen);
        let report = evaluate(&*model, &split, &options, &Run::new("ndarray")).unwrap();
        let found = [
            report.mean_reciprocal_rank_at_25,
            report.precision_at_5,
            report.precision_at_10,
            report.normalized_discounted_cumulative_gain_at_10,
            report.normalized_discounted_cumulative_gain_at_25,
        ];
        assert_eq!(found.map(digits), expected, "{recipe}, seen items removed: {exclude_seen}");
        assert_eq!(report.queries, 943);
    }
}

#[test]
#[cfg_attr(not(ensue_datasets), ignore = "needs ENSUE_DATASETS")]
fn yoochoose_baselines_are_reproduced_digit_for_digit() {
    // Oracle: the row of the protocol: R@5 / R@20 / MRR@20 to three digits, 10,152 predictions.
    let read = |file: &str| -> Vec<(u64, String, i64)> {
        let mut rows: Vec<_> = rows(file)
            .into_iter()
            .skip(1)
            .map(|row| {
                let milliseconds = row[2].parse::<f64>().unwrap() * 1000.0;
                (row[0].parse().unwrap(), row[1].clone(), milliseconds.round() as i64)
            })
            .collect();
        rows.sort_by_key(|&(session, _, time)| (session, time));
        rows
    };
    let train = read("yoochoose-100k/yoochoose-clicks-100k_train_full.txt.gz");
    let test = read("yoochoose-100k/yoochoose-clicks-100k_test.txt.gz");
    let mut items: HashMap<&str, u32> = HashMap::new();
    let mut events = InteractionsBuilder::new();
    let mut sessions = 0;
    for session in train.chunk_by(|a, b| a.0 == b.0) {
        for (_, item, time) in session {
            let next = items.len() as u32;
            events.push(sessions, Event::new(*items.entry(item).or_insert(next), *time));
        }
        sessions += 1;
    }
    let train = events.build(sessions as usize, items.len());
    let tests: Vec<OwnedHistory> = test
        .chunk_by(|a, b| a.0 == b.0)
        .map(|session| {
            let known = session
                .iter()
                .filter_map(|(_, item, time)| Some(Event::new(*items.get(item.as_str())?, *time)));
            known.collect()
        })
        .collect();
    for (recipe, expected) in
        [(POPULARITY, ["0.049", "0.089", "0.026"]), (MARKOV, ["0.484", "0.591", "0.344"])]
    {
        let model = fit(recipe, &train);
        let histories = tests.iter().map(|history| (history.as_history(), 1));
        let report = evaluate_next_item(&*model, histories, &Run::new("ndarray")).unwrap();
        assert_eq!(report.predictions, 10_152);
        let found = [report.recall_at_5, report.recall_at_20, report.mrr_at_20];
        assert_eq!(found.map(|value| format!("{value:.3}")), expected, "{recipe}");
    }
}

#[test]
#[cfg_attr(not(ensue_datasets), ignore = "needs ENSUE_DATASETS")]
fn movielens_cosine_lists_are_those_of_implicit() {
    // Oracle: the lists of implicit 0.7.3 (benches/peers/cosine_golden.py); equal scores are interchangeable.
    let file =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../benches/golden/movielens_100k_cosine.gz");
    let lines = BufReader::new(flate2::read::GzDecoder::new(std::fs::File::open(file).unwrap()));
    let mut golden: Vec<Vec<(u32, f32)>> = vec![Vec::new(); 1682];
    for line in lines.lines().map(Result::unwrap) {
        let (film, rest) = line.split_once(' ').unwrap();
        let cells = rest.split(' ').map(|cell| cell.split_once(':').unwrap());
        golden[film.parse::<usize>().unwrap()] =
            cells.map(|(item, score)| (item.parse().unwrap(), score.parse().unwrap())).collect();
    }
    let sims = Sims {
        min_cointeraction_count: 0,
        min_user_history_length_percentile: 0.0,
        max_user_history_length_percentile: 1.0,
        min_item_interaction_count_percentile: 0.0,
        max_item_interaction_count_percentile: 1.0,
        neighbors: 20.try_into().unwrap(),
        ..Sims::default()
    };
    let data = TrainingData::from_interactions(movielens());
    let model = sims.fit(&data, &mut Run::new("ndarray")).unwrap();
    let close = |a: f32, b: f32| (a - b).abs() <= 1e-6;
    for (film, expected) in golden.iter().enumerate() {
        let found: Vec<(u32, f32)> = model.related(film as u32).collect();
        assert_eq!(found.len(), expected.len(), "film {film}");
        for (a, b) in found.iter().zip(expected) {
            assert!(close(a.1, b.1), "film {film}: {a:?} and {b:?}");
            assert!(expected.iter().all(|b| a.0 != b.0 || close(a.1, b.1)), "film {film}: {a:?}");
        }
    }
}
