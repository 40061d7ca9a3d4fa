//! Reproduces published baselines on MovieLens-100K: with nothing but counting on top, the split
//! and the metrics must give the digits of the protocol.
//!
//! Needs the environment variable `ENSUE_DATASETS` (at build time as well) to name the folder with
//! `movielens-100k/u.data.gz`.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;

use ensue_core::{
    EvaluationMode, Event, HeldOut, Interactions, InteractionsBuilder, RankingAccumulator,
    RankingReport, Seed, Split, split,
};
use flate2::read::GzDecoder;

fn movielens() -> Interactions {
    let folder = std::env::var_os("ENSUE_DATASETS").expect("set where the test was built");
    let file = File::open(PathBuf::from(folder).join("movielens-100k/u.data.gz"))
        .expect("the folder has MovieLens-100K");
    let mut rows = InteractionsBuilder::new();
    for line in BufReader::new(GzDecoder::new(file)).lines() {
        let line = line.expect("a whole gzip of text");
        let fields: Vec<i64> =
            line.split('\t').map(|field| field.parse().expect("four whole numbers")).collect();
        rows.push(fields[0] as u32 - 1, Event::new(fields[1] as u32 - 1, fields[3]));
    }
    rows.build(943, 1682)
}

/// The 25 items with the highest scores, equal ones by ascending id.
fn top(scores: &[f64], leave_out: &[u32]) -> Vec<u32> {
    let mut items: Vec<u32> =
        (0..scores.len() as u32).filter(|item| !leave_out.contains(item)).collect();
    items.sort_by(|&a, &b| scores[b as usize].total_cmp(&scores[a as usize]).then(a.cmp(&b)));
    items.truncate(25);
    items
}

fn evaluate(
    split: &Split,
    remove_seen: bool,
    mut scores: impl FnMut(&HeldOut) -> Vec<f64>,
) -> RankingReport {
    let mut metrics = RankingAccumulator::new(EvaluationMode::TemporalHoldout.ndcg_form());
    for query in &split.queries {
        let seen = if remove_seen { query.history.as_history().items } else { &[] };
        metrics.add(&top(&scores(query), seen), &query.relevant);
    }
    metrics.finish(split.train.n_items())
}

/// MRR, P@5, P@10, NDCG@10, NDCG@25 with the four digits of the protocol's table.
fn row(report: &RankingReport) -> [String; 5] {
    [
        report.mean_reciprocal_rank_at_25,
        report.precision_at_5,
        report.precision_at_10,
        report.normalized_discounted_cumulative_gain_at_10,
        report.normalized_discounted_cumulative_gain_at_25,
    ]
    .map(|value| format!("{value:.4}"))
}

#[test]
#[cfg_attr(not(ensue_datasets), ignore = "needs ENSUE_DATASETS")]
fn popularity_meets_the_published_digits() {
    // Oracle: the project's table of the protocol, made with other code.
    let split = split(&movielens(), EvaluationMode::TemporalHoldout, Seed(0));
    let counts: Vec<f64> = split.train.item_counts().into_iter().map(f64::from).collect();
    let raw = evaluate(&split, false, |_| counts.clone());
    assert_eq!(raw.queries, 943);
    assert_eq!(row(&raw), ["0.0893", "0.0274", "0.0283", "0.0971", "0.1563"]);
    let removed = evaluate(&split, true, |_| counts.clone());
    assert_eq!(row(&removed), ["0.1788", "0.0736", "0.0677", "0.1807", "0.2504"]);
}

#[test]
#[cfg_attr(not(ensue_datasets), ignore = "needs ENSUE_DATASETS")]
fn first_order_markov_meets_the_published_digits() {
    // Oracle: the project's table of the protocol, made with other code. Score of an item: how
    // often it followed the user's last item, plus a millionth of its popularity.
    let split = split(&movielens(), EvaluationMode::TemporalHoldout, Seed(0));
    let n = split.train.n_items();
    let mut follows = vec![0_u32; n * n];
    for (_, history) in split.train.users() {
        for pair in history.items.windows(2) {
            follows[pair[0] as usize * n + pair[1] as usize] += 1;
        }
    }
    let counts = split.train.item_counts();
    let scores = |query: &HeldOut| -> Vec<f64> {
        let last = *query.history.as_history().items.last().unwrap() as usize;
        let row = &follows[last * n..][..n];
        let score = |(&follow, &count)| f64::from(follow) + 1e-6 * f64::from(count);
        row.iter().zip(&counts).map(score).collect()
    };
    let raw = evaluate(&split, false, scores);
    assert_eq!(row(&raw), ["0.1690", "0.0594", "0.0543", "0.1898", "0.2693"]);
    let removed = evaluate(&split, true, scores);
    assert_eq!(row(&removed), ["0.2480", "0.0993", "0.0813", "0.2510", "0.3414"]);
}
