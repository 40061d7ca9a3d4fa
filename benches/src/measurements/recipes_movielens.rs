//! `[recipes-movielens]`: all recipes on the temporal holdout of MovieLens-100K, and Personalized-Ranking on short lists.
//!
//! Lists: for each answer of each user, that film and 99 others, drawn without repetition by their number of training events;
//! films of the user's history and the user's other answers are not drawn.

use std::sync::Arc;

use ensue::{
    core::{EvaluationMode, RankingReport, Seed, Split, metrics::ranking::ndcg_at, split},
    recommend::{EvaluationOptions, Query, Recommend, TrainingData, evaluate, seen_items},
};
use rand::RngExt;

use crate::{
    Context,
    data::movielens,
    recipes::{self, MARKOV, POPULARITY},
    report::{Bar, Failure, Report, mean_and_sd},
};

const MODE: EvaluationMode = EvaluationMode::TemporalHoldout;

/// Settings of the networks: those that HRNN was measured with, for all.
const TRAINING: &str =
    r#""epochs": 40, "lookahead": 3, "dropout_input": 0.4, "dropout_output": 0.4"#;

/// Films of a list.
const LIST: usize = 100;

pub(crate) fn measure(context: &Context) -> Result<Report, Failure> {
    let split = split(&movielens::load()?, MODE, Seed(0));
    let data = TrainingData {
        item_table: Some(Arc::new(movielens::films()?)),
        user_table: Some(Arc::new(movielens::people()?)),
        ..TrainingData::from_interactions(split.train.clone())
    };
    let mut report = Report::new(&context.seeds, context.threads.get());
    let network = |recipe: &str| format!(r#"{{"recipe": "{recipe}", {TRAINING}}}"#);
    let (hrnn, metadata) = (network("aws-hrnn"), network("aws-hrnn-metadata"));
    let sims = r#"{"recipe": "aws-sims"}"#.to_owned();
    let mut rows = Vec::new();
    let mut models: Vec<Box<dyn Recommend>> = Vec::new();
    for (name, settings, seeded) in [
        ("Popularity-Count", POPULARITY.to_owned(), false),
        ("Markov", MARKOV.to_owned(), false),
        ("SIMS", sims, false),
        ("HRNN", hrnn, true),
        ("HRNN-Metadata", metadata, true),
    ] {
        let seeds = if seeded { context.seeds.as_slice() } else { &context.seeds[..1] };
        let (mut found, mut seconds) = (Vec::new(), Vec::new());
        for &seed in seeds {
            let fitted = recipes::fit_data(context, &settings, &data, seed)?;
            seconds.push(fitted.took.as_secs_f64());
            found.push(both(context, &*fitted.model, &split)?);
            if name == "HRNN" {
                models.push(fitted.model);
            }
        }
        rows.push((name, found, seconds));
    }
    for (name, found, seconds) in &rows {
        for (suffix, of) in [("", 0), ("-f", 1)] {
            for (metric, value) in METRICS {
                let values: Vec<f64> = found.iter().map(|reports| value(&reports[of])).collect();
                let bar = if *name == "HRNN-Metadata" && metric == "NDCG@10" {
                    let hrnn = rows.iter().find(|(name, ..)| *name == "HRNN");
                    let (_, hrnn, _) = hrnn.expect("measured before");
                    let hrnn: Vec<f64> = hrnn.iter().map(|reports| value(&reports[of])).collect();
                    let (mean, sd) = mean_and_sd(&hrnn);
                    Bar::AtLeast(mean - sd)
                } else {
                    Bar::None
                };
                report.mean_row(format!("{name}{suffix} {metric}"), &values, bar);
            }
        }
        report.mean_row(format!("{name} training seconds"), seconds, Bar::None);
    }
    let ranked = rankings(context, &split, &data, &models, &mut report);
    report.part(ranked);
    Ok(report)
}

type Metric = fn(&RankingReport) -> f64;

const METRICS: [(&str, Metric); 4] = [
    ("NDCG@10", |r| r.normalized_discounted_cumulative_gain_at_10),
    ("MRR@25", |r| r.mean_reciprocal_rank_at_25),
    ("precision@5", |r| r.precision_at_5),
    ("coverage", |r| r.coverage),
];

/// With seen items kept, and removed.
fn both(
    context: &Context,
    model: &dyn Recommend,
    split: &Split,
) -> Result<[RankingReport; 2], Failure> {
    let ask = |exclude_seen| {
        let options = EvaluationOptions::new(MODE.ndcg_form()).with_exclude_seen(exclude_seen);
        evaluate(model, split, &options, &recipes::run(context, 0))
    };
    Ok([ask(false)?, ask(true)?])
}

/// Personalized-Ranking beside popularity's order and HRNN's.
fn rankings(
    context: &Context,
    split: &Split,
    data: &TrainingData,
    hrnn: &[Box<dyn Recommend>],
    report: &mut Report,
) -> Result<(), Failure> {
    let popularity = recipes::fit_data(context, POPULARITY, data, 0)?.model;
    let counts = split.train.item_counts();
    let mut found: [Vec<[f64; 2]>; 4] = Default::default();
    for (at, &seed) in context.seeds.iter().enumerate() {
        let lists = lists(split, &counts, Seed(seed));
        let ranking = |popular: f64| {
            let settings = format!(
                r#"{{"recipe": "aws-personalized-ranking", {TRAINING}, "candidate_popularity": {popular}}}"#
            );
            recipes::fit_data(context, &settings, data, seed)
        };
        let fitted = ranking(1.0)?.model;
        // The same network, whose lists are not thought to follow popularity.
        let plain = ranking(0.0)?.model;
        for (found, model) in found.iter_mut().zip([&popularity, &hrnn[at], &plain, &fitted]) {
            found.push(measure_lists(&**model, split, &lists)?);
        }
    }
    let names = [
        "popularity's order",
        "HRNN's order",
        "Personalized-Ranking, candidate_popularity 0",
        "Personalized-Ranking",
    ];
    let means: Vec<[f64; 2]> = found
        .iter()
        .map(|values| {
            [0, 1].map(|of| mean_and_sd(&values.iter().map(|v| v[of]).collect::<Vec<_>>()).0)
        })
        .collect();
    for (at, name) in names.iter().enumerate() {
        for (of, metric) in ["MRR", "NDCG"].into_iter().enumerate() {
            let values: Vec<f64> = found[at].iter().map(|v| v[of]).collect();
            let bar =
                if at == 3 { Bar::AtLeast(means[0][of].max(means[1][of])) } else { Bar::None };
            report.mean_row(format!("lists of 100: {name} {metric}"), &values, bar);
        }
    }
    Ok(())
}

/// For each query its lists, the answer first.
fn lists(split: &Split, counts: &[u32], seed: Seed) -> Vec<Vec<Vec<u32>>> {
    let mut rng = seed.stream("lists");
    let mut ends = Vec::with_capacity(counts.len());
    let mut total = 0u64;
    for &count in counts {
        total += u64::from(count);
        ends.push(total);
    }
    split
        .queries
        .iter()
        .map(|held| {
            let mut barred = seen_items(held.history.as_history());
            barred.extend(&held.relevant);
            barred.sort_unstable();
            held.relevant
                .iter()
                .map(|&answer| {
                    let mut list = vec![answer];
                    while list.len() < LIST {
                        let point = rng.random_range(0..total);
                        let film = ends.partition_point(|&end| end <= point) as u32;
                        if barred.binary_search(&film).is_err() && !list.contains(&film) {
                            list.push(film);
                        }
                    }
                    list
                })
                .collect()
        })
        .collect()
}

/// MRR and NDCG of the answer's place; among equal scores the answer comes last.
fn measure_lists(
    model: &dyn Recommend,
    split: &Split,
    lists: &[Vec<Vec<u32>>],
) -> Result<[f64; 2], Failure> {
    let (mut reciprocal, mut gain, mut n) = (0.0, 0.0, 0.0);
    for (held, lists) in split.queries.iter().zip(lists) {
        let history = held.history.as_history();
        let query = Query { user: Some(held.user), ..Query::from_history(history) };
        // The answer stands last in what is asked, so that a tie puts it behind.
        let turned: Vec<Vec<u32>> =
            lists.iter().map(|list| list.iter().rev().copied().collect()).collect();
        let asked: Vec<&[u32]> = turned.iter().map(Vec::as_slice).collect();
        let answers = model.rerank(&vec![query; lists.len()], &asked)?;
        for (answer, list) in answers.iter().zip(lists) {
            let hits: Vec<bool> = answer.iter().map(|line| line.item == list[0]).collect();
            let place = hits.iter().position(|&hit| hit).unwrap_or(LIST);
            reciprocal += 1.0 / (place + 1) as f64;
            gain += ndcg_at(&hits, LIST, ensue::core::NdcgForm::Amazon);
            n += 1.0;
        }
    }
    Ok([reciprocal / n, gain / n])
}
